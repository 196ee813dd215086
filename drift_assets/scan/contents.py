"""Contents: which days a file holds, and a hash of the rows of each.

For files with many days, whose size and time say nothing of a single day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np

from drift_assets.scan.days import DayArray, Days
from drift_assets.scan.files import DataFile, open_part
from drift_assets.scan.hashes import mixed, text_hashes, value_hashes


@dataclass(frozen=True, slots=True)
class FileDays:
    """The days that have rows in a file.

    Attributes
    ----------
    marks
        A hash of each day's rows by day, in order.
    n_rows
        All rows of the file.
    n_undated
        Those without a date, which belong to no day.
    """

    marks: Mapping[date, str]
    n_rows: int
    n_undated: int


def days_in_file(
    path: Path | DataFile,
    *,
    date_column: str,
    columns: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    timezone: str = "UTC",
) -> FileDays:
    """Return the days that have rows in a file, and a hash of each day's rows.

    The hash has 16 hexadecimal digits. It does not depend on the order of rows
    or columns, nor on rows of other days.

    Parameters
    ----------
    path
        The file.
    date_column
        Column with the date of each row; rows without one belong to no day.
    columns
        Columns whose values count; by default all but ``exclude``. Those that
        are not there count as not there.
    exclude
        Columns whose values do not count.
    timezone
        Where midnight is, for instants with a zone of their own.

    Raises
    ------
    DataError
        If the file cannot be read, or the date column is not one.
    """
    part = open_part(path, days=Days(date_column, timezone=timezone))
    dates = part.dates()
    wanted = part.columns if columns is None else [n for n in columns if n in part.columns]
    names = [n for n in wanted if n not in {*exclude, *part.repeated}]
    rows = np.zeros(len(dates), dtype=np.uint64)
    for name, first, values in part.batches(names):
        seed = mixed(text_hashes([name]))[0]
        hashes = mixed(value_hashes(values) ^ seed)
        rows[first : first + len(hashes)] += hashes
    rows = mixed(rows)
    known = ~np.isnat(dates)
    unique, position = np.unique(dates[known], return_inverse=True)
    sums = np.zeros(len(unique), dtype=np.uint64)
    np.add.at(sums, position, rows[known])
    counts = np.bincount(position, minlength=len(unique)).astype(np.uint64)
    ends = mixed(sums ^ mixed(counts))
    days = cast("list[date]", unique.tolist())
    marks = {day: f"{int(end):016x}" for day, end in zip(days, ends, strict=True)}
    n_undated = _n_undated(path, date_column, dates)
    return FileDays(marks, max(len(dates), n_undated), n_undated)


def undated_in_file(path: Path | DataFile, *, date_column: str) -> int:
    """Return how many rows of a file have no date, and so belong to no day.

    Raises
    ------
    DataError
        If the file cannot be read, or the date column is not one.
    """
    return _n_undated(path, date_column, open_part(path, days=Days(date_column)).dates())


def _n_undated(path: Path | DataFile, date_column: str, dates: DayArray) -> int:
    folders = path.columns if isinstance(path, DataFile) else {}
    if not len(dates) and folders.get(date_column, "") is None:
        # The folder says that there is no date: its rows are passed over unopened.
        return open_part(path).n_rows
    return int(np.count_nonzero(np.isnat(dates)))
