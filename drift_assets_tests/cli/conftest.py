"""A project to type commands in."""

from pathlib import Path

import pytest

from drift_assets_tests.end_to_end.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("DAGSTER_HOME", "DRIFT_ASSETS_HOME"):
        # Recorded, so that what a command sets is undone.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made
