"""Parquet files as rows, a piece of a column in memory at a time."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import UnreadableFileError
from drift_assets.scan.columns import ARROW_FAILURES, ArrowArray, is_text
from drift_assets.scan.days import Days
from drift_assets.scan.frames import ArrowSchema, TypedPart, pandas_index

_BUFFER_BYTES: Final = 1 << 20
_AT_ONCE: Final = 1 << 17
"""Values decoded together: numbers then stay in a processor's cache, and texts may be long."""
_FEW: Final = 10_000
"""Values of which it does not matter how they are counted."""


def open_parquet(path: Path, *, days: Days | None = None) -> TypedPart:
    """Return the rows of a Parquet file.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or truncated.
    """
    # Only who reads Parquet pays for its import.
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            metadata, schema = file.metadata, file.schema_arrow
    except (*ARROW_FAILURES, OSError) as error:
        raise _damaged(path) from error
    # Dictionary codes are counted without making one text per row.
    coded = _coded(metadata, schema)

    def opened(name: str) -> Any:  # noqa: ANN401  # has no types
        return pq.ParquetFile(
            path,
            metadata=metadata,
            read_dictionary=[name] if name in coded else None,
            # Where the writer left checksums; a flipped bit is else read as a value.
            page_checksum_verification=True,
            # Pages are read as they are decoded: else all of a row group is held.
            pre_buffer=False,
            buffer_size=_BUFFER_BYTES,
        )

    def load(name: str) -> ArrowArray:
        try:
            with opened(name) as file:
                return file.read([name], use_threads=False).column(name)
        except (*ARROW_FAILURES, OSError) as error:
            raise _damaged(path) from error

    def stream(name: str, n_rows: int) -> Iterator[ArrowArray]:
        at_once = n_rows if name in coded else min(n_rows, _AT_ONCE)
        try:
            with opened(name) as file:
                for batch in file.iter_batches(at_once, columns=[name], use_threads=False):
                    yield batch.column(0)
        except (*ARROW_FAILURES, OSError) as error:
            raise _damaged(path) from error

    return TypedPart(
        path.name,
        schema.names,
        metadata.num_rows,
        load,
        stream=stream,
        index=pandas_index(schema),
        days=days,
        numbers=_numbers(metadata, schema),
    )


def _coded(metadata: Any, schema: ArrowSchema) -> frozenset[str]:  # noqa: ANN401  # has no types
    """Return the text columns that the file holds as codes, and as nothing else."""
    texts = {field.name for field in schema if is_text(field.type)}
    found = set(texts)
    for name, column in _described(metadata, texts):
        # Plain text takes four bytes a value for its length alone.
        plain = column.total_uncompressed_size >= 4 * column.num_values
        if not column.has_dictionary_page or (plain and column.num_values > _FEW):
            found.discard(name)
    return frozenset(found)


def _numbers(metadata: Any, schema: ArrowSchema) -> list[str]:  # noqa: ANN401  # has no types
    """Return the plain number columns for which the file's statistics promise a value."""
    numbers = {
        field.name
        for field in schema
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    }
    # Writers leave NaN out of minimum and maximum: where they stand, a number does.
    found = {
        name
        for name, column in _described(metadata, numbers)
        if column.is_stats_set and column.statistics.has_min_max
    }
    return sorted(found)


def _described(metadata: Any, names: Collection[str]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield what the file says of each row group of the columns: name, description."""
    if not metadata.num_row_groups:
        return
    first = metadata.row_group(0)
    paths = [first.column(position).path_in_schema for position in range(metadata.num_columns)]
    positions = [position for position, path in enumerate(paths) if path in names]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for position in positions:
            yield paths[position], group.column(position)


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"Found a damaged or truncated Parquet file {path}, expected a whole one: "
        "write or copy it again."
    )
