"""One monitor's day, from files to a kept assessment: what the Dagster assets call."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Final

from drift_assets.assessment import Assessment, assess
from drift_assets.atomic import write_atomically
from drift_assets.errors import BaselineError, DataError, NoDataError
from drift_assets.learned import LearnedThresholds
from drift_assets.monitors import Monitor
from drift_assets.orchestration.baseline_days import BaselineDays
from drift_assets.orchestration.remembered import Remembered, stamp_of
from drift_assets.profiles import Baseline, NumericProfile
from drift_assets.report.json import assessment_from_dict, assessment_to_dict
from drift_assets.scan import fit_baseline, profile_rows
from drift_assets.sources import (
    Place,
    baseline_files,
    current_files,
    fingerprint,
    read_baseline,
    read_current,
)
from drift_assets.store import History, InputFile, open_history
from drift_assets.store.baselines import BaselineFiles
from drift_assets.verdicts import Verdict

# A run asks for one of each, three times; two, because an older day may be looked at meanwhile.
_BASELINES: Final = Remembered[Baseline](2)
_DAYS: Final = Remembered["Day"](2)


@dataclass(frozen=True, slots=True)
class Day:
    """An assessment, and what it was made from.

    Attributes
    ----------
    assessment
        The result.
    partition
        The day.
    fingerprint
        Of the data that were read.
    inputs
        The files that were read.
    run_id
        The Dagster run that measured it.
    evaluated_at
        When.
    """

    assessment: Assessment
    partition: date
    fingerprint: str
    inputs: tuple[InputFile, ...]
    run_id: str
    evaluated_at: datetime


@dataclass(frozen=True, slots=True)
class Workplace:
    """A monitor and the places where its data, history and baselines are."""

    monitor: Monitor
    place: Place

    @property
    def history(self) -> History:
        """The history of this drift home."""
        return open_history(self.place.home)

    @property
    def baselines(self) -> BaselineFiles:
        """The monitor's frozen baselines."""
        return BaselineFiles(self.place.home, self.monitor.name)

    def freeze_baseline(self) -> Baseline:
        """Read the baseline data, freeze them, and make them the ruler from now on.

        Raises
        ------
        DataError
            If the data cannot be used, or changed while they were read.
        """
        files = baseline_files(self.monitor, self.place)
        before = [_input(path) for path in files]
        baseline = fit_baseline(read_baseline(self.monitor, self.place), self.monitor)
        days = self.baseline_days(baseline)
        days.keep(files)
        if [_input(path) for path in baseline_files(self.monitor, self.place)] != before:
            raise DataError(
                f"The baseline of {self.monitor.name!r} in {_named(files)} changed while it was "
                "read, expected complete files: freeze it again once they have been written."
            )
        now = datetime.now(UTC)
        self.history.record_baseline(
            self.monitor.name,
            baseline,
            source=", ".join(str(path) for path in files[:5]),
            frozen_at=now,
        )
        self.baselines.activate(baseline, frozen_at=now)
        # Told with the baseline, not at the first day: it takes longer than that.
        self.learned(baseline)
        return baseline

    def baseline_days(self, baseline: Baseline) -> BaselineDays:
        """Return the days of a baseline, and those kept since."""
        return BaselineDays(self.monitor, self.place, baseline)

    def learned(self, baseline: Baseline) -> LearnedThresholds | str:
        """Return what was learned from a baseline's days; why nothing was; "" if nobody asked."""
        return self.baseline_days(baseline).learned(
            partial(self.history.record_learned, self.monitor.name, baseline.id)
        )

    def frozen_baseline(self) -> Baseline | None:
        """Return the frozen baseline; None if there is none that fits the monitor's columns.

        A baseline that lacks a watched column, has it as another kind, or lacks a decision
        threshold was frozen for other settings.
        """
        baseline = self._active_baseline()
        if baseline is None:
            return None
        try:
            columns = self.monitor.watched(baseline.columns)
        except BaselineError:
            return None
        for column in columns:
            profile = baseline.columns[column.name]
            numeric = isinstance(profile, NumericProfile)
            # Without a value nothing can be said of its kind; it is never evaluated.
            if profile.n and column.kind is not None and (column.kind == "numeric") != numeric:
                return None
            if (
                column.decision_threshold is not None
                and isinstance(profile, NumericProfile)
                and column.decision_threshold not in profile.binning.grid
            ):
                return None
        return baseline

    def evaluate(
        self,
        partition: date,
        baseline: Baseline,
        *,
        run_id: str,
        only: Sequence[str] | None = None,
    ) -> Day:
        """Measure and judge one day.

        Parameters
        ----------
        partition
            The day.
        baseline
            The ruler.
        run_id
            Dagster's run, for the record.
        only
            Watched columns to look at; the rest of the family then comes from the
            history, if it holds the same day measured on the same data.

        Raises
        ------
        NoDataError
            If the day has no data.
        DataError
            If a file changed while it was read.
        """
        files = current_files(self.monitor, self.place, partition)
        mark = fingerprint(self.monitor, self.place, partition, files)
        names = None if only is None else list(only)
        rows = read_current(self.monitor, self.place, partition, files)
        if not rows.n_rows:
            raise NoDataError(
                f"Found no rows for {partition} in {_named(files)}, expected at least one: "
                "deliver the data of that day."
            )
        current = profile_rows(rows, baseline, columns=names)
        inputs = tuple(_input(path) for path in files)
        present = current_files(self.monitor, self.place, partition)
        if fingerprint(self.monitor, self.place, partition, present) != mark:
            raise DataError(
                f"The data of {partition} in {_named(files)} changed while they were read, "
                "expected complete files: run the day again once they have been written."
            )
        watched = [column.name for column in self.monitor.watched(baseline.columns)]
        days = self.baseline_days(baseline)
        comparison = days.comparison(
            partition, lambda: self.history.reported(self.monitor.name), names=names or watched
        )
        others = None
        if only is not None:
            stored = self.history.p_values(
                self.monitor.name,
                partition,
                baseline_id=baseline.id,
                fingerprint=mark,
                comparison_id=comparison.id if comparison else None,
            )
            needed = [name for name in watched if name not in set(only)]
            if stored is not None and all(name in stored for name in needed):
                others = [p for name in needed for p in stored[name].values()]
        assessment = assess(
            self.monitor,
            baseline,
            current,
            only=names,
            other_p_values=others,
            earlier=self._earlier(partition, baseline),
            day=partition,
            comparison=comparison,
            learned=self.learned(baseline),
        )
        if only is None and self.monitor.compared.kept:
            days.profiles.write_day(partition, current, fingerprint=mark)
            days.profiles.keep_only(self.monitor.compared.kept, until=partition)
        return Day(assessment, partition, mark, inputs, run_id, datetime.now(UTC))

    def keep(self, day: Day) -> Path:
        """Write the day down for the report step, and return the file."""
        path = self._kept(day.partition) / f"{day.run_id}.json"
        content = {
            "assessment": assessment_to_dict(day.assessment, partition=day.partition),
            "partition": day.partition.isoformat(),
            "fingerprint": day.fingerprint,
            "run_id": day.run_id,
            "evaluated_at": day.evaluated_at.isoformat(),
            "inputs": [
                {
                    "path": one.path,
                    "n_bytes": one.n_bytes,
                    "modified_at": one.modified_at.isoformat(),
                }
                for one in day.inputs
            ],
        }
        write_atomically(path, json.dumps(content, allow_nan=False).encode())
        _DAYS.put(stamp_of(path), day)
        return path

    def kept(self, partition: date, *, run_id: str) -> Day:
        """Return the day that `keep` wrote down in this run.

        A run that did not measure gets the latest measurement of the present data by the
        present baseline instead: never that of other data.

        Raises
        ------
        NoDataError
            If there is none.
        """
        folder = self._kept(partition)
        own = folder / f"{run_id}.json"
        if own.exists():
            return _day_from(own, partition)
        mark = fingerprint(
            self.monitor,
            self.place,
            partition,
            current_files(self.monitor, self.place, partition),
        )
        baseline_id = self.baselines.active_id()
        for path in sorted(folder.glob("*.json"), key=_modified, reverse=True):
            day = _day_from(path, partition)
            if day.fingerprint == mark and day.assessment.baseline_id == baseline_id:
                return day
        raise NoDataError(
            f"Found no measurement of the present data of {partition} by the present baseline for "
            f"monitor {self.monitor.name!r}, expected one of all its columns: run the whole day."
        )

    def forget_older(self, day: Day) -> None:
        """Remove what runs before this one kept of the same day."""
        own = self._kept(day.partition) / f"{day.run_id}.json"
        for path in self._kept(day.partition).glob("*.json"):
            if path != own and _modified(path) < _modified(own):
                path.unlink(missing_ok=True)

    def report_path(self, partition: date, suffix: str) -> Path:
        """Return where the report of a day is, ``.html`` or ``.json``."""
        return self.place.home / "reports" / self.monitor.name / f"{partition}{suffix}"

    def _earlier(self, partition: date, baseline: Baseline) -> dict[str, tuple[Verdict, ...]]:
        """Return what the rule said of the days that the persistence of a day looks back to."""
        columns = self.monitor.watched(baseline.columns)
        asked = [c.alert_after.of for c in columns if c.alert_after.breaches > 1]
        if not asked:
            return {}
        return self.history.earlier_verdicts(
            self.monitor.name, partition, baseline_id=baseline.id, days=max(asked) - 1
        )

    def _active_baseline(self) -> Baseline | None:
        baseline_id = self.baselines.active_id()
        stamp = stamp_of(self.baselines.folder / f"{baseline_id}.npz")
        baseline = _BASELINES.get(stamp)
        if baseline is None:
            baseline = self.baselines.active()
            # Another one may have been made active in between.
            if baseline is not None and baseline.id == baseline_id:
                _BASELINES.put(stamp, baseline)
        return baseline

    def _kept(self, partition: date) -> Path:
        return self.place.home / "assessments" / self.monitor.name / partition.isoformat()


def _day_from(path: Path, partition: date) -> Day:
    stamp = stamp_of(path)
    day = _DAYS.get(stamp)
    if day is None:
        day = _day_read(path, partition)
        _DAYS.put(stamp, day)
    return day


def _day_read(path: Path, partition: date) -> Day:
    content = json.loads(path.read_text(encoding="utf-8"))
    return Day(
        assessment_from_dict(content["assessment"]),
        partition,
        content["fingerprint"],
        tuple(
            InputFile(one["path"], one["n_bytes"], datetime.fromisoformat(one["modified_at"]))
            for one in content["inputs"]
        ),
        content["run_id"],
        datetime.fromisoformat(content["evaluated_at"]),
    )


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        # Removed by another run meanwhile.
        return 0.0


def _input(path: Path) -> InputFile:
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(
            f"The file {path} has gone ({error.strerror}), expected it to stay while it is read: "
            "run again once it is back."
        ) from error
    return InputFile(str(path), found.st_size, datetime.fromtimestamp(found.st_mtime, tz=UTC))


def _named(files: Sequence[Path]) -> str:
    shown = ", ".join(str(path) for path in files[:3])
    return shown if len(files) <= 3 else f"{shown} and {len(files) - 3} more"
