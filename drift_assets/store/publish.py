"""The published copy: what people and dashboards read, however long, while monitors go on.

DuckDB lets in one writer or several readers of a file, never both. So the writer's file is
private, and a copy of it lies at a stable path; it is replaced by a rename, so that whoever has
the old one open keeps it. The copy has the modification time of the file that it was made from:
that is how it is known to hold everything or not, without a note that could disagree with it.
"""

import errno
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import duckdb
from filelock import FileLock, Timeout

from drift_assets.errors import HistoryBusyError, HistoryError
from drift_assets.store.session import absent, first_line, hold_closed, log_path
from drift_assets.store.signals import as_raised

FOLDER: Final = "published"
INTERVAL: Final = timedelta(minutes=1)
"""A large history is published of itself at most this often."""
SMALL_BYTES: Final = 64 * 2**20
"""Up to this size a copy costs less than the run that asks for it, so it is made at once."""

_LOG: Final = logging.getLogger(__name__)
_COPY_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class PublishedCopy:
    """The copy of a history that people read.

    Attributes
    ----------
    path
        Where it is; always the same place.
    taken_at
        When it was taken; what was written since is not in it.
    n_bytes
        Its size.
    complete
        Whether it holds everything that the history held when this was asked.
    """

    path: Path
    taken_at: datetime
    n_bytes: int
    complete: bool


def published_path(history: Path) -> Path:
    """Return where the copy of a history is published."""
    return history.parent / FOLDER / history.name


def published_copy(history: Path) -> PublishedCopy | None:
    """Return the published copy; None if there is none."""
    path = published_path(history)
    try:
        copy = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        source = history.stat()
        complete = (source.st_size, source.st_mtime_ns) == (copy.st_size, copy.st_mtime_ns)
        complete = complete and not log_path(history).exists()
    except OSError:
        complete = False
    # The modification time is the source's; the change of state is the rename.
    taken_at = datetime.fromtimestamp(copy.st_ctime, tz=UTC)
    return PublishedCopy(path, taken_at, copy.st_size, complete)


def is_due(history: Path, *, at_once: bool) -> bool:
    """Return whether the copy lacks something and may be made again already.

    Parameters
    ----------
    history
        The writer's file.
    at_once
        Whether a small file need not wait for the interval.
    """
    copy = published_copy(history)
    if copy is None:
        return history.exists()
    if copy.complete or not history.exists():
        return False
    age = datetime.now(UTC) - copy.taken_at
    # A clock that was set back must not stop it.
    return not timedelta() <= age < INTERVAL or (at_once and copy.n_bytes <= SMALL_BYTES)


def publish(
    history: Path, *, wait_seconds: float, others_seconds: float | None = None
) -> PublishedCopy:
    """Replace the published copy by one of the history as it is now, and return it.

    The history is held while it is copied, and free again while the copy is brought to the disk.
    If anything fails, the old copy stays.

    Parameters
    ----------
    history
        The writer's file.
    wait_seconds
        How long to wait for the history.
    others_seconds
        How long to wait for others who publish; by default as long.

    Raises
    ------
    HistoryBusyError
        If another process held the history, or published it, for all that time.
    HistoryError
        If the copy cannot be written, or there is no history.
    """
    path = published_path(history)
    new = path.with_name(f"{path.name}.new")
    lock = FileLock(path.with_name(f"{path.name}.lock"), fallback_to_soft=False)
    if not history.exists():
        raise absent(history)
    try:
        path.parent.mkdir(exist_ok=True)
        lock.acquire(timeout=wait_seconds if others_seconds is None else others_seconds)
        try:
            # Nobody else is here: what lies there is of a process that was killed.
            new.unlink(missing_ok=True)
            take_copy(history, new, wait_seconds=wait_seconds)
            with open_copy(new):
                pass
            # So that a shell that forgets to say that it only reads cannot lock it.
            new.chmod(new.stat().st_mode & 0o444)
            # Whoever opened the old copy for writing, and wrote, must not spoil the new one.
            log_path(path).unlink(missing_ok=True)
            new.replace(path)
            sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise
        finally:
            lock.release()
    except Timeout as error:
        raise HistoryBusyError(
            f"Found another process publishing {path}, still after {wait_seconds:.0f} s, expected "
            "it to be done: try again."
        ) from error
    except OSError as error:
        raise HistoryError(
            f"The history cannot be published as {path}: {error.strerror or error}. Expected a "
            "folder in which this user may write, with room for a second file of that size. The "
            "copy before it, if there is one, stays."
        ) from error
    copy = published_copy(history)
    if copy is None:
        raise HistoryError(f"Found no {path} just after it was published: somebody removes it.")
    return copy


