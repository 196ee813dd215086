"""Shifts of location and spread: mean, median and standard deviation against the baseline's."""

import math

import numpy as np

from drift_assets.profiles import NumericProfile, Profile
from drift_assets.stats.statistic import Measurement, Statistic, numeric_sides, sizes


def mean_shift(baseline: NumericProfile, current: NumericProfile) -> float:
    """Return the current less the baseline mean, in baseline standard deviations.

    Of the finite values; NaN if either side has none, or the baseline is
    constant and the mean moved.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    References
    ----------
    .. [1] G. V. Glass, "Primary, secondary, and meta-analysis of research",
       Educational Researcher 5 (1976), 3-8: his Delta.

    Examples
    --------
    >>> import numpy as np
    >>> from drift_assets.profiles import NumericBinning, NumericProfile
    >>> before, now = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    >>> ruler = NumericBinning.fit(before)
    >>> mean_shift(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    1.0
    """
    sizes(baseline, current)
    if not baseline.n_finite or not current.n_finite:
        return math.nan
    return _in_deviations(current.mean - baseline.mean, baseline)


def median_shift(baseline: NumericProfile, current: NumericProfile) -> tuple[float, float]:
    """Return the shift of the median and its error bound, in baseline standard deviations.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.

    Returns
    -------
    shift : float
        Current less baseline median; NaN if one is not known, or the baseline
        is constant and the median moved.
    error_bound : float
        The shift of the rows differs by at most this. It is 0 where both
        medians lie on grid points.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    References
    ----------
    .. [1] F. R. Hampel et al., "Robust statistics", Wiley, 1986, section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from drift_assets.profiles import NumericBinning, NumericProfile
    >>> before, now = np.array([1.0, 2.0, 3.0]), np.array([3.0, 3.0, 400.0])
    >>> ruler = NumericBinning.fit(before)
    >>> median_shift(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    (1.0, 0.0)
    """
    sizes(baseline, current)
    (low_before, high_before), (low_now, high_now) = map(_median_range, (baseline, current))
    shift = current.median - baseline.median
    error_bound = max(high_now - low_before - shift, shift - (low_now - high_before), 0.0)
    # Half of the rows being infinite leaves no median to speak of.
    if not math.isfinite(shift) or not math.isfinite(error_bound):
        return math.nan, math.nan
    if shift == 0 and error_bound == 0:
        return 0.0, 0.0
    return _in_deviations(shift, baseline), _in_deviations(error_bound, baseline)


def std_ratio(baseline: NumericProfile, current: NumericProfile) -> float:
    """Return the current over the baseline standard deviation, 0 or greater.

    Of the finite values, ``ddof`` 1; NaN if either side has fewer than two, or
    the baseline is constant.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    References
    ----------
    .. [1] R. A. Fisher, "On a distribution yielding the error functions of
       several well known statistics", Proceedings of the International
       Congress of Mathematics, Toronto, 1924, 805-813.

    Examples
    --------
    >>> import numpy as np
    >>> from drift_assets.profiles import NumericBinning, NumericProfile
    >>> before, now = np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 4.0])
    >>> ruler = NumericBinning.fit(before)
    >>> std_ratio(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    2.0
    """
    sizes(baseline, current)
    return current.std / baseline.std if baseline.std > 0 else math.nan


def _in_deviations(distance: float, baseline: NumericProfile) -> float:
    """Return a distance by the baseline's ruler; a constant baseline has none."""
    if distance == 0:
        return 0.0
    return distance / baseline.std if baseline.std > 0 else math.nan


def _median_range(profile: NumericProfile) -> tuple[float, float]:
    """Return the values between which the median of the rows lies."""
    cumulative = np.cumsum(profile.cells)
    ranks = ((profile.n + 1) // 2, profile.n // 2 + 1)
    ends = [_cell_range(profile, int(np.searchsorted(cumulative, rank))) for rank in ranks]
    return (ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2


def _cell_range(profile: NumericProfile, cell: int) -> tuple[float, float]:
    """Return the smallest and largest value that a row of the cell can have."""
    grid = profile.binning.grid
    if cell % 2:
        return float(grid[cell // 2]), float(grid[cell // 2])
    low = -math.inf if cell == 0 else float(grid[cell // 2 - 1])
    high = math.inf if cell == 2 * len(grid) else float(grid[cell // 2])
    if profile.n_infinite and not (math.isfinite(low) and math.isfinite(high)):
        return low, high
    return max(low, profile.minimum), min(high, profile.maximum)


def _measure_mean(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    return Measurement("mean_shift", mean_shift(before, now), None, before.n_finite, now.n_finite)


def _measure_median(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    shift, error_bound = median_shift(before, now)
    return Measurement("median_shift", shift, None, before.n, now.n, error_bound)


def _measure_spread(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    return Measurement("std_ratio", std_ratio(before, now), None, before.n_finite, now.n_finite)


MEAN_SHIFT = Statistic(
    name="mean_shift",
    label="mean shift",
    unit="baseline standard deviations",
    low=None,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=False,
    null="about normal with mean 0 and variance 1/N + 1/M",
    reference="G. V. Glass, Educational Researcher 5 (1976), 3-8",
    measure=_measure_mean,
    error="none",
    definition="Current less baseline mean over the baseline's standard deviation, finite values.",
)

MEDIAN_SHIFT = Statistic(
    name="median_shift",
    label="median shift",
    unit="baseline standard deviations",
    low=None,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=False,
    null="about normal with mean 0 and variance (1/N + 1/M) / (4 f^2), f the density at the "
    "median per standard deviation; for a normal column pi / 2 (1/N + 1/M)",
    reference="F. R. Hampel et al., Robust statistics, Wiley, 1986, section 2.1",
    measure=_measure_median,
    error="either",
    definition="Current less baseline median over the baseline's standard deviation.",
)

STD_RATIO = Statistic(
    name="std_ratio",
    label="ratio of standard deviations",
    unit="none",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=False,
    null="for a normal column its square has Fisher's F distribution with M - 1 and N - 1 "
    "degrees of freedom",
    reference="R. A. Fisher, Proceedings of the International Congress of Mathematics, 1924",
    measure=_measure_spread,
    error="none",
    neutral=1.0,
    definition="Current over baseline standard deviation, of the finite values.",
)
