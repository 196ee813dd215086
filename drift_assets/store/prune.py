"""Pruning: days that are older than anybody wants leave the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

# The measurements last: they say how old the others are.
OF_A_DAY: Final = (
    *("evaluations", "feature_profiles", "inputs", "feature_trends", "data_checks"),
    "feature_drift",
)
"""Tables whose rows go with their day; of alerts, those that are done."""
KEPT: Final = (
    *("actions", "alert_mutes", "baseline_events", "baselines", "learned_thresholds"),
    "schema_migrations",
)
"""Tables that tell how things came to be, a row per event: they stay."""
_DONE: Final = """
    decided_at IS NOT NULL AND NOT EXISTS (
        FROM deliveries AS d
        WHERE d.monitor = alerts.monitor AND d.partition = alerts.partition
            AND d.cause = alerts.cause AND d.state IN ('pending', 'failed')
    )
"""
"""Whether nothing more is to be done about an alert."""
_WITHOUT_ALERT: Final = """
    NOT EXISTS (
        FROM alerts AS a
        WHERE a.monitor = deliveries.monitor AND a.partition = deliveries.partition
            AND a.cause = deliveries.cause
    )
"""

# The monitor's own calendar, not today's: one that stopped keeps its last days.
_OLD: Final = """
    partition <= (
        SELECT max(d.partition) FROM feature_drift AS d WHERE d.monitor = {table}.monitor
    ) - $keep_days
"""
_UNUSED_BINS: Final = """
    NOT EXISTS (
        FROM feature_drift AS f WHERE f.baseline_id = baseline_profiles.baseline_id
    )
    AND NOT EXISTS (
        FROM evaluations AS e WHERE e.baseline_id = baseline_profiles.baseline_id
    )
    AND baseline_id NOT IN (
        SELECT arg_max(b.baseline_id, b.frozen_at) FROM baselines AS b GROUP BY b.monitor
    )
"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What left the history, or would.

    Attributes
    ----------
    n_rows
        Rows by table.
    n_days
        Days of monitors.
    n_open_alerts
        Alerts of those days that stay, because nobody has received them.
    """

    n_rows: Mapping[str, int]
    n_days: int
    n_open_alerts: int


def prune(connection: duckdb.DuckDBPyConnection, *, keep_days: int) -> Pruned:
    """Delete what is older than the last ``keep_days`` days of its monitor; return how much.

    It takes place in the caller's transaction. Bins of a baseline go when no row is left that was
    measured against it, unless it is a monitor's newest.
    """
    days = {"keep_days": keep_days}
    old = _OLD.format(table="feature_drift")
    ((n_days,),) = connection.execute(
        f"SELECT count(DISTINCT (monitor, partition)) FROM feature_drift WHERE {old}",  # noqa: S608  # our own text
        days,
    ).fetchall()
    old = _OLD.format(table="alerts")
    ((n_open,),) = connection.execute(
        f"SELECT count(*) FROM alerts WHERE {old} AND NOT ({_DONE})",  # noqa: S608  # our own text
        days,
    ).fetchall()
    n_rows = {"alerts": _delete(connection, "alerts", f"{old} AND {_DONE}", days)}
    n_rows["deliveries"] = _delete(connection, "deliveries", _WITHOUT_ALERT, {})
    for table in OF_A_DAY:
        n_rows[table] = _delete(connection, table, _OLD.format(table=table), days)
    n_rows["baseline_profiles"] = _delete(connection, "baseline_profiles", _UNUSED_BINS, {})
    return Pruned(n_rows, n_days, n_open)


def _delete(
    connection: duckdb.DuckDBPyConnection, table: str, where: str, values: Mapping[str, int]
) -> int:
    deleted = connection.execute(f"DELETE FROM {table} WHERE {where}", values).fetchone()  # noqa: S608  # our own text
    return int(deleted[0]) if deleted else 0
