"""The daily job on a kept instance: graph, checks, gate, history, files, subset, re-run."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.names import asset_name
from drift_assets.orchestration.runs import Ending, open_instance
from drift_assets.store import History
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows, runner

QUIET, SHIFTED = date(2026, 1, 2), date(2026, 1, 3)


def key(column: str, folder: str = "drift") -> dg.AssetKey:
    return dg.AssetKey(["churn", folder, asset_name(column)])


def checks_of(instance: dg.DagsterInstance, run_id: str) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        evaluation.asset_key.path[-1]: evaluation
        for event in (record.dagster_event for record in instance.all_logs(run_id))
        if event is not None and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        for evaluation in [event.asset_check_evaluation_data]
        # Many checks on one asset; test_gradual_drift.py and test_checks_of_data.py look at them.
        if evaluation.asset_key.path[-1] not in {"drift_trend", "current"}
    }


def test_a_quiet_day_passes_every_check_and_is_in_the_history(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(QUIET, rows(1))
    outcome = runner(project, instance).run(QUIET)
    assert outcome.ending is Ending.COMPLETED
    (run,) = instance.get_runs()
    checks = checks_of(instance, run.run_id)
    assert set(checks) == {asset_name(c) for c in COLUMNS} | {"score", "report", "alert"}
    assert all(check.passed for check in checks.values())
    assert all(check.partition == "2026-01-02" for check in checks.values())
    assert History(project.home / "history.duckdb").reported("churn").keys() == {QUIET}
    # The first run froze the baseline and said so.
    assert instance.get_latest_materialization_event(dg.AssetKey(["churn", "baseline"]))


def test_a_breach_fails_the_run_only_after_report_and_alert(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(SHIFTED, rows(2, shift=1.0))
    outcome = runner(project, instance).run(SHIFTED)
    assert outcome.ending is Ending.COMPLETED_WITH_DRIFT
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE
    events = [r.dagster_event for r in instance.all_logs(run.run_id) if r.dagster_event]
    materialised = [e.asset_key for e in events if e.is_step_materialization]
    assert materialised[-3:] == [
        dg.AssetKey(["churn", name]) for name in ("report", "drift_trend", "alert")
    ]
    failures = [e for e in events if e.is_step_failure]
    assert len(failures) == 1
    assert str(failures[0].step_key).endswith("no_breach")

    checks = checks_of(instance, run.run_id)
    failed = {name for name, check in checks.items() if not check.passed}
    assert failed == {asset_name(COLUMNS[0]), "alert"}
    check = checks[asset_name(COLUMNS[0])]
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.description is not None
    assert check.description.startswith("breach: PSI = ")
    assert {"psi", "ks", "js_divergence", "psi threshold", "adjusted p-value"} <= set(
        check.metadata
    )

    history = History(project.home / "history.duckdb")
    found = history.query(
        "SELECT feature, verdict FROM drift_history WHERE verdict = 'breach' ORDER BY feature"
    )
    assert [tuple(row) for row in found.rows] == [(COLUMNS[0], "breach")]
    assert history.query("SELECT state FROM alert_history").rows[0][0] == "delivered"


def test_the_gate_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    project = make_project(tmp_path / "ungated", fail_run_on_breach=False)
    project.drop(SHIFTED, rows(2, shift=1.0))
    with open_instance(project.home) as instance:
        assert runner(project, instance).run(SHIFTED).assessment is not None
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert not checks_of(instance, run.run_id)["alert"].passed


def test_report_files_are_json_and_html_of_the_same_day(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(SHIFTED, rows(2, shift=1.0))
    runner(project, instance).run(SHIFTED)
    folder = project.home / "reports" / "churn"
    document = json.loads((folder / "2026-01-03.json").read_text(encoding="utf-8"))
    assert (document["monitor"], document["verdict"]) == ("churn", "breach")
    assert "Avg. Transaction ($)" in (folder / "2026-01-03.html").read_text(encoding="utf-8")


def test_trends_plot_because_labels_stay_and_values_are_floats(
    project: Project, instance: dg.DagsterInstance
) -> None:
    days = runner(project, instance)
    for seed, day in enumerate((QUIET, SHIFTED)):
        project.drop(day, rows(seed + 5))
        days.run(day)
    records = instance.fetch_materializations(key("region"), limit=5).records
    for record in records:
        assert record.asset_materialization is not None
        metadata = record.asset_materialization.metadata
        for label in ("PSI", "chi-squared", "JS divergence"):
            assert isinstance(metadata[label], dg.FloatMetadataValue)
    assert {r.partition_key for r in records} == {"2026-01-02", "2026-01-03"}


def test_a_rerun_of_a_day_replaces_that_day(project: Project, instance: dg.DagsterInstance) -> None:
    days = runner(project, instance)
    project.drop(QUIET, rows(2, shift=1.0))
    assert days.run(QUIET).ending is Ending.COMPLETED_WITH_DRIFT
    project.drop(QUIET, rows(1), age=30)
    assert days.run(QUIET).ending is Ending.COMPLETED
    history = History(project.home / "history.duckdb")
    found = history.query("SELECT count(*), count(DISTINCT feature) FROM drift_history")
    assert tuple(found.rows[0]) == (6, 6)
    assert history.query("SELECT state FROM alert_history").rows[0][0] == "resolved"


def test_a_single_feature_can_be_materialised_and_leaves_the_report_alone(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(QUIET, rows(1))
    runner(project, instance).run(QUIET)
    history = History(project.home / "history.duckdb")
    before = history.query("SELECT run_id, verdict FROM evaluations").rows
    (declared,) = read_declarations([project.yaml])
    job = build_definitions(declared.monitor, root=declared.root).resolve_job_def("churn__daily")
    result = job.execute_in_process(
        instance=instance, partition_key="2026-01-02", asset_selection=[key("a-b")]
    )
    assert result.success
    materialised = {e.asset_key for e in result.get_asset_materialization_events()}
    assert materialised == {key("a-b")}
    assert history.query("SELECT run_id, verdict FROM evaluations").rows == before
    found = history.query("SELECT count(*) FROM drift_history WHERE feature = 'a-b'")
    assert found.rows[0][0] == 1


def test_a_day_whose_file_is_missing_is_without_data_in_words(
    project: Project, instance: dg.DagsterInstance
) -> None:
    outcome = runner(project, instance).run(QUIET)
    assert outcome.ending is Ending.NO_DATA
    assert "2026-01-02" in outcome.error
    assert "Traceback" not in outcome.error
    # There is nothing to run, so nothing failed.
    assert not instance.get_runs()


def test_a_lost_column_is_not_evaluated_and_never_a_pass(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(QUIET, rows(1).drop(columns=["a-b"]))
    outcome = runner(project, instance).run(QUIET)
    assert outcome.assessment is not None
    assert outcome.assessment.feature("a-b").verdict == "not_evaluated"
    check = checks_of(instance, instance.get_runs()[0].run_id)[asset_name("a-b")]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "absent" in (check.description or "")


def test_the_baseline_stays_frozen_until_it_is_materialised(
    project: Project, instance: dg.DagsterInstance
) -> None:
    days = runner(project, instance)
    project.drop(QUIET, rows(1))
    first = days.run(QUIET).assessment
    rows(99, 4000, shift=3.0).to_csv(project.root / "data" / "baseline.csv", index=False)
    project.drop(SHIFTED, rows(2))
    second = days.run(SHIFTED).assessment
    assert first is not None
    assert second is not None
    assert first.baseline_id == second.baseline_id
    (declared,) = read_declarations([project.yaml])
    definitions = build_definitions(declared.monitor, root=declared.root)
    baseline = definitions.resolve_assets_def(dg.AssetKey(["churn", "baseline"]))
    assert dg.materialize([baseline], instance=instance).success
    third = days.run(QUIET)
    assert third.assessment is not None
    assert third.assessment.baseline_id != first.baseline_id
    assert third.ending is Ending.COMPLETED_WITH_DRIFT


def test_the_history_file_is_plain_duckdb(project: Project, instance: dg.DagsterInstance) -> None:
    project.drop(QUIET, rows(1))
    runner(project, instance).run(QUIET)
    with duckdb.connect(str(project.home / "history.duckdb"), read_only=True) as connection:
        names = connection.sql("SELECT feature FROM drift_latest ORDER BY 1").fetchall()
    assert {name for (name,) in names} >= set(COLUMNS)
