"""Which columns get an asset, and names in the YAML that mean none."""

import os
import time
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.errors import ConfigurationError
from drift_assets.orchestration.assets import watched_columns
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.day import Workplace, workplace_of
from drift_assets_tests.end_to_end.project import make_project

TYPO = "Unknown column of the baseline 'regin'. Did you mean 'region'?"


def workplace(root: Path, **changes: object) -> Workplace:
    made = make_project(root, features="auto", **changes)
    return workplace_of(read_declarations([made.yaml])[0])


def test_what_auto_leaves_out_is_in_the_baseline_frozen_or_not(tmp_path: Path) -> None:
    good = workplace(tmp_path / "good", exclude=["region"])
    assert "region" not in [column.name for column in watched_columns(good)]
    good.freeze_baseline()
    # It is not in the frozen one, and no mistake all the same.
    assert "region" not in [column.name for column in watched_columns(good)]
    (good.place.root / "data" / "baseline.csv").unlink()
    assert "score" in [column.name for column in watched_columns(good)]

    mistaken = workplace(tmp_path / "mistaken", exclude=["regin"])
    with pytest.raises(ConfigurationError, match=TYPO.replace("?", r"\?")):
        watched_columns(mistaken)
    mistaken.freeze_baseline()
    with pytest.raises(ConfigurationError, match=TYPO.replace("?", r"\?")):
        watched_columns(mistaken)
    # It stops no other monitor of the code location, and the UI says it.
    definitions = build_definitions(mistaken.monitor, root=mistaken.place.root)
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["churn", "baseline"]))
    described = node.description or ""
    assert TYPO in described


def test_a_baseline_file_delivered_since_the_freeze_stops_no_monitor(tmp_path: Path) -> None:
    own = workplace(tmp_path / "own", exclude=["region"])
    own.freeze_baseline()
    path = own.place.root / "data" / "baseline.csv"
    pd.read_csv(path).drop(columns="region").to_csv(path, index=False)
    later = time.time() + 60
    os.utime(path, (later, later))
    assert "score" in [column.name for column in watched_columns(own)]


def test_limits_of_a_column_that_auto_does_not_watch_are_a_mistake(tmp_path: Path) -> None:
    limits = {"out_of_range": {"limits": {"a-c": {"lowest": 0}}}}
    mistaken = workplace(tmp_path / "own", data_checks=limits)
    with pytest.raises(ConfigurationError, match=r"watched column 'a-c'\. Did you mean 'a-b'"):
        watched_columns(mistaken)
