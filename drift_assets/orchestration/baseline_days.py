"""A baseline's days at work: kept when it is frozen, compared with, and learned from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from drift_assets.comparison import FEWEST_DAYS, Comparison, comparison_id
from drift_assets.errors import NoDataError
from drift_assets.learned import LearnedThresholds, learn_from_days
from drift_assets.monitors import Monitor
from drift_assets.profiles import Baseline, ColumnDays, Profile, Unprofiled
from drift_assets.scan.by_day import profile_days
from drift_assets.scan.files import DataFile
from drift_assets.sources import Place
from drift_assets.store.baselines import BaselineFiles
from drift_assets.store.day_profiles import DayProfiles

LEARNING: Final = 3
"""Version of the way in which thresholds are learned; another one learns again."""


@dataclass(frozen=True, slots=True)
class BaselineDays:
    """The days of one monitor's frozen baseline, and the later ones that are kept for comparing."""

    monitor: Monitor
    place: Place
    baseline: Baseline

    @property
    def profiles(self) -> DayProfiles:
        """Where the fine profiles are."""
        return DayProfiles(self.place.home, self.monitor.name, self.baseline)

    def keep(self, files: Sequence[Path | DataFile]) -> Path | None:
        """Profile each day of the baseline and keep it; None if its rows have no days.

        Raises
        ------
        DataError
            If the files cannot be read.
        """
        source = self.monitor.baseline
        if source.date_column is None:
            return None
        columns = profile_days(
            files,
            self.baseline,
            date_column=source.date_column,
            start=source.start,
            end=source.end,
            timezone=self.monitor.partitions.timezone,
        )
        return self.profiles.write_baseline(columns)

    def comparison(
        self, day: date, reported: Callable[[], Mapping[date, str]], *, names: Sequence[str]
    ) -> Comparison | None:
        """Return the baseline's side of a day; None for the whole baseline.

        Parameters
        ----------
        day
            Which day is to be compared.
        reported
            Returns the reported days and the fingerprints of their data.
        names
            Columns that are needed.
        """
        chooser = self.monitor.compared.compare_with
        if chooser.kind == "baseline":
            return None
        of_baseline = self.profiles.baseline_days()
        marks = dict.fromkeys(of_baseline, "baseline")
        if chooser.rolling_days is not None:
            for one in chooser.chosen(day, reported_days := reported()):
                mark = reported_days[one]
                # A day that was run again, and not yet reported, is not what the report is of.
                if self.profiles.fingerprint(one) == mark:
                    marks[one] = mark
        elif not of_baseline:
            return self._no_comparison(
                day,
                (),
                names,
                "the baseline was frozen without its days: "
                f"materialise {self.monitor.name}/baseline to freeze it with them",
            )
        chosen = [(one, marks[one]) for one in chooser.chosen(day, marks)]
        words = chooser.words(day)
        if len(chosen) < FEWEST_DAYS:
            known = "1 day" if len(chosen) == 1 else f"{len(chosen)} days"
            reason = f"{known} to compare with ({words}), {FEWEST_DAYS} needed"
            return self._no_comparison(day, chosen, names, reason)
        sums, n_days = self._added_up(chosen, of_baseline, names)
        columns: dict[str, Profile | Unprofiled] = {}
        for name in names:
            side = sums.get(name)
            n_rows = 0 if side is None else side.n_rows
            if n_days.get(name, 0) < FEWEST_DAYS:
                columns[name] = Unprofiled(
                    f"{n_days.get(name, 0)} days with this column to compare with ({words}), "
                    f"{FEWEST_DAYS} needed"
                )
            elif side is None or n_rows < self.monitor.min_rows:
                columns[name] = Unprofiled(
                    f"{n_rows:,} rows to compare with ({words}), {self.monitor.min_rows:,} needed"
                )
            elif not side.n:
                columns[name] = Unprofiled(f"no value to compare with ({words})")
            else:
                columns[name] = side
        return Comparison(
            comparison_id(self.baseline.id, chosen),
            f"{words} ({len(chosen):,} days)",
            len(chosen),
            max((side.n_rows for side in sums.values()), default=0),
            columns,
        )

    def learned(self, record: Callable[[LearnedThresholds], None]) -> LearnedThresholds | str:
        """Return the learned thresholds; why there are none; "" if nobody asked for any.

        They are learned when they are first needed, and again when the settings that they
        depend on have changed.

        Parameters
        ----------
        record
            Is handed what was newly learned, to keep it in the history.
        """
        rate = self.monitor.learns
        if rate is None:
            return ""
        columns = {
            c.name: c.decision_threshold for c in self.monitor.watched(self.baseline.columns)
        }
        settings: dict[str, Any] = {
            "learning": LEARNING,
            "false_alarms": rate,
            "days": self.monitor.compared.days,
            "rolling_days": self.monitor.compared.rolling_days,
            "min_rows": self.monitor.min_rows,
            "columns": columns,
        }
        files = BaselineFiles(self.place.home, self.monitor.name)
        kept = files.learned(self.baseline.id, settings=settings)
        if kept is not None:
            return kept
        days = self.profiles.baseline_days()
        if not days:
            return (
                f"{_NOT_LEARNED}: the baseline was frozen without its days: materialise "
                f"{self.monitor.name}/baseline to freeze it with them"
            )

        def read() -> Iterable[tuple[str, ColumnDays]]:
            for name, column in self.profiles.columns(self.profiles.of_baseline, list(columns)):
                if column is not None:
                    yield name, column

        try:
            found = learn_from_days(
                read,
                days,
                compare_with=self.monitor.compared.compare_with,
                decision_thresholds=columns,
                false_alarms=rate,
                min_rows=self.monitor.min_rows,
            )
        except NoDataError as error:
            return f"{_NOT_LEARNED}: {error}"
        record(found)
        files.keep_learned(self.baseline.id, found, settings=settings)
        return found

    def _added_up(
        self, chosen: Sequence[tuple[date, str]], of_baseline: Sequence[date], names: Sequence[str]
    ) -> tuple[dict[str, Profile], dict[str, int]]:
        sums: dict[str, Profile] = {}
        n_days: dict[str, int] = {}

        def add(name: str, profile: Profile) -> None:
            # One ruler, one kind; else adding raises.
            sums[name] = sums[name] + profile if name in sums else profile  # type: ignore[operator]
            n_days[name] = n_days.get(name, 0) + 1

        inside = [one for one, mark in chosen if mark == "baseline"]
        if inside:
            places = [of_baseline.index(one) for one in inside]
            for name, column in self.profiles.columns(self.profiles.of_baseline, names):
                if column is not None:
                    for position in places:
                        add(name, column.profile(position))
        for one, mark in chosen:
            if mark != "baseline":
                for name, column in self.profiles.columns(self.profiles.of_day(one), names):
                    if column is not None:
                        add(name, column.profile(0))
        return sums, n_days

    def _no_comparison(
        self, day: date, chosen: Sequence[tuple[date, str]], names: Sequence[str], reason: str
    ) -> Comparison:
        return Comparison(
            comparison_id(self.baseline.id, chosen),
            self.monitor.compared.compare_with.words(day),
            len(chosen),
            0,
            {name: Unprofiled(reason) for name in names},
        )


_NOT_LEARNED: Final = "no learned thresholds, judged by the fixed ones"
