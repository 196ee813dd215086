"""``drift-assets sql``: one question to the history."""

from pathlib import Path

import click

from drift_assets.cli.places import HOME, home_of
from drift_assets.cli.rows import print_rows


@click.command(short_help="Query the history, read-only.")
@click.argument("query")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print the rows.",
)
@HOME
def sql(*, query: str, layout: str, home: Path | None) -> None:
    """Run one read-only SQL QUERY on the history, such as "FROM drift_latest"."""
    from drift_assets.store import open_history

    print_rows(open_history(home_of(home)).query(query), layout)
