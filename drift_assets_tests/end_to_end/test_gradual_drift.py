"""A column that creeps, through the daily job: check, history, page, file and one alert."""

import json
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.names import asset_name
from drift_assets.orchestration.runs import Ending
from drift_assets.store import History
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows, runner

FIRST, N_DAYS = date(2026, 1, 1), 40


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project whose days do not breach by a D that is below the trend's limit."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    return make_project(tmp_path, thresholds={"ks_min_statistic": 0.1})


def history_of_days(project: Project) -> None:
    """Report all days but the last, without Dagster, and as if nobody had looked for trends."""
    place = workplace_of(read_declarations([project.yaml])[0])
    frozen = place.freeze_baseline()
    for number in range(N_DAYS - 1):
        project.drop(FIRST + timedelta(days=number), rows(number + 1, 2000, shift=0.005 * number))
        day = place.evaluate(FIRST + timedelta(days=number), frozen, run_id=f"run {number}")
        place.history.record(
            day.assessment,
            partition=day.partition,
            fingerprint=day.fingerprint,
            run_id=day.run_id,
        )


def trend_checks(instance: dg.DagsterInstance, run_id: str) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        evaluation.check_name: evaluation
        for event in (record.dagster_event for record in instance.all_logs(run_id))
        if event is not None and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        for evaluation in [event.asset_check_evaluation_data]
        if evaluation.asset_key.path[-1] == "drift_trend"
    }


def test_a_column_that_creeps_is_told_of_before_it_breaches(
    project: Project, instance: dg.DagsterInstance
) -> None:
    history_of_days(project)
    last = FIRST + timedelta(days=N_DAYS - 1)
    project.drop(last, rows(N_DAYS, 2000, shift=0.005 * (N_DAYS - 1)))
    outcome = runner(project, instance).run(last)
    # The trend fails nothing: the day itself is judged as ever.
    assert outcome.ending is Ending.COMPLETED
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.SUCCESS

    checks = trend_checks(instance, run.run_id)
    assert set(checks) == {asset_name(column) for column in (*COLUMNS, "score")}
    creeping = checks[asset_name(COLUMNS[0])]
    assert (creeping.passed, creeping.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert creeping.partition == str(last)
    assert creeping.description is not None
    assert creeping.description.startswith("breach: KS rises by ")
    assert "at this rate 0.1 is reached about 2026-02-" in creeping.description
    assert all(check.passed for name, check in checks.items() if check is not creeping)

    history = History(project.home / "history.duckdb")
    found = history.query("SELECT feature, run_id FROM trend_latest WHERE verdict = 'breach'")
    assert found.rows == [(COLUMNS[0], run.run_id)]
    alerts = history.query("SELECT cause, state, title FROM alert_history").rows
    assert alerts == [
        (
            "trend",
            "delivered",
            f"churn {last}: 1 of 6 columns creep towards a threshold: {COLUMNS[0]}",
        )
    ]
    folder = project.home / "reports" / "churn"
    assert "reaching a threshold soon at this rate" in (folder / f"{last}.html").read_text("utf-8")
    document = json.loads((folder / f"{last}.json").read_text("utf-8"))
    verdicts = {t["feature"]: t["verdict"] for t in document["trends"] if t["statistic"] == "ks"}
    assert verdicts[COLUMNS[0]] == "breach"
