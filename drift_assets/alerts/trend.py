"""What is said of gradual drift: one digest when columns begin to creep."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from drift_assets.alerts.message import LONGEST_NAME, TOP_FEATURES, Message, inline
from drift_assets.alerts.outgoing import cut
from drift_assets.trends import TrendResult, by_feature, leading, verdict_of
from drift_assets.verdicts import Verdict

TREND_CAUSE: Final = "trend"
QUIET_DAYS: Final = 30
"""Days for which a column that was told of is not told of again: a trend lasts."""


def trend_message(
    monitor: str,
    results: Sequence[TrendResult],
    *,
    partition: date,
    known: Collection[str],
    baseline_id: str,
) -> Message | None:
    """Return the digest of the columns whose trend breaches; None if none does for the first time.

    Parameters
    ----------
    monitor, partition, baseline_id
        What it is about.
    results
        Of all columns.
    known
        Columns whose trend breached within the last `QUIET_DAYS` days.
    """
    breached = {
        feature: leading(of_it)
        for feature, of_it in by_feature(results).items()
        if verdict_of(of_it) is Verdict.BREACH
    }
    new = [feature for feature in breached if feature not in known]
    if not new:
        return None
    names = ", ".join(inline(feature) for feature in new[:TOP_FEATURES])
    more = len(new) - TOP_FEATURES
    title = (
        f"{monitor} {partition}: {len(new)} of {len(by_feature(results))} columns creep towards "
        f"a threshold: {names}{f' and {more} more' if more > 0 else ''}"
    )
    lines = [title, *(f"- {inline(f)}: {breached[f].reason}" for f in new[:TOP_FEATURES])]
    older = len(breached) - len(new)
    if older:
        lines.append(f"{older} more creep and were told of before")
    payload = {
        "schema_version": 1,
        "cause": TREND_CAUSE,
        "monitor": monitor,
        "partition": partition.isoformat(),
        "verdict": Verdict.BREACH.value,
        "title": title,
        "baseline_id": baseline_id,
        "columns": len(by_feature(results)),
        "creeping_columns": len(breached),
        "creeping": [_payload(breached[feature]) for feature in new[:TOP_FEATURES]],
    }
    return Message(
        *(monitor, partition, TREND_CAUSE, title, "\n".join(lines), payload),
        # What was told of before is no news, whoever told it.
        dict.fromkeys(new, 1.0),
    )


def still_creeps(results: Sequence[TrendResult]) -> bool:
    """Return whether any column's trend breaches, be it told of or not."""
    return any(verdict_of(of_it) is Verdict.BREACH for of_it in by_feature(results).values())


def _payload(result: TrendResult) -> dict[str, object]:
    return {
        "column": cut(result.feature, LONGEST_NAME),
        "role": result.role,
        "statistic": result.statistic,
        "reason": result.reason,
        "slope_per_day": result.slope,
        "level": result.level,
        "threshold": result.threshold,
        "reached_on": _day(result.reached_on),
        "reached_earliest": _day(result.reached_earliest),
        "reached_latest": _day(result.reached_latest),
        "adjusted_p_value": result.adjusted_p_value,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
