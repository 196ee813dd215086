"""Population stability index (PSI): how far bin shares have moved, in nats."""

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes

FLOOR = 1e-4
"""Share given to an empty bin."""


def psi(baseline_counts: ArrayLike, current_counts: ArrayLike, *, floor: float = FLOOR) -> float:
    """Return the population stability index of two binned samples.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.
    floor
        Share given to an empty bin, so that it costs a finite amount. Shares
        are not renormalised afterwards.

    Returns
    -------
    float
        Symmetrised Kullback-Leibler divergence in nats: 0 when the shares
        agree, unbounded above. A distance, not a p-value; what counts as
        drift is for a `Threshold` to say.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Notes
    -----
    ``PSI = sum((q - p) * ln(q / p))`` over the bins, with p and q the baseline
    and current shares. Without drift, sampling noise alone gives about
    ``(n_bins - 1) * (1 / n_baseline + 1 / n_current)`` [1]_.

    References
    ----------
    .. [1] B. Yurdakul, "Statistical properties of population stability
       index", dissertation, Western Michigan University, 2018, section 3.1.

    Examples
    --------
    >>> round(psi([500, 300, 200], [400, 300, 300]), 4)
    0.0629
    """
    return float(psi_contributions(baseline_counts, current_counts, floor=floor).sum())


def psi_contributions(
    baseline_counts: ArrayLike, current_counts: ArrayLike, *, floor: float = FLOOR
) -> FloatArray:
    """Return what each bin adds to the PSI, in nats, shape ``(n_bins,)``; none is negative.

    Examples
    --------
    >>> psi_contributions([500, 300, 200], [400, 300, 300]).round(4).tolist()
    [0.0223, 0.0, 0.0405]
    """
    return psi_terms(*bin_shares(baseline_counts, current_counts), floor=floor)


def psi_terms(p: FloatArray, q: FloatArray, *, floor: float = FLOOR) -> FloatArray:
    """Return, element by element, what a bin with shares ``p`` and ``q`` adds to the PSI."""
    p = np.where(p == 0, floor, p)
    q = np.where(q == 0, floor, q)
    return (q - p) * np.log(q / p)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    return Measurement("psi", psi(baseline.psi_counts, current.psi_counts), None, n, m)


PSI = Statistic(
    name="psi",
    label="PSI",
    unit="nats",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null="PSI / (1/N + 1/M) is about chi-squared with B - 1 degrees of freedom, "
    "given 20 expected rows a bin",
    reference="B. Yurdakul, dissertation, Western Michigan University, 2018",
    measure=_measure,
    error="none",
)
