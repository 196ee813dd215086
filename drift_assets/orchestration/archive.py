"""The archive: rows of days and of baselines kept as Parquet, for as long as is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from drift_assets.atomic import write_atomically
from drift_assets.monitors import Monitor, Source
from drift_assets.scan import Rows, rows_from_files
from drift_assets.scan.archiving import mark_of, parquet_of
from drift_assets.scan.days import Days


@dataclass(frozen=True, slots=True)
class Archive:
    """The archived rows of one monitor, below ``<home>/archive/<monitor>``.

    A file a day in ``current``, and one for each frozen baseline in ``baseline``. Every
    write is a rename.
    """

    home: Path
    monitor: str

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.home / "archive" / self.monitor

    def of_day(self, day: date) -> Path:
        """Return the file of a day."""
        return self.folder / "current" / f"{day.isoformat()}.parquet"

    def of_baseline(self, baseline_id: str) -> Path:
        """Return the file of a baseline."""
        return self.folder / "baseline" / f"{baseline_id}.parquet"

    def rows(self, day: date) -> Rows:
        """Return the archived rows of a day.

        Raises
        ------
        UnreadableFileError
            If there are none, or the file is damaged.
        """
        return rows_from_files([self.of_day(day)])

    def fingerprint(self, day: date) -> str | None:
        """Return the fingerprint of the data that a day's archive is of; None if there is none."""
        return mark_of(self.of_day(day))

    def write_day(
        self,
        day: date,
        rows: Rows,
        monitor: Monitor,
        *,
        fingerprint: str,
        confirm: Callable[[], None],
    ) -> Path:
        """Archive the rows of a day in place of what was archived of it; return the file.

        Parameters
        ----------
        day, rows, monitor, fingerprint
            What is archived, and of which data it is.
        confirm
            Is called once the rows have been read, and raises if they may be of other data:
            then nothing is written.

        Raises
        ------
        DataError
            If they cannot be archived.
        """
        path = self.of_day(day)
        days = days_of(monitor.current, monitor, day, day)
        content = parquet_of([(rows, days)], mark=fingerprint)
        confirm()
        write_atomically(path, content)
        return path

    def write_baseline(self, baseline_id: str, rows: Sequence[tuple[Rows, Days | None]]) -> Path:
        """Archive the rows that a baseline was frozen from; return the file.

        Raises
        ------
        DataError
            If they cannot be archived.
        """
        path = self.of_baseline(baseline_id)
        write_atomically(path, parquet_of(rows, mark=baseline_id))
        return path

    def days(self) -> tuple[date, ...]:
        """Return the archived days, in order."""
        found = []
        for path in (self.folder / "current").glob("????-??-??.parquet"):
            try:
                found.append(date.fromisoformat(path.stem))
            except ValueError:
                continue
        return tuple(sorted(found))

    def keep_only(self, n_days: int, *, until: date) -> tuple[date, ...]:
        """Remove days that lie ``n_days`` or more before ``until``; return them."""
        old = tuple(day for day in self.days() if (until - day).days >= n_days)
        for day in old:
            self.of_day(day).unlink(missing_ok=True)
        return old


def days_of(source: Source, monitor: Monitor, first: date | None, last: date | None) -> Days | None:
    """Return the days by which the rows of a source are opened; None if all are meant."""
    if source.date_column is None or (first is None and last is None):
        return None
    return Days(source.date_column, first, last, monitor.partitions.timezone)
