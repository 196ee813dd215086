"""Health: is monitoring itself alive?"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from drift_assets.declarations import SHIPPED, Declaration
from drift_assets.errors import HistoryError
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.delivery import alerts_of, deliver, troubles_of
from drift_assets.orchestration.runs import open_instance
from drift_assets.store import History, LastEvaluation, Outbox, open_history

DELIVERY_SECONDS: Final = 20.0
"""A probe waits for its answer: what is left is for the next."""

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and whether it is well."""

    healthy: bool
    text: str


def check_health(
    declared: Sequence[Declaration], *, home: Path, max_age: timedelta, daemon: bool
) -> list[Finding]:
    """Return what was found of history, monitors and daemon.

    Parameters
    ----------
    declared
        The monitors that ought to have reports; of the shipped examples only those
        that have ever reported.
    home
        The drift home.
    max_age
        How old the last report of each may be.
    daemon
        Whether the Dagster daemon must be running.
    """
    last: dict[str, LastEvaluation] = {}
    history = open_history(home)
    try:
        if history.exists():
            last = {one.monitor: one for one in history.last_evaluations()}
            findings = [Finding(healthy=True, text=f"history readable: {history.address}")]
            findings += _alerts(declared, history.outbox)
            findings += _actions(history)
            # Asked every few minutes, it is also who publishes what a last run left.
            history.publish_if_due()
        else:
            findings = [Finding(healthy=False, text=f"history: none at {history.address} yet")]
    except HistoryError as error:
        findings = [Finding(healthy=False, text=f"history: {error}")]
    now = datetime.now(UTC)
    for one in declared:
        name = one.monitor.name
        report = last.get(name)
        if report is None and one.path.is_relative_to(SHIPPED):
            # The example of the demo: nobody who never ran it waits for its reports.
            continue
        if report is None:
            findings.append(Finding(healthy=False, text=f"{name}: never reported"))
            continue
        age = now - report.evaluated_at
        hours = age.total_seconds() / 3600
        findings.append(
            Finding(
                healthy=age <= max_age,
                text=f"{name}: last report {hours:.1f} h ago, of {report.partition}: "
                f"{report.verdict}",
            )
        )
    if daemon:
        findings.append(_daemon(home))
    return findings


def _alerts(declared: Sequence[Declaration], outbox: Outbox) -> list[Finding]:
    """Send what is due, then return which channels of the monitors accept nothing."""
    findings = []
    for one in declared:
        monitor = one.monitor
        if outbox.is_due(monitor.name, now=datetime.now(UTC)):
            alerts = alerts_of(workplace_of(one))
            deliver(monitor, alerts, outbox, _LOG, budget_seconds=DELIVERY_SECONDS)
        if outbox.troubles(monitor.name):
            findings += [
                Finding(
                    healthy=False,
                    text=f"{trouble.monitor}: {trouble.count} message(s) not taken by "
                    f"{trouble.channel} since {trouble.since:%Y-%m-%d %H:%M} UTC"
                    f"{', not tried again' if trouble.is_given_up else ''}: {trouble.detail}",
                )
                for trouble in troubles_of(monitor, alerts_of(workplace_of(one)), outbox)
            ]
    return findings


def _actions(history: History) -> list[Finding]:
    """Return which actions failed."""
    return [
        Finding(healthy=False, text=f"{one.monitor}: the action {one.action} failed: {one.detail}")
        for one in history.actions()
        if one.state == "failed"
    ]


def _daemon(home: Path) -> Finding:
    with open_instance(home) as instance:
        statuses = instance.get_daemon_statuses()
        required = {kind: status for kind, status in statuses.items() if status.required}
        dead = sorted(kind for kind, status in required.items() if not status.healthy)
    if not required:
        return Finding(healthy=False, text="daemon: Dagster requires none, expected some")
    if dead:
        return Finding(
            healthy=False,
            text=f"daemon: no recent heartbeat of {', '.join(dead)}; is `dagster-daemon run` up, "
            "with this DAGSTER_HOME?",
        )
    return Finding(healthy=True, text=f"daemon: heartbeat of {', '.join(sorted(required))}")
