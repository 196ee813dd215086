"""1-Wasserstein distance: how far values moved on average, in baseline standard deviations."""

import math

import numpy as np

from drift_assets.profiles import NumericProfile, Profile
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.statistic import Measurement, Statistic, numeric_sides, sizes


def wasserstein(baseline: NumericProfile, current: NumericProfile) -> tuple[float, float]:
    """Return the 1-Wasserstein distance of two profiles and its error bound.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.

    Returns
    -------
    distance : float
        Area between the two distribution functions, in the column's own unit,
        0 or greater; NaN if either side has an infinite value. Inside a cell
        that holds rows, they are taken to lie at its middle; what lies beyond
        the grid is exact.
    error_bound : float
        The exact distance differs by at most this, in the same unit.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    References
    ----------
    .. [1] C. Villani, "Optimal transport: old and new", Springer, 2009,
       remark 6.5; on the line it is the area between the distribution functions.

    Examples
    --------
    >>> from drift_assets.profiles import NumericBinning
    >>> before, now = np.array([0.0, 1.0, 8.0]), np.array([0.0, 8.0, 8.0])
    >>> ruler = NumericBinning.fit(before)
    >>> found = wasserstein(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    >>> [round(x, 4) for x in found]  # one row of three moved by 7
    [2.3333, 0.0]
    """
    n, m = sizes(baseline, current)
    if baseline.n_infinite or current.n_infinite:
        return math.nan, math.nan
    grid = baseline.binning.grid
    f = np.cumsum(baseline.cells) / n
    g = np.cumsum(current.cells) / m
    # Between grid points i and i + 1: the functions start at their value at i and end at
    # their value just below i + 1, jumping in the middle.
    start = np.abs(f[1:-2:2] - g[1:-2:2])
    end = np.abs(f[2:-1:2] - g[2:-1:2])
    moved = baseline.cells[2:-1:2] / n + current.cells[2:-1:2] / m
    # Values near 1e308 overflow on purpose: the distance is then not finite and is left out.
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.diff(grid)
        inside = float((width * (start + end)).sum() / 2)
        error_bound = float((width * moved).sum() / 2)
    return inside + _beyond(baseline, current, grid), error_bound


def _beyond(baseline: NumericProfile, current: NumericProfile, grid: FloatArray) -> float:
    """Return the area beyond the grid: there the baseline has no rows, so it is a mean excess."""
    below, above = zip(_excess(baseline, grid), _excess(current, grid), strict=True)
    return abs(below[0] - below[1]) + abs(above[0] - above[1])


def _excess(profile: NumericProfile, grid: FloatArray) -> tuple[float, float]:
    """Return how far rows lie below and above the grid, on average over all rows."""
    n_below, n_above = int(profile.cells[0]), int(profile.cells[-1])
    return (
        (n_below * float(grid[0]) - profile.below_sum) / profile.n,
        (profile.above_sum - n_above * float(grid[-1])) / profile.n,
    )


def _measure(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    distance, error_bound = wasserstein(before, now)
    # A constant baseline has no unit to measure by, except when nothing moved.
    scale = before.std if before.std > 0 else math.nan
    value = 0.0 if distance == 0 else distance / scale
    bound = 0.0 if error_bound == 0 else error_bound / scale
    return Measurement("wasserstein", value, None, before.n, now.n, bound)


def _measure_raw(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    distance, error_bound = wasserstein(before, now)
    return Measurement("wasserstein_raw", distance, None, before.n, now.n, error_bound)


WASSERSTEIN = Statistic(
    name="wasserstein",
    label="Wasserstein",
    unit="baseline standard deviations",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=False,
    null="of the order of sqrt(1/N + 1/M)",
    reference="C. Villani, Optimal transport: old and new, Springer, 2009, remark 6.5",
    measure=_measure,
    error="either",
)

WASSERSTEIN_RAW = Statistic(
    name="wasserstein_raw",
    label="Wasserstein, raw",
    unit="the column's unit",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=False,
    null="of the order of sqrt(1/N + 1/M) baseline standard deviations",
    reference="C. Villani, Optimal transport: old and new, Springer, 2009, remark 6.5",
    measure=_measure_raw,
    error="either",
    definition="1-Wasserstein distance: how far values moved on average, in the column's own unit.",
)
