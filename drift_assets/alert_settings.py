"""Who is told, by which channel and when: the ``alerts`` of ``defs.yaml`` and ``alerts.yaml``.

No setting holds a secret: it names the environment variable that does.
"""

import re
from datetime import date, time
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CHANNEL_KINDS: Final = ("slack", "pagerduty", "email", "webhook", "apprise")

SeverityName = Literal["info", "warning", "error", "critical"]
SEVERITIES: Final[tuple[SeverityName, ...]] = ("info", "warning", "error", "critical")
"""From the least to the gravest."""


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _variable_name(value: object) -> object:
    # Dagster's EnvVar stands for a variable, and refuses to be read as text.
    name = getattr(value, "env_var_name", value)
    if isinstance(name, str) and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
        raise ValueError(
            "found a text that is no name of an environment variable in capitals, expected one "
            "such as DRIFT_SLACK_WEBHOOK: secrets do not belong into this file"
        )
    return name


Variable = Annotated[str, BeforeValidator(_variable_name)]
Timeout = Annotated[float, Field(gt=0, le=120)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")]


def _one_as_names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_one_as_names)]


class Audience(_Schema):
    """What a channel is for; every line must hold. Without any it takes everything."""

    min_severity: SeverityName = Field(
        "info", description="Leave out what is less grave. Default: info, so nothing."
    )
    causes: Names = Field(
        (),
        description="Only these causes, such as breach, not_evaluated, trend or run_failed.",
    )
    groups: Names = Field((), description="Only what concerns a column of one of these groups.")
    owners: Names = Field((), description="Only what concerns a column of one of these owners.")


