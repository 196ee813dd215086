"""Predictions in files of their own: each row finds its prediction by key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import ColumnError
from drift_assets.profiles.binning import IntArray
from drift_assets.scan.columns import (
    ARROW_FAILURES,
    ArrowArray,
    CategoryColumn,
    Found,
    Loose,
    MissingColumn,
    NumberColumn,
    Piece,
    TextPiece,
    Want,
    WrongType,
    as_numpy,
    canonical,
    merge,
    pieces_from_arrow,
    shown,
    spells_dates,
    text_counts,
    valid_rows,
)
from drift_assets.scan.days import Days
from drift_assets.scan.delimited import numbers_from_text
from drift_assets.scan.rows import PIECE_ROWS, Suitability
from drift_assets.scan.widened import FilePart, WidenedPart

_BETWEEN: Final = "\x1f"
"""Stands between the values of a key of several columns; escaped where a value has it."""
_MOST_TEXTS_LOOKED_AT: Final = 1000


@dataclass(frozen=True, slots=True)
class Joined:
    """How rows and their predictions found each other.

    Attributes
    ----------
    n_rows
        Rows of the day.
    n_without
        Rows without a prediction, those without a key among them; they count as missing.
    n_repeated
        Predictions beyond the first of their key; the last of a key counts.
    n_unused
        Keys with a prediction that no row of the day has.
    """

    n_rows: int
    n_without: int
    n_repeated: int
    n_unused: int

    @property
    def words(self) -> str:
        """The same in a sentence."""
        return (
            f"{self.n_without:,} of {self.n_rows:,} rows have no prediction; "
            f"{self.n_repeated:,} predictions have the key of an earlier one, the last of "
            f"a key counts; {self.n_unused:,} keys with a prediction belong to no row of the day"
        )


class Predictions:
    """The predictions of some files, held in memory, by key.

    Parameters
    ----------
    parts
        The files.
    key
        The columns that make the key.

    Raises
    ------
    ColumnError
        If a file lacks a column of the key.
    DataError
        If a file cannot be read.
    """

    def __init__(self, parts: Sequence[FilePart], key: Sequence[str]) -> None:
        self.label: Final = parts[0].label
        self.typed: Final = all(part.typed for part in parts)
        self._parts: Final = tuple(parts)
        self.key: Final = tuple(key)
        keys = pa.chunked_array([_keys(part, key) for part in parts], pa.string()).combine_chunks()
        coded = keys.dictionary_encode()
        self._known: Final = coded.dictionary
        codes = as_numpy(coded.indices.fill_null(len(coded.dictionary)))
        last = np.zeros(len(coded.dictionary) + 1, dtype=np.int64)
        # In order, so that the last row of a key stands.
        np.maximum.at(last, codes, np.arange(len(codes)))
        self._last = last[:-1]
        self.n_repeated: Final = len(keys) - keys.null_count - len(self._known)
        self._columns: dict[str, ArrowArray | Loose] = {}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of all files but the key."""
        names = dict.fromkeys(name for part in self._parts for name in part.columns)
        return tuple(name for name in names if name not in self.key)

    @property
    def n_keys(self) -> int:
        """Different keys."""
        return len(self._known)

    def rows_for(self, part: FilePart) -> IntArray:
        """Return for each row of a file the row of its prediction, -1 where it has none."""
        import pyarrow.compute as pc  # type: ignore[import-untyped]  # noqa: PLC0415  # costs 0.1 s

        codes = pc.index_in(_keys(part, self.key), value_set=self._known)
        found = as_numpy(codes.fill_null(-1)).astype(np.int64)
        return np.where(found >= 0, np.append(self._last, 0)[found], -1)

    def column(self, name: str) -> ArrowArray | Loose:
        """Return a column of the predictions, all files together."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> ArrowArray | Loose:
        arrays: list[ArrowArray] = []
        loose: list[object] = []
        for part in self._parts:
            if name not in part.columns or name in part.repeated:
                raise ColumnError(
                    f"Found no single column {name!r} in {part.label}, expected one: other files "
                    "of predictions have it."
                )
            for _, _, values in part.batches([name]):
                if isinstance(values, Loose):
                    loose += values.values
                else:
                    arrays += values.chunks if isinstance(values, pa.ChunkedArray) else [values]
        if loose:
            return Loose([*loose, *(value for array in arrays for value in array.to_pylist())])
        arrays = [
            array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
            for array in arrays
        ]
        kinds = {array.type for array in arrays if not pa.types.is_null(array.type)}
        kind = kinds.pop() if len(kinds) == 1 else pa.string()
        return pa.chunked_array([a.cast(kind) for a in arrays], kind).combine_chunks()


def _keys(part: FilePart, key: Sequence[str]) -> ArrowArray:
    """Return the key of each row as text, null where a column of it is missing."""
    import pyarrow.compute as pc  # noqa: PLC0415  # costs 0.1 s

    gathered: dict[str, list[ArrowArray]] = {name: [] for name in key}
    for name in key:
        if name not in part.columns or name in part.repeated:
            raise ColumnError(
                f"Found no single column {name!r} in {part.label}, expected the key of the "
                f"predictions; its columns: {', '.join(map(repr, part.columns))}. Correct key."
            )
    for name, _, values in part.batches(list(key)):
        gathered[name].append(_texts(values))
    columns = [pa.chunked_array(arrays, pa.string()) for arrays in gathered.values()]
    if len(columns) == 1:
        return columns[0].combine_chunks()
    escaped = [pc.replace_substring(c, _BETWEEN, _BETWEEN * 2 + " ") for c in columns]
    return pc.binary_join_element_wise(*escaped, _BETWEEN).combine_chunks()


def _texts(values: ArrowArray | Loose) -> ArrowArray:
    if isinstance(values, Loose):
        found = [None if v is None else _spelled(v) for v in values.values]
        return pa.array(found, pa.string())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_floating(kind):
        # A missing key makes pandas write whole numbers as 7.0.
        numbers = as_numpy(values.cast(pa.float64()).fill_null(np.nan)).tolist()
        found = [None if number != number else canonical(number) for number in numbers]  # noqa: PLR0124  # NaN
        return pa.array(found, pa.string())
    try:
        return values.cast(kind).cast(pa.string())
    except ARROW_FAILURES:
        return pa.array([None if v is None else str(v) for v in values.to_pylist()], pa.string())


def _spelled(value: object) -> str:
    return canonical(value) if isinstance(value, int | float) else str(value)


class WithPredictions(WidenedPart):
    """A file and, beside its own columns, those of the predictions of its rows.

    Parameters
    ----------
    part
        The file.
    predictions
        The predictions, by key; a column that the file has itself is left out of them.
    days
        Which rows the file keeps; by default all.
    """

    def __init__(
        self, part: FilePart, predictions: Predictions, *, days: Days | None = None
    ) -> None:
        super().__init__(part, predictions.columns)
        self._predictions: Final = predictions
        self._days: Final = days

    @cached_property
    def rows(self) -> IntArray:
        """For each row of the day, the row of its prediction; -1 where it has none."""
        return self._all_rows if self._keep is None else self._all_rows[self._keep]

    def _added_pieces(self, name: str, want: Want) -> Iterator[Piece]:
        for first in range(0, len(self.rows), PIECE_ROWS):
            rows = self.rows[first : first + PIECE_ROWS]
            yield from self._pieces(self._predicted(name, rows), want)

    def _added_column(self, name: str, want: Want) -> Found:
        pieces = [p.counted() if isinstance(p, TextPiece) else p for p in self.pieces(name, want)]
        return merge(pieces, [self.label] * len(pieces))

    def _added_suitability(self, name: str) -> Suitability:
        array = self._predicted(name, self.rows)
        if array.null_count == len(array):
            return "missing"
        if pa.types.is_temporal(array.type) or pa.types.is_nested(array.type):
            return "unsuitable"
        if pa.types.is_string(array.type):
            texts = array.drop_null().slice(0, _MOST_TEXTS_LOOKED_AT).to_pylist()
            return "unsuitable" if spells_dates(texts) else "watchable"
        return "watchable"

    def _added_values(self, name: str) -> ArrowArray:
        array = self._predicted(name, self._all_rows)
        if self.typed and not self._predictions.typed:
            return _as_spelled(array)
        if not self.typed and self._predictions.typed:
            return _texts(array)
        return array

    @cached_property
    def _all_rows(self) -> IntArray:
        return self._predictions.rows_for(self._part)

    @cached_property
    def _keep(self) -> np.ndarray | None:
        return None if self._days is None else self._days.keep(self._part.dates())

    def _predicted(self, name: str, rows: IntArray) -> ArrowArray:
        column = self._predictions.column(name)
        if isinstance(column, Loose):
            raise ColumnError(
                f"Found values of several types in column {name!r} of {self._predictions.label}, "
                "expected one type: write the predictions again."
            )
        if not len(column):
            return pa.nulls(len(rows), column.type)
        # A null position takes a null value.
        return column.take(pa.array(rows, mask=rows < 0))

    def _pieces(self, array: ArrowArray, want: Want) -> Iterator[Piece]:
        if self._predictions.typed:
            yield from pieces_from_arrow(array, want)
            return
        n_missing = array.null_count
        if n_missing == len(array):
            yield MissingColumn(n_missing)
            return
        if want != "category":
            numbers, bad = numbers_from_text(array)
            if bad is None:
                known = numbers[~np.isnan(numbers)]
                yield NumberColumn(known, n_missing + len(numbers) - len(known))
                return
            if want == "number":
                text = shown(array[bad].as_py())
                yield WrongType(f"found {text} among the predictions, expected numbers")
                return
        yield CategoryColumn(text_counts(array.drop_null()), n_missing, None)


def _as_spelled(texts: ArrowArray) -> ArrowArray:
    """Return text as numbers if all of it spells such."""
    numbers, wrong = numbers_from_text(texts)
    if wrong is not None or texts.null_count == len(texts):
        return texts
    valid = valid_rows(texts)
    filled = np.zeros(len(texts))
    filled[valid] = numbers
    return pa.array(filled, mask=~valid)


def joined(parts: Sequence[WithPredictions], predictions: Predictions) -> Joined:
    """Return how the rows of a day and their predictions found each other."""
    used: set[int] = set()
    n_rows = n_without = 0
    for part in parts:
        rows = part.rows
        n_rows += len(rows)
        n_without += int(np.count_nonzero(rows < 0))
        used.update(np.unique(rows[rows >= 0]).tolist())
    return Joined(n_rows, n_without, predictions.n_repeated, predictions.n_keys - len(used))
