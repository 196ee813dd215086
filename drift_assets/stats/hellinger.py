"""Hellinger distance: how little the roots of two sets of shares overlap."""

import math

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def hellinger(baseline_counts: ArrayLike, current_counts: ArrayLike) -> float:
    """Return the Hellinger distance of two binned samples.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.

    Returns
    -------
    float
        In [0, 1]: 0 when the shares agree, 1 when no bin has rows of both sides.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Notes
    -----
    ``H = sqrt(sum((sqrt(p) - sqrt(q))^2) / 2)`` over the bins, with p and q the
    baseline and current shares [1]_; empty bins need no floor. For a numeric
    column the bins are those of the JS divergence, one below the baseline's
    range and one above it among them.

    References
    ----------
    .. [1] L. Le Cam, G. L. Yang, "Asymptotics in statistics", 2nd edition,
       Springer, 2000, chapter 3.

    Examples
    --------
    >>> hellinger([5, 5], [5, 5]), hellinger([9, 0], [0, 4])
    (0.0, 1.0)
    >>> round(hellinger([36, 64], [64, 36]), 4)  # sqrt((0.8 - 0.6)^2)
    0.2
    """
    p, q = bin_shares(baseline_counts, current_counts)
    return min(math.sqrt(float(np.square(np.sqrt(p) - np.sqrt(q)).sum()) / 2), 1.0)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = hellinger(baseline.js_counts, current.js_counts)
    return Measurement("hellinger", value, None, n, m)


HELLINGER = Statistic(
    name="hellinger",
    label="Hellinger",
    unit="none",
    low=0.0,
    high=1.0,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null="8 N M / (N + M) H^2 is about chi-squared with B - 1 degrees of freedom, "
    "given 20 expected rows a bin",
    reference="L. Le Cam, G. L. Yang, Asymptotics in statistics, Springer, 2000, chapter 3",
    measure=_measure,
    error="none",
)
