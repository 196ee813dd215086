"""Dagster's event log over open connections: the same files, history and rows as Dagster's own."""

# ruff: noqa: SLF001  # ours replaces private parts of Dagster's class, and these tests look at them

import inspect
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.event_api import EventHandlerFn
from dagster._core.events import DagsterEvent
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from drift_assets.orchestration.event_log import (
    OPEN_RUNS,
    PooledSqliteEventLogStorage,
)

STOCK = {"sqlite": {"base_dir": "storage"}}
POOLED = {
    "custom": {
        "module": "drift_assets.orchestration.event_log",
        "class": "PooledSqliteStorage",
        "config": {"base_dir": "storage"},
    }
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def instance_with(storage: Mapping[str, object], folder: Path) -> dg.DagsterInstance:
    settings = {"telemetry": {"enabled": False}, "storage": storage}
    (folder / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return dg.DagsterInstance.get()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PooledSqliteEventLogStorage]:
    with dg.DagsterInstance.ephemeral() as instance:
        storage = PooledSqliteEventLogStorage(str(tmp_path / "runs"))
        storage.register_instance(instance)
        yield storage
        storage.dispose()


def message(run_id: str, text: str, event: DagsterEvent | None = None) -> EventLogEntry:
    return EventLogEntry(  # type: ignore[no-untyped-call]  # as Dagster has it
        error_info=None,
        level=20,
        user_message=text,
        run_id=run_id,
        timestamp=time.time(),
        step_key=None,
        job_name="job",
        dagster_event=event,
    )


def ending(run_id: str) -> EventLogEntry:
    return message(run_id, "", DagsterEvent("PIPELINE_SUCCESS", "job"))


def texts(storage: SqliteEventLogStorage, run_id: str) -> list[str]:
    return [one.user_message for one in storage.get_logs_for_run(run_id)]


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def measured(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"run": context.run.run_id}, tags={"kind": "test"})


@dg.asset_check(asset=measured)
def good() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def materialize(instance: dg.DagsterInstance, partition: str) -> str:
    result = dg.materialize([measured, good], instance=instance, partition_key=partition)
    assert result.success
    return result.run_id


def seen(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str | None, str]]:
    return [
        (entry.dagster_event_type.value if entry.dagster_event_type else None, entry.message)
        for entry in instance.all_logs(run_id)
    ]


def test_a_history_goes_from_dagsters_class_to_ours_and_back(folder: Path) -> None:
    runs: list[str] = []
    logs: dict[str, list[tuple[str | None, str]]] = {}
    for storage, partition in ((STOCK, "a"), (POOLED, "b"), (STOCK, "a"), (POOLED, "b")):
        with instance_with(storage, folder) as instance:
            assert {run: seen(instance, run) for run in runs} == logs
            run_id = materialize(instance, partition)
            runs.append(run_id)
            logs[run_id] = seen(instance, run_id)
            partitions = instance.get_materialized_partitions(measured.key)
            assert partitions == {"a", "b"} if len(runs) > 1 else {"a"}
            latest = instance.get_latest_materialization_event(measured.key)
            assert latest is not None
            assert latest.run_id == run_id
    # The same events, whichever class wrote them.
    kinds = [[kind for kind, _ in logs[run]] for run in runs]
    assert kinds[0] == kinds[1] == kinds[2] == kinds[3]


def test_the_files_and_tables_are_those_of_dagsters_class(tmp_path: Path) -> None:
    def made_by(storage: Mapping[str, object], name: str) -> dict[str, list[str]]:
        folder = tmp_path / name
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("DAGSTER_HOME", str(folder))
            with instance_with(storage, folder) as instance:
                run_id = materialize(instance, "a")
        schemas = {}
        for path in sorted((folder / "storage").rglob("*.db*")):
            with sqlite3.connect(path) as connection:
                rows = connection.execute("SELECT sql FROM sqlite_master ORDER BY name, sql")
                versions = connection.execute("SELECT version_num FROM alembic_version")
                mode = connection.execute("PRAGMA journal_mode")
                found = [*map(str, rows), *map(str, versions), *map(str, mode)]
            relative = str(path.relative_to(folder)).replace(run_id, "RUN")
            schemas[relative] = found
        return schemas

    # No write-ahead log is left behind either, when all is closed.
    assert made_by(POOLED, "pooled") == made_by(STOCK, "stock")


