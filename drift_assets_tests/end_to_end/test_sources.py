"""Days from other sources than one good file, through the real job."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from drift_assets.cli.outcomes import day_line
from drift_assets.declarations import read_declarations
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.due import find_due
from drift_assets.orchestration.runs import Ending
from drift_assets.store import open_history
from drift_assets_tests.end_to_end.project import COLUMNS, make_project, rows, runner

FIRST, SECOND = date(2026, 1, 2), date(2026, 1, 3)


@pytest.fixture(autouse=True)
def _no_other_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)


def metadata_of(instance: dg.DagsterInstance, asset: str) -> dict[str, object]:
    event = instance.get_latest_materialization_event(dg.AssetKey(["churn", asset]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: one.value for name, one in event.asset_materialization.metadata.items()}


def test_a_bad_file_goes_to_quarantine_and_a_corrected_one_heals_the_day(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "p", current="data/current/{partition}/*.csv", on_bad_file="quarantine"
    )
    good = project.drop(f"{FIRST}/good", rows(1))
    bad = project.drop(f"{FIRST}/bad", rows(2))
    whole = bad.read_bytes()
    bad.write_bytes(whole + b"one,field,too\n")
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        outcome = runner(project, instance).run(FIRST)
        assert outcome.ending is Ending.COMPLETED, outcome.error
        shown = metadata_of(instance, "current")
        assert (shown["n_files"], shown["n_quarantined"]) == (2, 1)
        assert "3 fields in line 402" in str(shown["quarantine"])
        history = open_history(project.home)
        question = "SELECT path, quarantine FROM inputs ORDER BY path"
        [left_out, read] = history.query(question).rows
        assert (left_out[0], read) == (str(bad), (str(good), None))
        assert "expected 6 as in its header" in left_out[1]
        assert history.query("SELECT n_current FROM evaluations").rows == [(400,)]
        # Nothing is new, so nothing is due; then the file comes again.
        workplace = workplace_of(read_declarations([project.yaml])[0])
        now = pd.Timestamp("2026-01-05T12:00Z").to_pydatetime()
        assert find_due(workplace, now=now).days == {}
        project.drop(f"{FIRST}/bad", rows(2), age=30)
        assert list(find_due(workplace, now=now).days) == [FIRST]
        assert runner(project, instance).run(FIRST).ending is Ending.COMPLETED
        assert history.query("SELECT n_current FROM evaluations").rows == [(800,)]
        assert history.query("SELECT count(*) FROM inputs WHERE quarantine IS NULL").rows == [(2,)]
        assert metadata_of(instance, "current")["n_quarantined"] == 0


def test_a_day_with_a_bad_file_fails_where_nobody_asked_for_a_quarantine(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", current="data/current/{partition}/*.csv")
    project.drop(f"{FIRST}/good", rows(1))
    bad = project.drop(f"{FIRST}/bad", rows(2))
    bad.write_bytes(bad.read_bytes() + b"one,field,too\n")
    project.drop(f"{SECOND}/good", rows(3))
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        one = runner(project, instance)
        outcome = one.run(FIRST)
        assert outcome.ending is Ending.FAILED
        assert "3 fields in line 402" in outcome.error
        assert one.run(SECOND).ending is Ending.COMPLETED
    found = open_history(project.home).query("SELECT partition FROM evaluations").rows
    assert found == [(SECOND,)]


def test_rows_without_a_date_are_said_with_the_day_and_in_its_line(tmp_path: Path) -> None:
    dated = {"path": "data/all.csv", "date_column": "day"}
    project = make_project(
        tmp_path / "p", current=dated, baseline={**dated, "end": "2026-01-01"}, features=["a-b"]
    )
    of_days = ((0, 4000, "2025-12-31"), (1, 400, FIRST), (2, 12, None))
    frames = [rows(seed, n).assign(day=day) for seed, n, day in of_days]
    path = project.root / "data" / "all.csv"
    pd.concat(frames).to_csv(path, index=False)
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        outcome = runner(project, instance).run(FIRST)
        assert outcome.ending is Ending.COMPLETED, outcome.error
        shown = metadata_of(instance, "current")
    assert shown["n_undated"] == 12
    assert str(shown["rows without a date, of no day"]).startswith("- 12 in ")
    assert "  400 rows  " in day_line(outcome)
    assert day_line(outcome).endswith("; 12 rows without a date belong to no day")
    [(source,)] = open_history(project.home).query("SELECT source FROM baselines").rows
    assert source == f"{path}; 12 rows without a date left out"


def test_a_table_is_monitored_like_a_file(tmp_path: Path) -> None:
    source = {"database": "data/warehouse.duckdb", "table": "scores", "date_column": "day"}
    project = make_project(
        tmp_path / "p",
        baseline={**source, "end": "2026-01-01"},
        current={**source, "changed_column": "version"},
        predictions=["score"],
    )
    frames = [
        rows(seed, n).assign(day=pd.Timestamp(day), version=1)
        for seed, n, day in ((0, 4000, "2025-12-31"), (1, 400, FIRST), (2, 400, SECOND))
    ]
    frame = pd.concat(frames)
    with duckdb.connect(project.root / "data" / "warehouse.duckdb") as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE scores AS FROM frame")
    workplace = workplace_of(read_declarations([project.yaml])[0])
    now = pd.Timestamp("2026-01-05T12:00Z").to_pydatetime()
    assert list(find_due(workplace, now=now).days) == [FIRST, SECOND]
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        outcome = runner(project, instance).run(FIRST)
        assert outcome.ending is Ending.COMPLETED, outcome.error
        shown = metadata_of(instance, "current")
        assert (shown["n_files"], shown["n_undated"]) == (1, 0)
    assert list(find_due(workplace, now=now).days) == [SECOND]
    history = open_history(project.home)
    [(path, n_bytes)] = history.query("SELECT path, n_bytes FROM inputs").rows
    assert (path, n_bytes) == ("table scores in data/warehouse.duckdb", 0)
    [(columns,)] = history.query("SELECT count(*) FROM feature_drift").rows
    assert columns == len(COLUMNS) + 1


def test_predictions_apart_are_judged_and_what_is_missing_is_shown(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "p",
        current={
            "path": "data/current/{partition}.csv",
            "predictions": {"path": "data/scores/{partition}.jsonl", "key": "id"},
        },
    )
    frame = rows(1).assign(id=range(400))
    project.drop(FIRST, frame.drop(columns="score"))
    scores = project.root / "data" / "scores" / f"{FIRST}.jsonl"
    scores.parent.mkdir()
    kept = frame[["id", "score"]].sample(399, random_state=0)
    kept.to_json(scores, orient="records", lines=True)
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        outcome = runner(project, instance).run(FIRST)
        assert outcome.ending is Ending.COMPLETED, outcome.error
        shown = metadata_of(instance, "current")
    assert str(shown["predictions"]).startswith("1 of 400 rows have no prediction; 0 predictions")
    assert shown["n_files"] == 2
    report = json.loads(
        (project.home / "reports" / "churn" / f"{FIRST}.json").read_text(encoding="utf-8")
    )
    assert "score" in json.dumps(report)
    [(missing,)] = (
        open_history(project.home)
        .query("SELECT current_n_missing FROM feature_drift WHERE feature = 'score'")
        .rows
    )
    assert missing == 1
