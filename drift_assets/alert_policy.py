"""Whether people are told, when, and by which channel: pure rules over what was told before.

Days of one cause without a good one in between are one episode. It is told when it begins, when
it gets worse, again after some days, and when it is over.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from drift_assets.alert_settings import SEVERITIES, Alerts, Audience, QuietHours, SeverityName

WORSE: Final = 1.5
"""A column that has moved so many times as far as was told is worse."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
JITTER: Final = 0.25
"""Share of a pause that chance adds, so that many do not come back at the same moment."""

Status = Literal["new", "worse", "still", "suppressed"]


@dataclass(frozen=True, slots=True)
class Told:
    """What was told in an episode so far.

    Attributes
    ----------
    partition
        The last day that was told.
    severity
        The gravest that was told.
    sizes
        The columns that were named, each with the largest size that was; None: not known.
    acknowledged_by
        Who has taken it on; None if nobody has.
    """

    partition: date
    severity: SeverityName
    sizes: Mapping[str, float] | None = field(default_factory=dict)
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether people are told of a day, and why; None leaves it at what was decided before."""

    status: Status | None
    why: str = ""

    @property
    def is_told(self) -> bool:
        """Whether people hear of it."""
        return self.status not in {None, "suppressed"}


def decide(  # noqa: PLR0913  # all but three by keyword: what can bear on one day
    partition: date,
    severity: SeverityName,
    sizes: Mapping[str, float],
    *,
    said: Told | None,
    settings: Alerts,
    today: date,
    muted_until: date | None = None,
    days_later: int = 0,
    begins_at_any_age: bool = False,
) -> Decision:
    """Return whether people are told of a day on which something is wrong.

    Worse is: a column that was not named before, a graver severity, or a column that has moved
    half as far again as was told. Who has acknowledged an episode only hears when it gets worse.

    Parameters
    ----------
    partition, severity, sizes
        The day, how grave it is, and how far each column that is concerned has moved.
    said
        What was told in the same episode; None at its beginning.
    settings
        The monitor's.
    today
        The calendar's day, in the monitor's time zone.
    muted_until
        First day on which people hear of the monitor again, by command.
    days_later
        Days after which the data come by design; a day is that much younger.
    begins_at_any_age
        Whether its beginning is told however old the day is: something is wrong now.

    Examples
    --------
    >>> said = Told(date(2026, 1, 1), "error", {"income": 1.5})
    >>> day = date(2026, 1, 2)
    >>> decide(day, "error", {"income": 1.6}, said=said, settings=Alerts(), today=day).status
    'suppressed'
    >>> found = {"income": 1.5, "age": 1.1}
    >>> decide(day, "error", found, said=said, settings=Alerts(), today=day).why
    'also age'
    """
    silenced = _muted(settings, today=today, muted_until=muted_until)
    if not silenced and not (begins_at_any_age and said is None):
        silenced = _old(settings, (today - partition).days - days_later)
    is_same_day = said is not None and said.partition == partition
    if silenced and not is_same_day:
        return Decision("suppressed", silenced)
    if said is None:
        return Decision("new", "first day that is told")
    if partition < said.partition:
        return Decision("suppressed", f"a later day, {said.partition}, was told")
    worse = "" if silenced else _worse(severity, sizes, said)
    if worse:
        return Decision("worse", worse)
    # What was told of this very day stays told.
    return Decision(None) if is_same_day else _repeated(partition, said, settings)


def not_for(
    audience: Audience,
    *,
    severity: SeverityName,
    cause: str,
    groups: Collection[str] = (),
    owners: Collection[str] = (),
) -> str:
    """Return why a channel with this audience does not take an alert; "" if it does.

    Examples
    --------
    >>> risk = Audience(min_severity="error", groups=("risk",))
    >>> not_for(risk, severity="error", cause="breach", groups=["risk", "sales"])
    ''
    >>> not_for(risk, severity="warning", cause="breach", groups=["risk"])
    'for error and graver only'
    """
    if SEVERITIES.index(severity) < SEVERITIES.index(audience.min_severity):
        return f"for {audience.min_severity} and graver only"
    asked = (
        ("causes", audience.causes, {cause}),
        ("groups", audience.groups, groups),
        ("owners", audience.owners, owners),
    )
    for what, wanted, found in asked:
        if wanted and set(wanted).isdisjoint(found):
            return f"for the {what} {', '.join(wanted)} only"
    return ""


def quiet_until(
    hours: QuietHours | None, *, severity: SeverityName, timezone: str, now: datetime
) -> datetime | None:
    """Return when something may go out; None if at once, as what is critical may."""
    if hours is None or severity == "critical":
        return None
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    clock = local.time()
    is_overnight = hours.start > hours.end
    is_quiet = (
        (clock >= hours.start or clock < hours.end)
        if is_overnight
        else hours.start <= clock < hours.end
    )
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=is_overnight and clock >= hours.start)
    return datetime.combine(day, hours.end, tzinfo=zone)


def pause(attempts: int, *, asked: float | None = None, chance: float = 0.0) -> timedelta:
    """Return how long to wait after the n-th attempt in vain.

    A minute, then twice as long each time, at most six hours; longer if the receiver asked for
    it, in seconds. A quarter of that, times ``chance`` in [0, 1], comes on top.

    Examples
    --------
    >>> [str(pause(n)) for n in (1, 2, 5, 30)]
    ['0:01:00', '0:02:00', '0:16:00', '6:00:00']
    >>> str(pause(1, asked=3600)), str(pause(1, chance=1.0))
    ('1:00:00', '0:01:15')
    """
    doublings = min(max(attempts, 1) - 1, 20)
    own = min(FIRST_PAUSE.total_seconds() * 2**doublings, LONGEST_PAUSE.total_seconds())
    return timedelta(seconds=max(own, asked or 0.0) * (1.0 + JITTER * chance))


def _muted(settings: Alerts, *, today: date, muted_until: date | None) -> str:
    """Return why nobody is told of anything; "" if people may be."""
    mutes = [day for day in (settings.mute_until, muted_until) if day is not None and today < day]
    return f"muted until {max(mutes)}" if mutes else ""


def _old(settings: Alerts, age: int) -> str:
    """Return why nobody is told of a day of this age; "" if people may be."""
    if settings.latest_days is not None and age > settings.latest_days:
        return f"old day: of {age} days ago, told are {settings.latest_days}"
    return ""


def _repeated(partition: date, said: Told, settings: Alerts) -> Decision:
    if said.acknowledged_by is not None:
        return Decision("suppressed", f"acknowledged by {said.acknowledged_by}")
    if (partition - said.partition).days >= settings.still_every_days:
        return Decision("still", f"no better since it was told on {said.partition}")
    again = said.partition + timedelta(days=settings.still_every_days)
    return Decision("suppressed", f"as told on {said.partition}; told again from {again} on")


def _worse(severity: SeverityName, sizes: Mapping[str, float], said: Told) -> str:
    """Return in what it is worse than was told; "" if it is not."""
    if SEVERITIES.index(severity) > SEVERITIES.index(said.severity):
        return f"{severity}, {said.severity} before"
    if said.sizes is None:
        return ""
    told = said.sizes
    more = [name for name in sizes if name not in told]
    if more:
        return f"also {_listed(more)}"
    grown = [name for name, size in sizes.items() if size > 0 and size >= WORSE * told[name]]
    return f"moved further: {_listed(grown)}" if grown else ""


def _listed(names: list[str]) -> str:
    # Of strangers: on one line, and not too long.
    shown = ["".join(c if c.isprintable() else " " for c in name)[:80] for name in names[:3]]
    return f"{', '.join(shown)}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
