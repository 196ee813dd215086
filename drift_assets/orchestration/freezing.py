"""Freezing a candidate: a baseline made of chosen data, which judges nobody until promoted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from drift_assets.errors import DataError, NoDataError
from drift_assets.monitors import Source
from drift_assets.orchestration.archive import Archive, days_of
from drift_assets.orchestration.day import Workplace, user_name
from drift_assets.profiles import Baseline, ColumnDays, DatasetProfile, Profile, Unprofiled
from drift_assets.scan import Rows, fit_baseline, profile_rows
from drift_assets.sources import current_files, fingerprint, read_current
from drift_assets.store.baseline_events import BaselineEvent


@dataclass(frozen=True, slots=True)
class Frozen:
    """A candidate, and what it was made of.

    Attributes
    ----------
    baseline
        The candidate.
    source
        From which data, in words.
    is_new
        Whether these counts had not been frozen before.
    """

    baseline: Baseline
    source: str
    is_new: bool


def freeze_declared(workplace: Workplace, *, who: str = "", reason: str = "") -> Frozen:
    """Freeze the data that the YAML names, as a candidate."""
    baseline, source = workplace.freeze_declared()
    return _kept(workplace, baseline, source, who=who, reason=reason)


def freeze_files(
    workplace: Workplace,
    path: str,
    *,
    first: date | None = None,
    last: date | None = None,
    who: str = "",
    reason: str = "",
) -> Frozen:
    """Freeze a file, or several by a glob, as a candidate.

    Parameters
    ----------
    workplace
        The monitor.
    path
        As in the YAML; the rows have their days in the column that the YAML names for its own.
    first, last
        With such a column: the days to take.
    who, reason
        For the record.

    Raises
    ------
    DataError
        If the data cannot be used, or changed while they were read.
    """
    declared = workplace.monitor.baseline
    source = Source(path=path, date_column=declared.date_column, start=first, end=last)
    monitor = workplace.monitor.model_copy(update={"baseline": source})
    elsewhere = Workplace(monitor, workplace.place)
    baseline, words = elsewhere.freeze_declared()
    if first is not None or last is not None:
        words += f", {first or 'the first day'} to {last or 'the last day'}"
    return _kept(workplace, baseline, words, who=who, reason=reason)


def freeze_days(
    workplace: Workplace, first: date, last: date, *, who: str = "", reason: str = ""
) -> Frozen:
    """Freeze past days of current data, as a candidate.

    Where the rows of all days are still there, or in the archive, the bins are fitted on the
    rows, as if they stood in one file. Where some are gone, their kept fine profiles are added
    up: exact counts, over the bins of the present baseline, which then stay.

    Parameters
    ----------
    workplace
        The monitor.
    first, last
        Which days; those between of which there never were data are left out.
    who, reason
        For the record.

    Raises
    ------
    NoDataError
        If there are no data, or those of a reported day are gone and no fine profile was kept.
    DataError
        If a file cannot be read, or changed meanwhile.
    """
    rows, gone = _rows_of_days(workplace, first, last)
    if not rows and not gone:
        raise NoDataError(
            f"Found no data of monitor {workplace.monitor.name!r} from {first} to {last}, expected "
            "some: name days that have been monitored."
        )
    taken = sorted({*rows, *gone})
    stretch = f"{len(taken)} day{'s' * (len(taken) > 1)} from {taken[0]} to {taken[-1]}"
    marks = _marks(workplace, rows)
    if gone:
        ruler = _ruler(workplace, gone)
        days = _Days(ruler)
        days.add(_profiles_over(workplace, ruler, rows, gone))
        baseline = days.together()
        source = f"{stretch}, kept profiles over the bins of {ruler.id}"
    else:
        parts = tuple(part for day in taken for part in rows[day].parts)
        baseline = fit_baseline(Rows(parts), workplace.monitor)
        # Opened again: what was read ahead for the fit has been let go of.
        rows, _ = _rows_of_days(workplace, first, last)
        days = _Days(baseline)
        days.add(_profiles_over(workplace, baseline, rows, ()))
        source = f"{stretch}, their rows"
        _archive(workplace, baseline, rows)
    if _marks(workplace, rows) != marks:
        raise DataError(
            f"The data of {workplace.monitor.name!r} from {first} to {last} changed while they "
            "were read, expected complete files: freeze them again once they have been written."
        )
    workplace.baseline_days(baseline).profiles.write_baseline(days.by_column())
    return _kept(workplace, baseline, source, who=who, reason=reason)


def freeze_rolling(workplace: Workplace, n_days: int, *, who: str = "", reason: str = "") -> Frozen:
    """Freeze the last days up to the latest reported one, as a candidate.

    Slow drift is hidden by it: a baseline that follows the data finds them as they were lately.

    Raises
    ------
    NoDataError
        If no day was reported.
    """
    reported = workplace.history.reported(workplace.monitor.name)
    if not reported:
        raise NoDataError(
            f"Found no reported day of monitor {workplace.monitor.name!r}, expected some to "
            f"look back on: run them first, `drift-assets run {workplace.monitor.name}`."
        )
    last = max(reported)
    first = last - timedelta(days=n_days - 1)
    return freeze_days(workplace, first, last, who=who, reason=reason)


def _archive(workplace: Workplace, baseline: Baseline, rows: Mapping[date, Rows]) -> None:
    settings, monitor = workplace.monitor.archive, workplace.monitor
    if settings is not None and settings.baseline:
        Archive(workplace.place.home, monitor.name).write_baseline(
            baseline.id,
            [(rows[day], days_of(monitor.current, monitor, day, day)) for day in sorted(rows)],
        )


def _kept(
    workplace: Workplace, baseline: Baseline, source: str, *, who: str, reason: str
) -> Frozen:
    files = workplace.baselines
    is_new = baseline.id not in files.ids()
    now = datetime.now(UTC)
    name = workplace.monitor.name
    workplace.history.record_baseline(
        name,
        baseline,
        source=source,
        frozen_at=now,
        event=BaselineEvent(
            name,
            now,
            "frozen",
            baseline.id,
            who=who or user_name(),
            reason=reason,
            detail=source,
        ),
    )
    files.keep(baseline)
    workplace.learned(baseline)
    return Frozen(baseline, source, is_new)


def _rows_of_days(
    workplace: Workplace, first: date, last: date
) -> tuple[dict[date, Rows], tuple[date, ...]]:
    """Return the rows of each day that has some, and the reported days whose rows are gone."""
    monitor, place = workplace.monitor, workplace.place
    archive = Archive(place.home, monitor.name)
    reported = workplace.history.reported(monitor.name)
    rows: dict[date, Rows] = {}
    gone = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        try:
            rows[day] = read_current(monitor, place, day)
        except NoDataError:
            if archive.of_day(day).exists():
                rows[day] = archive.rows(day)
            elif day in reported:
                gone.append(day)
    return rows, tuple(gone)


def _marks(workplace: Workplace, days: Iterable[date]) -> dict[date, str]:
    marks = {}
    for day in days:
        try:
            files = current_files(workplace.monitor, workplace.place, day)
            marks[day] = fingerprint(workplace.monitor, workplace.place, day, files)
        except NoDataError:
            marks[day] = "archive"
    return marks


def _ruler(workplace: Workplace, gone: tuple[date, ...]) -> Baseline:
    """Return the present baseline, if it has a fine profile of each day whose rows are gone."""
    ruler = workplace.frozen_baseline()
    lost = gone
    if ruler is not None:
        profiles = workplace.baseline_days(ruler).profiles
        lost = tuple(day for day in gone if profiles.fingerprint(day) is None)
    if lost or ruler is None:
        shown = ", ".join(map(str, lost[:5])) + (" ..." if len(lost) > 5 else "")
        raise NoDataError(
            f"The rows of {shown} are gone, and no fine profile of them by the present baseline "
            "was kept, expected either: bring the files back, or name other days. `archive` and "
            "`compare_with: {rolling_days: ...}` in the YAML keep them for the days to come."
        )
    return ruler


def _profiles_over(
    workplace: Workplace, ruler: Baseline, rows: Mapping[date, Rows], gone: Iterable[date]
) -> Iterator[tuple[date, DatasetProfile]]:
    """Yield each day's profile over a ruler: of its rows, or as it was kept."""
    profiles = workplace.baseline_days(ruler).profiles
    for day in sorted({*rows, *gone}):
        if day in rows:
            if rows[day].n_rows:
                yield day, profile_rows(rows[day], ruler)
            continue
        yield day, profiles.dataset(day)


