"""Contents: which days a file holds, and a hash of the rows of each.

For files with many days, whose size and time say nothing of a single day.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from drift_assets.scan.columns import ArrowArray, Loose, as_numpy, valid_rows
from drift_assets.scan.days import Days
from drift_assets.scan.files import open_part

HashArray = NDArray[np.uint64]

_PRIME: Final = np.uint64(0x100000001B3)
_NULL: Final = np.uint64(0x9E3779B97F4A7C15)


def days_in_file(
    path: Path,
    *,
    date_column: str,
    columns: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    timezone: str = "UTC",
) -> dict[date, str]:
    """Return the days that have rows in a file, in order, and a hash of each day's rows.

    The hash has 16 hexadecimal digits. It does not depend on the order of rows
    or columns, nor on rows of other days.

    Parameters
    ----------
    path
        The file.
    date_column
        Column with the date of each row; rows without one belong to no day.
    columns
        Columns whose values count; by default all but ``exclude``. Those that
        are not there count as not there.
    exclude
        Columns whose values do not count.
    timezone
        Where midnight is, for instants with a zone of their own.

    Raises
    ------
    DataError
        If the file cannot be read, or the date column is not one.
    """
    part = open_part(path, days=Days(date_column, timezone=timezone))
    dates = part.dates()
    wanted = part.columns if columns is None else [n for n in columns if n in part.columns]
    names = [n for n in wanted if n not in {*exclude, *part.repeated}]
    rows = np.zeros(len(dates), dtype=np.uint64)
    for name, first, values in part.batches(names):
        seed = _mixed(_text_hashes([name]))[0]
        hashes = _mixed(value_hashes(values) ^ seed)
        rows[first : first + len(hashes)] += hashes
    rows = _mixed(rows)
    known = ~np.isnat(dates)
    unique, position = np.unique(dates[known], return_inverse=True)
    sums = np.zeros(len(unique), dtype=np.uint64)
    np.add.at(sums, position, rows[known])
    counts = np.bincount(position, minlength=len(unique)).astype(np.uint64)
    ends = _mixed(sums ^ _mixed(counts))
    days = cast("list[date]", unique.tolist())
    return {day: f"{int(end):016x}" for day, end in zip(days, ends, strict=True)}


def value_hashes(values: ArrowArray) -> HashArray:
    """Return one 64-bit hash per value; equal values of one type have equal hashes."""
    if isinstance(values, Loose):
        return _text_hashes([repr(value) for value in values.values])
    if isinstance(values, pa.Array):
        values = pa.chunked_array([values])
    chunks = [_chunk_hashes(chunk) for chunk in values.chunks]
    return np.concatenate([np.empty(0, dtype=np.uint64), *chunks])


def _chunk_hashes(chunk: ArrowArray) -> HashArray:
    kind = chunk.type
    if pa.types.is_dictionary(kind):
        of_values = np.append(_chunk_hashes(chunk.dictionary), _NULL)
        codes = pc.fill_null(pc.cast(chunk.indices, pa.int64()), len(of_values) - 1)
        return cast("HashArray", of_values[as_numpy(codes)])
    missing = ~valid_rows(chunk)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        plain = pc.cast(chunk, pa.uint64() if kind == pa.uint64() else pa.int64())
        hashes = as_numpy(pc.fill_null(plain, 0)).view(np.uint64)
    elif pa.types.is_floating(kind):
        floats = as_numpy(pc.fill_null(pc.cast(chunk, pa.float64()), 0.0))
        # Adding 0.0 turns a negative zero into a positive one.
        hashes = (floats + 0.0).view(np.uint64)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        hashes = _utf8_hashes(chunk)
    elif pa.types.is_null(kind):
        return np.full(len(chunk), _NULL)
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        hashes = _text_hashes([repr(value) for value in chunk.to_pylist()])
    else:
        hashes = _text_hashes([str(value) for value in chunk.to_pylist()])
    hashes = _mixed(hashes)
    hashes[missing] = _NULL
    return hashes


def _utf8_hashes(chunk: ArrowArray) -> HashArray:
    """Return a polynomial of the bytes of each text, without a loop over the rows."""
    large = pc.fill_null(pc.cast(chunk, pa.large_string()), "")
    _, offsets, data = large.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[large.offset : large.offset + len(large) + 1]
    lengths = np.diff(bounds)
    if data is None or not len(lengths) or bounds[-1] == bounds[0]:
        return lengths.astype(np.uint64)
    letters = np.frombuffer(data, dtype=np.uint8)[bounds[0] : bounds[-1]].astype(np.uint64)
    starts = bounds[:-1] - bounds[0]
    within = np.arange(len(letters)) - np.repeat(starts, lengths)
    powers = np.full(int(lengths.max()), _PRIME)
    powers = np.multiply.accumulate(powers)
    running = np.concatenate(([np.uint64(0)], np.cumsum((letters + np.uint64(1)) * powers[within])))
    ends = bounds[1:] - bounds[0]
    return cast("HashArray", running[ends] - running[starts] + lengths.astype(np.uint64))


def _text_hashes(texts: Sequence[str]) -> HashArray:
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    return _utf8_hashes(pa.array(clean, pa.large_string()))


def _mixed(hashes: HashArray) -> HashArray:
    """Return the finaliser of splitmix64 of each value: sums of it do not cancel."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return cast("HashArray", mixed ^ (mixed >> np.uint64(31)))
