"""A day whose data have not come by the deadline is an alarm, raised once and taken back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.alerts import MISSING_CAUSE
from drift_assets.declarations import read_declarations
from drift_assets.monitors import Deadline
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.day import Workplace, workplace_of
from drift_assets.orchestration.deadline import find_overdue, raise_alarms
from drift_assets.orchestration.runs import open_instance
from drift_assets_tests.end_to_end.project import Project, make_project, rows, runner

# Friday, Saturday, Sunday and Monday.
FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 1, 2) + timedelta(days=n) for n in range(4))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    return tmp_path


def made(root: Path, deadline: object, **changes: str) -> tuple[Project, Workplace, Deadline]:
    partitions = {"start": str(FRIDAY), "timezone": "UTC"} | changes
    project = make_project(root, deadline=deadline, partitions=partitions)
    workplace = workplace_of(read_declarations([project.yaml])[0])
    assert workplace.monitor.deadline is not None
    return project, workplace, workplace.monitor.deadline


def missing(root: Path, deadline: object, now: datetime, **changes: str) -> list[date]:
    _, workplace, found = made(root, deadline, **changes)
    return list(find_overdue(workplace, found, now=now).missing)


def test_nothing_is_overdue_before_the_hour(root: Path) -> None:
    assert missing(root, "09:00", at(FRIDAY, 8, 59)) == []


def test_the_hour_itself_is_the_deadline(root: Path) -> None:
    assert missing(root, "09:00", at(FRIDAY, 9)) == [FRIDAY]


def test_the_hour_is_that_of_the_partitions(root: Path) -> None:
    # Nine in Berlin is eight in Greenwich, in winter.
    assert missing(root, "09:00", at(FRIDAY, 8), timezone="Europe/Berlin") == [FRIDAY]


def test_a_day_later_is_a_day_later(root: Path) -> None:
    deadline = {"at": "09:00", "days_later": 1}
    assert missing(root, deadline, at(SATURDAY, 9)) == [FRIDAY]


def test_nothing_is_expected_of_weekends_if_only_weekdays_count(root: Path) -> None:
    deadline = {"at": "09:00", "weekdays_only": True}
    assert missing(root, deadline, at(MONDAY, 10)) == [FRIDAY, MONDAY]


def test_days_long_past_are_left_alone(root: Path) -> None:
    late = at(FRIDAY + timedelta(days=30), 10)
    found = missing(root, "09:00", late)
    assert found[0] == FRIDAY + timedelta(days=23)
    assert len(found) == 8


def test_an_alarm_is_raised_once_and_taken_back_when_the_data_come(root: Path) -> None:
    project, workplace, deadline = made(root, "09:00")
    (check,) = raise_alarms(workplace, deadline, now=at(FRIDAY, 9))
    assert (check.asset_key.path, check.check_name) == (["churn", "current"], "data_arrived")
    assert (check.passed, check.partition) == (False, str(FRIDAY))
    assert check.severity is dg.AssetCheckSeverity.ERROR
    (alert,) = workplace.history.outbox.alerts("churn", open_only=True)
    assert (alert.cause, alert.partition) == (MISSING_CAUSE, FRIDAY)
    assert raise_alarms(workplace, deadline, now=at(FRIDAY, 10)) == []

    project.drop(FRIDAY, rows(1))
    (check,) = raise_alarms(workplace, deadline, now=at(FRIDAY, 11))
    assert (check.passed, check.partition) == (True, str(FRIDAY))
    assert list(workplace.history.outbox.alerts("churn", open_only=True)) == []
    assert raise_alarms(workplace, deadline, now=at(FRIDAY, 12)) == []
    states = workplace.history.query("SELECT check_name, state FROM data_check_history").rows
    assert states == [("data_arrived", "passed")]


def test_the_report_of_the_day_ends_the_alarm(root: Path) -> None:
    project, workplace, deadline = made(root, "09:00")
    raise_alarms(workplace, deadline, now=at(FRIDAY, 9))
    project.drop(FRIDAY, rows(1))
    with open_instance(project.home) as instance:
        runner(project, instance).run(FRIDAY)
        (run,) = instance.get_runs()
        told = [
            event.asset_check_evaluation_data
            for record in instance.all_logs(run.run_id)
            if (event := record.dagster_event) is not None
            and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ]
    assert {c.check_name: c.passed for c in told if c.check_name == "data_arrived"} == {
        "data_arrived": True
    }
    assert list(workplace.history.outbox.alerts("churn", open_only=True)) == []
    assert workplace.history.failed_days("churn", "data_arrived", first=FRIDAY) == ()


def test_the_sensor_reports_the_check_to_dagster_without_a_run(root: Path) -> None:
    today = datetime.now(UTC).date()
    start = today - timedelta(days=2)
    project, workplace, _ = made(root, {"at": "00:00", "days_later": 1}, start=str(start))
    repository = build_definitions(workplace.monitor, root=project.root).get_repository_def()
    sensor = repository.get_sensor_def("churn__deadline_sensor")
    with open_instance(project.home) as instance:
        tick = sensor.evaluate_tick(
            dg.build_sensor_context(instance=instance, repository_def=repository)
        )
    assert [event.partition for event in tick.asset_events] == [
        str(start),
        str(start + timedelta(days=1)),
    ]
    assert tick.run_requests == []


def test_a_late_day_ends_its_own_alarm_and_not_that_of_a_day_that_never_came(root: Path) -> None:
    project, workplace, deadline = made(root, "09:00")
    for day in (FRIDAY, SUNDAY):
        raise_alarms(workplace, deadline, now=at(day, 9))
        if day == FRIDAY:
            project.drop(SATURDAY, rows(2))
    outbox = workplace.history.outbox
    found = {one.partition: one for one in outbox.alerts("churn", open_only=True)}
    assert set(found) == {FRIDAY, SUNDAY}
    # Sunday follows a day that came: a gap of its own, which is told though Friday's is open.
    assert set(found[SUNDAY].sizes).isdisjoint(found[FRIDAY].sizes)
    project.drop(SUNDAY, rows(3))
    raise_alarms(workplace, deadline, now=at(SUNDAY, 10))
    assert [one.partition for one in outbox.alerts("churn", open_only=True)] == [FRIDAY]
    raise_alarms(workplace, deadline, now=at(MONDAY + timedelta(days=6), 9))
    assert FRIDAY in {one.partition for one in outbox.alerts("churn", open_only=True)}


def test_days_missing_in_a_row_are_one_gap(root: Path) -> None:
    _, workplace, deadline = made(root, "09:00")
    for day in (FRIDAY, SATURDAY):
        raise_alarms(workplace, deadline, now=at(day, 9))
    alerts = workplace.history.outbox.alerts("churn", open_only=True)
    assert {tuple(one.sizes) for one in alerts} == {(str(FRIDAY),)}
