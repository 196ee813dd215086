"""Days: which there are data of, in what files or rows, and whether these have changed."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from drift_assets.errors import DataError, NoDataError, UnreadableFileError
from drift_assets.monitors import Monitor, Source, partition_days, store_of
from drift_assets.scan.contents import FileDays, days_in_file, undated_in_file
from drift_assets.scan.databases import mark_of_rows, marks_by_day, n_undated
from drift_assets.scan.files import DataFile
from drift_assets.sources.inputs import (
    Input,
    Place,
    PredictionFile,
    StoredObject,
    TableRows,
    in_order,
    is_text,
    mark_of,
    shown_name,
)
from drift_assets.sources.opening import data_files
from drift_assets.sources.stores import objects_of
from drift_assets.sources.tables import selection_of
from drift_assets.sources.templates import GLOB, Known, LocalTree, day_of, parts_of, walk, with_day


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The days of which there are data.

    Attributes
    ----------
    days
        What the rows of each day are in, days and files in order.
    unknown
        Files that look like the monitor's but belong to no day yet, and why; files with rows
        that have no date; folders that may not be listed.
    stopping
        Text that changes when something does that lets no day run: a file that cannot be read
        may hold rows of any day where its path does not say of which.
    """

    days: Mapping[date, tuple[Input, ...]]
    unknown: tuple[tuple[Input, str], ...] = ()
    stopping: str = ""


def baseline_files(monitor: Monitor, place: Place) -> list[Input]:
    """Return what the rows of the baseline are in, in order.

    Raises
    ------
    NoDataError
        If there is nothing.
    DataError
        If a database or an object store does not answer.
    """
    source = monitor.baseline
    what = f"the baseline of monitor {monitor.name!r}"
    if source.database is None:
        return _existing(source, place, what)
    selection = selection_of(monitor, source, place)
    found = mark_of_rows(selection, first=source.start, last=source.end)
    if not found.n_rows:
        raise NoDataError(f"Found no row in {selection.words}, expected {what}.")
    rows = TableRows(selection.words, source.start, source.end, found.n_rows, found.mark)
    return [rows, *_predictions(source, place, what)]


def current_files(monitor: Monitor, place: Place, day: date) -> list[Input]:
    """Return what the rows of a day are in, in order.

    Raises
    ------
    NoDataError
        If there is nothing.
    DataError
        If a database or an object store does not answer.
    """
    source = monitor.current
    what = f"the data of {day} for monitor {monitor.name!r}"
    if source.database is None:
        return _existing(source, place, what, day=day)
    selection = selection_of(monitor, source, place)
    found = marks_by_day(selection, first=day, last=day).get(day)
    if found is None:
        raise NoDataError(f"Found no row of {day} in {selection.words}, expected {what}.")
    rows = TableRows(selection.words, day, day, found.n_rows, found.mark)
    return [rows, *_predictions(source, place, what, day=day)]


