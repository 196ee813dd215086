"""Who takes what is due from an outbox, and says what became of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from drift_assets.alert_policy import Told
from drift_assets.store import Alert, Due, History, Outbox, Plan


def now(**later: float) -> datetime:
    """Return the present, by which the history writes too, or some ``hours`` later."""
    return datetime.now(UTC) + timedelta(**later)


def take(
    outbox: Outbox,
    *,
    monitor: str = "loans",
    channels: Sequence[str] = ("hook",),
    at: datetime | None = None,
    most: int = 1000,
) -> list[tuple[Alert, Due]]:
    """Take what is due; whatever is new is told to every channel, what was told is not."""

    def decide(alert: Alert, told: Told | None, _: date | None) -> Plan:
        if told is not None and told.partition == alert.partition:
            return Plan(None, "", {})
        if told is not None:
            return Plan("suppressed", "told before", {})
        return Plan("new", "first day", dict.fromkeys(channels, ""))

    return outbox.take(monitor, decide=decide, look=lambda *_: None, now=at or now(), most=most)


def deliver(history: History, *, at: datetime | None = None) -> list[tuple[str, str, str]]:
    """Take and send all, and return event, day and key of each."""
    sent: list[tuple[str, str, str]] = []
    for alert, due in take(history.outbox, at=at):
        history.outbox.sent(due, now=at or now())
        sent.append((due.event, str(alert.partition), alert.key))
    return sent
