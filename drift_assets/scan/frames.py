"""Data frames as rows: pandas, polars, Arrow tables, and mappings of arrays."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from functools import cached_property
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import ColumnError, ConfigurationError
from drift_assets.profiles import Unprofiled
from drift_assets.scan.columns import (
    ARROW_FAILURES,
    ArrowArray,
    CategoryColumn,
    Found,
    Loose,
    MissingColumn,
    Piece,
    Want,
    arrow_integers,
    column_from_arrow,
    column_from_objects,
    holds_scalars,
    pieces_from_arrow,
    spells_dates,
)
from drift_assets.scan.days import BoolArray, DayArray, Days
from drift_assets.scan.rows import PIECE_ROWS, Rows, Suitability

FRAME: Final = "the data frame"

_NAMELESS: Final = re.compile(r"__index_level_\d+__")
"""How pandas stores an index without a name in Arrow and Parquet."""

AnyArray = Any
"""One column of whatever array library, or a list."""

PandasFrame = Any
"""A pandas data frame: pandas itself is not imported here, and need not be there."""

ArrowTable = Any
"""An Arrow table or record batch: pyarrow ships no types to check it by."""

ArrowSchema = Any
"""The names and types of an Arrow table: pyarrow ships no types to check it by."""

Load = Callable[[str], ArrowArray | Loose]
"""Returns one column as an Arrow array, chunked or not, or as `Loose` values."""

Stream = Callable[[str, int], Iterable[ArrowArray]]
"""Returns one column as Arrow arrays of at most so many rows each, read as they are asked for."""

FIRST_LOOK: Final = 1 << 16
"""Rows read together where most often the first few answer the question."""


class TypedPart:
    """Columns with types, read one at a time, and in pieces where the source can do that.

    Parameters
    ----------
    label
        What messages call it.
    names
        Column names in order, repetitions included.
    n_rows
        Rows before any are left out.
    load
        Returns one column.
    stream
        Returns one column in pieces; by default those of what ``load`` returns.
    index
        Columns that were the index of a pandas frame: read when asked for, but
        not watched of themselves.
    days
        Which rows to keep; by default all.
    numbers
        Columns known to hold numbers, at least one of them not missing, so that none
        has to be read to tell whether it can be watched.
    """

    typed: Final = True

    def __init__(
        self,
        label: str,
        names: Sequence[str],
        n_rows: int,
        load: Load,
        *,
        stream: Stream | None = None,
        index: Collection[str] = (),
        days: Days | None = None,
        numbers: Collection[str] = (),
    ) -> None:
        self.label: Final = label
        self.columns: Final = tuple(
            dict.fromkeys(name for name in names if name and not _NAMELESS.fullmatch(name))
        )
        self.repeated: Final = frozenset(n for n, times in Counter(names).items() if times > 1)
        self._n_rows = n_rows
        self._load = load
        self._stream = stream
        self._index = frozenset(index)
        self._days = days
        self._numbers = frozenset(numbers)

    @cached_property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""
        return self._n_rows if self._keep is None else int(np.count_nonzero(self._keep))

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Do nothing: columns are read when they are taken."""

    def release(self, name: str, want: Want) -> None:
        """Do nothing: no column is kept."""

    def pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what a column holds, piece by piece."""
        first = 0
        for array in self._arrays(name, PIECE_ROWS):
            if isinstance(array, Loose):
                # Its values have no common type, so they are judged together.
                yield self._of(array, want)
                return
            after = first + len(array)
            if self._keep is None:
                yield from pieces_from_arrow(array, want, first_row=first)
            else:
                kept = np.flatnonzero(self._keep[first:after])
                if len(kept):
                    yield from pieces_from_arrow(array.take(arrow_integers(kept)), want)
            first = after

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds, as a whole."""
        return self._of(self._load(name), want)

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""
        return {
            # A repeated name is not passed over in silence: fitting it raises.
            name: "watchable" if name in self.repeated else self._suitability(name)
            for name in self.columns
        }

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""
        days = cast("Days", self._days)
        return np.concatenate([np.empty(0, dtype="datetime64[D]"), *self._dates(days)])

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray | Loose]]:
        """Yield (name, first row, values) of columns, all rows."""
        for name in names:
            first = 0
            for array in self._arrays(name, PIECE_ROWS):
                yield name, first, array
                first += 0 if isinstance(array, Loose) else len(array)

    @cached_property
    def _keep(self) -> BoolArray | None:
        days = self._days
        if days is None:
            return None
        return np.concatenate([np.empty(0, dtype=bool), *map(days.keep, self._dates(days))])

    def _dates(self, days: Days) -> Iterator[DayArray]:
        """Yield the day of each row, piece by piece."""
        require_date_column(days.column, self.label, self.columns, self.repeated)
        first = 0
        for array in self._arrays(days.column, PIECE_ROWS):
            dates = days.dates(array, label=self.label, first_row=first + 1)
            first += len(dates)
            yield dates

    def _arrays(self, name: str, n_rows: int) -> Iterator[ArrowArray | Loose]:
        """Yield a column's rows, those of other days included, ``n_rows`` at a time."""
        if self._stream is not None:
            yield from self._stream(name, n_rows)
            return
        whole = self._load(name)
        if isinstance(whole, Loose) or len(whole) <= n_rows:
            yield whole
            return
        for start in range(0, len(whole), n_rows):
            yield whole.slice(start, n_rows)

    def _of(self, array: ArrowArray | Loose, want: Want) -> Found:
        rows = None
        if self._keep is not None:
            kept = np.flatnonzero(self._keep)
            if isinstance(array, Loose):
                rows = kept.tolist()
                array = Loose([array.values[row] for row in rows])
            else:
                array = array.take(arrow_integers(kept))
        if isinstance(array, Loose):
            return column_from_objects(array.values, want, rows=rows)
        return column_from_arrow(array, want)

    def _suitability(self, name: str) -> Suitability:
        if name in self._index:
            return "unsuitable"
        if name in self._numbers and self._days is None:
            return "watchable"
        first, all_dates = 0, False
        for array in self._arrays(name, FIRST_LOOK):
            if isinstance(array, Loose):
                return "watchable" if holds_scalars(array.values) else "unsuitable"
            kept = array
            if self._keep is not None:
                rows = np.flatnonzero(self._keep[first : first + len(array)])
                kept = array.take(arrow_integers(rows))
            first += len(array)
            kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
            found = column_from_arrow(kept, "any")
            if isinstance(found, MissingColumn):
                continue
            if pa.types.is_temporal(kind) or isinstance(found, Unprofiled):
                return "unsuitable"
            all_dates = isinstance(found, CategoryColumn) and spells_dates(found.counts)
            # The first value that is no date settles it.
            if not all_dates:
                return "watchable"
        return "unsuitable" if all_dates else "missing"


