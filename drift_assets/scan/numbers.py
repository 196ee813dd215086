"""Numbers: those of a column in ascending pieces, and in one where they fit."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from drift_assets.profiles.binning import FloatArray
from drift_assets.scan.columns import MissingColumn, NumberColumn, Piece, WrongType, in_words
from drift_assets.scan.rows import PIECE_ROWS, NotOfOneKindError


class Reading:
    """Pieces of a column on their way to numbers.

    Attributes
    ----------
    n_missing
        Rows without a value among those read so far.
    is_time
        Whether dates or times are expected, in seconds.

    Parameters
    ----------
    pieces
        The column; read once.
    is_time
        As the attribute.
    """

    def __init__(self, pieces: Iterable[Piece], *, is_time: bool) -> None:
        self.n_missing = 0
        self._pieces = pieces
        self.is_time = is_time

    def arrays(self) -> Iterator[FloatArray]:
        """Yield the numbers as they come, without NaN.

        Raises
        ------
        NotOfOneKindError
            If there is something else.
        """
        for piece in self._pieces:
            if isinstance(piece, MissingColumn):
                self.n_missing += piece.n_missing
                continue
            if not isinstance(piece, NumberColumn):
                raise NotOfOneKindError(WrongType("found text, expected numbers"))
            if piece.is_time != self.is_time:
                expected = "dates or times" if self.is_time else "numbers"
                raise NotOfOneKindError(WrongType(f"found {in_words(piece)}, expected {expected}"))
            self.n_missing += piece.n_missing
            if len(piece.numbers):
                yield piece.numbers

    def even(self) -> Iterator[FloatArray]:
        """Yield the numbers as they come, `PIECE_ROWS` at a time, however the column came.

        A piece is overwritten when the next is asked for; a single one may be the caller's.
        """
        return (piece for piece, _ in self._even())

    def ascending(self) -> Iterator[FloatArray]:
        """Yield the same pieces, each sorted."""
        for piece, is_own in self._even():
            if is_own:
                piece.sort()
                yield piece
            else:
                yield np.sort(piece)

    def _even(self) -> Iterator[tuple[FloatArray, bool]]:
        """Yield pieces of `PIECE_ROWS`, and whether they may be changed."""
        arrays = self.arrays()
        first = next(arrays, None)
        second = next(arrays, None)
        if first is None:
            return
        if second is None and len(first) <= PIECE_ROWS:
            yield first, False
            return
        piece, filled = np.empty(PIECE_ROWS), 0
        for array in chain([first], () if second is None else [second], arrays):
            done = 0
            while done < len(array):
                n = min(PIECE_ROWS - filled, len(array) - done)
                piece[filled : filled + n] = array[done : done + n]
                filled, done = filled + n, done + n
                if filled == PIECE_ROWS:
                    yield piece, True
                    filled = 0
        if filled:
            yield piece[:filled], True

    def whole(self, n_rows: int) -> FloatArray:
        """Return all numbers, ascending; there are at most ``n_rows``."""
        arrays = self.arrays()
        first = next(arrays, np.empty(0))
        second = next(arrays, None)
        if second is None:
            return np.sort(first)
        values, filled = np.empty(n_rows), 0
        for array in chain([first, second], arrays):
            values[filled : filled + len(array)] = array
            filled += len(array)
        found = values[:filled]
        found.sort()
        return found
