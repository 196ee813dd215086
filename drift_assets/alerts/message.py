"""What is said: one digest per monitor and day, as text and as JSON."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.figures import show_share
from drift_assets.verdicts import Verdict

BREACH_CAUSE: Final = "breach"
SILENCE_CAUSE: Final = "not_evaluated"
TOP_FEATURES: Final = 5


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
    """

    monitor: str
    partition: date
    cause: str
    title: str
    text: str
    payload: dict[str, Any]


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
    lines = [title, *(f"- {inline(f.feature)}: {f.reason}" for f in silent[:TOP_FEATURES])]
    payload = _payload(assessment, partition, SILENCE_CAUSE, title)
    return Message(assessment.monitor, partition, SILENCE_CAUSE, title, "\n".join(lines), payload)


def breach_message(assessment: Assessment, *, partition: date) -> Message | None:
    """Return the digest of a breaching day; None if nothing breaches.

    The five columns that moved most are named, with the reason and the bins
    that moved most; of the others only the number is given.
    """
    breached = assessment.breached
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
        lines.append(f"- {inline(feature.feature)}: {feature.reason}")
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
    return Message(assessment.monitor, partition, BREACH_CAUSE, title, "\n".join(lines), payload)


def _payload(assessment: Assessment, partition: date, cause: str, title: str) -> dict[str, Any]:
    breached, silent = assessment.breached, assessment.not_evaluated
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
        "not_evaluated": [{"column": f.feature, "reason": f.reason} for f in silent[:TOP_FEATURES]],
    }


def _feature_payload(feature: FeatureResult) -> dict[str, Any]:
    return {
        "column": feature.feature,
        "role": feature.role,
        "reason": feature.reason,
        "adjusted_p_value": feature.adjusted_p_value,
        "measurements": {
            m.statistic: {"value": m.value, "p_value": m.p_value}
            for m in feature.measurements.values()
        },
        "bins": [
            {
                "bin": b.label,
                "baseline_share": b.baseline_share,
                "current_share": b.current_share,
            }
            for b in feature.top_bins
        ],
    }


def inline(text: str) -> str:
    """Return a stranger's text on one line of at most 80 printable characters."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat if len(flat) <= 80 else f"{flat[:77]}..."
