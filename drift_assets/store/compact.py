"""Compacting: the history written anew, without the room that deleted rows left."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import duckdb

from drift_assets.errors import HistoryError
from drift_assets.store.check import examine
from drift_assets.store.publish import sync_folder
from drift_assets.store.session import first_line, hold_closed


def compact(path: Path, *, wait_seconds: float) -> tuple[int, int]:
    """Write a history anew, and return its size in bytes before and after.

    Nobody else can read or write it meanwhile; the published copy is read all the while.

    Raises
    ------
    HistoryBusyError
        If another process held the history for all that time.
    HistoryError
        If there is none, it is damaged, or there is no room for a second one beside it.
    """
    # Nobody else's: who does not get the lock must not remove what another is writing.
    new = path.with_name(f"{path.name}.compact-{secrets.token_hex(4)}")
    try:
        with hold_closed(path, wait_seconds=wait_seconds) as is_changed:
            for left in path.parent.iterdir():
                if left.name.startswith(f"{path.name}.compact"):
                    left.unlink()
            before = path.stat().st_size
            _write_anew(path, new)
            old, found = examine(path, writable=False), examine(new)
            if not (old.healthy and found.healthy) or found.n_rows != old.n_rows:
                raise HistoryError(
                    f"The history {path} cannot be compacted, it is as it was. {old.faults} "
                    "Expected it whole: see drift-assets history check."
                )
            if is_changed():
                raise HistoryError(
                    f"The history {path} changed while it was compacted, it is as it was: "
                    "find the other program that writes to it, and let it use another file."
                )
            new.replace(path)
            sync_folder(path.parent)
            return before, path.stat().st_size
    except duckdb.Error as error:
        raise HistoryError(
            f"The history {path} cannot be compacted, it is as it was: {first_line(error)} "
            "Expected it whole, and room for a second one beside it."
        ) from error
    except OSError as error:
        raise HistoryError(
            f"The history {path} cannot be compacted, it is as it was: "
            f"{error.strerror or error}. Expected a folder in which this user may write."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _write_anew(path: Path, new: Path) -> None:
    with duckdb.connect() as connection:
        for name, file, option in (
            ("old", path, "READ_ONLY"),
            ("new", new, "STORAGE_VERSION 'v1.5.0'"),
        ):
            literal = str(file.absolute()).replace("'", "''")
            connection.execute(f"ATTACH '{literal}' AS {name} ({option})")
        connection.execute("COPY FROM DATABASE old TO new")
        connection.execute("DETACH new")
    with new.open("rb") as written:
        os.fsync(written.fileno())
