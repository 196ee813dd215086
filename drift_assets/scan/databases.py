"""Databases: the rows of a DuckDB or PostgreSQL table or query, day by day.

What is asked for is copied into a Parquet file and read from there, so that memory stays bounded
and every column is of the same instant. Nothing is ever written to the database.
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import ColumnError, ConfigurationError, UnreadableFileError

Batches = Any
"""Arrow's reader of record batches: pyarrow ships no types."""

_ROWS_AT_ONCE: Final = 1 << 17
_NAME: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PART_OF_NAME: Final = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a database.

    Attributes
    ----------
    kind
        Which sort of database.
    address
        A DuckDB file, or ``postgres:`` and what libpq takes. It may hold a password.
    words
        What messages call the rows: never with anything secret.
    table, query
        One of the two; a table may be given with its schema, parts with dots in quotes.
    date_column
        Column with the date of each row; None if days do not matter.
    timezone
        Where midnight is, for instants.
    changed_column
        Column that grows with every write; by default each row's content is looked at.
    columns, exclude
        Columns whose content matters, all if None, and those that do not matter.
    """

    kind: Literal["duckdb", "postgres"]
    address: str = field(repr=False)
    words: str
    table: str | None = None
    query: str | None = None
    date_column: str | None = None
    timezone: str = "UTC"
    changed_column: str | None = None
    columns: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayMark:
    """How many rows a day has in a database, and text that changes when they do."""

    n_rows: int
    mark: str


def marks_by_day(
    selection: Selection, *, first: date | None = None, last: date | None = None
) -> dict[date, DayMark]:
    """Return the days that have rows, in order, and what tells whether they changed.

    Parameters
    ----------
    selection
        Which rows; it has a date column.
    first, last
        First and last day to look at; by default all.

    Raises
    ------
    ConfigurationError
        If the query is not one SELECT, or a package is not installed.
    UnreadableFileError
        If the database cannot be reached or refuses the query.
    ColumnError
        If a column is absent, or the date column is not one.
    """
    with _connected(selection) as asked:
        day = asked.day()
        found = asked.rows(
            f"SELECT {day} AS day, count(*) AS n_rows, {asked.mark()} AS mark "  # noqa: S608  # names are quoted
            f"FROM {asked.relation} WHERE {asked.within(first, last)} "
            f"GROUP BY {day} ORDER BY {day}"
        )
    return {row["day"]: DayMark(row["n_rows"], row["mark"]) for row in found if row["day"]}


def n_undated(selection: Selection) -> int:
    """Return how many rows have no date, and so belong to no day.

    Raises
    ------
    DataError, ConfigurationError
        As `marks_by_day`.
    """
    column = quoted(selection.date_column or "")
    with _connected(selection) as asked:
        [row] = asked.rows(
            f"SELECT count(*) AS n_rows FROM {asked.relation} WHERE {column} IS NULL"  # noqa: S608  # names are quoted
        )
    return int(row["n_rows"])


def mark_of_rows(
    selection: Selection, *, first: date | None = None, last: date | None = None
) -> DayMark:
    """Return how many rows there are in all, and what tells whether they changed.

    Raises
    ------
    DataError, ConfigurationError
        As `marks_by_day`.
    """
    with _connected(selection) as asked:
        [row] = asked.rows(
            f"SELECT count(*) AS n_rows, {asked.mark()} AS mark FROM {asked.relation} "  # noqa: S608  # names are quoted
            f"WHERE {asked.within(first, last)}"
        )
    return DayMark(row["n_rows"], row["mark"] or "")


def copy_rows(
    selection: Selection, path: Path, *, first: date | None = None, last: date | None = None
) -> int:
    """Write the rows of some days to a Parquet file, and return how many they are.

    Raises
    ------
    DataError, ConfigurationError
        As `marks_by_day`.
    """
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415

    n_rows = 0
    with _connected(selection) as asked:
        sql = f"SELECT {asked.readable()} FROM {asked.relation} WHERE {asked.within(first, last)}"  # noqa: S608  # names are quoted
        with asked.batches(sql) as batches, pq.ParquetWriter(path, batches.schema) as writer:
            for batch in batches:
                n_rows += batch.num_rows
                if batch.num_rows:
                    writer.write_batch(batch, row_group_size=_ROWS_AT_ONCE)
    return n_rows


def quoted(name: str) -> str:
    """Return a name as SQL: whatever it holds, it stays a name.

    Examples
    --------
    >>> print(quoted('a"b; --'))
    "a""b; --"
    """
    return '"' + name.replace('"', '""') + '"'


def address_of(text: str) -> str:
    """Return an address with the values of the environment variables that it names.

    Raises
    ------
    ConfigurationError
        If one is not set.
    """

    def value(match: re.Match[str]) -> str:
        if not os.environ.get(match[1]):
            raise ConfigurationError(
                f"Found no environment variable {match[1]}, expected the address of a database "
                f"in it, as {text!r} says: set it."
            )
        return os.environ[match[1]]

    return _NAME.sub(value, text)


class _Asked:
    """One connection, and what is asked over it."""

    def __init__(self, selection: Selection, connection: Any) -> None:  # noqa: ANN401  # either driver's
        self._selection = selection
        self._connection = connection
        if selection.query is not None:
            # On lines of its own: it may end with a comment.
            self.relation = f"(\n{selection.query.strip().rstrip(';')}\n) AS q"
        else:
            self.relation = f"{_table_name(selection.table or '')} AS q"
        with self.batches(f"SELECT * FROM {self.relation} LIMIT 0") as batches:  # noqa: S608  # names are quoted
            self._schema = batches.schema
        wanted = (selection.date_column, selection.changed_column)
        for column in filter(None, wanted):
            if column not in self._schema.names:
                raise ColumnError(
                    f"Found no column {column!r} in {selection.words}, expected it among: "
                    f"{', '.join(map(repr, self._schema.names))}. Correct its name."
                )

    def readable(self) -> str:
        """Return the columns, those of types that files cannot hold as text."""
        return ", ".join(map(self._readable, self._schema))

    def mark(self) -> str:
        """Return the expression of what changes when the rows do."""
        if self._selection.changed_column is not None:
            changed = quoted(self._selection.changed_column)
            return f"CAST(max({changed}) AS VARCHAR)"
        names = self._schema.names
        wanted = self._selection.columns
        if wanted is not None:
            names = [name for name in names if name in set(wanted)]
        names = [name for name in names if name not in set(self._selection.exclude)]
        # Each text with its length before it: no two rows are spelled alike.
        spelled = (
            f"coalesce(length(CAST({quoted(n)} AS VARCHAR)) || ':' || "
            f"CAST({quoted(n)} AS VARCHAR), '-')"
            for n in names
        )
        row = " || ".join(spelled) or "''"
        # Sums, not exclusive ors: two rows that are alike must not cancel out.
        if self._selection.kind == "duckdb":
            return f"CAST(sum(md5_number_lower({row})) AS VARCHAR)"
        return f"CAST(sum(hashtextextended({row}, 0)) AS VARCHAR)"

    def day(self) -> str:
        """Return the expression of a row's day."""
        column = quoted(self._selection.date_column or "")
        kind = self._date_type()
        if pa.types.is_date(kind):
            return column
        if kind.tz is None:
            return f"CAST({column} AS DATE)"
        return f"CAST({column} AT TIME ZONE {_text(self._selection.timezone)} AS DATE)"

    def within(self, first: date | None, last: date | None) -> str:
        """Return the condition for rows of some days, such that an index serves it."""
        if self._selection.date_column is None or (first is None and last is None):
            return "TRUE"
        column = quoted(self._selection.date_column)
        conditions = []
        if first is not None:
            conditions.append(f"{column} >= {self._midnight(first)}")
        if last is not None:
            conditions.append(f"{column} < {self._midnight(last + timedelta(days=1))}")
        return " AND ".join(conditions)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return a few rows."""
        with self.batches(sql) as batches:
            return list(batches.read_all().to_pylist())

    @contextmanager
    def batches(self, sql: str) -> Iterator[Batches]:
        """Return the answer to a question, batch by batch."""
        if self._selection.kind == "duckdb":
            with pa.RecordBatchReader.from_stream(self._connection.sql(sql)) as reader:
                yield reader
            return
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(sql)
            with cursor.fetch_record_batch() as reader:
                yield reader

    def _midnight(self, day: date) -> str:
        kind = self._date_type()
        if pa.types.is_date(kind):
            return f"DATE '{day.isoformat()}'"
        instant = f"TIMESTAMP '{day.isoformat()} 00:00:00'"
        if kind.tz is None:
            return instant
        return f"({instant} AT TIME ZONE {_text(self._selection.timezone)})"

    def _date_type(self) -> Any:  # noqa: ANN401  # an Arrow type
        column = self._selection.date_column or ""
        kind = self._schema.field(column).type
        if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
            raise ColumnError(
                f"Found the type {kind} in the date column {column!r} of {self._selection.words}, "
                "expected DATE or TIMESTAMP: convert it in a query."
            )
        return kind

    def _readable(self, field: Any) -> str:  # noqa: ANN401  # an Arrow field
        name, kind = quoted(field.name), field.type
        if (field.metadata or {}).get(b"POSTGRESQL:type") == b"numeric":
            return f"CAST({name} AS double precision) AS {name}"
        if isinstance(kind, pa.BaseExtensionType) or pa.types.is_interval(kind):
            return f"CAST({name} AS VARCHAR) AS {name}"
        return name


@contextmanager
def _connected(selection: Selection) -> Iterator[_Asked]:
    opened = _duckdb if selection.kind == "duckdb" else _postgres
    with opened(selection.address, selection) as connection:
        yield _Asked(selection, connection)


@contextmanager
def _duckdb(address: str, selection: Selection) -> Iterator[Any]:
    # Only who reads a database pays for its import.
    import duckdb  # noqa: PLC0415

    if not Path(address).is_file():
        raise UnreadableFileError(
            f"Found no DuckDB file for {selection.words}, expected one: correct database."
        )
    if selection.query is not None:
        _check_one_select(selection.query, selection.words)
    try:
        with duckdb.connect(address, read_only=True, config=_LOCKED_DOWN) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET lock_configuration = true")
            yield connection
    except duckdb.Error as error:
        raise UnreadableFileError(_refused(selection, error, address)) from error


_LOCKED_DOWN: Final[dict[str, str | bool | int | float | list[str]]] = {
    # A question sees the file that it was asked of, and nothing else of this machine.
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


def _check_one_select(query: str, words: str) -> None:
    import duckdb  # noqa: PLC0415

    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise ConfigurationError(
            f"Found {words} that is not SQL ({_first_line(error)}), expected one SELECT."
        ) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigurationError(
            f"Found {len(statements)} statements or something else than SELECT in {words}, "
            "expected one SELECT."
        )


@contextmanager
def _postgres(address: str, selection: Selection) -> Iterator[Any]:
    try:
        from adbc_driver_postgresql import (  # type: ignore[import-untyped]  # noqa: PLC0415
            dbapi,
        )
    except ImportError as error:
        raise ConfigurationError(
            f"Found {selection.words} but no driver of PostgreSQL, expected one: "
            "pip install 'drift-assets[postgres-source]'."
        ) from error
    is_uri = address.startswith(("postgresql://", "postgres://"))
    conninfo = address if is_uri else address.partition(":")[2]
    try:
        with closing(dbapi.connect(conninfo)) as connection:
            with closing(connection.cursor()) as cursor:
                # All questions see one instant.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                for setting in ("TIME ZONE 'UTC'", "DateStyle = 'ISO'", "extra_float_digits = 1"):
                    cursor.execute(f"SET LOCAL {setting}")
            yield connection
            connection.rollback()
    except dbapi.Error as error:
        # Its text may repeat a password, and Dagster keeps and shows what caused an error.
        raise UnreadableFileError(_refused(selection, error, conninfo)) from None


def _refused(selection: Selection, error: Exception, secret: str) -> str:
    said = _first_line(error)
    # libpq repeats what it does not understand of an address, and that may be a password.
    repeats = ("connection info string", "connection option", "URI", secret)
    # A password with an @ in it is read as the beginning of the host's name.
    is_torn = "host name" in said and "@" in said
    if selection.kind == "postgres" and (is_torn or any(text in said for text in repeats if text)):
        said = "what the address says is not understood"
    return (
        f"Found {selection.words} that cannot be read: {said}. Expected a database that answers "
        "and allows reading."
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:_LONGEST_REASON]


def _table_name(table: str) -> str:
    """Return a table's name as SQL, each part of it quoted."""
    parts = []
    position = 0
    while True:
        match = _PART_OF_NAME.match(table, position)
        if match is None:
            raise ConfigurationError(
                f"Found the table {table!r}, expected a name such as measurements or "
                'schema.measurements, parts that hold a dot or a quote as "a.b".'
            )
        parts.append((match[1] or "").replace('""', '"') or match[2])
        position = match.end()
        if position == len(table):
            return ".".join(map(quoted, parts))
        if table[position] != ".":
            raise ConfigurationError(
                f"Found the table {table!r}, expected dots between the parts of its name."
            )
        position += 1


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
