"""The schema comes to be by named steps, forwards only."""

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from drift_assets.errors import HistoryError, HistoryVersionError
from drift_assets.store import History, migrations
from drift_assets.store.migrations import STEPS, migrate, missing_steps
from drift_assets.store.tables import Stamp, feature_drift
from drift_assets_tests.store.samples import DAY, NOON, assessment


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.duckdb")


def test_every_step_is_a_file_and_every_file_a_step() -> None:
    found = {f.name for f in files(migrations).iterdir() if f.name.endswith(".sql")}
    assert found == {f"{step}.sql" for step in STEPS}
    assert list(STEPS) == sorted(STEPS)


def test_a_blank_file_gets_every_step_once() -> None:
    with duckdb.connect() as connection:
        assert missing_steps(connection) == STEPS
        assert migrate(connection) == STEPS
        assert migrate(connection) == ()
        names = connection.execute("SELECT name FROM schema_migrations").fetchall()
    assert names == [(step,) for step in STEPS]


def test_a_blank_file_is_brought_up_to_date_even_for_a_reader(history: History) -> None:
    duckdb.connect(history.path).close()
    assert history.query("SELECT count(*) FROM drift_history").rows == [(0,)]


def test_a_newer_history_is_refused_for_reading_and_for_writing(history: History) -> None:
    with history.session() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    with pytest.raises(HistoryVersionError, match=r"9999_future.*upgrade"):
        history.reported("loans")
    with pytest.raises(HistoryVersionError, match=r"9999_future.*upgrade"):
        history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")


def test_somebody_elses_file_is_refused_and_left_as_it_was(history: History) -> None:
    with duckdb.connect(history.path) as connection:
        connection.execute("CREATE TABLE alerts (mine INTEGER)")
    with pytest.raises(HistoryError, match="give the history another path"):
        history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")
    with duckdb.connect(history.path) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("alerts",)]


def test_every_table_view_and_column_is_commented() -> None:
    with duckdb.connect() as connection:
        migrate(connection)
        bare = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal UNION ALL "
            "SELECT table_name || '.' || column_name FROM duckdb_columns() "
            "WHERE comment IS NULL AND NOT internal"
        ).fetchall()
    assert bare == []


def test_a_history_of_the_first_step_keeps_its_rows_and_takes_new_ones(history: History) -> None:
    first = (files(migrations) / "0001_history.sql").read_text(encoding="utf-8")
    row = assessment()
    stamp = Stamp(DAY - timedelta(days=1), "f", "r", NOON)
    old = feature_drift(row, stamp)
    later = ["other_statistics", "other_p_values", "other_error_bounds"]
    with duckdb.connect(history.path) as connection:
        connection.execute(
            "CREATE TABLE schema_migrations "
            "(name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"
        )
        connection.execute("COMMENT ON TABLE schema_migrations IS 'Steps.'")
        connection.execute(first)
        connection.execute("INSERT INTO schema_migrations VALUES ('0001_history', now())")
        connection.register("incoming", old.drop_columns(later))
        connection.execute("INSERT INTO feature_drift BY NAME SELECT * FROM incoming")
    assert history.query(
        "SELECT count(*), count(psi), sum(cardinality(other_statistics)) FROM drift_history"
    ).rows == [(3, 3, 0)]
    history.record(row, partition=DAY, fingerprint="f", run_id="r")
    found = history.query(
        "SELECT partition, count(*), count(*) FILTER (statistic = 'hellinger') FROM drift_long "
        "GROUP BY partition ORDER BY partition"
    ).rows
    measured = sum(len(f.measurements) for f in row.features)
    others = sum(len(f) for f in old["other_statistics"].to_pylist())
    assert found == [(DAY - timedelta(days=1), measured - others, 0), (DAY, measured, 3)]


def test_p_values_and_error_bounds_of_named_statistics_are_kept(history: History) -> None:
    row = assessment(shift=20.0)
    history.record(row, partition=DAY, fingerprint="f", run_id="r")
    kept = history.query(
        "SELECT value, p_value FROM drift_long "
        "WHERE feature = 'income' AND statistic = 'anderson_darling'"
    ).rows
    measured = row.feature("income").measurements["anderson_darling"]
    assert kept == [(measured.value, measured.p_value)]
    assert history.query("SELECT p_value FROM drift_long WHERE statistic = 'unseen_rate'").rows == [
        (None,)
    ]
    bounds = history.query(
        "SELECT map_extract_value(other_error_bounds, 'anderson_darling') FROM drift_history "
        "WHERE feature = 'income'"
    ).rows
    assert bounds == [(measured.error_bound or None,)]
