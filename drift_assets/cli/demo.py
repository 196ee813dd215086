"""``drift-assets demo``: two faults, found in real data."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drift_assets.cli.outcomes import day_line
from drift_assets.cli.places import HOME, home_of, use_home
from drift_assets.cli.terminal import wants_colours
from drift_assets.errors import DriftAssetsError

if TYPE_CHECKING:
    from drift_assets.orchestration.runs import Outcome


@click.command(short_help="See two faults found in real data.")
@HOME
def demo(*, home: Path | None) -> None:
    """Monitor fourteen real days of flights, with two faults from the eighth day on."""
    from drift_assets import demo as data
    from drift_assets.declarations import SHIPPED, find_declaration, read_declarations
    from drift_assets.report.console import console_report

    place = home_of(home)
    use_home(place)
    click.echo(f"Preparing real departures from New York in 2013 in {place / 'demo'} ...")
    data.write_baseline(place)
    declaration = find_declaration(
        "flights", read_declarations([SHIPPED / "flights" / "defs.yaml"])
    )
    from drift_assets.orchestration.runs import Runner, open_instance

    last: Outcome | None = None
    with open_instance(place) as instance:
        runner = Runner(declaration, instance)
        for day in data.DAYS:
            if day == data.FIRST_FAULTY_DAY:
                click.echo("")
                for fault in data.FAULTS:
                    click.echo(f"From now on: {fault}")
                click.echo("")
            data.write_day(place, day, faults=day >= data.FIRST_FAULTY_DAY)
            last = runner.run(day)
            click.echo(day_line(last))
            if last.error:
                raise DriftAssetsError(f"The demo stopped on {day}: {last.error}")
    if last is not None and last.assessment is not None:
        click.echo("")
        click.echo(console_report(last.assessment, colours=wants_colours()))
    for line in _next_steps(place, data.DAYS[-1]):
        click.echo(line)


def _next_steps(home: Path, day: date) -> list[str]:
    """Return the three things to try after the demo, as commands that work from here."""
    elsewhere = home != (Path.cwd() / "drift_home").resolve()
    prefix = f"DRIFT_ASSETS_HOME={home} DAGSTER_HOME={home} " if elsewhere else ""
    option = f" --home {home}" if elsewhere else ""
    data = home / "demo"
    shown = data.relative_to(Path.cwd()) if data.is_relative_to(Path.cwd()) else data
    program = Path(sys.argv[0])
    here = (
        program.parent.relative_to(Path.cwd())
        if program.is_relative_to(Path.cwd())
        else (program.parent)
    )
    query = (
        "SELECT partition, feature, psi, verdict FROM drift_history "
        "WHERE verdict = 'breach' ORDER BY partition, psi DESC"
    )
    baseline, current = shown / "baseline.parquet", shown / "arrivals" / f"{day}.parquet"
    return [
        "",
        "Next, try:",
        "  1. the Dagster UI, with all fourteen days in it (then open http://127.0.0.1:3000):",
        f"     {prefix}{here / 'dagster'} dev",
        "  2. the history in SQL:",
        f'     {here / "drift-assets"} sql{option} "{query}"',
        "  3. two files against each other:",
        f"     {here / 'drift-assets'} compare --baseline {baseline} --current {current}",
    ]
