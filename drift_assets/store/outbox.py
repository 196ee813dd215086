"""The outbox: what gave cause to tell people, written together with the day it speaks of.

An *alert* is one cause of one day of one monitor. Days of one cause that follow each other
without a good one in between are one *episode*: alerts that carry the same ``episode``. What
became of telling one channel is a *delivery*, of which ``store/deliveries.py`` knows.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import duckdb

from drift_assets.alert_policy import Status
from drift_assets.alert_settings import SeverityName
from drift_assets.errors import HistoryError
from drift_assets.store import deliveries
from drift_assets.store.deliveries import WITHDRAWN, Decide, Delivery, Due, Look, Trouble
from drift_assets.store.tables import storable_text

AlertState = Literal["open", "acknowledged", "resolved"]
Ends = Literal["good_day", "own_day", "said"]


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What gives cause to tell people.

    Attributes
    ----------
    cause
        Why people are told, such as ``breach``; at most one alert per cause and day.
    title, text
        One line, and the whole message.
    payload
        The same as plain JSON types.
    severity
        How grave it is.
    sizes
        The columns concerned, each with how far it moved in units of its threshold.
    ends
        What ends it: ``good_day``, a day without the cause, be it this or a later one;
        ``own_day``, only a report of this very day; ``said``, only who raised it.
    """

    cause: str
    title: str
    text: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    severity: SeverityName = "warning"
    sizes: Mapping[str, float] = field(default_factory=dict)
    ends: Ends = "good_day"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as the history keeps it; monitor, partition and cause are its identity.

    Attributes
    ----------
    monitor, partition, cause, title, text, payload, severity, ends, sizes
        As in `NewAlert`.
    state
        ``open``, ``acknowledged`` or ``resolved``.
    episode
        Names its episode, together with monitor and cause.
    status, why
        Whether people are told; None until that is decided.
    created_at, updated_at, resolved_at, acknowledged_at, acknowledged_by
        When, and by whom; None if not.
    since, days
        First day of the episode, and which of its days this is, counted from 1.
    run_id
        The run that reported the day last; None if none has.
    """

    monitor: str
    partition: date
    cause: str
    title: str
    text: str
    payload: dict[str, Any]
    severity: SeverityName
    ends: Ends
    sizes: dict[str, float]
    state: AlertState
    episode: date
    status: Status | None
    why: str
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    since: date
    days: int
    run_id: str | None

    @property
    def id(self) -> str:
        """What people call it: monitor, day and cause."""
        return f"{self.monitor}:{self.partition}:{self.cause}"

    @property
    def key(self) -> str:
        """What is the same for all that is said in its episode."""
        return f"{self.monitor}:{self.episode}:{self.cause}"


@dataclass(frozen=True, slots=True)
class Episode:
    """A trouble that lasts, or lasted: days of one cause without a good one in between.

    Attributes
    ----------
    monitor, cause, episode
        Its identity.
    since, last_partition, n_days
        Its first and last day, and how many days have the cause.
    state
        ``open``, ``acknowledged`` or ``resolved``.
    severity
        The gravest of its days.
    n_told
        How often people were told that it began, got worse or goes on.
    drift_share, baseline_id
        Of its last day, if that was reported.
    """

    monitor: str
    cause: str
    episode: date
    since: date
    last_partition: date
    n_days: int
    state: AlertState
    severity: SeverityName
    n_told: int
    drift_share: float | None
    baseline_id: str | None


_KEPT: Final = tuple(f.name for f in fields(Alert) if f.name not in {"since", "days", "run_id"})
_SELECT: Final = f"""
    SELECT {", ".join(f"a.{name}" for name in _KEPT)},
        (
            SELECT min(s.partition) FROM alerts AS s
            WHERE s.monitor = a.monitor AND s.cause = a.cause AND s.episode = a.episode
        ) AS since,
        (
            SELECT count(*) FROM alerts AS s
            WHERE s.monitor = a.monitor AND s.cause = a.cause AND s.episode = a.episode
                AND s.partition <= a.partition
        ) AS days,
        e.run_id
    FROM alerts AS a
    LEFT JOIN evaluations AS e ON e.monitor = a.monitor AND e.partition = a.partition
