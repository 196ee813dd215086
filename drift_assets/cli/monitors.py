"""``drift-assets monitors``: what is declared, reported and waiting."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from drift_assets.cli.places import DEFS, HOME, declared
from drift_assets.errors import DriftAssetsError


@click.command(short_help="List monitors and what waits.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@DEFS
@HOME
def monitors(*, as_json: bool, places: tuple[Path, ...], home: Path | None) -> None:
    """List the declared monitors, their last report, and files that wait."""
    from drift_assets.declarations import drift_home
    from drift_assets.sources import Place, baseline_files, known_days
    from drift_assets.store import open_history

    listed: list[dict[str, Any]] = []
    for one in declared(places, home):
        place = Place(root=one.root, home=drift_home(one.root))
        reported = open_history(place.home).reported(one.monitor.name)
        try:
            baseline_files(one.monitor, place)
            found = known_days(one.monitor, place, now=datetime.now(UTC))
            unknown = [f"{path}: {reason}" for path, reason in found.unknown]
            days = list(found.days)
            problem = ""
        except DriftAssetsError as error:
            unknown, days, problem = [], [], str(error)
        listed.append(
            {
                "name": one.monitor.name,
                "declared": f"{one.path}:{one.line}",
                "days_with_data": len(days),
                "days_reported": len(reported),
                "last_reported": max(reported).isoformat() if reported else None,
                "days_waiting": sorted(d.isoformat() for d in days if d not in reported),
                "files_of_unknown_days": unknown,
                "problem": problem,
            }
        )
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    if not listed:
        click.echo("No monitor is declared here. `drift-assets init BASELINE` writes the first.")
    for entry in listed:
        click.echo(f"{entry['name']}  ({entry['declared']})")
        click.echo(
            f"  days with data: {entry['days_with_data']}, reported: {entry['days_reported']}"
            f", last reported: {entry['last_reported'] or 'never'}"
        )
        waiting = entry["days_waiting"]
        if waiting:
            shown = ", ".join(waiting[:5]) + (" ..." if len(waiting) > 5 else "")
            click.echo(f"  waiting: {shown}")
        for line in entry["files_of_unknown_days"][:20]:
            click.echo(f"  not monitored: {line}")
        if entry["problem"]:
            click.echo(f"  problem: {entry['problem']}")
