"""Parquet files as rows, a piece of a column in memory at a time."""

import io
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import UnreadableFileError
from drift_assets.scan.columns import ARROW_FAILURES, ArrowArray, is_text
from drift_assets.scan.days import Days
from drift_assets.scan.frames import ArrowSchema, TypedPart, pandas_index
from drift_assets.scan.rows import PIECE_ROWS

# A damaged file may hold a name, or text, that is not UTF-8.
_FAILURES: Final = (*ARROW_FAILURES, OSError, UnicodeDecodeError)
_BUFFER_BYTES: Final = 1 << 20
_AT_ONCE: Final = 1 << 17
"""Values of a long column, and texts, that are decoded together."""
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
        _check_descriptions(metadata, path)
        # Dictionary codes are counted without making one text per row.
        coded = _coded(metadata, schema)
        names, numbers = schema.names, _numbers(metadata, schema)
        # A zone may be damaged as a name may.
        _ = [field.type.tz for field in schema if pa.types.is_timestamp(field.type)]
    except _FAILURES as error:
        raise _damaged(path) from error
    if metadata.num_rows < 0:
        raise _damaged(path)
    # Texts may be long, and values of a long column would leave the cache before they are used.
    at_a_time = dict.fromkeys(coded, metadata.num_rows)
    if metadata.num_rows <= PIECE_ROWS:
        fixed = {field.name for field in schema if pa.types.is_primitive(field.type)}
        at_a_time |= dict.fromkeys(fixed, metadata.num_rows)

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
                found = _checked(file.read([name], use_threads=False).column(name), name, path)
        except _FAILURES as error:
            raise _damaged(path) from error
        if len(found) != metadata.num_rows:
            raise _damaged(path)
        return found

    def stream(name: str, n_rows: int) -> Iterator[ArrowArray]:
        at_once = max(min(n_rows, at_a_time.get(name, _AT_ONCE)), 1)
        n_read = 0
        try:
            with opened(name) as file:
                for batch in file.iter_batches(at_once, columns=[name], use_threads=False):
                    n_read += batch.num_rows
                    yield _checked(batch.column(0), name, path)
        except _FAILURES as error:
            raise _damaged(path) from error
        # A page of nothing is as well-formed as any.
        if n_read != metadata.num_rows:
            raise _damaged(path)

    return TypedPart(
        path.name,
        names,
        metadata.num_rows,
        load,
        stream=stream,
        index=pandas_index(schema),
        days=days,
        numbers=numbers,
    )


class _ReachedPagesError(OSError):
    """All descriptions were read, and the first page is asked for."""


class _DescriptionsAlone(io.RawIOBase):
    """A file of a known size whose pages nobody may read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}
        self._at = start[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, _: object) -> int:
        raise _ReachedPagesError

    def read(self, _: int = -1) -> bytes:
        raise _ReachedPagesError


def _check_descriptions(metadata: Any, path: Path) -> None:  # noqa: ANN401  # has no types
    """Raise OSError or ArrowInvalid if the description of a column in a row group is damaged.

    To ask pyarrow 26 for such a description ends the process, with no exception to catch; some
    Java writers leave such files (apache/arrow issue 45283). What reads pages looks at the same
    descriptions with care, and all of them before the first page.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    nothing = _DescriptionsAlone(path.stat().st_size)
    try:
        with pq.ParquetFile(nothing, metadata=metadata, pre_buffer=True) as file:
            next(file.iter_batches(1), None)
    except _ReachedPagesError:
        return


def _checked(array: ArrowArray, name: str, path: Path) -> ArrowArray:
    """Return an array whose text is text."""
    if not pa.types.is_primitive(array.type):
        try:
            array.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):
                raise
            raise UnreadableFileError(
                f"Found text that is not UTF-8 in the column {name!r} of {path}, expected UTF-8: "
                "write the file again, such bytes as binary."
            ) from error
    return array


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
    """Yield what the file says of each row group of the columns: name, description.

    Raises OSError if a description contradicts the schema, on whose word pyarrow 26 reads
    statistics: one that is wrong ends the process.
    """
    if not metadata.num_row_groups:
        return
    first = metadata.row_group(0)
    paths = [first.column(position).path_in_schema for position in range(metadata.num_columns)]
    positions = [position for position, path in enumerate(paths) if path in names]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for position in positions:
            column = group.column(position)
            if column.physical_type != metadata.schema.column(position).physical_type:
                raise OSError(f"{paths[position]!r} is of type {column.physical_type}")
            yield paths[position], column


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"Found a damaged or truncated Parquet file {path}, expected a whole one: "
        "write or copy it again."
    )
