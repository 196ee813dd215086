"""Rows: a data set that can be read column by column, whatever it is kept in.

A column is read in pieces of at most `PIECE_ROWS` rows, so that memory holds a few pieces of
the columns that are being worked on and not the data set.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Final, Literal, Protocol, TypeVar

from drift_assets.profiles import Unprofiled
from drift_assets.scan.columns import (
    CategoryColumn,
    Found,
    MissingColumn,
    NumberColumn,
    Piece,
    TextPiece,
    Want,
    WrongType,
    in_words,
    merge,
)

Result = TypeVar("Result")

PIECE_ROWS: Final = 1 << 20
"""Rows of one column that are looked at together."""

MOST_WORKERS: Final = 4
ROWS_WORTH_A_THREAD: Final = 50_000
"""Below this many rows starting threads costs more than it saves."""

Suitability = Literal["watchable", "missing", "unsuitable"]
"""Whether ``features: auto`` may take a column: yes; no value in it; dates or nested values."""


class Part(Protocol):
    """One file or data frame of a data set. Nothing of a part changes while it is read."""

    @property
    def label(self) -> str:
        """What messages call it: a file's name, or ``the data frame``."""

    @property
    def typed(self) -> bool:
        """Whether values carry types; False for CSV, where all is text."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in their order, each once; columns without a name are left out."""

    @property
    def repeated(self) -> frozenset[str]:
        """Names that occur more than once; which one is meant cannot be known."""

    @property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Read ahead what can only be read together."""

    def pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what a column holds, piece by piece; it can be read as often as one likes."""

    def release(self, name: str, want: Want) -> None:
        """Let go of what was read ahead of a column, for good."""

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds as a whole; the column is known to be there."""

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""


@dataclass(frozen=True, slots=True)
class _Sort:
    """What sort of values a piece holds; ``loose`` is text of a file without types."""

    is_number: bool
    words: str
    loose: bool

    def goes_with(self, other: "_Sort") -> bool:
        """Return whether pieces of both can be of one column."""
        like = self.words == other.words or self.loose or other.loose
        return self.is_number == other.is_number and like


def _sort_of(piece: NumberColumn | CategoryColumn | TextPiece) -> _Sort:
    if isinstance(piece, NumberColumn):
        return _Sort(is_number=True, words=in_words(piece), loose=False)
    return _Sort(is_number=False, words=in_words(piece), loose=piece.origin is None)


class NotOfOneKindError(Exception):
    """A column that cannot be used, found while it is read: never leaves this room."""

    def __init__(self, found: WrongType | Unprofiled) -> None:
        super().__init__(found.reason)
        self.found = found


@dataclass(frozen=True, eq=False)
class ColumnRows:
    """One column of a data set, to be read in pieces, more than once if need be.

    Attributes
    ----------
    name, want
        Which column, and what is asked for.
    parts
        Where the rows are, in order.
    n_rows
        Rows of the data set.
    """

    name: str
    want: Want
    parts: tuple[Part, ...]
    n_rows: int

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows piece by piece, all of one kind.

        Raises
        ------
        NotOfOneKindError
            If they are not of one kind, or cannot be used.
        """
        seen: dict[_Sort, str] = {}
        for part in self.parts:
            for piece in _pieces(part, self.name, self.want):
                if isinstance(piece, (WrongType, Unprofiled)):
                    raise NotOfOneKindError(self._named(piece, part.label))
                if not isinstance(piece, MissingColumn):
                    sort = _sort_of(piece)
                    for other, label in seen.items():
                        if not sort.goes_with(other):
                            raise NotOfOneKindError(
                                Unprofiled(
                                    f"found {other.words} in {label} and {sort.words} in "
                                    f"{part.label}, expected one type"
                                )
                            )
                    seen.setdefault(sort, part.label)
                yield piece

    def opened(self) -> tuple[Piece | None, Iterator[Piece]]:
        """Return the first piece that is not all missing, if any, and all pieces.

        Raises
        ------
        NotOfOneKindError
            If the column cannot be used.
        """
        pieces = self.pieces()
        before: list[Piece] = []
        for piece in pieces:
            before.append(piece)
            if not isinstance(piece, MissingColumn):
                return piece, chain(before, pieces)
        return None, iter(before)

    def _named(self, found: WrongType | Unprofiled, label: str) -> WrongType | Unprofiled:
        # The reason for an absent column names its file already.
        if len(self.parts) == 1 or label in found.reason:
            return found
        return replace(found, reason=f"{found.reason} ({label})")

    def is_text_after_all(self) -> bool:
        """Return whether parts without types disagree: one text anywhere makes all text."""
        if self.want != "any" or len(self.parts) == 1 or any(p.typed for p in self.parts):
            return False
        kinds = set()
        for part in self.parts:
            for piece in _pieces(part, self.name, self.want):
                if not isinstance(piece, MissingColumn):
                    kinds.add(type(piece))
                    break
        return NumberColumn in kinds and bool(kinds & {CategoryColumn, TextPiece})


