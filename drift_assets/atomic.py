"""Atomic writes: a reader sees the old file or the new one, never a part."""

import os
import secrets
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` by way of a temporary file beside it and a rename.

    Missing folders are made. A new file gets the mode that the umask leaves, an
    old one keeps its own. If anything fails, the temporary file is removed and
    whatever was at ``path`` before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name has at most 255 bytes, a character up to four.
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            if path.exists():
                temporary.chmod(path.stat().st_mode & 0o777)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
