"""Where a command finds monitors and the drift home, and how it writes a file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from drift_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from drift_assets.declarations import Declaration

DEFS: Final = click.option(
    "--defs",
    "places",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File or folder with defs.yaml files. Default: the project around the current folder.",
)
HOME: Final = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Drift home: history, baselines, reports. Default: DRIFT_ASSETS_HOME or ./drift_home.",
)


def declared(places: Sequence[Path], home: Path | None) -> "list[Declaration]":
    """Return the monitors that are asked for; by default those of the project around here."""
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
        use_home(home_of(home))
    if places:
        return read_declarations(find_files(places))
    root = project_root(Path.cwd())
    if has_root(Path.cwd()):
        found = read_declarations(find_files([root]))
    else:
        # Not a project: what lies around in other folders is not meant.
        found = read_declarations([root / FILE_NAME] if (root / FILE_NAME).exists() else [])
    shipped = read_declarations(find_files([SHIPPED]))
    # The demo's monitor belongs to nobody who has not run the demo, or has one of that name.
    names = {one.monitor.name for one in found}
    has_demo = (drift_home(root) / "demo").exists()
    return found + [one for one in shipped if has_demo and one.monitor.name not in names]


def home_of(home: Path | None) -> Path:
    """Return the drift home that is asked for, as an absolute path."""
    from drift_assets.declarations import drift_home, project_root

    return home.expanduser().resolve() if home is not None else drift_home(project_root(Path.cwd()))


def use_home(home: Path) -> None:
    """Make ``home`` the drift home of everything that this process does."""
    os.environ["DRIFT_ASSETS_HOME"] = str(home)


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file or none, and say in words why it cannot be written."""
    from drift_assets.atomic import write_atomically

    try:
        write_atomically(path, content)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot write {path}: {error.strerror}; expected a place that can be written to."
        ) from error
