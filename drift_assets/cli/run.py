"""``drift-assets run``: the daily job of a monitor, for one day or many."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drift_assets.cli.outcomes import day_line, status_of
from drift_assets.cli.places import DEFS, HOME, declared
from drift_assets.cli.program import BAD_INPUT, DRIFT_FOUND, STOPPED, day_of
from drift_assets.cli.terminal import wants_colours
from drift_assets.errors import ConfigurationError, HistoryError

if TYPE_CHECKING:
    from drift_assets.declarations import Declaration
    from drift_assets.orchestration.runs import Outcome


@click.command(short_help="Run the daily job of a monitor.")
@click.argument("monitor")
@click.option("--partition", callback=day_of, help="Day to run, such as 2026-11-23.")
@click.option("--from", "first", callback=day_of, help="First day to run.")
@click.option(
    "--to", "last", callback=day_of, help="Last day to run. Default: the last that exists."
)
@click.option("--again", is_flag=True, help="Also days that have a report of their present data.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Days at the same time.",
)
@click.option("--exit-code", is_flag=True, help="Leave with status 1 when drift is found.")
@DEFS
@HOME
@click.pass_context
def run(
    ctx: click.Context,
    *,
    monitor: str,
    partition: date | None,
    first: date | None,
    last: date | None,
    again: bool,
    processes: int,
    exit_code: bool,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Run the daily Dagster job of MONITOR for one day or a range of days.

    In a range, days that have a report of their present data are passed over, so the same
    command goes on where it was stopped. Each day is a run of its own; Ctrl-C leaves whole days.

    Status 0, also with drift, and where some days of a range have no data; with --exit-code 1
    when drift is found, 2 when there is none but a column or a day could not be evaluated. 2 when a
    day failed, or no day that was asked for has data; 130 when Ctrl-C stopped it.
    """
    from drift_assets.declarations import find_declaration
    from drift_assets.monitors import partition_days

    declaration = find_declaration(monitor, declared(places, home))
    start, end = partition_days(declaration.monitor, now=datetime.now(UTC))
    if partition is not None:
        if first is not None or last is not None:
            raise click.UsageError("Give --partition, or --from and --to, not both.")
        days = [partition]
    elif first is not None:
        last = end if last is None else last
        if first > last:
            raise click.UsageError(f"--from {first} is after --to {last}.")
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    else:
        raise click.UsageError("Say which day: --partition D, or --from D --to D.")
    outside = [day for day in days if not start <= day <= end]
    if outside:
        raise ConfigurationError(
            f"Found the day {outside[0]}, expected one from {start} to {end}, the days that "
            f"exist for monitor {monitor!r}: see partitions in its YAML."
        )
    asked = days
    if partition is None and not again:
        days = _left(declaration, days)
    outcomes = _run_days(
        declaration, days, processes, with_report=len(asked) == 1, again=again and len(asked) > 1
    )
    if outcomes and len(asked) > 1:
        endings = [outcome.ending.value for outcome in outcomes]
        click.echo(", ".join(f"{endings.count(e)} {e}" for e in dict.fromkeys(sorted(endings))))
    if any(outcome.error and not outcome.has_no_data for outcome in outcomes):
        ctx.exit(BAD_INPUT)
    if all(outcome.has_no_data for outcome in outcomes) and len(outcomes) == len(asked):
        # A place where nothing ever is, most likely; some days of a range may well be empty.
        ctx.exit(BAD_INPUT)
    if exit_code:
        found = {BAD_INPUT if o.assessment is None else status_of(o.assessment) for o in outcomes}
        found |= _statuses(declaration, [day for day in asked if day not in days])
        ctx.exit(DRIFT_FOUND if DRIFT_FOUND in found else max(found, default=0))