"""  # noqa: S608  # our own names
_IDENTITY: Final = "monitor = $monitor AND partition = $partition AND cause = $cause"
_EPISODE: Final = "monitor = $monitor AND cause = $cause AND episode = $episode"
OVER: Final = "a later day is good"


def post(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    alerts: Sequence[NewAlert],
    *,
    now: datetime,
    standing: Collection[str] = (),
    silent: Collection[str] = (),
) -> None:
    """Bring the alerts of a reported day, and what it ends, up to what its latest run says.

    A cause that is already known keeps its state, so that what was told is not told again; one
    that was resolved and is back begins anew, unless a later day is good: then it stays over. One
    that is gone becomes resolved, and so do the alerts of earlier days of that cause, unless the
    day says nothing of it: it is among those ``standing``, or concerns a column that is among the
    ``silent``, the ones not evaluated.
    """
    found = {alert.cause for alert in alerts}
    rows = connection.execute(
        "SELECT partition, cause, episode, sizes FROM alerts "
        "WHERE monitor = $monitor AND state <> 'resolved' AND ("
        "(partition = $partition AND ends <> 'said') "
        "OR (partition < $partition AND ends = 'good_day'))",
        {"monitor": monitor, "partition": partition},
    ).fetchall()
    for day, cause, episode, sizes in rows:
        concerned = json.loads(sizes)
        unknown = bool(silent) and (not concerned or any(name in concerned for name in silent))
        if cause not in found and cause not in standing and not unknown:
            _resolve(connection, monitor, day, cause, now=now, is_withdrawn=day == partition)
            _end(connection, monitor, cause, episode, now=now)
    for alert in alerts:
        add(connection, monitor, partition, alert, now=now, is_reported=True)


def add(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    alert: NewAlert,
    *,
    now: datetime,
    is_reported: bool = False,
) -> None:
    """Add an alert to those of a day, or bring the one that is known up to date.

    What a later good day has ended stays resolved; of what is ``is_reported`` of a day before a
    good one nobody hears.
    """
    identity = {"monitor": monitor, "partition": partition, "cause": alert.cause}
    values = identity | {
        "title": storable_text(alert.title),
        "text": storable_text(alert.text),
        "payload": _json(alert.payload),
        "sizes": _json(alert.sizes),
        "severity": alert.severity,
        "ends": alert.ends,
        "now": now,
    }
    known = connection.execute(
        f"SELECT state, episode FROM alerts WHERE {_IDENTITY}",  # noqa: S608  # our own text
        identity,
    ).fetchone()
    if known is not None and known[0] != "resolved":
        connection.execute(
            "UPDATE alerts SET title = $title, text = $text, payload = $payload, "  # noqa: S608  # our own text
            "sizes = $sizes, severity = $severity, ends = $ends, updated_at = $now, "
            # Worse than what was told? That is decided anew.
            f"decided_at = NULL WHERE {_IDENTITY}",
            values,
        )
        return
    is_over = alert.ends == "good_day" and bool(_good_days(connection, monitor, alert, partition))
    if known is not None and is_over:
        connection.execute(
            "UPDATE alerts SET title = $title, text = $text, payload = $payload, "  # noqa: S608  # our own text
            f"sizes = $sizes, severity = $severity, updated_at = $now WHERE {_IDENTITY}",
            {name: value for name, value in values.items() if name != "ends"},
        )
        return
    is_over = is_over and is_reported
    good = _good_days(connection, monitor, alert, date.min) if is_over else []
    kept = None if known is None else _forget(connection, identity, known[1])
    # The nearest day of the open episode names it, be it an earlier or, if days come late, a later.
    near = connection.execute(
        "SELECT partition, episode FROM alerts WHERE monitor = $monitor AND cause = $cause "
        "AND ends = $ends AND (state <> 'resolved' OR $is_over) "
        "ORDER BY abs(partition - $partition)",
        {**identity, "ends": alert.ends, "is_over": is_over},
    ).fetchall()
    joined = [
        episode
        for day, episode in near
        if not any(min(day, partition) < between < max(day, partition) for between in good)
    ]
    values["episode"] = kept or (joined[0] if joined else partition)
    values["state"] = "resolved" if is_over else "open"
    values["status"] = "suppressed" if is_over else None
    values["why"] = OVER if is_over else ""
    values["over_at"] = now if is_over else None
    connection.execute(
        "INSERT INTO alerts (monitor, partition, cause, title, text, payload, state, created_at, "
        "updated_at, severity, ends, episode, sizes, status, why, decided_at, resolved_at) VALUES "
        "($monitor, $partition, $cause, $title, $text, $payload, $state, $now, $now, $severity, "
        "$ends, $episode, $sizes, $status, $why, $over_at, $over_at)",
        values,
    )


def _good_days(
    connection: duckdb.DuckDBPyConnection, monitor: str, alert: NewAlert, after: date
) -> list[date]:
    """Return the days after one that were reported without a cause, and not silent of it."""
    rows = connection.execute(
        "SELECT e.partition FROM evaluations AS e LEFT JOIN ("
        "SELECT DISTINCT partition FROM alerts "
        "WHERE monitor = $monitor AND cause = $cause AND state <> 'resolved'"
        ") AS bad ON bad.partition = e.partition LEFT JOIN ("
        "SELECT DISTINCT partition FROM feature_drift "
        "WHERE monitor = $monitor AND verdict = 'not_evaluated' "
        "AND partition > $after AND ($every OR list_contains($names::VARCHAR[], feature))"
        ") AS silent ON silent.partition = e.partition "
        "WHERE e.monitor = $monitor AND e.partition > $after "
        "AND bad.partition IS NULL AND silent.partition IS NULL",
        {
            "monitor": monitor,
            "cause": alert.cause,
            "after": after,
            "every": not alert.sizes,
            "names": [storable_text(name) for name in alert.sizes],
        },
    ).fetchall()
    return [day for (day,) in rows]


def _forget(
    connection: duckdb.DuckDBPyConnection, identity: Mapping[str, Any], episode: date
) -> date | None:
    """Remove a resolved alert that begins anew; return its episode if it must go on in that.

    An end that is not told yet goes over to another day of the episode. If there is none, the
    episode goes on, for the channels that have not heard of its end.
    """
    unsent = "event = 'resolve' AND (state IN ('pending', 'failed') OR next_attempt_at IS NOT NULL)"
    rows = connection.execute(
        f"SELECT channel FROM deliveries WHERE {_IDENTITY} AND {unsent}",  # noqa: S608  # our own text
        identity,
    ).fetchall()
    channels = [channel for (channel,) in rows]
    ((other,),) = connection.execute(
        f"SELECT max(partition) FROM alerts WHERE {_EPISODE} AND partition <> $partition",  # noqa: S608  # our own text
        {**identity, "episode": episode},
    ).fetchall()
    for channel in channels if other is not None else ():
        moved = {**identity, "channel": channel, "other": other}
        connection.execute(
            "DELETE FROM deliveries WHERE monitor = $monitor AND partition = $partition "
            "AND cause = $cause AND event = 'resolve' AND channel = $channel",
            {name: value for name, value in moved.items() if name != "other"}
            | {"partition": other},
        )
        connection.execute(
            f"UPDATE deliveries SET partition = $other WHERE {_IDENTITY} "  # noqa: S608  # our own text
            "AND event = 'resolve' AND channel = $channel",
            moved,
        )
    goes_on = other is None and bool(channels)
    connection.execute(
        f"DELETE FROM deliveries WHERE {_IDENTITY} "  # noqa: S608  # our own text
        "AND NOT (event = 'trigger' AND list_contains($channels::VARCHAR[], channel))",
        {**identity, "channels": channels if goes_on else []},
    )
    connection.execute(f"DELETE FROM alerts WHERE {_IDENTITY}", identity)  # noqa: S608  # our own text
    return episode if goes_on else None


def _resolve(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    cause: str,
    *,
    now: datetime,
    is_withdrawn: bool,
) -> None:
    """Resolve one alert; what its own day has taken back is not told any more."""
    identity = {"monitor": monitor, "partition": partition, "cause": cause}
    connection.execute(
        "UPDATE alerts SET state = 'resolved', resolved_at = $now, updated_at = $now "  # noqa: S608  # our own text
        f"WHERE {_IDENTITY}",
        identity | {"now": now},
    )
    if is_withdrawn:
        connection.execute(
            "UPDATE alerts SET status = 'suppressed', why = $why, decided_at = $now "  # noqa: S608  # our own text
            f"WHERE {_IDENTITY} AND status IS NULL",
            identity | {"now": now, "why": WITHDRAWN},
        )
        connection.execute(
            # One that was tried may have been heard: that it is over is told to who has it.
            # Somebody may be sending it right now: its end waits until that is known.
            "UPDATE deliveries SET state = 'suppressed', detail = $why, next_attempt_at = CASE "  # noqa: S608  # our own text
            "WHEN attempts > 0 AND next_attempt_at > $now AND next_attempt_at <= $claimed "
            "THEN next_attempt_at END, "
            f"updated_at = $now WHERE {_IDENTITY} AND state IN ('pending', 'failed')",
            identity | {"now": now, "why": WITHDRAWN, "claimed": now + deliveries.CLAIM},
        )


def _refused() -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    # It would wait for the session that it is asked in.
    raise ValueError("Found a write `at_once`, expected questions only: write later.")


def _end(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    cause: str,
    episode: date,
    *,
    now: datetime,
) -> None:
    """If no day of an episode is open any more, have its end told to whoever heard of it."""
    values = {"monitor": monitor, "cause": cause, "episode": episode}
    (left,) = connection.execute(
        f"SELECT count(*) FILTER (state <> 'resolved') FROM alerts WHERE {_EPISODE}",  # noqa: S608  # our own text
        values,
    ).fetchone() or (0,)
    if left:
        return
    deliveries.follow_up(connection, monitor, cause, episode, "resolve", now=now)


def _json(value: Mapping[str, Any]) -> str:
    # Not in ASCII: JSON could then name half a character, which DuckDB refuses.
    return storable_text(json.dumps(dict(value), allow_nan=False, ensure_ascii=False))


def _alert(row: Sequence[Any]) -> Alert:
    values = dict(zip((*_KEPT, "since", "days", "run_id"), row, strict=True))
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = value.astimezone(UTC)
    return Alert(
        **values
        | {"payload": json.loads(values["payload"]), "sizes": json.loads(values["sizes"] or "{}")}
    )


@dataclass(frozen=True, slots=True)
class Outbox:
    """The alerts of a history: `History.outbox`.

    Attributes
    ----------
    reading, writing
        Give the history's connection.
    """

    reading: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection | None]]
    writing: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]

    @contextmanager
    def at_once(self) -> Iterator["Outbox"]:
        """Give this outbox for several questions in a row, as `History.at_once` does."""
        with self.reading() as connection:
            yield replace(self, reading=lambda: nullcontext(connection), writing=_refused)

    def post(self, monitor: str, partition: date, alert: NewAlert) -> None:
        """Give cause to tell people; whoever delivers next decides who hears of it.

        The same cause of the same day brings the alert up to date and is not told again,
        unless it has become worse. Other causes stay as they are.
        """
        with self.writing() as connection:
            add(connection, monitor, partition, alert, now=datetime.now(UTC))

    def end(
        self,
        monitor: str,
        cause: str,
        *,
        episode: date | None = None,
        partition: date | None = None,
        now: datetime | None = None,
    ) -> int:
        """Resolve what is open of a cause, in one episode or all; return how many days that were.

        With ``partition`` only that day. Whoever heard of it is told that it is over once no
        day of the episode is open.
        """
        moment = now or datetime.now(UTC)
        open_ones = [
            alert
            for alert in self.alerts(monitor, open_only=True)
            if alert.cause == cause
            and episode in {None, alert.episode}
            and partition in {None, alert.partition}
        ]
        if not open_ones:
            return 0
        with self.writing() as connection:
            for alert in open_ones:
                _resolve(
                    connection, monitor, alert.partition, cause, now=moment, is_withdrawn=False
                )
            for day in {alert.episode for alert in open_ones}:
                _end(connection, monitor, cause, day, now=moment)
        return len(open_ones)

    def acknowledge(self, alert: Alert, *, by: str, now: datetime | None = None) -> int:
        """Note that somebody looks after the open days of an alert's episode; return how many.

        Channels that have incidents are told, as soon as somebody delivers.
        """
        moment = now or datetime.now(UTC)
        identity = {"monitor": alert.monitor, "cause": alert.cause, "episode": alert.episode}
        with self.writing() as connection:
            rows = connection.execute(
                f"SELECT 1 FROM alerts WHERE {_EPISODE} AND state = 'open'",  # noqa: S608  # our own text
                identity,
            ).fetchall()
            connection.execute(
                "UPDATE alerts SET state = 'acknowledged', acknowledged_at = $now, "  # noqa: S608  # our own text
                f"acknowledged_by = $by, updated_at = $now WHERE {_EPISODE} AND state = 'open'",
                identity | {"by": storable_text(by), "now": moment},
            )
            if rows:
                deliveries.follow_up(
                    *(connection, alert.monitor, alert.cause, alert.episode, "acknowledge"),
                    now=moment,
                )
        return len(rows)

    def resend(self, alert: Alert | None = None, *, now: datetime | None = None) -> int:
        """Make deliveries due at once, and return how many: of one alert all, else what failed."""
        with self.writing() as connection:
            return deliveries.make_due(
                connection,
                None if alert is None else (alert.monitor, alert.partition, alert.cause),
                now=now or datetime.now(UTC),
            )

    def mute(
        self, monitor: str, *, until: date | None, reason: str = "", now: datetime | None = None
    ) -> None:
        """Have people hear nothing of a monitor before a day; None: hear of it again at once."""
        with self.writing() as connection:
            connection.execute("DELETE FROM alert_mutes WHERE monitor = ?", [monitor])
            if until is not None:
                connection.execute(
                    "INSERT INTO alert_mutes VALUES (?, ?, ?, ?)",
                    [monitor, until, storable_text(reason), now or datetime.now(UTC)],
                )

    def muted_until(self, monitor: str) -> date | None:
        """Return the first day on which people hear of a monitor again; None if not muted."""
        with self.reading() as connection:
            return None if connection is None else deliveries.muted_until(connection, monitor)

    def alerts(
        self,
        monitor: str | None = None,
        *,
        partition: date | None = None,
        open_only: bool = False,
    ) -> list[Alert]:
        """Return alerts, the latest day first; none is no error."""
        with self.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                f"{_SELECT} WHERE ($monitor IS NULL OR a.monitor = $monitor) "
                "AND ($partition IS NULL OR a.partition = $partition) "
                "AND ($every OR a.state <> 'resolved') "
                "ORDER BY a.partition DESC, a.monitor, a.cause",
                {"monitor": monitor, "partition": partition, "every": not open_only},
            ).fetchall()
            return [_alert(row) for row in rows]

    def alert(self, monitor: str, partition: date, cause: str) -> Alert:
        """Return one alert.

        Raises
        ------
        HistoryError
            If there is none.
        """
        found = self.alerts(monitor, partition=partition)
        for one in found:
            if one.cause == cause:
                return one
        known = ", ".join(one.id for one in found or self.alerts(monitor)[:5])
        raise HistoryError(
            f"Found no alert '{monitor}:{partition}:{cause}', expected one of: {known or 'none'}. "
            "See `drift-assets alerts list --all`."
        )

    def words(self, monitor: str | None = None) -> dict[str, str]:
        """Return the state of each alert in one word, as `alert_history` has it, by its id."""
        with self.reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute(
                "SELECT monitor, partition, cause, state FROM alert_history "
                "WHERE $monitor IS NULL OR monitor = $monitor",
                {"monitor": monitor},
            ).fetchall()
            return {f"{name}:{day}:{cause}": state for name, day, cause, state in rows}

    def deliveries(self, alert: Alert) -> list[Delivery]:
        """Return what became of telling an alert, in order."""
        with self.reading() as connection:
            if connection is None:
                return []
            return deliveries.read(connection, alert.monitor, alert.partition, alert.cause)

    def episodes(self, monitor: str, *, open_only: bool = False) -> list[Episode]:
        """Return a monitor's episodes, the latest first; none is no error."""
        names = ", ".join(f.name for f in fields(Episode))
        with self.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                f"SELECT {names} FROM episode_history WHERE monitor = ? "  # noqa: S608  # our own names
                "AND (? OR state <> 'resolved') ORDER BY last_partition DESC, cause",
                [monitor, not open_only],
            ).fetchall()
            return [Episode(*row) for row in rows]

    def is_due(self, monitor: str, *, now: datetime) -> bool:
        """Return whether there is anything to decide or to send; it takes nothing."""
        with self.reading() as connection:
            return connection is not None and deliveries.is_due(connection, monitor, now=now)

    def take(
        self, monitor: str, *, decide: Decide, look: Look, now: datetime, most: int
    ) -> list[tuple[Alert, Due]]:
        """Decide on what was posted, then take what is due, so that nobody else does.

        Parameters
        ----------
        monitor
            Whose.
        decide
            Says who hears of an alert; it reads and writes nothing.
        look
            Says of what is due whether it may go out now.
        now
            The present.
        most
            How many to take.
        """
        with self.writing() as connection:
            rows = connection.execute(
                f"{_SELECT} WHERE a.monitor = ? AND a.decided_at IS NULL ORDER BY a.partition",
                [monitor],
            ).fetchall()
            for alert in map(_alert, rows):
                deliveries.plan(connection, alert, decide, now=now)
                if alert.state == "resolved":
                    _end(connection, monitor, alert.cause, alert.episode, now=now)
            muted = deliveries.muted_until(connection, monitor)
            taken: list[tuple[Alert, Due]] = []
            for due in deliveries.due(connection, monitor, now=now):
                if len(taken) == most:
                    break
                row = connection.execute(
                    f"{_SELECT} WHERE a.monitor = ? AND a.partition = ? AND a.cause = ?",
                    [monitor, due.partition, due.cause],
                ).fetchone()
                if row is not None:
                    alert = _alert(row)
                    if deliveries.claim(connection, due, look(alert, due, muted), now=now):
                        taken.append((alert, due))
            return taken

    def sent(self, due: Due, *, now: datetime) -> None:
        """Note that a channel has accepted what was taken."""
        with self.writing() as connection:
            deliveries.mark_sent(connection, due, now=now)

    def failed(self, due: Due, *, detail: str, again_at: datetime | None, now: datetime) -> None:
        """Note that a channel has not, and when it is tried again, if at all."""
        with self.writing() as connection:
            deliveries.mark_failed(connection, due, detail=detail, again_at=again_at, now=now)

    def give_back(self, dues: Sequence[Due], *, at: datetime, now: datetime) -> None:
        """Leave what was taken and not tried to a later moment."""
        if dues:
            with self.writing() as connection:
                for one in dues:
                    deliveries.give_back(connection, one, at=at, now=now)

    def troubles(self, monitor: str | None = None) -> list[Trouble]:
        """Return the channels that accept nothing, with what they say; none is no error."""
        with self.reading() as connection:
            return [] if connection is None else deliveries.troubles(connection, monitor)
