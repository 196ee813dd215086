"""People may ask anything of the history, and change nothing."""

from pathlib import Path

import pytest

from drift_assets.errors import HistoryError, QueryError
from drift_assets.store import History
from drift_assets.store.publish import published_path
from drift_assets_tests.store.conftest import MakeHistory
from drift_assets_tests.store.samples import DAY, assessment


@pytest.fixture(scope="module")
def history(make_history: MakeHistory, tmp_path_factory: pytest.TempPathFactory) -> History:
    history = make_history(tmp_path_factory.mktemp("home"))
    history.record(assessment(shift=300.0), partition=DAY, fingerprint="f", run_id="r")
    return history


def test_columns_and_rows_come_back(history: History) -> None:
    found = history.query("SELECT monitor, partition FROM drift_latest WHERE feature = 'income'")
    assert (found.columns, found.rows) == (("monitor", "partition"), [("loans", DAY)])


@pytest.mark.parametrize(
    "sql",
    ["SHOW TABLES", "DESCRIBE drift_history", "EXPLAIN SELECT 1", "SUMMARIZE evaluations;"],
)
def test_what_reads_is_allowed(history: History, sql: str) -> None:
    assert history.query(sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM evaluations",
        "UPDATE evaluations SET verdict = 'ok'",
        "INSERT INTO schema_migrations VALUES ('x', now())",
        "DROP TABLE evaluations",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TEMP TABLE t AS SELECT 1",
        "WITH gone AS (SELECT 1) DELETE FROM evaluations",
        "COPY evaluations TO '{folder}/out.csv'",
        "EXPLAIN ANALYZE COPY evaluations TO '{folder}/out.csv'",
        "EXPLAIN ANALYZE DELETE FROM evaluations",
        "EXPORT DATABASE '{folder}/out.csv'",
        "ATTACH '{folder}/out.csv'",
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM read_text('{folder}/secret.csv')",
        "SELECT * FROM read_blob('{folder}/*')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM query('SELECT * FROM read_text(''{folder}/secret.csv'')')",
        "SELECT * FROM sniff_csv('{folder}/secret.csv')",
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "SET VARIABLE a = 1",
        "INSTALL httpfs",
        "LOAD '{folder}/secret.csv'",
        "CHECKPOINT",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "SELECT 1; DELETE FROM evaluations",
        "SELECT 1; SELECT 2",
        "SELECT * FROM history",
        "ATTACH '{folder}/secret.csv' AS other (READ_ONLY)",
        "ATTACH ':memory:' AS other",
        "DETACH history",
        "USE memory",
        "CREATE TABLE memory.main.t AS SELECT 1",
        "COPY (SELECT 1) TO '{folder}/out.parquet' (FORMAT parquet)",
        "COPY feature_drift FROM '{folder}/secret.csv'",
        "COPY FROM DATABASE history TO memory",
        "EXPORT DATABASE history TO '{folder}/out'",
        "IMPORT DATABASE '{folder}'",
        "SELECT getenv('HOME')",
        "SELECT * FROM read_csv('{folder}/link')",
        "SELECT * FROM read_csv('{published}')",
        "SELECT * FROM read_text('{published}.lock')",
        "SELECT * FROM read_json_auto('{folder}/secret.csv')",
        "SELECT * FROM parquet_scan('{folder}/secret.csv')",
        "SELECT * FROM query_table('{folder}/secret.csv')",
        "SELECT * FROM pragma_storage_info('{folder}/secret.csv')",
        "PRAGMA enable_profiling",
        "PRAGMA disable_checkpoint_on_shutdown",
        "INSTALL postgres",
        "LOAD postgres",
        "FORCE CHECKPOINT history",
        "CALL pragma_version()",
        "VACUUM",
        "DROP VIEW drift_latest",
        "ALTER TABLE evaluations ADD COLUMN x INTEGER",
        "SET GLOBAL allowed_paths = ['{folder}/secret.csv']",
        "SELEC 1",
        "SELECT ?",
        "SELECT '\udc80'",
        "",
        "-- nothing",
    ],
)
def test_all_else_is_refused_in_words_and_changes_nothing(
    history: History, tmp_path: Path, sql: str
) -> None:
    (tmp_path / "secret.csv").write_text("hush\n1\n")
    (tmp_path / "link").symlink_to(tmp_path / "secret.csv")
    published = published_path(history.path)
    with pytest.raises(QueryError) as caught:
        history.query(sql.replace("{folder}", str(tmp_path)).replace("{published}", str(published)))
    assert "hush" not in str(caught.value)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link", "secret.csv"]
    assert history.query("SELECT verdict FROM evaluations").rows == [("breach",)]


def test_a_query_that_would_hold_the_history_for_long_is_stopped(history: History) -> None:
    with pytest.raises(QueryError, match=r"took longer than 0\.2 s"):
        history.query(
            "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b "
            "WHERE hash(a.range, b.range) = 1",
            limit_seconds=0.2,
        )


def test_more_rows_than_anybody_reads_are_refused(history: History) -> None:
    with pytest.raises(QueryError, match="add LIMIT"):
        history.query("SELECT * FROM range(1000001)")


def test_without_a_history_the_answer_is_an_error_and_not_a_new_file(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="Found no history"):
        History(tmp_path / "history.duckdb").query("SELECT 1")
    assert not list(tmp_path.iterdir())
