"""Alerts: what is said when something is wrong, and the channels that carry it."""

from drift_assets.alerts.channels import channels_for, channels_off
from drift_assets.alerts.dispatch import outgoing_of
from drift_assets.alerts.message import (
    BREACH_CAUSE,
    Message,
    breach_message,
    messages_for,
    silence_message,
)
from drift_assets.alerts.outgoing import Channel, Outgoing
from drift_assets.alerts.trend import QUIET_DAYS, trend_message

__all__ = [
    "BREACH_CAUSE",
    "QUIET_DAYS",
    "Channel",
    "Message",
    "Outgoing",
    "breach_message",
    "channels_for",
    "channels_off",
    "messages_for",
    "outgoing_of",
    "silence_message",
    "trend_message",
]
