"""Arrangement: in which order the rows of two samples lie, as far as a grid tells it."""

from dataclasses import dataclass

import numpy as np

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Arrangement:
    """Two samples in ascending order, cell by cell; cells without rows are left out.

    A cell that is a grid point holds equal values. In one between points the
    rows' order is not known, and which of them are equal only as far as their
    number of distinct values tells.

    Attributes
    ----------
    n, m
        Baseline and current rows.
    below_n, below_m
        Rows of each side below the cell, shape ``(n_cells,)``.
    in_n, in_m
        Rows of each side in the cell.
    is_point
        Whether the cell is a grid point.
    tied_n, tied_m
        Rows of each side in the cell that can be equal to each other: all at a
        grid point; 1 or none where every row is known to have a value of its own.
    """

    n: int
    m: int
    below_n: FloatArray
    below_m: FloatArray
    in_n: FloatArray
    in_m: FloatArray
    is_point: np.ndarray
    tied_n: FloatArray
    tied_m: FloatArray

    @property
    def below(self) -> FloatArray:
        """Rows of both sides below the cell."""
        return self.below_n + self.below_m

    @property
    def inside(self) -> FloatArray:
        """Rows of both sides in the cell."""
        return self.in_n + self.in_m

    @property
    def gap(self) -> FloatArray:
        """``N M (F - G)`` just below the cell, F and G the distribution functions."""
        return self.m * self.below_n - self.n * self.below_m

    @property
    def step(self) -> FloatArray:
        """What the cell adds to `gap`."""
        return self.m * self.in_n - self.n * self.in_m

    @property
    def is_certain(self) -> np.ndarray:
        """Whether the order within the cell, and what is equal in it, makes no difference."""
        one_side = (self.in_n == 0) | (self.in_m == 0)
        untied = (self.tied_n <= 1) & (self.tied_m <= 1)
        return np.asarray(self.is_point | (one_side & untied))

    def mean_squared_gap_range(self) -> tuple[FloatArray, FloatArray]:
        """Return the smallest and largest mean square of the gap along the cell, in any order.

        The gap rises by a baseline row and falls by a current one, evenly along each. Its
        largest course has all baseline rows first, its smallest all current ones; every other
        lies between the two.
        """
        rise, fall = self.m * self.in_n, self.n * self.in_m
        high, low = self.gap + rise, self.gap - fall

        def mean_square(corner: FloatArray, before: FloatArray) -> FloatArray:
            """Return that of the course by a corner, with so many rows before it."""
            end, after = self.gap + self.step, self.inside - before
            onward = self.gap**2 + self.gap * corner + corner**2
            back = end**2 + end * corner + corner**2
            return np.asarray((before * onward + after * back) / 3 / self.inside)

        largest, smallest = mean_square(high, self.in_n), mean_square(low, self.in_m)
        crosses = (low < 0) & (high > 0)
        either = np.minimum(np.maximum(low**2, high**2), largest + smallest)
        below = high <= 0
        return (
            np.where(crosses, 0.0, np.where(below, largest, smallest)),
            np.where(crosses, either, np.where(below, smallest, largest)),
        )

    def squared_gap_range(self) -> tuple[FloatArray, FloatArray]:
        """Return the smallest and largest square that the gap can have within the cell."""
        lowest = self.gap - self.n * self.in_m
        highest = self.gap + self.m * self.in_n
        largest = np.maximum(lowest**2, highest**2)
        smallest = np.where(lowest * highest <= 0, 0.0, np.minimum(lowest**2, highest**2))
        return smallest, largest


def arrangement(baseline: NumericProfile, current: NumericProfile) -> Arrangement:
    """Return how the rows of two profiles over one grid are arranged.

    Examples
    --------
    >>> from drift_assets.profiles import NumericBinning
    >>> before, now = np.array([1.0, 2.0, 2.0]), np.array([2.0, 5.0, 6.0])
    >>> ruler = NumericBinning.fit(before)
    >>> found = arrangement(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    >>> found.in_n.tolist(), found.in_m.tolist(), found.is_point.tolist()
    ([1.0, 2.0, 0.0], [0.0, 1.0, 2.0], [True, True, False])
    >>> found.is_certain.tolist()  # 5 and 6 differ: three distinct values are known of
    [True, True, True]
    """
    filled = np.flatnonzero(baseline.cells + current.cells)
    is_point = filled % 2 == 1
    in_n, in_m = (p.cells[filled].astype(np.float64) for p in (baseline, current))
    return Arrangement(
        n=baseline.n,
        m=current.n,
        below_n=np.cumsum(in_n) - in_n,
        below_m=np.cumsum(in_m) - in_m,
        in_n=in_n,
        in_m=in_m,
        is_point=is_point,
        tied_n=np.where(is_point, in_n, np.minimum(in_n, _most_equal(baseline))),
        tied_m=np.where(is_point, in_m, np.minimum(in_m, _most_equal(current))),
    )


def _most_equal(profile: NumericProfile) -> float:
    """Return how many rows between grid points can at most share one value."""
    between = int(profile.cells[::2].sum())
    if profile.n_distinct is None:
        return float(between)
    distinct = profile.n_distinct - int(np.count_nonzero(profile.cells[1::2]))
    return float(between - distinct + 1)
