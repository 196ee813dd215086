"""An assessment as the rows that the history keeps of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.assessment import Assessment, FeatureResult, Summary
from drift_assets.monitors import Thresholds
from drift_assets.profiles import Baseline, NumericBinning, Profile
from drift_assets.verdicts import Verdict

WHOLE: Final = ""
"""The segment that is the whole data set."""

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_SIDES: Final = ("baseline", "current")
_STATISTICS: Final = {
    "psi": "psi",
    "ks": "ks",
    "chi_squared": "chi_squared",
    "js_divergence": "js_divergence",
    "missing_rate": "missing_rate_change",
    "wasserstein": "wasserstein",
    "total_variation": "total_variation",
    "positive_rate": "positive_rate_change",
}
"""The column that keeps the value of each statistic; any other one stands in a map of all such."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a day was read from, as it was then."""

    path: str
    n_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row of one recorded run says of its origin."""

    partition: date
    fingerprint: str
    run_id: str
    evaluated_at: datetime


def storable_text(text: str) -> str:
    """Return text that UTF-8 can carry: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def evaluation(assessment: Assessment, stamp: Stamp) -> pa.Table:
    """Return the one row of ``evaluations``."""
    verdicts = [f.verdict for f in assessment.features]
    row = {
        "monitor": assessment.monitor,
        **asdict(stamp),
        "baseline_id": assessment.baseline_id,
        "n_baseline": assessment.n_baseline,
        "n_current": assessment.n_current,
        "verdict": assessment.verdict.value,
        "n_columns": len(verdicts),
        "n_breach": verdicts.count(Verdict.BREACH),
        "n_warn": verdicts.count(Verdict.WARN),
        "n_not_evaluated": verdicts.count(Verdict.NOT_EVALUATED),
        "rule": assessment.rule,
        "family_alpha": assessment.family_alpha,
        "extra_columns": list(assessment.extra_columns),
        "method_version": assessment.method_version,
    }
    types = {
        "partition": pa.date32(),
        "evaluated_at": _INSTANT,
        "n_baseline": pa.int64(),
        "n_current": pa.int64(),
        "n_columns": pa.int32(),
        "n_breach": pa.int32(),
        "n_warn": pa.int32(),
        "n_not_evaluated": pa.int32(),
        "family_alpha": pa.float64(),
        "extra_columns": pa.list_(pa.string()),
        "method_version": pa.int32(),
    }
    return _table([row], {name: types.get(name, pa.string()) for name in row})


def feature_drift(assessment: Assessment, stamp: Stamp) -> pa.Table:
    """Return the rows of ``feature_drift``, one per watched column."""
    common = {
        "monitor": assessment.monitor,
        "segment": WHOLE,
        **asdict(stamp),
        "baseline_id": assessment.baseline_id,
        "rule": assessment.rule,
        "family_complete": assessment.family_complete,
        "method_version": assessment.method_version,
    }
    return _table([common | _feature_row(f) for f in assessment.features], _FEATURE_DRIFT)


def feature_profiles(assessment: Assessment, stamp: Stamp) -> pa.Table:
    """Return the rows of ``feature_profiles``, one per evaluated column."""
    rows = [
        {
            "monitor": assessment.monitor,
            "partition": stamp.partition,
            "segment": WHOLE,
            "feature": f.feature,
            "baseline_id": assessment.baseline_id,
            "current_counts": [b.n_current for b in f.bins],
            "unseen_categories": [name for name, _ in f.unseen],
            "unseen_counts": [count for _, count in f.unseen],
        }
        for f in assessment.features
        if f.bins
    ]
    return _table(
        rows,
        {
            **dict.fromkeys(("monitor", "segment", "feature", "baseline_id"), pa.string()),
            "partition": pa.date32(),
            "current_counts": pa.list_(pa.int64()),
            "unseen_categories": pa.list_(pa.string()),
            "unseen_counts": pa.list_(pa.int64()),
        },
    )


def assessed_baseline_profiles(assessment: Assessment) -> pa.Table:
    """Return the rows of ``baseline_profiles`` that an assessment implies."""
    return _baseline_profiles(
        {
            "baseline_id": assessment.baseline_id,
            "feature": f.feature,
            "kind": f.kind,
            "bin_labels": [b.label for b in f.bins],
            "bin_lower": [b.lower for b in f.bins],
            "bin_upper": [b.upper for b in f.bins],
            "baseline_counts": [b.n_baseline for b in f.bins],
        }
        for f in assessment.features
        if f.bins
    )


def baseline_profiles(baseline: Baseline) -> pa.Table:
    """Return the rows of ``baseline_profiles``, one per column of the baseline."""
    return _baseline_profiles(
        {"baseline_id": baseline.id, "feature": name, **_bins(profile)}
        for name, profile in baseline.columns.items()
    )


