"""Conformance: the numbers that a peer gives for the same rows, by the peer's own definitions.

They need the rows of both sides and judge nothing in a monitor: a team that moves over
compares them with its old reports, and sets its thresholds by what it sees.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from numpy.typing import ArrayLike

from drift_assets.conformance.columns import Column, Numbers, column
from drift_assets.conformance.definition import Conformance, Definition, Finding, Flag
from drift_assets.conformance.equal_width import EQUAL_WIDTH
from drift_assets.conformance.evidently import EVIDENTLY
from drift_assets.conformance.nannyml import NANNYML
from drift_assets.conformance.scipy import SCIPY
from drift_assets.conformance.tfdv import TFDV
from drift_assets.errors import ColumnError, DataError, EmptyProfileError, UnknownNameError
from drift_assets.stats.statistic import Kind, Measurement

PROFILES: Final[Mapping[str, Conformance]] = MappingProxyType(
    {peer.name: peer for peer in (EVIDENTLY, NANNYML, SCIPY, TFDV, EQUAL_WIDTH)}
)
"""The peers by name, in the order in which help and tables show them."""

Values = ArrayLike | Sequence[object] | Column
"""Raw values of one side, or a side that was made from them."""


def measure(
    name: str, baseline: Values, current: Values, *, kind: Kind | None = None
) -> tuple[Measurement, ...]:
    """Return a peer's numbers for one column, in the order of its definitions.

    Parameters
    ----------
    name
        Of the peer, a key of `PROFILES`.
    baseline, current
        Numbers, texts or booleans, one-dimensional; NaN and None are missing and left out.
    kind
        What the values are; by default numbers are numeric, all else categorical.

    Raises
    ------
    UnknownNameError
        If there is no such peer.
    EmptyProfileError
        If a side has no value.
    DataError
        If the peer cannot measure such values.

    Examples
    --------
    >>> [m.statistic for m in measure("tfdv", ["a", "b"], ["a", "a"])]
    ['js_divergence', 'l_infinity']
    """
    found = findings(name, baseline, current, kind=kind)
    return tuple(finding.measurement for finding in found)


def findings(
    name: str, baseline: Values, current: Values, *, kind: Kind | None = None
) -> tuple[Finding, ...]:
    """Return a peer's numbers for one column, each with the peer's own rule and its outcome.

    Parameters and errors are those of `measure`.

    Examples
    --------
    >>> (found, *_) = findings("evidently", ["a", "b"] * 500, ["a", "a", "a", "b"] * 250)
    >>> found.flag.rule, found.drift
    ('>= 0.1', True)
    """
    if name not in PROFILES:
        raise UnknownNameError("conformance profile", name, PROFILES)
    peer = PROFILES[name]
    before, now = (
        _fit_for(peer, s if isinstance(s, Column) else column(s, kind=kind))
        for s in (baseline, current)
    )
    if isinstance(before, Numbers) is not isinstance(now, Numbers):
        raise ColumnError(
            "Found numbers on one side and categories on the other, expected one kind: correct "
            "the values, or say kind='categorical'."
        )
    for side, rows in (("baseline", before), ("current", now)):
        if not rows.n:
            raise EmptyProfileError(
                f"Found no value on the {side} side, expected at least one non-missing row."
            )
    chosen = peer.chosen(before, now) if peer.chosen else None
    found = []
    for definition in peer.definitions:
        measurement = definition.measure(before, now)
        if measurement is None:
            continue
        flag = definition.flag_for(before)
        drift = None if flag is None else flag.raised(measurement)
        found.append(Finding(definition, measurement, flag, drift, definition.statistic == chosen))
    return tuple(found)


def _fit_for(peer: Conformance, side: Column) -> Column:
    """Return the side as the peer would work with it."""
    if not isinstance(side, Numbers) or peer.infinite == "counted":
        return side
    finite = side.finite()
    if peer.infinite == "refused" and finite.n < side.n:
        raise DataError(
            f"Found {side.n - finite.n:,} infinite values, for which {peer.peer} has no bins: "
            "expected finite numbers. Leave those rows out, or choose another profile."
        )
    return finite


__all__ = [
    "PROFILES",
    "Conformance",
    "Definition",
    "Finding",
    "Flag",
    "findings",
    "measure",
]
