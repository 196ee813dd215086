"""Actions as the history keeps them: decided together with the day, each started once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

import duckdb

from drift_assets.actions import DayVerdict, Event
from drift_assets.errors import UnknownNameError
from drift_assets.store.tables import storable_text
from drift_assets.verdicts import Verdict

ActionKind = Literal["job", "webhook", "call"]
ActionState = Literal["pending", "started", "done", "failed", "withdrawn"]

MOST_ATTEMPTS: Final = 5
"""How often a webhook that does not answer is tried."""
FIRST_WAIT: Final = timedelta(minutes=10)
"""How long after the first attempt the second is due; then twice as long, and so on."""
CLAIM: Final = timedelta(minutes=15)
"""How long a run that took a webhook has for it, before another run may take it."""


@dataclass(frozen=True, slots=True)
class NewAction:
    """What a day gives cause to start.

    Attributes
    ----------
    event
        What it is told.
    kind
        What is started.
    cool_down_days
        Days of data for which it is not started again, whatever the baseline.
    """

    event: Event
    kind: ActionKind
    cool_down_days: int


@dataclass(frozen=True, slots=True)
class KeptAction:
    """An action as the history keeps it; monitor, action, baseline and cause are its identity."""

    monitor: str
    action: str
    baseline_id: str
    cause: str
    partition: date
    kind: ActionKind
    reason: str
    payload: dict[str, Any]
    state: ActionState
    detail: str
    run_id: str | None
    attempts: int
    created_at: datetime
    updated_at: datetime

    @property
    def key(self) -> str:
        """What tells it from all others, and never changes."""
        return str(self.payload["key"])


_COLUMNS: Final = tuple(f.name for f in fields(KeptAction))
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM actions"  # noqa: S608  # our own names
_IDENTITY: Final = (
    "monitor = $monitor AND action = $action AND baseline_id = $baseline_id AND cause = $cause"
)


def decide(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    actions: Sequence[NewAction],
    *,
    now: datetime,
) -> None:
    """Bring the actions of a day up to what its latest run says.

    What was started stays, whatever is said now. What was not, and has no cause any more, is
    withdrawn. Nothing is started twice for a baseline and cause, nor within its cool-down.
    """
    wanted = {(new.event.action, new.event.baseline_id, new.event.cause) for new in actions}
    pending = connection.execute(
        "SELECT action, baseline_id, cause FROM actions "
        "WHERE monitor = ? AND partition = ? AND state = 'pending'",
        [monitor, partition],
    ).fetchall()
    for action, baseline_id, cause in set(pending) - wanted:
        connection.execute(
            f"UPDATE actions SET state = 'withdrawn', updated_at = $now WHERE {_IDENTITY}",  # noqa: S608  # our own text
            {
                "monitor": monitor,
                "action": action,
                "baseline_id": baseline_id,
                "cause": cause,
                "now": now,
            },
        )
    for new in actions:
        _decide_one(connection, partition, new, now=now)


def _decide_one(
    connection: duckdb.DuckDBPyConnection, partition: date, new: NewAction, *, now: datetime
) -> None:
    event = new.event
    identity = {
        "monitor": event.monitor,
        "action": event.action,
        "baseline_id": event.baseline_id,
        "cause": event.cause,
    }
    said = {
        "partition": partition,
        "reason": storable_text(event.reason),
        "payload": storable_text(json.dumps(event.to_dict(), allow_nan=False, ensure_ascii=False)),
        "now": now,
    }
    known = connection.execute(
        f"SELECT state, partition FROM actions WHERE {_IDENTITY}",  # noqa: S608  # our own text
        identity,
    ).fetchone()
    if known is not None and (known[0] == "withdrawn" or known == ("pending", partition)):
        connection.execute(
            "UPDATE actions SET state = 'pending', partition = $partition, reason = $reason, "  # noqa: S608  # our own text
            f"payload = $payload, updated_at = $now WHERE {_IDENTITY}",
            identity | said,
        )
    if known is not None or _cools_down(connection, partition, new):
        return
    connection.execute(
        "INSERT INTO actions VALUES ($monitor, $action, $baseline_id, $cause, $partition, $kind, "
        "$reason, $payload, 'pending', '', NULL, 0, $now, $now)",
        identity | said | {"kind": new.kind},
    )


def _cools_down(connection: duckdb.DuckDBPyConnection, partition: date, new: NewAction) -> bool:
    rows = connection.execute(
        "SELECT 1 FROM actions WHERE monitor = ? AND action = ? AND state <> 'withdrawn' "
        "AND abs(partition - CAST(? AS DATE)) < ?",
        [new.event.monitor, new.event.action, partition, new.cool_down_days],
    ).fetchall()
    return bool(rows)


def claim(
    connection: duckdb.DuckDBPyConnection, monitor: str, *, now: datetime
) -> list[KeptAction]:
    """Take the webhooks and functions that are due, oldest first, so that no other run does.

    A webhook that failed is due again, a few times, later each time, and so is one whose
    process was killed. A function is called once: nobody knows how far it came.
    """
    rows = connection.execute(
        f"{_SELECT} WHERE monitor = ? AND kind <> 'job' AND state <> 'done' "
        "ORDER BY created_at, action, cause",
        [monitor],
    ).fetchall()
    taken = []
    for one in filter(partial(_is_due, now=now), map(_kept, rows)):
        note(connection, one, "started", detail=one.detail, now=now)
        taken.append(replace(one, state="started"))
    return taken


def _is_due(action: KeptAction, *, now: datetime) -> bool:
    waited: timedelta = now - action.updated_at
    if action.state == "pending":
        return True
    if action.state == "failed" and not action.attempts:
        # It was never tried: something was not set up.
        return True
    if action.kind != "webhook" or action.attempts >= MOST_ATTEMPTS:
        return False
    if action.state == "failed":
        return waited >= FIRST_WAIT * float(2 ** (action.attempts - 1))
    return action.state == "started" and waited >= CLAIM


def note(
    connection: duckdb.DuckDBPyConnection,
    action: KeptAction,
    state: ActionState,
    *,
    detail: str,
    now: datetime,
    run_id: str | None = None,
    is_attempt: bool = False,
) -> bool:
    """Note what became of an action; return whether it still was as ``action`` says."""
    changed = connection.execute(
        "UPDATE actions SET state = $state, detail = $detail, updated_at = $now, "  # noqa: S608  # our own text
        "run_id = coalesce($run_id, run_id), attempts = attempts + $attempts "
        f"WHERE {_IDENTITY} AND state = $was",
        {
            "state": state,
            "was": action.state,
            "detail": storable_text(detail),
            "now": now,
            "run_id": run_id,
            "attempts": int(is_attempt),
            "monitor": action.monitor,
            "action": action.action,
            "baseline_id": action.baseline_id,
            "cause": action.cause,
        },
    ).fetchone()
    return bool(changed and changed[0])


def read(
    connection: duckdb.DuckDBPyConnection, monitor: str | None = None, *, open_only: bool = False
) -> list[KeptAction]:
    """Return the actions of a monitor, or of all, the latest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE ($monitor IS NULL OR monitor = $monitor) "
        "AND (NOT $open_only OR state IN ('pending', 'started')) "
        "ORDER BY created_at DESC, monitor, action, cause",
        {"monitor": monitor, "open_only": open_only},
    ).fetchall()
    return [_kept(row) for row in rows]


