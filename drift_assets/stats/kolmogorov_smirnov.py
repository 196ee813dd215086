"""Two-sample Kolmogorov-Smirnov test: the largest gap between two distribution functions."""

import math
from functools import cache
from typing import Final

import numpy as np

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import NumericProfile, Profile
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.stats.statistic import Measurement, Statistic, sizes

EXACT_ROWS: Final = 10_000
"""Up to this many rows on the larger side the p-value is exact, as in scipy's ``auto``."""

_SURELY_REACHED: Final = 0.04
"""Under it a double cannot tell the probability from 1."""
_SERIES_MEET: Final = 0.82

_STRETCH: Final = 600.0
_LIFT: Final = 350.0
"""In powers of e, around a double's range of -708 to 709: the range of weights within one
stretch, and what lifts probabilities of exp(-740) to 1 into the middle of what is left."""


def ks_statistic(baseline: NumericProfile, current: NumericProfile) -> tuple[float, float]:
    """Return the two-sample KS statistic D and its error bound.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.

    Returns
    -------
    statistic : float
        Largest distance between the two empirical distribution functions at,
        and just below, a grid point or infinity; in [0, 1].
    error_bound : float
        The D of the rows lies in ``[statistic, statistic + error_bound]``. It
        is 0 where the grid holds every distinct finite baseline value.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Notes
    -----
    Between neighbouring points a and b, -inf and +inf among them, neither function can leave the
    range from its value at a to its value just below b, so no gap there
    exceeds ``max(F(b-) - G(a), G(b-) - F(a))``. Where the baseline has no row
    in between, that is a gap at a or at b-, and nothing is uncertain.
    """
    n, m = sizes(baseline, current)
    f = np.cumsum(baseline.cells_and_ends) / n
    g = np.cumsum(current.cells_and_ends) / m
    statistic = float(np.abs(f - g).max())
    # Odd positions stand just below a point, the even one before each at its neighbour.
    ceiling = float(np.maximum(f[1::2] - g[:-1:2], g[1::2] - f[:-1:2]).max())
    return statistic, max(ceiling - statistic, 0.0)


def ks_p_value(statistic: float, n_baseline: int, n_current: int) -> float:
    """Return the two-sided p-value of a two-sample KS statistic.

    Parameters
    ----------
    statistic
        D, in [0, 1].
    n_baseline, n_current
        Rows on each side.

    Returns
    -------
    float
        In [0, 1]. Exact while the larger side has at most 10,000 rows, and
        then equal to ``scipy.stats.ks_2samp(method="auto")``; the Kolmogorov
        limit beyond, whose relative error at 500,000 rows is under 1 %.

    Notes
    -----
    Exact means: the share of the C(N + M, N) equally likely orders of both
    samples in which the gap reaches D somewhere [1]_. As in scipy, D is
    rounded to the nearest multiple of 1 / lcm(N, M) first.

    References
    ----------
    .. [1] J. L. Hodges, "The significance probability of the Smirnov
       two-sample test", Arkiv foer Matematik 3 (1958), 469-486.

    Examples
    --------
    >>> round(ks_p_value(1.0, 3, 3), 12)  # 2 of the 20 orders
    0.1
    """
    n, m = max(n_baseline, n_current), min(n_baseline, n_current)
    if n > EXACT_ROWS:
        return kolmogorov_tail(math.sqrt(n * (m / (n + m))) * statistic)
    common = math.gcd(n, m)
    lcm = n // common * m
    steps = round(statistic * lcm)
    if steps == 0:
        return 1.0
    if n == m:
        return _p_equal_sizes(n, steps)
    # Under e * exp(-2 z^2) < 1e-320 (Wei and Dudley 2012) a double cannot hold the answer.
    z_squared = (steps / lcm) ** 2 * n * m / (n + m)
    if z_squared > 370.0:
        return 0.0
    return _p_any_sizes(n, m, steps * common)


def kolmogorov_tail(z: float) -> float:
    """Return the probability that Kolmogorov's limit of ``sqrt(n m / (n + m)) D`` reaches ``z``.

    Notes
    -----
    One theta function, written as two series: in ``exp(-2 z^2)``, for large z, and in
    ``exp(-pi^2 / (8 z^2))``, for small z [1]_. Of either four terms are enough: where they meet,
    the others are under 1e-14 of the sum. Not scipy's function, which gives the same, but
    takes a sixth of a second to import.

    References
    ----------
    .. [1] W. Feller, "On the Kolmogorov-Smirnov limit theorems for empirical distributions",
       Annals of Mathematical Statistics 19 (1948), 177-189.

    Examples
    --------
    >>> round(kolmogorov_tail(1.3581), 4)  # the critical value for 5 %
    0.05
    """
    if z < _SURELY_REACHED:
        return 1.0
    if z <= _SERIES_MEET:
        power = math.exp(-(math.pi**2) / (8.0 * z * z))
        eighth = power**8
        below = power * (1.0 + eighth * (1.0 + eighth * eighth * (1.0 + eighth**3)))
        return 1.0 - math.sqrt(2.0 * math.pi) / z * below
    power = math.exp(-2.0 * z * z)
    return 2.0 * power * (1.0 - power**3 * (1.0 - power**5 * (1.0 - power**7)))


