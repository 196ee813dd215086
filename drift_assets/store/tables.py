"""An assessment as the rows that the history keeps of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.assessment import Assessment, FeatureResult, Summary
from drift_assets.learned import LearnedThresholds
from drift_assets.profiles import Baseline, NumericBinning, Profile
from drift_assets.verdicts import Verdict
from drift_assets.watch import Thresholds

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
_SUMMARISED: Final = tuple(field.name for field in fields(Summary))
_THRESHOLDS: Final = tuple(field.name for field in fields(Thresholds))


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file or table that a day was read from, as it was then.

    ``quarantine`` says why a file could not be read and was left out; None for all others.
    """

    path: str
    n_bytes: int
    modified_at: datetime
    quarantine: str | None = None


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
        "drift_share": assessment.dataset.drift_share,
        "drift_share_threshold": assessment.dataset.threshold,
        "dataset_verdict": assessment.dataset.verdict.value,
        "n_columns": len(verdicts),
        "n_breach": verdicts.count(Verdict.BREACH),
        "n_warn": verdicts.count(Verdict.WARN),
        "n_not_evaluated": verdicts.count(Verdict.NOT_EVALUATED),
        "rule": assessment.rule,
        "family_alpha": assessment.family_alpha,
        "extra_columns": list(assessment.extra_columns),
        "method_version": assessment.method_version,
        "comparison_id": assessment.comparison_id or assessment.baseline_id,
        "compared_with": assessment.compared_with,
        "thresholds_from": assessment.thresholds_from,
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
        "drift_share": pa.float64(),
        "drift_share_threshold": pa.float64(),
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
        "comparison_id": assessment.comparison_id or assessment.baseline_id,
        "rule": assessment.rule,
        "family_complete": assessment.family_complete,
        "method_version": assessment.method_version,
    }
    return _table([common | _feature_row(f) for f in assessment.features], _FEATURE_DRIFT)


def feature_profiles(assessment: Assessment, stamp: Stamp) -> pa.Table:
    """Return the rows of ``feature_profiles``, one per evaluated column."""
    compared = _is_compared(assessment)
    rows = [
        {
            "monitor": assessment.monitor,
            "partition": stamp.partition,
            "segment": WHOLE,
            "feature": f.feature,
            "baseline_id": assessment.baseline_id,
            "current_counts": [b.n_current for b in f.bins],
            "comparison_counts": [b.n_baseline for b in f.bins] if compared else None,
            "current_js_counts": list(f.js_counts.current) if f.js_counts else None,
            "comparison_js_counts": (
                list(f.js_counts.baseline) if compared and f.js_counts else None
            ),
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
            "comparison_counts": pa.list_(pa.int64()),
            "current_js_counts": pa.list_(pa.int64()),
            "comparison_js_counts": pa.list_(pa.int64()),
            "unseen_categories": pa.list_(pa.string()),
            "unseen_counts": pa.list_(pa.int64()),
        },
    )


def assessed_baseline_profiles(assessment: Assessment) -> pa.Table:
    """Return the rows of ``baseline_profiles`` that an assessment implies.

    None if the day was compared with other days than the whole baseline.
    """
    return _baseline_profiles(
        {
            "baseline_id": assessment.baseline_id,
            "feature": f.feature,
            "kind": f.kind,
            "bin_labels": [b.label for b in f.bins],
            "bin_lower": [b.lower for b in f.bins],
            "bin_upper": [b.upper for b in f.bins],
            "baseline_counts": [b.n_baseline for b in f.bins],
            "baseline_js_counts": list(f.js_counts.baseline) if f.js_counts else None,
        }
        for f in assessment.features
        if f.bins and not _is_compared(assessment)
    )


def _is_compared(assessment: Assessment) -> bool:
    """Return whether the baseline's side is other days than the whole baseline."""
    return assessment.comparison_id not in {"", assessment.baseline_id}