def inputs(monitor: str, partition: date, found: Sequence[InputFile]) -> pa.Table:
    """Return the rows of ``inputs``, one per file."""
    return _table(
        [{"monitor": monitor, "partition": partition, **asdict(file)} for file in found],
        {
            "monitor": pa.string(),
            "partition": pa.date32(),
            "path": pa.string(),
            "n_bytes": pa.int64(),
            "modified_at": _INSTANT,
        },
    )


def _feature_row(feature: FeatureResult) -> dict[str, Any]:
    row: dict[str, Any] = {
        "feature": feature.feature,
        "role": feature.role,
        "kind": feature.kind,
        "verdict": feature.verdict.value,
        "reason": feature.reason,
        "psi_bins": len(feature.bins) or None,
        "adjusted_p_value": feature.adjusted_p_value,
        "family_p_values": list(feature.family.items()),
    }
    others = []
    for statistic, measurement in feature.measurements.items():
        if statistic not in _STATISTICS:
            others.append(measurement)
            continue
        row[_STATISTICS[statistic]] = measurement.value
        row[f"{statistic}_p_value"] = measurement.p_value
        row[f"{statistic}_error_bound"] = measurement.error_bound
    row |= {
        "other_statistics": [(o.statistic, o.value) for o in others],
        "other_p_values": [(o.statistic, o.p_value) for o in others if o.p_value is not None],
        "other_error_bounds": [(o.statistic, o.error_bound) for o in others if o.error_bound],
    }
    for side in _SIDES:
        summary: Summary | None = getattr(feature, side)
        if summary is not None:
            row |= {f"{side}_{name}": value for name, value in asdict(summary).items()}
    row |= {f"threshold_{name}": value for name, value in asdict(feature.thresholds).items()}
    return row


def _feature_drift_types() -> dict[str, pa.DataType]:
    text = (
        *("monitor", "segment", "feature", "role", "kind", "verdict", "reason", "rule"),
        *("run_id", "baseline_id", "fingerprint"),
    )
    tested = ("ks", "chi_squared", "missing_rate", "positive_rate")
    numbers = (
        *_STATISTICS.values(),
        *(f"{statistic}_p_value" for statistic in tested),
        *(f"{statistic}_error_bound" for statistic in ("ks", "wasserstein")),
        *(f"threshold_{field.name}" for field in fields(Thresholds)),
        "adjusted_p_value",
    )
    types = {**dict.fromkeys(text, pa.string()), **dict.fromkeys(numbers, pa.float64())}
    for side in _SIDES:
        for field in fields(Summary):
            if (side, field.name) != ("baseline", "n_unseen"):
                counted = field.name == "n" or field.name.startswith("n_")
                types[f"{side}_{field.name}"] = pa.int64() if counted else pa.float64()
    return types | {
        "partition": pa.date32(),
        "evaluated_at": _INSTANT,
        "psi_bins": pa.int32(),
        "method_version": pa.int32(),
        "family_complete": pa.bool_(),
        **dict.fromkeys(
            ("family_p_values", "other_statistics", "other_p_values", "other_error_bounds"),
            pa.map_(pa.string(), pa.float64()),
        ),
    }


_FEATURE_DRIFT: Final = _feature_drift_types()


def _bins(profile: Profile) -> dict[str, Any]:
    counts = [int(n) for n in profile.psi_counts]
    binning = profile.binning
    if not isinstance(binning, NumericBinning):
        open_ended: list[float | None] = [None] * len(counts)
        return {
            "kind": "categorical",
            "bin_labels": list(binning.labels),
            "bin_lower": open_ended,
            "bin_upper": open_ended,
            "baseline_counts": counts,
        }
    starts = binning.psi_starts
    intervals = [binning.interval(starts, i) for i in range(len(starts))]
    return {
        "kind": "numeric",
        "bin_labels": [binning.label(starts, i) for i in range(len(starts))],
        "bin_lower": [interval[0] for interval in intervals],
        "bin_upper": [interval[2] for interval in intervals],
        "baseline_counts": counts,
    }


def _baseline_profiles(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return _table(
        list(rows),
        {
            **dict.fromkeys(("baseline_id", "feature", "kind"), pa.string()),
            "bin_labels": pa.list_(pa.string()),
            "bin_lower": pa.list_(pa.float64()),
            "bin_upper": pa.list_(pa.float64()),
            "baseline_counts": pa.list_(pa.int64()),
        },
    )


def _table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType]) -> pa.Table:
    clean = [{name: _storable(row.get(name)) for name in types} for row in rows]
    return pa.Table.from_pylist(clean, schema=pa.schema(list(types.items())))


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value
