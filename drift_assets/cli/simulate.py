"""``drift-assets simulate``: stored days judged again by other settings."""

import json
from datetime import date
from pathlib import Path
from typing import Final

import click

from drift_assets.cli.places import HOME, home_of, write_file
from drift_assets.cli.program import Number, day_of
from drift_assets.cli.rows import print_table
from drift_assets.errors import NoDataError, UnknownNameError

PRESET_NAMES: Final = ("balanced", "conservative", "aggressive")
_SHARE: Final = Number(0, 1, min_open=True)
_LEVEL: Final = Number(0, 1, min_open=True, max_open=True)


@click.command(short_help="Judge stored days by other settings.")
@click.argument("monitor")
@click.option(
    "--from", "first", callback=day_of, help="First day. Default: the first reported one."
)
@click.option("--to", "last", callback=day_of, help="Last day. Default: the last reported one.")
@click.option("--preset", type=click.Choice(PRESET_NAMES), help="Thresholds of every column.")
@click.option("--psi-threshold", type=Number(min=0, min_open=True), help="PSI that breaches.")
@click.option("--ks-threshold", type=_LEVEL, help="KS p-value; for the plain rule.")
@click.option("--js-threshold", type=_SHARE, help="JS divergence that breaches.")
@click.option("--guards/--no-guards", default=None, help="The guarded or the plain rule.")
@click.option("--family-alpha", type=_LEVEL, help="Level of the guarded rule.")
@click.option("--alert-after", metavar='"2 of 3"', help="Days that a breach must last.")
@click.option("--drift-share-threshold", type=_SHARE, help="Share that makes the data set drift.")
@click.option("--false-alarms", type=_LEVEL, help="Clean days that may alarm; for learned ones.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--picture", type=click.Path(path_type=Path), help="Write a picture, as SVG.")
@HOME
def simulate(
    *,
    monitor: str,
    first: date | None,
    last: date | None,
    preset: str | None,
    psi_threshold: float | None,
    ks_threshold: float | None,
    js_threshold: float | None,
    guards: bool | None,
    family_alpha: float | None,
    alert_after: str | None,
    drift_share_threshold: float | None,
    false_alarms: float | None,
    as_json: bool,
    picture: Path | None,
    home: Path | None,
) -> None:
    """Judge the reported days of MONITOR again, by other thresholds, guards or persistence.

    Nothing is measured anew and nothing is written. What is not given stays as each day was
    judged by.
    """
    from drift_assets.report.simulation import (
        HEADINGS,
        simulation_lines,
        simulation_rows,
        simulation_to_dict,
        svg_simulation,
    )
    from drift_assets.simulation import Settings
    from drift_assets.simulation import simulate as replay
    from drift_assets.store import open_history
    from drift_assets.store.baselines import BaselineFiles
    from drift_assets.verdicts import Persistence

    settings = Settings(
        preset=preset,
        psi_breach=psi_threshold,
        ks_significance_level=ks_threshold,
        js_breach=js_threshold,
        family_alpha=family_alpha,
        guards=guards,
        alert_after=None if alert_after is None else Persistence.of_text(alert_after),
        drift_share_threshold=drift_share_threshold,
        false_alarms=false_alarms,
    )
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--from {first} is after --to {last}.")
    if picture is not None and picture.suffix.lower() != ".svg":
        raise click.UsageError(f"found --picture {picture}, expected a name that ends in .svg.")
    place = home_of(home)
    history = open_history(place)
    days = history.kept_days(monitor, first=first, last=last, settings=settings)
    learned = {}
    if false_alarms is not None:
        files = BaselineFiles(place, monitor)
        ids = {column.baseline_id for day in days for column in day.columns}
        learned = {name: found for name in ids if (found := files.learned(name)) is not None}
    simulation = replay(days, settings, first=first, learned=learned)
    if not simulation.days:
        known = [one.monitor for one in history.last_evaluations()]
        if monitor not in known:
            raise UnknownNameError("reported monitor", monitor, known)
        raise NoDataError(
            f"Found no reported day of {monitor!r} from {first or 'the first'} to "
            f"{last or 'the last'}, expected at least one: give a longer stretch."
        )
    if picture is not None:
        write_file(picture, svg_simulation(simulation, monitor=monitor).encode())
    if as_json:
        click.echo(json.dumps(simulation_to_dict(simulation, monitor=monitor), indent=2))
        return
    for line in simulation_lines(simulation, monitor=monitor):
        click.echo(line)
    print_table(HEADINGS, simulation_rows(simulation))
