"""The one door to the history file: nothing else opens it.

DuckDB 2.0.0 reads a file's headers before it takes its lock and does not read
them again, so that a process which waited writes over what another committed
meanwhile. A lock of our own, held from before the open until after the close,
prevents that; and the file's identity is compared on both sides of the open,
for processes that do not know the lock.
"""

import json
import os
import random
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
from filelock import FileLock, Timeout

from drift_assets.errors import HistoryBusyError, HistoryError

SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Written by 2.0, a file must still open in 1.5 and in the shells that people have.
    "storage_compatibility_version": "v1.5.0",
    # Looking for an extension costs seconds of time-out where there is no network.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
OPEN_ATTEMPTS: Final = 5
PAUSE_SECONDS: Final = 0.05
SHORTEST_PAUSE_SECONDS: Final = 0.005
COMMAND_LENGTH: Final = 120


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
        raise HistoryError(
            f"Found no history at {path}, expected the file that the first run writes: "
            "run a monitor first, or point DRIFT_ASSETS_HOME to the folder that holds it."
        )
    lock, connection = _enter(path, read_only=read_only, wait_seconds=wait_seconds)
    try:
        yield connection
    finally:
        try:
            connection.close()
        finally:
            _leave(path, lock)


def holder_path(path: Path) -> Path:
    """Return the file that says who holds the history; it means nothing while the lock is free."""
    return path.with_name(f"{path.name}.holder")


def lock_path(path: Path) -> Path:
    """Return the file that is locked while the history is open; it stays when the lock is free."""
    return path.with_name(f"{path.name}.lock")


class _OpenOutsideError(Exception):
    """A process that does not know the lock has the file open."""


def _enter(
    path: Path, *, read_only: bool, wait_seconds: float
) -> tuple[FileLock, duckdb.DuckDBPyConnection]:
    started = time.monotonic()
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Without flock there is no safe lock: filelock's own substitute can be left behind.
        lock = FileLock(lock_path(path), fallback_to_soft=False)
        while True:
            try:
                lock.acquire(timeout=0)
                try:
                    _sign(path)
                    return lock, _connect(path, read_only=read_only)
                except BaseException:
                    _leave(path, lock)
                    raise
            except Timeout:
                who = _holder(path)
            except _OpenOutsideError as error:
                who = f"a program that is not drift_assets ({error})"
            waited = time.monotonic() - started
            if waited >= wait_seconds:
                raise HistoryBusyError(
                    f"Found the history {path} held by {who}, still after {waited:.0f} s, "
                    "expected it to be free: wait until that is done, or stop it, and try again."
                )
            # Who has waited longer asks more often, so that newcomers do not overtake for ever.
            pause = PAUSE_SECONDS * random.uniform(0.5, 1.5) / (1 + waited)  # noqa: S311  # no secret
            time.sleep(min(max(pause, SHORTEST_PAUSE_SECONDS), wait_seconds - waited))
    except OSError as error:
        raise HistoryError(
            f"The history {path} cannot be locked or made: {error.strerror or error}. Expected "
            "a folder on a local disk in which this user may write."
        ) from error


def _leave(path: Path, lock: FileLock) -> None:
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


def _create(path: Path) -> None:
    """Make an empty file in one step, so that a killed process never leaves half a header."""
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


def first_line(error: BaseException) -> str:
    """Return the first line of a message, as a sentence; what follows may quote data."""
    line = str(error).strip().split("\n", 1)[0].rstrip()
    return line if line.endswith((".", "!", "?")) else f"{line}."
