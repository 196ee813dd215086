"""Rank orders: the exact p-value of a rank statistic, from all orders of two small samples."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.arrangement import Arrangement

EXACT_ROWS: Final = 20
"""Up to this many rows on the larger side all orders are gone through, as in scipy."""

Term = Callable[[int, int, int, int], float]
"""What equal rows add: from all rows and baseline rows below them, and all and baseline rows."""

_Sums = dict[int, tuple[FloatArray, FloatArray]]
"""By baseline rows so far: sums of terms, and how many orders have each."""


def rank_order_p_value(rows: Arrangement, term: Term, seen: float) -> float:
    """Return the share of all orders of both samples whose sum of terms is ``seen`` or greater.

    Parameters
    ----------
    rows
        The samples; from here come the sizes and what is equal. Rows between
        grid points count as different.
    term
        What the rows with one value add to the statistic, 0 or greater.
    seen
        The sum that the samples themselves have.

    Returns
    -------
    float
        In (0, 1]: exact, given which of the pooled rows are equal.

    Notes
    -----
    Without drift, each choice of N of the N + M pooled rows is as likely to be
    the baseline. The choices are cut in the middle: the sums of all lower and
    of all upper halves, 2^20 each for 20 rows a side, are listed, the upper
    ones sorted, and for each lower one those are counted that bring it to
    ``seen``.
    """
    n, total = rows.n, rows.n + rows.m
    values: list[int] = []
    for inside, is_point in zip(rows.inside.astype(int).tolist(), rows.is_point, strict=True):
        values += [inside] if is_point else [1] * inside
    below = np.concatenate(([0], np.cumsum(values))).tolist()
    middle = int(np.searchsorted(below, total / 2))
    lower: _Sums = {0: _ONE}
    for place in range(middle):
        lower = _with_lower(lower, values[place], below[place], term, n, total)
    upper: _Sums = {n: _ONE}
    for place in reversed(range(middle, len(values))):
        upper = _with_upper(upper, values[place], below[place], term, n, total)
    # The tolerance counts orders that equal the one seen up to rounding.
    cut = seen - 1e-9 * max(abs(seen), 1.0)
    beyond = 0.0
    for chosen in lower.keys() & upper.keys():
        sums, times = upper[chosen]
        order = np.argsort(sums)
        tail = np.append(np.cumsum(times[order][::-1])[::-1], 0.0)
        own, own_times = lower[chosen]
        beyond += float((own_times * tail[np.searchsorted(sums[order], cut - own)]).sum())
    return min(beyond / math.comb(total, n), 1.0)


_ONE: Final = (np.zeros(1), np.ones(1))


def _choices(equal: int, chosen: int, below: int, n: int, total: int) -> range:
    """Return how many of ``equal`` rows can be baseline rows, with ``chosen`` of those below."""
    others_left = total - n - (below - chosen)
    return range(max(0, equal - others_left), min(equal, n - chosen) + 1)


def _with_lower(sums: _Sums, equal: int, below: int, term: Term, n: int, total: int) -> _Sums:
    """Return the sums of rows below the next value, which is then taken in."""
    found: dict[int, list[tuple[FloatArray, FloatArray]]] = {}
    for chosen, (own, times) in sums.items():
        for part in _choices(equal, chosen, below, n, total):
            added = term(below, chosen, equal, part)
            found.setdefault(chosen + part, []).append(
                (own + added, times * math.comb(equal, part))
            )
    return _joined(found)


def _with_upper(sums: _Sums, equal: int, below: int, term: Term, n: int, total: int) -> _Sums:
    """Return the sums of rows above a value, which is then taken in."""
    found: dict[int, list[tuple[FloatArray, FloatArray]]] = {}
    for chosen in range(max(0, below - (total - n)), min(below, n) + 1):
        for part in _choices(equal, chosen, below, n, total):
            if chosen + part in sums:
                own, times = sums[chosen + part]
                added = term(below, chosen, equal, part)
                found.setdefault(chosen, []).append((own + added, times * math.comb(equal, part)))
    return _joined(found)


def _joined(found: Mapping[int, Sequence[tuple[FloatArray, FloatArray]]]) -> _Sums:
    joined: _Sums = {}
    for chosen, parts in found.items():
        sums, times = (np.concatenate(side) for side in zip(*parts, strict=True))
        # Sums that many orders share are kept once, or 20 rows a side of one value each
        # would be the best case instead of the worst.
        if len(sums) > 1:
            sums, places = np.unique(sums, return_inverse=True)
            times = np.bincount(places.ravel(), weights=times)
        joined[chosen] = sums, times
    return joined
