"""Deliveries: what became of telling one channel one thing about an alert.

What has a ``next_attempt_at`` is due then. Who takes it moves that moment a quarter of an hour
on, and so is alone with it; if he is killed, somebody else takes it afterwards.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import duckdb

from drift_assets.alert_policy import Status, Told
from drift_assets.alert_settings import SEVERITIES, SeverityName

if TYPE_CHECKING:
    # The outbox is made of this module.
    from drift_assets.store.outbox import Alert

Event = Literal["trigger", "acknowledge", "resolve"]
DeliveryState = Literal["pending", "sent", "failed", "suppressed"]

CLAIM: Final = timedelta(minutes=15)
"""How long whoever took a delivery has to send it, before another may take it."""
WITHDRAWN: Final = "gone before it was told"
"""What becomes of a trigger whose day has taken it back; one that is on its way may arrive."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who hears of an alert.

    Attributes
    ----------
    status, why
        Whether people are told, and why. None leaves both as they are.
    channels
        The channels that are told; with a reason, those that are not.
    """

    status: Status | None
    why: str
    channels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of telling a channel one thing about an alert."""

    monitor: str
    partition: date
    cause: str
    event: Event
    channel: str
    state: DeliveryState
    detail: str
    attempts: int
    next_attempt_at: datetime | None
    failing_since: datetime | None
    sent_at: datetime | None
    created_at: datetime
    updated_at: datetime


Due = Delivery
"""A delivery whose time has come."""


