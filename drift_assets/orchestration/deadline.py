"""The deadline: a day whose data have not come by then is an alarm, for no run says it.

The sensor starts no run. It reports the check ``data_arrived`` on ``<monitor>/current`` and
posts an alert, once for each day; and takes both back when the data of that day come, or a
report of it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import dagster as dg

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import MISSING_CAUSE
from drift_assets.data_checks import CheckResult
from drift_assets.errors import DataError, DriftAssetsError, NoDataError
from drift_assets.monitors import Deadline, partition_days, store_of
from drift_assets.orchestration.checks import check_metadata
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.delivery import deliver
from drift_assets.orchestration.shown import refresh
from drift_assets.sources import current_files
from drift_assets.store import NewAlert

CHECK_NAME: Final = "data_arrived"
LOOK_BACK: Final = 7
"""Days before the present one that are looked at: a sensor that was off for longer is silent of
what lies before."""
BUDGET_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Overdue:
    """What a look at the deadline found.

    Attributes
    ----------
    missing
        Deadline by day, of the days past it of which there are no data, oldest first.
    come
        Days that were missing and of which there are data by now.
    """

    missing: dict[date, datetime]
    come: tuple[date, ...]


def find_overdue(workplace: Workplace, deadline: Deadline, *, now: datetime) -> Overdue:
    """Return the days past their deadline without data, and those that have come since.

    Raises
    ------
    DataError
        If a store or database does not answer, or a folder may not be listed and there is
        nothing else to tell.
    """
    monitor = workplace.monitor
    today = now.astimezone(ZoneInfo(monitor.partitions.timezone)).date()
    first, last = partition_days(monitor, now=now)
    start = max(first, today - timedelta(days=LOOK_BACK + deadline.days_later))
    reported = workplace.history.reported(monitor.name)
    failed = workplace.history.failed_days(monitor.name, CHECK_NAME, first=start)
    missing: dict[date, datetime] = {}
    come = []
    problems = []
    for number in range((min(last, today) - start).days + 1):
        day = start + timedelta(days=number)
        due = deadline.instant(day, monitor.partitions.timezone)
        if due is None or (due > now and day not in failed):
            continue
        try:
            arrived = day in reported or _has_data(workplace, day)
        except DataError as error:
            source = monitor.current
            if source.database is not None or store_of(source.path) is not None:
                # It would not answer for the other days either.
                raise
            # Of this day it cannot be told; others must not be kept silent by it.
            problems.append(error)
            continue
        if not arrived:
            missing[day] = due
        elif day in failed:
            come.append(day)
    if problems and not missing and not come:
        raise problems[0]
    return Overdue(missing, tuple(come))


def raise_alarms(
    workplace: Workplace, deadline: Deadline, *, now: datetime
) -> list[dg.AssetCheckEvaluation]:
    """Note and tell which days are newly missing or have come, and return their checks.

    A day is told once, however often this is asked.

    Raises
    ------
    DataError
        If a store or database does not answer.
    """
    history, name = workplace.history, workplace.monitor.name
    found = find_overdue(workplace, deadline, now=now)
    start = min([*found.missing, *found.come], default=now.date())
    known = history.failed_days(name, CHECK_NAME, first=start)
    evaluations = []
    for day, due in found.missing.items():
        if day in known:
            continue
        zone = workplace.monitor.partitions.timezone
        reason = f"no data of {day} have come by {due:%Y-%m-%d %H:%M} ({zone}), expected some"
        result = CheckResult(CHECK_NAME, "error", "failed", reason)
        since = day
        while since - timedelta(days=1) in found.missing:
            since -= timedelta(days=1)
        history.record_checks(
            name, day, [result], checked_at=now, alerts=[_alert(name, day, due, reason, since)]
        )
        evaluations.append(_evaluation(name, day, result))
    for day in found.come:
        result = CheckResult(CHECK_NAME, "warn", "passed", "the data have come, late")
        history.record_checks(name, day, [result], checked_at=now)
        history.outbox.end(name, MISSING_CAUSE, partition=day, now=now)
        evaluations.append(_evaluation(name, day, result))
    return evaluations


def deadline_sensor(
    workplace: Workplace, deadline: Deadline, alerts: Alerts
) -> dg.SensorDefinition:
    """Return the sensor that tells of data which have not come. It starts no run.

    It is on from the beginning: whoever sets a deadline wants to hear of it.
    """
    monitor = workplace.monitor

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            evaluations = raise_alarms(workplace, deadline, now=datetime.now(UTC))
        except DriftAssetsError as error:
            # Whether they have come cannot be told; the next look asks again.
            return dg.SensorResult(skip_reason=dg.SkipReason(str(error)))
        if evaluations:
            deliver(
                monitor,
                alerts,
                workplace.history.outbox,
                context.log,
                budget_seconds=BUDGET_SECONDS,
            )
            refresh(workplace.history, workplace.place.home)
        late = [str(one.partition) for one in evaluations if not one.passed]
        said = f"no data of {', '.join(late)}" if late else "nothing new is overdue"
        return dg.SensorResult(asset_events=evaluations, skip_reason=dg.SkipReason(said))

    return dg.SensorDefinition(
        name=f"{monitor.name}__deadline_sensor",
        evaluation_fn=evaluate,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of days whose data have not come by the deadline. It starts no run.",
    )


def _has_data(workplace: Workplace, day: date) -> bool:
    try:
        return bool(current_files(workplace.monitor, workplace.place, day))
    except NoDataError:
        return False


def _alert(monitor: str, day: date, due: datetime, reason: str, since: date) -> NewAlert:
    """Return what is told of a missing day; ``since`` is the first of those up to it in a row."""
    title = f"{monitor} {day}: the data have not come"
    return NewAlert(
        MISSING_CAUSE,
        title,
        f"{title}\n- {reason}",
        {
            "schema_version": 1,
            "cause": MISSING_CAUSE,
            "monitor": monitor,
            "partition": day.isoformat(),
            "title": title,
            "deadline": due.isoformat(),
        },
        severity="error",
        # A gap of its own is news, though an older one is still open.
        sizes={since.isoformat(): 1.0},
        ends="own_day",
    )


def _evaluation(monitor: str, day: date, result: CheckResult) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        dg.AssetKey([monitor, "current"]),
        CHECK_NAME,
        passed=result.state == "passed",
        severity=(
            dg.AssetCheckSeverity.ERROR if result.state == "failed" else dg.AssetCheckSeverity.WARN
        ),
        description=f"{result.state}: {result.reason}",
        metadata=check_metadata(result),
        partition=day.isoformat(),
    )
