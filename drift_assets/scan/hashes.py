"""Hashes: a number of 64 bits for each value, the same wherever the value stands."""

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from drift_assets.scan.columns import ArrowArray, Loose, arrow_texts, as_numpy, valid_rows

HashArray = NDArray[np.uint64]

ArrowScalar = Any
"""One value of an Arrow array: pyarrow ships no types."""

_PRIME: Final = np.uint64(0x100000001B3)
_NULL: Final = np.uint64(0x9E3779B97F4A7C15)


def value_hashes(values: ArrowArray) -> HashArray:
    """Return one 64-bit hash per value; equal values of one type have equal hashes."""
    if isinstance(values, Loose):
        return text_hashes([repr(value) for value in values.values])
    if isinstance(values, pa.Array):
        values = pa.chunked_array([values])
    chunks = [_chunk_hashes(chunk) for chunk in values.chunks]
    return np.concatenate([np.empty(0, dtype=np.uint64), *chunks])


def _chunk_hashes(chunk: ArrowArray) -> HashArray:
    kind = chunk.type
    if pa.types.is_dictionary(kind):
        of_values = np.append(_chunk_hashes(chunk.dictionary), _NULL)
        codes = chunk.indices.cast(pa.int64()).fill_null(len(of_values) - 1)
        return cast("HashArray", of_values[as_numpy(codes)])
    missing = ~valid_rows(chunk)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        plain = chunk.cast(pa.uint64() if kind == pa.uint64() else pa.int64())
        hashes = as_numpy(plain.fill_null(0)).view(np.uint64)
    elif pa.types.is_floating(kind):
        floats = as_numpy(chunk.cast(pa.float64()).fill_null(0.0))
        # Adding 0.0 turns a negative zero into a positive one.
        hashes = (floats + 0.0).view(np.uint64)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        hashes = _utf8_hashes(chunk)
    elif pa.types.is_null(kind):
        return np.full(len(chunk), _NULL)
    elif pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        # Not as Python's dates, which end with the year 9999.
        counts = chunk.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).cast(pa.int64())
        hashes = as_numpy(counts.fill_null(0)).view(np.uint64)
    else:
        hashes = text_hashes([_in_full(value) for value in chunk])
    hashes = mixed(hashes)
    hashes[missing] = _NULL
    return hashes


def _in_full(value: ArrowScalar) -> str:
    try:
        return repr(value.as_py())
    except (OverflowError, ValueError):
        # A date beyond Python's, somewhere inside.
        return str(pa.array([value], value.type))


def _utf8_hashes(chunk: ArrowArray) -> HashArray:
    """Return a polynomial of the bytes of each text, without a loop over the rows."""
    large = chunk.cast(pa.large_string()).fill_null("")
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


def text_hashes(texts: Sequence[str]) -> HashArray:
    """Return one 64-bit hash per text, not yet `mixed`."""
    return _utf8_hashes(arrow_texts(texts))


def mixed(hashes: HashArray) -> HashArray:
    """Return the finaliser of splitmix64 of each value: sums of it do not cancel."""
    bits = hashes + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return cast("HashArray", bits ^ (bits >> np.uint64(31)))
