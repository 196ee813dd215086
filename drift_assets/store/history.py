"""The history: every measurement ever taken, in one database, as ``docs/history.md`` says.

A day's rows are replaced in one transaction, so that a repeated run never
duplicates them and a killed one leaves the day as it was before or after.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.actions import DayVerdict
from drift_assets.assessment import Assessment
from drift_assets.data_checks import CheckName, CheckResult, Past
from drift_assets.errors import HistoryError, HistoryVersionError
from drift_assets.learned import LearnedThresholds
from drift_assets.profiles import COMPARABLE_SINCE, METHOD_VERSION, Baseline
from drift_assets.simulation import KeptDay, Settings
from drift_assets.store import actions as started
from drift_assets.store import outbox, replay, tables
from drift_assets.store.actions import ActionState, KeptAction, NewAction
from drift_assets.store.baseline_events import (
    BaselineEvent,
    KnownBaseline,
    read_baselines,
    read_events,
    write_event,
)
from drift_assets.store.data_checks import data_checks, failed_days, read_checks, read_past
from drift_assets.store.migrations import migrate, missing_steps
from drift_assets.store.outbox import NewAlert, Outbox
from drift_assets.store.prune import Pruned, prune
from drift_assets.store.publish import (
    PublishedCopy,
    open_copy,
    publish,
    publish_if_due,
    published_copy,
)
from drift_assets.store.query import QueryResult, run_query
from drift_assets.store.series import Seen, read_series, see
from drift_assets.store.server import SETTING, Server, refuse_calls
from drift_assets.store.session import absent, first_line, open_session
from drift_assets.store.signals import postponed
from drift_assets.store.tables import InputFile, Stamp
from drift_assets.store.timeline import read_timeline
from drift_assets.store.trends import JudgedTrends, read_trends, recently_breached, write_trends
from drift_assets.timeline import Timeline
from drift_assets.trends import Series, TrendResult
from drift_assets.verdicts import Verdict
from drift_assets.watch import Thresholds

QUERY_LIMIT_SECONDS: Final = 300.0
"""Far longer than any question of the documentation takes; nobody waits for it."""
WAIT_SECONDS: Final = 300.0
"""Writers queue: longer than any number of them that one machine bears would take."""
PUBLISH_WAIT_SECONDS: Final = 30.0
"""How long a writer stands in line once more, so that publishing goes on in a crowd of them."""
READ_WAIT_SECONDS: Final = 2.0
"""How long a reader waits for a newer copy than there is."""


class Ask(Protocol):
    """Answers one reading statement after another, by rows."""

    def __call__(
        self, sql: str, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a statement; parameters are named, as ``$monitor``."""


@dataclass(frozen=True, slots=True)
class LastEvaluation:
    """The latest reported day of a monitor, and when it was measured."""

    monitor: str
    partition: date
    evaluated_at: datetime
    verdict: Verdict
    run_id: str


