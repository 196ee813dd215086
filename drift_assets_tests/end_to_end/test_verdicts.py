"""Verdicts through the daily job: drift that lasts, the whole family, the data set's own check."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from drift_assets.cli import main
from drift_assets.declarations import read_declarations
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.names import asset_name
from drift_assets.orchestration.runs import Ending, open_instance
from drift_assets.store import History
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows, runner

FIRST, SECOND = date(2026, 1, 2), date(2026, 1, 3)
MOVED = COLUMNS[0]


def check_of(instance: dg.DagsterInstance, key: list[str], name: str) -> dg.AssetCheckEvaluation:
    """Return the latest answer of a check."""
    (record,) = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(key), name), limit=1
    )
    assert record.event is not None
    assert record.event.dagster_event is not None
    return record.event.dagster_event.asset_check_evaluation_data


@pytest.fixture
def lasting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    return make_project(tmp_path, alert_after="2 of 2", drift_share_threshold=0.2)


def test_a_breach_stops_the_run_and_is_told_only_once_it_has_lasted(lasting: Project) -> None:
    column = ["churn", "drift", asset_name(MOVED)]
    history = History(lasting.home / "history.duckdb")
    with open_instance(lasting.home) as instance:
        days = runner(lasting, instance)
        lasting.drop(FIRST, rows(2, shift=1.0))
        assert days.run(FIRST).ending is Ending.COMPLETED
        warned = check_of(instance, column, "drift")
        assert warned.severity is dg.AssetCheckSeverity.WARN
        assert warned.description is not None
        assert warned.description.startswith("warn: breach on 1 of 1 day, 2 needed: PSI = ")
        assert warned.metadata["verdict of the day alone"].value == "breach"
        whole = check_of(instance, ["churn", "report"], "dataset_drift")
        assert whole.passed
        assert history.query("SELECT count(*) FROM alert_history").rows[0][0] == 0

        lasting.drop(SECOND, rows(3, shift=1.0))
        assert days.run(SECOND).ending is Ending.COMPLETED_WITH_DRIFT
        assert check_of(instance, column, "drift").severity is dg.AssetCheckSeverity.ERROR
        whole = check_of(instance, ["churn", "report"], "dataset_drift")
        assert not whole.passed
        assert not whole.blocking
        assert whole.description == "breach: 1 of 5 features drifts, 20.0% >= 20.0%"
    assert [
        tuple(row)
        for row in history.query(
            "SELECT partition, rule_verdict, verdict FROM drift_history "
            "WHERE rule_verdict = 'breach' ORDER BY partition"
        ).rows
    ] == [(FIRST, "breach", "warn"), (SECOND, "breach", "breach")]
    assert [
        tuple(row)
        for row in history.query(
            "SELECT verdict, dataset_verdict, drift_share, drift_share_threshold FROM evaluations "
            "ORDER BY partition"
        ).rows
    ] == [("warn", "ok", 0.0, 0.2), ("breach", "breach", 0.2, 0.2)]
    found = [row[0] for row in history.query("SELECT partition FROM alert_history").rows]
    assert found == [SECOND]

    command = ["simulate", "churn", "--home", str(lasting.home), "--json"]
    answer = CliRunner().invoke(main, [*command, "--alert-after", "1 of 1"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output)["breaching_days"] == {"as_reported": 1, "simulated": 2}


def test_a_single_feature_is_judged_with_the_whole_family(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(FIRST, rows(2, shift=1.0))
    runner(project, instance).run(FIRST)
    history = History(project.home / "history.duckdb")
    said = (
        "SELECT run_id, adjusted_p_value, reason, family_complete FROM drift_history "
        "WHERE feature = 'a-b'"
    )
    ((whole_run, *whole),) = history.query(said).rows
    (declared,) = read_declarations([project.yaml])
    job = build_definitions(declared.monitor, root=declared.root).resolve_job_def("churn__daily")
    result = job.execute_in_process(
        instance=instance,
        partition_key=FIRST.isoformat(),
        asset_selection=[dg.AssetKey(["churn", "drift", asset_name("a-b")])],
    )
    assert result.success
    ((single_run, *single),) = history.query(said).rows
    assert single_run == result.run_id != whole_run
    assert single == whole
    assert single[-1] is True
    # Six columns have two tests each, the score its positive rate besides, and the shift takes
    # some rows of one beyond the range of the baseline.
    assert history.query("SELECT count(*) FROM family_history").rows[0][0] == 14
    novel = "SELECT feature FROM family_history WHERE test = 'novel_rate'"
    assert history.query(novel).rows == [(MOVED,)]
