"""``drift-assets alerts``: what people were told, and what becomes of it."""

import getpass
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from drift_assets.cli.places import DEFS, HOME, declared, home_of
from drift_assets.cli.program import day_of
from drift_assets.cli.rows import print_table
from drift_assets.errors import ConfigurationError, DriftAssetsError, UnknownNameError

if TYPE_CHECKING:
    from drift_assets.alert_settings import Alerts
    from drift_assets.declarations import Declaration
    from drift_assets.store import Alert, Outbox

JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ID: Final = click.argument("alert", metavar="ALERT")
FAILED: Final = 1
_LOG: Final = logging.getLogger("drift_assets.alerts")


@click.group(short_help="See, acknowledge, mute or send again what people were told.")
def alerts() -> None:
    """Look after alerts.

    An ALERT is called MONITOR:DAY:CAUSE, such as flights:2026-11-23:breach; `list` names them.
    """


@alerts.command("list", short_help="What is open.")
@click.option("--monitor", help="Only those of this monitor.")
@click.option("--all", "every", is_flag=True, help="Also those that are resolved.")
@JSON
@HOME
def list_(*, monitor: str | None, every: bool, as_json: bool, home: Path | None) -> None:
    """List the open alerts, the latest day first."""
    outbox = _outbox(home)
    words = outbox.words(monitor)
    found = outbox.alerts(monitor, open_only=not every)
    if as_json:
        listed = [_plain(alert) | {"state": words[alert.id]} for alert in found]
        click.echo(json.dumps(listed, indent=2, default=str))
        return
    if not found:
        click.echo(f"No {'' if every else 'open '}alert.")
        return
    print_table(
        ("alert", "severity", "state", "told", "since", "title"),
        [
            (a.id, a.severity, words[a.id], a.status or "", a.since, _one_line(a.title))
            for a in found
        ],
    )


@alerts.command(short_help="One of them, and who was told.")
@ID
@JSON
@HOME
def show(*, alert: str, as_json: bool, home: Path | None) -> None:
    """Show an ALERT: what it says, and what became of telling each channel."""
    outbox = _outbox(home)
    found = _found(outbox, alert)
    told = outbox.deliveries(found)
    if as_json:
        document = _plain(found) | {"deliveries": [asdict(one) for one in told]}
        click.echo(json.dumps(document, indent=2, default=str))
        return
    click.echo(_printable(found.text))
    click.echo(
        f"\n{found.id}: {found.severity}, {found.state}, day {found.days} since {found.since}"
    )
    if found.status:
        click.echo(f"{found.status}: {_printable(found.why)}")
    if found.acknowledged_by:
        click.echo(f"acknowledged by {_printable(found.acknowledged_by)}")
    print_table(
        ("channel", "event", "state", "attempts", "next attempt", "detail"),
        [
            (
                *(one.channel, one.event, one.state, one.attempts),
                *(f"{one.next_attempt_at:%Y-%m-%d %H:%M:%S}" if one.next_attempt_at else "",),
                _one_line(one.detail),
            )
            for one in told
        ],
    )


@alerts.command(short_help="Say that you look after it.")
@ID
@click.option("--by", help="Who looks after it. Default: the user's name.")
@DEFS
@HOME
@click.pass_context
def ack(
    ctx: click.Context, *, alert: str, by: str | None, places: tuple[Path, ...], home: Path | None
) -> None:
    """Acknowledge an ALERT with all days of its episode.

    People hear of it again only if it gets worse or is over. PagerDuty's incident is acknowledged
    too. Status 1 if that could not be told.
    """
    outbox = _outbox(home)
    found = _found(outbox, alert)
    count = outbox.acknowledge(found, by=by or _user())
    if not count and found.state == "resolved":
        raise ConfigurationError(
            f"Found {found.id} resolved, expected an alert that is open: there is nothing to look "
            "after. `drift-assets alerts list` shows what is open."
        )
    by_whom = _printable(found.acknowledged_by or "somebody")
    click.echo(
        f"{found.id}: "
        + (f"{_days(count)} acknowledged" if count else f"acknowledged already, by {by_whom}")
    )
    _deliver(ctx, found.monitor, places, home)


@alerts.command(short_help="Say that it is over.")
@ID
@DEFS
@HOME
@click.pass_context
def resolve(ctx: click.Context, *, alert: str, places: tuple[Path, ...], home: Path | None) -> None:
    """Resolve an ALERT with all days of its episode, and tell whoever heard of it.

    A later day with the same cause begins a new episode. Status 1 if it could not be told.
    """
    outbox = _outbox(home)
    found = _found(outbox, alert)
    count = outbox.end(found.monitor, found.cause, episode=found.episode)
    click.echo(f"{found.id}: " + (f"{_days(count)} resolved" if count else "resolved already"))
    _deliver(ctx, found.monitor, places, home)


