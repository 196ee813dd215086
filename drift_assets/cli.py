"""The command line. Each command calls the library; none computes anything itself."""

import csv
import json
import math
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from drift_assets.errors import ConfigurationError, DriftAssetsError

# Commands import what they need when they run: `compare` must not wait for Dagster.
if TYPE_CHECKING:
    from drift_assets.assessment import Assessment
    from drift_assets.declarations import Declaration
    from drift_assets.orchestration.runs import Outcome
    from drift_assets.store import QueryResult

DRIFT_FOUND: Final = 1
BAD_INPUT: Final = 2
MOST_HOURS: Final = 100_000

_DEFS = click.option(
    "--defs",
    "places",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File or folder with defs.yaml files. Default: the project around the current folder.",
)
_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Drift home: history, baselines, reports. Default: DRIFT_ASSETS_HOME or ./drift_home.",
)


class _Number(click.FloatRange):
    """A float in a range; NaN, which compares as neither inside nor outside, is refused."""

    def convert(
        self,
        value: Any,  # noqa: ANN401  # as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number, or fail as click does."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail("NaN is not a number.", param, ctx)
        return number


class _Group(click.Group):
    """Prints the errors that drift_assets raises on purpose, and leaves with status 2."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # as click has it
        try:
            return super().invoke(ctx)
        except DriftAssetsError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(BAD_INPUT)
        except BrokenPipeError:
            # The reader of a pipe has seen enough.
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drift-assets")
def main() -> None:
    """Watch machine-learning models for drift."""


@main.command(short_help="Compare two files.")
@click.option("--baseline", required=True, type=click.Path(path_type=Path), help="Baseline file.")
@click.option("--current", required=True, type=click.Path(path_type=Path), help="Current file.")
@click.option(
    "--features",
    multiple=True,
    metavar="NAME [NAME ...]",
    help="Columns to compare. Default: all that can be.",
)
@click.option("--prediction-column", "predictions", multiple=True, help="Prediction column.")
@click.option(
    "--categorical", multiple=True, help="Column whose numbers are codes, not quantities."
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the report as JSON.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write the report as HTML.")
@click.option(
    "--psi-threshold",
    type=_Number(min=0, min_open=True),
    default=0.2,
    show_default=True,
    help="PSI breaches at or above.",
)
@click.option(
    "--ks-threshold",
    type=_Number(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="KS p-value breaches strictly below.",
)
@click.option(
    "--js-threshold",
    type=_Number(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="JS divergence breaches at or above.",
)
@click.option("--guards", is_flag=True, help="Judge by the guarded rule of a monitor.")
@click.option(
    "--statistic",
    "statistics",
    multiple=True,
    metavar="NAME",
    help="Also measure this one, such as hellinger; docs/statistics.md lists all.",
)
@click.option(
    "--conformance",
    metavar="PEER",
    help="Also print a peer's numbers: evidently, nannyml, scipy, tfdv or equal_width.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the JSON report instead of text.")
@click.option("--exit-code", is_flag=True, help="Leave with status 1 when drift is found.")
@click.argument("more_features", nargs=-1, metavar="")
@click.pass_context
def compare(
    ctx: click.Context,
    *,
    baseline: Path,
    current: Path,
    features: tuple[str, ...],
    more_features: tuple[str, ...],
    predictions: tuple[str, ...],
    categorical: tuple[str, ...],
    output: Path | None,
    page: Path | None,
    psi_threshold: float,
    ks_threshold: float,
    js_threshold: float,
    guards: bool,
    statistics: tuple[str, ...],
    conformance: str | None,
    as_json: bool,
    exit_code: bool,
) -> None:
    """Compare two files (CSV, Parquet or JSON) and print the drift report.

    Status 0; with --exit-code 1 when drift is found, 2 when there is none but some column
    could not be evaluated; 2 for bad usage or bad input.
    """
    from drift_assets.compare import compare_rows, comparison_monitor
    from drift_assets.report.console import console_report
    from drift_assets.report.json import document_report, to_json
    from drift_assets.scan import rows_from_files

    if more_features and not features:
        raise click.UsageError(
            f"Got unexpected argument(s): {' '.join(more_features)}. "
            "Columns are named after --features."
        )
    baseline_rows = rows_from_files([baseline])
    current_rows = rows_from_files([current])
    monitor = comparison_monitor(
        features=(*features, *more_features) or None,
        predictions=predictions,
        categorical=categorical,
        available=baseline_rows.watchable,
        psi_threshold=psi_threshold,
        ks_threshold=ks_threshold,
        js_threshold=js_threshold,
        guards=guards,
        statistics=statistics,
        usual_rows=max(current_rows.n_rows, 1),
    )
    assessment = compare_rows(baseline_rows, current_rows, monitor, all_named=bool(features))
    report, text = document_report(assessment), console_report(assessment)
    if conformance is not None:
        from drift_assets.conformance.comparison import compare_with_peer, peer_lines, peer_report

        peer = compare_with_peer(conformance, baseline_rows, current_rows, assessment)
        report["conformance"] = peer_report(peer)
        text = f"{text}\n{peer_lines(peer)}"
    document = to_json(report)
    if output is not None:
        _write(output, document)
    if page is not None:
        from drift_assets.report.html import html_report

        title = f"{current.name} against {baseline.name}"
        _write(page, html_report(assessment, title=title).encode())
    click.echo(document.decode().rstrip() if as_json else text)
    skipped = [name for name in baseline_rows.columns if name not in _named(assessment)]
    if skipped and not features:
        click.echo(f"Not compared (dates, nested or empty): {', '.join(skipped)}", err=True)
    if exit_code:
        ctx.exit(_status(assessment))


@main.command(short_help="Run the daily job of a monitor.")
@click.argument("monitor")
@click.option("--partition", help="Day to run, such as 2026-11-23.")
@click.option("--from", "first", help="First day to run.")
@click.option("--to", "last", help="Last day to run. Default: the last that exists.")
@click.option("--exit-code", is_flag=True, help="Leave with status 1 when drift is found.")
@_DEFS
@_HOME
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

    declaration = find_declaration(monitor, _declared(places, home))
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
        ctx.exit(max(_status(o.assessment) for o in outcomes if o.assessment is not None))


@main.command(short_help="Query the history, read-only.")
@click.argument("query")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print the rows.",
)
@_HOME
def sql(*, query: str, layout: str, home: Path | None) -> None:
    """Run one read-only SQL QUERY on the history, such as "FROM drift_latest"."""
    from drift_assets.store import History

    _print_rows(History(_home(home) / "history.duckdb").query(query), layout)


@main.command(short_help="List monitors and what waits.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@_DEFS
@_HOME
def monitors(*, as_json: bool, places: tuple[Path, ...], home: Path | None) -> None:
    """List the declared monitors, their last report, and files that wait."""
    from drift_assets.declarations import drift_home
    from drift_assets.sources import Place, baseline_files, known_days
    from drift_assets.store import History

    listed: list[dict[str, Any]] = []
    for one in _declared(places, home):
        place = Place(root=one.root, home=drift_home(one.root))
        reported = History(place.home / "history.duckdb").reported(one.monitor.name)
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


@main.command(short_help="Write a first defs.yaml.")
@click.argument("baseline", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the monitor. Default: that of the file.")
@click.option("--current", help="Template of the daily files, such as data/{partition}/*.csv.")
@click.option("--prediction-column", "predictions", multiple=True, help="Prediction column.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("defs.yaml"),
    show_default=True,
    help="Where to write; an existing file is not overwritten.",
)
def init(
    *,
    baseline: Path,
    name: str | None,
    current: str | None,
    predictions: tuple[str, ...],
    output: Path,
) -> None:
    """Write a commented defs.yaml from a look at the BASELINE file."""
    from drift_assets.starter import starter_yaml

    if output.exists():
        raise ConfigurationError(
            f"Found a file at {output}, expected none: choose another place with --output."
        )
    text = starter_yaml(
        baseline, name=name, current=current, predictions=predictions, beside=output
    )
    _write(output, text.encode())
    click.echo(f"Wrote {output}. Read it, adjust it, then: drift-assets monitors")
    click.echo("Dagster finds it in a folder of its own below your project's defs folder.")


@main.command(short_help="See two faults found in real data.")
@_HOME
def demo(*, home: Path | None) -> None:
    """Monitor fourteen real days of flights, with two faults from the eighth day on."""
    from drift_assets import demo as data
    from drift_assets.declarations import SHIPPED, find_declaration, read_declarations
    from drift_assets.report.console import console_report

    place = _home(home)
    _use_home(place)
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
            click.echo(_day_line(last))
            if last.error:
                raise DriftAssetsError(f"The demo stopped on {day}: {last.error}")
    if last is not None and last.assessment is not None:
        click.echo("")
        click.echo(console_report(last.assessment))
    for line in _next_steps(place, data.DAYS[-1]):
        click.echo(line)


@main.command(short_help="Check that monitoring is alive.")
@click.option(
    "--max-age-hours",
    type=_Number(min=0, max=MOST_HOURS, min_open=True),
    default=48.0,
    show_default=True,
    help="How old a monitor's last report may be.",
)
@click.option("--no-daemon", is_flag=True, help="Do not ask for the Dagster daemon.")
@_DEFS
@_HOME
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

    declared = _declared(places, home)
    findings = check_health(
        declared,
        home=_home(home),
        max_age=timedelta(hours=max_age_hours),
        daemon=not no_daemon,
    )
    for finding in findings:
        click.echo(f"{'ok  ' if finding.healthy else 'FAIL'}  {finding.text}")
    if not all(finding.healthy for finding in findings):
        ctx.exit(1)


def _named(assessment: "Assessment") -> set[str]:
    return {feature.feature for feature in assessment.features}


def _status(assessment: "Assessment") -> int:
    """Return the exit status of an answer; no answer at all is never 0."""
    if assessment.breached:
        return DRIFT_FOUND
    return BAD_INPUT if assessment.not_evaluated else 0


def _declared(places: Sequence[Path], home: Path | None) -> "list[Declaration]":
    from drift_assets.declarations import (
        FILE_NAME,
        SHIPPED,
        drift_home,
        find_files,
        has_root,
        project_root,
        read_declarations,
    )

    if home is not None:
        _use_home(_home(home))
    if places:
        return read_declarations(find_files(places))
    root = project_root(Path.cwd())
    if has_root(Path.cwd()):
        declared = read_declarations(find_files([root]))
    else:
        # Not a project: what lies around in other folders is not meant.
        declared = read_declarations([root / FILE_NAME] if (root / FILE_NAME).exists() else [])
    shipped = read_declarations(find_files([SHIPPED]))
    # The demo's monitor belongs to nobody who has not run the demo, or has one of that name.
    names = {one.monitor.name for one in declared}
    has_demo = (drift_home(root) / "demo").exists()
    return declared + [one for one in shipped if has_demo and one.monitor.name not in names]


def _home(home: Path | None) -> Path:
    """Return the drift home that is asked for, as an absolute path."""
    from drift_assets.declarations import drift_home, project_root

    return home.expanduser().resolve() if home is not None else drift_home(project_root(Path.cwd()))


def _use_home(home: Path) -> None:
    """Make ``home`` the drift home of everything that this process does."""
    os.environ["DRIFT_ASSETS_HOME"] = str(home)


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

    outcomes = []
    with open_instance(drift_home(declaration.root)) as instance:
        runner = Runner(declaration, instance)
        for day in days:
            outcome = runner.run(day)
            click.echo(_day_line(outcome))
            outcomes.append(outcome)
    if len(days) == 1 and outcomes[0].assessment is not None:
        click.echo(console_report(outcomes[0].assessment))
    return outcomes


def _day_line(outcome: "Outcome") -> str:
    """Return one day in one line."""
    if outcome.assessment is None:
        return f"{outcome.partition}  FAILED  {outcome.error}"
    assessment = outcome.assessment
    line = f"{outcome.partition}  {assessment.n_current:>9,} rows  {assessment.verdict.value}"
    if assessment.breached:
        line += ": " + ", ".join(
            f"{f.feature} ({f.top_bins[0].label})" if f.top_bins else f.feature
            for f in assessment.breached
        )
    if assessment.not_evaluated:
        line += "; not evaluated: " + ", ".join(f.feature for f in assessment.not_evaluated)
    return line


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


def _print_rows(result: "QueryResult", layout: str) -> None:
    if layout == "json":
        names = _unrepeated(result.columns)
        rows = [
            {name: _plain(value) for name, value in zip(names, row, strict=True)}
            for row in result.rows
        ]
        click.echo(json.dumps(rows, indent=2, default=str, allow_nan=False))
    elif layout == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(result.columns)
        writer.writerows(result.rows)
    else:
        from rich.box import SIMPLE
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE)
        for name in result.columns:
            table.add_column(Text(name), overflow="fold")
        for row in result.rows:
            table.add_row(*(Text(_cell(value)) for value in row))
        # Piped output must not be cut to the width of a terminal that is not there.
        Console(width=None if sys.stdout.isatty() else 200).print(table)
        click.echo(f"{len(result.rows)} row{'s' * (len(result.rows) != 1)}")


def _unrepeated(names: Sequence[str]) -> list[str]:
    """Return the names, those that come again numbered: ``a``, ``a_2``, ``a_3``."""
    found: dict[str, None] = {}
    for name in names:
        numbered = (f"{name}_{n}" for n in count(2) if f"{name}_{n}" not in names)
        found[next(one for one in chain([name], numbered) if one not in found)] = None
    return list(found)


def _plain(value: object) -> object:
    """Return a value as JSON can hold it: no number that is none, and names that are text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _write(path: Path, content: bytes) -> None:
    from drift_assets.atomic import write_atomically

    try:
        write_atomically(path, content)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot write {path}: {error.strerror}; expected a place that can be written to."
        ) from error