def _statuses(declaration: "Declaration", days: Sequence[date]) -> set[int]:
    """Return the exit statuses of reported days that were passed over."""
    from drift_assets.declarations import drift_home
    from drift_assets.store import open_history
    from drift_assets.verdicts import Verdict

    if not days:
        return set()
    history = open_history(drift_home(declaration.root))
    said = history.verdicts(declaration.monitor.name, first=min(days), last=max(days))
    status = {Verdict.BREACH: DRIFT_FOUND, Verdict.NOT_EVALUATED: BAD_INPUT}
    return {status.get(verdict, 0) for day, verdict in said.items() if day in days}


def _left(declaration: "Declaration", days: Sequence[date]) -> list[date]:
    """Return the days that are still to be run, and say how many are not."""
    from drift_assets.orchestration.backfill import days_to_run
    from drift_assets.orchestration.day import workplace_of

    left = days_to_run(workplace_of(declaration), days)
    done = len(days) - len(left)
    if done:
        click.echo(
            f"{done} of {len(days)} days have a report of their present data; "
            "--again runs them too."
        )
    return left


def _run_days(
    declaration: "Declaration",
    days: Sequence[date],
    processes: int,
    *,
    with_report: bool,
    again: bool,
) -> "list[Outcome]":
    from drift_assets.declarations import drift_home
    from drift_assets.orchestration.backfill import run_days
    from drift_assets.report.console import console_report
    from drift_assets.report.trend import trend_text
    from drift_assets.store import open_history

    if not days:
        return []
    home = drift_home(declaration.root)
    started = datetime.now(UTC)
    ran = run_days(declaration, days, processes=processes, on_stop=_say_what_is_waited_for)
    try:
        # Ctrl-C may come between two days, too: those under way have ended before they are counted.
        with closing(ran):
            outcomes = list(_with_progress(ran, len(days)))
    except KeyboardInterrupt:
        _publish(home)
        # Not those that have ended here: a day may be stored, and its run not quite over.
        at = open_history(home).evaluated_at(declaration.monitor.name)
        left = [day for day in days if day not in at or at[day] < started]
        click.echo(_stopped(days, left, again=again), err=True)
        click.get_current_context().exit(STOPPED)
    _publish(home)
    if with_report and outcomes[0].assessment is not None:
        click.echo(console_report(outcomes[0].assessment, colours=wants_colours()))
        trends = open_history(home).trends(declaration.monitor.name, days[0])
        if trends:
            click.echo(trend_text(trends))
    return outcomes


def _say_what_is_waited_for() -> None:
    click.echo(
        "Stopping: the days under way come to their end first; Ctrl-C again cuts them off.",
        err=True,
    )


def _stopped(days: Sequence[date], left: Sequence[date], *, again: bool) -> str:
    """Return what is stored of a back-fill that was stopped, and how to go on, in a sentence."""
    done = len(days) - len(left)
    of = "1 day is" if len(days) == 1 else f"{len(days)} days are"
    words = f"Stopped: {done} of {of} stored, each whole"
    if not left:
        return f"{words}."
    how = f"the same command with --from {left[0]}" if again else "the same command"
    return f"{words}; {how} goes on."


def _with_progress(outcomes: "Iterator[Outcome]", n_days: int) -> "Iterator[Outcome]":
    """Yield the outcomes and print a line for each; at a terminal, with a bar below."""
    if n_days < 2 or not sys.stdout.isatty():
        for outcome in outcomes:
            click.echo(day_line(outcome))
            yield outcome
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    from rich.text import Text

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("", total=n_days)
        for outcome in outcomes:
            # As text: a column's name may look like mark-up.
            bar.console.print(Text(day_line(outcome)))
            bar.advance(task)
            yield outcome


def _publish(home: Path) -> None:
    """Let people read what has been written; the days have run, whether or not that succeeds."""
    from drift_assets.dashboard import update_dashboard
    from drift_assets.store import open_history

    history = open_history(home)
    try:
        if history.exists():
            history.publish()
            update_dashboard(history, home)
    except HistoryError as error:
        click.echo(f"Note: {error}", err=True)
