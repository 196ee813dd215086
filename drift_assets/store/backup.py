"""Back-up and restoring: a copy of the history elsewhere, checked, and the way back."""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from drift_assets.errors import HistoryError
from drift_assets.store.check import Examination, examine
from drift_assets.store.publish import published_path, sync_folder, take_copy
from drift_assets.store.session import hold_free, log_path


def back_up(path: Path, target: Path, *, force: bool = False, wait_seconds: float) -> Examination:
    """Copy a history in use to ``target``, check the copy, and return what was found of it.

    ``target`` appears only when it is whole, checked and on the disk.

    Parameters
    ----------
    path
        The history.
    target
        The file to make.
    force
        Whether an older back-up may be replaced.
    wait_seconds
        How long to wait for other processes.

    Raises
    ------
    HistoryBusyError
        If another process held the history for all that time.
    HistoryError
        If there is no history, it is damaged, or the copy cannot be made there.
    """
    _refuse(target, path, force=force)
    new = _beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        take_copy(path, new, wait_seconds=wait_seconds)
        found = examine(new)
        if not found.healthy:
            raise HistoryError(
                f"The history {path} is damaged, no back-up was made of it. {found.faults} "
                "Keep the last good back-up, and restore it."
            )
        new.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise HistoryError(
            f"The back-up {target} cannot be written: {error.strerror or error}. Expected a "
            "folder in which this user may write, with room for the whole history."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink()
    return found


def restore(path: Path, source: Path, *, force: bool = False, wait_seconds: float) -> Path | None:
    """Put a back-up in the place of the history, and return where the one before it went.

    The back-up is checked before anything is moved. At every instant there is one of the two.

    Parameters
    ----------
    path
        The history.
    source
        The back-up; it stays where it is.
    force
        Whether there may be a history already; it is kept beside.
    wait_seconds
        How long to wait for other processes.

    Raises
    ------
    HistoryBusyError
        If another process held the history for all that time.
    HistoryVersionError
        If the back-up was written by a newer drift_assets.
    HistoryError
        If there is a history already (without ``force``), or the back-up is absent or damaged.
    """
    if not source.is_file():
        raise HistoryError(f"Found no back-up at {source}, expected the file of one.")
    if path.exists() and source.samefile(path):
        raise HistoryError(f"Found the history itself at {source}, expected a back-up of it.")
    if path.exists() and not force:
        raise HistoryError(
            f"Found a history at {path} already, expected none: let the back-up take its place "
            "with --force, which keeps it beside, under another name."
        )
    if log_path(source).exists():
        raise HistoryError(
            f"Found {log_path(source)}, expected a back-up of one file: something has {source} "
            "open, or was killed while it had. Close it, or open and close it once with DuckDB."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    new = _beside(path)
    try:
        _copy(source, new)
        found = examine(new)
        if not found.healthy:
            raise HistoryError(
                f"The back-up {source} is damaged, nothing was changed. {found.faults} "
                "Take an older one."
            )
        if "evaluations" not in found.n_rows:
            raise HistoryError(
                f"Found a DuckDB file without a history in it at {source}, nothing was changed. "
                "Expected a back-up of one."
            )
        with hold_free(path, wait_seconds=wait_seconds):
            aside = _set_aside(path)
            new.replace(path)
            sync_folder(path.parent)
    except OSError as error:
        raise HistoryError(
            f"The back-up {source} cannot be restored to {path}: {error.strerror or error}. "
            "Expected a folder in which this user may write, with room for it."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink()
    return aside


def _refuse(target: Path, history: Path, *, force: bool) -> None:
    """Raise if a back-up must not be written to ``target``."""
    if not target.exists():
        return
    for path, what in [(history, "history itself"), (published_path(history), "published copy")]:
        if path.exists() and target.samefile(path):
            raise HistoryError(
                f"Found the {what} at {target}, expected another file for its back-up: name a "
                "new one, best on another disk."
            )
    if not target.is_file():
        raise HistoryError(
            f"Found something that is no file at {target}, expected a new file: name another one."
        )
    if not force:
        raise HistoryError(
            f"Found a file at {target} already, expected a new one: name another one, or let an "
            "older back-up be replaced with --force."
        )


def _set_aside(path: Path) -> Path | None:
    """Give the history a second name, which it keeps when the first becomes another's."""
    if not path.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.before-{stamp}-{secrets.token_hex(2)}")
    # A second name, not a move: whoever is killed here leaves a history, not an empty place.
    os.link(path, aside)
    if log_path(path).exists():
        log_path(path).rename(log_path(aside))
    return aside


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, target.open("xb") as copy:
        while chunk := file.read(2**20):
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.tmp")
