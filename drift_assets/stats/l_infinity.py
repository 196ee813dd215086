"""L-infinity distance: the largest difference of the shares of one bin."""

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def l_infinity(baseline_counts: ArrayLike, current_counts: ArrayLike) -> float:
    """Return the largest absolute difference of bin shares.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.

    Returns
    -------
    float
        In [0, 1]: 0 when the shares agree, 1 when each side has one bin of its own.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Notes
    -----
    ``max(|p - q|)`` over the bins, with p and q the baseline and current
    shares [1]_. The bins are those of the PSI, so that the bin in question
    stands in the report. It is at most the total variation distance.

    References
    ----------
    .. [1] E. Breck et al., "Data validation for machine learning", Proceedings
       of the 2nd SysML conference, 2019, section 5.

    Examples
    --------
    >>> round(l_infinity([50, 30, 20], [40, 25, 35]), 4)
    0.15
    """
    p, q = bin_shares(baseline_counts, current_counts)
    return min(float(np.abs(p - q).max()), 1.0)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = l_infinity(baseline.psi_counts, current.psi_counts)
    return Measurement("l_infinity", value, None, n, m)


L_INFINITY = Statistic(
    name="l_infinity",
    label="L-infinity",
    unit="share",
    low=0.0,
    high=1.0,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null="each bin's difference is about normal with the variance p (1 - p) (1/N + 1/M)",
    reference="E. Breck et al., Data validation for machine learning, SysML, 2019, section 5",
    measure=_measure,
    error="none",
)
