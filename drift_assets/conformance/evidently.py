"""The numbers of evidently: bins cut anew on the pooled data, Jensen-Shannon in natural logs."""

import math
from typing import Final

import numpy as np

from drift_assets.conformance.columns import (
    AnyArray,
    Column,
    Numbers,
    category_counts,
    pooled,
)
from drift_assets.conformance.definition import Conformance, Definition, Flag, Outcome
from drift_assets.conformance.distances import (
    energy_distance,
    js_distance,
    kl_divergence,
    ks_2samp,
    wasserstein_distance,
)
from drift_assets.profiles.binning import FloatArray

_FEW: Final = 20
"""A numeric column with at most so many distinct baseline values has one bin per value."""

_SMALL: Final = 1000
"""Up to so many baseline rows evidently tests; beyond, it measures a distance."""


def shares(baseline: Column, current: Column) -> tuple[FloatArray, FloatArray]:
    """Return evidently's share of rows per bin on both sides.

    Equal-width bins over the pooled range, their number by Sturges; one bin per value for
    categories and for at most 20 distinct baseline values.
    """
    if (
        isinstance(baseline, Numbers)
        and isinstance(current, Numbers)
        and len(np.unique(baseline.values)) > _FEW
    ):
        edges = np.histogram_bin_edges(pooled(baseline, current), bins="sturges")
        return _histogram(baseline.values, edges), _histogram(current.values, edges)
    p, q = _values(baseline, current)
    return p / baseline.n, q / current.n


def psi(baseline: Column, current: Column) -> Outcome:
    """Return evidently's PSI, in nats: 0 when the shares agree, unbounded above.

    A share of 0 becomes 1e-4, or a millionth of that side's smallest share if that is at
    most 1e-4; nothing is renormalised.
    """
    p, q = (_filled(side) for side in shares(baseline, current))
    return float(((p - q) * np.log(p / q)).sum()), None


def jensen_shannon(baseline: Column, current: Column) -> Outcome:
    """Return evidently's Jensen-Shannon distance, to base e, in [0, 0.8326]."""
    return js_distance(*shares(baseline, current)), None


def kullback_leibler(baseline: Column, current: Column) -> Outcome:
    """Return evidently's KL divergence from baseline to current, in nats, zeros filled."""
    p, q = (_filled(side) for side in shares(baseline, current))
    return kl_divergence(p, q), None


def hellinger(baseline: Column, current: Column) -> Outcome:
    """Return evidently's Hellinger distance, in [0, 1].

    For numbers on Sturges bins of the *distinct* pooled values, each counted once.
    """
    if isinstance(baseline, Numbers) and isinstance(current, Numbers):
        edges = np.histogram_bin_edges(np.unique(pooled(baseline, current)), bins="sturges")
        p, q = _histogram(baseline.values, edges), _histogram(current.values, edges)
    else:
        p, q = shares(baseline, current)
    overlap = float(np.sqrt(p * q).sum())
    return math.sqrt(1 - min(overlap, 1.0)), None


def wasserstein(baseline: Numbers, current: Numbers) -> Outcome:
    """Return the Wasserstein distance over the baseline's deviation (n, not n - 1).

    In baseline standard deviations, of which at least 0.001 are assumed; unbounded above.
    """
    deviation = max(float(np.std(baseline.values)), 0.001)
    return wasserstein_distance(baseline.values, current.values) / deviation, None


def kolmogorov_smirnov(baseline: Numbers, current: Numbers) -> Outcome:
    """Return D and its p-value; evidently shows the p-value alone."""
    return ks_2samp(baseline.values, current.values)


def energy(baseline: Numbers, current: Numbers) -> Outcome:
    """Return the energy distance, in the square root of the column's unit."""
    return energy_distance(baseline.values, current.values), None


def chi_squared(baseline: Column, current: Column) -> Outcome | None:
    """Return evidently's chi-squared and its p-value; evidently shows the p-value alone.

    A goodness-of-fit test: the baseline's counts, scaled to the current rows, are taken for
    the truth. A category that the baseline lacks makes the statistic infinite and p 0.
    Without drift, and with sides of one size, p is below 0.05 on 27 % of days for four
    categories and on 49 % for ten.
    """
    p, q = _values(baseline, current)
    if len(p) < 2:
        return None
    from scipy.special import chdtrc  # noqa: PLC0415  # costs a small comparison much

    expected = p * (q.sum() / p.sum())
    with np.errstate(divide="ignore"):
        statistic = float((np.square(q - expected) / expected).sum())
    return statistic, float(chdtrc(len(p) - 1, statistic))


def z_test(baseline: Column, current: Column) -> Outcome | None:
    """Return z of the difference of two shares, and its two-sided p-value; for two values.

    The p-value is ``2 (1 - Phi(|z|))``, so that anything below 1e-16 reads 0.
    """
    p, q = _values(baseline, current)
    if len(p) > 2:
        return None
    if len(p) < 2:
        return 0.0, 1.0
    from scipy.special import ndtr  # noqa: PLC0415

    n, m = int(p.sum()), int(q.sum())
    # All values but the first, in sorted order, count as ones.
    first, second = p[1] / n, q[1] / m
    both = (first * n + second * m) / (n + m)
    z = (first - second) / math.sqrt(both * (1 - both) * (1 / n + 1 / m))
    return float(z), 2 * (1 - float(ndtr(abs(z))))


