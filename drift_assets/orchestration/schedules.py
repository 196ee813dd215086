"""The daily schedule of a monitor. Off until somebody switches it on."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.due import find_due, requests_for
from drift_assets.orchestration.jobs import DailyJob
from drift_assets.orchestration.sensors import explain
from drift_assets.orchestration.shown import refresh


def daily_schedule(workplace: Workplace, job: DailyJob) -> dg.ScheduleDefinition:
    """Return the schedule that runs every due day at the monitor's time of day.

    It also catches up on days that were missed, and runs again a day whose
    last run ended without a report.
    """
    monitor = workplace.monitor

    def evaluate(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.SkipReason | dg.RunRequest]:
        refresh(workplace.history, workplace.place.home)
        due = find_due(workplace, now=datetime.now(UTC))
        requests = requests_for(
            due, workplace, context.instance, job_name=job.name, retry_failed=True
        )
        yield from requests
        if not requests:
            yield dg.SkipReason(explain(due))

    return dg.ScheduleDefinition(
        name=f"{monitor.name}__daily_schedule",
        job=job,
        cron_schedule=monitor.schedule.cron,
        execution_timezone=monitor.timezone,
        execution_fn=evaluate,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Runs each day whose data have come and that has no report of them yet.",
    )