def learned_thresholds(monitor: str, baseline_id: str, learned: LearnedThresholds) -> pa.Table:
    """Return the rows of ``learned_thresholds``."""
    common = {
        "monitor": monitor,
        "baseline_id": baseline_id,
        "false_alarms": learned.false_alarms,
        "reachable": learned.reachable,
        "fitted": learned.fitted,
        "n_days": learned.n_days,
        "first_day": learned.first_day,
        "last_day": learned.last_day,
        "days_apart": learned.apart,
    }
    rows = [
        common
        | {
            "feature": feature,
            "statistic": one.statistic,
            "weekday": one.weekday,
            "threshold": one.value,
            "threshold_low": one.low,
            "threshold_high": one.high,
            "noise": one.noise,
            "reference_rows": one.reference_rows,
        }
        for feature, thresholds in learned.columns.items()
        for one in thresholds
    ]
    numbers = ("threshold", "threshold_low", "threshold_high", "noise")
    return _table(
        rows,
        {
            **dict.fromkeys(("monitor", "baseline_id", "feature", "statistic"), pa.string()),
            **dict.fromkeys((*numbers, "false_alarms", "reachable"), pa.float64()),
            **dict.fromkeys(("weekday", "n_days", "days_apart"), pa.int32()),
            **dict.fromkeys(("first_day", "last_day"), pa.date32()),
            "fitted": pa.bool_(),
            "reference_rows": pa.int64(),
        },
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
            "quarantine": pa.string(),
        },
    )


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, *, maps_as_json: bool = False
) -> None:
    """Add rows to a table, columns by name; a server has JSON in the place of maps."""
    columns = [
        f'to_json("{field.name}") AS "{field.name}"'
        if maps_as_json and pa.types.is_map(field.type)
        else f'"{field.name}"'
        for field in rows.schema
    ]
    connection.register("incoming", rows)
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT {', '.join(columns)} FROM incoming"  # noqa: S608  # our own names
    )
    connection.unregister("incoming")


def _feature_row(feature: FeatureResult) -> dict[str, Any]:
    row: dict[str, Any] = {
        "feature": feature.feature,
        "role": feature.role,
        "kind": feature.kind,
        "verdict": feature.verdict.value,
        "rule_verdict": feature.rule_verdict.value,
        "reason": feature.reason,
        "alert_after_breaches": feature.alert_after.breaches,
        "alert_after_days": feature.alert_after.of,
        "importance": feature.importance,
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
            row |= {f"{side}_{name}": getattr(summary, name) for name in _SUMMARISED}
    row |= {f"threshold_{name}": getattr(feature.thresholds, name) for name in _THRESHOLDS}
    row["thresholds_by_hand"] = list(feature.by_hand)
    return row


def _feature_drift_types() -> dict[str, pa.DataType]:
    text = (
        *("monitor", "segment", "feature", "role", "kind", "verdict", "reason", "rule"),
        *("run_id", "baseline_id", "comparison_id", "fingerprint", "rule_verdict"),
    )
    tested = ("ks", "chi_squared", "missing_rate", "positive_rate")
    numbers = (
        *_STATISTICS.values(),
        *(f"{statistic}_p_value" for statistic in tested),
        *(f"{statistic}_error_bound" for statistic in ("ks", "wasserstein")),
        *(f"threshold_{name}" for name in _THRESHOLDS),
        *("adjusted_p_value", "importance"),
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
        "alert_after_breaches": pa.int32(),
        "alert_after_days": pa.int32(),
        "method_version": pa.int32(),
        "family_complete": pa.bool_(),
        "thresholds_by_hand": pa.list_(pa.string()),
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
            "baseline_js_counts": [],
        }
    starts = binning.psi_starts
    intervals = [binning.interval(starts, i) for i in range(len(starts))]
    return {
        "kind": "numeric",
        "bin_labels": [binning.label(starts, i) for i in range(len(starts))],
        "bin_lower": [interval[0] for interval in intervals],
        "bin_upper": [interval[2] for interval in intervals],
        "baseline_counts": counts,
        "baseline_js_counts": (
            [] if np.array_equal(starts, binning.js_starts) else [int(n) for n in profile.js_counts]
        ),
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
            "baseline_js_counts": pa.list_(pa.int64()),
        },
    )


def _table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType]) -> pa.Table:
    columns = {}
    for name, kind in types.items():
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(values, kind)
        except UnicodeEncodeError:
            columns[name] = pa.array([_storable(value) for value in values], kind)
    return pa.table(columns)


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value
