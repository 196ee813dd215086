"""The command line: a module per command. Each calls the library; none computes anything itself.

Commands import what they need when they run: `compare` must not wait for Dagster.
"""

import click

from drift_assets.cli.compare import compare
from drift_assets.cli.demo import demo
from drift_assets.cli.health import health
from drift_assets.cli.history import history
from drift_assets.cli.init import init
from drift_assets.cli.monitors import monitors
from drift_assets.cli.program import Commands
from drift_assets.cli.run import run
from drift_assets.cli.simulate import simulate
from drift_assets.cli.sql import sql
from drift_assets.cli.trend import trend
from drift_assets.processor import prefer_fast_sort


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drift-assets")
def main() -> None:
    """Watch machine-learning models for drift."""
    prefer_fast_sort()


for command in (compare, run, simulate, trend, sql, history, monitors, init, demo, health):
    main.add_command(command)