@dataclass(frozen=True, slots=True)
class Wait:
    """That something may not go out now.

    Attributes
    ----------
    until
        When to look again; None: never.
    why
        The reason.
    state
        What it is meanwhile.
    """

    until: datetime | None
    why: str
    state: DeliveryState = "pending"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A channel that accepts nothing any more.

    Attributes
    ----------
    monitor, channel
        Which.
    since
        First attempt in vain.
    count
        Deliveries that wait for it, or were given up.
    is_given_up
        Whether one of them is not tried again.
    detail
        What the last attempt said.
    """

    monitor: str
    channel: str
    since: datetime
    count: int
    is_given_up: bool
    detail: str


Decide = Callable[["Alert", Told | None, date | None], Plan]
"""Says who hears of an alert, what its episode has told, and until when its monitor is muted."""
Look = Callable[["Alert", Due, date | None], Wait | None]
"""Says whether a delivery must wait, knowing until when its monitor is muted."""

_COLUMNS: Final = tuple(f.name for f in fields(Delivery))
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM deliveries"  # noqa: S608  # our own names
_ALERT: Final = "monitor = $monitor AND partition = $partition AND cause = $cause"
_ROW: Final = f"{_ALERT} AND event = $event AND channel = $channel"
# As it was taken: neither replaced by another message nor taken by somebody else since.
_TAKEN: Final = f"{_ROW} AND created_at = $created_at AND attempts = $attempts"


def plan(
    connection: duckdb.DuckDBPyConnection, alert: "Alert", decide: Decide, *, now: datetime
) -> None:
    """Note who hears of an alert and why, and make a delivery for each channel."""
    told = _told(connection, alert)
    decision = decide(alert, told, muted_until(connection, alert.monitor))
    identity = {"monitor": alert.monitor, "partition": alert.partition, "cause": alert.cause}
    if decision.status is None:
        connection.execute(
            f"UPDATE alerts SET decided_at = $now WHERE {_ALERT}",  # noqa: S608  # our own text
            identity | {"now": now},
        )
        return
    said = None
    if decision.status != "suppressed":
        said = json.dumps({"severity": alert.severity, "sizes": alert.sizes})
    if told is not None and told.partition == alert.partition and said is not None:
        # It was told of this day before, and has become worse: it is told anew.
        connection.execute(
            f"DELETE FROM deliveries WHERE {_ALERT} AND event = 'trigger'",  # noqa: S608  # our own text
            identity,
        )
    connection.execute(
        "UPDATE alerts SET status = $status, why = $why, decided_at = $now, "  # noqa: S608  # our own text
        f"told = coalesce($said, told) WHERE {_ALERT}",
        identity | {"status": decision.status, "why": decision.why, "now": now, "said": said},
    )
    made = read(connection, alert.monitor, alert.partition, alert.cause)
    known = {one.channel for one in made if one.event == "trigger"}
    dropped = {
        one.channel
        for one in made
        if one.event == "trigger" and one.state == "suppressed" and one.next_attempt_at is None
    }
    for channel, reason in decision.channels.items():
        if channel in dropped and said is not None:
            connection.execute(
                f"DELETE FROM deliveries WHERE {_ROW}",  # noqa: S608  # our own text
                identity | {"event": "trigger", "channel": channel},
            )
            known.remove(channel)
        if channel not in known:
            _insert(connection, identity, "trigger", channel, reason=reason, now=now)


def follow_up(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    cause: str,
    episode: date,
    event: Event,
    *,
    now: datetime,
) -> None:
    """Have what follows a trigger told to every channel that heard, or will hear, of an episode."""
    of_episode = "a.monitor = ? AND a.cause = ? AND a.episode = ?"
    rows = connection.execute(
        "SELECT d.channel, max(d.created_at) FROM deliveries AS d JOIN alerts AS a "  # noqa: S608  # our own text
        "ON a.monitor = d.monitor AND a.partition = d.partition AND a.cause = d.cause "
        f"WHERE {of_episode} AND d.event = 'trigger' "
        # One that was withdrawn after an attempt may have been heard all the same.
        "AND (d.state IN ('pending', 'failed', 'sent') OR d.attempts > 0) GROUP BY d.channel",
        [monitor, cause, episode],
    ).fetchall()
    ((last,),) = connection.execute(
        f"SELECT max(a.partition) FROM alerts AS a WHERE {of_episode}",  # noqa: S608  # our own text
        [monitor, cause, episode],
    ).fetchall()
    identity = {"monitor": monitor, "partition": last, "cause": cause}
    for channel, told_at in rows:
        followed = connection.execute(
            "SELECT 1 FROM deliveries AS d JOIN alerts AS a "  # noqa: S608  # our own text
            "ON a.monitor = d.monitor AND a.partition = d.partition AND a.cause = d.cause "
            f"WHERE {of_episode} AND d.event = ? AND d.channel = ? AND d.created_at >= ?",
            [monitor, cause, episode, event, channel, told_at],
        ).fetchall()
        if not followed:
            connection.execute(
                f"DELETE FROM deliveries WHERE {_ROW}",  # noqa: S608  # our own text
                identity | {"event": event, "channel": channel},
            )
            _insert(connection, identity, event, channel, reason="", now=now)


def due(connection: duckdb.DuckDBPyConnection, monitor: str, *, now: datetime) -> list[Due]:
    """Return what is due of a monitor, oldest day first; what follows a trigger waits for it."""
    connection.execute(
        "UPDATE deliveries SET next_attempt_at = NULL WHERE monitor = ? AND state = 'suppressed' "
        "AND detail = ? AND next_attempt_at <= ?",
        [monitor, WITHDRAWN, now],
    )
    rows = connection.execute(
        f"{_SELECT} WHERE monitor = ? AND next_attempt_at IS NOT NULL "
        "ORDER BY partition, created_at, cause, event, channel",
        [monitor],
    ).fetchall()
    waiting = [_delivery(row) for row in rows]
    triggers = {(one.cause, one.channel) for one in waiting if one.event == "trigger"}
    return [
        one
        for one in waiting
        if one.next_attempt_at is not None
        and one.next_attempt_at <= now
        and (one.event == "trigger" or (one.cause, one.channel) not in triggers)
    ]


def claim(
    connection: duckdb.DuckDBPyConnection, one: Due, wait: Wait | None, *, now: datetime
) -> bool:
    """Take a delivery, or note why it waits; return whether it was taken."""
    if wait is None:
        connection.execute(
            "UPDATE deliveries SET next_attempt_at = $expires, attempts = attempts + 1, "  # noqa: S608  # our own text
            # What waited for its channel to be on is suppressed no longer.
            "state = CASE state WHEN 'suppressed' THEN 'pending' ELSE state END, "
            f"updated_at = $now WHERE {_ROW}",
            _row(one) | {"expires": now + CLAIM, "now": now},
        )
        return True
    connection.execute(
        "UPDATE deliveries SET next_attempt_at = $until, detail = $why, state = $state, "  # noqa: S608  # our own text
        f"updated_at = $now WHERE {_ROW}",
        _row(one) | {"until": wait.until, "why": wait.why, "state": wait.state, "now": now},
    )
    if one.event == "trigger" and wait.until is None:
        connection.execute(
            # Nobody is left who has it or will: the next bad day is news.
            f"UPDATE alerts SET told = NULL WHERE {_ALERT} AND NOT EXISTS ("  # noqa: S608  # our own text
            f"SELECT 1 FROM deliveries WHERE {_ALERT} AND event = 'trigger' AND channel <> 'log' "
            "AND (state <> 'suppressed' OR next_attempt_at IS NOT NULL))",
            {"monitor": one.monitor, "partition": one.partition, "cause": one.cause},
        )
    return False


def mark_sent(connection: duckdb.DuckDBPyConnection, one: Due, *, now: datetime) -> None:
    """Note that the channel has accepted it, and not another message that took its place."""
    connection.execute(
        "UPDATE deliveries SET state = 'sent', detail = '', next_attempt_at = NULL, "  # noqa: S608  # our own text
        f"failing_since = NULL, sent_at = $now, updated_at = $now WHERE {_ROW} "
        "AND created_at = $created_at",
        _row(one) | {"now": now, "created_at": one.created_at},
    )


def mark_failed(
    connection: duckdb.DuckDBPyConnection,
    one: Due,
    *,
    detail: str,
    again_at: datetime | None,
    now: datetime,
) -> None:
    """Note that the channel has not; a run that withdrew it meanwhile has the last word."""
    connection.execute(
        "UPDATE deliveries SET state = 'failed', detail = $detail, next_attempt_at = $again_at, "  # noqa: S608  # our own text
        "failing_since = coalesce(failing_since, $now), updated_at = $now "
        f"WHERE {_TAKEN} AND state <> 'suppressed'",
        _taken(one) | {"detail": detail, "again_at": again_at, "now": now},
    )
    _let_go(connection, one)


def give_back(
    connection: duckdb.DuckDBPyConnection, one: Due, *, at: datetime, now: datetime
) -> None:
    """Leave what was taken and not tried to a later moment."""
    connection.execute(
        "UPDATE deliveries SET next_attempt_at = $at, attempts = attempts - 1, updated_at = $now "  # noqa: S608  # our own text
        f"WHERE {_TAKEN} AND state <> 'suppressed'",
        _taken(one) | {"at": at, "now": now},
    )
    _let_go(connection, one)


def make_due(
    connection: duckdb.DuckDBPyConnection, alert: tuple[str, date, str] | None, *, now: datetime
) -> int:
    """Make deliveries due at once, and return how many: of one alert all, else what failed."""
    if alert is None:
        where, values = "state = 'failed'", {}
    else:
        where = f"{_ALERT} AND event = 'trigger'"
        values = dict(zip(("monitor", "partition", "cause"), alert, strict=True))
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM deliveries WHERE {where}",  # noqa: S608  # our own text
        values,
    ).fetchall()
    connection.execute(
        "UPDATE deliveries SET next_attempt_at = $now, updated_at = $now, "  # noqa: S608  # our own text
        # What was asked for by hand is no retry of what was sent.
        "state = CASE state WHEN 'failed' THEN 'failed' ELSE 'pending' END, detail = '' "
        f"WHERE {where}",
        values | {"now": now},
    )
    return int(count)


def is_due(connection: duckdb.DuckDBPyConnection, monitor: str, *, now: datetime) -> bool:
    """Return whether a monitor has anything to be decided on or sent."""
    rows = connection.execute(
        "SELECT 1 FROM alerts WHERE monitor = $monitor AND decided_at IS NULL UNION ALL "
        "SELECT 1 FROM deliveries WHERE monitor = $monitor AND next_attempt_at <= $now LIMIT 1",
        {"monitor": monitor, "now": now},
    ).fetchall()
    return bool(rows)


def muted_until(connection: duckdb.DuckDBPyConnection, monitor: str) -> date | None:
    """Return the first day on which people hear of a monitor again; None if not muted."""
    row = connection.execute(
        "SELECT muted_until FROM alert_mutes WHERE monitor = ?", [monitor]
    ).fetchone()
    return None if row is None else row[0]


def read(
    connection: duckdb.DuckDBPyConnection, monitor: str, partition: date, cause: str
) -> list[Delivery]:
    """Return what became of telling an alert, in order."""
    rows = connection.execute(
        f"{_SELECT} WHERE monitor = ? AND partition = ? AND cause = ? "
        "ORDER BY created_at, event DESC, channel",
        [monitor, partition, cause],
    ).fetchall()
    return [_delivery(row) for row in rows]


def troubles(connection: duckdb.DuckDBPyConnection, monitor: str | None) -> list[Trouble]:
    """Return the channels that have accepted nothing since they failed."""
    rows = connection.execute(
        "SELECT d.monitor, d.channel, min(d.failing_since), count(*), "
        "count(*) FILTER (d.next_attempt_at IS NULL) > 0, arg_max(d.detail, d.updated_at) "
        "FROM deliveries AS d LEFT JOIN ("
        "SELECT monitor, channel, max(sent_at) AS sent_at FROM deliveries GROUP BY ALL"
        ") AS s ON s.monitor = d.monitor AND s.channel = d.channel "
        "WHERE d.state = 'failed' AND (s.sent_at IS NULL OR s.sent_at < d.failing_since) "
        "AND ($monitor IS NULL OR d.monitor = $monitor) "
        "GROUP BY d.monitor, d.channel ORDER BY d.monitor, d.channel",
        {"monitor": monitor},
    ).fetchall()
    return [
        Trouble(name, channel, since.astimezone(UTC), count, given_up, detail)
        for name, channel, since, count, given_up, detail in rows
    ]


def _told(connection: duckdb.DuckDBPyConnection, alert: "Alert") -> Told | None:
    rows = connection.execute(
        "SELECT partition, told, acknowledged_by FROM alerts WHERE monitor = ? AND cause = ? "
        "AND episode = ? AND told IS NOT NULL ORDER BY partition",
        [alert.monitor, alert.cause, alert.episode],
    ).fetchall()
    if not rows:
        return None
    # What the versions before have told names no columns.
    sizes: dict[str, float] | None = None
    severity: SeverityName = "info"
    for _, text, _ in rows:
        said = json.loads(text)
        severity = max(severity, said["severity"], key=SEVERITIES.index)
        if said["sizes"] is not None:
            sizes = sizes or {}
            for name, size in said["sizes"].items():
                sizes[name] = max(size, sizes.get(name, 0.0))
    taken_on = next((by for _, _, by in rows if by is not None), None)
    return Told(rows[-1][0], severity, sizes, taken_on)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    alert: Mapping[str, Any],
    event: Event,
    channel: str,
    *,
    reason: str,
    now: datetime,
) -> None:
    connection.execute(
        "INSERT INTO deliveries (monitor, partition, cause, event, channel, state, detail, "
        "attempts, next_attempt_at, created_at, updated_at) VALUES ($monitor, $partition, $cause, "
        "$event, $channel, $state, $detail, 0, $at, $now, $now)",
        {
            **alert,
            "event": event,
            "channel": channel,
            "state": "suppressed" if reason else "pending",
            "detail": reason,
            "at": None if reason else now,
            "now": now,
        },
    )


def _row(one: Due) -> dict[str, object]:
    names = ("monitor", "partition", "cause", "event", "channel")
    return {name: getattr(one, name) for name in names}


def _taken(one: Due) -> dict[str, object]:
    return _row(one) | {"created_at": one.created_at, "attempts": one.attempts + 1}


def _let_go(connection: duckdb.DuckDBPyConnection, one: Due) -> None:
    """Have nothing wait any more for what was withdrawn while it was taken."""
    connection.execute(
        f"UPDATE deliveries SET next_attempt_at = NULL WHERE {_TAKEN} "  # noqa: S608  # our own text
        "AND state = 'suppressed' AND detail = $why",
        _taken(one) | {"why": WITHDRAWN},
    )


def _delivery(row: Sequence[Any]) -> Delivery:
    values: list[Any] = [v.astimezone(UTC) if isinstance(v, datetime) else v for v in row]
    return Delivery(*values)
