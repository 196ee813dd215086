"""The channels of a monitor, from its settings and the environment."""

import logging
import os
from collections.abc import Mapping
from typing import Final

from drift_assets.alert_settings import (
    Alerts,
    Apprise,
    Email,
    PagerDuty,
    Slack,
    Webhook,
)
from drift_assets.alerts.apprise import AppriseChannel
from drift_assets.alerts.email import EmailChannel
from drift_assets.alerts.log import LogChannel
from drift_assets.alerts.outgoing import Channel
from drift_assets.alerts.pagerduty import PagerDutyChannel
from drift_assets.alerts.slack import SlackBotChannel, SlackWebhookChannel
from drift_assets.alerts.webhook import WebhookChannel

LOG: Final = "log"


def channels_for(
    alerts: Alerts, logger: logging.Logger, *, environment: Mapping[str, str] | None = None
) -> list[Channel]:
    """Return the log and every channel whose variables are set; say that the others are off.

    Parameters
    ----------
    alerts
        The settings.
    logger
        Of the run.
    environment
        Where the secrets are; by default the process's environment.
    """
    known = os.environ if environment is None else environment
    channels: list[Channel] = [LogChannel(logger)]
    for name, settings in alerts.channels:
        unset = _unset(settings, known)
        if unset:
            logger.warning("%s is off: the environment variable %s is not set", name, unset)
        else:
            channels.append(_channel(name, settings, known))
    return channels


def channels_off(alerts: Alerts, *, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the channels that are off, each with the variable that is not set."""
    known = os.environ if environment is None else environment
    return [
        f"{name} ({unset} is not set)"
        for name, settings in alerts.channels
        if (unset := _unset(settings, known))
    ]


def _unset(
    settings: Slack | PagerDuty | Email | Webhook | Apprise, environment: Mapping[str, str]
) -> str:
    return next((v for v in settings.variables if not environment.get(v, "").strip()), "")


def _channel(
    name: str,
    settings: Slack | PagerDuty | Email | Webhook | Apprise,
    environment: Mapping[str, str],
) -> Channel:
    def value(variable: str | None) -> str:
        return environment.get(variable, "").strip() if variable else ""

    match settings:
        case Slack(channel=str(channel)):
            return SlackBotChannel(
                value(settings.token_env), channel, settings.url, settings.timeout_seconds, name
            )
        case Slack():
            return SlackWebhookChannel(
                value(settings.webhook_url_env), settings.timeout_seconds, name
            )
        case PagerDuty():
            return PagerDutyChannel(
                value(settings.routing_key_env), settings.url, settings.timeout_seconds, name
            )
        case Email():
            return EmailChannel(
                value(settings.host_env),
                settings.port,
                settings.sender,
                settings.to,
                settings.security,
                value(settings.username_env),
                value(settings.password_env),
                settings.timeout_seconds,
                settings.certificates,
                name,
            )
        case Webhook():
            return WebhookChannel(
                value(settings.url_env), value(settings.secret_env), settings.timeout_seconds, name
            )
        case Apprise():
            return AppriseChannel(value(settings.urls_env), name)
