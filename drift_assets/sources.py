"""Sources: which files hold a monitor's baseline, and which hold one of its days.

A path may be a glob (``*``, ``?``, ``[...]``, and ``**`` for any number of
folders) and may name the partition. A part of a path that exists literally is
taken literally, whatever characters it holds. Hidden files, and files that
somebody is still writing (``.tmp``, ``.part``, ``.crdownload``, ``~``), are
left out unless the path itself asks for them.
"""

import fnmatch
import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from drift_assets.errors import DataError, NoDataError, UnreadableFileError
from drift_assets.monitors import HOME, PARTITION, Monitor, Source, partition_days
from drift_assets.scan import Rows, rows_from_files
from drift_assets.scan.contents import days_in_file

UNFINISHED: Final = (".tmp", ".part", ".crdownload", "~")
"""Ends of the names of files that somebody is still writing."""

_GLOB = re.compile(r"[*?\[]")
_DATE = r"\d{4}-\d{2}-\d{2}"


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
class Arrivals:
    """The days of which there are data.

    Attributes
    ----------
    days
        The files of each day, days and files in order.
    unknown
        Files that look like the monitor's but belong to no day, and why.
    """

    days: Mapping[date, tuple[Path, ...]]
    unknown: tuple[tuple[Path, str], ...] = ()


def baseline_files(monitor: Monitor, place: Place) -> list[Path]:
    """Return the files of the baseline, in order.

    Raises
    ------
    NoDataError
        If there are none.
    """
    return _existing(monitor.baseline, place, f"the baseline of monitor {monitor.name!r}")


def current_files(monitor: Monitor, place: Place, day: date) -> list[Path]:
    """Return the files in which the rows of a day are, in order.

    Raises
    ------
    NoDataError
        If there are none.
    """
    what = f"the data of {day} for monitor {monitor.name!r}"
    return _existing(monitor.current, place, what, day=day)


def read_baseline(monitor: Monitor, place: Place) -> Rows:
    """Return the rows of the baseline.

    Raises
    ------
    DataError
        If there is no file, or one cannot be read.
    """
    source = monitor.baseline
    return rows_from_files(
        baseline_files(monitor, place),
        date_column=source.date_column,
        start=source.start,
        end=source.end,
        timezone=monitor.partitions.timezone,
    )


def read_current(
    monitor: Monitor, place: Place, day: date, files: Sequence[Path] | None = None
) -> Rows:
    """Return the rows of a day.

    Parameters
    ----------
    monitor, place, day
        Whose rows, where paths start, and which day.
    files
        Where they are, by default what `current_files` finds now.

    Raises
    ------
    NoDataError
        If there is no file, or no row of the day in files that hold many days.
    DataError
        If a file cannot be read.
    """
    source = monitor.current
    rows = rows_from_files(
        current_files(monitor, place, day) if files is None else files,
        date_column=source.date_column,
        start=day,
        end=day,
        timezone=monitor.partitions.timezone,
    )
    if source.date_column is not None and not rows.n_rows:
        raise NoDataError(
            f"Found no row of {day} in {rows.label}, expected some by the column "
            f"{source.date_column!r}: wait for the data, or choose another day."
        )
    return rows


