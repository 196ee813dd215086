"""Out-of-range rate: the share of rows beyond the smallest and largest baseline value."""

import math

import numpy as np

from drift_assets.profiles import NumericProfile, Profile
from drift_assets.profiles.binning import IntArray
from drift_assets.stats.statistic import Measurement, Statistic, numeric_sides, sizes
from drift_assets.stats.two_proportions import two_proportions_p_value


def out_of_range_rate_change(baseline: NumericProfile, current: NumericProfile) -> float:
    """Return the current less the baseline share of rows beyond the baseline's finite range.

    Of the non-missing rows, in [-1, 1]; NaN if the baseline has no finite
    value. An infinite value is beyond any range: the baseline's own rate is
    the share of its infinite values, 0 almost always.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from drift_assets.profiles import NumericBinning, NumericProfile
    >>> before, now = np.arange(100.0), np.array([-5.0, 3.0, 50.0, 99.0, 99.5])
    >>> ruler = NumericBinning.fit(before)
    >>> baseline, current = NumericProfile.of(before, ruler), NumericProfile.of(now, ruler)
    >>> out_of_range_rate_change(baseline, current)  # -5 and 99.5 of five
    0.4
    """
    n, m = sizes(baseline, current)
    if not baseline.n_finite:
        return math.nan
    before, now = (int(cells_out_of_range(baseline, p).sum()) for p in (baseline, current))
    return now / m - before / n


def out_of_range_p_value(n_out: int, n_baseline: int, n_current: int) -> float:
    """Return the probability of at least so many rows beyond the baseline's range.

    Parameters
    ----------
    n_out
        Current rows below the smallest or above the largest baseline value.
    n_baseline, n_current
        Rows on each side.

    Returns
    -------
    float
        In [0, 1]. Exact without drift and ties [1]_; with ties it is too
        large, never too small.

    Notes
    -----
    That the k outermost rows of both samples together, i of them at the lower
    end, are all current has the probability ``a = C(M, k) / C(N + M, k)``,
    whatever i. Over the ``k + 1`` ways to cut k in two, those with at least k
    rows outside sum to ``(k + 1) a(k) - k a(k + 1)``.

    References
    ----------
    .. [1] S. S. Wilks, "Statistical prediction with special reference to the
       problem of tolerance limits", Annals of Mathematical Statistics 13
       (1942), 400-409.

    Examples
    --------
    >>> out_of_range_p_value(1, 1, 1)  # another value than the only one is out of range
    1.0
    >>> round(out_of_range_p_value(2, 100, 10), 4)  # 45 / 5995 (3 - 2 * 8 / 108)
    0.0214
    """
    n, m, k = n_baseline, n_current, n_out
    if k == 0:
        return 1.0
    log_a = (
        math.lgamma(m + 1)
        - math.lgamma(m - k + 1)
        + math.lgamma(n + m - k + 1)
        - math.lgamma(n + m + 1)
    )
    return min(math.exp(log_a) * (k + 1 - k * (m - k) / (n + m - k)), 1.0)


def cells_out_of_range(baseline: NumericProfile, profile: NumericProfile) -> IntArray:
    """Return the rows per cell of ``profile`` that lie beyond the baseline's finite range.

    Shape ``(binning.n_cells,)``; none if the baseline has no finite value.
    """
    if not baseline.n_finite:
        return np.zeros_like(profile.cells)
    outside = profile.cells.copy()
    grid = baseline.binning.grid
    # The extremes are grid points; of an extreme between two, the whole cell counts as inside.
    first = int(np.searchsorted(grid, baseline.minimum, side="left"))
    first_cell = 2 * first + (first < len(grid) and bool(grid[first] == baseline.minimum))
    last = int(np.searchsorted(grid, baseline.maximum, side="right"))
    last_cell = 2 * last - (last > 0 and bool(grid[last - 1] == baseline.maximum))
    outside[first_cell : last_cell + 1] = 0
    return outside


def _measure(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    change = out_of_range_rate_change(before, now)
    n_before, n_now = (int(cells_out_of_range(before, p).sum()) for p in (before, now))
    p_value = (
        two_proportions_p_value(n_before, before.n, n_now, now.n)
        if n_before
        else out_of_range_p_value(n_now, before.n, now.n)
    )
    return Measurement("out_of_range_rate", change, p_value, before.n, now.n)


OUT_OF_RANGE_RATE = Statistic(
    name="out_of_range_rate",
    label="out-of-range-rate change",
    unit="share",
    low=-1.0,
    high=1.0,
    kinds=frozenset({"numeric"}),
    has_p_value=True,
    null="rows beyond both extremes of an earlier sample: on average 2 M / (N + 1) of M",
    reference="S. S. Wilks, Annals of Mathematical Statistics 13 (1942), 400-409",
    measure=_measure,
    error="none",
)