class _ChannelSettings(_Schema):
    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,49}$")] | None = Field(
        None, description="What the history calls it. Default: its kind."
    )
    only: Audience = Field(
        default_factory=lambda: Audience(min_severity="info"),
        description="What it is for. Default: everything.",
    )

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that is named; without one of them the channel is off."""
        named = (getattr(self, n) for n in type(self).model_fields if n.endswith("_env"))
        return tuple(name for name in named if name is not None)


class Slack(_ChannelSettings):
    """Slack, by an incoming webhook or by a bot."""

    webhook_url_env: Variable | None = Field(
        None, description="Variable that holds the address of an incoming webhook."
    )
    token_env: Variable | None = Field(
        None, description="Variable that holds a bot token, in place of a webhook."
    )
    channel: str | None = Field(None, description="With token_env: channel, such as #drift.")
    url: Address = Field("https://slack.com/api/", description="With token_env: Slack's API.")
    timeout_seconds: Timeout = Field(10.0, description="How long to wait for an answer.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.webhook_url_env is None) == (self.token_env is None):
            raise ValueError("slack: expected webhook_url_env or token_env, and not both")
        if (self.token_env is None) != (self.channel is None):
            raise ValueError("slack: channel goes with token_env, and token_env needs a channel")
        return self


class PagerDuty(_ChannelSettings):
    """PagerDuty, by the Events API v2: an incident per episode, resolved when it is over."""

    routing_key_env: Variable = Field(
        description="Variable that holds the integration's routing key."
    )
    url: Address = Field(
        "https://events.pagerduty.com/v2/enqueue", description="Where events are sent."
    )
    timeout_seconds: Timeout = Field(10.0, description="How long to wait for an answer.")


class Email(_ChannelSettings):
    """Email by SMTP, as text and as HTML."""

    host_env: Variable = Field(description="Variable that holds the name of the mail server.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls, tls, or none for a relay on the same machine.",
    )
    username_env: Variable | None = Field(
        None, description="Variable that holds the login. Default: no login."
    )
    password_env: Variable | None = Field(None, description="Variable that holds the password.")
    sender: Mailbox = Field(description="Address that it comes from.")
    to: Annotated[tuple[Mailbox, ...], Field(min_length=1)] = Field(
        description="Addresses that it goes to."
    )
    certificates: str | None = Field(
        None, description="File with the certificates to trust. Default: the system's."
    )
    timeout_seconds: Timeout = Field(20.0, description="How long to wait for an answer.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.username_env is None) != (self.password_env is None):
            raise ValueError("email: username_env and password_env go together")
        if self.username_env is not None and self.security == "none":
            raise ValueError("email: a password is not sent in the clear; use starttls or tls")
        return self


class Webhook(_ChannelSettings):
    """A generic webhook: the message is POSTed to it as JSON, signed if there is a secret."""

    url_env: Variable = Field(
        description="Name of the environment variable that holds the address. Unset: no webhook."
    )
    secret_env: Variable | None = Field(
        None, description="Variable that holds the key of the HMAC signature."
    )
    timeout_seconds: Timeout = Field(10.0, description="How long to wait for an answer.")


class Apprise(_ChannelSettings):
    """Any service that apprise knows; needs the extra drift-assets[apprise]."""

    urls_env: Variable = Field(
        description="Variable that holds apprise's addresses, separated by spaces."
    )


def _one_as_list(value: object) -> object:
    return (value,) if isinstance(value, (dict, BaseModel)) else value


def _clock(value: object) -> object:
    # YAML 1.1 reads an unquoted 22:00 as the number 1320, and pydantic that as seconds.
    if isinstance(value, int) and not isinstance(value, bool) and 60 <= value < 24 * 60:
        return time(value // 60, value % 60)
    if isinstance(value, int | float):
        raise ValueError(f"found {value}, expected a time of day such as 22:00")  # noqa: TRY004  # pydantic gathers ValueErrors
    return value


Clock = Annotated[time, BeforeValidator(_clock)]


class QuietHours(_Schema):
    """Hours in which only what is critical goes out; the rest waits until they are over."""

    start: Clock = Field(description="Such as 22:00, in the time zone of the monitor.")
    end: Clock = Field(description="Such as 07:00; before start, it is on the next day.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"found {self.start} twice, expected two times of day")
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("found a time zone, expected none: that of the monitor counts")
        return self


class Links(_Schema):
    """Web addresses under which people find what a message speaks of."""

    reports: Address | None = Field(
        None, description="Of the folder reports of the drift home, where it is served."
    )
    dagster: Address | None = Field(None, description="Of the Dagster UI.")


class Alerts(_Schema):
    """Who is told. The log is always told. A channel whose variable is unset is off."""

    slack: Annotated[tuple[Slack, ...], BeforeValidator(_one_as_list)] = Field(
        (), description="Slack; one, or a list."
    )
    pagerduty: Annotated[tuple[PagerDuty, ...], BeforeValidator(_one_as_list)] = Field(
        (), description="PagerDuty; one, or a list."
    )
    email: Annotated[tuple[Email, ...], BeforeValidator(_one_as_list)] = Field(
        (), description="Email; one, or a list."
    )
    webhook: Annotated[tuple[Webhook, ...], BeforeValidator(_one_as_list)] = Field(
        (), description="A generic webhook; one, or a list."
    )
    apprise: Annotated[tuple[Apprise, ...], BeforeValidator(_one_as_list)] = Field(
        (), description="Other services; one, or a list."
    )
    severity: SeverityName = Field("error", description="How grave a breach of this monitor is.")
    dataset_severity: SeverityName | None = Field(
        None,
        description="How grave it is when the data set as a whole drifts. Default: as severity.",
    )
    still_every_days: int = Field(
        7,
        ge=1,
        le=366,
        description="Days after which a trouble that goes on unchanged is told again. Default: 7.",
    )
    tell_resolved: bool = Field(
        True,
        description="Whether the end of a trouble is told; PagerDuty always hears of it. "
        "Default: true.",
    )
    latest_days: int | None = Field(
        7,
        ge=0,
        description="A day of data that is older than this is recorded and told to nobody, so "
        "that a back-fill is no storm. null: every day is told. Default: 7.",
    )
    quiet_hours: QuietHours | None = Field(
        None, description="Hours in which only what is critical goes out."
    )
    mute_until: date | None = Field(None, description="Nobody is told of anything before this day.")
    heartbeat_env: Variable | None = Field(
        None,
        description="Variable that holds an address which the sensor of alerts calls at each "
        "tick, so that a watchdog notices when it does not.",
    )
    use_global: bool = Field(
        True, description="Whether the settings and channels of alerts.yaml hold here too."
    )
    links: Links = Field(
        default_factory=lambda: Links(reports=None, dagster=None),
        description="Web addresses that messages point to.",
    )

    @property
    def channels(self) -> tuple[tuple[str, Any], ...]:
        """Every channel with its name."""
        return tuple(
            (settings.name or kind, settings)
            for kind in CHANNEL_KINDS
            for settings in getattr(self, kind)
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [name for name, _ in self.channels]
        twice = sorted({name for name in names if names.count(name) > 1} | {"log"} & set(names))
        if twice:
            raise ValueError(
                f"channels: the name {twice[0]!r} is taken; give each channel a name of its own"
            )
        return self

    def over(self, common: "Alerts | None") -> "Alerts":
        """Return these settings on top of those that are common to all monitors.

        What is written here comes first; the channels of both are told, and of two with the
        same name only this monitor's own.
        """
        if common is None or not self.use_global:
            return self
        own = {name for name, _ in self.channels}
        lists = {
            kind: (
                *(c for c in getattr(common, kind) if (c.name or kind) not in own),
                *getattr(self, kind),
            )
            for kind in CHANNEL_KINDS
        }
        written = {
            name: getattr(one, name)
            for one in (common, self)
            for name in one.model_fields_set - set(CHANNEL_KINDS)
        }
        return Alerts.model_validate({**written, **lists})
