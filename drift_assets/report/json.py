"""An assessment as plain JSON types: all of it, there and back; and the detector's report."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Final

from drift_assets.assessment import Assessment, Bin, FeatureResult, JsCounts, Summary, Why
from drift_assets.errors import DataError
from drift_assets.report.wording import cautions, silences
from drift_assets.stats import Measurement
from drift_assets.verdicts import (
    DatasetRuling,
    Judgement,
    Persistence,
    Threshold,
    Verdict,
    dataset_rule,
)
from drift_assets.watch import DRIFT_SHARE_THRESHOLD, Thresholds

SCHEMA_VERSION: Final = 1
"""Version of the keys that `assessment_to_dict` writes; it grows when one changes its meaning.

They are those of ``schemas/day.schema.json``.
"""

COMPARISON_SCHEMA_VERSION: Final = 1
"""Version of the keys that `document_report` returns, and of ``comparison.schema.json``."""

_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})
_LEAVES: Final = _AS_THEY_ARE | {float}
_NESTED: Final = frozenset({dict, list})
_UNDEFINED: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def assessment_to_dict(
    assessment: Assessment,
    *,
    partition: date | str | None = None,
    evaluated_at: datetime | None = None,
    run_id: str | None = None,
    fingerprint: str | None = None,
) -> dict[str, Any]:
    """Return every field of an assessment under its own name, as plain JSON types.

    Parameters
    ----------
    assessment
        What to write down.
    partition
        Day of the data.
    evaluated_at, run_id, fingerprint
        When, by which run and from which state of the data. What is None is left out.

    Returns
    -------
    dict
        Beside the fields, ``schema_version``. Numbers that JSON has no sign
        for are the strings "NaN", "Infinity" and "-Infinity".
    """
    context = {
        "partition": str(partition) if partition is not None else None,
        "evaluated_at": evaluated_at.isoformat() if evaluated_at is not None else None,
        "run_id": run_id,
        "fingerprint": fingerprint,
    }
    return {
        "schema_version": SCHEMA_VERSION,
        **{key: value for key, value in context.items() if value is not None},
        **_plain(assessment),
    }


def assessment_from_dict(parts: Mapping[str, Any]) -> Assessment:
    """Return the assessment that `assessment_to_dict` wrote down, equal in every field.

    Raises
    ------
    DataError
        If the keys are not those of an assessment, or of a newer schema.
    """
    version = parts.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise DataError(
            f"Found schema_version {version!r}, expected at most {SCHEMA_VERSION}: read a report "
            "that drift_assets wrote, and upgrade drift_assets if a newer one did."
        )
    try:
        return _assessment(parts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"Found a report that lacks or garbles a field ({type(error).__name__}: {error}), "
            "expected all that assessment_to_dict writes: report the day again."
        ) from error


def to_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as indented UTF-8 JSON that every parser reads: no bare NaN.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = _indented(document, "\n")
    # Half a surrogate pair has no UTF-8; as an escape it is JSON all the same.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def document_report(assessment: Assessment, *, timestamp: datetime | None = None) -> dict[str, Any]:
    """Return the report of two data sets with the keys that `DriftDetector` promises.

    Parameters
    ----------
    assessment
        What to report.
    timestamp
        When it was made; by default now, in UTC.

    Returns
    -------
    dict
        ``schema_version``, ``overall_drift_detected``, ``feature_drift``, ``prediction_drift``
        (None without prediction columns), ``warnings``, ``timestamp`` and the
        sizes. Where nothing could be evaluated ``drift_detected`` is None, and
        ``reason`` says why.
    """
    features = [f for f in assessment.features if f.role == "feature"]
    predictions = [f for f in assessment.features if f.role == "prediction"]
    drifted = [f.feature for f in features if f.verdict is Verdict.BREACH]
    return {
        "schema_version": COMPARISON_SCHEMA_VERSION,
        "overall_drift_detected": _any_drift(assessment.features),
        "feature_drift": {
            "total_features": len(features),
            "drifted_features": len(drifted),
            "drift_percentage": 100.0 * len(drifted) / len(features) if features else 0.0,
            "drifted_feature_names": drifted,
            "features": {f.feature: feature_report(f) for f in features},
        },
        "prediction_drift": prediction_report(predictions) if predictions else None,
        "dataset_drift": {
            "drift_share": assessment.dataset.drift_share,
            "threshold": assessment.dataset.threshold,
            "drift_detected": (
                assessment.dataset.verdict is Verdict.BREACH
                if assessment.dataset.verdict is not Verdict.NOT_EVALUATED
                else None
            ),
            "verdict": assessment.dataset.verdict.value,
            "reason": assessment.dataset.reason,
        },
        "baseline_samples": assessment.n_baseline,
        "current_samples": assessment.n_current,
        "baseline_id": assessment.baseline_id,
        "comparison_id": assessment.comparison_id or assessment.baseline_id,
        "compared_with": assessment.compared_with,
        "thresholds_from": assessment.thresholds_from,
        "rule": assessment.rule,
        "method_version": assessment.method_version,
        "warnings": [
            *cautions(assessment),
            *(f"Not evaluated: {silence}." for silence in silences(assessment)),
        ],
        "timestamp": (timestamp or datetime.now(UTC)).isoformat(),
    }


def feature_report(result: FeatureResult) -> dict[str, Any]:
    """Return what the report says of one column; a number that is not known is None."""
    thresholds = result.thresholds
    outcomes = {j.measurement.statistic: j.verdict is Verdict.BREACH for j in result.judgements}
    report: dict[str, Any] = {
        "feature": result.feature,
        "kind": result.kind,
        "psi": {
            "psi": result.value("psi"),
            "drift_detected": outcomes.get("psi"),
            "threshold": thresholds.psi_breach,
        },
    }
    if result.kind == "numeric":
        report["psi"] |= {
            "expected_mean": result.baseline.mean,
            "actual_mean": result.current.mean if result.current else None,
        }
        report["ks_test"] = {
            "ks_statistic": result.value("ks"),
            "p_value": result.p_value("ks"),
            "drift_detected": outcomes.get("ks"),
            "threshold": thresholds.ks_significance_level,
        }
    else:
        report["chi_squared"] = {
            "chi_squared": result.value("chi_squared"),
            "p_value": result.p_value("chi_squared"),
            "drift_detected": outcomes.get("chi_squared"),
            "threshold": thresholds.ks_significance_level,
        }
    divergence = result.value("js_divergence")
    report["js_divergence"] = {
        "js_divergence": divergence,
        "js_distance": math.sqrt(divergence) if divergence is not None else None,
        "drift_detected": outcomes.get("js_divergence"),
        "threshold": thresholds.js_breach,
    }
    report["missing_rate"] = {
        "baseline": result.baseline.missing_rate,
        "current": result.current.missing_rate if result.current else None,
        "change": result.value("missing_rate"),
        "p_value": result.p_value("missing_rate"),
        "drift_detected": outcomes.get("missing_rate"),
        "threshold": thresholds.missing_rate_change,
    }
    if "positive_rate" in result.measurements:
        report["positive_rate"] = {
            "baseline": result.baseline.positive_rate,
            "current": result.current.positive_rate if result.current else None,
            "change": result.value("positive_rate"),
            "p_value": result.p_value("positive_rate"),
            "drift_detected": outcomes.get("positive_rate"),
            "threshold": thresholds.positive_rate_change,
        }
    judged = {"psi", "ks", "chi_squared", "js_divergence", "missing_rate", "positive_rate"}
    report["other_statistics"] = {
        name: {
            "value": m.value,
            "p_value": m.p_value,
            "error_bound": m.error_bound,
            # Without the guarded rule it is only measured, as the others are.
            "threshold": thresholds.novel_rate_change
            if name == "novel_rate" and result.adjusted_p_value is not None
            else None,
        }
        for name, m in result.measurements.items()
        if name not in judged
    }
    report["moved_bins"] = [
        {"bin": b.label, "baseline_share": b.baseline_share, "current_share": b.current_share}
        for b in result.top_bins
    ]
    report["why"] = _plain(result.why)
    evaluated = result.verdict is not Verdict.NOT_EVALUATED
    return report | {
        "drift_detected": result.verdict is Verdict.BREACH if evaluated else None,
        "verdict": result.verdict.value,
        "rule_verdict": result.rule_verdict.value,
        "reason": result.reason,
    }


def prediction_report(results: Sequence[FeatureResult]) -> dict[str, Any]:
    """Return what the report says of the prediction columns, of which there is at least one.

    PSI and positive rate on the first level are those of the first column;
    ``predictions`` holds each.
    """
    first = feature_report(results[0])
    return {
        "drift_detected": _any_drift(results),
        "psi": first["psi"]["psi"],
        "positive_rate_change": first.get("positive_rate", {}).get("change"),
        "predictions": {f.feature: feature_report(f) for f in results},
    }


def _any_drift(results: Sequence[FeatureResult]) -> bool | None:
    """Return whether any column breaches; None if not one could be evaluated."""
    evaluated = [f for f in results if f.verdict is not Verdict.NOT_EVALUATED]
    return any(f.verdict is Verdict.BREACH for f in evaluated) if evaluated else None


def _indented(value: Any, margin: str) -> str:  # noqa: ANN401  # whatever JSON has a sign for
    """Return what ``json.dumps(value, indent=2)`` does, which leaves its fast path for that."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is int or (kind is float and math.isfinite(value)):
        return repr(value)
    inner = f"{margin}  "
    if kind in _NESTED and value:
        parts = value.values() if kind is dict else value
        if _LEAVES.issuperset(map(type, parts)):
            # Nearly all containers: the fast path does these, line breaks and all.
            flat = _flat(inner).encode(value)
            return f"{flat[0]}{inner}{flat[1:-1]}{margin}{flat[-1]}"
    if kind is dict and value:
        items = [f"{encode_basestring(key)}: {_indented(v, inner)}" for key, v in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{margin}}}"
    if kind is list and value:
        return f"[{inner}{f',{inner}'.join([_indented(one, inner) for one in value])}{margin}]"
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # No string in it holds a line break: JSON escapes them.
    return text.replace("\n", margin)


