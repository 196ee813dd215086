"""The benchmarks run, on their smallest workload and without any peer."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from drift_assets.scan import rows

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"

pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="no checkout, no benchmarks")


def run(script: str, *arguments: str | Path) -> str:
    command = [sys.executable, BENCHMARKS / script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_speed_measures_ours_against_the_limit_and_names_the_peers_it_skips(tmp_path: Path) -> None:
    output = tmp_path / "speed.json"

    printed = run(
        *("speed.py", "--workloads", "W1", "--repeat", "1", "--data", tmp_path / "data"),
        *("--ours", "limit", "ours_cold", "ours_daily", "--peers", "popmon"),
        *("--peers-in", tmp_path / "no_peers", "--output", output),
    )

    report = json.loads(output.read_text())
    result = report["workloads"]["W1"]
    assert set(report) == {"machine", "skipped", "versions", "workloads"}
    assert result["workload"] == {"name": "W1", "rows": 5_000, "columns": 10, "kind": "floats"}
    assert result["failed"] == {}
    for name in ("limit", "ours_cold", "ours_daily"):
        (cost,) = result["costs"][name]
        assert cost == result["median"][name]
        assert all(cost[figure] > 0 for figure in ("cpu", "wall", "peak"))
        assert name in printed
    assert result["cpu_over_limit"]["limit"] == 1
    assert result["cpu_over_ours"]["ours_cold"] == 1
    assert "not installed" in report["skipped"]["popmon"]
    assert "popmon: skipped" in printed
    assert {"numpy", "pyarrow"} <= set(report["versions"]["ours"])


def test_the_limit_uses_as_many_threads_as_ours() -> None:
    limit = runpy.run_path(str(BENCHMARKS / "contestants.py"))

    assert limit["MOST_WORKERS"] == rows.MOST_WORKERS
    assert limit["ROWS_WORTH_A_THREAD"] == rows.ROWS_WORTH_A_THREAD


def test_a_straight_line_goes_through_points_that_lie_on_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    linearity = runpy.run_path(str(BENCHMARKS / "linearity.py"))
    cost = linearity["Cost"]
    points = [(x, cost(0.5 + 0.25 * x, 1.0, 100.0)) for x in (10, 20, 40)]

    height, slope = linearity["straight_line"](points)

    assert (height, slope) == pytest.approx((0.5, 0.25))
    assert linearity["plot"]({"rows": points}).count("<circle") == 2 * len(points)
