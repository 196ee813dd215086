"""The daily job of a monitor: everything of one day, in one process."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,
)

from drift_assets.monitors import Monitor

DailyJob = UnresolvedAssetJobDefinition
"""What `daily_job` returns; Dagster has no public name for it."""


def daily_job_name(monitor: Monitor) -> str:
    """Return the name of a monitor's daily job."""
    return f"{monitor.name}__daily"


def daily_job(monitor: Monitor) -> DailyJob:
    """Return the job that measures, reports and alerts one day.

    The baseline is left out: it is frozen on purpose, not every day.
    """
    baseline = dg.AssetSelection.assets(dg.AssetKey([monitor.name, "baseline"]))
    return dg.define_asset_job(
        name=daily_job_name(monitor),
        selection=dg.AssetSelection.groups(monitor.name) - baseline,
        # A process per step would import everything again, five times in a row.
        executor_def=dg.in_process_executor,
        description=f"Measures, reports and alerts one day of {monitor.name}.",
    )