def start_again(
    connection: duckdb.DuckDBPyConnection, monitor: str, action: str, *, now: datetime
) -> KeptAction:
    """Make the latest decision for an action pending again, and return it as it was.

    Raises
    ------
    UnknownNameError
        If the history has none of that name.
    """
    rows = read(connection, monitor)
    found = next((one for one in rows if one.action == action), None)
    if found is None:
        raise UnknownNameError(
            f"decided action of {monitor!r}", action, sorted({one.action for one in rows})
        )
    connection.execute(
        "UPDATE actions SET state = 'pending', run_id = NULL, updated_at = $now, "  # noqa: S608  # our own text
        # A run of Dagster is told from the one before it by this number.
        "attempts = CASE kind WHEN 'job' THEN attempts ELSE 0 END, "
        f"detail = 'to be started again' WHERE {_IDENTITY}",
        {
            "monitor": found.monitor,
            "action": found.action,
            "baseline_id": found.baseline_id,
            "cause": found.cause,
            "now": now,
        },
    )
    return found


def day_verdicts(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    *,
    baseline_id: str,
    days: int,
) -> list[DayVerdict]:
    """Return what was said of the evaluated days before a day, the latest first, at most ``days``.

    Only reports against the same baseline count.
    """
    rows = connection.execute(
        "SELECT partition, verdict, drift_share FROM evaluations "
        "WHERE monitor = ? AND partition < ? AND baseline_id = ? AND verdict <> 'not_evaluated' "
        "ORDER BY partition DESC LIMIT ?",
        [monitor, partition, baseline_id, days],
    ).fetchall()
    return [DayVerdict(day, Verdict(verdict), share) for day, verdict, share in rows]


def _kept(row: Sequence[Any]) -> KeptAction:
    values: Mapping[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    instants = {n: v.astimezone(UTC) for n, v in values.items() if isinstance(v, datetime)}
    return KeptAction(**{**values, **instants, "payload": json.loads(values["payload"])})
