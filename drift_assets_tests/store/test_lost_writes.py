"""No committed write is lost, whatever the version of DuckDB: 2.0.0 loses them without our lock."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from drift_assets_tests.store.delayed import N_ROWS, NO_TRACING

ROOT = Path(__file__).parents[2]
PLACES = (Path(sys.prefix) / "duckdb-2.0.0", ROOT / ".venv" / "duckdb-2.0.0")
TWO = next((place for place in PLACES if place.is_dir()), PLACES[0])
"""DuckDB 2.0.0 alone, where `.ci/run` puts it: beside the version of everything else."""

IN_A_FILE = ("session", "waiting_line", "migrations", "history", "publish", "backup", "query")
"""Tests of what depends on how a version opens, writes and reads a file."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are stopped by ptrace")


def left(path: Path, mode: str, *, version_two: bool = False) -> tuple[str, int, bool]:
    """Return DuckDB's version, the rows that are left, and whether the other had to wait."""
    folders = [str(TWO), str(ROOT)] if version_two else [str(ROOT)]
    finished = subprocess.run(
        [sys.executable, "-m", "drift_assets_tests.store.delayed", str(path), mode],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        text=True,
    )
    if finished.returncode == NO_TRACING:
        pytest.skip("here no process may stop another, by which the worst moment is found")
    assert finished.returncode == 0, finished.stderr
    version, rows, waited = finished.stdout.split()
    return version, int(rows), waited == "True"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


def needs_version_two() -> None:
    if not TWO.is_dir():
        how = f"pip install --no-deps --target {TWO} duckdb==2.0.0"
        if "CI" in os.environ:
            pytest.fail(f"DuckDB 2.0.0 is not there, and .ci/run should have done: {how}")
        pytest.skip(f"DuckDB 2.0.0 is not there: {how}")


@pytest.mark.parametrize("mode", ["bare", "guarded", "outside"])
def test_the_version_that_is_installed_keeps_every_row(path: Path, mode: str) -> None:
    assert left(path, mode) == (duckdb.__version__, N_ROWS + 1, mode == "guarded")


def test_version_two_loses_a_committed_write_without_our_lock(path: Path) -> None:
    needs_version_two()
    assert left(path, "bare", version_two=True) == ("2.0.0", 1, False)


@pytest.mark.parametrize("mode", ["guarded", "outside"])
def test_version_two_loses_nothing_with_it(path: Path, mode: str) -> None:
    needs_version_two()
    found = left(path, mode, version_two=True)
    assert found == ("2.0.0", N_ROWS + 1, mode == "guarded")


@pytest.mark.slow
def test_the_tests_of_the_history_in_a_file_pass_with_version_two() -> None:
    needs_version_two()
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"),
            *(str(ROOT / "drift_assets_tests" / "store" / f"test_{name}.py") for name in IN_A_FILE),
        ],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TWO), str(ROOT)])},
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-10_000:] + finished.stderr
