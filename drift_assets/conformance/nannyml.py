"""The numbers of NannyML: Jensen-Shannon in bits on Doane's bins of the baseline."""

import math
from collections.abc import Callable
from typing import Final, cast

import numpy as np

from drift_assets.conformance.columns import (
    AnyArray,
    Categories,
    Column,
    Numbers,
    category_counts,
)
from drift_assets.conformance.definition import Conformance, Definition, Flag, Outcome
from drift_assets.conformance.distances import (
    chi2_contingency,
    js_distance,
    ks_distance,
    wasserstein_distance,
)
from drift_assets.profiles.binning import FloatArray

_EXACT_BELOW: Final = 10_000
"""From so many baseline rows on, KS and Wasserstein are read off a histogram."""

_N_BINS: Final = 10_000


def shares(baseline: Column, current: Column) -> tuple[FloatArray, FloatArray]:
    """Return NannyML's share of rows per bin on both sides.

    Numbers fall in equal-width bins over the baseline's range, their number by Doane;
    categories in one bin each. Current rows outside all of those make one more bin.
    """
    if isinstance(baseline, Numbers) and isinstance(current, Numbers):
        edges = np.histogram_bin_edges(baseline.values.astype(np.float64), bins="doane")
        p, q = (np.histogram(s.values, edges)[0] / s.n for s in (baseline, current))
    else:
        counts = category_counts(cast("Categories", baseline), cast("Categories", current))
        known = counts[0] > 0
        p, q = counts[0][known] / baseline.n, counts[1][known] / current.n
    outside = 1 - float(q.sum())
    if outside > 0:
        p, q = np.append(p, 0.0), np.append(q, outside)
    return p, q


def jensen_shannon(baseline: Column, current: Column) -> Outcome:
    """Return NannyML's Jensen-Shannon distance, to base 2, in [0, 1]."""
    return js_distance(*shares(baseline, current), base=2), None


def hellinger(baseline: Column, current: Column) -> Outcome:
    """Return NannyML's Hellinger distance on the bins of Jensen-Shannon, in [0, 1]."""
    p, q = shares(baseline, current)
    return math.sqrt(float(np.square(np.sqrt(p) - np.sqrt(q)).sum()) / 2), None


def kolmogorov_smirnov(baseline: Numbers, current: Numbers) -> Outcome:
    """Return NannyML's KS statistic D, in [0, 1]; it has no p-value.

    Exact for fewer than 10,000 baseline rows; beyond, the largest gap at the right edges of
    10,000 equal-width bins over the baseline's range, and so too low.
    """
    if baseline.n < _EXACT_BELOW:
        return ks_distance(baseline.values, current.values), None
    values = baseline.values
    edges = np.linspace(values.min(), values.max(), _N_BINS + 1)
    f, g = (np.cumsum(np.histogram(s.values, edges)[0] / s.n) for s in (baseline, current))
    below = np.count_nonzero(current.values < edges[0]) / current.n
    return float(np.abs(f - (below + g)).max()), None


def wasserstein(baseline: Numbers, current: Numbers) -> Outcome:
    """Return NannyML's Wasserstein distance, in the column's unit.

    Exact for fewer than 10,000 baseline rows. Beyond, the area between the cumulative
    histograms over 10,000 bins of the baseline's range, plus that of the rows below and
    above it, whose number is taken one too large.
    """
    if baseline.n < _EXACT_BELOW:
        return wasserstein_distance(baseline.values, current.values), None
    counts, edges = np.histogram(baseline.values, bins=_N_BINS)
    low, high = edges[0], edges[-1]
    smaller = current.values[current.values < low]
    bigger = current.values[current.values > high]
    area, share_below = 0.0, 0.0
    if len(smaller):
        share_below = (len(smaller) + 1) / current.n
        x, y = _distribution(np.append(smaller, low))
        area += float((y[:-1] * np.diff(x)).sum()) * share_below
    if len(bigger):
        share_above = (len(bigger) + 1) / current.n
        x, y = _distribution(np.append(bigger, high))
        area += float(((1 - y)[:-1] * np.diff(x)).sum()) * share_above
    f = np.cumsum(counts / baseline.n)
    g = np.cumsum(np.histogram(current.values, edges)[0] / current.n) + share_below
    return area + float((np.abs(f - g) * (edges[1] - edges[0])).sum()), None


def chi_squared(baseline: Categories, current: Categories) -> Outcome:
    """Return chi-squared of homogeneity and its p-value, with two categories Yates-corrected."""
    return chi2_contingency(*category_counts(baseline, current))


