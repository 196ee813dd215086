"""Change point: the instant at which a series stepped from one level to another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.errors import ConfigurationError
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.autocorrelation import (
    lag_one_autocorrelation,
    midranks,
    variance_inflation,
)


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The most likely step of a series.

    Attributes
    ----------
    position
        Index of the first value after it.
    statistic
        Pettitt's K: over all values before and after, pairs that rise less pairs that
        fall, in absolute value.
    p_value
        Of no step at all, corrected for autocorrelation; 1 for a constant series.
    before, after
        Median on either side.
    """

    position: int
    statistic: float
    p_value: float
    before: float
    after: float


def change_point(values: ArrayLike) -> ChangePoint:
    """Return the most likely step of a series, by Pettitt's test.

    Parameters
    ----------
    values
        In the order of time, shape ``(n,)``, n at least 2.

    Raises
    ------
    ConfigurationError
        If there are fewer values.

    Notes
    -----
    ``K = max over t of |2 R_t - t (n + 1)|`` with R_t the sum of the ranks of the first t
    values, and ``p = 2 exp(-6 K^2 / (n^3 + n^2))`` [1]_. Autocorrelation divides K^2 by
    `variance_inflation`, estimated from the ranks less their means on either side. K itself
    leans towards the middle; the day is where two means fit best by least squares. The test
    needs a few values on both sides: of a step in the last tenth it is seldom sure.

    References
    ----------
    .. [1] A. N. Pettitt, "A non-parametric approach to the change-point problem", Applied
       Statistics 28 (1979), 126-135.

    Examples
    --------
    >>> step = change_point([1, 2, 1, 2, 1, 2, 7, 8, 7, 8, 7, 8])
    >>> step.position, step.statistic, step.before, step.after
    (6, 36.0, 1.5, 7.5)
    """
    series = np.asarray(values, dtype=np.float64)
    n = len(series)
    if n < 2:
        raise ConfigurationError(f"Found {n} values, expected at least 2: there is no step in one.")
    ranks = midranks(series)
    scores = np.abs(2 * np.cumsum(ranks)[:-1] - np.arange(1, n) * (n + 1))
    highest = int(scores.argmax()) + 1
    statistic = float(scores[highest - 1])
    left_over = ranks.copy()
    left_over[:highest] -= ranks[:highest].mean()
    left_over[highest:] -= ranks[highest:].mean()
    inflation = variance_inflation(lag_one_autocorrelation(left_over, n_fitted=2), n)
    p_value = min(2 * float(np.exp(-6 * statistic**2 / (inflation * (n**3 + n**2)))), 1.0)
    position = _best_split(series)
    return ChangePoint(
        position,
        statistic,
        p_value,
        float(np.median(series[:position])),
        float(np.median(series[position:])),
    )


def _best_split(series: FloatArray) -> int:
    """Return where two means fit best, by least squares.

    The outermost twentieths are drawn in first: an outlying day is no step.
    """
    values = np.clip(series, *np.quantile(series, (0.05, 0.95)))
    n = len(values)
    before = np.cumsum(values - values.mean())[:-1]
    size = np.arange(1, n)
    # What the split explains of the variance: the sums on either side are opposite.
    explained = before**2 * n / (size * (n - size))
    return int(explained.argmax()) + 1
