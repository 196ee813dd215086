"""Energy distance: how much further apart rows of two samples are than rows of one."""

import math

import numpy as np

from drift_assets.profiles import NumericProfile, Profile
from drift_assets.stats.statistic import Measurement, Statistic, numeric_sides, sizes


def energy_distance(baseline: NumericProfile, current: NumericProfile) -> tuple[float, float]:
    """Return the energy distance of two profiles and its error bound.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.

    Returns
    -------
    distance : float
        In the square root of the column's unit, 0 or greater; NaN if either
        side has an infinite value.
    error_bound : float
        The distance of the rows differs by at most this.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Notes
    -----
    ``sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|)``, which on the line is the root
    of twice the integral of ``(F - G)^2`` [1]_. Between grid points, rows are
    taken to lie in the middle; beyond the grid their number, sum and extreme
    enclose the integral, and the middle of what they leave open is taken.

    References
    ----------
    .. [1] G. J. Szekely, M. L. Rizzo, "Energy statistics", Journal of
       Statistical Planning and Inference 143 (2013), 1249-1272.

    Examples
    --------
    >>> from drift_assets.profiles import NumericBinning
    >>> before, now = np.array([0.0, 1.0, 8.0]), np.array([0.0, 8.0, 8.0])
    >>> ruler = NumericBinning.fit(before)
    >>> found = energy_distance(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    >>> [round(x, 4) for x in found]  # F - G is 1 / 3 from 1 to 8: sqrt(2 * 7 / 9)
    [1.2472, 0.0]
    """
    n, m = sizes(baseline, current)
    if baseline.n_infinite or current.n_infinite:
        return math.nan, math.nan
    in_n, in_m = baseline.cells[2:-1:2] / n, current.cells[2:-1:2] / m
    gap = np.cumsum(baseline.cells) / n - np.cumsum(current.cells) / m
    start, end = gap[1:-2:2], gap[2:-1:2]
    lowest, highest = start - in_m, start + in_n
    uncertain = (in_n > 0) | (in_m > 0)
    largest = np.maximum(lowest**2, highest**2)
    smallest = np.where(lowest * highest <= 0, 0.0, np.minimum(lowest**2, highest**2))
    middle = (start**2 + end**2) / 2
    off = np.where(uncertain, np.maximum(largest - middle, middle - smallest), 0.0)
    # Values near 1e308 overflow on purpose: the distance is then not finite and is left out.
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.diff(baseline.binning.grid)
        integral, error_bound = float((width * middle).sum()), float((width * off).sum())
    for low, high in _beyond(baseline, current):
        integral += (low + high) / 2
        error_bound += (high - low) / 2
    if not math.isfinite(integral + error_bound):
        return math.nan, math.nan
    distance = math.sqrt(2 * integral)
    if error_bound == 0:
        return distance, 0.0
    above = math.sqrt(2 * (integral + error_bound)) - distance
    below = distance - math.sqrt(2 * max(integral - error_bound, 0.0))
    return distance, max(above, below)


def _beyond(
    baseline: NumericProfile, current: NumericProfile
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the least and most that the integral can be below and above the grid.

    There the share of rows still to come is a falling function between the
    share beyond the grid and 0; its integral is the mean excess. The squared
    difference of two such is at least the square of their mean difference
    (Cauchy and Schwarz), at most the larger share times both integrals.
    """
    lowest, highest = float(baseline.binning.grid[0]), float(baseline.binning.grid[-1])
    below, above = [], []
    for side in (baseline, current):
        n_below, n_above = int(side.cells[0]), int(side.cells[-1])
        below.append(
            (
                n_below / side.n,
                (n_below * lowest - side.below_sum) / side.n,
                lowest - side.minimum if n_below else 0.0,
            )
        )
        above.append(
            (
                n_above / side.n,
                (side.above_sum - n_above * highest) / side.n,
                side.maximum - highest if n_above else 0.0,
            )
        )
    return _enclosed(*below), _enclosed(*above)


def _enclosed(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    share, reach = max(first[0], second[0]), max(first[2], second[2])
    if reach <= 0:
        return 0.0, 0.0
    low = (first[1] - second[1]) ** 2 / reach
    high = share * (first[1] + second[1])
    # One row beyond the grid leaves nothing open, but for rounding.
    return (low, high) if high - low > 1e-12 * high else (high, high)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    distance, error_bound = energy_distance(before, now)
    return Measurement("energy_distance", distance, None, before.n, now.n, error_bound)


ENERGY_DISTANCE = Statistic(
    name="energy_distance",
    label="energy distance",
    unit="square root of the column's unit",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=False,
    null="its square is of the order of (1/N + 1/M) times the mean distance of two rows",
    reference="G. J. Szekely, M. L. Rizzo, Journal of Statistical Planning and Inference "
    "143 (2013), 1249-1272",
    measure=_measure,
    error="either",
)
