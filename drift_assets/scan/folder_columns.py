"""Folder columns: what the folders of a file say of all its rows, as in ``dt=2026-11-23/``."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.scan.columns import (
    ArrowArray,
    CategoryColumn,
    Found,
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
from drift_assets.scan.rows import PIECE_ROWS, Suitability
from drift_assets.scan.widened import FilePart, WidenedPart

NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
"""How Hive and Spark write a missing value into a folder's name."""

_KEY_AND_VALUE: Final = re.compile(r"([A-Za-z_][^=/]*)=(.+)", re.DOTALL)


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


class WithFolderColumns(WidenedPart):
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
        super().__init__(part, columns)
        self._values: Final = columns
        self._day: Final = day

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""
        return super().dates() if self._day is None else np.repeat(self._day, self.n_rows)

    def _added_pieces(self, name: str, want: Want) -> Iterator[Piece]:
        for first in range(0, self.n_rows, PIECE_ROWS):
            yield _found(self._values[name], min(PIECE_ROWS, self.n_rows - first), want)

    def _added_column(self, name: str, want: Want) -> Found:
        return _found(self._values[name], self.n_rows, want)

    def _added_suitability(self, name: str) -> Suitability:
        text = self._values[name]
        if text is None:
            return "missing"
        return "unsuitable" if spells_dates([text]) else "watchable"

    def _added_values(self, name: str) -> ArrowArray:
        text = self._values[name]
        number = None if text is None else number_from_text(text)
        # All rows of the file, those of other days included.
        n_rows = self.n_rows if self._day is not None else len(self._part.dates())
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
