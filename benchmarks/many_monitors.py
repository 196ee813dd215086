"""CPU seconds to load a code location of many monitors: `python benchmarks/many_monitors.py`.

Each number of monitors is a fresh process that loads as many YAML files and resolves every asset,
job, schedule and sensor, as Dagster does when a code location starts. Dagster's own import comes
before and is told apart.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Final

FEATURES: Final = 10


def write_project(root: Path, n_monitors: int) -> None:
    """Write a Dagster project with so many monitors of ten features and a prediction."""
    defs = root / "own" / "defs"
    defs.mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "own"\n'
    )
    for package in (root / "own", defs):
        (package / "__init__.py").touch()
    for number in range(n_monitors):
        attributes: dict[str, Any] = {
            "name": f"m{number}",
            "baseline": "data/baseline.csv",
            "current": "data/{partition}.csv",
            "features": [f"f{i}" for i in range(FEATURES)],
            "predictions": ["score"],
            "partitions": {"start": "2026-01-01"},
        }
        folder = defs / f"m{number}"
        folder.mkdir()
        document = {"type": "drift_assets.DriftMonitor", "attributes": attributes}
        (folder / "defs.yaml").write_text(json.dumps(document))


def load(root: Path) -> dict[str, float]:
    """Return what loading a project costs, in a fresh process."""
    os.environ["DRIFT_ASSETS_HOME"] = str(root / "home")
    sys.path.insert(0, str(root))
    began = time.process_time()
    import dagster as dg

    imported = time.process_time()
    import drift_assets.orchestration.component  # noqa: F401  # what its YAML asks for

    ready = time.process_time()
    with warnings.catch_warnings():
        # Dagster 1.13 warns of a parameter that it sets itself where it resolves any check.
        warnings.simplefilter("ignore")
        found = dg.load_from_defs_folder(path_within_project=root / "own")
        repository = found.get_repository_def()
        n_jobs = len(repository.get_all_jobs())
    return {
        "dagster": imported - began,
        "ours": ready - imported,
        "load": time.process_time() - ready,
        "jobs": n_jobs,
    }


def main() -> None:
    """Measure each number of monitors and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--monitors", nargs="+", type=int, default=[1, 10, 50])
    parser.add_argument("--output", type=Path, help="all figures as JSON")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        print(json.dumps(load(arguments.one)))
        return
    found: dict[int, dict[str, float]] = {}
    print("| monitors | import of Dagster | our imports | load | beyond Dagster's import |")
    print("|---|---|---|---|---|")
    for number in arguments.monitors:
        with tempfile.TemporaryDirectory() as folder:
            write_project(Path(folder), number)
            done = subprocess.run(
                [sys.executable, __file__, "--one", folder],
                check=True,
                capture_output=True,
                text=True,
            )
        one = found[number] = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {number} | {one['dagster']:.2f} | {one['ours']:.2f} | {one['load']:.2f} | "
            f"{one['ours'] + one['load']:.2f} |"
        )
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
