"""Parquet files as rows, a piece of a column in memory at a time."""

import io
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from traceback import clear_frames
from typing import Any, Final
from weakref import WeakSet

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import UnreadableFileError
from drift_assets.scan.columns import ARROW_FAILURES, ArrowArray, is_text
from drift_assets.scan.days import Days
from drift_assets.scan.frames import ArrowSchema, Load, Stream, TypedPart, pandas_index
from drift_assets.scan.rows import PIECE_ROWS

# A damaged file may hold a name, or text, that is not UTF-8.
_FAILURES: Final = (*ARROW_FAILURES, OSError, UnicodeDecodeError)
_BUFFER_BYTES: Final = 1 << 20
_AT_ONCE: Final = 1 << 17
"""Values of a long column, and texts, that are decoded together."""
_FEW: Final = 10_000
"""Values of which it does not matter how they are counted."""
_MOST_FILES: Final = 16
"""Files of which readers are kept open, one for each thread."""


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

    def opened() -> Any:  # noqa: ANN401  # has no types
        return pq.ParquetFile(
            path,
            metadata=metadata,
            read_dictionary=sorted(coded),
            # Where the writer left checksums; a flipped bit is else read as a value.
            page_checksum_verification=True,
            # Pages are read as they are decoded: else all of a row group is held.
            pre_buffer=False,
            buffer_size=_BUFFER_BYTES,
        )

    load, stream = _reads(_Readers(opened), path, metadata.num_rows, at_a_time)
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


def _reads(
    readers: "_Readers", path: Path, n_rows: int, at_a_time: Mapping[str, int]
) -> tuple[Load, Stream]:
    """Return what reads one column whole, and what reads it in pieces."""

    def load(name: str) -> ArrowArray:
        try:
            with readers.lent() as file:
                found = _checked(file.read([name], use_threads=False).column(name), name, path)
        except _FAILURES as error:
            raise _damaged(path) from error
        if len(found) != n_rows:
            raise _damaged(path)
        return found

    def stream(name: str, most: int) -> Iterator[ArrowArray]:
        at_once = max(min(most, at_a_time.get(name, _AT_ONCE)), 1)
        n_read = 0
        try:
            with readers.lent() as file:
                for batch in file.iter_batches(at_once, columns=[name], use_threads=False):
                    n_read += batch.num_rows
                    yield _checked(batch.column(0), name, path)
        except _FAILURES as error:
            raise _damaged(path) from error
        # A page of nothing is as well-formed as any.
        if n_read != n_rows:
            raise _damaged(path)

    return load, stream


class _Readers:
    """Open readers of one file, each lent to one thread at a time.

    To open one takes as long as the file has columns, so opening one for each column
    would take their square.

    Parameters
    ----------
    opened
        Opens another one.
    """

    _keeping: Final = WeakSet["_Readers"]()
    """Those that keep what came back; the others close it, for a process has few descriptors."""

    def __init__(self, opened: Callable[[], Any]) -> None:
        self._opened = opened
        self._idle: list[Any] = []

    @contextmanager
    def lent(self) -> Iterator[Any]:
        """Give a reader; one that failed is not given again."""
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._opened()
        try:
            yield reader
        except Exception:
            reader.close()
            raise
        finally:
            if not reader.closed:
                self._take_back(reader)

    def _take_back(self, reader: Any) -> None:  # noqa: ANN401  # has no types
        if self not in self._keeping:
            if len(self._keeping) >= _MOST_FILES:
                reader.close()
                return
            self._keeping.add(self)
        self._idle.append(reader)


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
    nothing = _DescriptionsAlone(path.stat().st_size)
    try:
        _read_descriptions(nothing, metadata)
    except _ReachedPagesError as error:
        # The reader keeps the error, which keeps these calls, which keep the reader: for good.
        clear_frames(error.__traceback__)


def _read_descriptions(nothing: _DescriptionsAlone, metadata: Any) -> None:  # noqa: ANN401
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(nothing, metadata=metadata, pre_buffer=True) as file:
        next(file.iter_batches(1), None)


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