@dataclass(frozen=True, eq=False)
class Rows:
    """A read-only data set: the rows of one data frame, or of one or several files.

    Attributes
    ----------
    parts
        Where the rows are, in order.
    """

    parts: tuple[Part, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of all parts' columns, in order of appearance."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    @cached_property
    def n_rows(self) -> int:
        """How many rows there are; a CSV file is read for it, if it was not read yet."""
        return sum(part.n_rows for part in self.parts)

    @cached_property
    def watchable(self) -> tuple[str, ...]:
        """Columns that ``features: auto`` may take: not dates, nested or all missing."""
        found: dict[str, list[Suitability]] = {name: [] for name in self.columns}
        for part in self.parts:
            for name, suitability in part.suitability().items():
                found[name].append(suitability)
        return tuple(
            name
            for name, all_parts in found.items()
            if "unsuitable" not in all_parts and "watchable" in all_parts
        )

    @property
    def label(self) -> str:
        """What messages call the data set."""
        first = self.parts[0].label
        more = len(self.parts) - 1
        return f"{first} and {more} more file{'s' if more > 1 else ''}" if more else first

    def read(self, wants: Mapping[str, Want]) -> Iterator[tuple[str, Found]]:
        """Yield each wanted column as a whole.

        Parameters
        ----------
        wants
            What is asked for, by column name.
        """
        labels = [part.label for part in self.parts]

        def whole(name: str, column: ColumnRows) -> Found:
            return merge([_take(part, name, column.want) for part in column.parts], labels)

        return self.each(wants, whole)

    def each(
        self, wants: Mapping[str, Want], compute: Callable[[str, ColumnRows], Result]
    ) -> Iterator[tuple[str, Result]]:
        """Yield what ``compute`` makes of each wanted column, in order.

        Decoding and sorting release the interpreter lock, so as many columns are worked on
        at a time as there are processors, at most four; memory holds only pieces of those.

        Parameters
        ----------
        wants
            What is asked for, by column name.
        compute
            Takes name and column; must not keep the column, which is gone afterwards.
        """
        for part in self.parts:
            known = {name: want for name, want in wants.items() if name in part.columns}
            part.prepare(known)

        def one(name: str) -> tuple[str, Result]:
            column = ColumnRows(name, wants[name], self.parts, self.n_rows)
            if column.is_text_after_all():
                column = replace(column, want="category")
            result = compute(name, column)
            for part in self.parts:
                if name in part.columns and name not in part.repeated:
                    part.release(name, wants[name])
                    part.release(name, column.want)
            return name, result

        workers = min(_processors(), MOST_WORKERS, len(wants))
        if workers < 2 or self.n_rows < ROWS_WORTH_A_THREAD:
            yield from map(one, wants)
            return
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(one, wants)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pieces(part: Part, name: str, want: Want) -> Iterator[Piece]:
    if name not in part.columns or name in part.repeated:
        yield _take(part, name, want)
    else:
        yield from part.pieces(name, want)


def _take(part: Part, name: str, want: Want) -> Found:
    if name not in part.columns:
        return Unprofiled(f"column absent from {part.label}")
    if name in part.repeated:
        return Unprofiled(f"column name occurs more than once in {part.label}")
    return part.take(name, want)
