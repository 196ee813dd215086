"""Steps by which the tables of the history came to be, oldest first, each with a name.

A step is never edited once it has been released: a change is one more step. The views are not
part of the steps: they are made anew, as ``store/views.sql`` has them, after the last one.
"""

from collections.abc import Collection
from contextlib import suppress
from importlib.resources import files
from typing import Final

import duckdb

from drift_assets.errors import HistoryError, HistoryVersionError
from drift_assets.store.signals import postponed

STEPS: Final = (
    "0001_history",
    "0002_other_statistics",
    "0003_verdicts",
    "0004_comparisons",
    "0005_trends",
    "0006_deliveries",
    "0007_alerts",
    "0008_baseline_life",
    "0009_quarantine",
    "0010_actions",
    "0011_simulation",
    "0012_novel_rate",
)
"""Names of the steps; the SQL of each is the file of that name."""
VIEWS: Final = files("drift_assets.store") / "views.sql"
"""The views as they are now."""


def missing_steps(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the steps that a file still lacks.

    Raises
    ------
    HistoryVersionError
        If the file has steps that this version does not know.
    """
    try:
        applied = connection.execute("SELECT name FROM schema_migrations").fetchall()
    except duckdb.CatalogException:
        # A new file has no tables.
        applied = []
    return steps_after({name for (name,) in applied})


def steps_after(applied: Collection[str]) -> tuple[str, ...]:
    """Return the steps that are still to come, in order.

    Raises
    ------
    HistoryVersionError
        If this version does not know one of ``applied``.
    """
    newer = sorted(set(applied).difference(STEPS))
    if newer:
        raise HistoryVersionError(
            f"Found a history with the schema step {', '.join(newer)}, this drift_assets knows "
            f"up to {STEPS[-1]}: upgrade drift_assets, or use the history that belongs to it."
        )
    return tuple(step for step in STEPS if step not in applied)


def migrate(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Apply the missing steps, each in a transaction of its own; return their names.

    DuckDB alters no table again whose rows the same transaction has changed. Whoever is stopped
    between two steps leaves a file that lacks the later ones, which the next to open it applies.
    The views come with the last one.

    Raises
    ------
    HistoryVersionError
        If the file has steps that this version does not know.
    HistoryError
        If a step fails, for example because the file is somebody else's.
    """
    steps = missing_steps(connection)
    if not steps:
        return steps
    try:
        for step in steps:
            connection.begin()
            apply_steps(connection, [step])
            if step == steps[-1]:
                connection.execute(VIEWS.read_text(encoding="utf-8"))
                _comment_views(connection)
            with postponed():
                connection.commit()
    except BaseException as error:
        # A commit that failed has undone all by itself.
        with suppress(duckdb.Error):
            connection.rollback()
        if isinstance(error, duckdb.Error):
            said = str(error).strip().split("\n", 1)[0]
            raise HistoryError(
                f"The schema of the history cannot be brought up to {steps[-1]}: {said}. Expected "
                "a file of drift_assets' own: give the history another path, or restore it."
            ) from error
        raise
    return steps


def apply_steps(connection: duckdb.DuckDBPyConnection, steps: Collection[str]) -> None:
    """Apply steps to the tables, in order, and note them; the views are left as they are."""
    connection.execute(_LEDGER)
    for step in sorted(steps):
        connection.execute((files(__package__) / f"{step}.sql").read_text(encoding="utf-8"))
        connection.execute("INSERT INTO schema_migrations VALUES (?, now())", [step])


_LEDGER: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE schema_migrations IS 'The steps by which this schema came to be.';
COMMENT ON COLUMN schema_migrations.name IS 'Name of the step.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied to this file.';
"""


def _comment_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a view's column the comment of the column of that name which it shows."""
    rows = connection.execute(
        """
        SELECT v.view_name, c.column_name, arg_min(s.comment, list_position($sources, s.table_name))
        FROM duckdb_views() AS v
        JOIN duckdb_columns() AS c ON c.table_name = v.view_name AND c.comment IS NULL
        JOIN duckdb_columns() AS s ON s.column_name = c.column_name AND s.comment IS NOT NULL
        WHERE NOT v.internal AND list_contains($sources, s.table_name)
            AND (v.view_name = 'alert_history') = (s.table_name = 'alerts')
            AND (v.view_name = 'delivery_history') = (s.table_name = 'deliveries')
            AND (v.view_name = 'action_history') = (s.table_name = 'actions')
            AND (v.view_name = 'trend_latest') = (s.table_name = 'feature_trends')
            AND (v.view_name = 'baseline_history') = (s.table_name = 'baseline_events')
            AND (v.view_name = 'data_check_history') = (s.table_name = 'data_checks')
        GROUP BY ALL
        """,
        {
            "sources": [
                *("alerts", "feature_drift", "drift_history", "feature_trends"),
                *("actions", "baseline_events", "data_checks", "deliveries"),
            ]
        },
    ).fetchall()
    for view, column, comment in rows:
        text = comment.replace("'", "''")
        connection.execute(f"COMMENT ON COLUMN {view}.{column} IS '{text}'")
