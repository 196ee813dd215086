"""The Dagster component: a monitor in ``defs.yaml`` becomes assets, checks and a job."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import BaseModel

from drift_assets.declarations import drift_home, project_root
from drift_assets.errors import DriftAssetsError
from drift_assets.monitors import Monitor
from drift_assets.orchestration.assets import (
    baseline_assets,
    day_partitions,
    monitor_assets,
    watched_columns,
)
from drift_assets.orchestration.checks import gate_check
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.jobs import daily_job
from drift_assets.orchestration.schedules import daily_schedule
from drift_assets.orchestration.sensors import arrival_sensor
from drift_assets.sources import Place


@dataclass
class DriftMonitor(dg.Component):
    """Watches one model for drift; its attributes are those of `Monitor`.

    Attributes
    ----------
    monitor
        What is watched.
    """

    monitor: Monitor

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the schema of ``attributes``, by which Dagster finds mistakes with their line."""
        return Monitor

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "DriftMonitor":
        """Return the component that a YAML file describes, its templates filled in."""
        written = attributes.model_dump(by_alias=True, exclude_unset=True) if attributes else {}
        return cls(Monitor.model_validate(context.resolution_context.resolve_value(written)))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of this monitor."""
        return build_definitions(self.monitor, root=project_root(context.path))


def build_definitions(
    monitor: Monitor, *, root: str | os.PathLike[str] | None = None
) -> dg.Definitions:
    """Return the Dagster definitions of one monitor.

    Parameters
    ----------
    monitor
        What is watched.
    root
        Where relative paths start; by default the current folder. History,
        baselines and reports go to ``DRIFT_ASSETS_HOME`` or ``<root>/drift_home``.

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
            asset_checks=[gate_check(workplace, partitions)],
            jobs=[job],
            schedules=[daily_schedule(workplace, job)],
            sensors=[arrival_sensor(workplace, job)],
        )
