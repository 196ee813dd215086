"""Questions from outside: one reading statement on a locked-down connection."""

import threading
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from drift_assets.errors import QueryError

# In this order: the last one makes the others final.
LOCK_DOWN: Final = (
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET lock_configuration = true",
)
READING: Final = frozenset({"SELECT", "EXPLAIN"})
LIMIT_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query returned: the names of its columns, and its rows as Python values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def run_query(
    connection: duckdb.DuckDBPyConnection, sql: str, *, limit_seconds: float
) -> QueryResult:
    """Return what one reading statement yields on a read-only connection.

    Afterwards the connection stays locked down: it is fit for nothing else.

    Raises
    ------
    QueryError
        If the statement fails, does anything but read, is not alone, or takes
        too long or returns too much.
    """
    for setting in LOCK_DOWN:
        connection.execute(setting)
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        connection.interrupt()

    timer = threading.Timer(limit_seconds, stop)
    timer.daemon = True
    try:
        statement = _only_reading(connection, sql)
        timer.start()
        connection.execute(statement)
        columns = tuple(str(c[0]) for c in connection.description or ())
        rows = connection.fetchmany(LIMIT_ROWS + 1)
    except (duckdb.Error, ValueError, OverflowError) as error:
        if stopped.is_set():
            raise QueryError(
                f"The query took longer than {limit_seconds:g} s, in which nobody else could use "
                "the history: ask for fewer days or columns."
            ) from error
        raise QueryError(f"The query failed. {str(error).strip()}") from error
    finally:
        timer.cancel()
        if timer.ident is not None:
            timer.join()
    if len(rows) > LIMIT_ROWS:
        raise QueryError(
            f"The query returns more than {LIMIT_ROWS:,} rows: add LIMIT, or aggregate."
        )
    return QueryResult(columns, rows)


def _only_reading(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    # Half a character from a broken terminal: said here, where it can be said in words.
    sql.encode()
    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryError("Found no statement, expected one such as SELECT * FROM drift_latest.")
    if len(statements) > 1:
        raise QueryError(
            f"Found {len(statements)} statements, expected exactly one: ask one after another."
        )
    found = statements[0].type.name
    if found not in READING:
        raise QueryError(
            f"Found a statement of type {found}, expected a SELECT, SHOW, DESCRIBE, SUMMARIZE or "
            "EXPLAIN: the history is only read here."
        )
    return statements[0]