def publish_if_due(history: Path, *, at_once: bool, wait_seconds: float) -> None:
    """Publish if the copy lacks something, and not too often; a failure is only logged."""
    try:
        if is_due(history, at_once=at_once):
            # Who is publishing already stands in line: two of them would copy the same.
            publish(history, wait_seconds=wait_seconds, others_seconds=0.0)
    except HistoryBusyError as error:
        # Whoever holds it has something newer, and asks for a copy in turn.
        _LOG.info("not published now: %s", error)
    except (HistoryError, OSError) as error:
        _LOG.warning("not published: %s", error)


def take_copy(history: Path, target: Path, *, wait_seconds: float) -> None:
    """Copy a history, whole, to ``target`` and to the disk; the modification time is the same.

    Raises
    ------
    HistoryBusyError
        If another process held the history for all that time.
    HistoryError
        If there is no history, or a program that does not know the lock writes to it.
    OSError
        If the copy cannot be written.
    """
    for _ in range(_COPY_ATTEMPTS):
        with target.open("wb") as copy:
            with hold_closed(history, wait_seconds=wait_seconds) as is_changed:
                source = history.stat()
                _copy_bytes(history, copy)
                changed = is_changed()
            if not changed:
                # After the lock is free: this is the slow part.
                copy.flush()
                os.fsync(copy.fileno())
        if not changed:
            os.utime(target, ns=(source.st_atime_ns, source.st_mtime_ns))
            return
    raise HistoryError(
        f"The history {history} changed {_COPY_ATTEMPTS} times while it was being copied, "
        "expected nobody else to write to it: find the other program and let it use another file."
    )


@contextmanager
def open_copy(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that reads a file which no process writes, however many have it open.

    Raises
    ------
    HistoryError
        If the file is damaged, or somebody has opened it for writing.
    """
    # Attached, because two connections of one process to one path are one, with one's settings.
    connection = duckdb.connect()
    try:
        with as_raised():
            literal = str(path.absolute()).replace("'", "''")
            try:
                connection.execute(f"ATTACH '{literal}' AS history (READ_ONLY)")
                connection.execute("USE history")
                connection.execute("SET TimeZone = 'UTC'")
            except duckdb.Error as error:
                raise HistoryError(
                    f"The copy {path} cannot be opened: {first_line(error)} Expected a DuckDB file "
                    "that nobody writes to: open it for reading only."
                ) from error
            yield connection
    finally:
        connection.close()


def sync_folder(folder: Path) -> None:
    """Bring renames in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_bytes(source: Path, target: BinaryIO) -> None:
    with source.open("rb") as file:
        remaining = os.fstat(file.fileno()).st_size
        if shutil.disk_usage(target.name).free < remaining:
            # Known before a writer has waited for nothing.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            # In the kernel, and for nothing where a file system can share blocks.
            while remaining:
                remaining -= (
                    os.copy_file_range(file.fileno(), target.fileno(), remaining) or remaining
                )
        except (AttributeError, OSError):
            # Not on this system, or not between these two.
            file.seek(0)
            target.seek(0)
            target.truncate()
            shutil.copyfileobj(file, target, 2**20)
