"""``drift-assets trend``: which columns creep, and when they reach a threshold."""

import json
from pathlib import Path

import click

from drift_assets.cli.places import HOME, home_of
from drift_assets.errors import NoDataError, UnknownNameError


@click.command(short_help="Show which columns creep towards a threshold.")
@click.argument("monitor")
@click.option("--feature", help="Only this column.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@HOME
def trend(*, monitor: str, feature: str | None, as_json: bool, home: Path | None) -> None:
    """Show the gradual drift of MONITOR up to its latest reported day.

    Nothing is measured anew and nothing is written.
    """
    from drift_assets.report.escaping import visible
    from drift_assets.report.trend import trend_headline, trend_lines, trends_to_list
    from drift_assets.store import open_history

    history = open_history(home_of(home))
    day = history.last_trend(monitor)
    if day is None:
        raise NoDataError(
            f"Found no trends of a monitor {monitor!r} in {history.address}, expected those of a "
            "reported day: run a day of it, and see that its settings do not say trend: false."
        )
    results = history.trends(monitor, day)
    if feature is not None:
        known = [result.feature for result in results]
        results = tuple(result for result in results if result.feature == feature)
        if not results:
            raise UnknownNameError("watched column", feature, sorted(set(known)))
    if as_json:
        document = {
            "schema_version": 1,
            "monitor": monitor,
            "partition": day.isoformat(),
            "trends": trends_to_list(results),
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
        return
    click.echo(f"{visible(monitor)}, up to {day}. {trend_headline(results)}")
    for line in trend_lines(results):
        click.echo(f"  {line.name}: {line.label}: {line.reason}")
