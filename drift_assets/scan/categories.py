"""Categories: how often each occurs in a column, with memory for so many names and no more.

Up to 100,000 different ones are counted by name. Of more, a first pass finds all that hold
more than one row in 50,000 (the summary of Misra and Gries [1]_, which merges [2]_) and
estimates how many there are (the smallest hashes [3]_); a second pass counts exactly what the
first one found. The rest is counted without names.

References
----------
.. [1] J. Misra, D. Gries, "Finding repeated elements", Science of Computer Programming 2, 1982.
.. [2] P. K. Agarwal and others, "Mergeable summaries", ACM Transactions on Database Systems 38,
   2013.
.. [3] Z. Bar-Yossef and others, "Counting distinct elements in a data stream", RANDOM 2002.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.profiles.binning import FREQUENT_ROWS, NAMED_CATEGORIES, IntArray, Origin
from drift_assets.scan.columns import (
    ArrowArray,
    CategoryColumn,
    MissingColumn,
    NumberColumn,
    Piece,
    TextPiece,
    WrongType,
    arrow_integers,
    arrow_texts,
    as_numpy,
    inferred,
    number_from_text,
    text_counts,
    with_origin,
)
from drift_assets.scan.hashes import HashArray, mixed, value_hashes
from drift_assets.scan.rows import ColumnRows, NotOfOneKindError

HASHES: Final = 1 << 14
"""Smallest hashes kept; the estimate's relative standard error is 1 in the root of that."""
_HASHED_TOGETHER: Final = 1 << 16
_RANGE: Final = 2.0**64


@dataclass(frozen=True, eq=False)
class CountedCategories:
    """How often categories occur in a column.

    Attributes
    ----------
    counts
        Rows per category: of all, or of those that were known before and all with more than
        one row in 50,000.
    n_missing
        Rows without a value.
    origin
        What the values were.
    n_unnamed
        Rows of categories that are not in ``counts``.
    n_distinct
        How many categories there are.
    distinct_error
        Relative standard error of that; 0 where all were counted.
    """

    counts: Mapping[str, int]
    n_missing: int
    origin: Origin
    n_unnamed: int
    n_distinct: int
    distinct_error: float


def count_categories(
    column: ColumnRows,
    pieces: Iterable[Piece],
    *,
    origin: Origin | None = None,
    known: Collection[str] = (),
) -> CountedCategories:
    """Return how often the categories of a column occur.

    Parameters
    ----------
    column
        Where to read again, if need be.
    pieces
        Its pieces, to be read first.
    origin
        What the values are to be; by default the narrowest that all of them can spell.
    known
        Categories to count by name, however rare.

    Raises
    ------
    NotOfOneKindError
        If a value is not what it is to be.
    """
    first = _FirstPass(origin)
    for piece in pieces:
        first.add(piece)
    if not first.is_many:
        found = CategoryColumn(first.counts, first.n_missing, first.origin)
        told = inferred(found) if origin is None else _checked(with_origin(found, origin))
        return CountedCategories(
            told.counts, told.n_missing, told.origin or "text", 0, len(told.counts), 0.0
        )
    if origin is None and first.origin is None and first.are_numbers:
        # Each has one spelling: known only now, so from the start.
        return count_categories(column, column.pieces(), origin="number", known=known)
    counts, total = _counted(column, origin, [*first.frequent, *known])
    # What else the first pass brought up depends on how the column is cut into pieces.
    named = frozenset(known)
    counts = {
        name: rows for name, rows in counts.items() if name in named or rows * FREQUENT_ROWS > total
    }
    return CountedCategories(
        counts,
        first.n_missing,
        origin or first.origin or "text",
        total - sum(counts.values()),
        *first.estimate(),
    )


class _FirstPass:
    """Counts all names while they are few, and finds the frequent ones among many."""

    def __init__(self, origin: Origin | None) -> None:
        self.origin = origin
        self.counts: Counter[str] = Counter()
        self.n_missing = 0
        self.is_many = False
        self.are_numbers = True
        self._wanted = origin
        self._names: ArrowArray = arrow_texts([])
        self._rows: IntArray = np.empty(0, dtype=np.int64)
        self._hashes: HashArray = np.empty(0, dtype=np.uint64)

    @property
    def frequent(self) -> list[str]:
        """Names that may hold more than one row in 50,000, and all that do."""
        return cast("list[str]", self._names.to_pylist())

    def add(self, piece: Piece) -> None:
        """Take in a piece."""
        if isinstance(piece, MissingColumn):
            self.n_missing += piece.n_missing
            return
        found = _categories(piece, self._wanted)
        self.n_missing += found.n_missing
        if self._wanted is None and found.origin is not None:
            self.origin = found.origin
        if self.is_many:
            self._add_many(*_names_and_rows(found))
            return
        many: tuple[ArrowArray, IntArray] | None = None
        if isinstance(found, CategoryColumn):
            self.counts.update(found.counts)
        elif _has_few(found.texts):
            self.counts.update(text_counts(found.texts))
        else:
            names, rows = _names_and_rows(found)
            if len(names) > NAMED_CATEGORIES:
                many = (names, rows)
            else:
                for name, count in zip(names.to_pylist(), rows.tolist(), strict=True):
                    self.counts[name] += count
        if many is not None or len(self.counts) > NAMED_CATEGORIES:
            self._add_many(*_names_and_rows(CategoryColumn(self.counts, 0, None)))
            self.counts = Counter()
        if many is not None:
            self._add_many(*many)

    def estimate(self) -> tuple[int, float]:
        """Return how many categories there are, and the relative standard error of that."""
        if len(self._hashes) < HASHES:
            return len(self._hashes), 0.0
        return round((HASHES - 1) * _RANGE / float(self._hashes[-1])), HASHES**-0.5

    def _add_many(self, names: ArrowArray, rows: IntArray) -> None:
        self.is_many = True
        if self.are_numbers:
            self.are_numbers = all(number_from_text(n) is not None for n in names.to_pylist())
        for start in range(0, len(names), _HASHED_TOGETHER):
            hashes = mixed(value_hashes(names.slice(start, _HASHED_TOGETHER)))
            if len(self._hashes) == HASHES:
                hashes = hashes[hashes < self._hashes[-1]]
            together = np.sort(np.concatenate([self._hashes, hashes]))
            new = np.concatenate(([True], together[1:] != together[:-1]))
            self._hashes = together[new][:HASHES]
        names, rows = _fewer(names.cast(pa.large_string()), rows)
        both = pa.concat_arrays([self._names, names])
        rows = np.concatenate([self._rows, rows])
        coded = both.dictionary_encode()
        sums = np.bincount(as_numpy(coded.indices), weights=rows, minlength=len(coded.dictionary))
        self._names, self._rows = _fewer(coded.dictionary, sums.astype(np.int64))


