"""Runs from outside the UI: the real Dagster job, in this process, on the kept instance."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from drift_assets.assessment import Assessment
from drift_assets.atomic import write_atomically
from drift_assets.declarations import Declaration
from drift_assets.errors import ConfigurationError, DriftAssetsError, NoDataError
from drift_assets.orchestration.assets import watched_columns
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.due import FINGERPRINT_TAG, MONITOR_TAG
from drift_assets.orchestration.failures import before_the_gate, reason_of
from drift_assets.orchestration.interrupts import keep_mirrors_quiet
from drift_assets.orchestration.jobs import daily_job_name
from drift_assets.orchestration.quarantine import N_UNDATED
from drift_assets.sources import current_files, fingerprint, require_rows


class Ending(StrEnum):
    """How a run of a day ended."""

    COMPLETED = "completed"
    COMPLETED_WITH_DRIFT = "completed with drift"
    NO_DATA = "without data"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One day's run.

    Attributes
    ----------
    partition
        The day.
    ending
        A run whose only failure is the gate has completed, with drift. Of a day without data
        there is no run.
    assessment
        What it found; None if it failed before, or had nothing to look at.
    error
        Why there is none, in words; empty if there is one.
    n_undated
        Rows without a date that were found with the day's: they belong to no day.
    """

    partition: date
    ending: Ending
    assessment: Assessment | None
    error: str = ""
    n_undated: int = 0

    @property
    def has_no_data(self) -> bool:
        """Whether there was nothing to run: no failure, and no pass."""
        return self.ending is Ending.NO_DATA


def open_instance(home: Path) -> dg.DagsterInstance:
    """Return the persistent Dagster instance.

    ``DAGSTER_HOME`` says which; by default it is one in the drift home, with
    its storage where ``dagster dev`` in a checkout keeps it, so that both
    share one history. The settings are written there on first use.
    """
    if not os.environ.get("DAGSTER_HOME"):
        settings = home / "dagster.yaml"
        if not settings.exists():
            write_atomically(settings, yaml.safe_dump(_settings(home), sort_keys=False).encode())
        os.environ["DAGSTER_HOME"] = str(home)
    try:
        instance = dg.DagsterInstance.get()
    except dg.DagsterError as error:
        raise ConfigurationError(
            f"Found no usable Dagster instance at DAGSTER_HOME={os.environ['DAGSTER_HOME']!r}: "
            f"{error} Expected a folder that exists, or the variable unset."
        ) from error
    keep_mirrors_quiet(instance)
    return instance


def _settings(home: Path) -> dict[str, Any]:
    storage = str((home / "storage").resolve())
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "storage": {
            "custom": {
                "module": "drift_assets.orchestration.event_log",
                "class": "PooledSqliteStorage",
                "config": {"base_dir": storage},
            }
        },
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": storage},
        },
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": f"{storage}/compute_logs"},
        },
        "concurrency": {"runs": {"max_concurrent_runs": 2}},
        "run_retries": {"enabled": False, "retry_on_asset_or_op_failure": False},
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 600,
            "max_runtime_seconds": 7200,
        },
    }


class Runner:
    """Runs days of one monitor by its daily Dagster job."""

    def __init__(self, declaration: Declaration, instance: dg.DagsterInstance) -> None:
        """Load the monitor's definitions once, for many days.

        Raises
        ------
        DataError
            If ``features: auto`` needs baseline data that cannot be read.
        """
        self._workplace = workplace_of(declaration)
        self._instance = instance
        watched_columns(self._workplace)
        # The jobs that actions start are not known here.
        definitions = build_definitions(
            declaration.monitor, root=declaration.root, starts_jobs=False
        )
        self._job = definitions.resolve_job_def(daily_job_name(declaration.monitor))

    def run(self, partition: date) -> Outcome:
        """Run one day and return how it ended; nothing is raised for a day that fails.

        KeyboardInterrupt, if somebody stops it.

        Parameters
        ----------
        partition
            A day that exists for the monitor.
        """
        monitor = self._workplace.monitor
        tags = {MONITOR_TAG: monitor.name}
        try:
            files = current_files(monitor, self._workplace.place, partition)
            require_rows(monitor, self._workplace.place, partition, files)
            tags[FINGERPRINT_TAG] = fingerprint(monitor, self._workplace.place, partition, files)
        except NoDataError as error:
            return Outcome(partition, Ending.NO_DATA, None, str(error))
        except DriftAssetsError as error:
            return Outcome(partition, Ending.FAILED, None, str(error))
        result = self._job.execute_in_process(
            instance=self._instance,
            partition_key=partition.isoformat(),
            tags=tags,
            raise_on_error=False,
            run_config=_QUIET,
        )
        if any(map(_is_interruption, result.all_events)):
            # Dagster takes a person's Ctrl-C for a failed run, and the next day would begin.
            raise KeyboardInterrupt
        n_undated = _n_undated(result.all_events)
        failures = [event for event in result.all_events if event.is_step_failure]
        measured = before_the_gate(failures)
        if not result.success and (measured or not failures):
            reason = reason_of(measured) or (
                "the run failed before its first step; see the run in the Dagster UI"
            )
            return Outcome(partition, Ending.FAILED, None, reason, n_undated)
        assessment = self._workplace.kept(partition, run_id=result.run_id).assessment
        drifted = Ending.COMPLETED_WITH_DRIFT if assessment.breached else Ending.COMPLETED
        return Outcome(partition, drifted, assessment, n_undated=n_undated)


_QUIET: Mapping[str, Any] = {
    "loggers": {"console": {"config": {"log_level": "CRITICAL", "name": "drift_assets"}}}
}


def _n_undated(events: Sequence[dg.DagsterEvent]) -> int:
    """Return how many rows without a date the step of the day's data found."""
    for event in events:
        if event.is_step_materialization:
            found = event.step_materialization_data.materialization.metadata.get(N_UNDATED)
            if found is not None:
                return int(str(found.value))
    return 0


def _is_interruption(event: dg.DagsterEvent) -> bool:
    error = getattr(event.event_specific_data, "error", None)
    while error is not None:
        if error.cls_name in {"DagsterExecutionInterruptedError", "KeyboardInterrupt"}:
            return True
        error = error.cause
    return False