def test_both_classes_write_and_read_one_run_at_the_same_time(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ours = PooledSqliteEventLogStorage(str(tmp_path))
        theirs = SqliteEventLogStorage(str(tmp_path))
        for storage in (ours, theirs):
            storage.register_instance(instance)
        expected = []
        for i in range(20):
            writer, reader = (ours, theirs) if i % 2 else (theirs, ours)
            writer.store_event(message("run", str(i)))
            expected.append(str(i))
            assert texts(reader, "run") == texts(writer, "run") == expected
        ours.dispose()


@pytest.mark.parametrize(("kind", "some"), [(SqliteEventLogStorage, True), (None, False)])
def test_a_connection_is_used_again_for_the_run_that_is_written_and_for_the_index(
    log: SqliteEventLogStorage,
    kind: type[SqliteEventLogStorage] | None,
    some: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if kind is not None:
        log = kind(str(tmp_path / "stock"))
    log.store_event(message("run", "first"))
    log.get_asset_records()
    opened: list[object] = []
    connect = sqlite3.connect

    def counted(*arguments: object, **options: object) -> object:
        opened.append(arguments)
        return connect(*arguments, **options)  # type: ignore[call-overload]  # as sqlite3 has it

    monkeypatch.setattr(sqlite3.dbapi2, "connect", counted)
    for i in range(10):
        log.store_event(message("run", str(i)))
        log.get_asset_records()
    assert bool(opened) == some


def test_the_run_of_which_the_end_was_seen_is_one_file(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    log.store_event(message("run", "first"))
    assert (tmp_path / "runs" / "run.db-wal").exists()
    log.store_event(ending("run"))
    log.store_event(message("run", "an afterthought"))
    assert [path.name for path in (tmp_path / "runs").glob("run*")] == ["run.db"]
    assert texts(log, "run") == ["first", "", "an afterthought"]


def test_what_is_only_read_is_not_kept_open(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    SqliteEventLogStorage.store_event(log, message("run", "first"))
    assert texts(log, "run") == ["first"]
    assert [path.name for path in (tmp_path / "runs").glob("run*")] == ["run.db"]


def test_no_more_than_a_few_runs_are_kept_open(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    runs = [f"run{i}" for i in range(3 * OPEN_RUNS)]
    for run in runs:
        log.store_event(message(run, "one"))
    opened = {path.name for path in (tmp_path / "runs").glob("run*-wal")}
    assert opened == {f"{run}.db-wal" for run in runs[-OPEN_RUNS:]}
    for run in runs:
        log.store_event(message(run, "two"))
        assert texts(log, run) == ["one", "two"]


def test_threads_write_and_read_without_losing_an_event(log: PooledSqliteEventLogStorage) -> None:
    def work(i: int) -> int:
        log.store_event(message(f"run{i % 3}", str(i)))
        return len(texts(log, f"run{i % 3}"))

    with ThreadPoolExecutor(8) as threads:
        assert min(threads.map(work, range(120))) >= 1
    written = [text for run in range(3) for text in texts(log, f"run{run}")]
    assert sorted(written, key=int) == [str(i) for i in range(120)]


def test_a_child_after_a_fork_opens_its_own_connections(log: PooledSqliteEventLogStorage) -> None:
    log.store_event(message("run", "parent"))
    # As another thread of the parent may, at the moment of the fork.
    log._db_lock.acquire()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            log.store_event(message("run", "child"))
            status = 0 if texts(log, "run") == ["parent", "child"] else 2
        finally:
            os._exit(status)
    log._db_lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.store_event(message("run", "parent again"))
    assert texts(log, "run") == ["parent", "child", "parent again"]


def test_a_database_that_somebody_else_put_in_place_is_opened_anew(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    log.store_event(message("run", "old"))
    path = tmp_path / "runs" / "run.db"
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    log.store_event(message("run", "new"))
    assert texts(log, "run") == ["new"]
    with dg.DagsterInstance.ephemeral() as instance:
        theirs = SqliteEventLogStorage(str(tmp_path / "runs"))
        theirs.register_instance(instance)
        assert texts(theirs, "run") == ["new"]


def test_an_index_restored_from_a_back_up_is_looked_at_anew(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    assert log.has_table("concurrency_limits")
    assert log.has_asset_key_index_cols()
    # One of an older Dagster, which lacks a table and a column.
    older = tmp_path / "older.db"
    with sqlite3.connect(tmp_path / "runs" / "index.db") as connection:
        connection.execute("VACUUM INTO ?", [str(older)])
    connection.close()
    with sqlite3.connect(older) as connection:
        connection.execute("DROP TABLE concurrency_limits")
        connection.execute("ALTER TABLE asset_keys RENAME last_materialization_timestamp TO other")
    connection.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / "runs" / f"index.db{suffix}").unlink(missing_ok=True)
    older.replace(tmp_path / "runs" / "index.db")
    assert not log.has_asset_key_index_cols()
    assert not log.has_table("concurrency_limits")


def test_wiping_leaves_nothing_and_the_log_goes_on(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    log.store_event(message("run", "old"))
    log.wipe()
    assert list((tmp_path / "runs").glob("run*")) == []
    log.store_event(message("run", "new"))
    assert texts(log, "run") == ["new"]


def test_a_migration_passes_over_every_database_and_the_log_goes_on(
    log: PooledSqliteEventLogStorage,
) -> None:
    runs = [f"run{i}" for i in range(OPEN_RUNS + 2)]
    for run in runs:
        log.store_event(message(run, "old"))
    # As `dagster instance migrate` does.
    log.upgrade()
    current, newest = log.alembic_version()
    assert current == newest
    for run in runs:
        log.store_event(message(run, "new"))
        assert texts(log, run) == ["old", "new"]


def test_a_cursor_not_read_to_its_end_does_not_show_old_rows(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    for i in range(3):
        log.store_event(message("run", str(i)))
    held = []
    with log.run_connection("run") as connection:
        rows = connection.connection.cursor().execute("SELECT id FROM event_logs ORDER BY id")
        held.append((rows, rows.fetchone()))
    with sqlite3.connect(tmp_path / "runs" / "run.db") as other:
        other.execute("DELETE FROM event_logs WHERE id = 3")
    other.close()
    assert texts(log, "run") == ["0", "1"]


def test_who_watches_a_run_hears_each_event_while_another_process_writes(
    log: PooledSqliteEventLogStorage, tmp_path: Path
) -> None:
    heard: list[str] = []
    told = threading.Condition()

    def hear(entry: EventLogEntry, _cursor: str) -> None:
        with told:
            heard.append(entry.user_message)
            told.notify_all()

    watcher = PooledSqliteEventLogStorage(str(tmp_path / "runs"))
    with dg.DagsterInstance.ephemeral() as instance:
        watcher.register_instance(instance)
        log.store_event(message("run", "before"))
        callback: EventHandlerFn = hear
        watcher.watch("run", None, callback)
        for text in ("one", "two", "three"):
            log.store_event(message("run", text))
            with told:
                assert told.wait_for(partial(heard.__contains__, text), timeout=60), heard
        log.store_event(ending("run"))
        with told:
            assert told.wait_for(lambda: len(heard) == 5, timeout=60), heard
        watcher.end_watch("run", callback)
        watcher.dispose()
    assert heard == ["before", "one", "two", "three", ""]


def test_the_event_log_can_be_named_alone(folder: Path) -> None:
    settings = {
        "event_log_storage": {
            "module": "drift_assets.orchestration.event_log",
            "class": "PooledSqliteEventLogStorage",
            "config": {"base_dir": "events"},
        }
    }
    (folder / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
        # What Dagster hands to the process of a run.
        with dg.DagsterInstance.from_ref(instance.get_ref()) as again:
            assert isinstance(again.event_log_storage, PooledSqliteEventLogStorage)


def test_a_process_that_is_handed_the_instance_has_the_same_storage(folder: Path) -> None:
    with instance_with(POOLED, folder) as instance:
        run_id = materialize(instance, "a")
        with dg.DagsterInstance.from_ref(instance.get_ref()) as again:
            assert isinstance(again.event_log_storage, PooledSqliteEventLogStorage)
            assert seen(again, run_id) == seen(instance, run_id)


def test_dagsters_classes_have_the_parts_that_ours_replace() -> None:
    # Private parts, which a release of Dagster may change without a word. If this fails: look at
    # the difference, and until ours follows, use `storage: {sqlite: {base_dir: ...}}`.
    def parameters(function: object) -> list[str]:
        return list(inspect.signature(function).parameters)  # type: ignore[arg-type]

    own = SqliteEventLogStorage
    assert parameters(own._connect) == ["self", "shard"]
    assert parameters(own._initdb) == ["self", "engine", "for_index_shard"]
    assert parameters(own._has_asset_key_col_on_connection) == ["self", "conn", "column_name"]
    assert parameters(own.store_event) == ["self", "event"]
    assert parameters(own.watch) == ["self", "run_id", "cursor", "callback"]
    assert parameters(own.has_table) == ["self", "table_name"]
    # All that ours has to do too: make the tables once, one connection, one transaction.
    assert re.findall(r"([\w.]+)\(", inspect.getsource(own._connect)) == [
        "_connect",
        "check.str_param",
        "self.conn_string_for_shard",
        "create_engine",
        "self._initdb",
        "self._initialized_dbs.add",
        "engine.connect",
        "conn.begin",
        "engine.dispose",
    ]
    assert "with self._db_lock:" in inspect.getsource(own._connect)
    assert "self._event_log_storage = SqliteEventLogStorage(" in inspect.getsource(
        DagsterSqliteStorage.__init__
    )
    watchdog = inspect.getsource(SqliteEventLogStorageWatchdog)
    assert "super().__init__(patterns=[self._log_path], **kwargs)" in watchdog
    assert "self._process_log()" in watchdog
