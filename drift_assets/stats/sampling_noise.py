"""Sampling noise: what chance alone makes of PSI and of the KS statistic, without any drift.

From the rows that a baseline has in each bin. The usual formulas take every bin for well filled
and every column for continuous; days of few rows, rare values and 0/1 columns are neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles.binning import PSI_BINS, FloatArray
from drift_assets.stats.psi import FLOOR

KOLMOGOROV_MEDIAN: Final = 0.8275735551899059
"""Of ``D / sqrt(1 / N + 1 / M)`` for a continuous column."""

_WELL_FILLED: Final = 100
_SIZES: Final = 24
_PATHS: Final = 4_000
_SEED: Final = 1
_CONTINUOUS: Final = 10_000
_FEW: Final = 10
_OVERSHOOT: Final = 0.5826
# What the greatest of a random walk's steps lies below that of the path through them, in units
# of a step (Siegmund 1985).


@dataclass(frozen=True, slots=True)
class BaselineBins:
    """What the noise of a column depends on beside the rows of a day.

    Attributes
    ----------
    counts
        Baseline rows per PSI bin.
    single_values
        Which of them hold one number alone.
    n_distinct
        Distinct values of the baseline; None where nobody counted them.
    """

    counts: Sequence[int]
    single_values: Sequence[bool]
    n_distinct: int | None = None

    def noise(self, statistic: str, n_baseline: ArrayLike, n_current: ArrayLike) -> FloatArray:
        """Return what chance alone makes of a statistic on each day; 0 where that is not known."""
        rows = np.atleast_1d(np.asarray(n_current))
        if statistic not in {"psi", "ks"} or not any(self.counts):
            return np.zeros(len(rows))
        if statistic == "psi":
            return expected_psi(self.counts, n_baseline, rows)
        factor = ks_factor(self.counts, self.single_values, self.n_distinct)
        return typical_ks(factor, n_baseline, rows)


def expected_psi(
    baseline_counts: ArrayLike, n_baseline: ArrayLike, n_current: ArrayLike
) -> FloatArray:
    """Return the mean PSI in nats of days without drift, shape ``(n_days,)``.

    Parameters
    ----------
    baseline_counts
        Baseline rows per bin; bins without any are left out, as chance brings nobody there.
    n_baseline, n_current
        Rows on each side, on each day.

    Notes
    -----
    Both sides are drawn from the baseline's shares. ``(B - 1) (1 / N + 1 / M)`` for B well
    filled bins; where fewer than 100 rows are expected, the sum over the binomial distribution,
    with the share that PSI gives to an empty bin.

    Examples
    --------
    >>> expected_psi([900] * 10, [9000], [1000]).round(6).tolist()
    [0.01]
    """
    counts = np.asarray(baseline_counts, dtype=np.float64)
    shares = counts[counts > 0] / counts.sum()
    before, now = np.broadcast_arrays(
        np.atleast_1d(np.asarray(n_baseline, dtype=np.float64)),
        np.atleast_1d(np.asarray(n_current, dtype=np.float64)),
    )
    noise = np.empty(len(now))
    for size in np.unique(before):
        on = before == size
        noise[on] = _mean_psi(shares, float(size), now[on])
    return noise


def _mean_psi(shares: FloatArray, n_baseline: float, n_current: FloatArray) -> FloatArray:
    if len(shares) == 1:
        return np.zeros(len(n_current))
    sizes = np.unique(n_current)
    if len(sizes) > _SIZES:
        sizes = np.geomspace(sizes[0], sizes[-1], _SIZES)
    mean, log, product = _moments(shares, np.array([n_baseline]))
    means, logs, products = _moments(shares, sizes)
    found = (products + product - means * log - mean * logs).sum(axis=1)
    if len(sizes) < _SIZES:
        return np.asarray(found[np.searchsorted(sizes, n_current)])
    return np.asarray(np.exp(np.interp(np.log(n_current), np.log(sizes), np.log(found))))


def _moments(shares: FloatArray, sizes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return means of q, ln q and q ln q over sizes and bins, q being a share as PSI takes it."""
    n, p = np.broadcast_arrays(sizes[:, None], shares[None, :])
    log = np.log(p) - (1 - p) / (2 * n * p)
    product = p * np.log(p) + (1 - p) / (2 * n)
    mean = p.copy()
    few = (n * p < _WELL_FILLED) & (p < 1)
    if few.any():
        # Loaded on use: it takes a sixth of a second, and to declare a monitor takes none of it.
        from scipy.special import gammaln  # noqa: PLC0415

        n, p = n[few][:, None], p[few][:, None]
        k = np.arange(2 * _WELL_FILLED)[None, :]
        inside = k <= n
        rest = np.where(inside, n - k, 0)
        log_weight = gammaln(n + 1) - gammaln(k + 1) - gammaln(rest + 1)
        log_weight += k * np.log(p) + rest * np.log1p(-p)
        weight = np.where(inside, np.exp(np.where(inside, log_weight, 0)), 0)
        q = np.where(k == 0, FLOOR, k / n)
        mean[few] = (weight * q).sum(axis=1)
        log[few] = (weight * np.log(q)).sum(axis=1)
        product[few] = (weight * q * np.log(q)).sum(axis=1)
    return mean, log, product


