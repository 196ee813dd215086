"""The sensors of alerts: one sends what is due without a run, one tells of runs that failed."""

import os
from datetime import UTC, date, datetime

import dagster as dg

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import run_failed_message
from drift_assets.alerts.heartbeat import beat
from drift_assets.errors import DeliveryError
from drift_assets.orchestration.checks import GATE_NAME
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.delivery import deliver
from drift_assets.orchestration.jobs import DailyJob
from drift_assets.store import NewAlert

BUDGET_SECONDS = 20.0
"""Dagster gives a tick a minute; what is left waits for the next."""


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


def failure_sensor(workplace: Workplace, job: DailyJob, alerts: Alerts) -> dg.SensorDefinition:
    """Return the sensor that tells of the monitor's runs that failed before their day's report.

    A run whose only failure is the gate has reported its day, and is none of them.
    """
    monitor = workplace.monitor

    @dg.run_failure_sensor(
        name=f"{monitor.name}__failure_sensor",
        monitored_jobs=[job],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells of failed runs of {monitor.name}; a breach is not one.",
    )
    def sensor(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        steps = context.get_step_failure_events()
        if steps and all(str(event.step_key).endswith(GATE_NAME) for event in steps):
            return
        partition = run.tags.get("dagster/partition", "")
        try:
            day = date.fromisoformat(partition)
        except ValueError:
            context.log.warning("run %s has no day of %s", run.run_id, monitor.name)
            return
        began = _began(context, run.run_id)
        reported = workplace.history.evaluated_at(monitor.name).get(day)
        if reported is not None and began is not None and reported > began:
            # Another run has reported the day meanwhile, or this one before it failed.
            return
        message = run_failed_message(
            *(monitor.name, day), run_id=run.run_id, job=run.job_name, reason=_reason(context)
        )
        workplace.history.outbox.post(
            monitor.name,
            day,
            NewAlert(
                *(message.cause, message.title, message.text, message.payload),
                severity="error",
                ends="own_day",
            ),
        )
        deliver(
            monitor,
            alerts,
            workplace.history.outbox,
            context.log,
            budget_seconds=BUDGET_SECONDS,
        )

    return sensor


def _began(context: dg.RunFailureSensorContext, run_id: str) -> datetime | None:
    record = context.instance.get_run_record_by_id(run_id)
    if record is None or record.start_time is None:
        return None
    return datetime.fromtimestamp(record.start_time, tz=UTC)


def _reason(context: dg.RunFailureSensorContext) -> str:
    """Return the error that a run failed by, in its own words."""
    for event in context.get_step_failure_events():
        if not str(event.step_key).endswith(GATE_NAME):
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            if error is not None:
                return str(error.message.strip())
    return context.failure_event.message or "it failed before its first step"
