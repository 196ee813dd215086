"""The numbers of hand-written detectors: PSI on baseline deciles, JS on equal-width bins."""

import sys
from typing import Final, cast

import numpy as np

from drift_assets.conformance.columns import (
    Categories,
    Column,
    Numbers,
    category_counts,
    pooled,
)
from drift_assets.conformance.definition import Conformance, Definition, Flag, Outcome
from drift_assets.conformance.distances import ks_2samp
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.stats import jensen_shannon as js
from drift_assets.stats import psi as house

_PSI_BINS: Final = 10
_JS_BINS: Final = 50


def psi(baseline: Column, current: Column) -> Outcome:
    """Return PSI on the baseline's deciles, in nats: 0 when the shares agree, unbounded above.

    Duplicate deciles are merged and the outer bins are open. Where fewer than three edges are
    left, ten equal-width bins of the pooled range take their place. A share of 0 becomes 1e-4.
    """
    if isinstance(baseline, Numbers) and isinstance(current, Numbers):
        edges = np.unique(np.percentile(baseline.values, np.linspace(0, 100, _PSI_BINS + 1)))
        if len(edges) < 3:
            return house.psi(*_pooled_counts(baseline, current, _PSI_BINS)), None
        edges[0], edges[-1] = -np.inf, np.inf
        return house.psi(*(np.histogram(s.values, edges)[0] for s in (baseline, current))), None
    return house.psi(*_categories(baseline, current)), None


def psi_pooled(baseline: Numbers, current: Numbers) -> Outcome:
    """Return PSI on ten equal-width bins of the pooled range, in nats, as frouros has it.

    A share of 0 becomes the smallest normal double, 2.2e-308, so that each bin that is empty
    on one side costs 708 times its share.
    """
    counts = _pooled_counts(baseline, current, _PSI_BINS)
    return house.psi(*counts, floor=sys.float_info.min), None


def kolmogorov_smirnov(baseline: Numbers, current: Numbers) -> Outcome:
    """Return scipy's ``ks_2samp``: D in [0, 1], and its p-value."""
    return ks_2samp(baseline.values, current.values)


def jensen_shannon(baseline: Column, current: Column) -> Outcome:
    """Return the Jensen-Shannon divergence on 50 equal-width bins of the pooled range, in bits.

    In [0, 1]; categories have one bin each.
    """
    if isinstance(baseline, Numbers) and isinstance(current, Numbers):
        return js.js_divergence(*_pooled_counts(baseline, current, _JS_BINS)), None
    return js.js_divergence(*_categories(baseline, current)), None


def _pooled_counts(baseline: Numbers, current: Numbers, n_bins: int) -> tuple[IntArray, IntArray]:
    edges: FloatArray = np.histogram_bin_edges(pooled(baseline, current), bins=n_bins)
    p, q = (np.histogram(side.values, edges)[0] for side in (baseline, current))
    return p, q


def _categories(baseline: Column, current: Column) -> tuple[IntArray, IntArray]:
    return category_counts(cast("Categories", baseline), cast("Categories", current))


EQUAL_WIDTH: Final = Conformance(
    name="equal_width",
    peer="hand-written detectors, frouros",
    version="0.9.0",
    infinite="refused",
    definitions=(
        Definition(
            statistic="psi",
            peer_name="psi",
            label="PSI",
            formula="baseline deciles, duplicates merged, outer bins open; fewer than three "
            "edges: ten equal-width bins of the pooled range; a share of 0 becomes 1e-4",
            unit="nats",
            low=0.0,
            high=None,
            source="numpy.percentile and numpy.histogram",
            of_numbers=psi,
            of_categories=psi,
            flag=Flag("value", ">=", 0.2),
            ours="psi",
        ),
        Definition(
            statistic="ks",
            peer_name="ks",
            label="KS",
            formula="scipy's ks_2samp",
            unit="share",
            low=0.0,
            high=1.0,
            source="scipy.stats.ks_2samp",
            of_numbers=kolmogorov_smirnov,
            flag=Flag("p_value", "<", 0.05),
            ours="ks",
        ),
        Definition(
            statistic="js_divergence",
            peer_name="js",
            label="JS divergence",
            formula="to base 2, on 50 equal-width bins of the pooled range",
            unit="bits",
            low=0.0,
            high=1.0,
            source="numpy.histogram and scipy.spatial.distance.jensenshannon, squared",
            of_numbers=jensen_shannon,
            of_categories=jensen_shannon,
            flag=Flag("value", ">=", 0.1),
            ours="js_divergence",
        ),
        Definition(
            statistic="psi_pooled",
            peer_name="PSI",
            label="PSI, pooled bins",
            formula="ten equal-width bins of the pooled range; a share of 0 becomes 2.2e-308",
            unit="nats",
            low=0.0,
            high=None,
            source="frouros.detectors.data_drift.PSI",
            of_numbers=psi_pooled,
            ours="psi",
        ),
    ),
)
