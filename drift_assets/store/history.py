"""The history: every measurement ever taken, in one DuckDB file, as ``docs/history.md`` says.

A day's rows are replaced in one transaction, so that a repeated run never
duplicates them and a killed one leaves the day as it was before or after.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.assessment import METHOD_VERSION, Assessment
from drift_assets.errors import HistoryError
from drift_assets.profiles import Baseline
from drift_assets.store import outbox, tables
from drift_assets.store.migrations import migrate, missing_steps
from drift_assets.store.outbox import Alert, NewAlert
from drift_assets.store.query import QueryResult, run_query
from drift_assets.store.session import first_line, open_session
from drift_assets.store.tables import InputFile, Stamp
from drift_assets.verdicts import Verdict

QUERY_LIMIT_SECONDS: Final = 30.0
"""Longer than any question of the documentation takes, shorter than writers wait."""


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
    """The history in one file.

    Attributes
    ----------
    path
        The DuckDB file; the first write makes it. Beside it stand
        ``<name>.lock`` and, while it is open, ``<name>.holder``.
    wait_seconds
        How long to wait for other processes.
    """

    path: Path
    wait_seconds: float = 60.0

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
        wait = self.wait_seconds if wait_seconds is None else wait_seconds
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

    def record(
        self,
        assessment: Assessment,
        *,
        partition: date,
        fingerprint: str,
        run_id: str,
        inputs: Sequence[InputFile] = (),
        alerts: Sequence[NewAlert] = (),
        evaluated_at: datetime | None = None,
    ) -> None:
        """Make an assessment the report of its day, in place of any earlier one.

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
            What the day gives cause to say. An earlier alert of the day whose
            cause is not among them becomes resolved; one that is keeps its state.
        evaluated_at
            Instant of the measurement, with a time zone; by default now.
        """
        stamp = _stamp(partition, fingerprint, run_id, evaluated_at)
        slices = {
            "feature_drift": tables.feature_drift(assessment, stamp),
            "feature_profiles": tables.feature_profiles(assessment, stamp),
            "inputs": tables.inputs(assessment.monitor, partition, inputs),
        }
        evaluation = tables.evaluation(assessment, stamp)
        bins = tables.assessed_baseline_profiles(assessment)
        with self._transaction() as connection:
            _insert(connection, "evaluations", evaluation, replace=True)
            for table, rows in slices.items():
                connection.execute(
                    f"DELETE FROM {table} WHERE monitor = ? AND partition = ?",  # noqa: S608  # our own names
                    [assessment.monitor, partition],
                )
                _insert(connection, table, rows)
            _insert_new_bins(connection, bins)
            outbox.post(connection, assessment.monitor, partition, alerts, now=datetime.now(UTC))

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
                _insert(connection, table, rows)
            _insert_new_bins(connection, bins)

    def record_baseline(
        self, monitor: str, baseline: Baseline, *, source: str, frozen_at: datetime
    ) -> None:
        """Keep a frozen baseline's bins and counts; the first record of it stands."""
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
        self, monitor: str, partition: date, *, baseline_id: str, fingerprint: str
    ) -> dict[str, dict[str, float]] | None:
        """Return the whole family of a reported day: p-values by column and test.

        None if the day was not reported under the guarded rule, on the same
        baseline and data and by the same formulas, or a column was measured on other data since.
        """
        rows = self._read(
            "SELECT f.feature, map_keys(f.family_p_values), map_values(f.family_p_values), "
            "f.baseline_id = $baseline_id AND f.fingerprint = $fingerprint "
            "AND f.rule = 'guarded' AND f.method_version = $method_version "
            "FROM feature_drift AS f JOIN evaluations AS e "
            "ON e.monitor = f.monitor AND e.partition = f.partition "
            "WHERE f.monitor = $monitor AND f.partition = $partition AND f.segment = '' "
            "AND e.baseline_id = $baseline_id AND e.fingerprint = $fingerprint",
            {
                "monitor": monitor,
                "partition": partition,
                "baseline_id": baseline_id,
                "fingerprint": fingerprint,
                "method_version": METHOD_VERSION,
            },
        )
        if not rows or not all(fits for *_, fits in rows):
            return None
        return {
            feature: dict(zip(tests, p_values, strict=True)) for feature, tests, p_values, _ in rows
        }

    def pending_alerts(self, monitor: str, partition: date) -> list[Alert]:
        """Return the alerts of a day that nobody has received yet, oldest first."""
        if not self.path.exists():
            return []
        with self.session(read_only=True) as connection:
            return outbox.pending(connection, monitor, partition)

    def claim_alerts(self, monitor: str) -> list[Alert]:
        """Take every undelivered alert of a monitor, of whatever day, oldest first.

        What is taken is to be marked `delivered` or `failed`; until then, or for a
        quarter of an hour, no other run takes it.
        """
        if not self.path.exists():
            return []
        with self._transaction() as connection:
            return outbox.claim(connection, monitor, now=datetime.now(UTC))

    def mark_alert(
        self, alert: Alert, state: Literal["delivered", "failed"], *, detail: str = ""
    ) -> None:
        """Note what became of an attempt to deliver an alert.

        Raises
        ------
        HistoryError
            If the history does not have the alert.
        """
        with self._transaction() as connection:
            outbox.mark(connection, alert, state, detail=detail, now=datetime.now(UTC))

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
        """Return what one reading statement yields.

        It cannot write, read other files or change a setting. While it runs
        nobody else can use the history, hence the limit.

        Raises
        ------
        QueryError
            If the statement fails, does anything but read, is not alone, or
            takes too long or returns too much.
        HistoryError
            If there is no history yet.
        """
        with self.session(read_only=True) as connection:
            return run_query(connection, sql, limit_seconds=limit_seconds)

    def _read(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        """Return rows; none where there is no history yet."""
        if not self.path.exists():
            return []
        with self.session(read_only=True) as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except duckdb.Error as error:
                raise HistoryError(
                    f"The history {self.path} cannot be read: {first_line(error)} Expected a whole "
                    "file: restore it from a back-up."
                ) from error

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.session() as connection:
            try:
                connection.begin()
                yield connection
                connection.commit()
            except duckdb.Error as error:
                # Leaving the session closes the connection, which undoes what is not committed.
                raise HistoryError(
                    f"The history {self.path} cannot be written: {first_line(error)} Nothing of "
                    "this was kept: check the disk, and run the day again."
                ) from error


def _stamp(partition: date, fingerprint: str, run_id: str, evaluated_at: datetime | None) -> Stamp:
    if evaluated_at is not None:
        _check_zone(evaluated_at)
    return Stamp(partition, fingerprint, run_id, evaluated_at or datetime.now(UTC))


def _check_zone(instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError("Found an instant without a time zone, expected one with.")


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, *, replace: bool = False
) -> None:
    connection.register("incoming", rows)
    verb = "INSERT OR REPLACE INTO" if replace else "INSERT INTO"
    connection.execute(f"{verb} {table} BY NAME SELECT * FROM incoming")  # noqa: S608  # our own names
    connection.unregister("incoming")


def _insert_new_bins(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    connection.register("incoming", rows)
    connection.execute(
        "INSERT INTO baseline_profiles BY NAME SELECT * FROM incoming AS i WHERE NOT EXISTS "
        "(FROM baseline_profiles AS b "
        "WHERE b.baseline_id = i.baseline_id AND b.feature = i.feature)"
    )
    connection.unregister("incoming")
