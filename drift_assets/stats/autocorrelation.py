"""Autocorrelation: how much yesterday says of today, and what that does to a variance.

Days that resemble their neighbours carry less news than their number suggests. A test that
takes them for independent finds trends and steps where a series only wanders.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles.binning import FloatArray

CAP: Final = 0.95
"""Beyond it a series of a few hundred values says nothing about its level."""


def midranks(values: ArrayLike) -> FloatArray:
    """Return the rank of each value from 1, equal values sharing the mean of their ranks.

    Examples
    --------
    >>> midranks([3.0, 1.0, 3.0, 2.0]).tolist()
    [3.5, 1.0, 3.5, 2.0]
    """
    _, position, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: FloatArray = (last - (counts - 1) / 2)[position]
    return means


def lag_one_autocorrelation(residuals: ArrayLike, *, n_fitted: int) -> float:
    """Return the autocorrelation of a series at lag one from what a fit of it left over.

    Parameters
    ----------
    residuals
        In the order of time.
    n_fitted
        Parameters that the fit had: 2 for a step, 3 for a parabola.

    Returns
    -------
    float
        In [0, `CAP`]. A fit of k parameters takes part of a slow wander away, which makes
        the plain estimate low by about ``(k + (2 k + 1) rho) / n`` [1]_; that is put back.
        A negative estimate becomes 0: it would only make tests bolder.

    References
    ----------
    .. [1] F. H. C. Marriott, J. A. Pope, "Bias in the estimation of autocorrelations",
       Biometrika 41 (1954), 390-402.

    Examples
    --------
    >>> lag_one_autocorrelation([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0], n_fitted=2)
    0.0
    """
    deviations = np.asarray(residuals, dtype=np.float64)
    deviations = deviations - deviations.mean()
    total = float(deviations @ deviations)
    n = len(deviations)
    # Rounding leaves something over of a perfect fit.
    if total <= 1e-9 * n:
        return 0.0
    plain = float(deviations[1:] @ deviations[:-1]) / total
    unbiased = (n * plain + n_fitted) / max(n - 2 * n_fitted - 1.0, 2.0)
    return min(max(unbiased, 0.0), CAP)


def variance_inflation(autocorrelation: float, n: int) -> float:
    """Return by how much autocorrelation multiplies the variance of a mean of ``n`` values.

    ``1 + 2 sum over k < n of (1 - k / n) autocorrelation ** k``, for a series in which each
    value remembers the one before (AR(1)).

    Examples
    --------
    >>> variance_inflation(0.0, 10), round(variance_inflation(0.5, 2), 4)
    (1.0, 1.5)
    """
    lags = np.arange(1, n)
    return float(1 + 2 * ((1 - lags / n) * autocorrelation**lags).sum())


def degrees_of_freedom(autocorrelation: float, n: int) -> float:
    """Return how many independent values a series of ``n`` is worth, less two; at least 1.

    ``n (1 - rho) / (1 + rho) - 2``. Student's t with it, in place of the normal
    distribution, allows for the autocorrelation being an estimate itself.

    Examples
    --------
    >>> degrees_of_freedom(0.0, 10), degrees_of_freedom(0.9, 10)
    (8.0, 1.0)
    """
    return max(n * (1 - autocorrelation) / (1 + autocorrelation) - 2, 1.0)
