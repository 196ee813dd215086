"""The defs folder: its definitions, of which no broken monitor file takes the others down.

Dagster reads all files of the folder before it builds anything, and stops at the first that is
no YAML, or names no component. A code location that is stopped runs nothing, of no monitor.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import yaml

from drift_assets.declarations import read_declarations
from drift_assets.errors import ConfigurationError
from drift_assets.orchestration.component import not_loaded, not_loaded_key


def load_defs_folder(path_within_project: Path) -> dg.Definitions:
    """Return what ``dagster.load_from_defs_folder`` does, broken monitor files apart.

    Each of these, and of two monitors of one name the second, appears as an asset
    ``<folder>/not_loaded`` that says what is wrong and fails. All else that keeps Dagster from
    loading is raised as it raises it.

    Parameters
    ----------
    path_within_project
        Any path in the Dagster project.
    """
    try:
        whole = dg.load_from_defs_folder(path_within_project=path_within_project)
    except Exception:
        apart = _loaded_apart(path_within_project)
        if apart is None:
            # Each part loads, so it is none of them that is broken.
            raise
        return apart
    keys = _keys_of(whole)
    if len(set(keys)) == len(keys):
        return whole
    # Dagster finds that out when it is too late to load the others.
    return _loaded_apart(path_within_project) or whole


@dataclass(frozen=True)
class _Part:
    """What one folder or Python file defines, or why it does not.

    Attributes
    ----------
    name
        The folder's, for what stands in the place of a monitor.
    file
        The monitor's file; None for what is not of this package.
    definitions
        None if they cannot be loaded.
    problem
        Why not.
    """

    name: str
    file: Path | None
    definitions: dg.Definitions | None
    problem: str = ""


def _loaded_apart(path_within_project: Path) -> dg.Definitions | None:
    """Return the definitions of all parts of the folder; None if none of ours is amiss."""
    tree = dg.ComponentTree.for_project(path_within_project)
    owners: dict[dg.AssetKey, Path | None] = {}
    loaded: list[dg.Definitions] = []
    amiss: list[tuple[str, str]] = []
    with warnings.catch_warnings():
        # As Dagster does itself where it loads the whole.
        for kind in (dg.PreviewWarning, dg.BetaWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        for part in _parts(tree, tree.defs_module_path):
            if part.definitions is None:
                amiss.append((part.name, part.problem))
                continue
            own: dict[dg.AssetKey, Path | None] = {}
            twice = None
            for key in _keys_of(part.definitions):
                if key in owners or key in own:
                    twice = key
                own[key] = part.file
            if twice is not None and part.file is not None:
                other = owners.get(twice, part.file)
                amiss.append((part.name, _same_name(twice, part.file, other)))
                continue
            owners |= own
            loaded.append(part.definitions)
    for name, problem in amiss:
        called = name
        number = 1
        while (key := not_loaded_key(called)) in owners:
            number += 1
            called = f"{name}_{number}"
        owners[key] = None
        loaded.append(not_loaded(called, problem))
    return dg.Definitions.merge(*loaded) if amiss else None


def _keys_of(definitions: dg.Definitions) -> list[dg.AssetKey]:
    """Return the keys of all assets, as often as they are defined."""
    keys: list[dg.AssetKey] = []
    # One Python file may import what another defines, which is then there twice and the same.
    for one in {id(one): one for one in definitions.assets or ()}.values():
        if isinstance(one, dg.AssetsDefinition):
            keys += one.keys
        elif isinstance(one, (dg.AssetSpec, dg.SourceAsset)):
            keys.append(one.key)
    return keys


def _same_name(key: dg.AssetKey, file: Path, other: Path | None) -> str:
    where = f", which {other or 'another definition of this code location'} has too"
    if other == file:
        where = " more than once"
    return (
        f"Found the asset {key.to_user_string()!r} in {file}{where}, expected each monitor to have "
        "a name of its own: rename one. No monitor of this file is loaded."
    )


def _parts(whole: dg.ComponentTree, folder: Path) -> Iterator[_Part]:
    """Yield each part of a folder, loaded as if there were no other."""
    # What is used of Dagster's inside, only who needs it depends on.
    from dagster.components.core.defs_module import find_defs_or_component_yaml  # noqa: PLC0415

    declared = find_defs_or_component_yaml(folder)
    if declared is not None:
        name = "_".join(folder.relative_to(whole.defs_module_path).parts) or folder.name
        file = None if _is_anothers(declared) else declared
        try:
            yield _Part(name, file, _alone(whole, folder))
        except Exception as error:
            if file is None:
                raise
            yield _Part(name, file, None, _problem(file, error))
        return
    for child in sorted(folder.iterdir()):
        if child.name.startswith(".") or child.name == "__pycache__":
            continue
        if child.is_dir():
            yield from _parts(whole, child)
        elif child.suffix == ".py":
            yield _Part(child.stem, None, _alone(whole, child))


def _alone(whole: dg.ComponentTree, path: Path) -> dg.Definitions:
    """Return the definitions of one part, loaded as if there were no other."""
    from dagster.components.core.decl import (  # noqa: PLC0415
        build_filesystem_component_decl_from_context,
    )
    from dagster.components.core.defs_module import ComponentPath  # noqa: PLC0415

    # A tree remembers what it has found, so each part has its own.
    tree = dg.ComponentTree(defs_module=whole.defs_module, project_root=whole.project_root)
    context = tree.decl_load_context.for_component_loc(ComponentPath.from_path(path))
    declaration = build_filesystem_component_decl_from_context(context)
    everything = ComponentPath.from_path(tree.defs_module_path)
    tree.state_tracker.set_cache_data(everything, component_decl=declaration)
    return dg.Definitions() if declaration is None else tree.build_defs(declaration.loc)


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