def l_infinity(baseline: Categories, current: Categories) -> Outcome:
    """Return the largest change of any category's share, in [0, 1]."""
    p, q = category_counts(baseline, current)
    return float(np.abs(p / baseline.n - q / current.n).max()), None


def _in_sample(
    statistic: Callable[[Numbers, Numbers], Outcome] | None,
    of_categories: Callable[[Categories, Categories], Outcome] | None,
    *,
    at_most: float | None = None,
) -> Callable[[Column], Flag | None]:
    """Return what makes NannyML's threshold: mean + 3 sd of the baseline's own tenths."""

    def flag(baseline: Column) -> Flag | None:
        if not baseline.pieces:
            return None
        if isinstance(baseline, Numbers):
            parts = [Numbers(piece) for piece in baseline.pieces or ()]
            compute = statistic
            found = [compute(baseline, p)[0] for p in parts if p.n] if compute else []
        else:
            groups = [Categories(piece) for piece in baseline.pieces or ()]
            count = of_categories
            found = [count(baseline, g)[0] for g in groups if g.n] if count else []
        if not found:
            return None
        limit = float(np.mean(found) + 3 * np.std(found))
        return Flag("value", ">", limit if at_most is None else min(limit, at_most))

    return flag


def chosen(_baseline: Column, _current: Column) -> str:
    """Return the statistic that NannyML uses when its user chooses none."""
    return "js_distance"


def _distribution(values: AnyArray) -> tuple[AnyArray, FloatArray]:
    """Return the distinct values in order, and the distribution function at each."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct, np.cumsum(counts) / len(values)


_METHODS: Final = "nannyml.drift.univariate.methods"
_BINS: Final = (
    "equal-width bins over the baseline's range, their number by Doane; one bin per baseline "
    "category; one more for what lies outside"
)

NANNYML: Final = Conformance(
    name="nannyml",
    peer="NannyML",
    version="0.13.1",
    infinite="refused",
    chosen=chosen,
    needs_order=True,
    definitions=(
        Definition(
            statistic="js_distance",
            peer_name="jensen_shannon",
            label="JS distance",
            formula=f"square root of the divergence to base 2, on {_BINS}",
            unit="square root of bits",
            low=0.0,
            high=1.0,
            source=f"{_METHODS}.ContinuousJensenShannonDistance, CategoricalJensenShannonDistance",
            of_numbers=jensen_shannon,
            of_categories=jensen_shannon,
            flag=_in_sample(jensen_shannon, jensen_shannon),
            ours="js_divergence",
        ),
        Definition(
            statistic="ks",
            peer_name="kolmogorov_smirnov",
            label="KS",
            formula="D; from 10,000 baseline rows on at the edges of 10,000 equal-width bins",
            unit="share",
            low=0.0,
            high=1.0,
            source=f"{_METHODS}.KolmogorovSmirnovStatistic",
            of_numbers=kolmogorov_smirnov,
            flag=_in_sample(kolmogorov_smirnov, None, at_most=1.0),
            ours="ks",
        ),
        Definition(
            statistic="wasserstein_raw",
            peer_name="wasserstein",
            label="Wasserstein",
            formula="in the column's unit; from 10,000 baseline rows on by a histogram of "
            "10,000 bins",
            unit="the column's unit",
            low=0.0,
            high=None,
            source=f"{_METHODS}.WassersteinDistance",
            of_numbers=wasserstein,
            flag=_in_sample(wasserstein, None),
            ours="wasserstein_raw",
        ),
        Definition(
            statistic="hellinger",
            peer_name="hellinger",
            label="Hellinger",
            formula="on the bins of Jensen-Shannon",
            unit="none",
            low=0.0,
            high=1.0,
            source=f"{_METHODS}.ContinuousHellingerDistance, CategoricalHellingerDistance",
            of_numbers=hellinger,
            of_categories=hellinger,
            flag=_in_sample(hellinger, hellinger),
            ours="hellinger",
        ),
        Definition(
            statistic="l_infinity",
            peer_name="l_infinity",
            label="L-infinity",
            formula="largest change of any category's share",
            unit="share",
            low=0.0,
            high=1.0,
            source=f"{_METHODS}.LInfinityDistance",
            of_categories=l_infinity,
            flag=_in_sample(None, l_infinity),
            ours="l_infinity",
        ),
        Definition(
            statistic="chi_squared",
            peer_name="chi2",
            label="Chi-squared",
            formula="scipy's chi2_contingency (Yates-corrected with two categories)",
            unit="none",
            low=0.0,
            high=None,
            source=f"{_METHODS}.Chi2Statistic",
            of_categories=chi_squared,
            flag=Flag("p_value", "<", 0.05),
            ours="chi_squared",
        ),
    ),
)
