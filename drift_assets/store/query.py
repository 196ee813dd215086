"""Questions from outside: one reading statement on a locked-down connection."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

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

_BATCH_ROWS: Final = 100_000
_FAILURES: Final = (duckdb.Error, pa.ArrowException, OSError, ValueError, OverflowError)
_DAYS_PER_MONTH: Final = 30  # as DuckDB counts them itself


@dataclass(frozen=True)
class QueryResult:
    """What a query returned.

    Attributes
    ----------
    table
        The rows, as Arrow has them.
    as_of
        The instant of which the rows are.
    complete
        Whether nothing newer had been written when the query was asked.
    """

    table: pa.Table
    as_of: datetime
    complete: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, as the query has them."""
        return tuple(self.table.column_names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, those that come again numbered: ``a``, ``a_2``, ``a_3``."""
        found: dict[str, None] = {}
        for name in self.columns:
            numbered = (f"{name}_{n}" for n in count(2) if f"{name}_{n}" not in self.columns)
            found[next(one for one in chain([name], numbered) if one not in found)] = None
        return tuple(found)

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as Python values."""
        columns = [_python_values(column) for column in self.table.columns]
        return list(zip(*columns, strict=True))

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table, each name there once."""
        return self.table.rename_columns(list(self.names))

    def to_pandas(self) -> "pd.DataFrame":
        """Return the rows as a pandas frame.

        The type of a column does not depend on its rows: whole numbers and booleans are
        nullable ones, dates are ``datetime64``. A map becomes a dictionary.
        """
        import pandas as pd  # noqa: PLC0415  # not everybody wants pandas loaded

        nullable = {
            pa.bool_(): pd.BooleanDtype(),
            pa.int8(): pd.Int8Dtype(),
            pa.int16(): pd.Int16Dtype(),
            pa.int32(): pd.Int32Dtype(),
            pa.int64(): pd.Int64Dtype(),
            pa.uint8(): pd.UInt8Dtype(),
            pa.uint16(): pd.UInt16Dtype(),
            pa.uint32(): pd.UInt32Dtype(),
            pa.uint64(): pd.UInt64Dtype(),
        }
        frame: pd.DataFrame = self.to_arrow().to_pandas(
            types_mapper=nullable.get, date_as_object=False, maps_as_pydicts="strict"
        )
        return frame

    def to_polars(self) -> "pl.DataFrame":
        """Return the rows as a polars frame; a map becomes a list of its entries.

        Raises
        ------
        ModuleNotFoundError
            If polars is not installed: it comes with the extra ``drift-assets[polars]``.
        """
        import polars as pl  # noqa: PLC0415  # not everybody has it

        frame = pl.from_arrow(self.to_arrow())
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Take files, extensions and settings from a connection, and from all that share them."""
    ((locked,),) = connection.execute("SELECT current_setting('lock_configuration')").fetchall()
    if not locked:
        for setting in LOCK_DOWN:
            connection.execute(setting)


def run_query(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    *,
    limit_seconds: float,
    as_of: datetime | None = None,
) -> QueryResult:
    """Return what one reading statement yields on a read-only connection.

    Afterwards the connection stays locked down: it is fit for nothing else. The rows are
    those of now, unless ``as_of`` says that they may be older.

    Raises
    ------
    QueryError
        If the statement fails, does anything but read, is not alone, or takes
        too long or returns too much.
    """
    lock_down(connection)
    complete = as_of is None
    as_of = as_of or datetime.now(UTC)
    statement = _only_reading(connection, sql)
    table = _read(connection, statement, limit_seconds=limit_seconds)
    return QueryResult(_with_usual_types(table), as_of, complete)


def _read(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, *, limit_seconds: float
) -> pa.Table:
    """Return what a statement yields, in time and within the limit of rows.

    It runs in a thread of its own: signals come to the main thread, and DuckDB, which handles
    them there while it works, may never return from a query that a handler broke off.
    """
    answer: Future[pa.Table] = Future()

    def work() -> None:
        try:
            answer.set_result(_fetch(connection, statement))
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            answer.set_exception(error)

    reader = threading.Thread(target=work, name="query", daemon=True)
    reader.start()
    try:
        return answer.result(limit_seconds)
    except TimeoutError as error:
        raise QueryError(
            f"The query took longer than {limit_seconds:g} s: ask for fewer days or columns."
        ) from error
    except _FAILURES as error:
        raise QueryError(f"The query failed. {str(error).strip()}") from error
    finally:
        reader.join(0.05)
        while reader.is_alive():
            # Again and again: an interruption that comes between two steps is forgotten.
            connection.interrupt()
            reader.join(0.05)


def _fetch(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    reader = connection.sql(statement).to_arrow_reader(_BATCH_ROWS)
    n_rows = 0
    for batch in reader:
        batches.append(batch)
        n_rows += batch.num_rows
        if n_rows > LIMIT_ROWS:
            raise QueryError(
                f"The query returns more than {LIMIT_ROWS:,} rows: add LIMIT, or aggregate."
            )
    return pa.Table.from_batches(batches, reader.schema)


def _only_reading(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    try:
        # Half a character from a broken terminal: said here, where it can be said in words.
        sql.encode()
        statements = connection.extract_statements(sql)
    except _FAILURES as error:
        raise QueryError(f"The query failed. {str(error).strip()}") from error
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


def _with_usual_types(table: pa.Table) -> pa.Table:
    """Return a table whose sums of counts are integers again, and whose spans are durations."""
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if field.type == pa.decimal128(38, 0):
            # DuckDB sums integers in 128 bits, which Arrow has only as a decimal.
            try:
                column = column.cast(pa.int64())
            except pa.ArrowInvalid:
                continue
        elif field.type == pa.month_day_nano_interval():
            spans = pa.array(_python_values(column), pa.duration("us"))
            column = pa.chunked_array([spans])
        else:
            continue
        table = table.set_column(place, field.name, column)
    return table


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    if column.type == pa.month_day_nano_interval():
        return [
            value
            and timedelta(
                days=value.days + _DAYS_PER_MONTH * value.months,
                microseconds=value.nanoseconds // 1000,
            )
            for value in column.to_pylist()
        ]
    values: list[Any] = column.to_pylist(maps_as_pydicts="strict")
    return values
