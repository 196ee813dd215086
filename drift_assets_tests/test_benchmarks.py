"""The benchmarks run, on their smallest workload and without any peer."""

import json
import runpy
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from drift_assets.assessment import assess
from drift_assets.compare import Comparison
from drift_assets.profiles import Baseline, CategoricalProfile, DatasetProfile, NumericProfile
from drift_assets.profiles.binning import IntArray
from drift_assets.scan import rows
from drift_assets.stats import NOVEL_RATE
from drift_assets.verdicts import Verdict
from drift_assets_tests import browser

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


@pytest.mark.parametrize("rows", [100, 1_000, 20_000])
def test_clean_days_are_judged_as_assess_judges_them(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    # `detection.py` measures many days at once and asks the rule about few of them: here `assess`
    # is asked about each.
    monkeypatch.syspath_prepend(BENCHMARKS)
    clean = runpy.run_path(str(BENCHMARKS / "false_alarms.py"))
    random = np.random.default_rng(1)
    columns = [draw(random, 1_000, rows, 3) for draw in clean["KINDS"].values()]
    found = clean["measure"](columns)
    nulls = clean["nulls_of"]([found], draws=20_000)
    names = [str(at) for at in range(len(columns))]
    baseline = Baseline(1_000, dict(zip(names, (c.baseline for c in columns), strict=True)))

    for day in range(3):
        current = DatasetProfile(
            rows, {name: of_day(c, day) for name, c in zip(names, columns, strict=True)}
        )
        assessment = assess(Comparison(guards=True, min_rows=100), baseline, current)

        for at, result in enumerate(assessment.features):
            assert found.psi[day, at] == pytest.approx(result.value("psi"))
            assert found.js[day, at] == pytest.approx(result.value("js_divergence"), abs=1e-12)
            assert found.statistic[day, at] == pytest.approx(result.value(found.tests[at]))
            assert found.test[day, at] == pytest.approx(result.p_value(found.tests[at]), rel=1e-9)
            assert found.missing[day, at] == pytest.approx(result.p_value("missing_rate"))
            assert found.error[day, at] == pytest.approx(
                result.measurements[found.tests[at]].error_bound, abs=1e-12
            )
            novel = NOVEL_RATE.measure(columns[at].baseline, of_day(columns[at], day))
            assert found.novel[day, at] == pytest.approx(novel.value)
            assert found.novelty[day, at] == pytest.approx(novel.p_value)
        plain = any(f.plain_verdict is Verdict.BREACH for f in assessment.features)
        assert clean["plain_alarms"](found, slice(None))[day] == plain
        # Where nothing is known of a kind, whatever must decide alone is simulated by itself.
        nothing: dict[str, Any] = {}
        for known in (nothing, nulls):
            assert clean["judged"](found, day, slice(None), known) is assessment.verdict
        if not clean["could_alarm"](found, day, slice(None), nulls):
            assert assessment.verdict is Verdict.OK


class SimulatedColumn(Protocol):
    baseline: NumericProfile | CategoricalProfile
    cells: IntArray
    n_missing: IntArray
    days: Sequence[CategoricalProfile]


def of_day(column: SimulatedColumn, day: int) -> NumericProfile | CategoricalProfile:
    """Return the profile of one day of a simulated column."""
    missing = int(column.n_missing[day])
    if isinstance(column.baseline, NumericProfile):
        return replace(column.baseline, cells=column.cells[day], n_missing=missing, n_distinct=None)
    return replace(column.days[day], n_missing=missing)


@pytest.mark.parametrize("kind", ["normal", "lognormal"])
def test_large_days_are_drawn_from_the_distribution_of_the_baseline(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    clean = runpy.run_path(str(BENCHMARKS / "false_alarms.py"))
    random = np.random.default_rng(2)

    column = clean["KINDS"][kind](random, 10_000, 100_000, 5)

    # Each PSI bin holds a tenth of the baseline: 0.1 within five standard errors of either side.
    shares = np.add.reduceat(column.cells, column.baseline.binning.psi_starts, axis=1) / 100_000
    assert shares == pytest.approx(np.full((5, 10), 0.1), abs=0.016)
    assert column.cells.sum(axis=1).tolist() == [100_000] * 5


def test_no_alarm_in_400_days_leaves_a_limit_of_3_in_400(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    clean = runpy.run_path(str(BENCHMARKS / "false_alarms.py"))

    # The share p at which no alarm in 400 days has the probability (1 - p)^400 = 0.05.
    assert clean["upper_limit"]([0.0] * 40, 400) == pytest.approx(1 - 0.05 ** (1 / 400))


def test_detection_tells_of_each_section_and_draws_it(tmp_path: Path) -> None:
    output, plot = tmp_path / "detection.json", tmp_path / "detection.svg"

    printed = run(
        *("detection.py", "--quick", "--processes", "1", "--data", tmp_path),
        *("--output", output, "--plot", plot),
    )

    report = json.loads(output.read_text())
    assert {"machine", "versions", "seed", "clean", "learned", "calibration", "power"} <= set(
        report
    )
    assert {cell["kind"] for cell in report["clean"]} >= {"normal", "Poisson", "nycflights rows"}
    for cell in report["clean"]:
        assert 0 <= cell["breach"] <= cell["upper"] <= 1
        assert cell["breach"] <= cell["worst"]
    rates = {row["change"]: row["found"] for row in report["power"]}
    # A column in another unit is found by everybody, on the day itself.
    assert {found["rate"] for found in rates["unit x 1,000"].values()} == {1.0}
    assert {found["delay"] for found in rates["unit x 1,000"].values()} == {0.0}
    # A row that a peer is ahead on is printed as such.
    lost = [row["change"] for row in report["power"] if row["outcome"] == "LOST"]
    assert all(f"LOST: {change}" in printed for change in lost)
    (story,) = report["known"]["stories"]
    assert story["days"] == 5
    assert "car loan: skipped" in printed
    assert plot.read_text().count("<circle") == len(report["clean"]) + 5 * len(report["power"])


def test_a_history_answers_alike_by_its_views_and_by_its_tables(tmp_path: Path) -> None:
    output = tmp_path / "history.json"

    printed = run(
        *("history.py", "--days", "8", "--features", "20", "--monitors", "2"),
        *("--recorded", "2", "--repeat", "1", "--data", tmp_path, "--output", output),
    )

    report = json.loads(output.read_text())
    assert "8 days x 2 monitors x 20 features: 320 rows" in printed
    assert report["rows"] == 320
    assert report["recording"]["n"] == 4
    found = {title: answer["n_rows"] for title, answer in report["questions"].items()}
    assert found.pop("drift_latest, what drifted") > 0
    assert found == {
        "trend of one feature": 8,
        "worst 20 of 30 days": 20,
        "drift_latest, all columns": 40,
    }
    # It removes the history.
    assert list(tmp_path.iterdir()) == [output]


def test_our_page_is_made_opened_and_measured_without_any_peer(tmp_path: Path) -> None:
    if browser.MISSING:
        pytest.skip("needs chromium")
    printed = run("report_page.py", "--peers", tmp_path / "no_peers", "--columns", "3")

    (row,) = (json.loads(line) for line in printed.splitlines())
    assert row["tool"] == "drift_assets"
    assert row["columns"] == 3
    assert 0 < row["page, MB"] < 0.5
    assert row["CPU s to make"] > 0
    assert row["s to open"] > 0
    assert (row["requests"], row["complaints"]) == (0, 0)


def test_a_look_of_the_sensor_is_measured_for_every_layout() -> None:
    printed = run("arrivals.py", "--files", "60")
    assert "| 60 files | runs asked for | CPU s |" in printed
    assert "| a file a day | 50 |" in printed
    assert len(printed.splitlines()) == 7
