"""The command line: a module per command. Each calls the library; none computes anything itself.

Commands import what they need when they run: `compare` must not wait for Dagster, nor for the
other commands.
"""

import click

from drift_assets.cli.program import ByModule, Commands
from drift_assets.processor import prefer_fast_sort, spare_blas_threads

_COMMANDS = ByModule(
    "actions",
    "alerts",
    "baseline",
    "compare",
    "run",
    "simulate",
    "trend",
    "sql",
    "history",
    "monitors",
    "init",
    "demo",
    "health",
    "dashboard",
)


@click.group(
    cls=Commands, commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="drift-assets")
def main() -> None:
    """Watch machine-learning models for drift."""
    prefer_fast_sort()
    spare_blas_threads()