def _p_equal_sizes(n: int, steps: int) -> float:
    """Return P(n D >= steps) for two samples of n: a reflection series, summed from its end."""
    j = np.arange(n // steps * steps)
    # C(2n, n - k h) / C(2n, n - (k - 1) h), factor by factor.
    ratios = ((n - j) / (n + j + 1.0)).reshape(-1, steps).prod(axis=1)
    p = 0.0
    for ratio in reversed(ratios.tolist()):
        p = ratio * (1.0 - p)
    return min(max(2.0 * p, 0.0), 1.0)


def _p_any_sizes(n: int, m: int, reach: int) -> float:
    """Return the share of lattice paths from (0, 0) to (m, n) with ``|i n - j m| >= reach``.

    Here m is the smaller size, i counts its rows, and paths that have touched
    the border are counted: one at (i, j) came from (i, j - 1) or (i - 1, j),
    so that a row is the running sum of the row before. Only positive numbers
    are added, so that even tiny shares keep their relative accuracy. On and
    beyond the border every path counts.

    Numbers of paths are held as probabilities of a walk with steps m : n,
    which stay within ``exp(-2 z^2)`` and 1. A running sum needs plain counts,
    which differ from those by a power of n / (n + m); it is therefore cut
    into stretches that a double can hold.
    """
    log_factorial = _log_factorials()
    i = np.arange(m + 1)
    first = np.maximum((i * n - reach) // m + 1, 0)
    last = np.minimum((i * n + reach - 1) // m, n)
    if (last < first).any():
        return 1.0
    log_x, log_y = math.log(m / (n + m)), math.log(n / (n + m))
    stretch = int(_STRETCH / -log_y)
    onward = math.exp(stretch * log_y)

    def log_all(i: IntArray, j: IntArray) -> FloatArray:
        """Return the logarithm of the probability that the walk meets (i, j)."""
        choose = log_factorial[i + j] - log_factorial[i] - log_factorial[j]
        return np.asarray(choose + i * log_x + j * log_y)

    j = np.arange(n + 1)
    log_weight = _LIFT - (j % stretch - stretch / 2) * log_y
    # A point is beyond the border until the row in which it enters the band; it then still
    # holds all paths of the row before.
    enters = np.searchsorted(last, j)
    touched = np.exp(log_all(np.maximum(enters - 1, 0), j) + log_weight)
    touched[enters == 0] = 0.0
    from_left = np.exp(log_all(i, np.maximum(first - 1, 0)) + log_y + log_weight[first])
    from_left[first == 0] = 0.0

    x = m / (n + m)
    rows = zip(first[1:].tolist(), (last[1:] + 1).tolist(), from_left[1:].tolist(), strict=True)
    for start, stop, left in rows:
        at, carry = start, left
        while at < stop:
            after = min(stop, at - at % stretch + stretch)
            part = touched[at:after]
            part *= x
            part[0] += carry
            np.add.accumulate(part, out=part)
            carry = float(part[-1]) * onward
            at = after
    if touched[n] == 0.0:
        return 0.0
    log_share = math.log(touched[n]) - log_weight[n] - float(log_all(i[-1:], j[-1:])[0])
    return min(math.exp(log_share), 1.0)


@cache
def _log_factorials() -> FloatArray:
    """Return the logarithms of the factorials of 0 to what two largest samples hold together."""
    # Not scipy's gammaln: its import takes a sixth of a second, this two milliseconds.
    return np.array([math.lgamma(k + 1.0) for k in range(2 * EXACT_ROWS + 1)])


def _measure(baseline: Profile, current: Profile) -> Measurement:
    if not isinstance(baseline, NumericProfile) or not isinstance(current, NumericProfile):
        raise BinningMismatchError(
            "Found a categorical profile, expected two numeric ones: use chi_squared instead."
        )
    statistic, error_bound = ks_statistic(baseline, current)
    p = ks_p_value(statistic, baseline.n, current.n)
    return Measurement("ks", statistic, p, baseline.n, current.n, error_bound)


KS = Statistic(
    name="ks",
    label="KS",
    unit="share",
    low=0.0,
    high=1.0,
    kinds=frozenset({"numeric"}),
    has_p_value=True,
    null="Smirnov's exact distribution up to 10,000 rows, Kolmogorov's limit beyond",
    reference="J. L. Hodges, Arkiv foer Matematik 3 (1958), 469-486",
    measure=_measure,
    error="above",
)
