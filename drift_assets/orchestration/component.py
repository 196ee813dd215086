"""The Dagster component: a monitor in ``defs.yaml`` becomes assets, checks and a job."""

import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import dagster as dg
from pydantic import (
    BaseModel,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from drift_assets.alert_settings import Alerts
from drift_assets.declarations import FILE_NAME, drift_home, project_root, read_declarations
from drift_assets.errors import ConfigurationError, DriftAssetsError
from drift_assets.monitors import Monitor
from drift_assets.orchestration.actions import action_sensors
from drift_assets.orchestration.alert_sensors import alert_sensor, failure_sensor
from drift_assets.orchestration.assets import (
    baseline_assets,
    day_partitions,
    monitor_assets,
    watched_columns,
)
from drift_assets.orchestration.baseline_job import baseline_job
from drift_assets.orchestration.checks import data_checks_of, gate_check
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.deadline import deadline_sensor
from drift_assets.orchestration.delivery import alerts_of
from drift_assets.orchestration.jobs import daily_job
from drift_assets.orchestration.names import asset_name
from drift_assets.orchestration.schedules import daily_schedule
from drift_assets.orchestration.sensors import arrival_sensor
from drift_assets.sources import Place

_TEMPLATE_MARKS: Final = ("{{", "{%", "{#")
"""How Jinja's expressions, statements and comments begin."""


class _Written(Monitor):
    """A monitor as YAML has it; mistakes in it are kept for its own definitions to tell.

    Raised here, they would keep every other monitor of the code location from loading.
    """

    _written: Any = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _with_mistakes(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401  # whatever YAML has
        try:
            found = handler(value)
        except ValidationError:
            found = cls.model_construct()  # type: ignore[call-arg,assignment]  # empty on purpose
        found._written = value  # noqa: SLF001  # its own
        return found


@dataclass
class DriftMonitor(dg.Component):
    """Watches one model for drift; its attributes are those of `Monitor`.

    Attributes
    ----------
    monitor
        What is watched; None if there are mistakes in the YAML.
    name, problem
        What it is called, and what the mistakes are.
    """

    monitor: Monitor | None
    name: str = ""
    problem: str = ""

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the schema of ``attributes``, by which Dagster's tools find mistakes."""
        return _Written

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "DriftMonitor":
        """Return the component that a YAML file describes, its templates filled in."""
        written = attributes._written if isinstance(attributes, _Written) else {}  # noqa: SLF001  # ours
        name = written.get("name") if isinstance(written, dict) else None
        try:
            filled_in = _filled_in(written, context.resolution_context)
            monitor = Monitor.model_validate(filled_in)
        except Exception as error:  # noqa: BLE001  # a template raises anything, and it is this monitor's alone
            called = name if isinstance(name, str) else context.path.name
            return cls(None, called, _mistakes(context.path, error))
        return cls(monitor, monitor.name)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of this monitor; if it has mistakes, an asset that tells them."""
        if self.monitor is None:
            return not_loaded(self.name, self.problem)
        try:
            return build_definitions(self.monitor, root=project_root(context.path))
        except DriftAssetsError as error:
            return not_loaded(self.name, str(error))


def _filled_in(value: Any, context: dg.ResolutionContext) -> Any:  # noqa: ANN401  # whatever YAML has
    """Return a value of YAML with its templates filled in; other text stays as it is.

    Dagster would compile each text as a template, and read what comes out as Python: a column
    ``"2024"`` would be a number, and ``"None"`` nothing.
    """
    if isinstance(value, dict):
        return {key: _filled_in(item, context.at_path(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item, context.at_path(i)) for i, item in enumerate(value)]
    is_template = isinstance(value, str) and any(mark in value for mark in _TEMPLATE_MARKS)
    return context.resolve_value(value) if is_template else value


def _mistakes(path: Path, error: Exception) -> str:
    """Return the mistakes in the YAML of a folder, with their lines."""
    try:
        read_declarations([path / FILE_NAME if path.is_dir() else path])
    except ConfigurationError as found:
        return str(found)
    return str(error)


def not_loaded_key(name: str) -> dg.AssetKey:
    """Return the asset that stands for a monitor that cannot be loaded."""
    return dg.AssetKey([asset_name(name), "not_loaded"])


def not_loaded(name: str, problem: str) -> dg.Definitions:
    """Return what stands for a monitor that cannot be loaded: an asset of its name that fails."""
    called = asset_name(name)
    logging.getLogger("drift_assets").error("monitor %s is not loaded: %s", name, problem)

    @dg.asset(
        key=not_loaded_key(name),
        group_name=called,
        kinds={"dataset"},
        description=f"**This monitor is not loaded, and watches nothing.** {problem}",
    )
    def refuse() -> None:
        raise ConfigurationError(problem)

    return dg.Definitions(assets=[refuse])


def build_definitions(
    monitor: Monitor,
    *,
    root: str | os.PathLike[str] | None = None,
    starts_jobs: bool = True,
) -> dg.Definitions:
    """Return the Dagster definitions of one monitor.

    Parameters
    ----------
    monitor
        What is watched.
    root
        Where relative paths start; by default the current folder. History,
        baselines and reports go to ``DRIFT_ASSETS_HOME`` or ``<root>/drift_home``.
    starts_jobs
        Whether to include the sensors of the monitor's actions, which must stand in one
        code location with the jobs that they start.

    Returns
    -------
    dagster.Definitions
        Assets in one group, one check per column and the gate, a daily job, and
        a schedule and a sensor that are both off. If ``features: auto`` needs a
        baseline that cannot be read, only the assets of the data, whose descriptions
        say so: other monitors of the code location must not go down with it.
    """
    start = Path(root).resolve() if root is not None else Path.cwd()
    workplace = Workplace(monitor, Place(root=start, home=drift_home(start)))
    partitions = day_partitions(monitor)
    job = daily_job(monitor)
    alerts = alerts_of(workplace)
    with warnings.catch_warnings():
        # Checks with partitions are a preview in Dagster 1.13; without them, a back-fill would
        # overwrite one day's result by another's. The tests hold the version's behaviour.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        try:
            columns = watched_columns(workplace)
        except DriftAssetsError as error:
            return dg.Definitions(assets=baseline_assets(workplace, problem=str(error)))
        return dg.Definitions(
            assets=monitor_assets(workplace, columns),
            asset_checks=[
                gate_check(workplace, partitions),
                *data_checks_of(workplace, partitions),
            ],
            jobs=[job, baseline_job(workplace)],
            schedules=[daily_schedule(workplace, job)],
            sensors=[
                arrival_sensor(workplace, job),
                alert_sensor(workplace, alerts),
                failure_sensor(workplace, alerts),
                *_deadline_sensors(workplace, alerts),
                *(action_sensors(workplace) if starts_jobs else ()),
            ],
        )


def _deadline_sensors(workplace: Workplace, alerts: Alerts) -> list[dg.SensorDefinition]:
    deadline = workplace.monitor.deadline
    return [] if deadline is None else [deadline_sensor(workplace, deadline, alerts)]
