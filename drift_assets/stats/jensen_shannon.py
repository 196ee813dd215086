"""Jensen-Shannon divergence: how unlike two distributions are, in bits."""

import math

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def js_divergence(baseline_counts: ArrayLike, current_counts: ArrayLike) -> float:
    """Return the base-2 Jensen-Shannon divergence of two binned samples.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.

    Returns
    -------
    float
        In bits, in [0, 1]: 0 when the shares agree, 1 when no bin has rows of
        both sides. Breaches above.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Notes
    -----
    ``JSD = KL(p || m) / 2 + KL(q || m) / 2`` with ``m = (p + q) / 2`` and
    logarithms to base 2 [1]_. Without drift, ``8 N M / (N + M) JSD`` with JSD
    in nats is about chi-squared with B - 1 degrees of freedom, given 20
    expected rows a bin. Near 0 the terms cancel: the value is good to about
    1e-16 absolutely, not relatively.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE
       Transactions on Information Theory 37 (1991), 145-151.

    Examples
    --------
    >>> js_divergence([5, 5], [5, 5]), js_divergence([9, 0], [0, 4])
    (0.0, 1.0)
    >>> round(js_divergence([1, 1], [1, 0]), 4)
    0.3113
    """
    terms = js_terms(*bin_shares(baseline_counts, current_counts))
    # Rounding may leave the range by one unit in the last place.
    return float(min(max(terms.sum(), 0.0), 1.0))


def js_terms(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return, element by element, what a bin with shares ``p`` and ``q`` adds, in bits."""
    middle = p + q
    with np.errstate(divide="ignore", invalid="ignore"):
        from_p = np.where(p > 0, p * np.log2(2 * p / middle), 0.0)
        from_q = np.where(q > 0, q * np.log2(2 * q / middle), 0.0)
    return np.asarray((from_p + from_q) / 2)


def js_distance(divergence: float) -> float:
    """Return the Jensen-Shannon distance, the square root of the divergence, in [0, 1].

    Examples
    --------
    >>> js_distance(0.25)
    0.5
    """
    return math.sqrt(divergence)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = js_divergence(baseline.js_counts, current.js_counts)
    return Measurement("js_divergence", value, None, n, m)


def _measure_distance(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    value = js_distance(js_divergence(baseline.js_counts, current.js_counts))
    return Measurement("js_distance", value, None, n, m)


JS = Statistic(
    name="js_divergence",
    label="JS divergence",
    unit="bits",
    low=0.0,
    high=1.0,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null="8 N M / (N + M) JSD (in nats) is about chi-squared with B - 1 degrees of freedom, "
    "given 20 expected rows a bin",
    reference="J. Lin, IEEE Transactions on Information Theory 37 (1991), 145-151",
    measure=_measure,
    error="none",
)

JS_DISTANCE = Statistic(
    name="js_distance",
    label="JS distance",
    unit="square root of bits",
    low=0.0,
    high=1.0,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=False,
    null="the square root of that of js_divergence",
    reference="D. M. Endres, J. E. Schindelin, IEEE Transactions on Information Theory 49 "
    "(2003), 1858-1860",
    measure=_measure_distance,
    error="none",
    definition="Square root of the Jensen-Shannon divergence: a metric, which that is not.",
)
