"""The outbox: alerts that are written together with the day they speak of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

import duckdb

from drift_assets.errors import HistoryError
from drift_assets.store.tables import storable_text

AlertState = Literal["pending", "delivering", "delivered", "failed", "resolved"]

UNDELIVERED: Final = ("pending", "failed", "delivering")
CLAIM: Final = timedelta(minutes=15)
"""How long a run that took an alert has to deliver it, before another run may take it."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What a day gives cause to say.

    Attributes
    ----------
    cause
        Why people are told, such as ``breach``; at most one alert per cause and day.
    title, text
        One line, and the whole message.
    payload
        The same as plain JSON types.
    """

    cause: str
    title: str
    text: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as the history keeps it; monitor, partition and cause are its identity.

    ``detail`` is what the last attempt to deliver it said; ``delivered_at`` is
    None if it never was, ``resolved_at`` while its cause stands; ``delivered_to``
    names the channels that have it.
    """

    monitor: str
    partition: date
    cause: str
    title: str
    text: str
    payload: dict[str, Any]
    state: AlertState
    detail: str
    attempts: int
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None
    resolved_at: datetime | None
    delivered_to: tuple[str, ...] = ()


_COLUMNS: Final = tuple(f.name for f in fields(Alert))


def post(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    alerts: Sequence[NewAlert],
    *,
    now: datetime,
    standing: Sequence[str] = (),
) -> None:
    """Bring the alerts of a day up to what its latest run says.

    A cause that is already known keeps its state, so that what was delivered
    is not sent again; one that was resolved and is back is pending anew; one
    that is gone becomes resolved, unless it is among those ``standing``, of which
    this run can say neither.
    """
    connection.execute(
        "UPDATE alerts SET state = 'resolved', resolved_at = $now, updated_at = $now "
        "WHERE monitor = $monitor AND partition = $partition AND state <> 'resolved' "
        "AND NOT list_contains($causes::VARCHAR[], cause)",
        {
            "now": now,
            "monitor": monitor,
            "partition": partition,
            "causes": [*(a.cause for a in alerts), *standing],
        },
    )
    for alert in alerts:
        values = {
            "monitor": monitor,
            "partition": partition,
            "cause": alert.cause,
            "title": storable_text(alert.title),
            "text": storable_text(alert.text),
            # Not in ASCII: JSON could then name half a character, which DuckDB refuses.
            "payload": storable_text(
                json.dumps(dict(alert.payload), allow_nan=False, ensure_ascii=False)
            ),
            "now": now,
        }
        if _is_known(connection, monitor, partition, alert.cause):
            connection.execute(
                "UPDATE alerts SET title = $title, text = $text, payload = $payload, "
                "state = CASE state WHEN 'resolved' THEN 'pending' ELSE state END, "
                "delivered_to = CASE state WHEN 'resolved' THEN [] ELSE delivered_to END, "
                "resolved_at = NULL, updated_at = $now "
                "WHERE monitor = $monitor AND partition = $partition AND cause = $cause",
                values,
            )
        else:
            connection.execute(
                "INSERT INTO alerts VALUES ($monitor, $partition, $cause, $title, $text, $payload, "
                "'pending', '', 0, $now, $now, NULL, NULL, [])",
                values,
            )


def pending(connection: duckdb.DuckDBPyConnection, monitor: str, partition: date) -> list[Alert]:
    """Return the alerts of a day that nobody has received yet, oldest first."""
    rows = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM alerts "  # noqa: S608  # our own names
        "WHERE monitor = ? AND partition = ? AND list_contains(?::VARCHAR[], state) "
        "ORDER BY created_at, cause",
        [monitor, partition, list(UNDELIVERED)],
    ).fetchall()
    return [_alert(row) for row in rows]


def claim(connection: duckdb.DuckDBPyConnection, monitor: str, *, now: datetime) -> list[Alert]:
    """Take every undelivered alert of a monitor, oldest first, so that no other run does.

    One that another run took and did not deliver within a quarter of an hour is taken too.
    """
    # Nobody else has the history meanwhile: what is found due still is when it is taken.
    due = (
        "monitor = $monitor AND (state IN ('pending', 'failed') "
        "OR (state = 'delivering' AND updated_at < $expired))"
    )
    values = {"monitor": monitor, "expired": now - CLAIM}
    rows = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM alerts WHERE {due} ORDER BY created_at, cause",  # noqa: S608  # our own names
        values,
    ).fetchall()
    connection.execute(
        f"UPDATE alerts SET state = 'delivering', updated_at = $now WHERE {due}",  # noqa: S608  # our own names
        values | {"now": now},
    )
    return [replace(_alert(row), state="delivering", updated_at=now) for row in rows]


def mark(
    connection: duckdb.DuckDBPyConnection,
    alert: Alert,
    state: Literal["delivered", "failed"],
    *,
    detail: str,
    now: datetime,
) -> None:
    """Note what became of an attempt to deliver an alert.

    Raises
    ------
    HistoryError
        If the history does not have the alert.
    """
    if not _is_known(connection, alert.monitor, alert.partition, alert.cause):
        raise HistoryError(
            f"Found no alert {alert.cause!r} of {alert.monitor!r} on {alert.partition}, expected "
            "the one to be marked: record the day again."
        )
    connection.execute(
        # A run that resolved it meanwhile has the last word.
        "UPDATE alerts SET state = CASE state WHEN 'resolved' THEN state ELSE $state END, "
        "detail = $detail, attempts = attempts + 1, updated_at = $now, "
        "delivered_at = CASE $state WHEN 'delivered' THEN $now ELSE delivered_at END "
        "WHERE monitor = $monitor AND partition = $partition AND cause = $cause",
        {
            "state": state,
            "detail": detail,
            "now": now,
            "monitor": alert.monitor,
            "partition": alert.partition,
            "cause": alert.cause,
        },
    )


def note_delivery(connection: duckdb.DuckDBPyConnection, alert: Alert, channel: str) -> None:
    """Note that a channel has accepted an alert, which nobody tells it again then."""
    # Whoever delivers one after the other still has those that wait.
    connection.execute(
        "UPDATE alerts SET updated_at = $now WHERE monitor = $monitor AND state = 'delivering'",
        {"monitor": alert.monitor, "now": datetime.now(UTC)},
    )
    connection.execute(
        "UPDATE alerts SET delivered_to = list_append(coalesce(delivered_to, []), $channel) "
        "WHERE monitor = $monitor AND partition = $partition AND cause = $cause",
        {
            "channel": channel,
            "monitor": alert.monitor,
            "partition": alert.partition,
            "cause": alert.cause,
        },
    )


def _is_known(
    connection: duckdb.DuckDBPyConnection, monitor: str, partition: date, cause: str
) -> bool:
    rows = connection.execute(
        "SELECT 1 FROM alerts WHERE monitor = ? AND partition = ? AND cause = ?",
        [monitor, partition, cause],
    ).fetchall()
    return bool(rows)


def _alert(row: Sequence[Any]) -> Alert:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = value.astimezone(UTC)
    told = tuple(values["delivered_to"] or ())
    return Alert(**values | {"payload": json.loads(values["payload"]), "delivered_to": told})
