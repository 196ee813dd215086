"""Numbers as people read them: short, and never rounded across a threshold."""

import math


def show(value: float, *, against: float | None = None) -> str:
    """Return a number in at least four digits, more where rounding would reach ``against``.

    A threshold is shown in full by ``show(threshold, against=threshold)``: set
    beside it, a number then reads above, at or below it only if it is.

    Examples
    --------
    >>> show(0.24561), show(0.0), show(-0.00001), show(12345.67), show(1234567.0)
    ('0.2456', '0', '-1e-05', '12,346', '1,234,567')
    >>> show(0.19999, against=0.2), show(0.2, against=0.2), show(0.20001, against=0.2)
    ('0.19999', '0.2', '0.20001')
    """
    if not math.isfinite(value):
        return str(value)
    # Adding 0.0 turns a negative zero into a positive one.
    text = _long_enough(value + 0.0, 4, against)
    magnitude = abs(value)
    if 1e3 <= magnitude < 1e15:
        for decimals in range(18):
            long = f"{value:,.{decimals}f}"
            if _same_side(float(long.replace(",", "")), value, against):
                return long
    return text


def show_p(p_value: float, *, against: float | None = None) -> str:
    """Return a p-value, "< 0.001" below that, with digits enough to stay on its side.

    Examples
    --------
    >>> show_p(3e-7), show_p(0.0), show_p(0.0432), show_p(1.0)
    ('< 0.001', '< 0.001', '0.0432', '1')
    >>> show_p(0.0499999, against=0.05), show_p(0.99996)
    ('0.0499999', '0.99996')
    """
    if p_value < 0.001 and (against is None or against >= 0.001):
        return "< 0.001"
    if p_value < 1 and against is None:
        # Only an exact 1 reads "1".
        against = 1.0
    return _long_enough(p_value, 3, against)


def _long_enough(value: float, digits: int, against: float | None) -> str:
    """Return ``value`` in the fewest digits, from ``digits`` on, that keep its side."""
    for n in range(digits, 17):
        text = f"{value:.{n}g}"
        if _same_side(float(text), value, against):
            return text
    return f"{value:.17g}"


def _same_side(shown: float, value: float, against: float | None) -> bool:
    """Return whether both lie above, both at or both below ``against``."""
    return against is None or (
        (shown < against) == (value < against) and (shown > against) == (value > against)
    )


def show_share(share: float) -> str:
    """Return a share as a percentage; only an exact 0 or 1 reads "0%" or "100%".

    Examples
    --------
    >>> show_share(0.1234), show_share(0.00001), show_share(0.99999), show_share(0.0)
    ('12.3%', '< 0.1%', '> 99.9%', '0%')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    if 0 < share < 0.001:
        return "< 0.1%"
    if 0.999 < share < 1:
        return "> 99.9%"
    return f"{share:.1%}"


def p_phrase(name: str, p_value: float, *, against: float | None = None) -> str:
    """Return "name = figure" or "name < 0.001".

    Examples
    --------
    >>> p_phrase("p", 0.5), p_phrase("p", 0.0)
    ('p = 0.5', 'p < 0.001')
    """
    text = show_p(p_value, against=against)
    return f"{name} {text}" if text.startswith("<") else f"{name} = {text}"
