"""Cramer's V: the chi-squared statistic as a strength of association, whatever the sizes."""

import math

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.stats.chi_squared import chi_squared
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def cramers_v(baseline_counts: ArrayLike, current_counts: ArrayLike) -> float:
    """Return Cramer's V between the side and the category of a row.

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
    ``V = sqrt(chi_squared / (N + M))``: a table of two rows needs no further
    divisor [1]_. It is that of `chi_squared`, its rare bins pooled. For fixed
    shares V is largest when both sides have equally many rows.

    References
    ----------
    .. [1] H. Cramer, "Mathematical methods of statistics", Princeton University
       Press, 1946, section 21.9.

    Examples
    --------
    >>> round(cramers_v([30, 70], [50, 50]), 4)  # sqrt(8.3333 / 200)
    0.2041
    """
    statistic, _, _ = chi_squared(baseline_counts, current_counts)
    rows = float(np.sum(baseline_counts) + np.sum(current_counts))
    return min(math.sqrt(statistic / rows), 1.0)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = cramers_v(baseline.psi_counts, current.psi_counts)
    return Measurement("cramers_v", value, None, n, m)


CRAMERS_V = Statistic(
    name="cramers_v",
    label="Cramer's V",
    unit="none",
    low=0.0,
    high=1.0,
    kinds=frozenset({"categorical"}),
    has_p_value=False,
    null="(N + M) V^2 is about chi-squared with one degree of freedom less than there are "
    "bins after pooling; its p-value is that of chi_squared",
    reference="H. Cramer, Mathematical methods of statistics, Princeton, 1946, section 21.9",
    measure=_measure,
    error="none",
)
