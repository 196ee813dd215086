"""Rows by day: what each column of files with many days looked like on each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.profiles import Baseline, CategoricalBinning, ColumnDays, NumericBinning
from drift_assets.profiles.binning import Binning, FloatArray, IntArray
from drift_assets.scan.columns import (
    ArrowArray,
    CategoryColumn,
    Loose,
    NumberColumn,
    arrow_integers,
    as_numpy,
    column_from_arrow,
    column_from_objects,
    valid_rows,
    with_origin,
)
from drift_assets.scan.days import Days
from drift_assets.scan.delimited import numbers_from_text
from drift_assets.scan.files import DataFile, open_part

VALUES_AT_A_TIME: Final = 1 << 24
"""Values of all columns that are read together, 128 MB: a text file is read once for each lot."""

_NOTHING: Final = np.empty(0, dtype=np.int64)


def profile_days(
    paths: Sequence[Path | DataFile],
    baseline: Baseline,
    *,
    date_column: str,
    start: date | None = None,
    end: date | None = None,
    timezone: str = "UTC",
) -> Iterator[tuple[str, ColumnDays]]:
    """Yield each column of a baseline with its profile of each day, over the baseline's rulers.

    Memory holds few columns at a time. A column in which the baseline has no value is left out.

    Parameters
    ----------
    paths
        The files of the baseline.
    baseline
        What was frozen of the same rows.
    date_column, start, end, timezone
        As in `rows_from_files`.

    Raises
    ------
    DataError
        If a file cannot be read, or its rows are not those of the baseline any more.
    """
    wanted = Days(date_column, start, end, timezone)
    parts = [open_part(path, days=wanted) for path in paths]
    dates = [part.dates() for part in parts]
    keeps = [wanted.keep(found) for found in dates]
    known = [found[keep] for found, keep in zip(dates, keeps, strict=True)]
    found_days = np.unique(np.concatenate([np.empty(0, dtype="datetime64[D]"), *known]))
    days: list[date] = found_days.tolist()
    # The position of each row's day; -1 for rows of no day.
    positions = [
        np.where(keep, np.searchsorted(found_days, found), -1)
        for found, keep in zip(dates, keeps, strict=True)
    ]
    n_rows = sum(np.bincount(p[p >= 0], minlength=len(days)) for p in positions)
    names = [name for name, profile in baseline.columns.items() if profile.n]
    at_a_time = max(VALUES_AT_A_TIME // max(sum(map(len, positions)), 1), 1)
    for first in range(0, len(names), at_a_time):
        lot = names[first : first + at_a_time]
        gathered: dict[str, list[tuple[IntArray, FloatArray]]] = {n: [] for n in lot}
        for part, position in zip(parts, positions, strict=True):
            for name, row, values in part.batches(lot):
                binning = baseline.columns[name].binning
                for day, found in _rows(values, binning, position[row:], typed=part.typed):
                    gathered[name].append((day, found))
        for name in lot:
            day = np.concatenate([_NOTHING, *(d for d, _ in gathered[name])])
            found = np.concatenate([f for _, f in gathered[name]])
            del gathered[name]
            n_missing = (n_rows - np.bincount(day, minlength=len(days))).astype(np.int64)
            binning = baseline.columns[name].binning
            if isinstance(binning, NumericBinning):
                yield name, ColumnDays.of_numbers(binning, days, day, found, n_missing)
            else:
                bins = found.astype(np.int64)
                yield name, ColumnDays.of_categories(binning, days, day, bins, n_missing)


def _rows(
    values: ArrowArray | Loose, binning: Binning, day: IntArray, *, typed: bool
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield day and value, or day and bin, of the rows that belong to a day and have a value."""
    if isinstance(values, Loose):
        yield _loose_rows(values, binning, day)
        return
    row = 0
    for chunk in values.chunks if isinstance(values, pa.ChunkedArray) else [values]:
        of_rows = day[row : row + len(chunk)]
        row += len(chunk)
        kept = np.flatnonzero((of_rows >= 0) & valid_rows(chunk))
        present = chunk.take(arrow_integers(kept))
        of_rows = of_rows[kept]
        if isinstance(binning, NumericBinning):
            if not len(present):
                continue
            numbers, known = _numbers(present, typed=typed)
            yield of_rows[known], numbers
        else:
            positions = _positions(present, binning, typed=typed)
            known = positions >= 0
            yield of_rows[known], positions[known].astype(np.float64)


def _numbers(present: ArrowArray, *, typed: bool) -> tuple[FloatArray, np.ndarray]:
    """Return the numbers of an array without NULL, and which of its rows they are of."""
    if not typed:
        numbers, _ = numbers_from_text(present)
        return numbers, np.ones(len(numbers), dtype=bool)
    known = np.ones(len(present), dtype=bool)
    if pa.types.is_floating(present.type):
        known = ~np.isnan(as_numpy(present))
    found = column_from_arrow(present, "number")
    return found.numbers if isinstance(found, NumberColumn) else np.empty(0), known


def _positions(present: ArrowArray, binning: CategoricalBinning, *, typed: bool) -> IntArray:
    """Return the bin of each row of an array without NULL; -1 for NaN."""
    coded = present if pa.types.is_dictionary(present.type) else present.dictionary_encode()
    names = coded.dictionary
    table = np.full(len(names) + 1, -1, dtype=np.int64)
    texts = pa.types.is_string(names.type) or pa.types.is_large_string(names.type)
    if texts and binning.origin == "text":
        # Text is its own category, and there may be a million of them.
        table[:-1] = [binning.position(name) for name in names.to_pylist()]
    else:
        for position in range(len(names)):
            found = column_from_arrow(names.slice(position, 1), "category")
            if isinstance(found, CategoryColumn):
                # In a file without types text may spell numbers, or true and false.
                origin = found.origin if typed else None
                table[position] = _position(replace(found, origin=origin), binning)
    codes = as_numpy(coded.indices.fill_null(len(names))).astype(np.int64)
    return np.asarray(table[codes])


def _position(found: CategoryColumn, binning: CategoricalBinning) -> int:
    known = with_origin(found, binning.origin)
    if not isinstance(known, CategoryColumn) or not known.counts:
        return -1
    return binning.position(next(iter(known.counts)))


def _loose_rows(values: Loose, binning: Binning, day: IntArray) -> tuple[IntArray, FloatArray]:
    numeric = isinstance(binning, NumericBinning)
    days: list[int] = []
    found: list[float] = []
    for value, of_row in zip(values.values, day[: len(values.values)].tolist(), strict=True):
        if of_row < 0:
            continue
        one = column_from_objects([value], "number" if numeric else "category")
        if isinstance(one, NumberColumn):
            found.append(float(one.numbers[0]))
        elif isinstance(one, CategoryColumn) and isinstance(binning, CategoricalBinning):
            found.append(_position(one, binning))
        else:
            continue
        days.append(of_row)
    return np.array(days, dtype=np.int64), np.array(found, dtype=np.float64)
