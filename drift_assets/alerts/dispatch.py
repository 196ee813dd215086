"""From what is to be said to what goes out: its gravity, its key, its links, how long it lasts."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from drift_assets.alert_settings import Alerts, SeverityName
from drift_assets.alerts.message import BREACH_CAUSE, CHECK_CAUSE, Message
from drift_assets.alerts.outgoing import Event, Outgoing


@dataclass(frozen=True, slots=True)
class Course:
    """Where in its episode a message stands.

    Attributes
    ----------
    key
        What is the same for all that is said in the episode.
    since, days
        Its first day, and how many days of it there are so far.
    status, why
        Whether it is ``new``, ``worse`` or ``still`` so, and why people are told.
    run_id
        The run that reported the day; None if none has.
    """

    key: str
    since: date
    days: int = 1
    status: str = "new"
    why: str = ""
    run_id: str | None = None


def severity_of(message: Message, settings: Alerts) -> SeverityName:
    """Return how grave a message is: a breach as the monitor says, a data check an error.

    Anything else is a warning.

    Examples
    --------
    >>> from datetime import date
    >>> severity_of(Message("churn", date(2026, 1, 2), "breach", "", "", {}), Alerts())
    'error'
    """
    if message.cause == CHECK_CAUSE:
        return "error"
    if message.cause != BREACH_CAUSE:
        return "warning"
    if message.payload.get("dataset_verdict") == "breach":
        return settings.dataset_severity or settings.severity
    return settings.severity


def outgoing_of(
    message: Message,
    settings: Alerts,
    *,
    severity: SeverityName | None = None,
    course: Course | None = None,
    event: Event = "trigger",
) -> Outgoing:
    """Return a message as channels take it.

    Parameters
    ----------
    message
        What is said.
    settings
        Hold the links.
    severity
        How grave it is; by default as `severity_of` says.
    course
        Where in its episode it stands; by default at the beginning of one.
    event
        ``resolve`` says that it is over.

    Examples
    --------
    >>> from datetime import date
    >>> found = outgoing_of(Message("churn", date(2026, 1, 2), "trend", "t", "t", {}), Alerts())
    >>> found.severity, found.key
    ('warning', 'churn:2026-01-02:trend')
    """
    name, day = message.monitor, message.partition
    at = course or Course(f"{name}:{day}:{message.cause}", day)
    links = {}
    if settings.links.reports is not None:
        links["report"] = f"{settings.links.reports.rstrip('/')}/{name}/{day}.html"
    if settings.links.dagster is not None:
        base = settings.links.dagster.rstrip("/")
        links["Dagster"] = f"{base}/assets/{name}/report?partition={day}"
        if at.run_id is not None:
            links["run"] = f"{base}/runs/{at.run_id}"
    title, text = (_over if event == "resolve" else _going_on)(message, at)
    return Outgoing(
        event,
        severity or severity_of(message, settings),
        at.key,
        title,
        text,
        {**message.payload, "episode": _payload(at)},
        links,
        # Of what was said: a day that was run again and is worse is another message.
        f"{at.key}:{day}:{event}:{sha256(text.encode()).hexdigest()[:12]}",
    )


def trial(channel: str) -> Outgoing:
    """Return the message by which somebody tries a channel."""
    title = f"drift_assets: a trial of the channel {channel}"
    text = f"{title}\nNothing is wrong: somebody tries whether this channel works."
    payload = {"schema_version": 1, "cause": "test", "monitor": "drift_assets", "title": title}
    return Outgoing("test", "info", f"drift_assets:test:{channel}", title, text, payload)


def _going_on(message: Message, at: Course) -> tuple[str, str]:
    if at.days == 1 and at.status == "new":
        return message.title, message.text
    title = f"{message.title} (day {at.days})" if at.days > 1 else message.title
    rest = message.text.partition("\n")[2]
    lasting = f"{_lasted(at)}; {at.status}: {at.why}"
    return title, "\n".join(part for part in (title, lasting, rest) if part)


def _over(message: Message, at: Course) -> tuple[str, str]:
    title = f"{message.monitor}: {message.cause} is over, it was so {_lasted(at)}"
    return title, f"{title}\nlast: {message.title}"


def _lasted(at: Course) -> str:
    return f"on {at.days} day{'s' * (at.days > 1)} since {at.since}"


def _payload(at: Course) -> dict[str, Any]:
    return {
        "since": at.since.isoformat(),
        "days": at.days,
        "status": at.status,
        "why": at.why,
    }
