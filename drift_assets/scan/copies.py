"""Copies: what comes from elsewhere is read from a temporary file, and named after its origin."""

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from drift_assets.errors import DataError
from drift_assets.scan.columns import ArrowArray, Found, Loose, Piece, Want
from drift_assets.scan.days import DayArray
from drift_assets.scan.rows import Suitability
from drift_assets.scan.widened import FilePart

_LONGEST_NAME: Final = 120


class Copy:
    """A temporary file of its own (in ``TMPDIR``), which goes with this object.

    Parameters
    ----------
    origin
        What it is a copy of, as messages call it.
    name
        Name of the file, whose end tells the format.
    """

    def __init__(self, origin: str, name: str) -> None:
        # Only who makes a copy pays for these imports.
        import shutil  # noqa: PLC0415
        import tempfile  # noqa: PLC0415

        folder = tempfile.mkdtemp(prefix="drift_assets_copy_")
        self.origin: Final = origin
        # A name from elsewhere is data: it must neither leave the folder nor be too long.
        plain = name.replace("/", "_").replace("\0", "_").lstrip(".")[-_LONGEST_NAME:]
        self.path: Final = Path(folder) / (plain or "data")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


@contextmanager
def naming(copy: Copy) -> Iterator[None]:
    """Have errors name the origin and not the copy."""
    try:
        yield
    except DataError as error:
        text = str(error).replace(str(copy.path), copy.origin)
        raise type(error)(text) from error


class NamedPart:
    """A copy as a part; messages call it by its origin."""

    def __init__(self, part: FilePart, copy: Copy) -> None:
        self._part = part
        # Held, because the file goes with it.
        self._copy = copy
        self.label: Final = part.label
        self.typed: Final = part.typed
        self.columns: Final = part.columns
        self.repeated: Final = part.repeated

    @property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""
        with naming(self._copy):
            return self._part.n_rows

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Read ahead what can only be read together."""
        with naming(self._copy):
            self._part.prepare(wants)

    def pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what a column holds, piece by piece."""
        with naming(self._copy):
            yield from self._part.pieces(name, want)

    def release(self, name: str, want: Want) -> None:
        """Let go of what was read ahead of a column."""
        self._part.release(name, want)

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds, as a whole."""
        with naming(self._copy):
            return self._part.take(name, want)

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""
        with naming(self._copy):
            return self._part.suitability()

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""
        with naming(self._copy):
            return self._part.dates()

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray | Loose]]:
        """Yield (name, first row, values) of columns, all rows."""
        with naming(self._copy):
            yield from self._part.batches(names)
