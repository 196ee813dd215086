"""Atomic writes: a reader sees the old file or the new one, never a part."""

import fcntl
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

_TEMPORARY: Final = re.compile(r"\..+\.[0-9a-f]{16}\.tmp", re.DOTALL)


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` by way of a temporary file beside it and a rename.

    Missing folders are made. A new file gets the mode that the umask leaves, an
    old one keeps its own. If anything fails, the temporary file is removed and
    whatever was at ``path`` before stays. What a process that was killed left
    half-written in the folder is removed first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    temporary, file = _begun(path)
    try:
        # Open, and so locked, until it has its name.
        with file:
            if path.exists():
                temporary.chmod(path.stat().st_mode & 0o777)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _begun(path: Path) -> tuple[Path, BinaryIO]:
    """Return a new temporary file, locked for as long as this process lives and has it open."""
    while True:
        # A name has at most 255 bytes, a character up to four.
        temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}.tmp")
        file = temporary.open("xb")
        # A file system without locks has none to tell the living by: nothing is removed there.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(temporary.stat(), os.fstat(file.fileno())):
                return temporary, file
        # Taken for abandoned by another process, in the instant before it was locked.
        file.close()


def _remove_abandoned(folder: Path) -> None:
    """Remove temporary files whose writers are dead: the system let go of their locks."""
    # Nothing that goes wrong here is a reason not to write.
    with suppress(OSError):
        for path in [one for one in folder.iterdir() if _TEMPORARY.fullmatch(one.name)]:
            # Another person's file, one that is locked, or gone meanwhile.
            with suppress(OSError), path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
