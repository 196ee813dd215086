"""The contract of a statistic, and what measuring returns. No threshold stands here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles import NumericProfile, Profile

Kind = Literal["numeric", "categorical"]
Source = Literal["profiles", "rows"]
ErrorSide = Literal["none", "above", "either"]


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
        The value of the rows differs by at most this, on the side that `Statistic.error` names.
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
    works_from
        ``profiles`` add up over days, files and workers; ``rows`` must be at hand together.
    error
        ``none``: the value is that of the rows, over the bins that the baseline
        fixed. ``above``: the value of the rows is at most ``error_bound`` larger;
        ``either``: larger or smaller. The bound is 0 where the grid tells the
        rows apart.
    neutral
        The value when nothing moved.
    definition
        What it is, in one sentence; empty where the first line of its file says that.
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
    error: ErrorSide
    works_from: Source = "profiles"
    neutral: float = 0.0
    definition: str = ""

    @property
    def direction(self) -> str:
        """Which values say that a column moved, in words."""
        if self.neutral == self.low:
            return "the larger, the further apart"
        return f"{self.neutral:g} when nothing moved; further away either way, the further apart"


def numeric_sides(baseline: Profile, current: Profile) -> tuple[NumericProfile, NumericProfile]:
    """Return both profiles, once it is sure that they are numeric and compare.

    Raises
    ------
    BinningMismatchError
        If one is categorical, or the profiles were made with different rulers.
    EmptyProfileError
        If either side has no value.
    """
    if not isinstance(baseline, NumericProfile) or not isinstance(current, NumericProfile):
        raise BinningMismatchError("Found a categorical profile, expected two numeric ones.")
    sizes(baseline, current)
    return baseline, current


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
