"""A file with more columns than it holds itself."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from drift_assets.scan.columns import ArrowArray, Found, Loose, Piece, Want
from drift_assets.scan.days import DayArray
from drift_assets.scan.rows import Part, Suitability


class FilePart(Part, Protocol):
    """A file as a part: its days can be told, and all its rows read in order."""

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray | Loose]]:
        """Yield (name, first row, values) of columns, all rows."""


class WidenedPart(ABC):
    """A file, and beside its own columns others, which a subclass knows.

    Parameters
    ----------
    part
        The file.
    added
        Names of the other columns; one that the file has itself is left out.
    """

    def __init__(self, part: FilePart, added: Collection[str]) -> None:
        self._part: Final = part
        self._added: Final = tuple(name for name in added if name not in part.columns)
        self.label: Final = part.label
        self.typed: Final = part.typed
        self.columns: Final = (*part.columns, *self._added)
        self.repeated: Final = part.repeated

    @property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""
        return self._part.n_rows

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Read the file's own columns ahead."""
        self._part.prepare({n: want for n, want in wants.items() if n not in self._added})

    def pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what a column holds, piece by piece."""
        if name in self._added:
            return self._added_pieces(name, want)
        return self._part.pieces(name, want)

    def release(self, name: str, want: Want) -> None:
        """Let go of a column."""
        if name not in self._added:
            self._part.release(name, want)

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds, as a whole."""
        if name in self._added:
            return self._added_column(name, want)
        return self._part.take(name, want)

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""
        added = {name: self._added_suitability(name) for name in self._added}
        return {**self._part.suitability(), **added}

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""
        return self._part.dates()

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray | Loose]]:
        """Yield (name, first row, values) of columns, all rows."""
        own = [name for name in names if name not in self._added]
        if own:
            yield from self._part.batches(own)
        for name in names:
            if name in self._added:
                yield name, 0, self._added_values(name)

    @abstractmethod
    def _added_pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what another column holds, piece by piece."""

    @abstractmethod
    def _added_column(self, name: str, want: Want) -> Found:
        """Return what another column holds, as a whole."""

    @abstractmethod
    def _added_suitability(self, name: str) -> Suitability:
        """Return whether another column can be watched."""

    @abstractmethod
    def _added_values(self, name: str) -> ArrowArray:
        """Return the values of another column, all rows."""
