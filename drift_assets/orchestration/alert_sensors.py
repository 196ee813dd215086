"""The sensors of alerts: one sends what is due without a run, one tells of runs that failed."""

import os
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import run_failed_message
from drift_assets.alerts.heartbeat import beat
from drift_assets.errors import DeliveryError
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.delivery import deliver
from drift_assets.orchestration.failures import untold_failures
from drift_assets.orchestration.shown import refresh
from drift_assets.store import NewAlert

BUDGET_SECONDS: Final = 20.0
"""Dagster gives a tick a minute; what is left waits for the next."""
FIRST_LOOK: Final = timedelta(days=7)
"""How far back failed runs are looked for where nobody has looked before."""
OVERLAP: Final = timedelta(hours=1)
"""Clocks of machines differ, and a run that ended may show late."""
MOST_RUNS: Final = 50
"""Told of in one tick."""


def alert_sensor(workplace: Workplace, alerts: Alerts) -> dg.SensorDefinition:
    """Return the sensor that retries what a channel did not take, and beats the heart.

    It starts no run and is on from the beginning: it only finishes what runs began.
    """
    monitor = workplace.monitor

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        delivered = deliver(
            monitor,
            alerts,
            workplace.history.outbox,
            context.log,
            budget_seconds=BUDGET_SECONDS,
        )
        address = os.environ.get(alerts.heartbeat_env or "", "").strip()
        if address:
            try:
                beat(address)
            except DeliveryError as error:
                context.log.warning("%s", error)
        refresh(workplace.history, workplace.place.home)
        return dg.SkipReason(
            f"{delivered.sent} sent, {len(delivered.failures)} failed"
            if delivered.sent or delivered.failures
            else "nothing is due"
        )

    return dg.SensorDefinition(
        name=f"{monitor.name}__alert_sensor",
        evaluation_fn=evaluate,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends alerts that are due, such as those a channel did not take. "
        "It starts no run.",
    )


def failure_sensor(workplace: Workplace, alerts: Alerts) -> dg.SensorDefinition:
    """Return the sensor that tells of the monitor's runs that failed before their day's report.

    It looks back at each tick. Dagster's own sensor of failed runs hands each over once, and a
    run would never be told of whose turn came while the history did not answer.
    """
    monitor = workplace.monitor

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = datetime.now(UTC)
        failed = untold_failures(
            workplace, context.instance, since=_since(context.cursor, now), most=MOST_RUNS
        )
        for run in failed:
            message = run_failed_message(
                *(monitor.name, run.day), run_id=run.run_id, job=run.job, reason=run.reason
            )
            workplace.history.outbox.post(
                monitor.name,
                run.day,
                NewAlert(
                    *(message.cause, message.title, message.text, message.payload),
                    severity="error",
                    ends="own_day",
                ),
            )
        if len(failed) < MOST_RUNS:
            # Kept only if nothing was raised: what could not be looked at is looked at again.
            context.update_cursor(now.isoformat())
        if not failed:
            return dg.SkipReason("no run failed that nobody was told of")
        deliver(
            monitor,
            alerts,
            workplace.history.outbox,
            context.log,
            budget_seconds=BUDGET_SECONDS,
        )
        return dg.SkipReason(f"failed: {', '.join(str(run.day) for run in failed)}")

    return dg.SensorDefinition(
        name=f"{monitor.name}__failure_sensor",
        evaluation_fn=evaluate,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells of failed runs of {monitor.name}; a breach is not one. "
        "It starts no run.",
    )


def _since(cursor: str | None, now: datetime) -> datetime:
    """Return from when on to look: a bit before the last look that succeeded."""
    try:
        return datetime.fromisoformat(cursor or "") - OVERLAP
    except ValueError:
        # The first look, or the cursor of another version.
        return now - FIRST_LOOK