@dataclass(frozen=True, slots=True)
class History:
    """The history in one file, or on a server.

    Attributes
    ----------
    path
        The DuckDB file; the first write makes it. Beside it stand
        ``<name>.lock`` and, while it is open, ``<name>.holder``.
    wait_seconds
        How long to wait for other processes.
    server
        Keeps the history instead of the file, if there is one.
    publishes
        Whether writing publishes, once a minute at most.
    """

    path: Path
    wait_seconds: float = WAIT_SECONDS
    server: Server | None = None
    publishes: bool = True
    _open: duckdb.DuckDBPyConnection | None = field(default=None, repr=False, compare=False)

    @property
    def address(self) -> str:
        """Where the history is, in words: the file, or the server's address."""
        return str(self.path) if self.server is None else self.server.address

    @property
    def outbox(self) -> Outbox:
        """What people are to be told, and what became of it."""
        return Outbox(self._reading, self._transaction)

    def exists(self) -> bool:
        """Return whether anything has been written yet."""
        return self.path.exists() if self.server is None else self.server.exists()

    @contextmanager
    def session(
        self, *, read_only: bool = False, wait_seconds: float | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection that nobody else has meanwhile, the schema brought up to date.

        Keep it short, and hand no cursor or relation out of it.

        Raises
        ------
        HistoryBusyError
            If another process held the file for longer than ``wait_seconds``.
        HistoryVersionError
            If the file was written by a newer drift_assets.
        HistoryError
            If the file is absent (``read_only``), damaged or cannot be opened.
        """
        if self._open is not None:
            if not read_only:
                raise ValueError("Found a write `at_once`, expected questions only: write later.")
            yield self._open
            return
        wait = self.wait_seconds if wait_seconds is None else wait_seconds
        if self.server is not None:
            with self.server.session(read_only=read_only, wait_seconds=wait) as connection:
                yield connection
            return
        with ExitStack() as stack:
            connection = stack.enter_context(
                open_session(self.path, read_only=read_only, wait_seconds=wait)
            )
            if not read_only:
                migrate(connection)
            elif missing_steps(connection):
                stack.close()
                with open_session(self.path, wait_seconds=wait) as writable:
                    migrate(writable)
                connection = stack.enter_context(
                    open_session(self.path, read_only=True, wait_seconds=wait)
                )
            yield connection

    @contextmanager
    def at_once(self) -> Iterator["History"]:
        """Give this history for several questions in a row, which share one session.

        To open the file costs more than most questions. Only ask: others wait meanwhile, and to
        write is an error.
        """
        with self._reading() as connection:
            yield self if connection is None else replace(self, _open=connection)

    def record(  # noqa: PLR0913  # a day has so many parts, and one transaction takes them all
        self,
        assessment: Assessment,
        *,
        partition: date,
        fingerprint: str,
        run_id: str,
        inputs: Sequence[InputFile] = (),
        alerts: Sequence[NewAlert] = (),
        standing_causes: Sequence[str] = (),
        silent: Sequence[str] = (),
        evaluated_at: datetime | None = None,
        trends: JudgedTrends | None = None,
        actions: Sequence[NewAction] = (),
        checks: Sequence[CheckResult] = (),
    ) -> bool:
        """Make an assessment the report of its day, in place of any that was measured before it.

        Return whether it is: a run that ends after one which measured later changes nothing.

        Parameters
        ----------
        assessment
            Of all watched columns.
        partition
            The day.
        fingerprint
            Of the day's data; the day is due again when it changes.
        run_id
            Names the run.
        inputs
            The files that were read.
        alerts
            What the day gives cause to say. An alert of it, or of an earlier day, whose
            cause is not among them becomes resolved; one that is keeps its state.
        standing_causes
            Causes that the day neither shows nor rules out: their alerts stay as they are.
        silent
            Columns that were not evaluated: alerts that concern one of them stay too.
        evaluated_at
            Instant of the measurement, with a time zone; by default now.
        trends
            What the days up to this one say; left out if another day was reported meanwhile.
        actions
            What the day gives cause to start. Nothing is started twice for a baseline and
            cause; what has no cause any more and was not started yet is withdrawn.
        checks
            What the data checks say of the day.
        """
        stamp = _stamp(partition, fingerprint, run_id, evaluated_at)
        slices = {
            "evaluations": tables.evaluation(assessment, stamp),
            "feature_drift": tables.feature_drift(assessment, stamp),
            "feature_profiles": tables.feature_profiles(assessment, stamp),
            "inputs": tables.inputs(assessment.monitor, partition, inputs),
            "data_checks": data_checks(
                assessment.monitor,
                partition,
                checks,
                run_id=run_id,
                checked_at=stamp.evaluated_at,
            ),
        }
        bins = tables.assessed_baseline_profiles(assessment)
        with self._transaction() as connection:
            later = connection.execute(
                "SELECT 1 FROM evaluations "
                "WHERE monitor = ? AND partition = ? AND evaluated_at > ?",
                [assessment.monitor, partition, stamp.evaluated_at],
            ).fetchone()
            if later is not None:
                return False
            for table, rows in slices.items():
                connection.execute(
                    f"DELETE FROM {table} WHERE monitor = ? AND partition = ?",  # noqa: S608  # our own names
                    [assessment.monitor, partition],
                )
                self._insert(connection, table, rows)
            _insert_new_bins(connection, bins)
            if trends is not None:
                write_trends(connection, assessment.monitor, trends, run_id=run_id)
            outbox.post(
                connection,
                assessment.monitor,
                partition,
                alerts,
                now=datetime.now(UTC),
                standing=standing_causes,
                silent=silent,
            )
            started.decide(
                connection, assessment.monitor, partition, actions, now=datetime.now(UTC)
            )
        return True

    def record_subset(
        self,
        assessment: Assessment,
        *,
        partition: date,
        fingerprint: str,
        run_id: str,
        evaluated_at: datetime | None = None,
    ) -> None:
        """Replace the rows of the assessed columns alone.

        The report of the day, its verdict and its alerts stay as they are; if
        there is none, the day stays unreported, and the rows say of themselves
        what they were measured on.
        """
        stamp = _stamp(partition, fingerprint, run_id, evaluated_at)
        slices = {
            "feature_drift": tables.feature_drift(assessment, stamp),
            "feature_profiles": tables.feature_profiles(assessment, stamp),
        }
        bins = tables.assessed_baseline_profiles(assessment)
        names = slices["feature_drift"]["feature"].to_pylist()
        with self._transaction() as connection:
            for table, rows in slices.items():
                connection.execute(
                    f"DELETE FROM {table} WHERE monitor = ? AND partition = ? AND segment = ? "  # noqa: S608  # our own names
                    "AND list_contains(?::VARCHAR[], feature)",
                    [assessment.monitor, partition, tables.WHOLE, names],
                )
                self._insert(connection, table, rows)
            _insert_new_bins(connection, bins)

    def record_baseline(
        self,
        monitor: str,
        baseline: Baseline,
        *,
        source: str,
        frozen_at: datetime,
        event: BaselineEvent | None = None,
    ) -> None:
        """Keep a frozen baseline's bins and counts; the first record of it stands.

        Parameters
        ----------
        monitor, baseline
            Which.
        source, frozen_at
            From which data, and when.
        event
            The act by which it came to be, noted in the same transaction.
        """
        _check_zone(frozen_at)
        bins = tables.baseline_profiles(baseline)
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO baselines SELECT $monitor, $id, $source, $frozen_at, $n_rows "
                "WHERE NOT EXISTS (FROM baselines WHERE monitor = $monitor AND baseline_id = $id)",
                {
                    "monitor": monitor,
                    "id": baseline.id,
                    "source": source,
                    "frozen_at": frozen_at,
                    "n_rows": baseline.n_rows,
                },
            )
            _insert_new_bins(connection, bins)
            if event is not None:
                write_event(connection, event)

    def record_event(self, event: BaselineEvent) -> None:
        """Note an act upon a baseline."""
        _check_zone(event.happened_at)
        with self._transaction() as connection:
            write_event(connection, event)

    def baseline_events(self, monitor: str) -> list[BaselineEvent]:
        """Return the acts upon a monitor's baselines, oldest first."""
        with self._reading() as connection:
            return [] if connection is None else read_events(connection, monitor)

    def verdicts(self, monitor: str, *, first: date, last: date) -> dict[date, Verdict]:
        """Return what was said of each reported day between two, both included, in order."""
        rows = self._read(
            "SELECT partition, verdict FROM evaluations "
            "WHERE monitor = ? AND partition BETWEEN ? AND ? ORDER BY partition",
            [monitor, first, last],
        )
        return {day: Verdict(verdict) for day, verdict in rows}

    def stored_bins(
        self, monitor: str, *, first: date, last: date
    ) -> dict[date, dict[str, tuple[str, list[int]]]]:
        """Return rows per PSI bin of each day between two: by column, the baseline and they."""
        rows = self._read(
            "SELECT partition, feature, baseline_id, current_counts FROM feature_profiles "
            "WHERE monitor = ? AND segment = '' AND partition BETWEEN ? AND ? ORDER BY partition",
            [monitor, first, last],
        )
        found: dict[date, dict[str, tuple[str, list[int]]]] = {}
        for day, feature, baseline_id, counts in rows:
            found.setdefault(day, {})[feature] = (baseline_id, counts)
        return found

    def record_checks(
        self,
        monitor: str,
        partition: date,
        checks: Sequence[CheckResult],
        *,
        checked_at: datetime,
        alerts: Sequence[NewAlert] = (),
    ) -> None:
        """Keep what was found of a day that has no report, in place of what these checks said.

        Parameters
        ----------
        monitor, partition
            Which day.
        checks
            What was found.
        checked_at
            When, with a time zone.
        alerts
            What it gives cause to say.
        """
        _check_zone(checked_at)
        rows = data_checks(monitor, partition, checks, run_id="", checked_at=checked_at)
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM data_checks WHERE monitor = ? AND partition = ? "
                "AND list_contains(?::VARCHAR[], check_name)",
                [monitor, partition, [one.name for one in checks]],
            )
            self._insert(connection, "data_checks", rows)
            for alert in alerts:
                outbox.add(connection, monitor, partition, alert, now=checked_at)

    def past_of(self, monitor: str, partition: date, *, days: int) -> Past:
        """Return what was reported on the last reported days before a day, for its data checks."""
        with self._reading() as connection:
            if connection is None:
                return Past()
            return read_past(connection, monitor, partition, days=days)

    def checks(self, monitor: str, partition: date) -> list[CheckResult]:
        """Return what the data checks said of a day, by name."""
        with self._reading() as connection:
            return [] if connection is None else read_checks(connection, monitor, partition)

    def failed_days(self, monitor: str, name: CheckName, *, first: date) -> tuple[date, ...]:
        """Return the days from ``first`` on that fail a data check, in order."""
        with self._reading() as connection:
            if connection is None:
                return ()
            return failed_days(connection, monitor, name, first=first)

    def known_baselines(self, monitor: str) -> list[KnownBaseline]:
        """Return the frozen baselines of a monitor, oldest first."""
        with self._reading() as connection:
            return [] if connection is None else read_baselines(connection, monitor)

    def record_learned(self, monitor: str, baseline_id: str, learned: LearnedThresholds) -> None:
        """Keep what was learned from a baseline's days, in place of what was learned before."""
        rows = tables.learned_thresholds(monitor, baseline_id, learned)
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM learned_thresholds WHERE monitor = ? AND baseline_id = ?",
                [monitor, baseline_id],
            )
            self._insert(connection, "learned_thresholds", rows)

    def reported(self, monitor: str) -> dict[date, str]:
        """Return the fingerprint of each reported day of a monitor, in order; none is no error."""
        rows = self._read(
            "SELECT partition, fingerprint FROM evaluations WHERE monitor = ? ORDER BY partition",
            [monitor],
        )
        return dict(rows)

    def evaluated_at(self, monitor: str) -> dict[date, datetime]:
        """Return when each reported day of a monitor was measured, in order."""
        rows = self._read(
            "SELECT partition, evaluated_at FROM evaluations WHERE monitor = ? ORDER BY partition",
            [monitor],
        )
        return {partition: instant.astimezone(UTC) for partition, instant in rows}

    def p_values(
        self,
        monitor: str,
        partition: date,
        *,
        baseline_id: str,
        fingerprint: str,
        comparison_id: str | None = None,
    ) -> dict[str, dict[str, float]] | None:
        """Return the whole family of a reported day: p-values by column and test.

        None if the day was not reported under the guarded rule, on the same baseline, compared
        days and data and by the same formulas, or a column was measured on other data since.
        """
        rows = self._read(
            "SELECT f.feature, map_keys(f.family_p_values), map_values(f.family_p_values), "
            "f.baseline_id = $baseline_id AND f.fingerprint = $fingerprint "
            "AND f.comparison_id = $comparison_id "
            "AND f.rule = 'guarded' AND f.method_version BETWEEN $since AND $method_version "
            "FROM feature_drift AS f JOIN evaluations AS e "
            "ON e.monitor = f.monitor AND e.partition = f.partition "
            "WHERE f.monitor = $monitor AND f.partition = $partition AND f.segment = '' "
            "AND e.baseline_id = $baseline_id AND e.fingerprint = $fingerprint",
            {
                "monitor": monitor,
                "partition": partition,
                "baseline_id": baseline_id,
                "fingerprint": fingerprint,
                "comparison_id": comparison_id or baseline_id,
                "since": COMPARABLE_SINCE,
                "method_version": METHOD_VERSION,
            },
        )
        if not rows or not all(fits for *_, fits in rows):
            return None
        return {
            feature: dict(zip(tests, p_values, strict=True)) for feature, tests, p_values, _ in rows
        }

    def earlier_verdicts(
        self, monitor: str, partition: date, *, baseline_id: str, days: int
    ) -> dict[str, tuple[Verdict, ...]]:
        """Return what the rule said of each column on its last evaluated days before a day.

        The latest first, at most ``days``, and only of reported days and the same baseline.
        """
        with self._reading() as connection:
            if connection is None or days < 1:
                return {}
            return replay.earlier_verdicts(
                connection, monitor, partition, baseline_id=baseline_id, days=days
            )

    def thresholds(
        self, monitor: str, *, first: date, last: date
    ) -> dict[date, dict[str, Thresholds]]:
        """Return what each reported day between two, both included, was judged by, by column."""
        with self._reading() as connection:
            if connection is None:
                return {}
            return replay.kept_thresholds(connection, monitor, first=first, last=last)

    def kept_days(
        self,
        monitor: str,
        *,
        first: date | None = None,
        last: date | None = None,
        settings: Settings,
    ) -> list[KeptDay]:
        """Return the reported days of a monitor for `simulate`, in order; none is no error.

        Before ``first`` stand those that the persistence of ``settings`` looks back to.
        """
        with self._reading() as connection:
            if connection is None:
                return []
            return replay.kept_days(connection, monitor, first=first, last=last, settings=settings)

    def series(
        self,
        monitor: str,
        *,
        baseline_id: str,
        first: date,
        last: date,
        statistics: Sequence[str],
        apart: date | None = None,
    ) -> tuple[tuple[Series, ...], Seen]:
        """Return what was measured between two days, both included, and on which reports it rests.

        Parameters
        ----------
        monitor, baseline_id, first, last, statistics
            Of what.
        apart
            A day that the caller is about to report: the reports are counted without it.
        """
        with self._reading() as connection:
            if connection is None:
                return (), Seen(baseline_id, first, last, apart, 0, "")
            seen = see(
                connection, monitor, baseline_id=baseline_id, first=first, last=last, apart=apart
            )
            found = read_series(
                connection,
                monitor,
                baseline_id=baseline_id,
                first=first,
                last=last,
                statistics=statistics,
            )
            return found, seen

    def timeline(self, monitor: str, *, first: date, last: date) -> Timeline:
        """Return what was reported of each column between two days, both included."""
        with self._reading() as connection:
            if connection is None:
                return Timeline()
            return read_timeline(connection, monitor, first=first, last=last)

    def record_trends(self, monitor: str, judged: JudgedTrends, *, run_id: str) -> bool:
        """Replace what is said of trends on the judged days; return whether that was done.

        It was not if another run has reported a day meanwhile: then judge them again.
        """
        with self._transaction() as connection:
            return write_trends(connection, monitor, judged, run_id=run_id)

    def trends(
        self, monitor: str, partition: date, *, run_id: str | None = None
    ) -> tuple[TrendResult, ...]:
        """Return what is said of trends on a day, by ``run_id`` if one is named; maybe nothing."""
        with self._reading() as connection:
            if connection is None:
                return ()
            return read_trends(connection, monitor, partition, run_id=run_id)

    def last_trend(self, monitor: str) -> date | None:
        """Return the latest day of which a monitor's trends were judged, None if there is none."""
        rows = self._read("SELECT max(partition) FROM feature_trends WHERE monitor = ?", [monitor])
        return rows[0][0] if rows else None

    def recent_trends(self, monitor: str, *, first: date, before: date) -> frozenset[str]:
        """Return the columns whose trend breached from ``first`` up to the day before another."""
        with self._reading() as connection:
            if connection is None:
                return frozenset()
            return recently_breached(connection, monitor, first=first, before=before)

    def baselines_used(self, monitor: str, *, first: date, last: date) -> dict[date, str]:
        """Return the baseline of each reported day between two days, both included, in order."""
        rows = self._read(
            "SELECT partition, baseline_id FROM evaluations "
            "WHERE monitor = ? AND partition BETWEEN ? AND ? ORDER BY partition",
            [monitor, first, last],
        )
        return dict(rows)

    def day_verdicts(
        self, monitor: str, partition: date, *, baseline_id: str, days: int
    ) -> list[DayVerdict]:
        """Return what was said of the evaluated days before a day, the latest first.

        At most ``days``, and only those measured against the same baseline.
        """
        with self._reading() as connection:
            if connection is None or days < 1:
                return []
            return started.day_verdicts(
                connection, monitor, partition, baseline_id=baseline_id, days=days
            )

    def actions(self, monitor: str | None = None, *, open_only: bool = False) -> list[KeptAction]:
        """Return what drift has started, or is about to, the latest first; none is no error."""
        with self._reading() as connection:
            if connection is None:
                return []
            return started.read(connection, monitor, open_only=open_only)

    def claim_actions(self, monitor: str) -> list[KeptAction]:
        """Take a monitor's webhooks and functions that are due, so that no other run does."""
        if not any(one.kind != "job" for one in self.actions(monitor)):
            return []
        with self._transaction() as connection:
            return started.claim(connection, monitor, now=datetime.now(UTC))

    def note_action(
        self,
        action: KeptAction,
        state: ActionState,
        *,
        detail: str,
        run_id: str | None = None,
        is_attempt: bool = False,
    ) -> bool:
        """Note what became of an action; return whether it still was as ``action`` says."""
        with self._transaction() as connection:
            return started.note(
                connection,
                action,
                state,
                detail=detail,
                now=datetime.now(UTC),
                run_id=run_id,
                is_attempt=is_attempt,
            )

    def start_again(self, monitor: str, action: str) -> KeptAction:
        """Let the latest decision for an action be carried out once more, and return it.

        Raises
        ------
        UnknownNameError
            If nothing was ever decided under that name.
        """
        with self._transaction() as connection:
            return started.start_again(connection, monitor, action, now=datetime.now(UTC))

    def last_evaluations(self) -> list[LastEvaluation]:
        """Return the latest reported day of each monitor, by name."""
        rows = self._read(
            "SELECT monitor, partition, evaluated_at, verdict, run_id FROM evaluations "
            "QUALIFY partition = max(partition) OVER (PARTITION BY monitor) ORDER BY monitor"
        )
        return [
            LastEvaluation(monitor, day, instant.astimezone(UTC), Verdict(verdict), run_id)
            for monitor, day, instant, verdict, run_id in rows
        ]

    def query(self, sql: str, *, limit_seconds: float = QUERY_LIMIT_SECONDS) -> QueryResult:
        """Return what one reading statement yields on the published copy.

        It cannot write, read other files or change a setting, and disturbs nobody. The copy
        is made anew before if it lacks something and that is cheap; the result says of when
        it is.

        Raises
        ------
        QueryError
            If the statement fails, does anything but read, is not alone, or
            takes too long or returns too much.
        HistoryError
            If there is no history yet.
        """
        if self.server is not None:
            refuse_calls(sql)
            with self.session(read_only=True) as connection:
                return run_query(connection, sql, limit_seconds=limit_seconds)
        with self._copy_to_read() as (copy, connection):
            as_of = None if copy.complete else copy.taken_at
            return run_query(connection, sql, limit_seconds=limit_seconds, as_of=as_of)

    @contextmanager
    def copy(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection that reads the published copy, made anew if it lacks something.

        It may be kept for long. On a server it reads the tables themselves.

        Raises
        ------
        HistoryError
            If there is no history yet, or the copy cannot be made.
        """
        if self.server is not None:
            with self.server.session(
                read_only=True, wait_seconds=self.wait_seconds, apart=True
            ) as connection:
                yield connection
            return
        self.publish()
        with self._copy_to_read() as (_, connection):
            yield connection

    @contextmanager
    def published(self) -> Iterator[Ask]:
        """Give a function that asks the published copy, one question after another.

        The copy is made anew before if it lacks something and that is cheap. On a server it
        asks the tables themselves.

        Raises
        ------
        HistoryError
            If there is no history yet, or it cannot be read.
        """
        with ExitStack() as stack:
            if self.server is not None:
                connection = stack.enter_context(self.session(read_only=True))
            else:
                _, connection = stack.enter_context(self._copy_to_read())

            def ask(
                sql: str, parameters: Mapping[str, object] | None = None
            ) -> list[tuple[Any, ...]]:
                try:
                    return connection.execute(sql, parameters or {}).fetchall()
                except duckdb.Error as error:
                    raise HistoryError(
                        f"The history {self.address} cannot be read: {first_line(error)} Expected "
                        "it whole: see `drift-assets history check`."
                    ) from error

            yield ask

    def published_state(self) -> str:
        """Return what is another one once there is something new to read; "" without any.

        On a server runs of single columns do not change it.
        """
        if self.server is None:
            copy = published_copy(self.path)
            return "" if copy is None else f"{copy.taken_at.isoformat()} {copy.n_bytes}"
        rows = self._read(
            "SELECT (SELECT [count(*)::VARCHAR, max(evaluated_at)::VARCHAR] FROM evaluations), "
            "(SELECT [count(*)::VARCHAR, max(updated_at)::VARCHAR] FROM alerts), "
            "(SELECT [count(*)::VARCHAR, max(updated_at)::VARCHAR] FROM deliveries), "
            "(SELECT [count(*)::VARCHAR, max(updated_at)::VARCHAR] FROM actions), "
            "(SELECT [count(*)::VARCHAR, max(checked_at)::VARCHAR] FROM data_checks), "
            "(SELECT [count(*)::VARCHAR, max(happened_at)::VARCHAR] FROM baseline_events)"
        )
        return repr(rows) if rows else ""

    def prune(self, *, keep_days: int, dry_run: bool = False) -> Pruned:
        """Delete what is older than the last days of its monitor, in one transaction.

        Alerts that nobody has received stay, and so do the bins of baselines that remaining
        days were measured against. The space is free for new rows; `compact` gives it back.

        Parameters
        ----------
        keep_days
            Days to keep of each monitor, up to its latest.
        dry_run
            Only return what would be deleted.

        Raises
        ------
        HistoryError
            If there is no history, or it cannot be written.
        """
        if not self.exists():
            raise absent(self.path) if self.server is None else self.server.absent()
        with self._transaction() as connection:
            pruned = prune(connection, keep_days=keep_days)
            if dry_run:
                connection.rollback()
                connection.begin()
        if self.server is not None and not dry_run:
            self.server.tidy(wait_seconds=self.wait_seconds)
        return pruned

    def publish(self, *, wait_seconds: float | None = None) -> PublishedCopy | None:
        """Bring the copy that people read up to date, and return it; on a server there is none.

        Raises
        ------
        HistoryBusyError
            If another process held the history for all that time.
        HistoryError
            If the copy cannot be written, or there is no history; an old copy stays.
        """
        if self.server is not None:
            return None
        copy = published_copy(self.path)
        if copy is not None and copy.complete:
            return copy
        wait = self.wait_seconds if wait_seconds is None else wait_seconds
        return publish(self.path, wait_seconds=wait)

    def publish_if_due(self) -> None:
        """Publish if the copy lacks something and is a minute old, or the history small.

        For the last step of a run, and for whatever looks at the history from time to time:
        so the last write is published too. Never raises; a failure is logged, the old copy stays.
        """
        if self.server is None:
            publish_if_due(self.path, at_once=True, wait_seconds=PUBLISH_WAIT_SECONDS)

    @contextmanager
    def _copy_to_read(self) -> Iterator[tuple[PublishedCopy, duckdb.DuckDBPyConnection]]:
        """Give a published copy that opens, and a connection; made anew if cheap, or if it must."""
        publish_if_due(self.path, at_once=True, wait_seconds=READ_WAIT_SECONDS)
        copy = published_copy(self.path)
        if copy is None:
            copy = publish(self.path, wait_seconds=self.wait_seconds)
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(open_copy(copy.path))
                is_current = not missing_steps(connection)
            except HistoryVersionError:
                raise
            except HistoryError:
                # Somebody has it open for writing, or has spoilt it: a new one cures that.
                if not self.path.exists():
                    raise
            else:
                if is_current:
                    yield copy, connection
                    return
                stack.close()
                with self.session():
                    pass
        copy = publish(self.path, wait_seconds=self.wait_seconds)
        with open_copy(copy.path) as connection:
            yield copy, connection

    def _read(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        """Return rows; none where there is no history yet."""
        with self._reading() as connection:
            return [] if connection is None else connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """Give a connection to read by; None where there is no history yet."""
        if not self.exists():
            yield None
            return
        with self.session(read_only=True) as connection:
            try:
                yield connection
            except duckdb.Error as error:
                raise HistoryError(
                    f"The history {self.address} cannot be read: {first_line(error)} Expected it "
                    "whole: restore it from a back-up."
                ) from error

    def _insert(self, connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
        tables.insert(connection, table, rows, maps_as_json=self.server is not None)

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        # Ours are short statements, and one that a signal breaks off may never return.
        with self.session() as connection, postponed():
            try:
                if self.server is None:
                    # A second thread would have little to do, and this one spins until it is done.
                    connection.execute("SET threads = 1")
                connection.begin()
                yield connection
                connection.commit()
            except duckdb.Error as error:
                # Leaving the session closes the connection, which undoes what is not committed.
                raise HistoryError(
                    f"The history {self.address} cannot be written: {first_line(error)} Nothing of "
                    "this was kept: check the disk, and run the day again."
                ) from error
        if self.server is None and self.publishes:
            publish_if_due(self.path, at_once=False, wait_seconds=PUBLISH_WAIT_SECONDS)


def open_history(home: Path) -> History:
    """Return the history of a drift home, in its file or on the server that is set.

    Raises
    ------
    ConfigurationError
        If ``DRIFT_ASSETS_HISTORY`` is set to something that is not the address of a server.
    """
    address = os.environ.get(SETTING, "").strip()
    server = Server.from_setting(address, files=home / "lake") if address else None
    return History(home / "history.duckdb", server=server)


def _stamp(partition: date, fingerprint: str, run_id: str, evaluated_at: datetime | None) -> Stamp:
    if evaluated_at is not None:
        _check_zone(evaluated_at)
    return Stamp(partition, fingerprint, run_id, evaluated_at or datetime.now(UTC))


def _check_zone(instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError("Found an instant without a time zone, expected one with.")


def _insert_new_bins(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    connection.register("incoming", rows)
    # Those of a baseline that was recorded before its JS counts were kept.
    connection.execute(
        "DELETE FROM baseline_profiles WHERE baseline_js_counts IS NULL AND EXISTS "
        "(FROM incoming AS i WHERE i.baseline_js_counts IS NOT NULL "
        "AND i.baseline_id = baseline_profiles.baseline_id "
        "AND i.feature = baseline_profiles.feature)"
    )
    connection.execute(
        "INSERT INTO baseline_profiles BY NAME SELECT * FROM incoming AS i WHERE NOT EXISTS "
        "(FROM baseline_profiles AS b "
        "WHERE b.baseline_id = i.baseline_id AND b.feature = i.feature)"
    )
    connection.unregister("incoming")
