"""Data checks, as the history keeps them, and the past that they are made by."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.data_checks import STALE_DAYS, CheckName, CheckResult, Past
from drift_assets.store.tables import storable_text

_READ: Final = (
    *("check_name", "severity", "state", "reason", "value", "lowest", "highest"),
    *("column_names", "content"),
)
_FIELDS: Final = ("name", "severity", "state", "reason", "value", "lowest", "highest")


def data_checks(
    monitor: str,
    partition: date,
    checks: Sequence[CheckResult],
    *,
    run_id: str,
    checked_at: datetime,
) -> pa.Table:
    """Return the rows of ``data_checks``, one per check."""
    texts = ("monitor", "check_name", "state", "severity", "reason", "content", "run_id")
    rows = [
        {
            "monitor": monitor,
            "partition": partition,
            "check_name": one.name,
            "state": one.state,
            "severity": one.severity,
            "reason": storable_text(one.reason),
            "value": one.value,
            "lowest": one.lowest,
            "highest": one.highest,
            "column_names": [storable_text(name) for name in one.columns],
            "content": one.content,
            "run_id": run_id,
            "checked_at": checked_at,
        }
        for one in checks
    ]
    types = {
        **dict.fromkeys(texts, pa.string()),
        **dict.fromkeys(("value", "lowest", "highest"), pa.float64()),
        "partition": pa.date32(),
        "column_names": pa.list_(pa.string()),
        "checked_at": pa.timestamp("us", tz="UTC"),
    }
    return pa.table(
        {name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()}
    )


def read_past(
    connection: duckdb.DuckDBPyConnection, monitor: str, partition: date, *, days: int
) -> Past:
    """Return what was reported on the last ``days`` reported days before a day."""
    before = connection.execute(
        "SELECT n_current, extra_columns FROM evaluations WHERE monitor = ? AND partition < ? "
        "ORDER BY partition DESC LIMIT ?",
        [monitor, partition, days],
    ).fetchall()
    contents = connection.execute(
        "SELECT content, partition FROM data_checks WHERE monitor = ? AND check_name = 'stale' "
        "AND partition BETWEEN ? AND ? AND content IS NOT NULL ORDER BY partition",
        [monitor, partition - timedelta(days=STALE_DAYS), partition - timedelta(days=1)],
    ).fetchall()
    return Past(
        tuple(n for n, _ in before),
        tuple(before[0][1] or ()) if before else None,
        dict(contents),
    )


def read_checks(
    connection: duckdb.DuckDBPyConnection, monitor: str, partition: date
) -> list[CheckResult]:
    """Return what the checks said of a day, by name."""
    rows: list[tuple[Any, ...]] = connection.execute(
        f"SELECT {', '.join(_READ)} FROM data_checks "  # noqa: S608  # our own names
        "WHERE monitor = ? AND partition = ? ORDER BY check_name",
        [monitor, partition],
    ).fetchall()
    return [
        CheckResult(
            **dict(zip(_FIELDS, row[:7], strict=True)), columns=tuple(row[7] or ()), content=row[8]
        )
        for row in rows
    ]


def failed_days(
    connection: duckdb.DuckDBPyConnection, monitor: str, name: CheckName, *, first: date
) -> tuple[date, ...]:
    """Return the days from ``first`` on that fail a check, in order."""
    rows = connection.execute(
        "SELECT partition FROM data_checks WHERE monitor = ? AND check_name = ? "
        "AND state = 'failed' AND partition >= ? ORDER BY partition",
        [monitor, name, first],
    ).fetchall()
    return tuple(day for (day,) in rows)
