"""Archiving: the rows of a data set as one Parquet file, each with all of its columns.

Files without types hold text. A column of which every value spells a number is archived as
numbers, one of true and false as booleans, anything else as the text that it was: so that the
archive, read again, gives the profiles that the file gave.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import DataError
from drift_assets.scan.columns import BOOLEANS, ArrowArray, Loose, arrow_integers
from drift_assets.scan.days import Days
from drift_assets.scan.delimited import numbers_from_text
from drift_assets.scan.rows import Rows

MARK: Final = b"drift_assets.fingerprint"


def parquet_of(rows: Sequence[tuple[Rows, Days | None]], *, mark: str = "") -> bytes:
    """Return data sets, one below the other, as a Parquet file.

    Memory holds them all.

    Parameters
    ----------
    rows
        What to archive, each with the days by which it was opened, if it was: others are
        left out.
    mark
        What tells these data from any other; `mark_of` finds it again.

    Raises
    ------
    DataError
        If a column cannot be written, or the files do not go together.
    """
    # Only who archives pays for its import.
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415

    buffer = io.BytesIO()
    try:
        tables = [table_of(one, days=days) for one, days in rows]
        whole = _without_null_types(pa.concat_tables(tables, promote_options="permissive"))
        metadata = {**(whole.schema.metadata or {}), MARK: mark.encode()}
        pq.write_table(whole.replace_schema_metadata(metadata), buffer, compression="zstd")
    except (pa.ArrowException, TypeError) as error:
        raise DataError(
            f"The rows of {rows[0][0].label} cannot be archived as Parquet "
            f"({type(error).__name__}), expected columns of one type each in all files: mend "
            "them, or take `archive` out of the YAML."
        ) from error
    return buffer.getvalue()


def _without_null_types(table: Any) -> Any:  # noqa: ANN401  # pyarrow has no types
    """Return a table whose columns without any value are text."""
    for position, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            texts = table.column(position).cast(pa.string())
            table = table.set_column(position, field.with_type(pa.string()), texts)
    return table


def mark_of(path: Path) -> str | None:
    """Return the mark of an archived file; None if it has none, or is no such file."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        found = (pq.read_metadata(path).metadata or {}).get(MARK)
    except (pa.ArrowException, OSError):
        return None
    return None if found is None else str(found.decode())


def table_of(rows: Rows, *, days: Days | None = None, names: Sequence[str] | None = None) -> Any:  # noqa: ANN401  # pyarrow has no types
    """Return rows as an Arrow table, row by row as they are.

    Parameters
    ----------
    rows
        The data set.
    days
        By which it was opened, if it was: other days are left out.
    names
        Columns to take; by default all.

    Raises
    ------
    ArrowException
        If a column is not of one type in all files.
    """
    tables = [_table(part, days, names) for part in rows.parts]
    return pa.concat_tables(tables, promote_options="permissive")


def _table(part: Any, days: Days | None, wanted: Sequence[str] | None) -> Any:  # noqa: ANN401  # any part; pyarrow has no types
    known = part.columns if wanted is None else wanted
    names = [name for name in known if name not in part.repeated]
    gathered: dict[str, list[ArrowArray]] = {name: [] for name in names}
    kept = None
    if days is not None:
        kept = np.flatnonzero(days.keep(part.dates()))
    for name, _, values in part.batches(names):
        if isinstance(values, Loose):
            gathered[name].append(_loose(values.values))
        else:
            gathered[name] += values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    columns = {}
    for name, chunks in gathered.items():
        column = pa.chunked_array(chunks) if chunks else pa.chunked_array([pa.nulls(0)])
        if kept is not None:
            column = column.take(arrow_integers(kept))
        columns[name] = column if part.typed else _typed(column)
    return pa.table(columns)


def _loose(values: Sequence[object]) -> ArrowArray:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _typed(texts: ArrowArray) -> ArrowArray:
    """Return a column of text as what all of its values spell."""
    column = texts.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.chunks else pa.nulls(0)
    if column.null_count == len(column):
        # It goes with whatever another file has in this column.
        return pa.nulls(len(column))
    if set(column.unique().to_pylist()) - {None} <= BOOLEANS.keys():
        truth = [None if v is None else BOOLEANS[v] == "true" for v in column.to_pylist()]
        return pa.array(truth, pa.bool_())
    numbers, wrong = numbers_from_text(column)
    if wrong is not None:
        return column
    filled = np.zeros(len(column))
    valid = np.array([v is not None for v in column.to_pylist()])
    filled[valid] = numbers
    return pa.array(filled, mask=~valid)
