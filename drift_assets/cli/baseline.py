"""``drift-assets baseline``: which baseline judges, and how another one comes to."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from drift_assets.cli.places import DEFS, HOME, declared
from drift_assets.cli.program import day_of
from drift_assets.cli.rows import print_table

if TYPE_CHECKING:
    from drift_assets.orchestration.day import Workplace
    from drift_assets.orchestration.freezing import Frozen
    from drift_assets.orchestration.promotion import Difference, Preview
    from drift_assets.profiles import Baseline

_BY: Final = click.option("--by", "who", default="", help="Who does it. Default: the user.")
_WHY: Final = click.option("--reason", default="", help="Why, for the history.")
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
_YES: Final = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(short_help="List, freeze, promote and compare baselines.")
def baseline() -> None:
    """Look at the frozen baselines of a monitor, make new ones, and choose which one judges."""


@baseline.command("list", short_help="List frozen baselines.")
@click.argument("monitor")
@_JSON
@DEFS
@HOME
def list_(*, monitor: str, as_json: bool, places: tuple[Path, ...], home: Path | None) -> None:
    """List the frozen baselines of MONITOR; the active one judges, and it says why."""
    from drift_assets.orchestration.promotion import list_baselines

    workplace = _workplace(monitor, places, home)
    listed = list_baselines(workplace)
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "baseline_id": one.baseline_id,
                        "state": one.state,
                        "why": one.why,
                        "n_rows": one.n_rows,
                        "source": one.source,
                        "frozen_at": one.frozen_at.isoformat() if one.frozen_at else None,
                        "days_judged": one.n_days_judged,
                        "problem": one.fits,
                    }
                    for one in listed
                ],
                indent=2,
            )
        )
        return
    if not listed:
        click.echo(f"No baseline of {monitor} is frozen yet. The first run freezes the YAML's.")
        return
    print_table(
        ("baseline", "state", "frozen at (UTC)", "rows", "days judged", "from"),
        [
            (
                one.baseline_id,
                one.state,
                f"{one.frozen_at:%Y-%m-%d %H:%M}" if one.frozen_at else "",
                "" if one.n_rows is None else f"{one.n_rows:,}",
                one.n_days_judged,
                f"{one.source}{f' (cannot judge: {one.fits})' if one.fits else ''}",
            )
            for one in listed
        ],
    )
    for one in listed:
        if one.why:
            click.echo(f"{one.baseline_id} is active: {one.why}.")


@baseline.command(short_help="Show one baseline and its past.")
@click.argument("monitor")
@click.argument("baseline_id", required=False)
@_JSON
@DEFS
@HOME
def show(
    *,
    monitor: str,
    baseline_id: str | None,
    as_json: bool,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Show a baseline of MONITOR, by default the active one: its columns, and what was done."""
    from drift_assets.errors import BaselineError
    from drift_assets.orchestration.promotion import find_baseline
    from drift_assets.profiles import NumericProfile

    workplace = _workplace(monitor, places, home)
    wanted = baseline_id or workplace.baselines.active_id()
    if wanted is None:
        raise BaselineError(
            f"Found no frozen baseline of {monitor!r}, expected one: run a day, or "
            f"`drift-assets baseline freeze {monitor}`."
        )
    found = find_baseline(workplace, wanted)
    days = workplace.baseline_days(found).profiles.baseline_days()
    events = [e for e in workplace.history.baseline_events(monitor) if e.baseline_id == found.id]
    columns = [
        {
            "column": name,
            "kind": "numeric" if isinstance(profile, NumericProfile) else "categorical",
            "n": profile.n,
            "n_missing": profile.n_missing,
            "distinct": profile.n_distinct,
            "bins": len(profile.psi_counts),
        }
        for name, profile in found.columns.items()
    ]
    acts = [
        {
            "at": event.happened_at.isoformat(timespec="seconds"),
            "event": event.event,
            "who": event.who,
            "reason": event.reason,
            "detail": event.detail,
        }
        for event in events
    ]
    if as_json:
        content = {
            "baseline_id": found.id,
            "n_rows": found.n_rows,
            "days": [day.isoformat() for day in days],
            "columns": columns,
            "events": acts,
        }
        click.echo(json.dumps(content, indent=2))
        return
    stretch = f", {len(days)} days from {days[0]} to {days[-1]}" if days else ""
    click.echo(f"{found.id}: {found.n_rows:,} rows{stretch}")
    _table(columns)
    if acts:
        _table(acts)


