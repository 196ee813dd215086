"""A history that is not whole is found out, and what is wrong is named."""

import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from drift_assets.errors import HistoryBusyError, HistoryError, HistoryVersionError
from drift_assets.store import History
from drift_assets.store.check import KEYS, Examination, check_history, examine
from drift_assets.store.compact import compact
from drift_assets.store.export import export_parquet
from drift_assets.store.migrations import migrate
from drift_assets_tests.store.samples import DAY, NOON, assessment, baseline


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "history.duckdb")
    history.record_baseline("loans", baseline(), source="b.csv", frozen_at=NOON)
    for day in range(3):
        history.record(
            assessment(), partition=DAY + timedelta(days=day), fingerprint="f", run_id="r"
        )
    return history


def faults(history: History, change: str) -> str:
    with history.session() as connection:
        connection.execute(change)
    found = check_history(history.path, wait_seconds=10.0)
    assert not found.healthy
    return found.faults


def test_a_sound_history_is_sound_and_its_rows_are_counted(history: History) -> None:
    found = check_history(history.path, wait_seconds=10.0)
    assert found.healthy, found.faults
    assert found.n_rows["evaluations"] == 3
    assert found.n_rows["feature_drift"] == 9
    assert found.n_bytes == history.path.stat().st_size
    assert not list(history.path.parent.glob("*.checked*"))


def test_every_table_has_the_key_that_the_check_goes_by() -> None:
    with duckdb.connect() as connection:
        migrate(connection)
        columns = connection.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE table_name IN "
            "(SELECT table_name FROM duckdb_tables()) GROUP BY table_name"
        ).fetchall()
    assert {table for table, _ in columns} == set(KEYS)
    assert [table for table, names in columns if not set(KEYS[table]) <= set(names)] == []


@pytest.mark.parametrize("table", ["feature_drift", "feature_profiles", "baselines", "inputs"])
def test_a_row_that_is_there_twice_is_found(history: History, table: str) -> None:
    with history.session() as connection:
        connection.execute(
            "INSERT INTO inputs VALUES ('loans', '2026-11-23', 'a.csv', 1, now(), NULL)"
        )
    said = faults(history, f"INSERT INTO {table} FROM {table} LIMIT 1")
    assert f"1 rows of {table} that are there more than once" in said


def test_rows_that_lost_what_belongs_to_them_are_found(history: History) -> None:
    said = faults(history, "DELETE FROM feature_drift WHERE partition = '2026-11-23'")
    assert "3 bin counts of a column that was not measured" in said
    assert f"1 reports that lack a column, such as: loans, {DAY}, 3." in said
    said = faults(history, "DELETE FROM baseline_profiles WHERE feature = 'income'")
    assert "3 bin counts whose bins are not there" in said


def test_a_column_that_was_run_alone_is_no_fault(history: History) -> None:
    history.record_subset(
        assessment(), partition=DAY + timedelta(days=9), fingerprint="f", run_id="by hand"
    )
    assert check_history(history.path, wait_seconds=10.0).healthy


BLOCK = 262144


def damaged(content: bytes, blocks: list[int]) -> bytes:
    """Return a file whose ``blocks`` are damaged in the middle of what they hold."""
    spoilt = bytearray(content)
    for start in blocks:
        # The first bytes of a block are its checksum.
        for place in range(start + 2000, start + 2100):
            spoilt[place] ^= 0xFF
    return bytes(spoilt)


def blocks_of(path: Path) -> list[int]:
    """Return where the blocks of a file begin."""
    return list(range(12288, path.stat().st_size, BLOCK))


def unnoticed(path: Path) -> list[int]:
    """Return the blocks of a file in which damage is not found; the file stays as it is."""
    content = path.read_bytes()
    sound = []
    for start in blocks_of(path):
        path.write_bytes(damaged(content, [start]))
        if examine(path).healthy:
            sound.append(start)
    path.write_bytes(content)
    return sound


