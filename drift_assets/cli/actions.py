"""``drift-assets actions``: what drift has started, and to start it once more."""

import json
from pathlib import Path

import click

from drift_assets.cli.places import HOME, home_of
from drift_assets.cli.rows import print_table


@click.group(short_help="What drift has started.")
def actions() -> None:
    """See what drift has started, or start it once more."""


@actions.command(name="list", short_help="All of them, the latest first.")
@click.argument("monitor", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@HOME
def list_actions(*, monitor: str | None, as_json: bool, home: Path | None) -> None:
    """List what drift has started or is about to, of MONITOR or of all."""
    from drift_assets.store import open_history

    found = open_history(home_of(home)).actions(monitor)
    if as_json:
        rows = [
            {
                "monitor": one.monitor,
                "action": one.action,
                "kind": one.kind,
                "state": one.state,
                "day": one.partition.isoformat(),
                "cause": one.cause,
                "reason": one.reason,
                "detail": one.detail,
                "run_id": one.run_id,
                "baseline_id": one.baseline_id,
                "attempts": one.attempts,
                "decided_at": one.created_at.isoformat(),
                "updated_at": one.updated_at.isoformat(),
            }
            for one in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    if not found:
        click.echo("Drift has started nothing yet.")
        return
    print_table(
        ("monitor", "action", "kind", "state", "day", "reason", "detail"),
        [
            (one.monitor, one.action, one.kind, one.state, one.partition, one.reason, one.detail)
            for one in found
        ],
    )
    sensors = sorted(
        {
            f"{one.monitor}__{one.action}__action_sensor"
            for one in found
            if one.kind == "job" and one.state == "pending"
        }
    )
    if sensors:
        click.echo(f"Jobs are started by their sensors, which must be on: {', '.join(sensors)}")


@actions.command(short_help="Start one once more.")
@click.argument("monitor")
@click.argument("action")
@HOME
def retry(*, monitor: str, action: str, home: Path | None) -> None:
    """Let the latest decision for ACTION of MONITOR be carried out once more.

    Webhooks and functions are called by the next daily run, a job is started by its sensor.
    """
    from drift_assets.store import open_history

    before = open_history(home_of(home)).start_again(monitor, action)
    click.echo(
        f"{monitor} {action}: {before.state} before, pending now, for {before.partition} "
        f"({before.reason})"
    )
