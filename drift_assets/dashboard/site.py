"""The folder of the dashboard: written file by file, each whole, and only what changed."""

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from drift_assets.atomic import write_atomically
from drift_assets.dashboard.month import PART, read_month
from drift_assets.dashboard.overview import Overview, read_overviews
from drift_assets.errors import HistoryBusyError, HistoryError
from drift_assets.store import Ask, History

FOLDER: Final = "dashboard"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 2
"""Of the data files; those of another one are made anew."""
WAIT_SECONDS: Final = 60.0
"""How long to wait for another process that writes the same folder."""

_LOG: Final = logging.getLogger(__name__)
# What could end a script or open a comment in one, wherever the text may be copied to.
_MARKS: Final = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&"})
_STYLES: Final = (("report", "parts.css"), ("dashboard", "dashboard.css"))
_SCRIPTS: Final = (("report", "parts.js"), ("dashboard", "dashboard.js"))


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did.

    Attributes
    ----------
    folder
        The dashboard's.
    n_written, n_removed
        Files that are new or other than before, and those that are gone.
    """

    folder: Path
    n_written: int
    n_removed: int


def update_dashboard(history: History, home: Path, *, anew: bool = False) -> Updated:
    """Bring the dashboard of a drift home up to date with the published history.

    The history is published before, if that is due. Whoever looks meanwhile sees whole files; a
    file that is the same is not touched.

    Parameters
    ----------
    history
        What is shown.
    home
        The drift home: the dashboard is a folder in it, beside the reports.
    anew
        Whether to make every file, whatever was there.

    Raises
    ------
    HistoryError
        If there is no history yet, it cannot be read, or the folder cannot be written.
    HistoryBusyError
        If another process wrote the folder for all of `WAIT_SECONDS`.
    """
    folder = home / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            writing = _Writing(folder, {} if anew else _manifest(folder))
            history.publish_if_due()
            state = history.published_state()
            reports = _reports(home / "reports")
            mark = f"{state} {_digest(repr(reports).encode())}"
            if state and not anew and writing.before.get("mark") == mark:
                return Updated(folder, 0, 0)
            with history.published() as ask:
                overviews = read_overviews(ask)
                _write_all(writing, ask, overviews, reports)
            return writing.finish(mark if state else "")
    except OSError as error:
        raise HistoryError(
            f"The dashboard {folder} cannot be written: {error.strerror or error}. Expected a "
            "folder in which this user may write, with room on its disk."
        ) from error


def _write_all(
    writing: "_Writing", ask: Ask, overviews: list[Overview], reports: Mapping[str, list[str]]
) -> None:
    style, script = _joined(_STYLES), _joined(_SCRIPTS)
    writing.put("dashboard.css", style)
    writing.put("dashboard.js", script)
    page = files("drift_assets.dashboard").joinpath("web", "index.html").read_text("utf-8")
    page = page.replace("{{style}}", _digest(style)).replace("{{script}}", _digest(script))
    writing.put("index.html", page.encode())
    lines = []
    for overview in overviews:
        key = key_of(overview.monitor)
        pages = reports.get(overview.monitor, []) if key == overview.monitor else []
        months = [
            [f"{month:%Y-%m}", *_month(writing, ask, overview.monitor, key, month, stamp)]
            for month, stamp in overview.months.items()
        ]
        head = overview.head | {"part": PART, "pages": pages, "months": months}
        version = writing.put(f"data/{key}/head.js", _taken(head))
        last = overview.line.get("last")
        lines.append(overview.line | {"key": key, "version": version, "page": last in pages})
    index = writing.put("data/index.js", _taken({"monitors": lines}))
    # Last: whoever sees it finds all the others.
    writing.put("data/state.js", _taken({"index": index, "script": _digest(script)}))


def _month(
    writing: "_Writing", ask: Ask, monitor: str, key: str, month: date, stamp: str
) -> tuple[str, int]:
    """Write a month unless it is there as it is, and return its version and number of parts."""
    name = f"data/{key}/{month:%Y-%m}"
    known = writing.months_before.get(name)
    if known is not None and known[0] == stamp:
        _, version, n_parts = known
        writing.keep([f"{name}.js", *(f"{name}.{n}.js" for n in range(n_parts))])
    else:
        found = read_month(ask, monitor, month)
        contents = [_taken(found.cells), *(_taken(part) for part in found.parts)]
        version, n_parts = _digest(b"".join(contents)), len(found.parts)
        writing.put(f"{name}.js", contents[0])
        for n, content in enumerate(contents[1:]):
            writing.put(f"{name}.{n}.js", content)
    writing.months[name] = [stamp, version, n_parts]
    return version, n_parts


@dataclass
class _Writing:
    """The folder while it is brought up to date: what was there, and what is."""

    folder: Path
    before: Mapping[str, Any]
    digests: dict[str, str] = field(default_factory=dict)
    months: dict[str, list[Any]] = field(default_factory=dict)
    n_written: int = 0

    @property
    def months_before(self) -> Mapping[str, Any]:
        """Months by name: what they are of, their version and number of parts."""
        found: Mapping[str, Any] = self.before.get("months", {})
        return found

    def put(self, name: str, content: bytes) -> str:
        """Write a file, unless it is there as it is, and return its digest."""
        digest = _digest(content)
        if self.before.get("files", {}).get(name) != digest or not (self.folder / name).exists():
            write_atomically(self.folder / name, content)
            self.n_written += 1
        self.digests[name] = digest
        return digest

    def keep(self, names: list[str]) -> None:
        """Leave files as they are."""
        self.digests |= {name: self.before["files"][name] for name in names}

    def finish(self, mark: str) -> Updated:
        """Remove what nobody needs any more, and note what there is."""
        gone = [
            path
            for path in (self.folder / "data").rglob("*.js")
            if path.relative_to(self.folder).as_posix() not in self.digests
        ]
        for path in gone:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                # The last of a monitor that is gone.
                path.parent.rmdir()
        manifest = {
            "format": FORMAT,
            "mark": mark,
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": self.digests,
            "months": self.months,
        }
        write_atomically(self.folder / MANIFEST, json.dumps(manifest).encode())
        return Updated(self.folder, self.n_written, len(gone))


def key_of(monitor: str) -> str:
    """Return the name of a monitor's folder, which is safe in a path and in an address.

    Examples
    --------
    >>> key_of("churn"), key_of("../up")
    ('churn', 'monitor-8c722b8ae2c9')
    """
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,99}", monitor):
        return monitor
    return f"monitor-{_digest(monitor.encode('utf-8', 'surrogatepass'))}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from writing the folder meanwhile, where file locks work."""
    lock = FileLock(folder / ".lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout as error:
        raise HistoryBusyError(
            f"Found another process writing {folder}, still after {WAIT_SECONDS:.0f} s, expected "
            "it to be done: try again."
        ) from error
    except (OSError, NotImplementedError) as error:
        # On a network file system: every file is whole all the same, and the next update mends
        # an index that is older than its months.
        _LOG.info("%s is written without a lock: %s", folder, error)
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _manifest(folder: Path) -> Mapping[str, Any]:
    """Return what was noted last; nothing if it is of another format or cannot be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("format") == FORMAT else {}


def _reports(folder: Path) -> dict[str, list[str]]:
    """Return the days of which there is a page, by monitor."""
    found: dict[str, list[str]] = {}
    with suppress(FileNotFoundError), os.scandir(folder) as monitors:
        for monitor in monitors:
            if not monitor.is_dir():
                continue
            with os.scandir(monitor.path) as pages:
                names = sorted(page.name for page in pages)
            found[monitor.name] = [
                name.removesuffix(".html")
                for name in names
                if re.fullmatch(r"\d{4}-\d{2}-\d{2}\.html", name)
            ]
    return dict(sorted(found.items()))


def _taken(document: object) -> bytes:
    """Return a document as a script that hands it over: so it can be read from a disk, too."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return f"dashboard.take({text.translate(_MARKS)});\n".encode("ascii")


@cache
def _joined(names: tuple[tuple[str, str], ...]) -> bytes:
    texts = [
        files(f"drift_assets.{room}").joinpath("web", name).read_text(encoding="utf-8")
        for room, name in names
    ]
    return "\n".join(texts).encode()


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]