def typical_ks(factor: float, n_baseline: ArrayLike, n_current: ArrayLike) -> FloatArray:
    """Return the median KS statistic of days without drift, shape ``(n_days,)``.

    Parameters
    ----------
    factor
        `ks_factor` of the baseline.
    n_baseline, n_current
        Rows on each side, on each day.

    Examples
    --------
    >>> typical_ks(KOLMOGOROV_MEDIAN, [9000], [1000]).round(4).tolist()
    [0.0276]
    """
    before = np.atleast_1d(np.asarray(n_baseline, dtype=np.float64))
    now = np.atleast_1d(np.asarray(n_current, dtype=np.float64))
    return np.asarray(factor * np.sqrt(1 / before + 1 / now))


def ks_factor(
    baseline_counts: ArrayLike, single_values: ArrayLike, n_distinct: int | None = None
) -> float:
    """Return the median of ``D / sqrt(1 / N + 1 / M)`` without drift.

    Parameters
    ----------
    baseline_counts
        Baseline rows per bin, bins in the order of the values.
    single_values
        Which bins hold one value alone.
    n_distinct
        Distinct values of the baseline; None where nobody counted them.

    Notes
    -----
    The two distribution functions part like a Brownian bridge that is seen where the values
    are: 0.83 for a continuous column, less for few values, ``0.6745 sqrt(p (1 - p))`` for two.
    4,000 bridges with a fixed seed; between two bin edges the extremes of a bridge are drawn
    from their own distribution, less what the gaps between values hide. A bin with more than
    one and a half tenths of the rows ends with a frequent value, since bins are made of tenths.

    Examples
    --------
    >>> ks_factor([1000] * 10, [False] * 10) == KOLMOGOROV_MEDIAN
    True
    >>> round(ks_factor([5000, 5000], [True, True]), 2)
    0.34
    """
    counts = np.asarray(baseline_counts, dtype=np.float64)
    single = np.asarray(single_values, dtype=bool)[counts > 0]
    counts = counts[counts > 0]
    return _median_of_bridges(
        tuple(np.round(counts / counts.sum(), 4).tolist()), tuple(single.tolist()), n_distinct
    )


@lru_cache(maxsize=1_024)
def _median_of_bridges(
    shares: tuple[float, ...], single: tuple[bool, ...], n_distinct: int | None
) -> float:
    usual = 1.5 / PSI_BINS
    many = n_distinct is None or n_distinct >= _CONTINUOUS
    if many and not any(single) and max(shares) <= usual:
        return KOLMOGOROV_MEDIAN
    spread = max(len(single) - sum(single), 1)
    values = float("inf")
    if n_distinct is not None:
        # The tails, two bins of ten, hold more of the values than the others do.
        values = max((n_distinct - sum(single)) / spread / 1.5, 1.0)
    steps: list[float] = []
    gaps: list[float] = []
    for position, (share, alone) in enumerate(zip(shares, single, strict=True)):
        frequent = share > usual
        rest = 0.0 if alone else share
        if frequent and not alone:
            # Bins are closed above, so the frequent value is its last; the lowest value of all
            # has none before it.
            rest = 0.5 / PSI_BINS if position else 0.0
        if rest > 0 and values <= _FEW:
            steps += [rest / round(values)] * round(values)
            gaps += [-1.0] * round(values)
        elif rest > 0:
            steps.append(rest)
            gaps.append(rest / values)
        if rest < share:
            steps.append(share - rest)
            gaps.append(-1.0)
    widths, hidden = np.array(steps), np.array(gaps)
    random = np.random.default_rng(_SEED)
    walk = np.cumsum(random.normal(size=(_PATHS, len(widths))) * np.sqrt(widths), axis=1)
    ends = np.cumsum(widths)
    bridge = walk - walk[:, -1:] * (ends / ends[-1])
    greatest = np.abs(bridge).max(axis=1)
    inside = hidden >= 0
    if inside.any():
        start = np.concatenate([np.zeros((_PATHS, 1)), bridge[:, :-1]], axis=1)[:, inside]
        stop, width = bridge[:, inside], widths[inside]
        for sign in (1, -1):
            drop = -2 * width * np.log(random.random(stop.shape))
            peak = (sign * (start + stop) + np.sqrt((start - stop) ** 2 + drop)) / 2
            peak -= _OVERSHOOT * np.sqrt(hidden[inside])
            greatest = np.maximum(greatest, peak.max(axis=1))
    return float(np.median(greatest))
