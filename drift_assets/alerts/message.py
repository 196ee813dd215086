"""What is said: one digest per monitor and day, as text and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any, Final

from drift_assets.alerts.outgoing import cut
from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.data_checks import CheckResult
from drift_assets.figures import show_share
from drift_assets.verdicts import Verdict

BREACH_CAUSE: Final = "breach"
SILENCE_CAUSE: Final = "not_evaluated"
RUN_CAUSE: Final = "run_failed"
MISSING_CAUSE: Final = "data_missing"
CHANNEL_CAUSE: Final = "channel_failing"
CHECK_CAUSE: Final = "data_check"
QUARANTINE_CAUSE: Final = "quarantine"
TOP_FEATURES: Final = 5
LONGEST_NAME: Final = 500
"""Characters of a stranger's text in the payload: receivers limit what they take."""


@dataclass(frozen=True, slots=True)
class Message:
    """One digest.

    Attributes
    ----------
    monitor, partition
        What it is about.
    cause
        Why it is sent; together with monitor and partition its identity.
    title
        One line.
    text
        The whole message, several lines of plain text.
    payload
        The same as plain JSON types.
    sizes
        The columns concerned, each with how many times its threshold it has reached.
    """

    monitor: str
    partition: date
    cause: str
    title: str
    text: str
    payload: dict[str, Any]
    sizes: Mapping[str, float] = field(default_factory=dict)


def messages_for(assessment: Assessment, *, partition: date) -> list[Message]:
    """Return all that a day gives cause to say; a quiet day nothing."""
    found = (
        breach_message(assessment, partition=partition),
        silence_message(assessment, partition=partition),
    )
    return [message for message in found if message is not None]


def silence_message(assessment: Assessment, *, partition: date) -> Message | None:
    """Return the digest of the columns that could not be evaluated; None if all could."""
    silent = assessment.not_evaluated
    if not silent:
        return None
    title = (
        f"{assessment.monitor} {partition}: {len(silent)} of {len(assessment.features)} columns "
        "could not be evaluated"
    )
    lines = [
        title,
        *(f"- {inline(f.feature)}: {cut(f.reason, LONGEST_NAME)}" for f in silent[:TOP_FEATURES]),
    ]
    payload = _payload(assessment, partition, SILENCE_CAUSE, title)
    sizes = {f.feature: 1.0 for f in silent}
    return Message(
        *(assessment.monitor, partition, SILENCE_CAUSE, title, "\n".join(lines), payload, sizes)
    )


def breach_message(assessment: Assessment, *, partition: date) -> Message | None:
    """Return the digest of a breaching day; None if nothing breaches.

    The five columns that matter most and moved furthest are named, with the reason and the
    bins that moved most; of the others only the number is given.
    """
    breached = by_weight(assessment)
    if not breached:
        return None
    names = ", ".join(inline(f.feature) for f in breached[:TOP_FEATURES])
    more = len(breached) - TOP_FEATURES
    title = (
        f"{assessment.monitor} {partition}: {len(breached)} of {len(assessment.features)} "
        f"columns breach: {names}{f' and {more} more' if more > 0 else ''}"
    )
    lines = [title]
    for feature in breached[:TOP_FEATURES]:
        lines.append(f"- {inline(feature.feature)}: {cut(feature.reason, LONGEST_NAME)}")
        lines += [
            f"    {inline(b.label)}: {show_share(b.baseline_share)} -> "
            f"{show_share(b.current_share)}"
            for b in feature.top_bins[:3]
        ]
    if assessment.dataset.verdict is Verdict.BREACH:
        lines.append(f"the data set as a whole drifts: {assessment.dataset.reason}")
    if assessment.not_evaluated:
        skipped = ", ".join(inline(f.feature) for f in assessment.not_evaluated[:TOP_FEATURES])
        lines.append(f"not evaluated: {skipped}")
    payload = _payload(assessment, partition, BREACH_CAUSE, title)
    sizes = {f.feature: how_far(f) for f in breached}
    return Message(
        *(assessment.monitor, partition, BREACH_CAUSE, title, "\n".join(lines), payload, sizes)
    )


def by_weight(assessment: Assessment) -> list[FeatureResult]:
    """Return the columns that breach: the most important first, of those what moved furthest.

    A prediction counts as much as the most important feature.
    """
    most = max((f.importance for f in assessment.features), default=1.0)

    def rank(result: FeatureResult) -> tuple[float, float, float]:
        weight = most if result.role == "prediction" else result.importance
        return -weight, -how_far(result), -(result.value("psi") or 0.0)

    return sorted(assessment.breached, key=rank)


def how_far(result: FeatureResult) -> float:
    """Return how many times its threshold a column has reached, by what moved it furthest.

    P-values say nothing of how far; 0 if nothing else was measured.
    """
    reached = [
        abs(one.measurement.value) / one.threshold.breach
        for one in result.judgements
        if one.threshold.on != "p_value" and one.threshold.breach > 0
    ]
    if (d := result.value("ks")) is not None:
        reached.append(d / result.thresholds.ks_min_statistic)
    return float(round(max((r for r in reached if isfinite(r)), default=0.0), 4))


def _payload(assessment: Assessment, partition: date, cause: str, title: str) -> dict[str, Any]:
    breached, silent = by_weight(assessment), assessment.not_evaluated
    return {
        "schema_version": 1,
        "cause": cause,
        "monitor": assessment.monitor,
        "partition": partition.isoformat(),
        "verdict": assessment.verdict.value,
        "dataset_verdict": assessment.dataset.verdict.value,
        "drift_share": assessment.dataset.drift_share,
        "title": title,
        "baseline_id": assessment.baseline_id,
        "rows": {"baseline": assessment.n_baseline, "current": assessment.n_current},
        "columns": len(assessment.features),
        "breached_columns": len(breached),
        "breaches": [_feature_payload(f) for f in breached[:TOP_FEATURES]],
        "not_evaluated_columns": len(silent),
        "not_evaluated": [
            {"column": cut(f.feature, LONGEST_NAME), "reason": cut(f.reason, LONGEST_NAME)}
            for f in silent[:TOP_FEATURES]
        ],
    }


