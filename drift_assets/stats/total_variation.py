"""Total variation distance: the largest difference in probability that any event can have."""

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def total_variation(baseline_counts: ArrayLike, current_counts: ArrayLike) -> float:
    """Return half the sum of absolute differences of bin shares.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.

    Returns
    -------
    float
        In [0, 1]: 0 when the shares agree, 1 when no bin has rows of both
        sides [1]_.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    References
    ----------
    .. [1] D. A. Levin, Y. Peres, "Markov chains and mixing times", 2nd edition,
       AMS, 2017, proposition 4.2.

    Examples
    --------
    >>> total_variation([1, 1], [1, 3])
    0.25
    """
    p, q = bin_shares(baseline_counts, current_counts)
    return float(min(np.abs(p - q).sum() / 2, 1.0))


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = total_variation(baseline.psi_counts, current.psi_counts)
    return Measurement("total_variation", value, None, n, m)


TOTAL_VARIATION = Statistic(
    name="total_variation",
    label="total variation",
    unit="share",
    low=0.0,
    high=1.0,
    kinds=frozenset({"categorical"}),
    has_p_value=False,
    null="about sqrt((1/N + 1/M) / (2 pi)) times the sum over bins of sqrt(p (1 - p))",
    reference="D. A. Levin, Y. Peres, Markov chains and mixing times, AMS, 2017",
    measure=_measure,
    error="none",
)
