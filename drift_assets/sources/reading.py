"""Reading: the rows of the baseline and of a day, and the files that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from drift_assets.errors import DataError, NoDataError
from drift_assets.monitors import Monitor, Source
from drift_assets.scan import Rows
from drift_assets.scan.days import Days
from drift_assets.scan.files import DataFile, days_of, open_parts
from drift_assets.scan.predictions import Joined, WithPredictions, joined
from drift_assets.sources.days import baseline_files, current_files
from drift_assets.sources.inputs import Input, Place, PredictionFile, TableRows
from drift_assets.sources.opening import data_files, fetched, predictions_in, why_unreadable


@dataclass(frozen=True, slots=True)
class DayData:
    """The rows of a day, and what there is to say of them.

    Attributes
    ----------
    rows
        The rows of all files that can be read.
    quarantined
        Files that cannot, and why.
    predictions
        How rows and predictions found each other; None if the rows have them themselves.
    """

    rows: Rows
    quarantined: tuple[tuple[Input, str], ...] = ()
    predictions: Joined | None = None


def read_baseline(
    monitor: Monitor, place: Place, files: Sequence[Path | DataFile] | None = None
) -> Rows:
    """Return the rows of the baseline.

    Parameters
    ----------
    monitor, place
        Whose rows, and where paths start.
    files
        Where they are, as `data_files` has them; by default what there is now.

    Raises
    ------
    DataError
        If there is no file, or one cannot be read.
    """
    source = monitor.baseline
    if files is None:
        files = data_files(monitor, source, place, baseline_files(monitor, place))
    return Rows(open_parts(files, days=_days(monitor, source, source.start, source.end)))


def read_current(
    monitor: Monitor, place: Place, day: date, files: Sequence[Input] | None = None
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
        If a file cannot be read and the monitor does not put such files aside.
    """
    return open_day(monitor, place, day, files).rows


def open_day(
    monitor: Monitor, place: Place, day: date, files: Sequence[Input] | None = None
) -> DayData:
    """Return the rows of a day, and what there is to say of them.

    Where the monitor puts bad files aside, each file is read once to find them.

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
        If a file cannot be read and the monitor does not put such files aside; if none can.
    """
    source = monitor.current
    if files is None:
        files = current_files(monitor, place, day)
    days = _days(monitor, source, day, day)
    opened = {one: fetched(monitor, source, place, one) for one in files}
    bad: list[tuple[Input, str]] = []
    if monitor.on_bad_file == "quarantine":
        for one, file in opened.items():
            if isinstance(one, TableRows):
                # Its copy was written a moment ago.
                continue
            is_of_rows = not isinstance(one, PredictionFile)
            reason = why_unreadable(file, days=days if is_of_rows else None)
            if reason:
                bad.append((one, reason))
    good = {one: file for one, file in opened.items() if one not in dict(bad)}
    of_rows = [file for one, file in good.items() if not isinstance(one, PredictionFile)]
    others = [file for one, file in good.items() if isinstance(one, PredictionFile)]
    if not of_rows or (source.predictions is not None and not others):
        raise _nothing_left(day, bad)
    predictions = predictions_in(source, others) if others else None
    parts = open_parts([replace(f, predictions=predictions) for f in of_rows], days=days)
    found = Rows(parts)
    if source.date_column is not None and not found.n_rows:
        raise NoDataError(
            f"Found no row of {day} in {found.label}, expected some by the column "
            f"{source.date_column!r}: wait for the data, or choose another day."
        )
    matched = [part for part in parts if isinstance(part, WithPredictions)]
    report = joined(matched, predictions) if predictions is not None else None
    return DayData(found, tuple(bad), report)


def _nothing_left(day: date, bad: Sequence[tuple[Input, str]]) -> DataError:
    reasons = " ".join(f"{one}: {reason}" for one, reason in bad[:3])
    return DataError(
        f"Found no file of {day} that can be read, {len(bad)} in quarantine. {reasons} Deliver "
        "them again."
    )


def _days(monitor: Monitor, source: Source, start: date | None, end: date | None) -> Days | None:
    return days_of(
        date_column=source.date_column,
        start=start,
        end=end,
        timezone=monitor.partitions.timezone,
    )
