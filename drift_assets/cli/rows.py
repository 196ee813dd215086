"""How rows are printed: as a table, CSV or JSON."""

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from drift_assets.store import QueryResult


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table as wide as the terminal, or as 200 characters in a pipe."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE)
    for name in columns:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    # Piped output must not be cut to the width of a terminal that is not there.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def print_rows(result: "QueryResult", layout: str) -> None:
    """Print rows as ``table``, ``csv`` or ``json``."""
    if layout == "json":
        rows = [
            {name: _plain(value) for name, value in zip(result.names, row, strict=True)}
            for row in result.rows
        ]
        click.echo(json.dumps(rows, indent=2, default=str, allow_nan=False))
    elif layout == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(result.columns)
        writer.writerows(result.rows)
    else:
        print_table(result.columns, result.rows)
        click.echo(f"{len(result.rows)} row{'s' * (len(result.rows) != 1)}, {_age(result)}")
    if layout != "table" and not result.complete:
        click.echo(f"Note: the rows are {_age(result)}.", err=True)


def _age(result: "QueryResult") -> str:
    """Return in words of when the rows are."""
    instant = f"as of {result.as_of:%Y-%m-%d %H:%M:%S} UTC"
    if result.complete:
        return instant
    seconds = max(0, round((datetime.now(UTC) - result.as_of).total_seconds()))
    return f"{instant}, {seconds} s ago; more has been written since"


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
