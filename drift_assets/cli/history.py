"""``drift-assets history``: to check, keep, restore, export, prune and publish it."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from drift_assets.cli.places import HOME, home_of
from drift_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from drift_assets.store import History

FILE: Final = click.Path(path_type=Path, dir_okay=False)
FOLDER: Final = click.Path(path_type=Path, file_okay=False)
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
MOST_DAYS: Final = 100_000


def days_of(_: click.Context, __: click.Parameter, value: str) -> int:
    """Return how many days are meant by ``400d``."""
    match = re.fullmatch(r"(\d{1,6})d?", value)
    if not match or not 1 <= int(match[1]) <= MOST_DAYS:
        raise click.BadParameter(f"found {value!r}, expected days such as 400d")
    return int(match[1])


@click.group(short_help="Check, back up, restore, export, prune or publish the history.")
def history() -> None:
    """Look after the history: all measurements ever taken."""


@history.command(short_help="Whether it is whole.")
@JSON
@HOME
@click.pass_context
def check(ctx: click.Context, *, as_json: bool, home: Path | None) -> None:
    """Read every value of the history, and look for duplicates and for rows that lost others.

    Status 0 if all is well, else 1. Writers wait only while a copy is taken.
    """
    from drift_assets.store.check import check_history

    kept = _in_file(home, "check")
    found = check_history(kept.path, wait_seconds=kept.wait_seconds)
    if as_json:
        click.echo(json.dumps({"healthy": found.healthy, **asdict(found)}, indent=2))
    else:
        for finding in found.findings:
            click.echo(f"{'ok  ' if finding.healthy else 'FAIL'}  {finding.text}")
        for table, n in found.n_rows.items():
            click.echo(f"{table:<20} {n:>14,} rows")
        click.echo(f"{_size(found.n_bytes)}, of which {_size(found.n_free_bytes)} are free")
    if not found.healthy:
        ctx.exit(1)


@history.command(short_help="Copy it to a file.")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace an older back-up of that name.")
@HOME
def backup(*, file: Path, force: bool, home: Path | None) -> None:
    """Copy the history to FILE while monitors run, and check the copy."""
    from drift_assets.store.backup import back_up

    kept = _in_file(home, "back-up")
    found = back_up(kept.path, file, force=force, wait_seconds=kept.wait_seconds)
    n_rows = sum(found.n_rows.values())
    click.echo(f"{file}: {n_rows:,} rows, {_size(found.n_bytes)}, checked")


@history.command(short_help="Put a back-up in its place.")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Also if there is a history; it is kept beside.")
@HOME
def restore(*, file: Path, force: bool, home: Path | None) -> None:
    """Make the back-up FILE the history, once it has been checked."""
    from drift_assets.store.backup import restore as put_back

    kept = _in_file(home, "restoring")
    aside = put_back(kept.path, file, force=force, wait_seconds=kept.wait_seconds)
    click.echo(f"{kept.path} is the back-up {file} again.")
    if aside is not None:
        click.echo(f"The history before it is {aside}.")
    kept.publish()


@history.command(short_help="Write it as Parquet files.")
@click.argument("folder", type=FOLDER)
@HOME
def export(*, folder: Path, home: Path | None) -> None:
    """Write every table and view to FOLDER, a Parquet file each."""
    from drift_assets.store import open_history
    from drift_assets.store.export import export_parquet

    with open_history(home_of(home)).copy() as connection:
        rows = export_parquet(connection, folder)
    for name, n in rows.items():
        click.echo(f"{folder / name}.parquet  {n:,} rows")


@history.command(short_help="Delete old days.")
@click.option("--keep", callback=days_of, required=True, help="Days to keep, such as 400d.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--compact", is_flag=True, help="Then write the file anew, so that it shrinks.")
@JSON
@HOME
def prune(*, keep: int, dry_run: bool, compact: bool, as_json: bool, home: Path | None) -> None:
    """Delete what is older than the last days of its monitor, counted from its latest day.

    Alerts that nobody has received stay, and so does every baseline. The space is free for new
    rows; only --compact makes the file smaller, and nobody can write while it works.
    """
    from drift_assets.store import open_history
    from drift_assets.store.compact import compact as write_anew

    kept = _in_file(home, "compacting") if compact else open_history(home_of(home))
    pruned = kept.prune(keep_days=keep, dry_run=dry_run)
    sizes: tuple[int, int] | None = None
    if compact and not dry_run:
        sizes = write_anew(kept.path, wait_seconds=kept.wait_seconds)
    if as_json:
        file = {} if sizes is None else {"n_bytes_before": sizes[0], "n_bytes_after": sizes[1]}
        click.echo(json.dumps({"dry_run": dry_run, **asdict(pruned), **file}, indent=2))
        return
    verb = "would go" if dry_run else "gone"
    click.echo(f"{pruned.n_days:,} days older than {keep} days of their monitors: {verb}")
    for table, n in pruned.n_rows.items():
        click.echo(f"{table:<20} {n:>14,} rows")
    if pruned.n_open_alerts:
        click.echo(f"{pruned.n_open_alerts:,} alerts of those days stay: nobody received them")
    if sizes is not None:
        click.echo(f"{_size(sizes[0])} before, {_size(sizes[1])} now")
    elif not dry_run and pruned.n_days:
        click.echo("Their space is free for new rows; --compact makes the file smaller.")


@history.command(short_help="Bring the copy that people read up to date.")
@HOME
def publish(*, home: Path | None) -> None:
    """Bring the copy that people and dashboards read up to date."""
    copy = _in_file(home, "publishing").publish()
    if copy is not None:
        click.echo(f"{copy.path}: {_size(copy.n_bytes)}, of {copy.taken_at:%Y-%m-%d %H:%M:%S} UTC")


def _in_file(home: Path | None, what: str) -> "History":
    """Return the history, which must be in a file."""
    from drift_assets.store import open_history

    kept = open_history(home_of(home))
    if kept.server is not None:
        raise ConfigurationError(
            f"Found the history on a server, {kept.address}, expected one in a file: {what} is "
            "the server's business there, by its own tools."
        )
    return kept


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"
