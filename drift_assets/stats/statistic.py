"""The contract of a statistic, and what measuring returns. No threshold stands here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles import Profile

Kind = Literal["numeric", "categorical"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a statistic returned for one column.

    Attributes
    ----------
    statistic
        Name of the statistic, as in `STATISTICS`.
    value
        In the statistic's own unit and range.
    p_value
        Observed p-value in [0, 1], or None if the statistic has none.
    n_baseline, n_current
        Rows that the value rests on.
    error_bound
        The exact value differs by at most this; that of KS is never smaller.
    """

    statistic: str
    value: float
    p_value: float | None
    n_baseline: int
    n_current: int
    error_bound: float = 0.0


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of two profiles of one column, the baseline's first.

    Attributes
    ----------
    name
        As in YAML, SQL and JSON.
    label
        As a person reads it.
    unit, low, high
        Unit and range of the value; None means unbounded.
    kinds
        The kinds of column that it applies to.
    has_p_value
        Whether a measurement carries a p-value.
    null
        Distribution without drift, in words.
    reference
        Where the formula comes from.
    measure
        Takes baseline and current profile, returns a `Measurement`.
    """

    name: str
    label: str
    unit: str
    low: float | None
    high: float | None
    kinds: frozenset[Kind]
    has_p_value: bool
    null: str
    reference: str
    measure: Callable[[Profile, Profile], Measurement]


def sizes(baseline: Profile, current: Profile) -> tuple[int, int]:
    """Return the non-missing rows of both sides, once it is sure that they compare.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has none.
    """
    if baseline.binning.id != current.binning.id:
        raise BinningMismatchError(
            f"Found profiles over the binnings {baseline.binning.id} and {current.binning.id}, "
            "expected one and the same: profile both columns with the baseline's binning."
        )
    n, m = baseline.n, current.n
    if not n or not m:
        side = "current" if n else "baseline"
        raise EmptyProfileError(
            f"Found no value on the {side} side, expected at least one non-missing row."
        )
    return n, m