def fingerprint(monitor: Monitor, place: Place, day: date, files: Sequence[Input]) -> str:
    """Return 16 hexadecimal digits that change when the day's data change.

    For a file per day that is a change of name, size or time, in an object store of what the
    store says of the content; for files and tables with many days, a change of the day's own
    rows, their order aside.

    Raises
    ------
    DataError
        If a file has gone or cannot be read.
    """
    digest = hashlib.sha256()
    source = monitor.current
    if source.date_column is not None and source.database is None and not source.is_template:
        for one in in_order(files):
            if not isinstance(one, PredictionFile):
                digest.update(_marks_in(one, monitor, place, files).get(day, "").encode())
        return digest.hexdigest()[:16]
    for one in in_order(files):
        named = str(one)
        if isinstance(one, Path) and one.is_relative_to(place.root):
            named = str(one.relative_to(place.root))
        # A name on this machine is bytes, and need not be UTF-8.
        digest.update(f"{named}\0{mark_of(one)}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def require_rows(monitor: Monitor, place: Place, day: date, files: Sequence[Input]) -> None:
    """Raise an error if files with many days are known to hold no row of this one.

    Raises
    ------
    NoDataError
        If they hold none.
    DataError
        If an object store does not answer.
    """
    source = monitor.current
    if source.date_column is None or source.database is not None or source.is_template:
        return
    rows = [one for one in files if not isinstance(one, PredictionFile)]
    for one in rows:
        inside = _looked_into(one, monitor, place, files)
        # What a file that cannot be read holds is for its run to say.
        if isinstance(inside, _Bad) or day in inside.marks:
            return
    raise NoDataError(
        f"Found no row of {day} in {source.path}, expected the data of {day} for monitor "
        f"{monitor.name!r}: deliver them, or correct date_column."
    )


def arrivals(monitor: Monitor, place: Place) -> Arrivals:
    """Return all days of which there are data; quick, for a sensor.

    Only folders that can match are listed, and no file with a day in its path
    is opened. A file with a date column is read once, and again when it changes.
    Of a table only days from the first partition on are asked for.

    Raises
    ------
    DataError
        If a database or an object store does not answer.
    """
    source = monitor.current
    unknown: list[tuple[Input, str]] = []
    if source.database is not None:
        selection = selection_of(monitor, source, place)
        found = marks_by_day(selection, first=monitor.partitions.start)
        days: Mapping[date, list[Input]] = {
            day: [TableRows(selection.words, day, day, one.n_rows, one.mark)]
            for day, one in found.items()
        }
        return _with_predictions(source, place, days, unknown)
    denied: dict[Path, str] = {}
    listed = list(_listed(source.path, place, denied=denied))
    if denied and not listed:
        raise UnreadableFileError(next(iter(denied.values())))
    unknown += denied.items()
    if source.is_template:
        days = _by_day(listed, unknown)
        return _with_predictions(source, place, days, unknown)
    days = defaultdict(list)
    predictions = _predictions(source, place, None)
    stopping = [str(folder) for folder in denied]
    for one, _ in listed:
        if PredictionFile(one) in predictions:
            continue
        try:
            inside = _looked_into(one, monitor, place, predictions)
        except DataError as error:
            inside = _Bad(type(error), str(error))
            lets_run = False
        else:
            lets_run = monitor.on_bad_file == "quarantine"
        if not isinstance(inside, _Bad):
            for day in inside.marks:
                days[day].append(one)
            if inside.n_undated:
                reason = f"{inside.n_undated:,} of its {inside.n_rows:,} rows have no date"
                unknown.append((one, f"{reason} in {source.date_column!r}, and belong to no day"))
            continue
        # Set aside, it keeps no day from running; that it waits is said all the same.
        unknown.append((one, inside.text))
        if not lets_run:
            stopping.append(f"{one}\0{_mark_if_there(one)}")
    complete = _with_predictions(source, place, days, unknown)
    return replace(complete, stopping="\0".join(stopping))


def known_days(monitor: Monitor, place: Place, *, now: datetime) -> Arrivals:
    """Return the arrivals of days that exist at an instant, all others with the reason.

    Rows in one file with a date column may well reach back before the first day: that
    is history, not a file that waits.

    Raises
    ------
    DataError
        If a database or an object store does not answer.
    """
    found = arrivals(monitor, place)
    first, last = partition_days(monitor, now=now)
    unknown = list(found.unknown)
    for day, files in found.days.items():
        if day > last or (day < first and monitor.current.is_template):
            unknown.append((files[0], _outside(monitor, day, first, last)))
    return Arrivals(
        {day: files for day, files in found.days.items() if first <= day <= last},
        _in_order(unknown),
        found.stopping,
    )


def undated_rows(
    monitor: Monitor, source: Source, place: Place, inputs: Sequence[Input]
) -> tuple[tuple[Input, int], ...]:
    """Return what holds rows without a date, and how many: they belong to no day.

    Parameters
    ----------
    monitor, source, place
        Whose rows, by which of its sources, and where paths start.
    inputs
        What the rows are in. A file that cannot be read is left out: that is said elsewhere.

    Raises
    ------
    DataError
        If a database does not answer.
    """
    if source.date_column is None:
        return ()
    counted = [
        (one, _n_undated(one, monitor, source, place, inputs))
        for one in inputs
        if not isinstance(one, PredictionFile)
    ]
    return tuple((one, n) for one, n in counted if n)


def _n_undated(
    one: Input, monitor: Monitor, source: Source, place: Place, inputs: Sequence[Input]
) -> int:
    if isinstance(one, TableRows):
        return n_undated(selection_of(monitor, source, place))
    try:
        if source is monitor.current and not source.is_template:
            # Most often it was looked into a moment ago, for the fingerprint of a day.
            inside = _looked_into(one, monitor, place, inputs)
            return 0 if isinstance(inside, _Bad) else inside.n_undated
        [file] = data_files(monitor, source, place, [one])
        return undated_in_file(file, date_column=source.date_column or "")
    except DataError:
        return 0


def _in_order(unknown: Sequence[tuple[Input, str]]) -> tuple[tuple[Input, str], ...]:
    return tuple(sorted(unknown, key=lambda one: (str(one[0]), one[1])))


def _outside(monitor: Monitor, day: date, first: date, last: date) -> str:
    side = f"before the first day {first}" if day < first else f"after the last day {last}"
    remedy = "partitions.start" if day < first else "partitions.end_offset, or wait for that day"
    return (
        f"{day} is {side} of monitor {monitor.name!r}, which exists in "
        f"{monitor.partitions.timezone}: set {remedy}"
    )


def _by_day(
    listed: Sequence[tuple[Path | StoredObject, Known]], unknown: list[tuple[Input, str]]
) -> dict[date, list[Input]]:
    days: dict[date, list[Input]] = defaultdict(list)
    for one, known in listed:
        day, text = day_of(known)
        if day is None:
            reason = f"found {text!r} where the date stands, expected one such as 2026-11-23"
            unknown.append((one, reason))
        else:
            days[day].append(one)
    return days


def _with_predictions(
    source: Source,
    place: Place,
    days: Mapping[date, list[Input]],
    unknown: list[tuple[Input, str]],
) -> Arrivals:
    """Return the days whose predictions have come too; the others wait, and say so."""
    found: dict[date, tuple[Input, ...]] = {}
    asked = source.predictions
    by_day: Mapping[date, list[Input]] = {}
    of_all: Sequence[Input] = ()
    if asked is not None and asked.is_template:
        denied: dict[Path, str] = {}
        by_day = _by_day(list(_listed(asked.path, place, denied=denied)), unknown)
        unknown += denied.items()
    elif asked is not None:
        of_all = _predictions(source, place, None)
    for day in sorted(days):
        rows = days[day]
        if asked is None:
            found[day] = in_order(rows)
            continue
        predictions = of_all or [
            PredictionFile(one) for one in by_day.get(day, ()) if isinstance(one, _FILES)
        ]
        named = {str(one) for one in predictions}
        rows = [one for one in rows if str(one) not in named]
        if not rows:
            continue
        if not predictions:
            unknown.append((rows[0], f"{day} waits for its predictions at {asked.path}"))
            continue
        found[day] = in_order([*rows, *predictions])
    return Arrivals(found, _in_order(unknown))


_FILES: Final = (Path, StoredObject)


def _marks_in(
    one: Input, monitor: Monitor, place: Place, files: Sequence[Input]
) -> Mapping[date, str]:
    """Return a hash of each day's rows in a file with many days."""
    found = _looked_into(one, monitor, place, files)
    if not isinstance(found, _Bad):
        return found.marks
    if monitor.on_bad_file == "quarantine":
        # None of its days is known.
        return {}
    raise found.kind(found.text)


def _looked_into(
    one: Input, monitor: Monitor, place: Place, files: Sequence[Input]
) -> "FileDays | _Bad":
    """Return the days in a file with many, or why none is known."""
    predictions = [other for other in files if isinstance(other, PredictionFile)]
    marks = tuple((str(other), mark_of(other)) for other in (one, *predictions))
    try:
        return _remembered(_Contents(one, monitor, place, tuple(predictions)), marks)
    except DataError as error:
        if isinstance(one, StoredObject):
            # A store that does not answer says nothing against the file.
            raise
        return _Bad(type(error), str(error))


@dataclass(frozen=True, slots=True)
class _Bad:
    """Why a file cannot be read; not the error itself, which holds on to all that it passed."""

    kind: type[DataError]
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class _Contents:
    """What is to be read, told apart by what can change the answer."""

    one: Input
    monitor: Monitor
    place: Place
    predictions: tuple[Input, ...]

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Columns that count; None for all."""
        if self.monitor.features == "auto":
            return None
        # A change in a column that nobody watches is no reason to look again.
        return tuple(column.name for column in self.monitor.listed(()))

    def _told_apart(self) -> tuple[object, ...]:
        source = self.monitor.current
        key = source.predictions.key if source.predictions else ()
        timezone = self.monitor.partitions.timezone
        folder = parts_of(source.path, self.place)[0] if source.path else None
        settings = (source.date_column, self.columns, self.monitor.exclude, timezone, key)
        return (str(self.one), *settings, folder)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Contents) and self._told_apart() == other._told_apart()

    def __hash__(self) -> int:
        return hash(self._told_apart())

    def file(self) -> DataFile:
        """Return the file, fetched if it is elsewhere."""
        source = self.monitor.current
        [found] = data_files(self.monitor, source, self.place, [self.one, *self.predictions])
        return found


# More than any monitor's files with many days: with fewer places than files, looking through all
# of them again and again would find none remembered. An entry is a few dozen bytes per day.
@lru_cache(maxsize=4_096)
def _remembered(
    contents: _Contents,
    marks: tuple[tuple[str, str], ...],  # noqa: ARG001  # part of what is remembered
) -> FileDays | _Bad:
    file = contents.file()
    try:
        return days_in_file(
            file,
            date_column=contents.monitor.current.date_column or "",
            columns=contents.columns,
            exclude=contents.monitor.exclude,
            timezone=contents.monitor.partitions.timezone,
        )
    except DataError as error:
        # A disk or a permission may mend while the file stays as it is.
        if isinstance(error.__cause__, OSError):
            raise
        return _Bad(type(error), str(error))


def _mark_if_there(one: Input) -> str:
    try:
        return mark_of(one)
    except DataError:
        return ""


def _listed(
    path: str,
    place: Place,
    day: date | None = None,
    *,
    denied: dict[Path, str] | None = None,
) -> Iterator[tuple[Path | StoredObject, Known]]:
    """Yield the files that a path names, each once, with what stands for its placeholders."""
    seen: set[Path | StoredObject] = set()
    for one, known in _found(path, place, day, LocalTree(denied)):
        # `**` can reach a file in two ways.
        if one not in seen:
            seen.add(one)
            yield one, known


def _found(
    path: str, place: Place, day: date | None, tree: LocalTree
) -> Iterator[tuple[Path | StoredObject, Known]]:
    if store_of(path) is not None:
        for one, _, known in objects_of(path if day is None else with_day(path, day)):
            yield one, known
        return
    base, parts = parts_of(path, place)
    if day is not None:
        parts = tuple(with_day(part, day) for part in parts)
    yield from walk(tree, base, parts)


def _predictions(
    source: Source, place: Place, what: str | None, *, day: date | None = None
) -> list[Input]:
    """Return the files with the predictions; with ``what`` there must be one."""
    if source.predictions is None:
        return []
    path = source.predictions.path
    found = [PredictionFile(one) for one, _ in _listed(path, place, day)]
    if what is not None and not found:
        raise NoDataError(
            f"Found no predictions at {path if day is None else with_day(path, day)}, expected "
            f"those of {what.removeprefix('the data of ')}: deliver them, or correct "
            "predictions.path."
        )
    return list(in_order(found))


def _existing(source: Source, place: Place, what: str, *, day: date | None = None) -> list[Input]:
    predictions = _predictions(source, place, None, day=day)
    named = {str(one) for one in predictions}
    listed = _listed(source.path, place, day)
    found = in_order(one for one, _ in listed if str(one) not in named)
    for one in (*found, *predictions):
        # Reports, the history and Dagster keep text, and would fail later and in other words.
        if not is_text(str(one)):
            raise UnreadableFileError(
                f"Found a file whose name is not UTF-8, {shown_name(str(one))}, expected {what} "
                "under a name that is: rename it."
            )
    if found:
        if not predictions:
            _predictions(source, place, what, day=day)
        return [*found, *predictions]
    path = source.path if day is None else with_day(source.path, day)
    if store_of(source.path) is not None:
        raise NoDataError(f"Found no file {path}, expected {what}: deliver it, or correct path.")
    base, parts = parts_of(source.path, place)
    wanted = base.joinpath(*(part if day is None else with_day(part, day) for part in parts))
    folder = wanted.parent
    while GLOB.search(folder.name) and not folder.exists():
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
