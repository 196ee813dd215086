"""Inputs: what the rows of a day are in. A file, an object of a store, or rows of a table."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from drift_assets.errors import UnreadableFileError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a monitor lives.

    Attributes
    ----------
    root
        Where relative paths start.
    home
        The drift home, ``{home}`` in paths.
    """

    root: Path
    home: Path


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file in an object store, as it was when it was listed.

    Attributes
    ----------
    address
        Where it is, such as ``s3://bucket/data/2026-11-23.csv``.
    n_bytes
        Its size.
    modified_at
        When it was written.
    mark
        What the store says of its content: another mark is another content.
    """

    address: str
    n_bytes: int
    modified_at: datetime
    mark: str

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of a table or query, as they were when they were looked at.

    Attributes
    ----------
    name
        What messages call them.
    first, last
        First and last day of them; None is unbounded.
    n_rows
        How many they are.
    mark
        Text that changes when they do.
    """

    name: str
    first: date | None
    last: date | None
    n_rows: int
    mark: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class PredictionFile:
    """A file with the predictions of rows that are in others."""

    file: Path | StoredObject

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.file.name

    def __str__(self) -> str:
        return str(self.file)


Input = Path | StoredObject | TableRows | PredictionFile
"""What rows are read from; a path is a file on this machine."""


def is_text(name: str) -> bool:
    """Return whether a name on this machine is text; it is bytes, which need not be UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def shown_name(one: Input | str) -> str:
    """Return an input's name, or text that may hold one, as text that can be written."""
    name = one if isinstance(one, str) else one.name
    return name.encode("utf-8", "backslashreplace").decode()


def in_order(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Return inputs in order, the predictions last."""
    return tuple(sorted(inputs, key=_place_in_order))


def _place_in_order(one: Input) -> tuple[bool, tuple[str, ...]]:
    file = one.file if isinstance(one, PredictionFile) else one
    parts = file.parts if isinstance(file, Path) else (str(file),)
    return isinstance(one, PredictionFile), parts


def described(one: Input) -> tuple[int, datetime]:
    """Return the size of an input in bytes, 0 for a table, and when it was last changed.

    Of a table that is not known: the instant at which it is asked stands for it.

    Raises
    ------
    UnreadableFileError
        If a file has gone or cannot be looked at.
    """
    if isinstance(one, PredictionFile):
        return described(one.file)
    if isinstance(one, Path):
        status = status_of(one)
        return status.st_size, datetime.fromtimestamp(status.st_mtime, tz=UTC)
    if isinstance(one, StoredObject):
        return one.n_bytes, one.modified_at
    return 0, datetime.now(UTC)


def mark_of(one: Input) -> str:
    """Return text that changes when an input's content does.

    Raises
    ------
    UnreadableFileError
        If a file has gone or cannot be looked at.
    """
    if isinstance(one, PredictionFile):
        return mark_of(one.file)
    if isinstance(one, Path):
        status = status_of(one)
        return f"{status.st_size}\0{status.st_mtime_ns}"
    if isinstance(one, StoredObject):
        return f"{one.n_bytes}\0{one.mark}"
    return f"{one.n_rows}\0{one.mark}"


def status_of(path: Path) -> os.stat_result:
    """Return what the system says of a file.

    Raises
    ------
    UnreadableFileError
        If it has gone or cannot be looked at.
    """
    try:
        return path.stat()
    except OSError as error:
        denied = isinstance(error, PermissionError)
        raise UnreadableFileError(
            f"Found a file that cannot be looked at, {path}: {error.strerror or error}. "
            f"Expected {'read permission' if denied else 'it to stay while it is read'}."
        ) from error
