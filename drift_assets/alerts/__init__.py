"""Alerts: what is said when something is wrong, and the channels that carry it."""

from drift_assets.alerts.channels import channels_for, channels_off
from drift_assets.alerts.dispatch import Course, outgoing_of, severity_of, trial
from drift_assets.alerts.message import (
    BREACH_CAUSE,
    CHANNEL_CAUSE,
    CHECK_CAUSE,
    MISSING_CAUSE,
    QUARANTINE_CAUSE,
    RUN_CAUSE,
    Message,
    breach_message,
    channels_failing_message,
    check_message,
    messages_for,
    quarantine_message,
    run_failed_message,
    silence_message,
)
from drift_assets.alerts.outgoing import Channel, Incidents, Outgoing
from drift_assets.alerts.trend import QUIET_DAYS, TREND_CAUSE, still_creeps, trend_message

__all__ = [
    "BREACH_CAUSE",
    "CHANNEL_CAUSE",
    "CHECK_CAUSE",
    "MISSING_CAUSE",
    "QUARANTINE_CAUSE",
    "QUIET_DAYS",
    "RUN_CAUSE",
    "TREND_CAUSE",
    "Channel",
    "Course",
    "Incidents",
    "Message",
    "Outgoing",
    "breach_message",
    "channels_failing_message",
    "channels_for",
    "channels_off",
    "check_message",
    "messages_for",
    "outgoing_of",
    "quarantine_message",
    "run_failed_message",
    "severity_of",
    "silence_message",
    "still_creeps",
    "trend_message",
    "trial",
]
