"""Shelf: where decoded numbers wait until their column is wanted.

A delimited file is decoded once, all columns together, and looked at column by column. What
is too much to hold meanwhile waits in a file.
"""

import os
import threading
from dataclasses import dataclass
from typing import Final

import numpy as np

from drift_assets.profiles.binning import FloatArray

MEMORY_VALUES: Final = 1 << 24
"""Numbers held in memory, 128 MiB; further ones go to a file."""


@dataclass(frozen=True, slots=True)
class Filed:
    """Numbers in the shelf's file: where they start, in bytes, and how many they are."""

    offset: int
    n: int

    def __len__(self) -> int:
        return self.n


Shelved = FloatArray | Filed


class Shelf:
    """Numbers set aside: in memory while they are few, then in an unnamed temporary file.

    The file lies where temporary files do (``TMPDIR``), and is gone with the shelf.

    Parameters
    ----------
    memory_values
        How many numbers to hold in memory.
    """

    def __init__(self, memory_values: int = MEMORY_VALUES) -> None:
        self._left = memory_values
        self._file: int | None = None
        self._end = 0
        self._lock = threading.Lock()

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)

    def put(self, numbers: FloatArray) -> Shelved:
        """Return what `fetch` takes to return the numbers."""
        with self._lock:
            if len(numbers) <= self._left:
                self._left -= len(numbers)
                return numbers
            if self._file is None:
                # Only who has so many numbers pays for its import.
                import tempfile  # noqa: PLC0415

                with tempfile.TemporaryFile() as file:
                    # A descriptor can be read at any place by several threads.
                    self._file = os.dup(file.fileno())
            filed = Filed(self._end, len(numbers))
            self._end += numbers.nbytes
            view = memoryview(np.ascontiguousarray(numbers).data).cast("B")
            done = 0
            while done < len(view):
                done += os.pwrite(self._file, view[done:], filed.offset + done)
            return filed

    def fetch(self, shelved: Shelved) -> FloatArray:
        """Return the numbers that `put` took."""
        if not isinstance(shelved, Filed):
            return shelved
        numbers = np.empty(shelved.n, dtype=np.float64)
        view = memoryview(numbers.data).cast("B")
        done = 0
        while self._file is not None and done < len(view):
            done += os.preadv(self._file, [view[done:]], shelved.offset + done)
        return numbers
