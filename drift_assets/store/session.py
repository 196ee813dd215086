"""The one door to the history file: nothing else opens, copies or replaces it.

DuckDB 2.0.0 reads a file's headers before it takes its lock and does not read
them again, so that a process which waited writes over what another committed
meanwhile. A lock of our own, held from before the open until after the close,
prevents that; and the file's identity is compared on both sides of the open,
for processes that do not know the lock.
"""

import fcntl
import json
import logging
import os
import secrets
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import duckdb
from filelock import FileLock, Timeout

from drift_assets.errors import HistoryBusyError, HistoryError
from drift_assets.store.signals import as_raised, postponed
from drift_assets.store.waiting_line import first_in_line, stand_in_line, stay_in_line

SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Written by 2.0, a file must still open in 1.5 and in the shells that people have.
    "storage_compatibility_version": "v1.5.0",
    # Looking for an extension costs seconds of time-out where there is no network.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
Inside = TypeVar("Inside")

OPEN_ATTEMPTS: Final = 5
PAUSE_SECONDS: Final = 0.05
NEXT_SECONDS: Final = 0.01
"""How often the first in the line looks whether it is its turn."""
COMMAND_LENGTH: Final = 120
LONG_WAIT_SECONDS: Final = 10.0
"""Who waits for longer says so in the log, once."""

_LOG: Final = logging.getLogger(__name__)


@contextmanager
def open_session(
    path: Path, *, read_only: bool = False, wait_seconds: float = 60.0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to the file at ``path``, and close it whatever happens.

    Keep it short: nobody else can read or write meanwhile.

    Parameters
    ----------
    path
        The DuckDB file; created, with its folder, unless ``read_only``.
    read_only
        Whether the connection refuses to write.
    wait_seconds
        How long to wait for another process.

    Raises
    ------
    HistoryBusyError
        If another process held the file for all that time.
    HistoryError
        If the file is absent, damaged or cannot be opened.
    """
    if read_only and not path.exists():
        raise absent(path)
    if not read_only:
        _make_folder(path)
    lock, connection = _enter(
        path, lambda: _connect(path, read_only=read_only), wait_seconds, read_only=read_only
    )
    try:
        with as_raised():
            yield connection
    finally:
        # To close is to write: what stops us is raised when that is done and the lock is free.
        with postponed():
            try:
                connection.close()
            finally:
                _leave(path, lock)


@contextmanager
def hold_closed(path: Path, *, wait_seconds: float = 60.0) -> Iterator[Callable[[], bool]]:
    """Hold the file at ``path`` while nobody has it open, everything committed being in it.

    So it may be copied or replaced. What is given says, when it is asked, whether a
    program that does not know the lock has changed the file since.

    Raises
    ------
    HistoryBusyError
        If another process held the file for all that time.
    HistoryError
        If the file is absent, or what a killed process left beside it cannot be read.
    """
    if not path.exists():
        raise absent(path)
    lock, before = _enter(path, lambda: _closed(path), wait_seconds)
    try:
        yield lambda: _identity(path) != before or log_path(path).exists()
    finally:
        _leave(path, lock)


@contextmanager
def hold_free(path: Path, *, wait_seconds: float = 60.0) -> Iterator[None]:
    """Hold the place at ``path``, whatever lies there: a damaged file, or none.

    What a killed process committed beside a file that opens is in it then; what lies beside no
    file is moved aside.

    Raises
    ------
    HistoryBusyError
        If another process held it for all that time.
    """
    lock, _ = _enter(path, lambda: _settle(path), wait_seconds)
    try:
        yield
    finally:
        _leave(path, lock)


def log_path(path: Path) -> Path:
    """Return where DuckDB keeps what is committed and not yet in the file."""
    return path.with_name(f"{path.name}.wal")


def holder_path(path: Path) -> Path:
    """Return the file that says who holds the history; it means nothing while the lock is free."""
    return path.with_name(f"{path.name}.holder")


def lock_path(path: Path) -> Path:
    """Return the file that is locked while the history is open; it stays when the lock is free."""
    return path.with_name(f"{path.name}.lock")


class _OpenOutsideError(Exception):
    """A process that does not know the lock has the file open."""


def absent(path: Path) -> HistoryError:
    """Return the error that says that there is no history yet."""
    return HistoryError(
        f"Found no history at {path}, expected the file that the first run writes: "
        "run a monitor first, or point DRIFT_ASSETS_HOME to the folder that holds it."
    )


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_place(path, error) from error


def _no_place(path: Path, error: OSError) -> HistoryError:
    return HistoryError(
        f"The history {path} cannot be locked or made: {error.strerror or error}. Expected "
        "a folder on a local disk in which this user may write."
    )


def _enter(
    path: Path, inside: Callable[[], Inside], wait_seconds: float, *, read_only: bool = False
) -> tuple["FileLock | _ReadersLock", Inside]:
    """Return the lock, held, and what ``inside`` returns while it is; first come, first served.

    Who may not write there, and only reads, holds it too but has no place in the line.
    """
    started = time.monotonic()
    said = False
    try:
        # Without flock there is no safe lock: filelock's own substitute can be left behind.
        lock: FileLock | _ReadersLock = FileLock(lock_path(path), fallback_to_soft=False)
        if read_only and not _may_write(path):
            lock = _ReadersLock(lock_path(path))
        with ExitStack() as line:
            place = None
            while True:
                if place is not None and not stay_in_line(path, place):
                    place = line.enter_context(stand_in_line(path))
                first = first_in_line(path)
                who = _holder(path)
                # Nobody waits, or nobody has waited longer.
                if first == place:
                    try:
                        lock.acquire(timeout=0)
                        try:
                            _sign(path)
                            with postponed():
                                return lock, inside()
                        except BaseException:
                            _leave(path, lock)
                            raise
                    except Timeout:
                        pass
                    except _OpenOutsideError as error:
                        who = f"a program that is not drift_assets ({error})"
                waited = time.monotonic() - started
                if waited >= wait_seconds:
                    raise HistoryBusyError(
                        f"Found the history {path} held by {who}, still after {waited:.0f} s, "
                        "expected it to be free: wait until that is done, or stop it, and try "
                        "again."
                    )
                if waited >= LONG_WAIT_SECONDS and not said:
                    said = True
                    _LOG.warning("waiting for the history %s, held by %s", path, who)
                if place is None and isinstance(lock, FileLock):
                    place = line.enter_context(stand_in_line(path))
                pause = NEXT_SECONDS if first == place else PAUSE_SECONDS
                time.sleep(min(pause, wait_seconds - waited))
    except OSError as error:
        raise _no_place(path, error) from error


class _ReadersLock:
    """The lock for somebody who may read it and not write: the same one, where there is one.

    Without one no process that knows it has had the file open there; what else changes the file
    meanwhile is noticed when it is opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, timeout: float) -> None:  # noqa: ARG002  # as filelock has it
        """Take it at once, or raise Timeout."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                raise Timeout(str(self._path)) from None
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _may_write(path: Path) -> bool:
    """Return whether this user may write where the history is, and lock it."""
    lock = lock_path(path)
    return os.access(path.parent, os.W_OK) and (os.access(lock, os.W_OK) or not lock.exists())


def _leave(path: Path, lock: "FileLock | _ReadersLock") -> None:
    with suppress(OSError):
        holder_path(path).unlink(missing_ok=True)
    lock.release()


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Return a connection through which the file is seen as it is now."""
    try:
        if not path.exists():
            _create(path)
        for _ in range(OPEN_ATTEMPTS):
            before = _identity(path)
            connection = duckdb.connect(path, read_only=read_only, config=SETTINGS)
            try:
                if _identity(path) == before:
                    connection.execute("SET TimeZone = 'UTC'")
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
    except duckdb.Error as error:
        said = first_line(error)
        if "Could not set lock" in said:
            raise _OpenOutsideError(said) from error
        raise HistoryError(
            f"The history {path} cannot be opened: {said} Expected a DuckDB file that "
            "drift_assets wrote: restore it from a back-up, or move it away to start a new one."
        ) from error
    raise HistoryError(
        f"The history {path} changed {OPEN_ATTEMPTS} times while it was being opened, expected "
        "nobody else to write to it: find the other program and let it use another file."
    )


