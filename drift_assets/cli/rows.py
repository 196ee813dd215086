"""How rows are printed: as a table, CSV or JSON."""

import csv
import json
import math
import sys
from collections.abc import Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from drift_assets.store import QueryResult


def print_rows(result: "QueryResult", layout: str) -> None:
    """Print rows as ``table``, ``csv`` or ``json``."""
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