@alerts.command(short_help="Tell nobody for a while.")
@click.argument("monitor")
@click.option("--until", callback=day_of, help="First day on which people are told again.")
@click.option("--off", is_flag=True, help="Tell people again at once.")
@click.option("--reason", default="", help="Why, for the record.")
@DEFS
@HOME
def mute(
    *,
    monitor: str,
    until: date | None,
    off: bool,
    reason: str,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Tell nobody anything of MONITOR before a day; alerts are still recorded."""
    from zoneinfo import ZoneInfo

    from drift_assets.declarations import find_declaration

    if off == (until is not None):
        raise click.UsageError("found both or none of --until and --off, expected one of them")
    declaration = find_declaration(monitor, declared(places, home))
    today = datetime.now(ZoneInfo(declaration.monitor.timezone)).date()
    if until is not None and until <= today:
        raise click.UsageError(f"found --until {until}, expected a day after today, {today}")
    _outbox(home).mute(monitor, until=until, reason=reason)
    click.echo(f"{monitor}: " + ("people are told again" if off else f"muted until {until}"))


@alerts.command(short_help="Send again.")
@click.argument("alert", metavar="[ALERT]", required=False)
@DEFS
@HOME
@click.pass_context
def resend(
    ctx: click.Context, *, alert: str | None, places: tuple[Path, ...], home: Path | None
) -> None:
    """Send an ALERT again to all its channels; without one, whatever a channel did not take.

    Status 1 if a channel does not take it.
    """
    outbox = _outbox(home)
    found = None if alert is None else _found(outbox, alert)
    count = outbox.resend(found)
    if found is not None and not count:
        raise ConfigurationError(
            f"Found nobody who is to be told of {found.id} ({found.status or 'not decided'}: "
            f"{found.why or 'the next run decides'}), expected a channel: see `drift-assets "
            "alerts show`."
        )
    click.echo(f"{count} message{'s' * (count != 1)} to send")
    _deliver(ctx, None if found is None else found.monitor, places, home)


@alerts.command(short_help="Try a channel.")
@click.argument("channel")
@click.option("--monitor", help="The monitor that has it. Default: any, or alerts.yaml.")
@DEFS
@HOME
@click.pass_context
def test(
    ctx: click.Context,
    *,
    channel: str,
    monitor: str | None,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Send a trial by CHANNEL, and say whether it was accepted. Status 1 if not."""
    from drift_assets.alerts import Incidents, channels_for, channels_off, trial
    from drift_assets.declarations import find_declaration

    monitors = declared(places, home)
    if monitor is not None:
        monitors = [find_declaration(monitor, monitors)]
    settings = [_settings(one) for one in monitors]
    having = [one for one in settings if channel in {"log", *(name for name, _ in one.channels)}]
    if not having:
        known = {name for one in settings for name, _ in one.channels}
        raise UnknownNameError("channel", channel, {"log", *known})
    for reason in channels_off(having[0]):
        if reason.partition(" ")[0] == channel:
            raise ConfigurationError(
                f"Found the channel {reason}, expected the variable to hold what the channel "
                "needs: set it for this command too."
            )
    # Of the others, whether they are on is not asked.
    silent = logging.getLogger("drift_assets.trial")
    silent.setLevel(logging.CRITICAL)
    (tried,) = [one for one in channels_for(having[0], silent) if one.name == channel]
    message = trial(channel)
    try:
        tried.send(message)
        if isinstance(tried, Incidents):
            # Nobody should have to close the incident of a trial.
            tried.send(replace(message, event="resolve"))
    except DriftAssetsError as error:
        click.echo(f"{channel}: {error}", err=True)
        ctx.exit(FAILED)
    click.echo(f"{channel}: accepted")


def _outbox(home: Path | None) -> "Outbox":
    from drift_assets.store import open_history

    return open_history(home_of(home)).outbox


def _settings(declaration: "Declaration") -> "Alerts":
    from drift_assets.declarations import read_alerts

    return declaration.monitor.alerts.over(read_alerts(declaration.root))


def _found(outbox: "Outbox", text: str) -> "Alert":
    """Return the alert that is called so.

    Raises
    ------
    ConfigurationError
        If this is no name of an alert.
    HistoryError
        If there is none of that name.
    """
    monitor, _, rest = text.partition(":")
    day, _, cause = rest.partition(":")
    try:
        partition = date.fromisoformat(day)
    except ValueError:
        partition = None
    if partition is None or not cause:
        raise ConfigurationError(
            f"Found {text!r}, expected MONITOR:DAY:CAUSE, such as flights:2026-11-23:breach: "
            "`drift-assets alerts list` names them."
        )
    return outbox.alert(monitor, partition, cause)


def _deliver(
    ctx: click.Context, monitor: str | None, places: Sequence[Path], home: Path | None
) -> None:
    """Send what is due, of one monitor or all; leave with status 1 if something is not taken."""
    from drift_assets.orchestration.delivery import deliver

    monitors = [one for one in declared(places, home) if monitor in {None, one.monitor.name}]
    if monitor is not None and not monitors:
        click.echo(
            f"{monitor} is not declared here: its next run, or tick of its sensor, tells of it.",
            err=True,
        )
    sent, failed = 0, 0
    for one in monitors:
        found = deliver(one.monitor, _settings(one), _outbox(home), _LOG)
        sent, failed = sent + found.sent, failed + len(found.failures)
    click.echo(f"{sent} sent, {failed} failed")
    if failed:
        ctx.exit(FAILED)


def _plain(alert: "Alert") -> dict[str, Any]:
    return {"id": alert.id, **asdict(alert)}


def _days(count: int) -> str:
    return f"{count} day{'s' * (count != 1)}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _printable(text: str) -> str:
    """Return text that moves no cursor and rings no bell."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
