"""The defs folder: a file that is no monitor at all is told by name and stops no other."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from drift_assets import load_defs_folder
from drift_assets_tests.orchestration.test_component import root, write

__all__ = ["root"]

# Dagster 1.13 warns of a parameter that it sets itself where it resolves any asset check.
pytestmark = pytest.mark.filterwarnings("ignore:Parameter `execution_type`")

BROKEN = {
    "no YAML": (b"type: drift_assets.DriftMonitor\nattributes: [\n  name: x\n", "defs.yaml:4: "),
    "a tab": (b"type: drift_assets.DriftMonitor\nattributes:\n\tname: x\n", "defs.yaml:3: "),
    "empty": (b"", "an empty file"),
    "a text": (b"hello", "expected type: drift_assets.DriftMonitor"),
    "a list": (b"- a", "expected type: drift_assets.DriftMonitor"),
    "not UTF-8": (b"type: \xe9", "cannot be read as UTF-8"),
    "no type": (b"attributes: {}", "expected type: drift_assets.DriftMonitor"),
    "another type": (b"type: drift_assets.DriftMonitr", "did you mean 'drift_assets.DriftMonitor'"),
    "a word amiss": (b"type: drift_assets.DriftMonitor\nattribute: {}", "found no 'attributes'"),
}


OBJECTS = b"import dagster as dg\n\n@dg.asset\ndef mine() -> None: ...\n"
WHOLE = b"""import dagster as dg

@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(assets=[dg.AssetSpec("hers")])
"""


def put(root: Path, name: str, content: bytes) -> Path:
    path = root / "own" / "defs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def load(root: Path) -> dg.Definitions:
    return load_defs_folder(root / "own")


def told(found: dg.Definitions) -> dict[str, str]:
    return {
        spec.key.to_user_string(): spec.description or ""
        for spec in found.resolve_all_asset_specs()
        if spec.key.path[-1] == "not_loaded"
    }


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_told_by_its_folder_and_stops_no_other(root: Path, kind: str) -> None:
    content, expected = BROKEN[kind]
    write(root, "good")
    put(root, "objects.py", OBJECTS)
    put(root, "team/whole.py", WHOLE)
    put(root, "team/broken/defs.yaml", content)
    put(root, ".hidden/defs.yaml", b"[")
    # Dagster alone loads nothing at all.
    with pytest.raises(Exception, match=r".") as stopped:
        dg.load_from_defs_folder(path_within_project=root / "own")
    assert stopped.type is not AssertionError
    found = load(root)
    assert {job.name for job in found.jobs or ()} == {"good__daily", "good__baselines"}
    keys = {spec.key.to_user_string() for spec in found.resolve_all_asset_specs()}
    assert {"good/report", "mine", "hers"} < keys
    [(name, reason)] = told(found).items()
    assert name == "team_broken/not_loaded"
    assert "own/defs/team/broken/defs.yaml" in reason
    assert expected in reason


OTHERS = {
    "by context.py": b"""import dagster as dg

@dg.definitions
def defs(context: dg.ComponentLoadContext) -> dg.Definitions:
    return dg.Definitions(assets=[dg.AssetSpec("hers")])
""",
    "component.py": b"""import dagster as dg

class Hers(dg.Component):
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        return dg.Definitions(assets=[dg.AssetSpec("hers")])

@dg.component_instance
def hers(context: dg.ComponentLoadContext) -> Hers:
    return Hers()
""",
    "whole/__init__.py": WHOLE,
}


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_dagster_loads_is_loaded_beside_a_broken_file(root: Path, name: str) -> None:
    put(root, name, OTHERS[name])
    put(root, "broken/defs.yaml", b"[")
    found = {spec.key.to_user_string() for spec in load(root).resolve_all_asset_specs()}
    assert found == {"hers", "broken/not_loaded"}


@pytest.mark.parametrize("place", ["v1.2/defs.yaml", "a b/defs.yaml", "good/defs.yml"])
def test_a_monitor_in_any_folder_is_loaded_beside_a_broken_file(root: Path, place: str) -> None:
    write(root, "good")
    path = root / "own" / "defs" / "good" / "defs.yaml"
    put(root, place, path.read_bytes())
    path.unlink()
    put(root, "broken/defs.yaml", b"[")
    found = load(root)
    assert "good__daily" in {job.name for job in found.jobs or ()}
    assert set(told(found)) == {"broken/not_loaded"}


def test_of_two_monitors_of_one_name_the_second_is_told_and_stops_no_other(root: Path) -> None:
    write(root, "good")
    write(root, "other")
    shutil.copytree(root / "own" / "defs" / "good", root / "own" / "defs" / "good_copy")
    found = load(root)
    assert {"good__daily", "other__daily"} <= {job.name for job in found.jobs or ()}
    [(name, reason)] = told(found).items()
    assert name == "good_copy/not_loaded"
    for file in ("good/defs.yaml", "good_copy/defs.yaml"):
        assert file in reason
    assert "expected each monitor to have a name of its own" in reason


def test_two_monitors_of_one_name_in_one_file_stop_no_other(root: Path) -> None:
    write(root, "good")
    write(root, "twice")
    path = root / "own" / "defs" / "twice" / "defs.yaml"
    once = path.read_text(encoding="utf-8")
    path.write_text(f"{once}\n---\n{once}", encoding="utf-8")
    found = load(root)
    assert "good__daily" in {job.name for job in found.jobs or ()}
    [(name, reason)] = told(found).items()
    assert name == "twice/not_loaded"
    assert "twice/defs.yaml more than once" in reason


def test_an_asset_that_another_python_file_imports_is_no_second_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "good")
    put(root, "one.py", OBJECTS)
    put(root, "two.py", b"from own.defs.one import mine\n")
    monkeypatch.setattr("drift_assets.orchestration.defs_folder._loaded_apart", None)
    assert dg.AssetKey("mine") in {spec.key for spec in load(root).resolve_all_asset_specs()}


def test_two_broken_folders_of_one_name_are_both_told(root: Path) -> None:
    write(root, "good")
    put(root, "a_b/defs.yaml", b"[")
    put(root, "a/b/defs.yaml", b"[")
    put(root, "x/defs.yaml", b"")
    assert set(told(load(root))) == {"a_b/not_loaded", "a_b_2/not_loaded", "x/not_loaded"}


def test_what_is_amiss_with_other_definitions_is_dagsters_to_say(root: Path) -> None:
    write(root, "good")
    for name in ("one.py", "two.py"):
        put(root, name, OBJECTS)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="Duplicate asset key"):
        load(root).resolve_all_asset_specs()


def test_a_mended_file_is_loaded_like_any_other(root: Path) -> None:
    write(root, "good")
    write(root, "late")
    path = root / "own" / "defs" / "late" / "defs.yaml"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert set(told(load(root))) == {"late/not_loaded"}
    path.write_bytes(whole)
    found = load(root)
    assert told(found) == {}
    assert "late__daily" in {job.name for job in found.jobs or ()}


def test_what_is_not_a_monitors_fails_as_dagster_has_it(root: Path) -> None:
    write(root, "good")
    put(root, "other/defs.yaml", b"type: nobody.Knows\nattributes: {}\n")
    with pytest.raises(Exception, match="nobody"):
        load(root)
    put(root, "other/defs.yaml", b"[")
    put(root, "wrong.py", b"raise RuntimeError('mine')\n")
    with pytest.raises(RuntimeError, match="mine"):
        load(root)
