"""Alerts: what is said when something breaches, and the channels that carry it."""

from drift_assets.alerts.channels import Channel, LogChannel, WebhookChannel, channels_for
from drift_assets.alerts.message import Message, breach_message, messages_for, silence_message

__all__ = [
    "Channel",
    "LogChannel",
    "Message",
    "WebhookChannel",
    "breach_message",
    "channels_for",
    "messages_for",
    "silence_message",
]
