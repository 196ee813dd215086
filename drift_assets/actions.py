"""Which actions a day starts, and what they are told: no input, no output, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from drift_assets.action_settings import Action, When
from drift_assets.assessment import Assessment
from drift_assets.trends import TrendResult
from drift_assets.verdicts import Persistence, Verdict


@dataclass(frozen=True, slots=True)
class DayVerdict:
    """What was said of a whole day.

    Attributes
    ----------
    partition
        The day.
    verdict
        The gravest of its columns.
    drift_share
        Share of the evaluated features that breach, by importance; None if unknown.
    """

    partition: date
    verdict: Verdict
    drift_share: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """What an action is told; plain JSON types.

    Attributes
    ----------
    monitor, partition, baseline_id, cause
        What happened, where: ``cause`` is ``drift`` or ``trend``.
    action
        Name of the action.
    reason
        Why it is started, in words.
    verdict
        Of the day.
    drift_share
        As in `DayVerdict`.
    columns
        True names of the columns that breach, or that creep.
    since
        First of the days on which the condition held.
    report
        Path of the day's report as JSON.
    """

    monitor: str
    partition: str
    baseline_id: str
    cause: str
    action: str
    reason: str
    verdict: str
    drift_share: float | None
    columns: tuple[str, ...]
    since: str
    report: str

    @property
    def key(self) -> str:
        """What is the same whenever the same is told."""
        return f"{self.monitor}:{self.action}:{self.baseline_id[:16]}:{self.cause}"

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain JSON types."""
        return asdict(self) | {"columns": list(self.columns), "key": self.key}


def events_of(
    actions: Sequence[Action],
    assessment: Assessment,
    *,
    partition: date,
    earlier: Sequence[DayVerdict],
    trends: Sequence[TrendResult] = (),
    today: date,
    report: str = "",
) -> list[Event]:
    """Return what a day gives cause to start, in the order of ``actions``.

    Whether it was started before is for the history to say.

    Parameters
    ----------
    actions
        What the monitor asks for.
    assessment
        Of the day.
    partition
        The day.
    earlier
        The days evaluated before it against the same baseline, the latest first.
    trends
        What the days up to this one say together.
    today
        The calendar's day, in the monitor's time zone.
    report
        Path of the day's report.
    """
    now = DayVerdict(partition, assessment.verdict, assessment.dataset.drift_share)
    found = []
    for action in actions:
        if action.latest_days is not None and (today - partition).days > action.latest_days:
            continue
        if action.when.cause == "trend":
            columns = _creeping(trends)
            since = partition
            reason = f"towards a threshold creep: {_count(len(columns), 'column')}" * bool(columns)
        else:
            columns = tuple(result.feature for result in assessment.breached)
            since, reason = _lasting(action.when, [now, *earlier])
        if not reason:
            continue
        found.append(
            Event(
                monitor=assessment.monitor,
                partition=partition.isoformat(),
                baseline_id=assessment.baseline_id,
                cause=action.when.cause,
                action=action.name,
                reason=reason,
                verdict=assessment.verdict.value,
                drift_share=now.drift_share,
                columns=columns,
                since=since.isoformat(),
                report=report,
            )
        )
    return found


def longest_memory(actions: Sequence[Action]) -> int:
    """Return how many days before a day its actions look back to."""
    return max((action.when.persistence.of - 1 for action in actions), default=0)


def _creeping(trends: Sequence[TrendResult]) -> tuple[str, ...]:
    breached = (one.feature for one in trends if one.verdict is Verdict.BREACH)
    return tuple(dict.fromkeys(breached))


def _lasting(when: When, days: Sequence[DayVerdict]) -> tuple[date, str]:
    """Return the first of the days that count and the reason; no reason if too few count."""
    wanted: Persistence = when.persistence
    evaluated = [day for day in days if day.verdict is not Verdict.NOT_EVALUATED][: wanted.of]
    counted = [day for day in evaluated if _holds(when, day)]
    today = days[0]
    if today not in counted or len(counted) < wanted.breaches:
        return today.partition, ""
    share = "" if not today.drift_share else f", {today.drift_share:.1%} of the features drift"
    reason = (
        f"{today.verdict.value} on {len(counted)} of the last {_count(wanted.of, 'day')}{share}"
    )
    return counted[-1].partition, reason


def _holds(when: When, day: DayVerdict) -> bool:
    verdicts = (Verdict.BREACH,) if when.verdict == "breach" else (Verdict.BREACH, Verdict.WARN)
    return day.verdict in verdicts and (day.drift_share or 0.0) >= when.drift_share


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def event_of(parts: Mapping[str, Any]) -> Event:
    """Return the event that `Event.to_dict` has written."""
    kept = {name: parts[name] for name in Event.__dataclass_fields__}
    return Event(**kept | {"columns": tuple(parts["columns"])})
