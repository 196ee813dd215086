"""Alerts: what is said when something breaches, and the channels that carry it."""

from drift_assets.alerts.channels import Channel, LogChannel, WebhookChannel, channels_for
from drift_assets.alerts.message import BREACH_CAUSE, Message, breach_message

__all__ = [
    "BREACH_CAUSE",
    "Channel",
    "LogChannel",
    "Message",
    "WebhookChannel",
    "breach_message",
    "channels_for",
]
