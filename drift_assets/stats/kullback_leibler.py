"""Kullback-Leibler divergence: the evidence per row against one side's shares, in nats."""

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.psi import FLOOR
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def kl_baseline_to_current(
    baseline_counts: ArrayLike, current_counts: ArrayLike, *, floor: float = FLOOR
) -> float:
    """Return the divergence D(baseline || current) of two binned samples.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.
    floor
        Share given to an empty bin, as in the PSI: without it, one category
        that did not occur makes the divergence infinite.

    Returns
    -------
    float
        In nats: 0 when the shares agree, unbounded above. Large where the
        current data lack what the baseline has.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Notes
    -----
    ``D(p || q) = sum(p ln(p / q) - p + q)`` over the bins, with p and q the
    baseline and current shares [1]_. Shares add up to 1, so that the last two
    terms cancel, but for the floor: they take off what it adds. Hence no bin
    takes anything away, and both directions together are the PSI.

    References
    ----------
    .. [1] S. Kullback, R. A. Leibler, "On information and sufficiency", Annals
       of Mathematical Statistics 22 (1951), 79-86; with the last two terms,
       I. Csiszar, Annals of Statistics 19 (1991), 2032-2066.

    Examples
    --------
    >>> round(kl_baseline_to_current([50, 50], [25, 75]), 4)
    0.1438
    >>> round(kl_baseline_to_current([50, 50], [100, 0]), 4)  # 0.5 ln 5000 + 0.5 ln 0.5 + 1e-4
    3.9121
    """
    p, q = _floored(baseline_counts, current_counts, floor)
    return _divergence(p, q)


def kl_current_to_baseline(
    baseline_counts: ArrayLike, current_counts: ArrayLike, *, floor: float = FLOOR
) -> float:
    """Return the divergence D(current || baseline) of two binned samples.

    As `kl_baseline_to_current`, with the sides exchanged: large where the
    current data have what the baseline lacks.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.
    floor
        Share given to an empty bin.

    Returns
    -------
    float
        In nats: 0 when the shares agree, unbounded above.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Examples
    --------
    >>> round(kl_current_to_baseline([50, 50], [25, 75]), 4)
    0.1308
    """
    p, q = _floored(baseline_counts, current_counts, floor)
    return _divergence(q, p)


def _floored(
    baseline_counts: ArrayLike, current_counts: ArrayLike, floor: float
) -> tuple[FloatArray, FloatArray]:
    p, q = bin_shares(baseline_counts, current_counts)
    return np.where(p == 0, floor, p), np.where(q == 0, floor, q)


def _divergence(p: FloatArray, q: FloatArray) -> float:
    # Rounding may leave the range by one unit in the last place.
    return max(float((p * np.log(p / q) - p + q).sum()), 0.0)


def _measure_from_baseline(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = kl_baseline_to_current(baseline.psi_counts, current.psi_counts)
    return Measurement("kl_baseline_to_current", value, None, n, m)


def _measure_from_current(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = kl_current_to_baseline(baseline.psi_counts, current.psi_counts)
    return Measurement("kl_current_to_baseline", value, None, n, m)


_NULL = (
    "2 KL / (1/N + 1/M) is about chi-squared with B - 1 degrees of freedom, "
    "given 20 expected rows a bin"
)
_REFERENCE = "S. Kullback, R. A. Leibler, Annals of Mathematical Statistics 22 (1951), 79-86"

KL_BASELINE_TO_CURRENT = Statistic(
    name="kl_baseline_to_current",
    label="KL, baseline to current",
    unit="nats",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null=_NULL,
    reference=_REFERENCE,
    measure=_measure_from_baseline,
    error="none",
    definition="Kullback-Leibler divergence D(baseline || current): large where current data "
    "lack what the baseline has.",
)

KL_CURRENT_TO_BASELINE = Statistic(
    name="kl_current_to_baseline",
    label="KL, current to baseline",
    unit="nats",
    low=0.0,
    high=None,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null=_NULL,
    reference=_REFERENCE,
    measure=_measure_from_current,
    error="none",
    definition="Kullback-Leibler divergence D(current || baseline): large where current data "
    "have what the baseline lacks.",
)
