"""``drift-assets health``: whether monitoring itself is alive."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from drift_assets.cli.places import DEFS, HOME, declared, home_of
from drift_assets.cli.program import Number

MOST_HOURS: Final = 100_000


@click.command(short_help="Check that monitoring is alive.")
@click.option(
    "--max-age-hours",
    type=Number(min=0, max=MOST_HOURS, min_open=True),
    default=48.0,
    show_default=True,
    help="How old a monitor's last report may be.",
)
@click.option("--no-daemon", is_flag=True, help="Do not ask for the Dagster daemon.")
@DEFS
@HOME
@click.pass_context
def health(
    ctx: click.Context,
    *,
    max_age_hours: float,
    no_daemon: bool,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Check that monitoring itself is alive: for a probe. Status 0 if all is well, else 1."""
    from drift_assets.orchestration.health import check_health

    findings = check_health(
        declared(places, home),
        home=home_of(home),
        max_age=timedelta(hours=max_age_hours),
        daemon=not no_daemon,
    )
    for finding in findings:
        click.echo(f"{'ok  ' if finding.healthy else 'FAIL'}  {finding.text}")
    if not all(finding.healthy for finding in findings):
        ctx.exit(1)