def chosen(baseline: Column, current: Column) -> str:
    """Return the statistic that evidently uses for a column when its user chooses none."""
    distinct = len(_values(baseline, current)[0])
    numeric = isinstance(baseline, Numbers) and distinct > 5
    if baseline.n > _SMALL:
        return "wasserstein" if numeric else "js_distance"
    if numeric:
        return "ks"
    return "chi_squared" if distinct > 2 else "z_test"


def _values(baseline: Column, current: Column) -> tuple[FloatArray, FloatArray]:
    """Return rows per distinct value on both sides."""
    left, right = (
        side.as_categories() if isinstance(side, Numbers) else side for side in (baseline, current)
    )
    p, q = category_counts(left, right)
    return p.astype(np.float64), q.astype(np.float64)


def _few_numbers_chi_squared(baseline: Numbers, current: Numbers) -> Outcome | None:
    few = chosen(baseline, current) == "chi_squared"
    return chi_squared(baseline, current) if few else None


def _few_numbers_z_test(baseline: Numbers, current: Numbers) -> Outcome | None:
    few = chosen(baseline, current) == "z_test"
    return z_test(baseline, current) if few else None


def _histogram(values: AnyArray, edges: AnyArray) -> FloatArray:
    return np.histogram(values, edges)[0] / len(values)


def _filled(side: FloatArray) -> FloatArray:
    smallest = side[side > 0].min()
    return np.where(side == 0, smallest / 1e6 if smallest <= 1e-4 else 1e-4, side)


_TESTS: Final = "evidently.legacy.calculations.stattests"
_BINS: Final = "equal-width bins of the pooled range, their number by Sturges"

EVIDENTLY: Final = Conformance(
    name="evidently",
    peer="evidently",
    version="0.7.23",
    infinite="dropped",
    chosen=chosen,
    definitions=(
        Definition(
            statistic="psi",
            peer_name="psi",
            label="PSI",
            formula=f"{_BINS} (one per value up to 20 distinct baseline values, and for "
            "categories); a share of 0 becomes 1e-4, or a millionth of the smallest",
            unit="nats",
            low=0.0,
            high=None,
            source=f"{_TESTS}.psi",
            of_numbers=psi,
            of_categories=psi,
            flag=Flag("value", ">=", 0.1),
            ours="psi",
        ),
        Definition(
            statistic="js_distance",
            peer_name="jensenshannon",
            label="JS distance",
            formula="square root of the divergence to base e, on PSI's bins, zeros kept",
            unit="square root of nats",
            low=0.0,
            high=math.sqrt(math.log(2)),
            source=f"{_TESTS}.jensenshannon",
            of_numbers=jensen_shannon,
            of_categories=jensen_shannon,
            flag=Flag("value", ">=", 0.1),
            ours="js_divergence",
        ),
        Definition(
            statistic="wasserstein",
            peer_name="wasserstein",
            label="Wasserstein / sd",
            formula="over the baseline's standard deviation (n, not n - 1), at least 0.001",
            unit="baseline standard deviations",
            low=0.0,
            high=None,
            source=f"{_TESTS}.wasserstein_distance_norm",
            of_numbers=wasserstein,
            flag=Flag("value", ">=", 0.1),
            ours="wasserstein",
        ),
        Definition(
            statistic="ks",
            peer_name="ks",
            label="KS",
            formula="scipy's ks_2samp",
            unit="share",
            low=0.0,
            high=1.0,
            source=f"{_TESTS}.ks_stattest",
            of_numbers=kolmogorov_smirnov,
            flag=Flag("p_value", "<=", 0.05),
            ours="ks",
        ),
        Definition(
            statistic="chi_squared",
            peer_name="chisquare",
            label="Chi-squared",
            formula="goodness of fit to the baseline's counts, scaled to the current rows; "
            "infinite with a new category",
            unit="none",
            low=0.0,
            high=None,
            source=f"{_TESTS}.chisquare_stattest",
            of_numbers=_few_numbers_chi_squared,
            of_categories=chi_squared,
            flag=Flag("p_value", "<", 0.05),
            ours="chi_squared",
        ),
        Definition(
            statistic="z_test",
            peer_name="z",
            label="Z test of two shares",
            formula="difference of the shares of one of two values over its pooled error",
            unit="standard errors",
            low=None,
            high=None,
            source=f"{_TESTS}.z_stattest",
            of_numbers=_few_numbers_z_test,
            of_categories=z_test,
            flag=Flag("p_value", "<", 0.05),
            ours="chi_squared",
        ),
        Definition(
            statistic="hellinger",
            peer_name="hellinger",
            label="Hellinger",
            formula="Sturges bins of the distinct pooled values; one bin per category",
            unit="none",
            low=0.0,
            high=1.0,
            source=f"{_TESTS}.hellinger_distance",
            of_numbers=hellinger,
            of_categories=hellinger,
            flag=Flag("value", ">=", 0.1),
            ours="hellinger",
        ),
        Definition(
            statistic="kl_divergence",
            peer_name="kl_div",
            label="KL divergence",
            formula="from baseline to current, on PSI's bins, zeros filled as for PSI",
            unit="nats",
            low=0.0,
            high=None,
            source=f"{_TESTS}.kl_div",
            of_numbers=kullback_leibler,
            of_categories=kullback_leibler,
            flag=Flag("value", ">=", 0.1),
            ours="kl_baseline_to_current",
        ),
        Definition(
            statistic="energy_distance",
            peer_name="ed",
            label="Energy distance",
            formula="scipy's energy_distance",
            unit="square root of the column's unit",
            low=0.0,
            high=None,
            source=f"{_TESTS}.energy_distance",
            of_numbers=energy,
            flag=Flag("value", ">", 0.1),
            ours="energy_distance",
        ),
    ),
)
