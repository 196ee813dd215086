"""The history on a server: PostgreSQL, or a DuckLake that PostgreSQL keeps the books of.

DuckDB runs the same SQL as on a file, in memory, with the server attached. Writers queue for
one lock of the server, in the order in which they came, so that what one reads before it
writes stays true; readers wait for nobody. The views are made in the session, of
``views.sql``: what is stored is tables alone.
"""

import json
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from drift_assets.errors import (
    ConfigurationError,
    HistoryBusyError,
    HistoryError,
    QueryError,
)
from drift_assets.store.migrations import VIEWS, apply_steps, migrate, steps_after
from drift_assets.store.query import lock_down
from drift_assets.store.session import SETTINGS, first_line
from drift_assets.store.signals import as_raised
from drift_assets.store.tables import insert

SETTING: Final = "DRIFT_ASSETS_HISTORY"
"""The environment variable that holds the address of a server."""
SCHEMA: Final = "drift_assets"
"""Where on the server the tables are."""
POSTGRES: Final = "postgres:"
DUCKLAKE: Final = "ducklake:postgres:"

# Two halves of one advisory lock, of no meaning but to be nobody else's: "drif" and "t_as".
_LOCK: Final = (0x64726966, 0x745F6173)
_LONGEST_NAME: Final = 63
# Fewer rows than this go into a lake's books, which costs less than a file; of a thousand rows a
# file costs a quarter.
_INLINED_ROWS: Final = 100

_TIDYING: Final = (
    "ducklake_flush_inlined_data('server')",
    "ducklake_merge_adjacent_files('server')",
    "ducklake_expire_snapshots('server', older_than => now() - INTERVAL 7 DAYS)",
    "ducklake_cleanup_old_files('server', older_than => now() - INTERVAL 7 DAYS)",
)

