"""Parquet files as rows, one column in memory at a time."""

from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import UnreadableFileError
from drift_assets.scan.columns import ARROW_FAILURES, ArrowArray
from drift_assets.scan.days import Days
from drift_assets.scan.frames import ArrowSchema, TypedPart, pandas_index


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
    texts = [
        field.name
        for field in schema
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]

    def load(name: str) -> ArrowArray:
        coded = [name] if name in texts else None
        try:
            with pq.ParquetFile(
                path,
                metadata=metadata,
                read_dictionary=coded,
                # Where the writer left checksums; a flipped bit is else read as a value.
                page_checksum_verification=True,
            ) as file:
                return file.read([name], use_threads=False).column(name)
        except (*ARROW_FAILURES, OSError) as error:
            raise _damaged(path) from error

    return TypedPart(
        path.name,
        schema.names,
        metadata.num_rows,
        load,
        index=pandas_index(schema),
        days=days,
        numbers=_numbers(metadata, schema),
    )


def _numbers(metadata: Any, schema: ArrowSchema) -> list[str]:  # noqa: ANN401  # has no types
    """Return the plain number columns for which the file's statistics promise a value."""
    kinds = {field.name: field.type for field in schema}
    found = set()
    for group in range(metadata.num_row_groups):
        for position in range(metadata.num_columns):
            column = metadata.row_group(group).column(position)
            kind = kinds.get(column.path_in_schema)
            if kind is None or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
                continue
            # Writers leave NaN out of minimum and maximum: where they stand, a number does.
            if column.is_stats_set and column.statistics.has_min_max:
                found.add(column.path_in_schema)
    return sorted(found)


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"Found a damaged or truncated Parquet file {path}, expected a whole one: "
        "write or copy it again."
    )
