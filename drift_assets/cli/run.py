"""``drift-assets run``: the daily job of a monitor, for one day or many."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drift_assets.cli.outcomes import day_line, status_of
from drift_assets.cli.places import DEFS, HOME, declared
from drift_assets.cli.program import BAD_INPUT, DRIFT_FOUND
from drift_assets.errors import ConfigurationError, HistoryError

if TYPE_CHECKING:
    from drift_assets.declarations import Declaration
    from drift_assets.orchestration.runs import Outcome


@click.command(short_help="Run the daily job of a monitor.")
@click.argument("monitor")
@click.option("--partition", help="Day to run, such as 2026-11-23.")
@click.option("--from", "first", help="First day to run.")
@click.option("--to", "last", help="Last day to run. Default: the last that exists.")
@click.option("--exit-code", is_flag=True, help="Leave with status 1 when drift is found.")
@DEFS
@HOME
@click.pass_context
def run(
    ctx: click.Context,
    *,
    monitor: str,
    partition: str | None,
    first: str | None,
    last: str | None,
    exit_code: bool,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Run the daily Dagster job of MONITOR for one day or a range of days.

    Status 0, also with drift; with --exit-code 1 when drift is found, 2 when there is none but
    some column could not be evaluated; 2 when a day failed.
    """
    from drift_assets.declarations import find_declaration
    from drift_assets.monitors import partition_days

    declaration = find_declaration(monitor, declared(places, home))
    start, end = partition_days(declaration.monitor, now=datetime.now(UTC))
    if partition is not None:
        if first is not None or last is not None:
            raise click.UsageError("Give --partition, or --from and --to, not both.")
        days = [_day(partition, "--partition")]
    elif first is not None:
        low = _day(first, "--from")
        high = _day(last, "--to") if last is not None else end
        if low > high:
            raise click.UsageError(f"--from {low} is after --to {high}.")
        days = [low + timedelta(days=n) for n in range((high - low).days + 1)]
    else:
        raise click.UsageError("Say which day: --partition D, or --from D --to D.")
    outside = [day for day in days if not start <= day <= end]
    if outside:
        raise ConfigurationError(
            f"Found the day {outside[0]}, expected one from {start} to {end}, the days that "
            f"exist for monitor {monitor!r}: see partitions in its YAML."
        )
    outcomes = _run_days(declaration, days)
    if len(days) > 1:
        endings = [outcome.ending.value for outcome in outcomes]
        click.echo(", ".join(f"{endings.count(e)} {e}" for e in dict.fromkeys(sorted(endings))))
    if any(outcome.error for outcome in outcomes):
        ctx.exit(BAD_INPUT)
    if exit_code:
        found = {status_of(o.assessment) for o in outcomes if o.assessment is not None}
        ctx.exit(DRIFT_FOUND if DRIFT_FOUND in found else max(found))


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"found {text!r}, expected a day such as 2026-11-23", param_hint=option
        ) from None


def _run_days(declaration: "Declaration", days: Sequence[date]) -> "list[Outcome]":
    from drift_assets.declarations import drift_home
    from drift_assets.orchestration.runs import Runner, open_instance
    from drift_assets.report.console import console_report
    from drift_assets.report.trend import trend_text
    from drift_assets.store import open_history

    outcomes = []
    with open_instance(drift_home(declaration.root)) as instance:
        runner = Runner(declaration, instance)
        for day in days:
            outcome = runner.run(day)
            click.echo(day_line(outcome))
            outcomes.append(outcome)
    _publish(drift_home(declaration.root))
    if len(days) == 1 and outcomes[0].assessment is not None:
        click.echo(console_report(outcomes[0].assessment))
        trends = open_history(drift_home(declaration.root)).trends(
            declaration.monitor.name, days[0]
        )
        if trends:
            click.echo(trend_text(trends))
    return outcomes


def _publish(home: Path) -> None:
    """Let people read what has been written; the days have run, whether or not that succeeds."""
    from drift_assets.store import open_history

    history = open_history(home)
    try:
        if history.exists():
            history.publish()
    except HistoryError as error:
        click.echo(f"Note: {error}", err=True)
