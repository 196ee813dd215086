"""What is started when data drift: functions and webhooks by an asset, Dagster jobs by a sensor.

The report decides, in the transaction of its verdicts; here it is only carried out.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import dagster as dg

from drift_assets.action_settings import Action
from drift_assets.actions import Event, event_of, events_of, longest_memory
from drift_assets.alerts.webhook import post_signed
from drift_assets.errors import ConfigurationError, DriftAssetsError
from drift_assets.orchestration.day import Day, Workplace
from drift_assets.store import ActionState, KeptAction, NewAction
from drift_assets.trends import TrendResult

ACTION_TAG: Final = "drift_assets/action"
"""Tag of a run that an action started: what tells the action from all others."""
DAY_TAG: Final = "drift_assets/action_day"
CAUSE_TAG: Final = "drift_assets/action_cause"
_TIMEOUT_SECONDS: Final = 30.0


class DriftEvent(dg.Config):
    """What drift tells the job that it starts: the config of one of the job's ops or assets.

    Attributes
    ----------
    monitor, partition, baseline_id, cause, action, reason, verdict, drift_share, columns
        As in `drift_assets.actions.Event`.
    since
        First of the days on which the condition held.
    report
        Path of the day's report as JSON.
    key
        The same whenever the same is told.
    """

    monitor: str
    partition: str
    baseline_id: str
    cause: str
    action: str
    reason: str
    verdict: str
    drift_share: float | None = None
    columns: list[str]
    since: str
    report: str
    key: str


def new_actions(
    workplace: Workplace, day: Day, trends: Sequence[TrendResult], *, now: datetime
) -> list[NewAction]:
    """Return what a day gives cause to start, if it was not started before."""
    monitor = workplace.monitor
    if not monitor.actions:
        return []
    earlier = workplace.history.day_verdicts(
        monitor.name,
        day.partition,
        baseline_id=day.assessment.baseline_id,
        days=longest_memory(monitor.actions),
    )
    events = events_of(
        monitor.actions,
        day.assessment,
        partition=day.partition,
        earlier=earlier,
        trends=trends,
        today=now.astimezone(ZoneInfo(monitor.timezone)).date(),
        report=str(workplace.report_path(day.partition, ".json")),
    )
    settings = {action.name: action for action in monitor.actions}
    return [
        NewAction(event, settings[event.action].kind, settings[event.action].cool_down_days)
        for event in events
    ]


def action_asset(
    workplace: Workplace, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Return the asset that calls functions and webhooks; it never fails because one does."""
    monitor = workplace.monitor
    names = ("report", *(("drift_trend",) if monitor.trend is not None else ()))

    @dg.asset(
        key=[monitor.name, "action"],
        deps=[dg.AssetKey([monitor.name, name]) for name in names],
        group_name=monitor.name,
        kinds={"action"},
        partitions_def=partitions,
        description=(
            "Starts what drift is to start, at most once for each baseline and cause. "
            "A Dagster job is started by the action's own sensor."
        ),
    )
    def action(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        settings = {one.name: one for one in monitor.actions}
        ended: dict[str, list[str]] = {"done": [], "failed": []}
        for one in workplace.history.claim_actions(monitor.name):
            problem, is_attempt = _carry_out(
                one, settings.get(one.action), root=workplace.place.root
            )
            state = "failed" if problem else "done"
            workplace.history.note_action(
                one, "failed" if problem else "done", detail=problem, is_attempt=is_attempt
            )
            ended[state].append(one.action)
            if problem:
                context.log.error("action %s of %s failed: %s", one.action, monitor.name, problem)
        waiting = [
            one.action
            for one in workplace.history.actions(monitor.name, open_only=True)
            if one.kind == "job" and one.state == "pending"
        ]
        return dg.MaterializeResult(
            metadata={
                "actions done": len(ended["done"]),
                "actions failed": len(ended["failed"]),
                **({"done": ", ".join(ended["done"])} if ended["done"] else {}),
                **({"failed": ", ".join(ended["failed"])} if ended["failed"] else {}),
                **({"jobs that their sensors start": ", ".join(waiting)} if waiting else {}),
            }
        )

    return action


def action_sensors(workplace: Workplace) -> list[dg.SensorDefinition]:
    """Return a sensor for each action that starts a Dagster job; all are off at first."""
    return [
        _action_sensor(workplace, action, action.job)
        for action in workplace.monitor.actions
        if action.job is not None
    ]


def _carry_out(kept: KeptAction, settings: Action | None, *, root: Path) -> tuple[str, bool]:
    """Start a webhook or a function; return what went wrong, if anything, and if it was tried."""
    if settings is None or settings.kind != kept.kind:
        return f"The monitor no longer has a {kept.kind} of that name.", False
    event = event_of(kept.payload)
    try:
        start = _starter(settings, root)
    except ConfigurationError as error:
        return str(error), False
    try:
        start(event)
    except DriftAssetsError as error:
        return str(error), True
    except Exception as error:  # noqa: BLE001  # the day's other work must not suffer
        # The text of an error that nobody foresaw may hold an address.
        said = f": {error}" if settings.kind == "call" else ""
        return f"{type(error).__name__}{said}", True
    return "", True


def _starter(settings: Action, root: Path) -> Callable[[Event], object]:
    """Return what starts a webhook or a function.

    Raises
    ------
    ConfigurationError
        If a variable is unset, or the function cannot be imported.
    """
    if settings.webhook_env is not None:
        return partial(
            _post,
            settings.name,
            _value(settings.webhook_env, settings),
            _value(settings.secret_env, settings) if settings.secret_env is not None else "",
        )
    return _function(settings.call or "", root)


def _value(variable: str, settings: Action) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigurationError(
            f"Found the environment variable {variable} unset, expected it to be set for the "
            f"action {settings.name}."
        )
    return value


def _post(name: str, url: str, secret: str, event: Event) -> None:
    post_signed(
        f"The webhook of the action {name}",
        url,
        event.to_dict() | {"event": "drift_action"},
        key=event.key,
        secret=secret,
        timeout_seconds=_TIMEOUT_SECONDS,
    )


def _function(path: str, root: Path) -> Callable[[Event], object]:
    if str(root) not in sys.path:
        # As `dagster dev` has it, where the project is not installed.
        sys.path.append(str(root))
    module, _, name = path.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"Found no function {path} ({error}), expected one that can be imported where "
            "Dagster runs."
        ) from error
    if not callable(found):
        raise ConfigurationError(f"Found {path}, which is no function, expected one.")
    function: Callable[[Event], object] = found
    return function


