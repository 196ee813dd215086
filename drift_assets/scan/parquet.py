"""Parquet files as rows, one column in memory at a time."""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import UnreadableFileError
from drift_assets.scan.columns import ARROW_FAILURES, ArrowArray
from drift_assets.scan.days import Days
from drift_assets.scan.frames import TypedPart, pandas_index


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
    )


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"Found a damaged or truncated Parquet file {path}, expected a whole one: "
        "write or copy it again."
    )
