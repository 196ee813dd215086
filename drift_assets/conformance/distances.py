"""Distances and tests of two samples of raw values, as scipy defines them."""

import math

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.conformance.columns import AnyArray
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.kolmogorov_smirnov import EXACT_ROWS, ks_p_value


def ks_2samp(baseline: AnyArray, current: AnyArray) -> tuple[float, float]:
    """Return the KS statistic D and its p-value as ``scipy.stats.ks_2samp`` has them.

    Returns
    -------
    statistic : float
        Largest gap of the empirical distribution functions, in [0, 1].
    p_value : float
        Two-sided. Up to 10,000 rows on the larger side exact; beyond, the one-sample
        distribution ``kstwo`` with ``n m / (n + m)`` rows, rounded, which can take a second.

    Examples
    --------
    >>> [round(x, 12) for x in ks_2samp(np.array([1, 2, 3]), np.array([4, 5, 6]))]
    [1.0, 0.1]
    """
    statistic = ks_distance(baseline, current)
    n, m = len(baseline), len(current)
    if max(n, m) <= EXACT_ROWS:
        return statistic, ks_p_value(statistic, n, m)
    # Loaded on use: it costs over a second.
    from scipy.stats import kstwo  # noqa: PLC0415

    p = float(kstwo.sf(statistic, round(n * m / (n + m))))
    return statistic, min(max(p, 0.0), 1.0)


def ks_distance(baseline: AnyArray, current: AnyArray) -> float:
    """Return the largest gap of the two empirical distribution functions, in [0, 1]."""
    _, f, g = _distribution_functions(baseline, current)
    return float(np.abs(f - g).max())


def wasserstein_distance(baseline: AnyArray, current: AnyArray) -> float:
    """Return the area between the two empirical distribution functions, in the column's unit.

    Examples
    --------
    >>> wasserstein_distance(np.array([0, 1]), np.array([2, 3]))
    2.0
    """
    values, f, g = _distribution_functions(baseline, current)
    return float((np.abs(f - g)[:-1] * np.diff(values)).sum())


def energy_distance(baseline: AnyArray, current: AnyArray) -> float:
    """Return the energy distance, in the square root of the column's unit.

    Notes
    -----
    ``sqrt(2 * integral (F - G)^2)``: it is 0 when the samples agree, unbounded above.

    Examples
    --------
    >>> round(energy_distance(np.array([0]), np.array([2])), 12)
    2.0
    """
    values, f, g = _distribution_functions(baseline, current)
    return math.sqrt(2 * float((np.square(f - g)[:-1] * np.diff(values)).sum()))


def js_distance(p: ArrayLike, q: ArrayLike, *, base: float = math.e) -> float:
    """Return the Jensen-Shannon distance of ``scipy.spatial.distance.jensenshannon``.

    Parameters
    ----------
    p, q
        Shares per bin; normalised here.
    base
        Of the logarithm.

    Returns
    -------
    float
        Square root of the divergence: in [0, 1] for base 2, in [0, 0.8326] for base e.

    Examples
    --------
    >>> js_distance([1, 0], [0, 1], base=2)
    1.0
    """
    from scipy.special import rel_entr  # noqa: PLC0415  # costs a small comparison much

    left, right = (np.asarray(side, dtype=np.float64) for side in (p, q))
    left, right = left / left.sum(), right / right.sum()
    middle = (left + right) / 2
    divergence = float(rel_entr(left, middle).sum() + rel_entr(right, middle).sum()) / 2
    return math.sqrt(max(divergence, 0.0) / math.log(base))


def kl_divergence(p: ArrayLike, q: ArrayLike) -> float:
    """Return ``scipy.stats.entropy(p, q)``: KL(p || q) in nats, both normalised."""
    from scipy.special import rel_entr  # noqa: PLC0415

    left, right = (np.asarray(side, dtype=np.float64) for side in (p, q))
    return float(rel_entr(left / left.sum(), right / right.sum()).sum())


def chi2_contingency(baseline_counts: ArrayLike, current_counts: ArrayLike) -> tuple[float, float]:
    """Return chi-squared and p-value as ``scipy.stats.chi2_contingency`` has them.

    Notes
    -----
    Pearson's statistic of the table of two rows. With two categories each count is first
    moved towards its expectation by up to one half (Yates), as scipy does unless told not to.

    Examples
    --------
    >>> chi2_contingency([10, 10], [10, 10])
    (0.0, 1.0)
    """
    from scipy.special import chdtrc  # noqa: PLC0415

    observed = np.array([baseline_counts, current_counts], dtype=np.float64)
    observed = observed[:, observed.sum(axis=0) > 0]
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    freedom = observed.shape[1] - 1
    if freedom == 0:
        return 0.0, 1.0
    if freedom == 1:
        gap = expected - observed
        observed += np.sign(gap) * np.minimum(0.5, np.abs(gap))
    statistic = float((np.square(observed - expected) / expected).sum())
    return statistic, float(chdtrc(freedom, statistic))


def _distribution_functions(
    baseline: AnyArray, current: AnyArray
) -> tuple[AnyArray, FloatArray, FloatArray]:
    """Return all values in order, and both distribution functions at each of them."""
    values = np.sort(np.concatenate([baseline, current]))
    f, g = (np.sort(s).searchsorted(values, side="right") / len(s) for s in (baseline, current))
    return values, f, g
