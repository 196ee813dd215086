"""What one numeric column looked like: counts over a frozen grid, and moments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles.binning import (
    FloatArray,
    IntArray,
    NumericBinning,
    count_cells,
    finite_range,
    fit_ordered,
    js_bins,
)


@dataclass(frozen=True, eq=False)
class NumericProfile:
    """Counts of one numeric column over the cells of a frozen grid; profiles add.

    Attributes
    ----------
    binning
        The ruler; profiles over different rulers neither add nor compare.
    cells
        Rows per cell, shape ``(binning.n_cells,)``; infinite values lie in the
        outermost cells.
    n_missing
        Rows that were NaN or NULL; they are in no cell.
    n_low_infinite, n_high_infinite
        Rows that were -inf, and +inf.
    mean, squares
        Mean of the finite values, and the sum of their squared distances from it.
    minimum, maximum
        Of the finite values; NaN if there are none.
    below_sum, above_sum
        Sums of the finite values below the first and above the last grid point.
    n_distinct
        Distinct non-missing values; None where it is not known, after merging profiles of
        which one has values between grid points.
    """

    binning: NumericBinning
    cells: IntArray
    n_missing: int
    n_low_infinite: int
    n_high_infinite: int
    mean: float
    squares: float
    minimum: float
    maximum: float
    below_sum: float
    above_sum: float
    n_distinct: int | None

    @classmethod
    def of(
        cls,
        values: FloatArray,
        binning: NumericBinning,
        *,
        n_missing: int = 0,
        is_sorted: bool = False,
        count_distinct: bool = True,
    ) -> "NumericProfile":
        """Return the profile of ``values``.

        Parameters
        ----------
        values
            Shape ``(n,)``, any order; NaN counts as missing.
        n_missing
            Missing rows that are not in ``values`` any more.
        is_sorted
            Whether ``values`` ascend already, NaN last, which saves the dearest step.
        count_distinct
            Whether to count distinct values: of no use to profiles that will be added.
        """
        ordered, n_nan = _ascending(values, is_sorted=is_sorted)
        cells = count_cells(ordered, binning.grid)
        profile = cls._assembled(ordered, binning, cells, int(n_missing) + n_nan)
        return profile if not count_distinct else replace(profile, n_distinct=_n_distinct(ordered))

    @classmethod
    def fit(
        cls,
        values: FloatArray,
        *,
        n_missing: int = 0,
        usual_rows: int | None = None,
        include: Sequence[float] = (),
        is_sorted: bool = False,
        is_time: bool = False,
    ) -> "NumericProfile":
        """Return the baseline's profile over the binning that it defines, counted only once.

        Parameters are those of `NumericBinning.fit` and of `of`.

        Raises
        ------
        NoDataError
            If no value is finite.
        """
        ordered, n_nan = _ascending(values, is_sorted=is_sorted)
        first, last = finite_range(ordered)
        binning, cells, n_distinct = fit_ordered(
            ordered[first:last],
            n_js=js_bins(len(ordered), usual_rows),
            include=include,
            is_time=is_time,
        )
        cells[0] += first
        cells[-1] += len(ordered) - last
        profile = cls._assembled(ordered, binning, cells, int(n_missing) + n_nan)
        n_infinite = int(first > 0) + int(last < len(ordered))
        return replace(profile, n_distinct=n_distinct + n_infinite)

    @classmethod
    def _assembled(
        cls, ordered: FloatArray, binning: NumericBinning, cells: IntArray, n_missing: int
    ) -> "NumericProfile":
        """Return the profile of ascending values that were counted already."""
        first, last = finite_range(ordered)
        finite = ordered[first:last]
        infinite = (first, len(ordered) - last)
        if not len(finite):
            moments = (0.0, 0.0, math.nan, math.nan, 0.0, 0.0)
        else:
            low = np.searchsorted(finite, binning.grid[0], side="left")
            high = np.searchsorted(finite, binning.grid[-1], side="right")
            # Values near 1e308 overflow on purpose: the moments are then infinite and left out.
            with np.errstate(over="ignore", invalid="ignore"):
                mean = float(finite.mean())
                moments = (
                    mean,
                    _squared_distances(finite, mean),
                    float(finite[0]),
                    float(finite[-1]),
                    float(finite[:low].sum()),
                    float(finite[high:].sum()),
                )
        return cls(binning, cells, n_missing, *infinite, *moments, None)

    def __add__(self, other: "NumericProfile") -> "NumericProfile":
        """Return the profile of both sets of rows together.

        Raises
        ------
        BinningMismatchError
            If the rulers differ.
        """
        if self.binning.id != other.binning.id:
            raise BinningMismatchError(
                f"Found profiles over the binnings {self.binning.id} and {other.binning.id}, "
                "expected one and the same: profile both columns with the baseline's binning."
            )
        n, m = self.n_finite, other.n_finite
        mean, squares = self.mean, self.squares
        if m:
            gap = other.mean - self.mean if n else 0.0
            mean = self.mean + gap * m / (n + m) if n else other.mean
            squares = self.squares + other.squares + gap * gap * n * m / (n + m)
        cells = self.cells + other.cells
        low = self.n_low_infinite + other.n_low_infinite
        high = self.n_high_infinite + other.n_high_infinite
        between = int(cells[::2].sum()) - low - high
        points = int(np.count_nonzero(cells[1::2]))
        return NumericProfile(
            self.binning,
            cells,
            self.n_missing + other.n_missing,
            low,
            high,
            mean,
            squares,
            float(np.fmin(self.minimum, other.minimum)),
            float(np.fmax(self.maximum, other.maximum)),
            self.below_sum + other.below_sum,
            self.above_sum + other.above_sum,
            None if between else points + bool(low) + bool(high),
        )

    @cached_property
    def n(self) -> int:
        """Non-missing rows."""
        return int(self.cells.sum())

    @property
    def n_rows(self) -> int:
        """All rows, missing ones included."""
        return self.n + self.n_missing

    @property
    def n_infinite(self) -> int:
        """Rows that were +inf or -inf."""
        return self.n_low_infinite + self.n_high_infinite

    @property
    def n_finite(self) -> int:
        """Rows with a finite value."""
        return self.n - self.n_infinite

    @property
    def std(self) -> float:
        """Sample standard deviation (ddof 1) of the finite values; NaN for fewer than two."""
        return math.sqrt(self.squares / (self.n_finite - 1)) if self.n_finite > 1 else math.nan

    @property
    def cells_and_ends(self) -> IntArray:
        """Rows at -inf, the finite ones in each cell, and rows at +inf, ``n_cells + 2`` numbers."""
        counts = np.concatenate(([self.n_low_infinite], self.cells, [self.n_high_infinite]))
        counts[1] -= self.n_low_infinite
        counts[-2] -= self.n_high_infinite
        return cast("IntArray", counts)

    @cached_property
    def psi_counts(self) -> IntArray:
        """Rows per PSI bin."""
        return cast("IntArray", np.add.reduceat(self.cells, self.binning.psi_starts))

    @cached_property
    def js_counts(self) -> IntArray:
        """Rows per JS bin."""
        return cast("IntArray", np.add.reduceat(self.cells, self.binning.js_starts))

    @property
    def median(self) -> float:
        """Middle value, to within one cell of the grid; NaN if there are no values."""
        if not self.n:
            return math.nan
        counts = self.cells_and_ends
        cumulative = np.cumsum(counts)
        low, high = (
            self._value_at(int(np.searchsorted(cumulative, rank)), counts)
            for rank in ((self.n + 1) // 2, self.n // 2 + 1)
        )
        return low if low == high else low + (high - low) / 2

    def n_at_or_above(self, value: float) -> int:
        """Return how many rows are at or above a grid point.

        Raises
        ------
        BinningMismatchError
            If ``value`` is not a point of the grid.
        """
        point = int(np.searchsorted(self.binning.grid, value))
        if point == len(self.binning.grid) or self.binning.grid[point] != value:
            raise BinningMismatchError(
                f"Found no grid point at {value:g}, expected one: fit the baseline again "
                "with this decision threshold."
            )
        return int(self.cells[2 * point + 1 :].sum())

    def _value_at(self, position: int, counts: IntArray) -> float:
        """Return a value that stands for the rows at a position of `cells_and_ends`.

        It is the point itself, the middle of a gap, or the mean of all that lie beyond the grid.
        """
        grid = self.binning.grid
        if position in {0, len(counts) - 1}:
            return math.copysign(math.inf, position - 1)
        if position % 2 == 0:
            return float(grid[position // 2 - 1])
        if position == 1:
            value = self.below_sum / int(counts[1])
        elif position == len(counts) - 2:
            value = self.above_sum / int(counts[-2])
        else:
            value = float(grid[position // 2 - 1]) / 2 + float(grid[position // 2]) / 2
        return min(max(value, self.minimum), self.maximum)


def _n_distinct(ordered: FloatArray) -> int:
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + bool(len(ordered))


def _ascending(values: FloatArray, *, is_sorted: bool) -> tuple[FloatArray, int]:
    """Return the values in order without NaN, and how many were NaN."""
    ordered = np.asarray(values, dtype=np.float64)
    if not is_sorted:
        ordered = np.sort(ordered)
    # np.sort puts NaN last, which makes dropping them a slice.
    n = int(np.searchsorted(ordered, np.nan, side="left"))
    return ordered[:n], len(ordered) - n


_BLOCK = 16_384
"""Values at a time: what stays in a processor's cache is read there a second time for nothing."""


def _squared_distances(values: FloatArray, centre: float) -> float:
    """Return the sum of squared distances from the mean, of which ``centre`` is a rounded one.

    Without a second array of the size of the first.
    """
    total = residual = 0.0
    scratch = np.empty(min(_BLOCK, len(values)))
    for start in range(0, len(values), _BLOCK):
        part = values[start : start + _BLOCK]
        block = np.subtract(part, centre, out=scratch[: len(part)])
        residual += float(np.add.reduce(block))
        # Not a dot product: BLAS would wake threads that wait by spinning.
        total += float(np.add.reduce(np.square(block, out=block)))
    # What rounding the mean of large numbers left over.
    left_over = residual * residual / len(values) if len(values) else 0.0
    return max(total - left_over, 0.0) if math.isfinite(left_over) else total
