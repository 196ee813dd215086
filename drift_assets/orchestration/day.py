"""One monitor's day, from files to a kept assessment: what the Dagster assets call."""

import getpass
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Final

from drift_assets.assessment import Assessment, assess
from drift_assets.atomic import write_atomically
from drift_assets.data_checks import CheckResult, check_data, has_arrived
from drift_assets.declarations import Declaration, drift_home
from drift_assets.errors import BaselineError, DataError, DriftAssetsError, NoDataError
from drift_assets.learned import LearnedThresholds
from drift_assets.monitors import Monitor
from drift_assets.orchestration.archive import Archive, days_of
from drift_assets.orchestration.baseline_days import BaselineDays
from drift_assets.orchestration.remembered import Remembered, stamp_of
from drift_assets.profiles import Baseline, DatasetProfile, NumericProfile
from drift_assets.report.json import assessment_from_dict, assessment_to_dict
from drift_assets.scan import Rows, fit_baseline, profile_rows
from drift_assets.scan.duplicates import n_repeated
from drift_assets.sources import (
    Input,
    Place,
    baseline_files,
    current_files,
    data_files,
    described,
    fingerprint,
    mark_of,
    open_day,
    read_baseline,
    read_current,
    undated_rows,
)
from drift_assets.store import History, InputFile, open_history
from drift_assets.store.baseline_events import BaselineEvent
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
    checks
        What the data checks say of the data.
    """

    assessment: Assessment
    partition: date
    fingerprint: str
    inputs: tuple[InputFile, ...]
    run_id: str
    evaluated_at: datetime
    checks: tuple[CheckResult, ...] = ()


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

    @property
    def declared(self) -> str:
        """What the YAML says of the baseline's data, to tell whether it was changed."""
        return self.monitor.baseline.model_dump_json(exclude_defaults=True)

    def freeze_baseline(self) -> Baseline:
        """Read the baseline data that the YAML names, freeze them, and make them the ruler.

        Where somebody has promoted another baseline since, and the YAML still says what it said
        then, of data that are the same or gone, that one stays the ruler and is returned.

        Raises
        ------
        DataError
            If the data cannot be used, or changed while they were read.
        """
        before = self.baselines.present()
        try:
            baseline, source = self.freeze_declared()
        except NoDataError:
            chosen = self._chosen()
            if chosen is not None:
                return chosen
            raise
        # Reading takes its time, and somebody may have promoted another one meanwhile.
        with self.baselines.changing():
            present, chosen = self.baselines.present(), self._chosen()
            if (
                chosen is not None
                and present is not None
                and (baseline.id == present.declared_id or present != before)
            ):
                return chosen
            now = datetime.now(UTC)
            previous = None if present is None else present.baseline_id
            self.history.record_baseline(
                self.monitor.name,
                baseline,
                source=source,
                frozen_at=now,
                event=BaselineEvent(
                    self.monitor.name,
                    now,
                    "declared",
                    baseline.id,
                    previous if previous != baseline.id else None,
                    who=user_name(),
                    detail=source,
                ),
            )
            self.baselines.activate(
                baseline, frozen_at=now, declared=self.declared, declared_id=baseline.id
            )
        # Told with the baseline, not at the first day: it takes longer than that.
        self.learned(baseline)
        return baseline

    def _chosen(self) -> Baseline | None:
        """Return the baseline that somebody chose in place of what the YAML says now; or None."""
        present = self.baselines.present()
        # What is written in the YAML now was overruled on purpose.
        if present is not None and present.act != "declared" and present.declared == self.declared:
            # One that is damaged is mended by what the YAML names.
            with suppress(BaselineError):
                return self.frozen_baseline()
        return None

    def freeze_declared(self) -> tuple[Baseline, str]:
        """Return what the data that the YAML names freeze to, its days kept, and their files.

        Nobody is judged by it yet.

        Raises
        ------
        DataError
            If the data cannot be used, or changed while they were read.
        """
        files = baseline_files(self.monitor, self.place)
        before = [(str(one), mark_of(one)) for one in files]
        opened = data_files(self.monitor, self.monitor.baseline, self.place, files)
        baseline = fit_baseline(read_baseline(self.monitor, self.place, opened), self.monitor)
        self.baseline_days(baseline).keep(opened)
        self.archive_baseline(baseline)
        present = baseline_files(self.monitor, self.place)
        if [(str(one), mark_of(one)) for one in present] != before:
            raise DataError(
                f"The baseline of {self.monitor.name!r} in {_named(files)} changed while it was "
                "read, expected complete files: freeze it again once they have been written."
            )
        words = ", ".join(str(path) for path in files[:5])
        source = self.monitor.baseline
        if source.start is not None or source.end is not None:
            undated = undated_rows(self.monitor, source, self.place, files)
            if undated:
                words += f"; {sum(n for _, n in undated):,} rows without a date left out"
        return baseline, words

    def archive_day(self, day: Day) -> Path | None:
        """Archive the rows of a measured day, and let go of old ones; None if nobody asked.

        Raises
        ------
        DataError
            If they cannot be archived, or are no longer those that were measured.
        """
        settings = self.monitor.archive
        if settings is None or (settings.when == "breach" and not day.assessment.breached):
            return None
        archive = Archive(self.place.home, self.monitor.name)
        rows = read_current(self.monitor, self.place, day.partition)

        def confirm() -> None:
            files = current_files(self.monitor, self.place, day.partition)
            if fingerprint(self.monitor, self.place, day.partition, files) != day.fingerprint:
                raise DataError(
                    f"The data of {day.partition} in {_named(files)} changed after they were "
                    "measured, expected the same to archive: the day's next run archives them."
                )

        path = archive.write_day(
            *(day.partition, rows, self.monitor), fingerprint=day.fingerprint, confirm=confirm
        )
        archive.keep_only(settings.keep_days, until=max(archive.days()))
        return path

    def archive_baseline(self, baseline: Baseline) -> Path | None:
        """Archive the rows that the YAML's baseline was frozen from; None if nobody asked.

        Raises
        ------
        DataError
            If they cannot be archived.
        """
        if self.monitor.archive is None or not self.monitor.archive.baseline:
            return None
        source = self.monitor.baseline
        days = days_of(source, self.monitor, source.start, source.end)
        rows = read_baseline(self.monitor, self.place)
        return Archive(self.place.home, self.monitor.name).write_baseline(
            baseline.id, [(rows, days)]
        )

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
        return baseline if baseline is not None and not self.misfit(baseline) else None

    def misfit(self, baseline: Baseline) -> str:
        """Return why the monitor cannot be judged by a frozen baseline; "" if it can."""
        try:
            columns = self.monitor.watched(baseline.columns)
        except BaselineError as error:
            return str(error)
        for column in columns:
            profile = baseline.columns[column.name]
            numeric = isinstance(profile, NumericProfile)
            # Without a value nothing can be said of its kind; it is never evaluated.
            if profile.n and column.kind is not None and (column.kind == "numeric") != numeric:
                return f"{column.name!r} is declared {column.kind} and frozen as another kind"
            if (
                column.decision_threshold is not None
                and isinstance(profile, NumericProfile)
                and column.decision_threshold not in profile.binning.grid
            ):
                return (
                    f"{column.name!r} was frozen without the decision threshold "
                    f"{column.decision_threshold:g}"
                )
        return ""

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
        opened = open_day(self.monitor, self.place, partition, files)
        rows = opened.rows
        if not rows.n_rows:
            raise NoDataError(
                f"Found no rows for {partition} in {_named(files)}, expected at least one: "
                "deliver the data of that day."
            )
        current = profile_rows(rows, baseline, columns=names)
        reasons = {str(one): reason for one, reason in opened.quarantined}
        inputs = tuple(_input(one, reasons.get(str(one))) for one in files)
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
        checks = self._checks(partition, rows, baseline, current) if only is None else ()
        return Day(assessment, partition, mark, inputs, run_id, datetime.now(UTC), checks)

    def keep(self, day: Day) -> Path:
        """Write the day down for the report step, and return the file."""
        path = self._kept(day.partition) / f"{day.run_id}.json"
        content = {
            "assessment": assessment_to_dict(day.assessment, partition=day.partition),
            "partition": day.partition.isoformat(),
            "fingerprint": day.fingerprint,
            "run_id": day.run_id,
            "evaluated_at": day.evaluated_at.isoformat(),
            "checks": [asdict(one) for one in day.checks],
            "inputs": [
                {
                    "path": one.path,
                    "n_bytes": one.n_bytes,
                    "modified_at": one.modified_at.isoformat(),
                    "quarantine": one.quarantine,
                }
                for one in day.inputs
            ],
        }
        write_in_home(path, json.dumps(content, allow_nan=False).encode())
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

    def _checks(
        self, partition: date, rows: Rows, baseline: Baseline, current: DatasetProfile
    ) -> tuple[CheckResult, ...]:
        """Return what the data checks say of a day."""
        monitor, settings = self.monitor, self.monitor.data_checks
        arrived: tuple[CheckResult, ...] = ()
        if monitor.deadline is not None:
            arrived = (has_arrived(current.n_rows),)
        if settings is None or not settings.wanted:
            return arrived
        repeated = None
        if settings.duplicates is not None:
            days = days_of(monitor.current, monitor, partition, partition)
            repeated = n_repeated(rows, settings.duplicates.key, days=days)
        looked_back = settings.row_count.days if settings.row_count is not None else 1
        return arrived + check_data(
            settings,
            baseline,
            current,
            watched=[column.name for column in monitor.watched(baseline.columns)],
            past=self.history.past_of(monitor.name, partition, days=looked_back),
            n_repeated=repeated,
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


def write_in_home(path: Path, content: bytes) -> None:
    """Write a file of the drift home, whole or not at all.

    Raises
    ------
    DriftAssetsError
        If it cannot be written.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise DriftAssetsError(
            f"Found no way to write {path}: {error.strerror or error}. Expected space and write "
            "permission in the drift home: make room there, and run the day again."
        ) from error


def workplace_of(declaration: Declaration) -> Workplace:
    """Return the workplace of a declared monitor."""
    root = declaration.root
    return Workplace(declaration.monitor, Place(root=root, home=drift_home(root)))


def user_name() -> str:
    """Return who runs this process, as the system knows it; "" if it does not."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run under a number that has no name.
        return ""


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
            InputFile(
                one["path"],
                one["n_bytes"],
                datetime.fromisoformat(one["modified_at"]),
                one.get("quarantine"),
            )
            for one in content["inputs"]
        ),
        content["run_id"],
        datetime.fromisoformat(content["evaluated_at"]),
        tuple(
            CheckResult(**{**one, "columns": tuple(one["columns"])})
            # Kept by a version that asked for none.
            for one in content.get("checks", ())
        ),
    )


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        # Removed by another run meanwhile.
        return 0.0


def _input(one: Input, quarantine: str | None) -> InputFile:
    n_bytes, modified_at = described(one)
    return InputFile(str(one), n_bytes, modified_at, quarantine)


def _named(files: Sequence[Input]) -> str:
    shown = ", ".join(str(path) for path in files[:3])
    return shown if len(files) <= 3 else f"{shown} and {len(files) - 3} more"
