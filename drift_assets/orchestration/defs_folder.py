"""The defs folder: its definitions, of which no broken monitor file takes the others down.

Dagster reads all files of the folder before it builds anything, and stops at the first that is
no YAML, or names no component. A code location that is stopped runs nothing, of no monitor.
"""

import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import dagster as dg
import yaml
from dagster.components.definitions import LazyDefinitions

from drift_assets.declarations import FILE_NAME, read_declarations
from drift_assets.errors import ConfigurationError
from drift_assets.orchestration.component import not_loaded

_FILES: Final = (FILE_NAME, "component.yaml")
"""By which Dagster knows a folder as a component's."""


def load_defs_folder(path_within_project: Path) -> dg.Definitions:
    """Return what ``dagster.load_from_defs_folder`` does, broken monitor files apart.

    Each of these appears as an asset ``<folder>/not_loaded`` that says what is wrong and fails.
    All else that keeps Dagster from loading is raised as it raises it.

    Parameters
    ----------
    path_within_project
        Any path in the Dagster project.
    """
    try:
        return dg.load_from_defs_folder(path_within_project=path_within_project)
    except Exception:
        tree = dg.ComponentTree.for_project(path_within_project)
        with warnings.catch_warnings():
            # As Dagster does itself where it loads the whole.
            for kind in (dg.PreviewWarning, dg.BetaWarning, DeprecationWarning):
                warnings.simplefilter("ignore", kind)
            found = list(_parts(tree, ()))
        if all(isinstance(one, dg.Definitions) for one in found):
            # Each part loads, so it is none of them that is broken.
            raise
        return dg.Definitions.merge(
            *(one if isinstance(one, dg.Definitions) else not_loaded(*one) for one in found)
        )


def _parts(
    whole: dg.ComponentTree, below: tuple[str, ...]
) -> Iterator[dg.Definitions | tuple[str, str]]:
    """Yield the definitions of each part of a folder, or its name and why it has none."""
    folder = whole.defs_module_path.joinpath(*below)
    module = ".".join((whole.defs_module_name, *below))
    declared = next((folder / name for name in _FILES if (folder / name).exists()), None)
    if declared is not None:
        try:
            tree = dg.ComponentTree.from_module(importlib.import_module(module), whole.project_root)
            yield tree.build_defs(folder)
        except Exception as error:
            if _is_anothers(declared):
                raise
            yield "_".join(below) or folder.name, _problem(declared, error)
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.name.startswith((".", "__pycache__")):
            yield from _parts(whole, (*below, child.name))
        elif child.suffix == ".py" and child.stem != "__init__":
            yield from _written_in_python(importlib.import_module(f"{module}.{child.stem}"))


def _written_in_python(module: ModuleType) -> list[dg.Definitions]:
    """Return what a Python file defines: as a whole, or object by object."""
    whole = [
        one() if isinstance(one, LazyDefinitions) else one
        for one in vars(module).values()
        if isinstance(one, (dg.Definitions, LazyDefinitions))
    ]
    return whole or [dg.load_definitions_from_module(module)]


def _is_anothers(path: Path) -> bool:
    """Return whether a file has a component, and none of this package."""
    try:
        types = [one["type"] for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        return False
    return bool(types) and not any(
        not isinstance(one, str) or one.startswith("drift_assets.") for one in types
    )


def _problem(path: Path, error: Exception) -> str:
    try:
        read_declarations([path])
    except ConfigurationError as found:
        return str(found)
    if not path.read_bytes().strip():
        return f"Found an empty file {path}, expected a monitor: write it, or remove the file."
    return f"Found {path}, which Dagster does not take as a component: {error}"
