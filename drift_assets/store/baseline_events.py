"""Acts upon baselines, as the history keeps them: what was done, when, by whom and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import duckdb

from drift_assets.store.tables import storable_text

EventName = Literal["frozen", "declared", "promoted", "rolled back", "archived"]

_COLUMNS: Final = (
    *("monitor", "happened_at", "event", "baseline_id", "previous_id"),
    *("who", "reason", "detail"),
)


@dataclass(frozen=True, slots=True)
class BaselineEvent:
    """One act upon a baseline.

    Attributes
    ----------
    monitor, happened_at
        Whose, and when.
    event
        ``declared`` is frozen from the YAML's data and judging from then on.
    baseline_id, previous_id
        Which baseline, and which one judged before if that changed.
    who, reason
        Who did it, and why.
    detail
        From which data and how exactly, or what was said to change.
    """

    monitor: str
    happened_at: datetime
    event: EventName
    baseline_id: str
    previous_id: str | None = None
    who: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KnownBaseline:
    """What the history says of a frozen baseline."""

    baseline_id: str
    source: str
    frozen_at: datetime
    n_rows: int
    n_days_judged: int


def write_event(connection: duckdb.DuckDBPyConnection, event: BaselineEvent) -> None:
    """Add one act."""
    values = [getattr(event, name) for name in _COLUMNS]
    connection.execute(
        f"INSERT INTO baseline_events ({', '.join(_COLUMNS)}) "  # noqa: S608  # our own names
        f"VALUES ({', '.join('?' * len(_COLUMNS))})",
        [storable_text(value) if isinstance(value, str) else value for value in values],
    )


def read_events(connection: duckdb.DuckDBPyConnection, monitor: str) -> list[BaselineEvent]:
    """Return the acts upon a monitor's baselines, oldest first."""
    rows = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM baseline_events "  # noqa: S608  # our own names
        "WHERE monitor = ? ORDER BY happened_at",
        [monitor],
    ).fetchall()
    return [BaselineEvent(row[0], row[1].astimezone(UTC), *row[2:]) for row in rows]


def read_baselines(connection: duckdb.DuckDBPyConnection, monitor: str) -> list[KnownBaseline]:
    """Return the frozen baselines of a monitor, oldest first."""
    rows: Sequence[tuple[str, str, datetime, int, int]] = connection.execute(
        "SELECT b.baseline_id, b.source, b.frozen_at, b.n_rows, count(e.partition) "
        "FROM baselines AS b LEFT JOIN evaluations AS e "
        "ON e.monitor = b.monitor AND e.baseline_id = b.baseline_id WHERE b.monitor = ? "
        "GROUP BY b.baseline_id, b.source, b.frozen_at, b.n_rows ORDER BY b.frozen_at",
        [monitor],
    ).fetchall()
    return [KnownBaseline(row[0], row[1], row[2].astimezone(UTC), *row[3:]) for row in rows]
