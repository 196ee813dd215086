"""The sensors of alerts: what is due goes out without a run, and failed runs are told of."""

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.errors import HistoryError
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.runs import Ending, open_instance
from drift_assets.store import History, NewAlert
from drift_assets_tests.alerts.remote import SECRET, receiver
from drift_assets_tests.end_to_end.project import Project, make_project, rows, runner

TODAY = datetime.now(UTC).date()
HOOKED = {"webhook": {"url_env": "HOOK"}, "heartbeat_env": "BEAT"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("DAGSTER_HOME", "DRIFT_ASSETS_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return make_project(tmp_path / "project", alerts=HOOKED)


def history(project: Project) -> History:
    return History(project.home / "history.duckdb")


def definitions(project: Project) -> dg.Definitions:
    (declared,) = read_declarations([project.yaml])
    return build_definitions(declared.monitor, root=declared.root)


def tick(project: Project) -> str:
    """Evaluate the sensor that sends what is due; return what it says."""
    sensor = definitions(project).resolve_sensor_def("churn__alert_sensor")
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance) as context:
        data = sensor.evaluate_tick(context)
    assert not data.run_requests
    return str(data.skip_message)


def test_a_tick_sends_what_a_channel_did_not_take(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as there, receiver() as watchdog:
        monkeypatch.setenv("HOOK", there.url)
        monkeypatch.setenv("BEAT", watchdog.url)
        assert tick(project) == "nothing is due"
        history(project).outbox.post("churn", TODAY, NewAlert("late", "t", "t"))
        there.status = 500
        assert tick(project) == "1 sent, 1 failed"
        there.status = 200
        history(project).outbox.resend()
        assert tick(project) == "1 sent, 0 failed"
        assert tick(project) == "nothing is due"
        assert len(there.received) == 2
        # Each tick beats the heart.
        assert len(watchdog.received) == 4


def test_a_watchdog_that_does_not_answer_fails_no_tick_and_shows_no_address(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BEAT", f"http://127.0.0.1:9/{SECRET}")
    assert tick(project) == "nothing is due"
    assert SECRET not in caplog.text


def failed_runs(
    project: Project, instance: dg.DagsterInstance, cursor: str | None = None
) -> str | None:
    """Evaluate the sensor that tells of failed runs; return the cursor, which is the daemon's."""
    sensor = definitions(project).resolve_sensor_def("churn__failure_sensor")
    with dg.build_sensor_context(instance, cursor=cursor) as context:
        return sensor.evaluate_tick(context).cursor


def test_a_failed_run_is_told_of_until_its_day_is_reported(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.drop(TODAY, rows(1))
    broken = project.root / "data" / "current" / f"{TODAY}.csv"
    broken.write_text('a,b\n"', encoding="utf-8")
    with receiver() as there, open_instance(project.home) as instance:
        monkeypatch.setenv("HOOK", there.url)
        assert runner(project, instance).run(TODAY).ending is Ending.FAILED
        failed_runs(project, instance)
        failed_runs(project, instance)
        (message,) = [one.json for one in there.received]
        assert message["cause"] == "run_failed"
        assert message["severity"] == "error"
        assert message["title"] == f"churn {TODAY}: the run failed, the day is not reported"
        project.drop(TODAY, rows(1))
        assert runner(project, instance).run(TODAY).ending is Ending.COMPLETED
        assert [one.json["event"] for one in there.received] == ["trigger", "resolve"]


def test_a_failed_run_is_told_of_once_the_history_answers_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.drop(TODAY, rows(1))
    with receiver() as there, open_instance(project.home) as instance:
        monkeypatch.setenv("HOOK", there.url)
        cursor = failed_runs(project, instance)
        ran = runner(project, instance)
        # Nothing listens there; what fails the run fails the sensor, too.
        monkeypatch.setenv("DRIFT_ASSETS_HISTORY", "postgres:host=127.0.0.1 port=1 dbname=x")
        assert ran.run(TODAY).ending is Ending.FAILED
        with pytest.raises(HistoryError):
            failed_runs(project, instance, cursor)
        monkeypatch.delenv("DRIFT_ASSETS_HISTORY")
        cursor = failed_runs(project, instance, cursor)
        failed_runs(project, instance, cursor)
        # Not even who has forgotten where he was repeats it.
        failed_runs(project, instance)
    assert [one.json["cause"] for one in there.received] == ["run_failed"]


def test_a_day_that_was_reported_after_its_run_failed_is_not_told_of(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.drop(TODAY, rows(1))
    whole = path.read_bytes()
    path.write_text('a,b\n"', encoding="utf-8")
    with receiver() as there, open_instance(project.home) as instance:
        monkeypatch.setenv("HOOK", there.url)
        assert runner(project, instance).run(TODAY).ending is Ending.FAILED
        path.write_bytes(whole)
        assert runner(project, instance).run(TODAY).ending is Ending.COMPLETED
        failed_runs(project, instance)
    assert there.received == []


@pytest.mark.skipif(
    find_spec("adbc_driver_postgresql") is None, reason="no driver of PostgreSQL here"
)
def test_no_password_of_a_database_goes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DAGSTER_HOME", "DRIFT_ASSETS_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    source = {"database": "${WAREHOUSE}", "table": "t", "date_column": "day"}
    asking = make_project(tmp_path / "asking", alerts=HOOKED, current=source)
    monkeypatch.setenv("WAREHOUSE", f"postgres://ana:an@{SECRET}@127.0.0.1:1/x")
    with receiver() as there, open_instance(asking.home) as instance:
        monkeypatch.setenv("HOOK", f"http://127.0.0.1:{there.port}/")
        job = definitions(asking).resolve_job_def("churn__daily")
        # As a schedule's run, which asks the database itself.
        ran = job.execute_in_process(
            instance=instance, partition_key=str(TODAY), raise_on_error=False
        )
        assert not ran.success
        failed_runs(asking, instance)
        (message,) = [one.json for one in there.received]
        assert "what the address says is not understood" in message["text"]
        kept = [str(one) for one in instance.all_logs(ran.run_id)]
    (alert,) = history(asking).outbox.alerts()
    assert kept
    assert not [one for one in (*kept, str(message), str(alert)) if SECRET in one]


def test_a_run_that_only_the_gate_failed_is_no_failed_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.drop(TODAY, rows(2, shift=1.0))
    with receiver() as there, open_instance(project.home) as instance:
        monkeypatch.setenv("HOOK", there.url)
        assert runner(project, instance).run(TODAY).ending is Ending.COMPLETED_WITH_DRIFT
        failed_runs(project, instance)
        assert [one.json["cause"] for one in there.received] == ["breach"]
    assert [alert.cause for alert in history(project).outbox.alerts()] == ["breach"]


def test_channels_of_the_project_are_told_by_every_monitor(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = "slack: {webhook_url_env: SLACK}\nseverity: critical\n"
    (project.root / "alerts.yaml").write_text(common, encoding="utf-8")
    project.drop(TODAY, rows(2, shift=1.0))
    with receiver() as there, receiver() as slack, open_instance(project.home) as instance:
        monkeypatch.setenv("HOOK", there.url)
        monkeypatch.setenv("SLACK", slack.url)
        runner(project, instance).run(TODAY)
    assert [one.json["severity"] for one in there.received] == ["critical"]
    assert len(slack.received) == 1
