"""An export has every table and view, whole, or is not there."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest

from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets.store.export import export_parquet
from drift_assets_tests.store.samples import DAY, assessment


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    history = History(tmp_path_factory.mktemp("home") / "history.duckdb")
    history.record(assessment(shift=300.0), partition=DAY, fingerprint="f", run_id="r")
    return history


def test_another_reader_finds_the_same_rows(history: History, tmp_path: Path) -> None:
    folder = tmp_path / "it's" / "out"
    with history.copy() as connection:
        rows = export_parquet(connection, folder)
    assert {file.name for file in folder.iterdir()} == {f"{name}.parquet" for name in rows}
    assert {"evaluations", "drift_history", "drift_long", "alert_history"} <= set(rows)
    for name, n in rows.items():
        found = pq.read_table(folder / f"{name}.parquet")
        assert found.num_rows == n
        assert found.column_names == list(history.query(f"FROM {name}").columns)
    (row,) = pq.read_table(folder / "evaluations.parquet").to_pylist()
    assert (row["monitor"], row["partition"]) == ("loans", date(2026, 11, 23))


def test_an_empty_folder_is_taken_and_a_full_one_refused(history: History, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with history.copy() as connection:
        assert export_parquet(connection, tmp_path / "empty")["evaluations"] == 1
        with pytest.raises(HistoryError, match="a new or an empty folder"):
            export_parquet(connection, tmp_path / "full")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["empty", "full"]


def test_a_place_that_cannot_be_written_is_told(history: History, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        history.copy() as connection,
        pytest.raises(HistoryError, match="in which this user may write"),
    ):
        export_parquet(connection, tmp_path / "file" / "out")


def test_an_export_that_breaks_off_leaves_nothing(history: History, tmp_path: Path) -> None:
    with history.copy() as connection:
        connection.execute("SET enable_external_access = false")
        with pytest.raises(HistoryError, match="cannot be exported"):
            export_parquet(connection, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
