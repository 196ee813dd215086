"""Delivery: what the outbox holds is told to whom it concerns, now or once it is due again.

Every run, every tick of the sensor and every command does the same; what one has taken, no
other does.
"""

import logging
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from drift_assets.alert_policy import Told, decide, not_for, pause, quiet_until
from drift_assets.alert_settings import Alerts, Audience, SeverityName
from drift_assets.alerts import (
    CHANNEL_CAUSE,
    MISSING_CAUSE,
    RUN_CAUSE,
    Channel,
    Course,
    Incidents,
    Message,
    Outgoing,
    channels_failing_message,
    channels_for,
    channels_off,
    outgoing_of,
)
from drift_assets.alerts.channels import LOG
from drift_assets.declarations import read_alerts
from drift_assets.errors import ConfigurationError, DeliveryError, DriftAssetsError
from drift_assets.monitors import Monitor
from drift_assets.orchestration.day import Workplace
from drift_assets.store import Alert, Due, NewAlert, Outbox, Plan, Trouble, Wait

BATCH: Final = 5
"""Taken at a time: even if none is answered, they are done before another may take them."""
FAILING_AFTER: Final = timedelta(hours=1)
"""A channel that has accepted nothing for so long is told of by the others."""
OFF_FOR: Final = timedelta(days=1)
"""How long an alert waits for the variable of its channel: a shell may lack what the daemon has."""
OFF_PAUSE: Final = timedelta(minutes=15)

