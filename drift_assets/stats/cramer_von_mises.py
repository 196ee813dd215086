"""Two-sample Cramer-von Mises test: the squared gap between distribution functions, on average."""

import math

import numpy as np

from drift_assets.profiles import NumericProfile, Profile
from drift_assets.stats.arrangement import arrangement
from drift_assets.stats.quadratic_form import quadratic_form_p_value
from drift_assets.stats.rank_orders import EXACT_ROWS, rank_order_p_value
from drift_assets.stats.statistic import Measurement, Statistic, numeric_sides, sizes


def cramer_von_mises(baseline: NumericProfile, current: NumericProfile) -> tuple[float, float]:
    """Return the two-sample Cramer-von Mises statistic T and its error bound.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.

    Returns
    -------
    statistic : float
        T, 0 or greater; about 1/6 without drift.
    error_bound : float
        The T of the rows differs by at most this. It is 0 where the grid holds
        every distinct baseline value.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Notes
    -----
    T is N M / (N + M) times the mean of (F - G)^2 over the rows of both sides
    [1]_. Where rows of both sides are equal, or lie between the same grid
    points, it is the mean over all orders that they can have. A row alone adds
    ``(D^2 + E^2 / 12) / (N M (N + M)^2)``, with D = N M (F - G) in the middle
    of its step and E the step, l rows of a cell l times as much with the
    cell's D and E, and a and b rows of both sides ``a b / (6 N M)`` for their
    orders. Without equal rows that is ``scipy.stats.cramervonmises_2samp``.
    Scipy's ranks add a cubic term for equal rows: two samples of one and the
    same value, 1,000 and 100 rows, get a T of 742 there and 0.17 here.

    References
    ----------
    .. [1] T. W. Anderson, "On the distribution of the two-sample Cramer-von
       Mises criterion", Annals of Mathematical Statistics 33 (1962), 1148-1159.

    Examples
    --------
    >>> from drift_assets.profiles import NumericBinning
    >>> before, now = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    >>> ruler = NumericBinning.fit(before)
    >>> found = cramer_von_mises(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    >>> [round(x, 4) for x in found]  # 4 / 16 (1 / 4 + 1 + 1 / 4 + 0)
    [0.375, 0.0]
    """
    sizes(baseline, current)
    rows = arrangement(baseline, current)
    n, m, a, b = rows.n, rows.m, rows.in_n, rows.in_m
    total = n + m
    # The square of the gap, which does not cancel, instead of scipy's difference of ranks.
    along = rows.inside / total * ((rows.gap + rows.step / 2) ** 2 + rows.step**2 / 12)
    found = along + total * a * b / 6
    smallest, largest = rows.mean_squared_gap_range()
    low, high = rows.inside / total * smallest, rows.inside / total * largest
    is_certain = rows.is_point | (a == 0) | (b == 0)
    off = np.where(is_certain, 0.0, np.maximum(high - found, found - low))
    scale = 1 / n / m / total
    # Rounding may leave the range by one unit in the last place.
    statistic = max(float(found.sum() * scale) + 1 / (6 * total), 0.0)
    return statistic, max(float(off.sum() * scale), 0.0)


def cramer_von_mises_p_value(statistic: float, n_baseline: int, n_current: int) -> float:
    """Return the p-value of a two-sample Cramer-von Mises statistic.

    Parameters
    ----------
    statistic
        T.
    n_baseline, n_current
        Rows on each side.

    Returns
    -------
    float
        In [0, 1]: the limit distribution at the statistic brought to the
        limit's mean and variance, as in scipy's ``asymptotic``. Within 0.02 of
        the exact p-value from 10 rows a side, of which up to 20 rows a side
        `cramer_von_mises_exact_p_value` takes the place.

    Examples
    --------
    >>> round(cramer_von_mises_p_value(0.46136, 10**6, 10**6), 4)  # a 5 % point of every table
    0.05
    """
    n, m = n_baseline, n_current
    total = n + m
    mean = (1 + 1 / total) / 6
    variance = (
        (total + 1)
        / total**2
        * (4 * n * m * total - 3 * (n**2 + m**2) - 2 * n * m)
        / (45 * 4 * n * m)
    )
    if variance <= 0:
        # One row a side: T is the same in either order.
        return 1.0
    limit = 1 / 6 + (statistic - mean) / math.sqrt(45 * variance)
    return quadratic_form_p_value("cramer_von_mises", limit)


def cramer_von_mises_exact_p_value(baseline: NumericProfile, current: NumericProfile) -> float:
    """Return the exact p-value of the Cramer-von Mises statistic of two small samples.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid, of at most 20 rows each: the orders of
        larger ones are too many.

    Returns
    -------
    float
        In (0, 1]: the share of all orders with a T as large. Without equal
        rows that is scipy's ``method="exact"``; with equal rows, the orders
        are those of rows of which the same are equal. Rows between grid points
        count as different.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Examples
    --------
    >>> from drift_assets.profiles import NumericBinning
    >>> before, now = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    >>> ruler = NumericBinning.fit(before)
    >>> sides = NumericProfile.of(before, ruler), NumericProfile.of(now, ruler)
    >>> round(cramer_von_mises_exact_p_value(*sides), 12)  # 2 of the 20 orders
    0.1
    """
    statistic, _ = cramer_von_mises(baseline, current)
    rows = arrangement(baseline, current)
    n, m, total = rows.n, rows.m, rows.n + rows.m

    def term(below: int, below_n: int, inside: int, in_n: int) -> float:
        """Return what equal rows add, times 12 (N + M): a whole number."""
        step = m * in_n - n * (inside - in_n)
        twice_the_gap = 2 * (m * below_n - n * (below - below_n)) + step
        orders = 2 * total**2 * in_n * (inside - in_n)
        return float(inside * (3 * twice_the_gap**2 + step**2) + orders)

    seen = (statistic - 1 / (6 * total)) * 12 * n * m * total**2
    return rank_order_p_value(rows, term, seen)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    before, now = numeric_sides(baseline, current)
    statistic, error_bound = cramer_von_mises(before, now)
    if max(before.n, now.n) <= EXACT_ROWS:
        p_value = cramer_von_mises_exact_p_value(before, now)
    else:
        p_value = cramer_von_mises_p_value(statistic, before.n, now.n)
    return Measurement("cramer_von_mises", statistic, p_value, before.n, now.n, error_bound)


CRAMER_VON_MISES = Statistic(
    name="cramer_von_mises",
    label="Cramer-von Mises",
    unit="none",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric"}),
    has_p_value=True,
    null="all orders, up to 20 rows a side; its mean is (1 + 1 / (N + M)) / 6; it tends to the sum "
    "of chi-squared variables of one degree of freedom over (j pi)^2",
    reference="T. W. Anderson, Annals of Mathematical Statistics 33 (1962), 1148-1159",
    measure=_measure,
    error="either",
)