def _fewer(names: ArrowArray, rows: IntArray) -> tuple[ArrowArray, IntArray]:
    """Return at most 50,000 names, each with fewer rows by those of the next one."""
    if len(rows) <= FREQUENT_ROWS:
        return names, rows
    next_one = np.partition(rows, -FREQUENT_ROWS - 1)[-FREQUENT_ROWS - 1]
    kept = np.flatnonzero(rows > next_one)
    return names.take(arrow_integers(kept)), rows[kept] - next_one


def _counted(
    column: ColumnRows, origin: Origin | None, names: Collection[str]
) -> tuple[dict[str, int], int]:
    """Return the rows of each of the names, and those of all values."""
    # Only who has so many categories pays for its import.
    import pyarrow.compute as pc  # type: ignore[import-untyped]  # noqa: PLC0415

    wanted = list(dict.fromkeys(names))
    encoded = arrow_texts(wanted)
    sums = np.zeros(len(wanted), dtype=np.int64)
    total = 0
    for piece in column.pieces():
        if isinstance(piece, MissingColumn):
            continue
        found = _categories(piece, origin)
        if isinstance(found, TextPiece) and not pa.types.is_dictionary(found.texts.type):
            texts = found.texts.drop_null().cast(pa.large_string())
            rows = np.ones(len(texts), dtype=np.int64)
        else:
            texts, rows = _names_and_rows(found)
            texts = texts.cast(pa.large_string())
        position = pc.index_in(texts, value_set=encoded)
        known = as_numpy(position.is_valid())
        at = as_numpy(position.drop_null())
        sums += np.bincount(at, weights=rows[known], minlength=len(sums)).astype(np.int64)
        total += int(rows.sum())
    pairs = zip(wanted, sums.tolist(), strict=True)
    return {name: count for name, count in pairs if count}, total


def _categories(piece: Piece, origin: Origin | None) -> TextPiece | CategoryColumn:
    """Return a piece as categories of ``origin``; by default of its own."""
    if isinstance(piece, NumberColumn):
        raise NotOfOneKindError(WrongType("found numbers, expected categories"))
    if not isinstance(piece, (TextPiece, CategoryColumn)):
        raise TypeError(piece)
    if origin is None or piece.origin == origin:
        return piece
    if isinstance(piece, TextPiece):
        if piece.origin is None and origin == "text":
            return piece
        piece = piece.counted()
    return _checked(with_origin(piece, origin))


def _checked(column: CategoryColumn | WrongType) -> CategoryColumn:
    if isinstance(column, WrongType):
        raise NotOfOneKindError(column)
    return column


def _names_and_rows(found: TextPiece | CategoryColumn) -> tuple[ArrowArray, IntArray]:
    """Return the different names, a few of them perhaps twice, and the rows of each."""
    if isinstance(found, CategoryColumn):
        names = arrow_texts(list(found.counts))
        return names, np.fromiter(found.counts.values(), dtype=np.int64, count=len(names))
    texts = found.texts
    if pa.types.is_dictionary(texts.type):
        codes = as_numpy(texts.indices.drop_null()).astype(np.int64, copy=False)
        rows = np.bincount(codes, minlength=len(texts.dictionary)).astype(np.int64)
        used = np.flatnonzero(rows)
        names = texts.dictionary.take(arrow_integers(used))
        valid = as_numpy(names.is_valid())
        return names.drop_null(), rows[used][valid]
    counted = texts.drop_null().value_counts()
    return counted.field("values"), as_numpy(counted.field("counts"))


def _has_few(texts: ArrowArray) -> bool:
    """Return whether there are surely few different texts."""
    coded = pa.types.is_dictionary(texts.type)
    return len(texts.dictionary if coded else texts) <= NAMED_CATEGORIES
