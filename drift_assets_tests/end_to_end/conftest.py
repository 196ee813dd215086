"""A project of somebody's own, and the Dagster instance that its commands keep."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.orchestration.runs import open_instance
from drift_assets_tests.end_to_end.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    # Recorded, so that what open_instance sets is undone.
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    return make_project(tmp_path)


@pytest.fixture
def instance(project: Project) -> Iterator[dg.DagsterInstance]:
    with open_instance(project.home) as found:
        yield found
