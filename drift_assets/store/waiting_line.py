"""The waiting line: whoever waits for the history gets it in the order in which they came.

Each process that waits has a file beside the history, named after when it came and locked as long
as it lives; the file of one that was killed is nobody's any more, and removed by the next.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

SILENT_SECONDS: Final = 5.0
"""Who waits shows it many times a second, see `stay_in_line`."""


@contextmanager
def stand_in_line(path: Path) -> Iterator[str]:
    """Take a place in the line for the file at ``path``, and give it back whatever happens."""
    name = f"{_prefix(path)}{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
    place = path.with_name(name)
    # Locked before it can be seen: a place that nobody has locked is that of a dead process.
    unseen = path.with_name(f"{path.name}.comes-{secrets.token_hex(8)}")
    descriptor = os.open(unseen, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unseen.rename(place)
        yield name
    finally:
        for left in (unseen, place):
            with suppress(FileNotFoundError):
                left.unlink()
        os.close(descriptor)


def stay_in_line(path: Path, name: str) -> bool:
    """Show that who has a place still waits; return whether it has that place still."""
    try:
        os.utime(path.with_name(name))
    except FileNotFoundError:
        return False
    return True


def first_in_line(path: Path) -> str | None:
    """Return the place of the process that has waited longest; None if nobody waits.

    One that has not been heard of for long, for example because it was stopped, loses its place.
    """
    prefix = _prefix(path)
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(entry.name for entry in entries if entry.name.startswith(prefix))
    except FileNotFoundError:
        return None
    return next((name for name in names if _is_held(path.with_name(name))), None)


def _prefix(path: Path) -> str:
    return f"{path.name}.waits-"


def _is_held(place: Path) -> bool:
    """Return whether the process of a place lives and waits; remove the place if not."""
    try:
        # Who may only read must see who waits, too.
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if time.time() - os.fstat(descriptor).st_mtime < SILENT_SECONDS:
            return True
        _remove(place)
        return False
    else:
        _remove(place)
        return False
    finally:
        os.close(descriptor)


def _remove(place: Path) -> None:
    with suppress(FileNotFoundError):
        try:
            place.unlink()
        except OSError:
            # Left to somebody who may write.
            if os.access(place.parent, os.W_OK):
                raise
