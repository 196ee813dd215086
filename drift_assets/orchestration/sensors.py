"""The file sensor of a monitor: a run per day whose data arrived or changed.

It is off until somebody switches it on.
"""

import json
from datetime import UTC, datetime

import dagster as dg

from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.due import Due, find_due, requests_for
from drift_assets.orchestration.jobs import DailyJob
from drift_assets.orchestration.shown import refresh
from drift_assets.sources import shown_name


def arrival_sensor(workplace: Workplace, job: DailyJob) -> dg.SensorDefinition:
    """Return the sensor that requests a run for each day whose files arrived or changed.

    It decides by the history and the runs, so a cursor that is reset loses
    nothing; the cursor only says what the last look left waiting.
    """
    monitor = workplace.monitor

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        refresh(workplace.history, workplace.place.home)
        due = find_due(workplace, now=datetime.now(UTC))
        requests = requests_for(
            due, workplace, context.instance, job_name=job.name, retry_failed=False
        )
        waiting = [f"{shown_name(path)}: {shown_name(reason)}" for path, reason in due.unknown[:20]]
        cursor = json.dumps({"unknown": waiting, "n_unknown": len(due.unknown)})
        if cursor != context.cursor:
            for line in waiting:
                context.log.warning("not monitored: %s", line)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(explain(due)),
            cursor=cursor,
        )

    return dg.SensorDefinition(
        name=f"{monitor.name}__arrival_sensor",
        evaluation_fn=evaluate,
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Runs a day when its files arrive or change.",
    )


def explain(due: Due) -> str:
    """Return why nothing is requested, with the files that belong to no day."""
    parts = []
    if due.days:
        parts.append(f"{len(due.days)} day(s) already being run or tried with these data")
    if due.settling:
        days = ", ".join(map(str, due.settling[:5]))
        parts.append(f"still being written: {days}")
    if due.unknown:
        shown = "; ".join(
            f"{shown_name(path)}: {shown_name(reason)}" for path, reason in due.unknown[:5]
        )
        parts.append(f"{len(due.unknown)} file(s) of unknown days: {shown}")
    return ". ".join(parts) or "every day that has data is reported"