@cache
def _flat(inner: str) -> json.JSONEncoder:
    """Return what writes a container of texts and numbers, each behind a line break."""
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(f",{inner}", ": "))


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """Return the names of a dataclass's fields; none for any other class."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever JSON has a sign for
    kind: type[object] = type(value)
    # Nearly all are one of these.
    if kind in _AS_THEY_ARE or (kind is float and math.isfinite(value)):
        return value
    if names := _fields(kind):  # type: ignore[arg-type]  # a class can be hashed
        return {name: _plain(getattr(value, name)) for name in names}
    plain: Any = value
    if isinstance(value, Enum):
        plain = value.value
    elif isinstance(value, Mapping):
        plain = {str(key): _plain(item) for key, item in value.items()}
    elif isinstance(value, tuple):
        plain = [_plain(item) for item in value]
    elif isinstance(value, float):
        plain = float(value) if math.isfinite(value) else _sign(value)
    return plain


def _sign(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _assessment(parts: Mapping[str, Any]) -> Assessment:
    # Reports from before there were comparisons are of the whole baseline.
    added = {"comparison_id": parts["baseline_id"], "compared_with": "", "thresholds_from": ""}
    parts = {**added, **parts}
    own = {f.name: parts[f.name] for f in fields(Assessment) if f.name != "dataset"}
    own["features"] = tuple(_feature(f) for f in parts["features"])
    own["dataset"] = _dataset(parts.get("dataset"), own["features"])
    own["verdict"] = Verdict(parts["verdict"])
    own["family_alpha"] = _number(parts["family_alpha"])
    own["extra_columns"] = tuple(parts["extra_columns"])
    return Assessment(**own)


def _dataset(parts: Mapping[str, Any] | None, features: Sequence[FeatureResult]) -> DatasetRuling:
    if parts is None:
        # A report from before there was one: by the threshold that a monitor has by default.
        watched = [(f.verdict, f.importance) for f in features if f.role == "feature"]
        return dataset_rule(watched, threshold=DRIFT_SHARE_THRESHOLD)
    return DatasetRuling(**{**_numbers(parts), "verdict": Verdict(parts["verdict"])})


def _feature(parts: Mapping[str, Any]) -> FeatureResult:
    current = parts["current"]
    # Reports from before there was one have no "why", and every breach in them counted at once.
    why = parts.get("why")
    added = {
        "why": None,
        "rule_verdict": parts["verdict"],
        "alert_after": {"breaches": 1, "of": 1},
        "importance": 1.0 if parts["role"] == "feature" else 0.0,
        "by_hand": (),
        "js_counts": None,
    }
    parts = {**added, **parts}
    thresholds, by_hand = _numbers(parts["thresholds"]), set(parts["by_hand"])
    if "novel_rate_change" not in thresholds:
        # Before it had a number of its own it had that of missing rows.
        thresholds["novel_rate_change"] = thresholds["missing_rate_change"]
        by_hand |= {"novel_rate_change"} if "missing_rate_change" in by_hand else set()
    own = {f.name: parts[f.name] for f in fields(FeatureResult)}
    own |= {
        "verdict": Verdict(parts["verdict"]),
        "rule_verdict": Verdict(parts["rule_verdict"]),
        "alert_after": Persistence(**parts["alert_after"]),
        "measurements": {
            name: Measurement(**_numbers(m)) for name, m in parts["measurements"].items()
        },
        "judgements": tuple(_judgement(j) for j in parts["judgements"]),
        "adjusted_p_value": _number(parts["adjusted_p_value"]),
        "family": _numbers(parts["family"]),
        "thresholds": Thresholds(**thresholds),
        "bins": tuple(_bin(b) for b in parts["bins"]),
        "baseline": Summary(**_numbers(parts["baseline"])),
        "current": Summary(**_numbers(current)) if current is not None else None,
        "unseen": tuple((name, count) for name, count in parts["unseen"]),
        "why": Why(**_numbers(why)) if why is not None else None,
        "by_hand": tuple(sorted(by_hand)),
        "js_counts": _js_counts(parts["js_counts"]),
    }
    return FeatureResult(**own)


def _js_counts(parts: Mapping[str, Sequence[int]] | None) -> JsCounts | None:
    if parts is None:
        return None
    return JsCounts(tuple(parts["baseline"]), tuple(parts["current"]))


def _judgement(parts: Mapping[str, Any]) -> Judgement:
    return Judgement(
        Measurement(**_numbers(parts["measurement"])),
        Threshold(**_numbers(parts["threshold"])),
        Verdict(parts["verdict"]),
    )


def _bin(parts: Mapping[str, Any]) -> Bin:
    # A category may be called "NaN": a label is never a number.
    numbers = _numbers({key: value for key, value in parts.items() if key != "label"})
    return Bin(label=parts["label"], **numbers)


def _numbers(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _number(value) for key, value in parts.items()}


def _number(value: Any) -> Any:  # noqa: ANN401  # numbers, and strings that stay as they are
    return _UNDEFINED.get(value, value) if isinstance(value, str) else value