# All that a question may call in its FROM: the extension brings others that write anywhere.
_TABLE_FUNCTIONS: Final = frozenset(
    {
        "duckdb_columns",
        "duckdb_tables",
        "duckdb_views",
        "generate_series",
        "json_each",
        "json_tree",
        "range",
        "unnest",
    }
)
_EXPLAIN: Final = re.compile(r"\s*EXPLAIN\s+(ANALYZE\s+)?", re.IGNORECASE)
_PASSWORD: Final = re.compile(r"password\s*=|//[^/@]*:[^/@]*@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Server:
    """A database that keeps the history for several machines.

    Attributes
    ----------
    address
        As DuckDB's ATTACH takes it: ``postgres:...`` or ``ducklake:postgres:...``; what
        follows is libpq's, keywords or a URI. It holds no password.
    files
        Folder of a DuckLake's Parquet files, the same on every machine; PostgreSQL needs none.
    """

    address: str
    files: Path

    @classmethod
    def from_setting(cls, address: str, *, files: Path) -> Self:
        """Return the server of an address.

        Raises
        ------
        ConfigurationError
            If it is not an address, or holds a password.
        """
        if _PASSWORD.search(address):
            raise ConfigurationError(
                f"Found a password in {SETTING}, where every query could read it, expected an "
                "address without: put the password into PGPASSWORD, or into the file of PGPASSFILE."
            )
        if not address.startswith((POSTGRES, DUCKLAKE)):
            raise ConfigurationError(
                f"Found {address.partition(':')[0]!r} at the start of {SETTING}, expected an "
                f"address that begins with {POSTGRES} or {DUCKLAKE}, such as "
                "'postgres:host=db.example.com dbname=drift user=drift'; unset it to keep the "
                "history in a file."
            )
        return cls(address, files)

    @property
    def is_lake(self) -> bool:
        """Whether the rows are in files and PostgreSQL keeps the books."""
        return self.address.startswith(DUCKLAKE)

    def exists(self) -> bool:
        """Return whether anything has been written there yet."""
        with _in_words(self):
            return _reading(self) is not None

    @contextmanager
    def session(
        self, *, read_only: bool, wait_seconds: float, apart: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection with the tables, or ``read_only`` the tables and views.

        A writer's is nobody else's meanwhile; keep it short. A reader's is locked down.

        Parameters
        ----------
        read_only
            Whether the server refuses to write.
        wait_seconds
            How long to wait for other writers.
        apart
            Whether a reader's connection is not locked down, and may write files.

        Raises
        ------
        HistoryBusyError
            If others wrote for all that time.
        HistoryVersionError
            If the history was written by a newer drift_assets.
        HistoryError
            If the server or the history is not there.
        """
        if not read_only:
            with self._locked(wait_seconds) as connection, as_raised():
                yield connection
            return
        with _in_words(self):
            instance = _reading(self, apart=apart)
            if instance is None:
                raise self.absent()
            if steps_after(_applied(instance)):
                with self._locked(wait_seconds):
                    pass
            connection = _with_views(self, instance, locked=not apart)
        try:
            with as_raised():
                yield connection
        finally:
            connection.close()
            if apart:
                instance.close()

    def tidy(self, *, wait_seconds: float) -> None:
        """Move the rows that a lake's books hold to files, and few small files to large ones.

        Snapshots that are older than a week go, with the files that nothing needs then. Of
        PostgreSQL's own tables, PostgreSQL takes care.

        Raises
        ------
        HistoryBusyError
            If others wrote for all that time.
        HistoryError
            If the server is not there.
        """
        if not self.is_lake:
            return
        with self._locked(wait_seconds) as connection, _in_words(self):
            for call in _TIDYING:
                connection.execute(f"CALL {call}").fetchall()

    def absent(self) -> HistoryError:
        """Return the error that there is no history yet."""
        return HistoryError(
            f"Found no history at {self.address}, expected the tables that the first run makes: "
            f"run a monitor first, or set {SETTING} to the server that holds it."
        )

    @contextmanager
    def _locked(self, wait_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        with _in_words(self):
            instance = _writing(self)
            door = instance.cursor()
        try:
            with _in_words(self):
                _enter(self, door, wait_seconds)
                _attach_to_write(self, instance)
                connection = instance.cursor()
            try:
                with _in_words(self):
                    _bring_up_to_date(self, connection)
                    connection.execute(f"USE server.{SCHEMA}")
                yield connection
            finally:
                # Undoes what is not committed.
                connection.close()
        finally:
            # Closing ends the door's transaction, and the lock with it.
            door.close()

    @property
    def target(self) -> str:
        """What libpq connects to."""
        target = self.address.removeprefix(DUCKLAKE).removeprefix(POSTGRES)
        # The address may be a URI itself, whose scheme is then the prefix.
        return f"postgresql:{target}" if target.startswith("//") else target


# --- Connections ------------------------------------------------------------------------------

_INSTANCES: Final[dict[tuple[int, Server, bool], duckdb.DuckDBPyConnection]] = {}
_INSTANCES_LOCK: Final = threading.Lock()


def disconnect() -> None:
    """Close what this process keeps open to servers; the next session opens it again."""
    with _INSTANCES_LOCK:
        for instance in _INSTANCES.values():
            instance.close()
        _INSTANCES.clear()


def _writing(server: Server) -> duckdb.DuckDBPyConnection:
    """Return this process's connection for writing; loading the extensions takes a third of a s."""
    key = (os.getpid(), server, False)
    with _INSTANCES_LOCK:
        if key not in _INSTANCES:
            instance = _blank(server)
            instance.execute(f"ATTACH {_quoted(server.target)} AS door (TYPE postgres)")
            _INSTANCES[key] = instance
        return _INSTANCES[key]


def _attach_to_write(server: Server, instance: duckdb.DuckDBPyConnection) -> None:
    """Attach the history to write to; the first to come makes a DuckLake, hence under the lock."""
    known = instance.execute(
        "SELECT 1 FROM duckdb_databases() WHERE database_name = 'server'"
    ).fetchall()
    if known:
        return
    address = _quoted(DUCKLAKE + server.target)
    if not server.is_lake:
        instance.execute(f"ATTACH {_quoted(server.target)} AS server (TYPE postgres)")
        return
    options = f"DATA_INLINING_ROW_LIMIT {_INLINED_ROWS}"
    try:
        instance.execute(f"ATTACH {address} AS server ({options})")
    except duckdb.InvalidInputException as error:
        if "data_path is not set" not in str(error):
            raise
        files = _quoted(str(server.files))
        instance.execute(f"ATTACH {address} AS server (DATA_PATH {files}, {options})")


def _reading(server: Server, *, apart: bool = False) -> duckdb.DuckDBPyConnection | None:
    """Return a connection for reading, this process's or a new one; None without a history."""
    key = (os.getpid(), server, True)
    with _INSTANCES_LOCK:
        if not apart and key in _INSTANCES:
            return _INSTANCES[key]
        instance = _blank(server)
        try:
            if server.is_lake:
                instance.execute(
                    f"ATTACH {_quoted(DUCKLAKE + server.target)} AS server (READ_ONLY)"
                )
            else:
                instance.execute(
                    f"ATTACH {_quoted(server.target)} AS server (TYPE postgres, READ_ONLY)"
                )
        except duckdb.InvalidInputException as error:
            if "does not exist" in str(error):
                return None
            raise
        if not _applied(instance):
            # Not kept: a connection does not notice a schema that is made later.
            instance.close()
            return None
        if not apart:
            _INSTANCES[key] = instance
        return instance


def _blank(server: Server) -> duckdb.DuckDBPyConnection:
    """Return a connection that knows the server's language and has nothing attached."""
    instance = duckdb.connect(config=SETTINGS)
    # For every cursor made of it.
    instance.execute("SET GLOBAL TimeZone = 'UTC'")
    for name in ("postgres_scanner", "ducklake") if server.is_lake else ("postgres_scanner",):
        _load(instance, name)
    return instance


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from its package, else from DuckDB's own folder; never from the network."""
    package = find_spec(f"duckdb_extension_{name}")
    folders = [] if package is None else list(package.submodule_search_locations or ())
    file = Path(f"extensions/v{duckdb.__version__}/{name}.duckdb_extension")
    found = [
        _quoted(str(folder / file)) for folder in map(Path, folders) if (folder / file).exists()
    ]
    try:
        connection.execute(f"LOAD {found[0] if found else name}")
    except duckdb.Error as error:
        raise HistoryError(
            f"DuckDB {duckdb.__version__} has no extension {name} here, without which there is no "
            f"history on a server: pip install 'drift-assets[postgres]'. {first_line(error)}"
        ) from error


# --- The lock ---------------------------------------------------------------------------------


def _enter(server: Server, door: duckdb.DuckDBPyConnection, wait_seconds: float) -> None:
    """Wait for the lock of the writers, which lasts as long as the door's transaction."""
    name = f"drift_assets {os.getpid()} {socket.gethostname()}"
    name = re.sub(r"[^\w .-]", "_", name, flags=re.ASCII)[:_LONGEST_NAME]
    milliseconds = max(1, round(wait_seconds * 1000))
    door.begin()
    _execute(
        door,
        f"SET LOCAL application_name = '{name}'; SET LOCAL lock_timeout = {milliseconds}; "
        # A writer whose machine is gone is found out within a minute.
        "SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10; "
        "SET LOCAL tcp_keepalives_count = 3",
    )
    try:
        _execute(door, f"SELECT pg_advisory_xact_lock({_LOCK[0]}, {_LOCK[1]})")
    except duckdb.Error as error:
        if "lock timeout" not in str(error):
            raise
        door.rollback()
        raise HistoryBusyError(
            f"Found the history at {server.address} held by {_holder(door)}, still after "
            f"{wait_seconds:.0f} s, expected it to be free: wait until that is done, or stop it, "
            "and try again."
        ) from error


def _holder(door: duckdb.DuckDBPyConnection) -> str:
    """Return who holds the lock, in words."""
    sql = (
        "SELECT a.application_name, a.pid, a.xact_start::text FROM pg_locks AS l "  # noqa: S608  # our own numbers
        "JOIN pg_stat_activity AS a USING (pid) "
        "WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() "
        f"AND l.classid = {_LOCK[0]} AND l.objid = {_LOCK[1]}"
    )
    rows = door.execute(f"FROM postgres_query('door', {_quoted(sql)})").fetchall()
    if not rows:
        return "another process"
    name, backend, since = rows[0]
    return f"{name} (backend {backend} of the server) since {since}"


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(f"CALL postgres_execute('door', {_quoted(sql)})")


# --- Tables and views -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kind: str
    nullable: bool

    @property
    def stored(self) -> str:
        """The type on the server, which has no maps."""
        return "JSON" if self.kind.startswith("MAP(") else self.kind

    @property
    def shown(self) -> str:
        """The column as people know it, from the one that is stored."""
        name = f'"{self.name}"'
        # PostgreSQL's JSON is text to DuckDB.
        return f"{name}::JSON::{self.kind} AS {name}" if self.stored == "JSON" else name


@dataclass(frozen=True, slots=True)
class _Schema:
    """The tables of a file, and all comments."""

    tables: Mapping[str, tuple[_Column, ...]]
    keys: Mapping[str, tuple[str, ...]]
    comments: tuple[tuple[str, str, str | None, str], ...]


@cache
def _contract() -> _Schema:
    """Return what the steps and ``views.sql`` make of a blank file."""
    with duckdb.connect() as blank:
        migrate(blank)
        return _schema_of(blank)


def _schema_of(connection: duckdb.DuckDBPyConnection) -> _Schema:
    rows = connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE NOT internal AND table_name IN (SELECT table_name FROM duckdb_tables()) "
        "ORDER BY table_oid, column_index"
    ).fetchall()
    tables: dict[str, tuple[_Column, ...]] = {}
    for table, *column in rows:
        tables[table] = (*tables.get(table, ()), _Column(*column))
    keys = connection.execute(
        "SELECT table_name, constraint_column_names FROM duckdb_constraints() "
        "WHERE constraint_type = 'PRIMARY KEY'"
    ).fetchall()
    comments = connection.execute(
        "SELECT 'TABLE', table_name, NULL, comment FROM duckdb_tables() UNION ALL "
        "SELECT 'VIEW', view_name, NULL, comment FROM duckdb_views() WHERE NOT internal "
        "UNION ALL SELECT 'COLUMN', table_name, column_name, comment FROM duckdb_columns() "
        "WHERE NOT internal"
    ).fetchall()
    kept = tuple(comment for comment in comments if comment[-1] is not None)
    return _Schema(tables, {table: tuple(names) for table, names in keys}, kept)


def _applied(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the steps that the tables on the server have."""
    try:
        rows = connection.execute(f"SELECT name FROM server.{SCHEMA}.schema_migrations").fetchall()  # noqa: S608  # our own names
    except duckdb.CatalogException:
        return set()
    return {name for (name,) in rows}


def _bring_up_to_date(server: Server, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, or bring older ones with their rows up to the last step."""
    applied = _applied(connection)
    missing = steps_after(applied)
    if not missing:
        return
    connection.begin()
    try:
        with duckdb.connect() as scratch:
            if applied:
                # The steps are DuckDB's: they are taken where DuckDB keeps the tables.
                apply_steps(scratch, applied)
                _take_over(connection, scratch)
            apply_steps(scratch, missing)
            make_tables(server, connection, scratch)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _take_over(connection: duckdb.DuckDBPyConnection, scratch: duckdb.DuckDBPyConnection) -> None:
    """Move the rows of the server's tables into the scratch file's, and drop the former."""
    for table, columns in _schema_of(scratch).tables.items():
        shown = ", ".join(column.shown for column in columns)
        rows = connection.sql(f"SELECT {shown} FROM server.{SCHEMA}.{table}").to_arrow_table()  # noqa: S608  # our own names
        scratch.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names
        insert(scratch, table, rows)
        connection.execute(f"DROP TABLE server.{SCHEMA}.{table}")


def make_tables(
    server: Server, connection: duckdb.DuckDBPyConnection, scratch: duckdb.DuckDBPyConnection
) -> None:
    """Make the tables of a scratch file on the server, with its rows and comments."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS server.{SCHEMA}")
    schema = _schema_of(scratch)
    for table, columns in schema.tables.items():
        definitions = [
            f'"{column.name}" {column.stored}{"" if column.nullable else " NOT NULL"}'
            for column in columns
        ]
        if not server.is_lake and table in schema.keys:
            definitions.append(f"PRIMARY KEY ({', '.join(schema.keys[table])})")
        place = f"server.{SCHEMA}.{table}"
        connection.execute(f"CREATE TABLE {place} ({', '.join(definitions)})")
        rows = scratch.sql(f"FROM {table}").to_arrow_table()
        insert(connection, place, rows, maps_as_json=True)
        names = {column.name for column in columns}
        if not server.is_lake and table not in schema.keys and {"monitor", "partition"} <= names:
            index = f"CREATE INDEX ON {SCHEMA}.{table} (monitor, partition)"
            connection.execute(f"CALL postgres_execute('server', {_quoted(index)})")
    for what, name, column, text in schema.comments:
        if name in schema.tables:
            place = f"{SCHEMA}.{name}" + ("" if column is None else f'."{column}"')
            if server.is_lake:
                connection.execute(f"COMMENT ON {what} server.{place} IS {_quoted(text)}")
            else:
                comment = f"COMMENT ON {what} {place} IS {_quoted(text)}"
                connection.execute(f"CALL postgres_execute('server', {_quoted(comment)})")


def _with_views(
    server: Server, instance: duckdb.DuckDBPyConnection, *, locked: bool
) -> duckdb.DuckDBPyConnection:
    """Return a cursor that sees tables and views by the names that they have in a file."""
    with _INSTANCES_LOCK:
        known = instance.execute(
            "SELECT 1 FROM duckdb_databases() WHERE database_name = 'history'"
        ).fetchall()
        if not known:
            contract = _contract()
            # Named like a file's, so that whoever asks for the tables of the history finds them.
            instance.execute("ATTACH ':memory:' AS history")
            instance.execute("USE history")
            for table, columns in contract.tables.items():
                shown = ", ".join(column.shown for column in columns)
                instance.execute(
                    f"CREATE VIEW {table} AS SELECT {shown} FROM server.{SCHEMA}.{table}"  # noqa: S608  # our own names
                )
            instance.execute(VIEWS.read_text(encoding="utf-8"))
            for what, name, column, text in contract.comments:
                place = name if column is None else f'{name}."{column}"'
                kind = "COLUMN" if what == "COLUMN" else "VIEW"
                instance.execute(f"COMMENT ON {kind} {place} IS {_quoted(text)}")
            if locked:
                if server.is_lake:
                    instance.execute(f"SET allowed_directories = [{_quoted(_files(instance))}]")
                lock_down(instance)
    cursor = instance.cursor()
    cursor.execute("USE history")
    return cursor


def _files(instance: duckdb.DuckDBPyConnection) -> str:
    """Return the folder of a lake's files, as the first to come has set it."""
    ((folder,),) = instance.execute(
        "SELECT value FROM ducklake_options('server') WHERE option_name = 'data_path'"
    ).fetchall()
    return str(folder)


# --- Questions --------------------------------------------------------------------------------


def refuse_calls(sql: str) -> None:
    """Refuse a question that calls anything by which it could leave the tables and views.

    DuckDB's PostgreSQL extension hands any text to the server (``postgres_query``) or connects to
    any other (``postgres_scan``), and no setting takes that away.

    Raises
    ------
    QueryError
        If it does, or cannot be looked through.
    """
    text = _EXPLAIN.sub("", sql, count=1) if _EXPLAIN.match(sql) else sql
    with duckdb.connect(config=SETTINGS) as parser:
        try:
            # Half a character from a broken terminal: said here, where it can be said in words.
            text.encode()
            ((said,),) = parser.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchall()
        except (duckdb.Error, ValueError) as error:
            raise QueryError(f"The query failed. {str(error).strip()}") from error
    parsed = json.loads(said)
    if parsed["error"]:
        raise QueryError(
            f"The query cannot be looked through: {parsed['error_message']} Expected one SELECT, "
            "SHOW, DESCRIBE or SUMMARIZE, or EXPLAIN with nothing but ANALYZE before one."
        )
    for name in _table_functions(parsed):
        if name not in _TABLE_FUNCTIONS:
            raise QueryError(
                f"Found a call of {name} in a query of a history on a server, expected no other "
                f"table function than {', '.join(sorted(_TABLE_FUNCTIONS))}: ask the views."
            )


def _table_functions(node: Any) -> Iterator[str]:  # noqa: ANN401  # JSON
    if isinstance(node, dict):
        if node.get("type") == "TABLE_FUNCTION":
            function = node["function"]
            yield ".".join(
                part
                for part in (function["catalog"], function["schema"], function["function_name"])
                if part
            ).lower()
        for value in node.values():
            yield from _table_functions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _table_functions(value)


@contextmanager
def _in_words(server: Server) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise HistoryError(
            f"The history at {server.address} cannot be reached: {first_line(error)} Expected a "
            "PostgreSQL that lets this user in and make tables: check the address, PGUSER and "
            "PGPASSWORD, and whether it runs."
        ) from error


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