def _closed(path: Path) -> tuple[int, int, int, int]:
    """Return the identity of a file to which nothing remains to be added."""
    if log_path(path).exists():
        # A process was killed before it could close the file: opening it adds what it committed.
        _connect(path, read_only=False).close()
        if log_path(path).exists():
            raise HistoryError(
                f"Found {log_path(path)} with what was written last, which cannot be added to "
                f"the history {path}, expected room for it on that disk: make some, and try "
                "again. Nothing is lost."
            )
    return _identity(path)


def _settle(path: Path) -> None:
    """Bring what a killed process committed to its file, if that opens."""
    if not path.exists():
        _set_log_aside(path)
    elif log_path(path).exists():
        # A damaged file keeps what lies beside it.
        with suppress(HistoryError):
            _connect(path, read_only=False).close()


def _set_log_aside(path: Path) -> None:
    """Move away what was committed to a file that is gone: it must not come to another one."""
    log = log_path(path)
    if log.exists():
        aside = log.with_name(f"{log.name}.left-{secrets.token_hex(4)}")
        log.rename(aside)
        _LOG.warning("found %s without its history %s, moved it to %s", log, path, aside)


def _create(path: Path) -> None:
    """Make an empty file in one step, so that a killed process never leaves half a header."""
    _set_log_aside(path)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    duckdb.connect(new, config=SETTINGS).close()
    new.replace(path)


def _identity(path: Path) -> tuple[int, int, int, int]:
    # Opening the file ourselves would drop DuckDB's lock on it when we close it; stat does not.
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _sign(path: Path) -> None:
    """Write down who holds the lock, for those who wait."""
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else ["python"])
    command = "".join(c if c.isprintable() else " " for c in command)
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": command[:COMMAND_LENGTH],
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # Only a courtesy: a full disk must not keep anybody from reading.
    with suppress(OSError):
        holder_path(path).write_text(json.dumps(note), encoding="utf-8")


def _holder(path: Path) -> str:
    """Return who holds the lock, in words."""
    try:
        note = json.loads(holder_path(path).read_text(encoding="utf-8"))
        host = "" if note["host"] == socket.gethostname() else f" on {note['host']}"
        return f"process {note['pid']}{host} ({note['command']}) since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def quoted(name: str) -> str:
    """Return a name of the catalogue, which anybody may have written, as SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def first_line(error: BaseException) -> str:
    """Return the first line of a message, as a sentence; what follows may quote data."""
    line = str(error).strip().split("\n", 1)[0].rstrip()
    return line if line.endswith((".", "!", "?")) else f"{line}."