def test_a_damaged_block_is_found_wherever_it_is(history: History) -> None:
    # A block may be free, and then nothing is wrong with it.
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{history.path}' AS history (READ_ONLY)")
        ((used,),) = connection.execute(
            "SELECT used_blocks FROM pragma_database_size() WHERE database_name = 'history'"
        ).fetchall()
    assert len(blocks_of(history.path)) - len(unnoticed(history.path)) == used > 3


def test_damage_in_the_keys_of_a_long_history_is_found_unless_nothing_reads_it(
    history: History,
) -> None:
    with history.session() as connection:
        # Keys that share no beginning, so that what guards them takes several blocks.
        connection.execute(
            "INSERT INTO evaluations SELECT e.* REPLACE (md5(i::VARCHAR) AS monitor, "
            "0 AS n_columns) FROM evaluations AS e, range(12000) AS r(i) WHERE partition = ?",
            [DAY],
        )
    content = history.path.read_bytes()
    sound = unnoticed(history.path)
    assert len(blocks_of(history.path)) - len(sound) > 4
    history.path.write_bytes(damaged(content, sound))
    with history.session() as connection:
        connection.execute("CREATE TEMP TABLE kept AS FROM evaluations")
        connection.begin()
        connection.execute("DELETE FROM evaluations")
        connection.execute("INSERT INTO evaluations FROM kept")
        connection.commit()
        assert connection.execute("SELECT count(*) FROM evaluations").fetchall() == [(12003,)]
    assert check_history(history.path, wait_seconds=10.0).healthy


def test_a_file_that_is_not_a_history_is_no_sound_one(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    path.write_text("monitor,partition\n" * 1000)
    assert not check_history(path, wait_seconds=1.0).healthy


def test_an_older_history_is_sound_and_told_to_be_older(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    with duckdb.connect(path) as connection:
        migrate(connection)
        connection.execute("DELETE FROM schema_migrations WHERE name > '0001_history'")
    found = examine(path)
    assert found.healthy
    assert "schema steps to come" in found.findings[0].text


def test_a_newer_history_is_refused_in_words(history: History) -> None:
    with history.session() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    with pytest.raises(HistoryVersionError, match="upgrade"):
        check_history(history.path, wait_seconds=1.0)


def test_where_there_is_no_history_there_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="Found no history"):
        check_history(tmp_path / "history.duckdb", wait_seconds=1.0)
    assert not list(tmp_path.iterdir())


def test_a_name_in_the_catalogue_is_never_run_as_sql(history: History, tmp_path: Path) -> None:
    written = tmp_path / "written.csv"
    name = f"x\"; COPY (SELECT 1) TO '{written}'; --".replace('"', '""')
    with history.session() as connection:
        connection.execute(f'CREATE TABLE "{name}" (a INTEGER PRIMARY KEY)')
        connection.execute(f'CREATE VIEW "v{name}" AS SELECT 1 AS one')
    assert check_history(history.path, wait_seconds=10.0).healthy
    assert not written.exists()
    with history.copy() as reading, pytest.raises(HistoryError, match="only letters"):
        export_parquet(reading, tmp_path / "out")
    assert not written.exists()


def test_the_check_of_another_process_is_left_alone(history: History) -> None:
    other = history.path.with_name("history.duckdb.checked")
    other.write_text("of another")
    assert check_history(history.path, wait_seconds=10.0).healthy
    assert other.read_text() == "of another"


def test_the_copy_of_a_check_that_was_killed_goes_a_day_later(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = history.path.with_name(f"{history.path.name}.checked-0123abcd")
    left.touch()
    check_history(history.path, wait_seconds=10.0)
    assert left.exists()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_500)
    check_history(history.path, wait_seconds=10.0)
    assert not left.exists()


def test_who_may_not_compact_leaves_the_file_of_who_does(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def examined(path: Path, *, writable: bool = True) -> Examination:
        with pytest.raises(HistoryBusyError):
            compact(history.path, wait_seconds=0.0)
        seen.append(writable)
        assert path.exists()
        return examine(path, writable=writable)

    monkeypatch.setattr("drift_assets.store.compact.examine", examined)
    compact(history.path, wait_seconds=5.0)
    assert seen == [False, True]
    assert len(history.reported("loans")) == 3
    assert not list(history.path.parent.glob("*.compact*"))
