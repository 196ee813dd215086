"""The numbers of TensorFlow Data Validation, from exact quantiles instead of its sketches."""

from typing import Final

import numpy as np

from drift_assets.conformance.columns import Categories, Numbers, category_counts
from drift_assets.conformance.definition import Conformance, Definition, Outcome
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats import jensen_shannon, l_infinity

_N_BINS: Final = 10
_N_QUANTILES: Final = 1_000


def numeric_divergence(baseline: Numbers, current: Numbers) -> Outcome:
    """Return TFDV's Jensen-Shannon divergence of two numeric columns, in bits, in [0, 1].

    Each side has ten equal-width bins over its own finite range, into which its thousandths
    are poured, spread evenly between quantiles. Both are cut again at the edges of both, as if
    rows were spread evenly within a bin. A side with one value only has a bin of no width, and
    the infinite rows of each side have a bin to themselves.
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
        spread = np.zeros(len(edges) - 1) if is_flat or not len(v) else _recut(side.values, edges)
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
    counts, own = _poured(np.sort(values.astype(np.float64)))
    return np.diff(np.interp(edges, own, np.append(0, np.cumsum(counts))))


def _poured(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the counts and edges of ten equal-width bins, as TFDV makes them of quantiles.

    Between neighbouring quantiles rows are spread evenly, and where several share their upper
    one, over all of those. A quantile that repeats holds its rows in a point, which belongs
    to the bin on its left.
    """
    n = len(rows)
    finite = rows[np.isfinite(rows)]
    edges = np.linspace(finite[0], finite[-1], _N_BINS + 1)
    quantiles = rows[np.minimum(np.arange(_N_QUANTILES + 1) * n // _N_QUANTILES, n - 1)]
    below = int(np.searchsorted(rows, -np.inf, side="right"))
    upto = np.searchsorted(rows, quantiles, side="right") - below
    kept = np.isfinite(quantiles)
    if n - below > len(finite):
        quantiles, upto = np.append(quantiles[kept], finite[-1]), np.append(upto[kept], len(finite))
    else:
        quantiles, upto = quantiles[kept], upto[kept]
    low, high = quantiles[:-1], quantiles[1:]
    if not len(low):
        return np.zeros(_N_BINS), edges
    starts = np.flatnonzero(np.append(True, high[1:] != high[:-1]))
    lengths = np.diff(np.append(starts, len(high)))
    weights = np.repeat(np.add.reduceat(np.diff(upto), starts) / lengths, lengths)
    first = (low == low[0]) & (high == high[0])
    weights[first] += upto[0] / np.count_nonzero(first)
    is_point = low == high
    at = np.maximum(np.searchsorted(edges, low[is_point], side="left") - 1, 0)
    counts = np.bincount(at, weights=weights[is_point], minlength=_N_BINS)
    # Every edge counts what of each stretch lies below it.
    low, high, weights = low[~is_point], high[~is_point], weights[~is_point]
    share = np.clip((edges[:, None] - low) / (high - low), 0.0, 1.0)
    return counts + np.diff(share @ weights), edges


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
            formula="ten equal-width bins over each side's own range, filled from its thousandths, "
            "both cut again at the edges of both; one bin per category",
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
