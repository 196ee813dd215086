"""Failed runs: why one failed, and which of them nobody was told of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import dagster as dg

from drift_assets import errors
from drift_assets.alerts import RUN_CAUSE
from drift_assets.errors import DriftAssetsError
from drift_assets.orchestration.checks import GATE_NAME
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.jobs import daily_job_name

_OWN_ERRORS: Final = frozenset(
    name
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, DriftAssetsError)
)


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that failed before its day's report, and why, in words."""

    run_id: str
    job: str
    day: date
    reason: str


def untold_failures(
    workplace: Workplace, instance: dg.DagsterInstance, *, since: datetime, most: int
) -> list[FailedRun]:
    """Return the latest failed run of each day that was neither reported nor told of since.

    A run whose only failure is the gate has reported its day, and is none of them.

    Parameters
    ----------
    workplace
        Whose days.
    instance
        Knows the runs.
    since
        Runs that ended before are not looked at.
    most
        How many to return.

    Raises
    ------
    HistoryError
        If it cannot be told what was reported.
    """
    monitor = workplace.monitor
    job = daily_job_name(monitor)
    records = instance.get_run_records(
        dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    )
    latest: dict[date, dg.RunRecord] = {}
    for record in records:
        day = _day(record.dagster_run.tags.get("dagster/partition", ""))
        if day is not None:
            latest.setdefault(day, record)
    if not latest:
        return []
    reported = workplace.history.evaluated_at(monitor.name)
    told = {
        alert.partition: alert.payload.get("run_id")
        for alert in workplace.history.outbox.alerts(monitor.name)
        if alert.cause == RUN_CAUSE
    }
    found: list[FailedRun] = []
    for day, record in sorted(latest.items()):
        run_id = record.dagster_run.run_id
        # Another run has reported the day meanwhile, or this one before it failed.
        is_reported = day in reported and reported[day] > _began(record)
        if is_reported or told.get(day) == run_id:
            continue
        failures = _events(instance, run_id, dg.DagsterEventType.STEP_FAILURE)
        measured = before_the_gate(failures)
        if failures and not measured:
            continue
        ends = _events(instance, run_id, dg.DagsterEventType.RUN_FAILURE)
        words = [reason_of(measured), *(end.message for end in ends)]
        reason = next(filter(None, words), None) or "it failed before its first step"
        found.append(FailedRun(run_id, job, day, reason))
        if len(found) == most:
            break
    return found


def before_the_gate(failures: Iterable[dg.DagsterEvent]) -> list[dg.DagsterEvent]:
    """Return the failures of steps that were to measure or report."""
    return [event for event in failures if not str(event.step_key).endswith(GATE_NAME)]


def reason_of(failures: Sequence[dg.DagsterEvent]) -> str:
    """Return the error of the first step that failed, in its own words; "" if none has."""
    for event in failures:
        error = event.step_failure_data.error
        # Down to our own words, and no further: what caused them is some library's.
        while error is not None and error.cause is not None and error.cls_name not in _OWN_ERRORS:
            error = error.cause
        if error is not None:
            name, _, text = error.message.strip().partition(": ")
            said = text if text and name.rsplit(".", 1)[-1].endswith("Error") else error.message
            return str(said)
    return ""


def _events(
    instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType
) -> list[dg.DagsterEvent]:
    logs = instance.all_logs(run_id, of_type=kind)
    return [entry.dagster_event for entry in logs if entry.dagster_event is not None]


def _day(partition: str) -> date | None:
    try:
        return date.fromisoformat(partition)
    except ValueError:
        # Of no day: started by hand, of another partitioning.
        return None


def _began(record: dg.RunRecord) -> datetime:
    if record.start_time is None:
        return record.create_timestamp
    return datetime.fromtimestamp(record.start_time, tz=UTC)