def fingerprint(monitor: Monitor, place: Place, day: date, files: Sequence[Path]) -> str:
    """Return 16 hexadecimal digits that change when the day's data change.

    For a file per day that is a change of name, size or time; for files with
    many days, a change of the day's own rows, their order aside.

    Raises
    ------
    UnreadableFileError
        If a file has gone or cannot be read.
    """
    digest = hashlib.sha256()
    if monitor.current.date_column is not None and not monitor.current.is_template:
        for path in sorted(files):
            digest.update(_days_in(path, monitor).get(day, "").encode())
        return digest.hexdigest()[:16]
    for path in sorted(files):
        status = _status(path)
        named = path.relative_to(place.root) if path.is_relative_to(place.root) else path
        digest.update(f"{named}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]


def arrivals(monitor: Monitor, place: Place) -> Arrivals:
    """Return all days of which there are data; quick, for a sensor.

    Only folders that can match are listed, and no file with a day in its path
    is opened. A file with a date column is read once, and again when it changes.
    """
    days: dict[date, list[Path]] = defaultdict(list)
    unknown: list[tuple[Path, str]] = []
    source = monitor.current
    for path, text in _walk(source, place, None):
        if source.is_template:
            day = _day(text or "")
            if day is None:
                reason = f"found {text!r} where the date stands, expected one such as 2026-11-23"
                unknown.append((path, reason))
            else:
                days[day].append(path)
            continue
        try:
            for day in _days_in(path, monitor):
                days[day].append(path)
        except DataError as error:
            unknown.append((path, str(error)))
    return Arrivals({day: tuple(sorted(days[day])) for day in sorted(days)}, tuple(sorted(unknown)))


def known_days(monitor: Monitor, place: Place, *, now: datetime) -> Arrivals:
    """Return the arrivals of days that exist at an instant, all others with the reason.

    Rows in one file with a date column may well reach back before the first day: that
    is history, not a file that waits.
    """
    found = arrivals(monitor, place)
    first, last = partition_days(monitor, now=now)
    unknown = list(found.unknown)
    for day, files in found.days.items():
        if day > last or (day < first and monitor.current.is_template):
            unknown.append((files[0], _outside(monitor, day, first, last)))
    return Arrivals(
        {day: files for day, files in found.days.items() if first <= day <= last},
        tuple(sorted(unknown)),
    )


def _outside(monitor: Monitor, day: date, first: date, last: date) -> str:
    side = f"before the first day {first}" if day < first else f"after the last day {last}"
    remedy = "partitions.start" if day < first else "partitions.end_offset, or wait for that day"
    return (
        f"{day} is {side} of monitor {monitor.name!r}, which exists in "
        f"{monitor.partitions.timezone}: set {remedy}"
    )


def _days_in(path: Path, monitor: Monitor) -> Mapping[date, str]:
    column = monitor.current.date_column or ""
    columns = None
    if monitor.features != "auto":
        # A change in a column that nobody watches is no reason to look again.
        columns = tuple(column.name for column in monitor.listed(()))
    status = _status(path)
    return _remembered(
        path,
        status.st_size,
        status.st_mtime_ns,
        column,
        columns,
        monitor.exclude,
        monitor.partitions.timezone,
    )


# More than any monitor's files with many days: with fewer places than files, looking through all
# of them again and again would find none remembered. An entry is a few dozen bytes per day.
@lru_cache(maxsize=4_096)
def _remembered(  # each is part of what is remembered
    path: Path,
    size: int,  # noqa: ARG001
    modified: int,  # noqa: ARG001
    date_column: str,
    columns: tuple[str, ...] | None,
    exclude: tuple[str, ...],
    timezone: str,
) -> Mapping[date, str]:
    return days_in_file(
        path, date_column=date_column, columns=columns, exclude=exclude, timezone=timezone
    )


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise UnreadableFileError(
            f"Found a file that cannot be looked at, {path}: {error.strerror or error}. "
            "Expected it to stay while it is read."
        ) from error


def _existing(source: Source, place: Place, what: str, *, day: date | None = None) -> list[Path]:
    found = sorted(path for path, _ in _walk(source, place, day))
    if found:
        return found
    base, parts = _parts(source.path, place)
    wanted = base.joinpath(*parts) if day is None else base.joinpath(*_with_day(parts, day))
    folder = wanted.parent
    while _GLOB.search(folder.name) and not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise NoDataError(
            f"Found no folder {folder}, expected {what} at {wanted}. Create it, or correct the "
            "path; relative ones start at "
            f"{place.root}."
        )
    if wanted.is_dir():
        raise NoDataError(
            f"Found a folder {wanted}, expected {what} in a file: name the files in it, such as "
            f"{source.path}/*.parquet."
        )
    raise NoDataError(
        f"Found no file {wanted}, expected {what}. In that folder: {_some_names(folder)}."
    )


def _some_names(folder: Path) -> str:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name[0] != ".")
    except OSError as error:
        return f"nothing that may be read ({error.strerror})"
    listed = ", ".join(names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{listed}{more}" if names else "nothing"


def _parts(path: str, place: Place) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that a path starts from, and what follows; only the latter may glob."""
    if path.startswith(HOME):
        base, rest = place.home, path.removeprefix(HOME)
    elif path.startswith("~/"):
        base, rest = Path.home(), path[2:]
    elif path.startswith("/"):
        base, rest = Path("/"), path
    else:
        base, rest = place.root, path
    parts = [part for part in rest.replace(HOME, str(place.home)).split("/") if part != "."]
    return base, tuple(part for part in parts if part)


def _with_day(parts: Sequence[str], day: date) -> tuple[str, ...]:
    return tuple(part.replace(PARTITION, day.isoformat()) for part in parts)


def _walk(source: Source, place: Place, day: date | None) -> Iterator[tuple[Path, str | None]]:
    """Yield the files that a source names, with the text that stands for the partition."""
    base, parts = _parts(source.path, place)
    if day is not None:
        parts = _with_day(parts, day)
    seen: set[Path] = set()
    for path, text in _below(base, parts, None):
        # `**` can reach a file in two ways.
        if path not in seen:
            seen.add(path)
            yield path, text


def _below(
    folder: Path, parts: tuple[str, ...], text: str | None
) -> Iterator[tuple[Path, str | None]]:
    part, rest = parts[0], parts[1:]
    if PARTITION not in part or text is not None:
        name = part.replace(PARTITION, text or "")
        literal = folder / name
        if name == ".." or not _GLOB.search(name) or os.path.lexists(literal):
            if rest:
                yield from _below(literal, rest, text)
            elif literal.is_file():
                yield literal, text
            return
    if part == "**":
        for inner in (folder, *_folders_below(folder)):
            yield from _below(inner, rest or ("*",), text)
        return
    for name, found in _matching(folder, part, is_last=not rest):
        # A partition named twice in a path is the same one.
        if text is not None and found is not None and found != text:
            continue
        known = text if found is None else found
        if rest:
            yield from _below(folder / name, rest, known)
        else:
            yield folder / name, known


def _matching(folder: Path, part: str, *, is_last: bool) -> list[tuple[str, str | None]]:
    """Return the entries of a folder that one part of a path matches, and their partitions."""
    literal = _expression(part, glob=False, date_text=_DATE)
    dated = _expression(part, glob=True, date_text=_DATE)
    other = _expression(part, glob=True, date_text=r".+")
    found: list[tuple[str, str | None, bool]] = []
    for entry in _entries(folder):
        name = entry.name
        match = dated.fullmatch(name) or other.fullmatch(name)
        as_literal = literal.fullmatch(name)
        match = as_literal or match
        if match is None or _is_hidden(name, part):
            continue
        if not (entry.is_file() if is_last else entry.is_dir()):
            continue
        text = match["partition"] if "partition" in literal.groupindex else None
        found.append((name, text, as_literal is not None))
    literally = {text for _, text, as_literal in found if as_literal}
    return sorted(
        (name, text) for name, text, as_literal in found if as_literal or text not in literally
    )


@lru_cache(maxsize=256)
def _expression(part: str, *, glob: bool, date_text: str) -> re.Pattern[str]:
    """Return the expression for one part of a path; the first partition is a named group."""
    pieces = part.split(PARTITION)
    translated = [
        # What fnmatch makes is one group and then the end, \Z or, from Python 3.14 on, \z.
        fnmatch.translate(piece).removesuffix(r"\Z").removesuffix(r"\z")
        if glob
        else re.escape(piece)
        for piece in pieces
    ]
    text = translated[0]
    for i, piece in enumerate(translated[1:]):
        text += (rf"(?P<partition>{date_text})" if i == 0 else r"(?P=partition)") + piece
    return re.compile(text, re.DOTALL)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UnreadableFileError(
            f"Found a folder that cannot be listed, {folder}: {error.strerror or error}. "
            "Expected read permission."
        ) from error


def _folders_below(folder: Path, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    # A symbolic link may lead back up: no folder is entered below itself.
    real = os.path.realpath(folder)
    if real in above:
        return
    for entry in sorted(_entries(folder), key=lambda e: e.name):
        if entry.is_dir() and not entry.name.startswith("."):
            inner = folder / entry.name
            if os.path.realpath(inner) in above | {real}:
                continue
            yield inner
            yield from _folders_below(inner, above | {real})


def _is_hidden(name: str, part: str) -> bool:
    if name.startswith(".") and not part.startswith("."):
        return True
    return any(name.endswith(end) and not part.endswith(end) for end in UNFINISHED)


def _day(text: str) -> date | None:
    if not re.fullmatch(_DATE, text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
