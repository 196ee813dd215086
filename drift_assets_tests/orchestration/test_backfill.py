"""Many days: each a run of its own, what is done is passed over, and days side by side."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from drift_assets.declarations import Declaration, read_declarations
from drift_assets.errors import ConfigurationError
from drift_assets.orchestration.backfill import _in_order, days_to_run, run_days
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.runs import Ending, Outcome, Runner, open_instance
from drift_assets.store import open_history
from drift_assets_tests.cli.calling import call
from drift_assets_tests.cli.conftest import project
from drift_assets_tests.end_to_end.project import Project, make_project, rows

__all__ = ["project"]

ROOT = Path(__file__).parents[2]
DAYS = [date(2026, 1, 2) + timedelta(days=n) for n in range(3)]
RANGE = ("--from", DAYS[0], "--to", DAYS[-1])


ALONE = {"row_count": False, "schema": False, "stale": False}
"""No check that looks at the days before."""


def changed(project: Project, **changes: object) -> Declaration:
    """Return what the project's YAML declares, with other settings."""
    (found,) = read_declarations([project.yaml])
    plain = found.monitor.model_dump(by_alias=True, exclude_unset=True)
    return replace(found, monitor=type(found.monitor).model_validate(plain | changes))


@pytest.fixture
def delivered(project: Project) -> Project:
    for seed, day in enumerate(DAYS):
        project.drop(day, rows(seed + 1, shift=float(seed == 2)))
    return project


def evaluated(project: Project) -> dict[date, object]:
    return dict(open_history(project.home).evaluated_at("churn"))


def test_what_is_done_is_passed_over_until_its_data_change(delivered: Project) -> None:
    first = call("run", "churn", *RANGE)
    assert first.exit_code == 0
    assert "2 completed" in first.output
    done = evaluated(delivered)
    again = call("run", "churn", *RANGE)
    assert "3 of 3 days have a report of their present data" in again.output
    assert evaluated(delivered) == done
    # What was said counts, whether it is run or passed over.
    assert call("run", "churn", *RANGE, "--exit-code").exit_code == 1

    delivered.drop(DAYS[1], rows(9))
    answer = call("run", "churn", *RANGE)
    assert "2 of 3 days" in answer.output
    changed = {day for day, instant in evaluated(delivered).items() if instant != done[day]}
    assert changed == {DAYS[1]}
    call("run", "churn", *RANGE, "--again")
    assert all(evaluated(delivered)[day] != done[day] for day in DAYS)


