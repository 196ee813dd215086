"""What this process read from a file or wrote to it, for as long as that very file stands."""

from pathlib import Path
from typing import Final, Generic, TypeVar

T = TypeVar("T")

Stamp = tuple[str, int, int, int, int, int]
"""A file as it stood at one instant: its path, device, inode, size, and times of change."""


def stamp_of(path: Path) -> Stamp | None:
    """Return what tells this file from any other that stood or will stand at its path.

    None if there is no file. Every write of ours is a rename, which brings another inode;
    the second of the two times, of the inode itself, cannot be set back by anybody.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (
        str(path),
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


class Remembered(Generic[T]):
    """The contents of the latest few files, found again by stamp and never by path alone.

    The file stays what hands things over between processes: a file written anew,
    by whomever, has another stamp, and one that is gone has none.
    """

    __slots__ = ("_latest", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        # Replaced as a whole, never changed: threads need no lock, and no fork can hold one.
        self._latest: tuple[tuple[Stamp, T], ...] = ()

    def get(self, stamp: Stamp | None) -> T | None:
        """Return what was put under this stamp, if it is still among the latest."""
        return next((content for known, content in self._latest if known == stamp), None)

    def put(self, stamp: Stamp | None, content: T) -> None:
        """Remember the content of a file; of one that is gone, nothing.

        Parameters
        ----------
        stamp
            Taken before the file was read: one written meanwhile is then read again.
        content
            What it holds. Shared by all who ask, so it must be immutable.
        """
        if stamp is not None:
            others = tuple(pair for pair in self._latest if pair[0][0] != stamp[0])
            self._latest = ((stamp, content), *others)[: self._limit]
