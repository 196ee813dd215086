"""Trend: whether the values of a series rise or fall with time, and how fast.

Two ways: the straight line by least squares, whose p-value takes the values for independent
and normal; and the Theil-Sen slope with the Mann-Kendall test, which asks for neither.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.errors import ConfigurationError
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.stats.autocorrelation import (
    degrees_of_freedom,
    lag_one_autocorrelation,
    midranks,
    variance_inflation,
)

FEWEST: Final = 3
"""Values that a line needs to have a p-value."""


@dataclass(frozen=True, slots=True)
class Regression:
    """A straight line by least squares.

    Attributes
    ----------
    slope, intercept
        Of the line; the slope in units of y per unit of x.
    p_value
        Two-sided, of a slope of 0; 1 where all y are equal.
    """

    slope: float
    intercept: float
    p_value: float


@dataclass(frozen=True, slots=True)
class MonotoneTrend:
    """A Theil-Sen line and the Mann-Kendall test of its slope.

    Attributes
    ----------
    slope
        Median of the slopes between all pairs of values, in units of y per unit of x.
    slope_low, slope_high
        Its confidence interval, widened for autocorrelation.
    intercept
        Such that half of the values lie above the line: median of ``y - slope x``.
    score
        Pairs that rise less pairs that fall (Kendall's S).
    p_value
        Two-sided, corrected for autocorrelation; 1 for a constant series.
    autocorrelation
        At lag one, around the trend, in [0, 0.95].
    """

    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    score: int
    p_value: float
    autocorrelation: float


def linear_regression(x: ArrayLike, y: ArrayLike) -> Regression:
    """Return the straight line by least squares and the p-value of its slope.

    Parameters
    ----------
    x, y
        Shape ``(n,)``, at least 3 values, x not all equal.

    Raises
    ------
    ConfigurationError
        If there are fewer values, or all x are equal.

    Examples
    --------
    >>> line = linear_regression([0, 1, 2, 3], [0.0, 1.0, 2.0, 4.0])
    >>> round(line.slope, 4), round(line.intercept, 4), round(line.p_value, 4)
    (1.3, -0.2, 0.0173)
    """
    abscissae, ordinates = _checked(x, y)
    from_mean = abscissae - abscissae.mean()
    spread = float(from_mean @ from_mean)
    slope = float(from_mean @ ordinates) / spread
    intercept = float(ordinates.mean() - slope * abscissae.mean())
    deviations = ordinates - ordinates.mean()
    total = float(deviations @ deviations)
    left_over = max(total - slope * slope * spread, 0.0)
    df = len(ordinates) - 2
    if total == 0.0:
        return Regression(0.0, intercept, 1.0)
    if left_over <= 1e-15 * total:
        return Regression(slope, intercept, 0.0)
    t = slope / np.sqrt(left_over / df / spread)
    # Loaded on use: it takes a sixth of a second, and to declare a monitor takes none of it.
    from scipy.special import stdtr  # noqa: PLC0415

    return Regression(slope, intercept, float(2 * stdtr(df, -abs(t))))


def monotone_trend(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.9) -> MonotoneTrend:
    """Return the Theil-Sen line of a series and the p-value of its Mann-Kendall test.

    Parameters
    ----------
    x
        Instants in increasing order, shape ``(n,)``, n at least 3; gaps are fine.
    y
        Values, same shape; ties are fine.
    confidence
        Of the interval of the slope.

    Raises
    ------
    ConfigurationError
        If there are fewer values, or x does not increase.

    Notes
    -----
    Without a trend S has mean 0 and variance ``n (n - 1) (2 n + 5) / 18``, less
    ``t (t - 1) (2 t + 5) / 18`` for each group of t equal values [1]_. Autocorrelation
    multiplies it by `variance_inflation` [2]_, estimated from the ranks of the values less
    a parabola through them: ranks, since S is a statistic of ranks; a parabola, so that a
    trend that bends is not taken for autocorrelation. The quotient, with a continuity
    correction, is compared with Student's t of the degrees of freedom that are left. The
    interval of the slope is made of the ordered slopes between pairs [3]_.

    References
    ----------
    .. [1] M. G. Kendall, "Rank correlation methods", 4th edition, Griffin, 1970.
    .. [2] S. Yue, C. Wang, "The Mann-Kendall test modified by effective sample size to detect
       trend in serially correlated hydrological series", Water Resources Management 18
       (2004), 201-218.
    .. [3] P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau",
       Journal of the American Statistical Association 63 (1968), 1379-1389.

    Examples
    --------
    >>> trend = monotone_trend([0, 1, 2, 3, 5], [1.0, 2.0, 3.0, 9.0, 6.0])
    >>> trend.slope, trend.score
    (1.0, 8)
    """
    abscissae, ordinates = _checked(x, y)
    if (np.diff(abscissae) <= 0).any():
        raise ConfigurationError(
            "Found instants that do not increase, expected them in the order of time: sort them."
        )
    n = len(ordinates)
    earlier, later = _pairs(n)
    rises = ordinates[later] - ordinates[earlier]
    _, ties = np.unique(ordinates, return_counts=True)
    variance = float(n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    if variance == 0.0:
        return MonotoneTrend(0.0, 0.0, 0.0, float(ordinates[0]), 0, 1.0, 0.0)
    score = int(np.count_nonzero(rises > 0)) - int(np.count_nonzero(rises < 0))
    autocorrelation = lag_one_autocorrelation(_less_a_parabola(midranks(ordinates)), n_fitted=3)
    spread = float(np.sqrt(variance * variance_inflation(autocorrelation, n)))
    df = degrees_of_freedom(autocorrelation, n)
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  # as above

    p_value = min(float(2 * stdtr(df, -max(abs(score) - 1, 0) / spread)), 1.0)
    slopes = rises / (abscissae[later] - abscissae[earlier])
    reach = float(stdtrit(df, (1 + confidence) / 2)) * spread
    low = max(round((len(slopes) - reach) / 2) - 1, 0)
    high = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
    middle = (len(slopes) - 1) // 2, len(slopes) // 2
    slopes = np.partition(slopes, (low, *middle, high))
    slope = float(slopes[middle[0]] + slopes[middle[1]]) / 2
    intercept = float(np.median(ordinates - slope * abscissae))
    return MonotoneTrend(
        slope,
        float(slopes[low]),
        float(slopes[high]),
        intercept,
        score,
        p_value,
        autocorrelation,
    )


def _checked(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    abscissae = np.asarray(x, dtype=np.float64)
    ordinates = np.asarray(y, dtype=np.float64)
    if len(abscissae) != len(ordinates) or len(ordinates) < FEWEST:
        raise ConfigurationError(
            f"Found {len(abscissae)} instants and {len(ordinates)} values, expected as many of "
            f"each, and at least {FEWEST}: leave a shorter series unjudged."
        )
    if abscissae.min() == abscissae.max():
        raise ConfigurationError("Found one instant for all values, expected several.")
    return abscissae, ordinates


@lru_cache(maxsize=8)
def _pairs(n: int) -> tuple[IntArray, IntArray]:
    """Return the positions of the earlier and the later value of each pair."""
    earlier, later = np.triu_indices(n, 1)
    return earlier, later


def _less_a_parabola(values: FloatArray) -> FloatArray:
    span = np.linspace(-1.0, 1.0, len(values))
    basis, _ = np.linalg.qr(np.vander(span, 3))
    left_over: FloatArray = values - basis @ (basis.T @ values)
    return left_over
