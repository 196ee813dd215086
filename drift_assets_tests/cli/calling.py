"""Commands as a person types them, in this process."""

from click.testing import CliRunner, Result

from drift_assets.cli import main


def call(*arguments: object) -> Result:
    """Return what a command prints and leaves with."""
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