def _feature_payload(feature: FeatureResult) -> dict[str, Any]:
    return {
        "column": cut(feature.feature, LONGEST_NAME),
        "role": feature.role,
        "reason": cut(feature.reason, LONGEST_NAME),
        "times_its_threshold": how_far(feature),
        "adjusted_p_value": feature.adjusted_p_value,
        "measurements": {
            m.statistic: {"value": m.value, "p_value": m.p_value}
            for m in feature.measurements.values()
        },
        "thresholds": {j.threshold.statistic: j.threshold.rule for j in feature.judgements},
        "bins": [
            {
                "bin": cut(b.label, LONGEST_NAME),
                "baseline_share": b.baseline_share,
                "current_share": b.current_share,
            }
            for b in feature.top_bins
        ],
    }


def run_failed_message(
    monitor: str, partition: date, *, run_id: str, job: str, reason: str
) -> Message:
    """Return what is said of a run that failed before its day was reported."""
    title = f"{monitor} {partition}: the run failed, the day is not reported"
    said = cut(inline(reason, 300), 300)
    lines = [title, f"- {said}", f"job {job}, run {run_id}"]
    payload = {
        "schema_version": 1,
        "cause": RUN_CAUSE,
        "monitor": monitor,
        "partition": partition.isoformat(),
        "title": title,
        "run_id": run_id,
        "reason": said,
    }
    return Message(monitor, partition, RUN_CAUSE, title, "\n".join(lines), payload)


def check_message(
    monitor: str, checks: Sequence[CheckResult], *, partition: date
) -> Message | None:
    """Return the digest of the data checks that fail; None if none of severity error does.

    Those of severity warn are named beside them, and alone are no cause to tell anybody.
    """
    failed = [one for one in checks if one.state == "failed"]
    grave = [one for one in failed if one.severity == "error"]
    if not grave:
        return None
    names = ", ".join(one.name for one in grave)
    fails = "check fails" if len(grave) == 1 else "checks fail"
    title = f"{monitor} {partition}: {len(grave)} data {fails}: {names}"
    ordered = [*grave, *(one for one in failed if one.severity == "warn")]
    lines = [title]
    for one in ordered:
        mark = "" if one.severity == "error" else " (a warning)"
        lines.append(f"- {one.name}{mark}: {inline(one.reason, LONGEST_NAME)}")
    payload = {
        "schema_version": 1,
        "cause": CHECK_CAUSE,
        "monitor": monitor,
        "partition": partition.isoformat(),
        "title": title,
        "failed_checks": [
            {
                "check": one.name,
                "severity": one.severity,
                "reason": inline(one.reason, LONGEST_NAME),
                "value": one.value,
                "lowest": one.lowest,
                "highest": one.highest,
            }
            for one in ordered
        ],
    }
    return Message(
        *(monitor, partition, CHECK_CAUSE, title, "\n".join(lines), payload),
        # Another check that fails is news.
        dict.fromkeys((one.name for one in grave), 1.0),
    )


def quarantine_message(
    monitor: str, quarantined: Mapping[str, str], *, n_inputs: int, partition: date
) -> Message | None:
    """Return the digest of the files that were left out; None if none was.

    Parameters
    ----------
    monitor, partition
        What it is about.
    quarantined
        Why each could not be read, by its path.
    n_inputs
        How many files the day has, these included.
    """
    if not quarantined:
        return None
    title = f"{monitor} {partition}: {len(quarantined)} of {n_inputs} files are in quarantine"
    shown = list(quarantined.items())[:TOP_FEATURES]
    lines = [
        title,
        *(f"- {inline(path, LONGEST_NAME)}: {inline(why, LONGEST_NAME)}" for path, why in shown),
    ]
    if len(quarantined) > len(shown):
        lines.append(f"and {len(quarantined) - len(shown)} more")
    payload = {
        "schema_version": 1,
        "cause": QUARANTINE_CAUSE,
        "monitor": monitor,
        "partition": partition.isoformat(),
        "title": title,
        "files": n_inputs,
        "quarantined_files": len(quarantined),
        "quarantined": [
            {"path": inline(path, LONGEST_NAME), "reason": inline(why, LONGEST_NAME)}
            for path, why in shown
        ],
    }
    return Message(
        *(monitor, partition, QUARANTINE_CAUSE, title, "\n".join(lines), payload),
        # Another file is news.
        dict.fromkeys(quarantined, 1.0),
    )


def channels_failing_message(monitor: str, partition: date, failing: Mapping[str, str]) -> Message:
    """Return what the other channels say of those that accept nothing; name and reason of each."""
    names = ", ".join(failing)
    title = f"{monitor}: nobody is reached by {names}"
    lines = [title, *(f"- {name}: {cut(why, LONGEST_NAME)}" for name, why in failing.items())]
    payload = {
        "schema_version": 1,
        "cause": CHANNEL_CAUSE,
        "monitor": monitor,
        "partition": partition.isoformat(),
        "title": title,
        "channels": dict(failing),
    }
    return Message(
        *(monitor, partition, CHANNEL_CAUSE, title, "\n".join(lines), payload),
        dict.fromkeys(failing, 1.0),
    )


def inline(text: str, length: int = 80) -> str:
    """Return a stranger's text on one line of at most so many printable characters."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat if len(flat) <= length else f"{flat[: length - 3]}..."
