"""The numbers of TensorFlow Data Validation, from exact counts instead of its sketches."""

from typing import Final

import numpy as np

from drift_assets.conformance.columns import Categories, Numbers, category_counts
from drift_assets.conformance.definition import Conformance, Definition, Outcome
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats import jensen_shannon, l_infinity

_N_BINS: Final = 10


def numeric_divergence(baseline: Numbers, current: Numbers) -> Outcome:
    """Return TFDV's Jensen-Shannon divergence of two numeric columns, in bits, in [0, 1].

    Each side has ten equal-width bins over its own finite range. Both are cut again at the
    edges of both, as if rows were spread evenly within a bin. A side with one value only has
    a bin of no width, and the infinite rows of each side have a bin to themselves.
    """
    sides = (baseline.finite().values, current.finite().values)
    flat = [len(v) > 0 and bool(v.min() == v.max()) for v in sides]
    own = [
        np.histogram_bin_edges(v.astype(np.float64), bins=_N_BINS)
        for v, is_flat in zip(sides, flat, strict=True)
        if len(v) and not is_flat
    ]
    edges = np.unique(np.concatenate(own)) if own else np.zeros(1)
    points = sorted({float(v[0]) for v, is_flat in zip(sides, flat, strict=True) if is_flat})
    counts = []
    for place, (side, v, is_flat) in enumerate(zip((baseline, current), sides, flat, strict=True)):
        spread = np.zeros(len(edges) - 1) if is_flat or not len(v) else _recut(v, edges)
        at_points = [float(len(v)) if is_flat and v[0] == x else 0.0 for x in points]
        infinite = [0.0, 0.0]
        infinite[place] = float(side.n - len(v))
        counts.append(np.concatenate([spread, at_points, infinite]))
    return jensen_shannon.js_divergence(*counts), None


def categorical_divergence(baseline: Categories, current: Categories) -> Outcome:
    """Return the Jensen-Shannon divergence of the categories' shares, in bits, in [0, 1]."""
    return jensen_shannon.js_divergence(*category_counts(baseline, current)), None


def l_infinity_distance(baseline: Categories, current: Categories) -> Outcome:
    """Return the largest change of any category's share, in [0, 1]."""
    return l_infinity.l_infinity(*category_counts(baseline, current)), None


def _recut(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Return rows per bin of ``edges``, from ten equal-width bins spread evenly."""
    counts, own = np.histogram(values.astype(np.float64), bins=_N_BINS)
    return np.diff(np.interp(edges, own, np.append(0, np.cumsum(counts))))


_METRICS: Final = "tensorflow_data_validation/anomalies/metrics.cc"

TFDV: Final = Conformance(
    name="tfdv",
    peer="TensorFlow Data Validation",
    version="1.16.1",
    infinite="counted",
    definitions=(
        Definition(
            statistic="js_divergence",
            peer_name="jensen_shannon_divergence",
            label="JS divergence",
            formula="ten equal-width bins over each side's own range, both cut again at the edges "
            "of both; one bin per category",
            unit="bits",
            low=0.0,
            high=1.0,
            source=f"{_METRICS}: JensenShannonDivergence",
            of_numbers=numeric_divergence,
            of_categories=categorical_divergence,
            ours="js_divergence",
        ),
        Definition(
            statistic="l_infinity",
            peer_name="infinity_norm",
            label="L-infinity",
            formula="largest change of any category's share",
            unit="share",
            low=0.0,
            high=1.0,
            source=f"{_METRICS}: LInftyDistance",
            of_categories=l_infinity_distance,
            ours="l_infinity",
        ),
    ),
)
