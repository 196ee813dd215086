"""Many days: each a run of its own, what is done is passed over, and days side by side."""

import signal
from dataclasses import replace
from datetime import date, timedelta

import pytest

from drift_assets.declarations import Declaration, read_declarations
from drift_assets.errors import ConfigurationError
from drift_assets.orchestration import backfill
from drift_assets.orchestration.backfill import days_to_run, run_days
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.runs import Ending, Runner, open_instance
from drift_assets.store import open_history
from drift_assets_tests.cli.calling import call
from drift_assets_tests.cli.conftest import project
from drift_assets_tests.end_to_end.project import Project, rows

__all__ = ["project"]

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
    assert answer.exit_code == 1
    assert "Stopped after 1 of 3 days; the same command goes on." in answer.output
    assert set(evaluated(delivered)) == {DAYS[0]}
    monkeypatch.setattr(Runner, "run", run)
    assert "1 of 3 days" in call("run", "churn", *RANGE).output
    assert set(evaluated(delivered)) == set(DAYS)


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


def test_a_process_beside_leaves_ctrl_c_to_the_one_that_gives_out_the_days(
    delivered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(signal, "signal", lambda number, action: seen.append((number, action)))
    monkeypatch.setattr(backfill, "_runner", None)
    monkeypatch.setattr(backfill, "_instance", None)
    backfill._begin(read_declarations([delivered.yaml])[0], str(delivered.home))  # noqa: SLF001
    assert seen == [(signal.SIGINT, signal.SIG_IGN)]
