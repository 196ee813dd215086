"""Schedule, sensor and gate under a real dagster-daemon, with real files that arrive."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.scheduler.instigation import TickStatus

import drift_assets
from drift_assets.orchestration.runs import open_instance
from drift_assets.store import History
from drift_assets_tests.end_to_end.project import Project, make_project, rows

pytestmark = pytest.mark.slow

PATIENCE = 240.0
FIRST, SECOND, THIRD = date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4)
DONE = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
BIN = Path(sys.executable).parent


@contextmanager
def daemon(project: Project) -> Iterator[subprocess.Popen[bytes]]:
    """Run the Dagster daemon on a project until the block ends."""
    with (project.root / "daemon.log").open("w") as log:
        process = subprocess.Popen(
            [BIN / "dagster-daemon", "run", "-w", "workspace.yaml"],
            cwd=project.root,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


def dagster(project: Project, *arguments: str) -> None:
    subprocess.run(
        [BIN / "dagster", *arguments, "-w", "workspace.yaml"],
        cwd=project.root,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )


def set_schedule(project: Project, at: str) -> None:
    document = json.loads(project.yaml.read_text(encoding="utf-8"))
    document["attributes"]["schedule"] = {"at": at}
    project.yaml.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def wait_for(what: str, found: Callable[[], bool], project: Project) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found():
            return
        time.sleep(2)
    log = (project.root / "daemon.log").read_text(encoding="utf-8")[-4000:]
    pytest.fail(f"waited {PATIENCE:.0f} s in vain for {what}\n{log}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    found = make_project(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("DRIFT_ASSETS_HOME", str(found.home))
    monkeypatch.setenv("PYTHONPATH", str(Path(drift_assets.__file__).parent.parent))
    return found


def test_sensor_and_schedule_run_each_day_once(project: Project) -> None:
    with open_instance(project.home) as instance:
        os.environ["DAGSTER_HOME"] = str(project.home)

        def days() -> list[str]:
            return sorted(r.tags["dagster/partition"] for r in instance.get_runs())

        def settled(expected: list[str]) -> Callable[[], bool]:
            return lambda: (
                days() == expected and all(run.status in DONE for run in instance.get_runs())
            )

        project.drop(FIRST, rows(1))
        project.drop(SECOND, rows(2, shift=1.0))
        project.drop("2099-01-01", rows(3))
        project.drop("not-a-day", rows(3))
        with daemon(project):
            dagster(project, "sensor", "start", "churn__arrival_sensor")
            wait_for("two runs", settled(["2026-01-02", "2026-01-03"]), project)
            statuses = {r.tags["dagster/partition"]: r.status for r in instance.get_runs()}
            assert statuses["2026-01-02"] is dg.DagsterRunStatus.SUCCESS
            # The gate of the breaching day.
            assert statuses["2026-01-03"] is dg.DagsterRunStatus.FAILURE
            history = History(project.home / "history.duckdb")
            assert set(history.reported("churn")) == {FIRST, SECOND}

            # A re-delivered file: exactly one more run of that day.
            project.drop(FIRST, rows(11), age=10)
            again = ["2026-01-02", "2026-01-02", "2026-01-03"]
            wait_for("the re-run", settled(again), project)

            dagster(project, "sensor", "stop", "churn__arrival_sensor")

        # What the sensor did, the schedule does not repeat; what came since, it runs.
        project.drop(THIRD, rows(4))
        soon = datetime.now(UTC) + timedelta(minutes=2)
        set_schedule(project, soon.strftime("%H:%M"))
        with daemon(project):
            dagster(project, "schedule", "start", "churn__daily_schedule")
            wait_for("the schedule's run", settled([*again, "2026-01-04"]), project)

            # And what the schedule did, the sensor does not repeat.
            dagster(project, "sensor", "start", "churn__arrival_sensor")
            ticks = _sensor_ticks(instance)
            wait_for("another look", lambda: _sensor_ticks(instance) > ticks + 1, project)
            assert days() == [*again, "2026-01-04"]
            reasons = _last_skip_reason(instance)
            assert "2099-01-01" in reasons
            assert "not-a-day" in reasons


def allow_runs(project: Project, number: int) -> None:
    """Have the daemon run so many days at the same time; with 0 they wait in the queue."""
    settings = project.home / "dagster.yaml"
    document = yaml.safe_load(settings.read_text(encoding="utf-8"))
    document["concurrency"]["runs"]["max_concurrent_runs"] = number
    settings.write_text(yaml.safe_dump(document), encoding="utf-8")


def kill_when(found: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Kill the daemon and all that it started, at the first instant at which something is so."""
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_daemon_killed_in_mid_tick_runs_each_day_once_when_it_is_back(project: Project) -> None:
    expected = [date(2026, 1, day) for day in range(2, 7)]
    for day in expected:
        project.drop(day, rows(day.day))
    with open_instance(project.home) as instance:
        os.environ["DAGSTER_HOME"] = str(project.home)

        def under_way() -> bool:
            ticks = instance.get_ticks(*_sensor_state(instance), limit=1)
            return any(tick.status is TickStatus.STARTED for tick in ticks)

        # No run begins in between, so that what is killed is the tick alone.
        allow_runs(project, 0)
        dagster(project, "sensor", "start", "churn__arrival_sensor")
        with daemon(project) as process:
            kill_when(under_way, process)
            # It was looking at the files.
            assert instance.get_runs_count() == 0
        with daemon(project) as process:
            kill_when(lambda: instance.get_runs_count() > 0, process)
            # It was asking for runs.
            assert under_way()
            requested = {run.run_id for run in instance.get_runs()}
            assert 0 < len(requested) < len(expected)

        allow_runs(project, 2)

        def settled() -> bool:
            found = instance.get_runs()
            return len(found) >= len(expected) and all(run.status in DONE for run in found)

        with daemon(project):
            wait_for("the runs of all days", settled, project)
            ticks = _sensor_ticks(instance)
            wait_for("two more looks", lambda: _sensor_ticks(instance) > ticks + 1, project)
        runs = instance.get_runs()
        assert sorted(run.tags["dagster/partition"] for run in runs) == [
            day.isoformat() for day in expected
        ]
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
        assert requested < {run.run_id for run in runs}
        # The ticks that were killed did not stay open.
        assert not any(
            tick.status is TickStatus.STARTED
            for tick in instance.get_ticks(*_sensor_state(instance))
        )
    assert set(History(project.home / "history.duckdb").reported("churn")) == set(expected)


def _sensor_state(instance: dg.DagsterInstance) -> tuple[str, str]:
    (state,) = [
        s for s in instance.all_instigator_state() if s.instigator_name == "churn__arrival_sensor"
    ]
    return state.instigator_origin_id, state.selector_id


def _sensor_ticks(instance: dg.DagsterInstance) -> int:
    return len(instance.get_ticks(*_sensor_state(instance)))


def _last_skip_reason(instance: dg.DagsterInstance) -> str:
    reasons = [
        tick.tick_data.skip_reason or "" for tick in instance.get_ticks(*_sensor_state(instance))
    ]
    return next((reason for reason in reasons if reason), "")