_SILENT: Final = logging.getLogger(f"{__name__}.silent")
_SILENT.disabled = True


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of delivering.

    Attributes
    ----------
    sent
        Messages that a channel has accepted, the log included.
    failures
        Channel and error of each that was not.
    channels, off
        The channels that are on, and those that are off with the variable that is not set.
    """

    sent: int
    failures: tuple[str, ...]
    channels: tuple[str, ...]
    off: tuple[str, ...]


def alerts_of(workplace: Workplace) -> Alerts:
    """Return the alert settings of a monitor, on top of those of the project's ``alerts.yaml``.

    Raises
    ------
    ConfigurationError
        If there are mistakes in that file.
    """
    return workplace.monitor.alerts.over(read_alerts(workplace.place.root))


def deliver(
    monitor: Monitor,
    alerts: Alerts,
    outbox: Outbox,
    logger: logging.Logger,
    *,
    environment: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    budget_seconds: float | None = None,
) -> Delivered:
    """Decide who hears of what was posted, and send what is due; return what came of it.

    Nothing is raised for a channel that does not accept: it is tried again, by whoever delivers
    next.

    Parameters
    ----------
    monitor, alerts, outbox
        Whose, by which settings, from where.
    logger
        What the channel ``log`` writes to.
    environment
        Where the secrets are; by default the process's environment.
    now
        The clock.
    budget_seconds
        After so long nothing more is begun; by default all that is due is sent.
    """
    is_due = outbox.is_due(monitor.name, now=now())
    # That a channel is off is said when it matters, not at every tick.
    speaker = logger if is_due else _SILENT
    channels = {one.name: one for one in channels_for(alerts, speaker, environment=environment)}
    off = channels_off(alerts, environment=environment)
    if not is_due:
        return Delivered(0, (), tuple(channels), tuple(off))
    stop_at = None if budget_seconds is None else time.monotonic() + budget_seconds
    one = _Pass(monitor, alerts, outbox, channels, off, now, stop_at)
    sent, failures = one.run()
    if (sent or failures) and _tell_of_channels(monitor, alerts, outbox, now()):
        more, others = one.run()
        sent, failures = sent + more, failures + others
    for failure in failures:
        logger.error("alert not delivered, it stays in the outbox: %s", failure)
    return Delivered(sent, tuple(failures), tuple(channels), tuple(off))


def message_of(alert: Alert) -> Message:
    """Return what a kept alert says."""
    return Message(
        *(alert.monitor, alert.partition, alert.cause, alert.title, alert.text, alert.payload),
        alert.sizes,
    )


def new_alert(message: Message, severity: SeverityName) -> NewAlert:
    """Return what the outbox keeps of a message."""
    return NewAlert(
        *(message.cause, message.title, message.text, message.payload),
        severity=severity,
        sizes=message.sizes,
    )


class _Pass:
    """One look at the outbox until nothing is due any more."""

    def __init__(
        self,
        monitor: Monitor,
        alerts: Alerts,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        off: Collection[str],
        now: Callable[[], datetime],
        stop_at: float | None,
    ) -> None:
        self._monitor, self._alerts, self._outbox = monitor, alerts, outbox
        self._channels, self._now, self._stop_at = channels, now, stop_at
        self._off = {text.partition(" ")[0]: text for text in off}
        self._broken: dict[str, datetime] = {}
        self._columns = _columns(monitor)
        self._audiences = {name: settings.only for name, settings in alerts.channels}

    def run(self) -> tuple[int, list[str]]:
        """Send what is due; return how many were sent, and the failures in words."""
        sent, failures = 0, []
        while not self._is_late():
            taken = self._outbox.take(
                self._monitor.name,
                decide=self._decide,
                look=self._look,
                now=self._now(),
                most=BATCH,
            )
            if not taken:
                break
            for place, (alert, due) in enumerate(taken):
                if self._is_late():
                    rest = [left for _, left in taken[place:]]
                    self._outbox.give_back(rest, at=self._now(), now=self._now())
                    break
                if due.channel in self._broken:
                    at = self._broken[due.channel]
                    self._outbox.give_back([due], at=at, now=self._now())
                    continue
                problem = self._send(alert, due)
                if problem:
                    failures.append(f"{due.channel}: {problem}")
                else:
                    sent += 1
            # To ask is cheaper than to take: what follows something sent may be due only now.
            if len(taken) < BATCH and not self._outbox.is_due(self._monitor.name, now=self._now()):
                break
        return sent, failures

    def _send(self, alert: Alert, due: Due) -> str:
        """Send one message and note what became of it; return the problem, "" if there is none."""
        again_at: datetime | None
        try:
            self._hand_over(self._channels[due.channel], alert, due)
        except DriftAssetsError as error:
            problem, again_at = str(error), self._again_at(error, due)
        except Exception as error:  # noqa: BLE001  # one channel must not silence the others
            # The text of an error that nobody foresaw may hold an address.
            problem = f"failed ({type(error).__name__})"
            again_at = self._again_at(error, due)
        else:
            # At once: whoever is killed now must not repeat it.
            self._outbox.sent(due, now=self._now())
            return ""
        if again_at is not None:
            self._broken[due.channel] = again_at
        self._outbox.failed(due, detail=problem, again_at=again_at, now=self._now())
        return problem

    def _hand_over(self, channel: Channel, alert: Alert, due: Due) -> None:
        if due.event == "acknowledge":
            if isinstance(channel, Incidents):
                channel.acknowledge(alert.key)
            return
        channel.send(_outgoing(alert, self._alerts, is_over=due.event == "resolve"))

    def _again_at(self, error: Exception, due: Due) -> datetime | None:
        if isinstance(error, ConfigurationError):
            return None
        asked = None
        if isinstance(error, DeliveryError):
            if error.is_permanent:
                return None
            asked = error.retry_after_seconds
        chance = random.random()  # noqa: S311  # no secret
        return self._now() + pause(due.attempts + 1, asked=asked, chance=chance)

    def _decide(self, alert: Alert, told: Told | None, muted_until: date | None) -> Plan:
        today = self._now().astimezone(ZoneInfo(self._monitor.timezone)).date()
        decision = decide(
            *(alert.partition, alert.severity, alert.sizes),
            said=told,
            settings=self._alerts,
            today=today,
            muted_until=muted_until,
            days_later=0 if self._monitor.deadline is None else self._monitor.deadline.days_later,
            begins_at_any_age=alert.cause in {MISSING_CAUSE, RUN_CAUSE},
        )
        # The log hears of every day: it is what happened, not a message to somebody.
        channels = {LOG: ""}
        if decision.is_told:
            channels |= {
                name: self._not_for(alert, name, settings.only)
                for name, settings in self._alerts.channels
            }
        return Plan(decision.status, decision.why, channels)

    def _not_for(self, alert: Alert, name: str, audience: Audience) -> str:
        if alert.cause == CHANNEL_CAUSE and name in alert.sizes:
            return "it is this channel that fails"
        known = [self._columns.get(column, (None, None)) for column in alert.sizes]
        return not_for(
            audience,
            severity=alert.severity,
            cause=alert.cause,
            groups={group for group, _ in known if group is not None},
            owners={owner for _, owner in known if owner is not None},
        )

    def _look(self, alert: Alert, due: Due, muted: date | None) -> Wait | None:
        """Return why a delivery must wait; None if it may go out."""
        channel = self._channels.get(due.channel)
        if due.channel in self._broken:
            return Wait(self._broken[due.channel], due.detail, due.state)
        if channel is None:
            return self._absent(due)
        if isinstance(channel, Incidents) and due.event != "trigger":
            # Nobody is woken by it.
            return None
        if due.event == "acknowledge":
            return Wait(None, "keeps no incidents", "suppressed")
        return None if due.channel == LOG else self._held(alert, due, muted=muted)

    def _absent(self, due: Due) -> Wait:
        """Return why something waits for a channel that is not on."""
        off, now = self._off.get(due.channel), self._now()
        if off is None:
            return Wait(None, "no channel of this monitor any more", "suppressed")
        until = now + OFF_PAUSE if now - due.created_at < OFF_FOR else None
        return Wait(until, f"off: {off}", "suppressed")

    def _held(self, alert: Alert, due: Due, *, muted: date | None) -> Wait | None:
        """Return why people do not hear of something now; None if they do."""
        now = self._now()
        if due.event == "resolve" and not self._alerts.tell_resolved:
            return Wait(None, "the end is not told", "suppressed")
        today = now.astimezone(ZoneInfo(self._monitor.timezone)).date()
        days = [day for day in (muted, self._alerts.mute_until) if day is not None and today < day]
        if days and due.event == "trigger":
            return Wait(None, f"muted until {max(days)}", "suppressed")
        if due.event == "trigger":
            # By hand, too, it is sent to those alone whom it is for.
            reason = self._not_for(alert, due.channel, self._audiences[due.channel])
            if reason:
                return Wait(None, reason, "suppressed")
        quiet = quiet_until(
            self._alerts.quiet_hours,
            severity=alert.severity,
            timezone=self._monitor.timezone,
            now=now,
        )
        return None if quiet is None else Wait(quiet, f"quiet until {quiet:%Y-%m-%d %H:%M %Z}")

    def _is_late(self) -> bool:
        return self._stop_at is not None and time.monotonic() >= self._stop_at


def _outgoing(alert: Alert, settings: Alerts, *, is_over: bool) -> Outgoing:
    course = Course(
        alert.key, alert.since, alert.days, alert.status or "new", alert.why, alert.run_id
    )
    return outgoing_of(
        message_of(alert),
        settings,
        severity=alert.severity,
        course=course,
        event="resolve" if is_over else "trigger",
    )


def _columns(monitor: Monitor) -> dict[str, tuple[str | None, str | None]]:
    """Return group and owner of each column that has one, by name."""
    features = () if isinstance(monitor.features, str) else monitor.features
    groups = {one.column: (one.group, one.owner) for one in features}
    return groups | {one.column: (one.group, one.owner) for one in monitor.predictions}


def troubles_of(monitor: Monitor, alerts: Alerts, outbox: Outbox) -> list[Trouble]:
    """Return the monitor's channels that accept nothing; those that it has no more do not count."""
    names = {name for name, _ in alerts.channels}
    return [one for one in outbox.troubles(monitor.name) if one.channel in names]


def _tell_of_channels(monitor: Monitor, alerts: Alerts, outbox: Outbox, now: datetime) -> bool:
    """Post which channels accept nothing, or that all do again; return whether that is news."""
    with outbox.at_once() as asked:
        failing = {
            trouble.channel: trouble.detail
            for trouble in troubles_of(monitor, alerts, asked)
            if trouble.is_given_up or now - trouble.since >= FAILING_AFTER
        }
        known = [
            alert
            for alert in asked.alerts(monitor.name, open_only=True)
            if alert.cause == CHANNEL_CAUSE
        ]
    if not failing:
        return bool(known) and bool(outbox.end(monitor.name, CHANNEL_CAUSE, now=now))
    today = now.astimezone(ZoneInfo(monitor.timezone)).date()
    if any(one.partition == today and set(one.sizes) == set(failing) for one in known):
        return False
    message = channels_failing_message(monitor.name, today, failing)
    outbox.post(
        monitor.name,
        today,
        NewAlert(
            *(message.cause, message.title, message.text, message.payload),
            severity="error",
            sizes=message.sizes,
            ends="said",
        ),
    )
    return True
