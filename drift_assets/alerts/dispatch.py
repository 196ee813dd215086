"""From what is to be said to what goes out: its gravity, its key and its links."""

from drift_assets.alert_settings import Alerts
from drift_assets.alerts.message import BREACH_CAUSE, Message
from drift_assets.alerts.outgoing import Outgoing


def outgoing_of(message: Message, settings: Alerts) -> Outgoing:
    """Return a message as channels take it.

    A breach is as grave as the monitor says, anything else a warning; the key
    is that of monitor, day and cause.

    Examples
    --------
    >>> from datetime import date
    >>> found = outgoing_of(Message("churn", date(2026, 1, 2), "trend", "t", "t", {}), Alerts())
    >>> found.severity, found.key
    ('warning', 'churn:2026-01-02:trend')
    """
    name, day = message.monitor, message.partition
    links = {}
    if settings.links.reports is not None:
        links["report"] = f"{settings.links.reports.rstrip('/')}/{name}/{day}.html"
    if settings.links.dagster is not None:
        base = settings.links.dagster.rstrip("/")
        links["Dagster"] = f"{base}/assets/{name}/report?partition={day}"
    return Outgoing(
        "trigger",
        settings.severity if message.cause == BREACH_CAUSE else "warning",
        f"{name}:{day}:{message.cause}",
        message.title,
        message.text,
        message.payload,
        links,
    )