class _Days:
    """Days over one ruler: added up densely, and each kept sparsely."""

    def __init__(self, ruler: Baseline) -> None:
        self._ruler: Final = ruler
        self._total: DatasetProfile | None = None
        self._columns: dict[str, list[ColumnDays]] = {name: [] for name in ruler.columns}
        self._n = 0

    def add(self, profiles: Iterable[tuple[date, DatasetProfile]]) -> None:
        """Add days, in order."""
        for day, one in profiles:
            self._total = one if self._total is None else self._total + one
            self._n += 1
            for name, profile in one.columns.items():
                if not isinstance(profile, Unprofiled):
                    part = ColumnDays.of(self._ruler.columns[name].binning, {day: profile})
                    self._columns[name].append(part)

    def together(self) -> Baseline:
        """Return the rows of all days over the ruler, which stays."""
        columns: dict[str, Profile] = {}
        if self._total is None:
            raise NoDataError("Found no row on any of the days, expected some: name other days.")
        for name, profile in self._total.columns.items():
            if isinstance(profile, Unprofiled):
                raise NoDataError(
                    f"The column {name!r} is not to be had on every one of {self._n} days "
                    f"({profile.reason}), expected it: name other days, or bring the files back."
                )
            columns[name] = profile
        return Baseline(self._total.n_rows, columns)

    def by_column(self) -> Iterator[tuple[str, ColumnDays]]:
        """Yield each column that all days have."""
        for name, parts in self._columns.items():
            # A file has the same days for all its columns.
            if parts and len(parts) == self._n and self._ruler.columns[name].n:
                yield name, ColumnDays.joined(parts)