@baseline.command(short_help="Freeze a candidate.")
@click.argument("monitor")
@click.option("--file", "path", help="A file or glob. Default: what the YAML names.")
@click.option(
    "--from", "first", callback=day_of, help="First day: of current data, or of the file."
)
@click.option("--to", "last", callback=day_of, help="Last day.")
@click.option("--last-days", type=click.IntRange(min=1), help="The latest days; hides slow drift.")
@_BY
@_WHY
@DEFS
@HOME
def freeze(
    *,
    monitor: str,
    path: str | None,
    first: date | None,
    last: date | None,
    last_days: int | None,
    who: str,
    reason: str,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Freeze a candidate for MONITOR: from a file, past days, or what the YAML names.

    It judges nobody until it is promoted. The same data give the same id.
    """
    if last_days is not None and (path is not None or first is not None or last is not None):
        raise click.UsageError("Give --last-days alone.")
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--from {first} is after --to {last}.")
    workplace = _workplace(monitor, places, home)
    frozen = _freeze(workplace, path, first, last, last_days, who, reason)
    click.echo(
        f"{frozen.baseline.id}  {'frozen' if frozen.is_new else 'was frozen already'}: "
        f"{frozen.baseline.n_rows:,} rows, {len(frozen.baseline.columns)} columns, {frozen.source}"
    )
    if frozen.baseline.id != workplace.baselines.active_id():
        click.echo(
            f"It judges once it is promoted: drift-assets baseline promote {monitor} "
            f"{frozen.baseline.id}"
        )


@baseline.command(short_help="Let a frozen baseline judge.")
@click.argument("monitor")
@click.argument("baseline_id")
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Reported days on which to try it first.",
)
@click.option("--preview", "only_preview", is_flag=True, help="Show what would change, and stop.")
@_YES
@_BY
@_WHY
@DEFS
@HOME
def promote(
    *,
    monitor: str,
    baseline_id: str,
    days: int,
    only_preview: bool,
    yes: bool,
    who: str,
    reason: str,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Let a frozen baseline judge MONITOR from now on, after showing what that changes.

    At a terminal it asks; elsewhere it needs --yes. What was reported stays as it is.
    """
    from drift_assets.orchestration.promotion import find_baseline
    from drift_assets.orchestration.promotion import preview as look_ahead
    from drift_assets.orchestration.promotion import promote as let_judge

    workplace = _workplace(monitor, places, home)
    candidate = find_baseline(workplace, baseline_id)
    found = look_ahead(workplace, candidate, days=days)
    _show_preview(found)
    if only_preview:
        return
    _confirm(f"Let {candidate.id} judge {monitor} from now on?", yes=yes)
    previous = let_judge(workplace, candidate, who=who, reason=reason, detail=found.summary)
    _tell_dagster(workplace, candidate)
    back = f"; `drift-assets baseline rollback {monitor}` goes back to {previous}"
    click.echo(f"{candidate.id} judges {monitor} now{back if previous else ''}.")


@baseline.command(short_help="Go back to the baseline before.")
@click.argument("monitor")
@_BY
@_WHY
@DEFS
@HOME
def rollback(
    *, monitor: str, who: str, reason: str, places: tuple[Path, ...], home: Path | None
) -> None:
    """Let the baseline judge MONITOR again that did before the present one."""
    from drift_assets.orchestration.promotion import rollback as go_back

    workplace = _workplace(monitor, places, home)
    found = go_back(workplace, who=who, reason=reason)
    _tell_dagster(workplace, found)
    click.echo(f"{found.id} judges {monitor} again.")


@baseline.command(short_help="Put a baseline away.")
@click.argument("monitor")
@click.argument("baseline_id")
@_BY
@_WHY
@DEFS
@HOME
def archive(
    *,
    monitor: str,
    baseline_id: str,
    who: str,
    reason: str,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Put a frozen baseline of MONITOR that does not judge away; promoting it brings it back."""
    from drift_assets.orchestration.promotion import archive as put_away
    from drift_assets.orchestration.promotion import find_baseline

    workplace = _workplace(monitor, places, home)
    found = find_baseline(workplace, baseline_id)
    put_away(workplace, found, who=who, reason=reason)
    click.echo(f"{found.id} is in the archive.")


@baseline.command(short_help="Compare two baselines.")
@click.argument("monitor")
@click.argument("first")
@click.argument("second", required=False)
@_JSON
@DEFS
@HOME
def diff(
    *,
    monitor: str,
    first: str,
    second: str | None,
    as_json: bool,
    places: tuple[Path, ...],
    home: Path | None,
) -> None:
    """Compare two baselines of MONITOR by their profiles; SECOND is by default the active one."""
    from drift_assets.errors import BaselineError
    from drift_assets.orchestration.promotion import diff as compare
    from drift_assets.orchestration.promotion import find_baseline

    workplace = _workplace(monitor, places, home)
    other = second or workplace.baselines.active_id()
    if other is None:
        raise BaselineError(f"Found no active baseline of {monitor!r}, expected one: name SECOND.")
    found = compare(workplace, find_baseline(workplace, first), find_baseline(workplace, other))
    if as_json:
        from drift_assets.report.json import assessment_to_dict

        content = {
            "first": found.first.id,
            "second": found.second.id,
            "added": list(found.added),
            "removed": list(found.removed),
            "rows_uncertain": dict(found.uncertain),
            "drift": assessment_to_dict(found.drift),
        }
        click.echo(json.dumps(content, indent=2))
        return
    _show_difference(found)


def _workplace(monitor: str, places: tuple[Path, ...], home: Path | None) -> "Workplace":
    from drift_assets.declarations import find_declaration
    from drift_assets.orchestration.day import workplace_of

    return workplace_of(find_declaration(monitor, declared(places, home)))


def _freeze(
    workplace: "Workplace",
    path: str | None,
    first: date | None,
    last: date | None,
    last_days: int | None,
    who: str,
    reason: str,
) -> "Frozen":
    from drift_assets.orchestration import freezing

    if last_days is not None:
        return freezing.freeze_rolling(workplace, last_days, who=who, reason=reason)
    if path is not None:
        # From here, as in any command, not from the project's root.
        here = path if "://" in path else str(Path.cwd() / Path(path).expanduser())
        return freezing.freeze_files(
            workplace, here, first=first, last=last, who=who, reason=reason
        )
    if first is not None or last is not None:
        if first is None or last is None:
            raise click.UsageError("Give both --from and --to, or --last-days.")
        return freezing.freeze_days(workplace, first, last, who=who, reason=reason)
    return freezing.freeze_declared(workplace, who=who, reason=reason)


def _tell_dagster(workplace: "Workplace", active: "Baseline") -> None:
    """Let the asset of the baseline follow; the baseline judges, whether or not that succeeds."""
    from drift_assets.orchestration.baseline_job import active_materialization
    from drift_assets.orchestration.runs import open_instance

    try:
        with open_instance(workplace.place.home) as instance:
            instance.report_runless_asset_event(active_materialization(workplace, active))
    except Exception as error:  # noqa: BLE001  # Dagster's storage may be anybody's
        click.echo(f"Note: Dagster was not told ({type(error).__name__}).", err=True)


def _show_preview(found: "Preview") -> None:
    if found.difference is not None:
        _show_difference(found.difference)
    if found.days:
        print_table(
            ("day", "was said", "would be said", "columns that would breach", "by its"),
            [
                (
                    day.partition,
                    day.said.value,
                    day.would_say.value,
                    ", ".join(day.breached),
                    "bins, PSI alone" if day.basis == "bins" else day.basis,
                )
                for day in found.days
            ],
        )
    click.echo(f"{found.summary[:1].upper()}{found.summary[1:]}.")


def _show_difference(found: "Difference") -> None:
    from drift_assets.report.console import console_report

    click.echo(f"From {found.first.id} to {found.second.id}:")
    click.echo(console_report(found.drift))
    for words, names in (("Only in the second", found.added), ("Only in the first", found.removed)):
        if names:
            click.echo(f"{words}: {', '.join(names)}.")
    if found.uncertain:
        rows = ", ".join(f"{name} {n:,}" for name, n in found.uncertain.items())
        click.echo(f"Rows whose bin is known only to within a gap of the grid: {rows}.")


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask at. Give --yes to go ahead.")
    click.confirm(question, abort=True)


def _table(rows: list[dict[str, Any]]) -> None:
    if rows:
        print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