def require_date_column(
    column: str, label: str, known: Sequence[str], repeated: Collection[str]
) -> None:
    """Raise an error if a date column is not there, or there twice.

    Raises
    ------
    ColumnError
        Which names the columns that there are.
    """
    if column not in known:
        raise ColumnError(
            f"Found no date column {column!r} in {label}, expected it among: "
            f"{', '.join(map(repr, known)) or 'no column'}. Correct date_column."
        )
    if column in repeated:
        raise ColumnError(
            f"Found the date column {column!r} more than once in {label}, expected one that says "
            "the day of a row: give the others names of their own."
        )


def rows_from_frame(frame: object) -> Rows:
    """Return the rows of a data frame.

    Parameters
    ----------
    frame
        A pandas or polars data frame, a pyarrow table, anything else with the
        Arrow C stream interface, or a mapping of names to arrays of one
        length. A pandas index is not a column.

    Raises
    ------
    ConfigurationError
        If it is none of these.
    ColumnError
        If a label is not text, or the arrays differ in length.
    """
    # Whoever holds a pandas frame has imported pandas; nobody else pays for it.
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return Rows((_from_pandas(frame),))
    if isinstance(frame, (pa.Table, pa.RecordBatch)):
        return Rows((_from_table(frame),))
    if isinstance(frame, Mapping):
        return Rows((part_from_mapping(frame, FRAME),))
    if hasattr(frame, "__arrow_c_stream__") and hasattr(frame, "columns"):
        return Rows((_from_table(pa.table(frame)),))
    hint = ": call .collect() first" if hasattr(frame, "collect") else ""
    raise ConfigurationError(
        f"Found a {type(frame).__name__}, expected a pandas or polars data frame, a pyarrow table "
        f"or a mapping of names to arrays{hint}."
    )


def part_from_mapping(
    columns: Mapping[Any, Any],
    label: str,
    *,
    repeated: Iterable[str] = (),
    days: Days | None = None,
) -> TypedPart:
    """Return the part that arrays or lists make, one per column."""
    names = _text_labels(columns)
    lengths = {}
    for name, values in columns.items():
        if not isinstance(values, Sized) or isinstance(values, (str, bytes, Mapping)):
            raise ColumnError(
                f"Found a {type(values).__name__} as column {name!r} of {label}, "
                "expected an array or a list of values."
            )
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise ColumnError(
            f"Found {lengths[short]:,} values in column {short!r} and {lengths[long]:,} in "
            f"{long!r} of {label}, expected columns of one length."
        )
    n_rows = next(iter(lengths.values()), 0)
    return TypedPart(
        label, [*names, *repeated], n_rows, lambda name: arrow_or_loose(columns[name]), days=days
    )


def arrow_or_loose(values: AnyArray) -> ArrowArray | Loose:
    """Return values as an Arrow array, or as `Loose` where they have no common type."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if getattr(values, "ndim", 1) != 1:
        return Loose([row.tolist() for row in values])
    try:
        return pa.array(values, from_pandas=True)
    except (*ARROW_FAILURES, TypeError, ValueError, OverflowError):
        return Loose(list(values))


def _from_pandas(frame: PandasFrame) -> TypedPart:
    names = _text_labels(frame.columns)
    position = {name: i for i, name in enumerate(names)}
    return TypedPart(
        FRAME, names, len(frame), lambda name: arrow_or_loose(frame.iloc[:, position[name]])
    )


def _from_table(table: ArrowTable) -> TypedPart:
    schema = table.schema
    return TypedPart(FRAME, schema.names, table.num_rows, table.column, index=pandas_index(schema))


def pandas_index(schema: ArrowSchema) -> list[str]:
    """Return the columns of an Arrow schema that were the index of a pandas frame.

    None where what is said of that cannot be read: the rows can.
    """
    try:
        described = schema.pandas_metadata
    except (ValueError, RecursionError):
        return []
    names = described.get("index_columns") if isinstance(described, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _text_labels(labels: Iterable[object]) -> list[str]:
    names = list(labels)
    for label in names:
        if not isinstance(label, str):
            raise ColumnError(
                f"Found the column label {label!r} of type {type(label).__name__}, expected text: "
                "rename the columns, in pandas by df.columns = df.columns.map(str)."
            )
    return cast("list[str]", names)
