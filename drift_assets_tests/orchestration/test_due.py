"""The one rule of schedule and sensor, on a real instance and real files."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.due import FINGERPRINT_TAG, MONITOR_TAG, find_due, requests_for
from drift_assets.orchestration.runs import Runner
from drift_assets_tests.end_to_end.project import Project, make_project, rows

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST, SECOND = date(2026, 1, 2), date(2026, 1, 3)
JOB = "churn__daily"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    return make_project(tmp_path)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as found:
        yield found


def days_due(project: Project) -> list[date]:
    return list(find_due(workplace_of(read_declarations([project.yaml])[0]), now=NOW).days)


def requested(project: Project, instance: dg.DagsterInstance, *, retry: bool) -> list[str | None]:
    workplace = workplace_of(read_declarations([project.yaml])[0])
    due = find_due(workplace, now=NOW)
    found = requests_for(due, workplace, instance, job_name=JOB, retry_failed=retry)
    return [request.partition_key for request in found]


def test_a_day_is_due_until_it_is_reported_and_again_when_its_file_changes(
    project: Project, instance: dg.DagsterInstance
) -> None:
    assert days_due(project) == []
    project.drop(FIRST, rows(1))
    assert days_due(project) == [FIRST]
    Runner(read_declarations([project.yaml])[0], instance).run(FIRST)
    assert days_due(project) == []
    project.drop(FIRST, rows(2), age=30)
    assert days_due(project) == [FIRST]


def test_a_file_still_being_written_waits_for_the_next_look(project: Project) -> None:
    project.drop(FIRST, rows(1), age=0)
    found = find_due(workplace_of(read_declarations([project.yaml])[0]), now=NOW)
    assert (list(found.days), found.settling) == ([], (FIRST,))


def test_days_that_do_not_exist_are_listed_with_the_reason(project: Project) -> None:
    project.drop("2025-12-31", rows(1))
    project.drop("2026-01-06", rows(1))
    project.drop("someday", rows(1))
    found = find_due(workplace_of(read_declarations([project.yaml])[0]), now=NOW)
    reasons = {Path(str(one)).stem: reason for one, reason in found.unknown}
    assert list(found.days) == []
    assert "before the first day 2026-01-01" in reasons["2025-12-31"]
    assert "after the last day 2026-01-05" in reasons["2026-01-06"]
    assert "someday" in reasons


def test_todays_file_is_due_today(project: Project) -> None:
    project.drop("2026-01-05", rows(1))
    assert days_due(project) == [date(2026, 1, 5)]


def make_run(
    instance: dg.DagsterInstance, tags: dict[str, str], status: dg.DagsterRunStatus, job: str
) -> None:
    instance.add_run(
        dg.DagsterRun(job_name=job, run_id=f"{len(instance.get_runs())}", tags=tags, status=status)
    )


def test_a_day_that_a_run_under_way_has_is_not_asked_for_again(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(FIRST, rows(1))
    workplace = workplace_of(read_declarations([project.yaml])[0])
    mark = find_due(workplace, now=NOW).days[FIRST]
    partition = {"dagster/partition": "2026-01-02"}
    tags = {**partition, MONITOR_TAG: "churn", FINGERPRINT_TAG: mark}
    assert requested(project, instance, retry=False) == ["2026-01-02"]
    make_run(instance, tags, dg.DagsterRunStatus.STARTED, JOB)
    assert requested(project, instance, retry=False) == []
    assert requested(project, instance, retry=True) == []


def test_a_run_under_way_with_older_data_does_not_stand_for_the_newer(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(FIRST, rows(1))
    tags = {"dagster/partition": "2026-01-02", MONITOR_TAG: "churn", FINGERPRINT_TAG: "older"}
    make_run(instance, tags, dg.DagsterRunStatus.STARTED, JOB)
    assert requested(project, instance, retry=False) == ["2026-01-02"]


def test_a_run_started_by_hand_counts_as_under_way(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(FIRST, rows(1))
    make_run(instance, {"dagster/partition": "2026-01-02"}, dg.DagsterRunStatus.STARTED, JOB)
    assert requested(project, instance, retry=False) == []


def test_a_failed_day_is_tried_again_by_the_schedule_and_not_by_the_sensor(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(FIRST, rows(1))
    workplace = workplace_of(read_declarations([project.yaml])[0])
    mark = find_due(workplace, now=NOW).days[FIRST]
    tags = {"dagster/partition": "2026-01-02", MONITOR_TAG: "churn", FINGERPRINT_TAG: mark}
    make_run(instance, tags, dg.DagsterRunStatus.FAILURE, JOB)
    assert requested(project, instance, retry=False) == []
    assert requested(project, instance, retry=True) == ["2026-01-02"]


def test_at_most_fifty_days_are_asked_for_at_a_time(tmp_path: Path) -> None:
    project = make_project(tmp_path / "many", partitions={"start": "2025-01-01"})
    frame = rows(1, 5)
    for number in range(60):
        project.drop(date.fromordinal(date(2025, 1, 1).toordinal() + number), frame)
    with dg.instance_for_test() as instance:
        found = requested(project, instance, retry=False)
    assert len(found) == 50
    assert found[0] == "2025-01-01"