def test_a_back_fill_that_is_stopped_leaves_whole_days_and_goes_on(
    delivered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Runner.run

    def stopped(self: Runner, day: date) -> object:
        if day == DAYS[1]:
            raise KeyboardInterrupt
        return run(self, day)

    monkeypatch.setattr(Runner, "run", stopped)
    answer = call("run", "churn", *RANGE)
    assert answer.exit_code == 130
    said = "Stopped: 1 of 3 days are stored, each whole; the same command goes on.\n"
    assert answer.stderr == said
    assert set(evaluated(delivered)) == {DAYS[0]}
    monkeypatch.setattr(Runner, "run", run)
    assert "1 of 3 days" in call("run", "churn", *RANGE).output
    assert set(evaluated(delivered)) == set(DAYS)
    # To run them all again is to begin again: how to go on is said.
    monkeypatch.setattr(Runner, "run", stopped)
    answer = call("run", "churn", *RANGE, "--again")
    assert f"1 of 3 days are stored, each whole; the same command with --from {DAYS[1]}" in (
        answer.stderr
    )


def test_a_day_that_was_stored_before_ctrl_c_came_is_counted(
    delivered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Runner.run

    def stopped(self: Runner, day: date) -> object:
        ended = run(self, day)
        if day == DAYS[1]:
            raise KeyboardInterrupt
        return ended

    monkeypatch.setattr(Runner, "run", stopped)
    answer = call("run", "churn", *RANGE)
    assert set(evaluated(delivered)) == set(DAYS[:2])
    assert "Stopped: 2 of 3 days are stored" in answer.stderr


def test_ctrl_c_between_two_days_waits_for_those_under_way_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_project(tmp_path / "own", data_checks=ALONE)
    for seed, day in enumerate(DAYS):
        own.drop(day, rows(seed + 1))
    monkeypatch.chdir(own.root)

    def interrupted(outcomes: Iterator[Outcome], _: int) -> Iterator[Outcome]:
        yield next(outcomes)
        yield next(outcomes)
        raise KeyboardInterrupt

    monkeypatch.setattr("drift_assets.cli.run._with_progress", interrupted)
    answer = call("run", "churn", "--processes", "2", *RANGE)
    assert answer.exit_code == 130
    stopping, stopped = answer.stderr.splitlines()
    assert stopping.startswith("Stopping: the days under way")
    # The first freezes the baseline; the two others began together.
    assert set(evaluated(own)) == set(DAYS)
    assert stopped == "Stopped: 3 of 3 days are stored, each whole."


@contextmanager
def at_a_terminal(root: Path, n_days: int, processes: int) -> Iterator[subprocess.Popen[str]]:
    """Run so many days in a process group of their own."""
    own = make_project(root, data_checks=ALONE)
    days = [DAYS[0] + timedelta(days=n) for n in range(n_days)]
    for seed, day in enumerate(days):
        own.drop(day, rows(seed + 1))
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from drift_assets.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "run", "churn", "--processes", str(processes)]
    with subprocess.Popen(
        [*command, "--from", str(days[0]), "--to", str(days[-1])],
        cwd=own.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        assert started.stdout is not None
        assert str(days[0]) in started.stdout.readline()
        # Those that show what a step prints are there once there is something to read.
        started.stdout.readline()
        yield started


@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_at_a_terminal_is_answered_in_sentences_and_by_one_process(
    tmp_path: Path, processes: int
) -> None:
    with at_a_terminal(tmp_path / "own", 8, processes) as started:
        # As a terminal does: to all of the group.
        os.killpg(started.pid, signal.SIGINT)
        _, said = started.communicate()
    *before, last = said.splitlines()
    assert started.returncode == 130
    assert all(line.startswith("Stopping: the days under way") for line in before), said
    assert len(before) == processes - 1
    n_stored = len(evaluated(Project(tmp_path / "own")))
    assert f"{n_stored} of 8 days are stored, each whole; the same command" in last
    # Two were read of; beside the second one more may have ended, and each process had begun one.
    assert n_stored <= 2 * processes + 1


def test_who_runs_days_ends_with_the_process_that_gave_them_out(tmp_path: Path) -> None:
    with at_a_terminal(tmp_path / "own", 6, 2) as started:
        started.kill()
        try:
            # The pipes are theirs, too, and close when the last one is gone.
            started.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            raise
    days = evaluated(Project(tmp_path / "own"))
    # Those that were under way came to their end.
    assert 2 < len(days) <= 5


def test_days_that_ended_are_told_before_that_no_more_can_be_begun() -> None:
    days = [DAYS[0] + timedelta(days=n) for n in range(4)]

    def submit(day: date) -> Future[Outcome]:
        if day == days[2]:
            raise BrokenProcessPool
        ended: Future[Outcome] = Future()
        ended.set_result(Outcome(day, Ending.NO_DATA, None))
        return ended

    told: list[date] = []
    outcomes = _in_order(submit, days, 2)
    with pytest.raises(BrokenProcessPool):
        told.extend(outcome.partition for outcome in outcomes)
    assert told == days[:2]


def test_a_day_without_data_is_told_apart_from_one_that_failed(delivered: Project) -> None:
    (delivered.root / "data" / "current" / f"{DAYS[1]}.csv").unlink()
    answer = call("run", "churn", *RANGE)
    assert f"{DAYS[1]}  no data  Found no file" in answer.output
    assert "1 completed, 1 completed with drift, 1 without data" in answer.output
    assert "FAILED" not in answer.output
    # Not every day has data, and that alone is no failure.
    assert answer.exit_code == 0
    with open_instance(delivered.home) as instance:
        assert instance.get_runs_count() == 2
    # Nor is it a pass.
    quiet = ("--from", DAYS[0], "--to", DAYS[1])
    assert call("run", "churn", *quiet).exit_code == 0
    assert call("run", "churn", *quiet, "--exit-code").exit_code == 2
    assert call("run", "churn", *RANGE, "--exit-code").exit_code == 1
    # A place where nothing is at all is most likely a mistake.
    assert call("run", "churn", "--partition", DAYS[1]).exit_code == 2
    (delivered.root / "data" / "current" / f"{DAYS[2]}.csv").write_bytes(b"")
    answer = call("run", "churn", *RANGE)
    assert "1 failed, 1 without data" in answer.output
    assert answer.exit_code == 2


def test_a_day_of_which_a_file_with_many_days_has_no_row_has_no_data(project: Project) -> None:
    frames = [rows(n).assign(day=str(day)) for n, day in enumerate((DAYS[0], DAYS[2]))]
    pd.concat(frames).to_csv(project.root / "data" / "all.csv", index=False)
    declaration = changed(project, current={"path": "data/all.csv", "date_column": "day"})
    outcomes = list(run_days(declaration, DAYS))
    assert [one.ending for one in outcomes] == [
        Ending.COMPLETED, Ending.NO_DATA, Ending.COMPLETED
    ]  # fmt: skip
    assert f"Found no row of {DAYS[1]} in data/all.csv" in outcomes[1].error


def test_days_side_by_side_are_the_days_one_after_the_other(delivered: Project) -> None:
    declaration = changed(delivered, data_checks={"missing_rate": "warn", **ALONE})
    outcomes = list(run_days(declaration, DAYS, processes=2))
    assert [o.partition for o in outcomes] == DAYS
    drifted = Ending.COMPLETED_WITH_DRIFT
    assert [o.ending for o in outcomes] == [Ending.COMPLETED, Ending.COMPLETED, drifted]
    assert days_to_run(workplace_of(declaration), DAYS) == []
    with open_instance(delivered.home) as instance:
        assert instance.get_runs_count() == 3


def test_days_that_depend_on_the_days_before_run_in_order(delivered: Project) -> None:
    action = {"name": "retrain", "call": "own.models:retrain", "when": {"days": "3 of 5"}}
    changes: dict[str, dict[str, object]] = {
        "alert_after counts": {"alert_after": "2 of 3"},
        "compared with the days before": {"compare_with": {"rolling_days": 7}},
        "when.days of the action retrain counts": {"actions": [action]},
        r"data_checks looks at the days before \(schema, stale\)": {
            "data_checks": {"row_count": False}
        },
    }
    for said, change in changes.items():
        with pytest.raises(ConfigurationError, match=said):
            list(run_days(changed(delivered, **change), DAYS, processes=2))
