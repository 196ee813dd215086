"""Folder columns: what the folders of a file say of all its rows, as in ``dt=2026-11-23/``."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, Protocol
from urllib.parse import unquote

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.scan.columns import (
    ArrowArray,
    CategoryColumn,
    Found,
    Loose,
    MissingColumn,
    NumberColumn,
    Piece,
    Want,
    WrongType,
    number_from_text,
    shown,
    spells_dates,
)
from drift_assets.scan.days import DayArray
from drift_assets.scan.rows import PIECE_ROWS, Part, Suitability

NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
"""How Hive and Spark write a missing value into a folder's name."""

_KEY_AND_VALUE: Final = re.compile(r"([A-Za-z_][^=/]*)=(.+)", re.DOTALL)


class FilePart(Part, Protocol):
    """A file as a part: its days can be told, and all its rows read in order."""

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray | Loose]]:
        """Yield (name, first row, values) of columns, all rows."""


def folder_columns(folders: Iterable[str]) -> dict[str, str | None]:
    """Return the columns that folders name, and the one value that each has.

    Examples
    --------
    >>> folder_columns(["in", "dt=2026-11-23", "region=eu%2Fwest"])
    {'dt': '2026-11-23', 'region': 'eu/west'}
    """
    found: dict[str, str | None] = {}
    for folder in folders:
        match = _KEY_AND_VALUE.fullmatch(folder)
        if match is not None:
            text = unquote(match[2])
            found[unquote(match[1])] = None if text == NO_VALUE else text
    return found


class WithFolderColumns:
    """A file and the columns that its folders name; a column of its own comes first.

    A value has no type, like one in a CSV file: it is a number where it spells one.

    Parameters
    ----------
    part
        The file.
    columns
        The value of each column, None for a missing one.
    day
        The day that the folders give to all rows; by default the file's rows have their own.
    """

    def __init__(
        self, part: FilePart, columns: Mapping[str, str | None], *, day: DayArray | None = None
    ) -> None:
        self._part = part
        self._day = day
        self._added: Final = {n: v for n, v in columns.items() if n not in part.columns}
        self.label: Final = part.label
        self.typed: Final = part.typed
        self.columns: Final = (*part.columns, *self._added)
        self.repeated: Final = part.repeated

    @cached_property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""
        return self._part.n_rows

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Read the file's own columns ahead."""
        self._part.prepare({n: want for n, want in wants.items() if n not in self._added})

    def pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what a column holds, piece by piece."""
        if name not in self._added:
            yield from self._part.pieces(name, want)
            return
        for first in range(0, self.n_rows, PIECE_ROWS):
            yield _found(self._added[name], min(PIECE_ROWS, self.n_rows - first), want)

    def release(self, name: str, want: Want) -> None:
        """Let go of a column."""
        if name not in self._added:
            self._part.release(name, want)

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds, as a whole."""
        if name not in self._added:
            return self._part.take(name, want)
        return _found(self._added[name], self.n_rows, want)

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""
        found = dict(self._part.suitability())
        for name, text in self._added.items():
            found[name] = "missing" if text is None else "watchable"
            if text is not None and spells_dates([text]):
                found[name] = "unsuitable"
        return found

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""
        return self._part.dates() if self._day is None else np.repeat(self._day, self.n_rows)

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray | Loose]]:
        """Yield (name, first row, values) of columns, all rows."""
        own = [name for name in names if name not in self._added]
        if own:
            yield from self._part.batches(own)
        if len(own) < len(names):
            n_rows = self._n_all_rows()
            for name in names:
                if name in self._added:
                    yield name, 0, self._constant(name, n_rows)

    def _n_all_rows(self) -> int:
        return self.n_rows if self._day is not None else len(self._part.dates())

    def _constant(self, name: str, n_rows: int) -> ArrowArray:
        text = self._added[name]
        number = None if text is None else number_from_text(text)
        if self.typed and number is not None:
            return pa.array(np.full(n_rows, number))
        codes = pa.array(np.zeros(n_rows, dtype=np.int8))
        values = pa.array([text], pa.string())
        # The readers of files without types take plain text.
        return pa.DictionaryArray.from_arrays(codes, values).cast(pa.string())


def _found(text: str | None, n: int, want: Want) -> NumberColumn | CategoryColumn | Found:
    if text is None or not n:
        return MissingColumn(n)
    number = number_from_text(text) if want != "category" else None
    if number is not None:
        return NumberColumn(np.full(n, number), 0)
    if want == "number":
        return WrongType(f"found {shown(text)} in the name of a folder, expected numbers")
    return CategoryColumn(Counter({text: n}), 0, None)
