"""``drift-assets dashboard``: all monitors at a glance, in a browser."""

import logging
from pathlib import Path
from typing import Final

import click

from drift_assets.cli.places import HOME, home_of
from drift_assets.errors import ConfigurationError

PORT: Final = 8765
LOOK_SECONDS: Final = 5.0
"""How often the history is looked at for news."""
_LOG: Final = logging.getLogger("drift_assets.dashboard")


@click.command(short_help="See all monitors in a browser.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one."
)
@click.option("--open", "opens", is_flag=True, help="Open a browser, too.")
@click.option("--write", is_flag=True, help="Only make all its files anew, and serve nothing.")
@HOME
def dashboard(*, port: int, opens: bool, write: bool, home: Path | None) -> None:
    """Show all monitors on this machine alone, up to date, until it is stopped.

    It is a folder of static files in the drift home, which every run keeps up to date and any
    web server can serve.
    """
    from drift_assets.dashboard import Served, update_dashboard
    from drift_assets.errors import DriftAssetsError
    from drift_assets.store import open_history

    folder = home_of(home)
    history = open_history(folder)
    updated = update_dashboard(history, folder, anew=write)
    if write:
        click.echo(f"{updated.folder / 'index.html'}: {updated.n_written} files written")
        return

    def look() -> None:
        try:
            update_dashboard(history, folder)
        except DriftAssetsError as error:
            # What was shown stays; the next look may be luckier.
            _LOG.warning("%s", error)

    try:
        served = Served(folder, port=port)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on port {port} of this machine: {error.strerror}; expected one that "
            "is free: give another by --port, or 0 for any."
        ) from error
    with served:
        click.echo(f"{served.address} (stop it with Ctrl-C)")
        if opens:
            click.launch(served.address)
        try:
            served.wait(LOOK_SECONDS, look)
        except KeyboardInterrupt:
            click.echo("stopped")
