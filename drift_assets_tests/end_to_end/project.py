"""A small Dagster project of somebody's own, with files that a test can drop."""

import json
import os
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd

from drift_assets.declarations import read_declarations
from drift_assets.orchestration.runs import Runner

COLUMNS = ("Avg. Transaction ($)", "a-b", "a_b", "Größe", "region")


def rows(seed: int, n: int = 400, *, shift: float = 0.0) -> pd.DataFrame:
    """Return ``n`` rows; ``shift`` moves the first column by so many standard deviations."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            COLUMNS[0]: random.normal(50 + 10 * shift, 10, n),
            COLUMNS[1]: random.normal(0, 1, n),
            COLUMNS[2]: random.exponential(2, n),
            COLUMNS[3]: random.integers(150, 200, n),
            COLUMNS[4]: random.choice(["north", "south", "west"], n, p=[0.5, 0.3, 0.2]),
            "score": random.beta(2, 3, n),
        }
    )


@dataclass(frozen=True)
class Project:
    """A project folder: definitions, data, drift home."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "drift_home"

    @property
    def yaml(self) -> Path:
        return self.root / "own_project" / "defs" / "churn" / "defs.yaml"

    def drop(self, day: date | str, frame: pd.DataFrame, *, age: float = 60.0) -> Path:
        """Deliver a day's file as if it had been written ``age`` seconds ago."""
        path = self.root / "data" / "current" / f"{day}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        frame.to_csv(partial, index=False)
        then = time.time() - age
        os.utime(partial, (then, then))
        partial.replace(path)
        return path


def make_project(root: Path, **changes: object) -> Project:
    """Write a project whose monitor differs from the usual one by ``changes``."""
    project = Project(root)
    package = root / "own_project"
    project.yaml.parent.mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n'
        '[tool.dg.project]\nroot_module = "own_project"\n'
        'code_location_name = "own_project"\n',
        encoding="utf-8",
    )
    for folder in (package, package / "defs"):
        (folder / "__init__.py").touch()
    (package / "definitions.py").write_text(
        "from pathlib import Path\n"
        "import dagster as dg\n\n\n"
        "@dg.definitions\n"
        "def defs():\n"
        "    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)\n",
        encoding="utf-8",
    )
    (root / "workspace.yaml").write_text(
        "load_from:\n  - python_module:\n      module_name: own_project.definitions\n"
        f"      working_directory: {root}\n      location_name: own_project\n",
        encoding="utf-8",
    )
    attributes: dict[str, object] = {
        "name": "churn",
        "baseline": "data/baseline.csv",
        "current": "data/current/{partition}.csv",
        "features": list(COLUMNS),
        "predictions": ["score"],
        "partitions": {"start": "2026-01-01", "timezone": "UTC"},
        # The days of the tests are long ago, and people are to be told of them all the same.
        "alerts": {"latest_days": None},
    }
    attributes.update(changes)
    document = {"type": "drift_assets.DriftMonitor", "attributes": attributes}
    # JSON is YAML too.
    project.yaml.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    (root / "data").mkdir()
    rows(0, 4000).to_csv(root / "data" / "baseline.csv", index=False)
    return project


def runner(project: Project, instance: dg.DagsterInstance) -> Runner:
    """Return what runs days of the project's monitor, as its YAML is now."""
    return Runner(read_declarations([project.yaml])[0], instance)
