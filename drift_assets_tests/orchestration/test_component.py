"""Many monitors in one code location: mistakes in one are told by name and stop no other."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from drift_assets import DriftMonitor, Monitor
from drift_assets.orchestration.names import asset_name
from drift_assets_tests.end_to_end.project import COLUMNS


def write(root: Path, name: str, **changes: object) -> None:
    attributes: dict[str, object] = {
        "name": name,
        "baseline": "data/baseline.csv",
        "current": "data/{partition}.csv",
        "features": list(COLUMNS),
        "partitions": {"start": "2026-01-01"},
    }
    document = {"type": "drift_assets.DriftMonitor", "attributes": attributes | changes}
    path = root / "own" / "defs" / name / "defs.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "own"\n',
        encoding="utf-8",
    )
    for folder in ("own", "own/defs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    monkeypatch.setenv("DRIFT_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    # The next test's project is another one of that name.
    for name in [one for one in sys.modules if one.partition(".")[0] == "own"]:
        del sys.modules[name]


def load(root: Path) -> dg.Definitions:
    found = dg.load_from_defs_folder(path_within_project=root / "own")
    assert isinstance(found, dg.Definitions)
    return found


# Dagster 1.13 warns of a parameter that it sets itself where it resolves any asset check.
@pytest.mark.filterwarnings("ignore:Parameter `execution_type`")
def test_mistakes_in_one_yaml_are_told_by_name_and_stop_no_other(root: Path) -> None:
    write(root, "good")
    write(root, "bad", tresholds="balanced", min_rows=0)
    write(root, "unset", baseline="{{ nobody.there }}/b.csv")
    found = load(root)
    assert "good__daily" in {job.name for job in found.jobs or ()}
    specs = {spec.key.to_user_string(): spec for spec in found.resolve_all_asset_specs()}
    assert "good/report" in specs
    assert {key for key in specs if not key.startswith("good/")} == {
        "bad/not_loaded",
        "unset/not_loaded",
    }
    told = specs["bad/not_loaded"].description or ""
    assert "own/defs/bad/defs.yaml" in told
    assert "Did you mean 'thresholds'?" in told
    assert "min_rows" in told
    assert "nobody" in (specs["unset/not_loaded"].description or "")
    # Whoever materialises it gets the mistakes as an error.
    job = found.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        asset_selection=[dg.AssetKey(["bad", "not_loaded"])], raise_on_error=False
    )
    assert not result.success


@pytest.mark.filterwarnings("ignore:Parameter `execution_type`")
def test_templates_are_filled_in_and_other_text_is_not_read_as_python(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE", "income")
    write(root, "years", features=["{{ env.FEATURE }}", "2024", "None", "{x}"])
    keys = {spec.key.to_user_string() for spec in load(root).resolve_all_asset_specs()}
    assert {key for key in keys if key.startswith("years/drift/")} == {
        "years/drift/income",
        "years/drift/2024",
        "years/drift/None",
        f"years/drift/{asset_name('{x}')}",
    }


def test_the_schema_that_dagster_shows_is_that_of_a_monitor() -> None:
    shown = DriftMonitor.get_model_cls().model_json_schema(by_alias=True)["properties"]
    assert shown == Monitor.model_json_schema(by_alias=True)["properties"]
