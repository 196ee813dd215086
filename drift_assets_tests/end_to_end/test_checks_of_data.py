"""Data checks in the daily job: asset checks on ``current``, rows of the history, no failure."""

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.orchestration.runs import Ending, open_instance
from drift_assets.store import open_history
from drift_assets_tests.end_to_end.project import make_project, rows, runner

DAYS = [date(2026, 1, 2) + timedelta(days=n) for n in range(5)]


def test_a_file_that_comes_twice_and_has_no_rows_to_speak_of_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project = make_project(tmp_path, data_checks={"stale": "error", "duplicates": {"key": "Größe"}})
    for seed, day in enumerate(DAYS):
        # The fourth is the third once more, the fifth a quarter of what is usual.
        project.drop(day, rows(min(seed, 2) if seed < 4 else 9, 400 if seed < 4 else 110))
    with open_instance(project.home) as instance:
        days = runner(project, instance)
        assert [days.run(day).ending for day in DAYS] == [Ending.COMPLETED] * 5
        run = instance.get_runs(limit=2)[1]
        found = {
            check.check_name: check
            for record in instance.all_logs(run.run_id)
            if (event := record.dagster_event) is not None
            and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
            and (check := event.asset_check_evaluation_data).asset_key.path[-1] == "current"
        }
    assert set(found) == {
        *("row_count", "schema", "missing_rate"),
        *("duplicates", "stale", "out_of_range"),
    }
    assert {name for name, check in found.items() if not check.passed} == {"stale", "duplicates"}
    assert found["stale"].severity is dg.AssetCheckSeverity.ERROR
    assert found["duplicates"].severity is dg.AssetCheckSeverity.WARN
    assert found["stale"].partition == str(DAYS[3])
    assert found["duplicates"].metadata["value"].value == pytest.approx(350 / 400)
    failed = open_history(project.home).query(
        "SELECT partition, check_name FROM data_check_history "
        "WHERE state = 'failed' AND check_name <> 'duplicates' ORDER BY ALL"
    )
    assert failed.rows == [(DAYS[3], "stale"), (DAYS[4], "row_count")]


def test_people_are_told_of_a_failed_check_and_of_files_left_out_until_a_run_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project = make_project(
        tmp_path,
        current="data/current/{partition}/*.csv",
        on_bad_file="quarantine",
        data_checks={"row_count": "error"},
    )
    current = project.root / "data" / "current"
    for seed, day in enumerate(DAYS[:4]):
        (current / str(day)).mkdir(parents=True)
        data = rows(seed + 1, 100 if day == DAYS[3] else 400)
        data.to_csv(current / str(day) / "a.csv", index=False)
    folder = current / str(DAYS[3])
    (folder / "b.csv").write_bytes(b"\x1f\x8b no CSV")
    outbox = open_history(project.home).outbox
    with open_instance(project.home) as instance:
        days = runner(project, instance)
        for day in DAYS[:4]:
            assert days.run(day).ending is Ending.COMPLETED
        found = {one.cause: one for one in outbox.alerts("churn")}
        assert set(found) == {"data_check", "quarantine"}
        assert {one.partition for one in found.values()} == {DAYS[3]}
        assert "100 rows, usual are 400" in found["data_check"].text
        assert str(folder / "b.csv") in found["quarantine"].text
        assert [found[c].severity for c in ("data_check", "quarantine")] == ["error", "warning"]
        # The rest of the day comes: the same day runs again, and is good.
        rows(9, 300).to_csv(folder / "b.csv", index=False)
        assert days.run(DAYS[3]).ending is Ending.COMPLETED
    assert list(outbox.alerts("churn", open_only=True)) == []
