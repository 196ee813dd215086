"""Dagster's SQLite storage over connections that stay open: the same files, less work.

For every read and every write Dagster makes a SQLAlchemy engine and opens a SQLite
connection, and throws both away: SQL is compiled anew each time, and a connection that is the
last to close copies SQLite's write-ahead log into the database and removes it. The classes here
keep engine and connection instead and change nothing else. Files, tables, queries and locks
are Dagster's own, so whoever names Dagster's class again in ``dagster.yaml`` keeps the history.
"""

import os
import sqlite3
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dagster as dg
import sqlalchemy as db
from dagster._core.event_api import EventHandlerFn
from dagster._core.events import EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool
from watchdog.observers import Observer

OPEN_RUNS: Final = 8
"""Databases of runs that a process keeps at hand: more than it runs at once."""

_OVER: Final = frozenset(
    event
    for event, status in EVENT_TYPE_TO_PIPELINE_RUN_STATUS.items()
    if status
    in {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
)

# SQLite forbids a child process even to close what its parent opened before the fork.
_PARENTS: Final[list[object]] = []


class PooledSqliteStorage(DagsterSqliteStorage):
    """Dagster's ``storage: sqlite`` with a `PooledSqliteEventLogStorage` in it.

    In ``dagster.yaml``::

        storage:
          custom:
            module: drift_assets.orchestration.event_log
            class: PooledSqliteStorage
            config:
              base_dir: drift_home/storage
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        index = Path(self._event_log_storage.path_for_shard(INDEX_SHARD_NAME))
        self._event_log_storage = PooledSqliteEventLogStorage(str(index.parent))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledSqliteStorage":
        """Return the storage that ``dagster.yaml`` asks for."""
        return cls.from_local(inst_data=inst_data, **config_value)


@dataclass(slots=True)
class _Shard:
    """One database: that of a run, or the index of all.

    Attributes
    ----------
    engine
        With a pool of one connection.
    inode
        Of the file; None before it is first opened.
    stays_open
        Whether the connection is kept between uses.
    is_over
        Whether this process saw the run end.
    """

    engine: Engine
    inode: int | None = None
    stays_open: bool = False
    is_over: bool = False


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """Dagster's event log in SQLite, over connections that are used again.

    Notes
    -----
    Connections stay open to the index, and to the runs that this process writes to until they
    end. What is only read is closed after each use, so that a finished run is one file, as
    it is with Dagster's class. As there, a lock lets one thread at a time use a connection.

    ``synchronous = NORMAL`` leaves out the wait for the disk at every commit. With a
    write-ahead log a power failure can then lose the last events before it, and never harm the
    file; the run that wrote them is cut off by it anyway.
    """

    # Dagster's watcher of files; its own class declares None and assigns it later.
    _obs: Any

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._shards: OrderedDict[str, _Shard] = OrderedDict()
        self._tables: set[str] = set()
        self._asset_key_columns: set[str] = set()
        self._process = os.getpid()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledSqliteEventLogStorage":
        """Return the event log that ``dagster.yaml`` asks for."""
        return cls(inst_data=inst_data, **config_value)

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event; the connection to its run stays open until the run ends."""
        self._leave_what_is_the_parents()
        with self._db_lock:
            shard = self._shard(event.run_id)
            shard.stays_open = not shard.is_over
        super().store_event(event)
        if event.is_dagster_event and event.dagster_event_type in _OVER:
            with self._db_lock:
                self._end(event.run_id)

    def has_table(self, table_name: str) -> bool:
        """Return whether the index has a table; one that was there once is not looked for."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each new event of a run, from whichever process."""
        if not self._obs:
            self._obs = Observer()
            self._obs.start()
        handler = _Watchdog(self, run_id, callback, cursor)
        watch = self._obs.schedule(handler, self._base_dir, recursive=True)
        self._watchers[run_id][callback] = (handler, watch)

    def wipe(self) -> None:
        """Remove all events and runs."""
        self._close_all()
        super().wipe()

    def dispose(self) -> None:
        """Close all connections."""
        super().dispose()
        self._close_all()

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._asset_key_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._asset_key_columns.add(column_name)
        return column_name in self._asset_key_columns

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        self._leave_what_is_the_parents()
        with self._db_lock:
            found = self._shard(shard)
            if shard not in self._initialized_dbs:
                self._initdb(found.engine)
                self._initialized_dbs.add(shard)
            with found.engine.connect() as connection, connection.begin():
                found.inode = found.inode or _inode(self.path_for_shard(shard))
                yield connection
            if not found.stays_open:
                found.engine.dispose()

    def _shard(self, name: str) -> _Shard:
        """Return a database; opened anew, if another file has come in its place."""
        shard = self._shards.get(name)
        if shard is not None and shard.inode not in {None, _inode(self.path_for_shard(name))}:
            # Somebody else wiped it, or restored it from a back-up.
            self._shards.pop(name).engine.dispose()
            self._initialized_dbs.discard(name)
            if name == INDEX_SHARD_NAME:
                self._tables.clear()
                self._asset_key_columns.clear()
            shard = None
        if shard is None:
            engine = _engine(self.conn_string_for_shard(name))
            shard = _Shard(engine, stays_open=name == INDEX_SHARD_NAME)
            self._shards[name] = shard
        self._shards.move_to_end(name)
        if len(self._shards) > OPEN_RUNS + 1:
            oldest = next(other for other in self._shards if other != INDEX_SHARD_NAME)
            self._shards.pop(oldest).engine.dispose()
        return shard

    def _end(self, run_id: str) -> None:
        shard = self._shard(run_id)
        # Another process may have a connection too; this one's last then copies nothing, and
        # whoever watches the file of the run would not see its end.
        with shard.engine.connect() as connection:
            connection.execute(db.text("PRAGMA wal_checkpoint(PASSIVE)")).close()
        shard.stays_open, shard.is_over = False, True
        shard.engine.dispose()

    def _close_all(self) -> None:
        self._leave_what_is_the_parents()
        with self._db_lock:
            for shard in self._shards.values():
                shard.engine.dispose()
            self._shards.clear()

    def _leave_what_is_the_parents(self) -> None:
        if self._process != os.getpid():
            _PARENTS.append(self._shards)
            self._shards = OrderedDict()
            # Another thread of the parent may have held it.
            self._db_lock = threading.Lock()
            self._process = os.getpid()


class _Watchdog(SqliteEventLogStorageWatchdog):
    """Looks at a run when its database changes, or the log that stands before it.

    Dagster's own looks at the database alone, which is written only when a last connection closes.
    """

    def __init__(
        self,
        event_log_storage: SqliteEventLogStorage,
        run_id: str,
        callback: EventHandlerFn,
        cursor: str | None,
    ) -> None:
        super().__init__(event_log_storage, run_id, callback, cursor)
        self._patterns = [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: object) -> None:  # noqa: ARG002  # the same for both files
        """Call back for what is new."""
        self._process_log()


class _Connection(sqlite3.Connection):
    """A connection that can close what was left open on it, as closing itself would."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # as sqlite3 has it
        super().__init__(*arguments, **options)
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # as sqlite3 has it
        """Return a cursor, remembered while it lives."""
        made = super().cursor(*arguments, **options)
        self._cursors.add(made)
        return made

    def close_cursors(self) -> None:
        """Close the cursors: one not read to its end would show the next reader old rows."""
        for cursor in tuple(self._cursors):
            cursor.close()
        self._cursors.clear()


def _engine(address: str) -> Engine:
    engine = db.create_engine(
        address,
        poolclass=QueuePool,
        pool_size=1,
        # While Dagster makes the tables it asks for a second one.
        max_overflow=-1,
        connect_args={
            "timeout": SQLITE_BUSY_TIMEOUT_SECONDS,
            # The storage's lock lets one thread at a time use it.
            "check_same_thread": False,
            "factory": _Connection,
        },
    )
    db.event.listen(engine, "connect", _do_not_wait_for_the_disk)
    db.event.listen(engine, "checkin", _close_cursors)
    return engine


def _do_not_wait_for_the_disk(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL").close()


def _close_cursors(connection: _Connection | None, _: object) -> None:
    if connection is not None:
        connection.close_cursors()


def _inode(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except FileNotFoundError:
        return None