def _action_sensor(workplace: Workplace, action: Action, job: str) -> dg.SensorDefinition:
    monitor = workplace.monitor

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        requests = []
        kept = workplace.history.actions(monitor.name, open_only=True)
        for one in kept:
            if one.action == action.name and one.kind == "job":
                requests += _requests(context.instance, workplace, one, action, job)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("nothing to start"),
        )

    return dg.SensorDefinition(
        name=f"{monitor.name}__{action.name}__action_sensor",
        evaluation_fn=evaluate,
        job_name=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Starts the job {job} when {monitor.name} gives cause to.",
    )


def _requests(
    instance: dg.DagsterInstance,
    workplace: Workplace,
    kept: KeptAction,
    action: Action,
    job: str,
) -> list[dg.RunRequest]:
    """Return the run that an action asks for, unless there is one; note what became of it."""
    # The first start has the number 1; whoever starts it again gives it the next.
    number = kept.attempts + (kept.state == "pending")
    name = f"{kept.key}:{number}"
    records = instance.get_run_records(dg.RunsFilter(tags={ACTION_TAG: name}), limit=1)
    history = workplace.history
    if records:
        run = records[0].dagster_run
        state: ActionState = "started"
        if run.is_finished:
            state = "done" if run.is_success else "failed"
        if (kept.state, kept.run_id) != (state, run.run_id):
            history.note_action(
                kept,
                state,
                detail=f"{job}: {run.status.value.lower()}",
                run_id=run.run_id,
                is_attempt=kept.state == "pending",
            )
        return []
    if kept.state == "pending":
        # Before the request: it can no longer be withdrawn once there may be a run. A tick that
        # is killed now asks again, and Dagster starts one run for one key.
        asked = history.note_action(kept, "started", detail=f"{job}: asked for", is_attempt=True)
        if not asked:
            return []
    event = event_of(kept.payload)
    config = {"ops": {action.op: {"config": event.to_dict()}}} if action.op is not None else {}
    # Not the tags of a day's run: this is none.
    tags = {ACTION_TAG: name, DAY_TAG: event.partition, CAUSE_TAG: event.cause}
    return [dg.RunRequest(run_key=name, job_name=job, run_config=config, tags=tags)]
