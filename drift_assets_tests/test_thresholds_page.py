"""``docs/thresholds.md`` says what is so: its YAML loads, its SQL runs, its numbers hold."""

import json
import re
import runpy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drift_assets
from drift_assets.assessment import assess
from drift_assets.declarations import read_declarations
from drift_assets.figures import show_share
from drift_assets.learned import FALSE_ALARMS, FEWEST_DAYS, LearnedThreshold, Scores, learn
from drift_assets.store import History
from drift_assets_tests.store.samples import DAY, NOON, baseline, day_of_data, monitor

ROOT = Path(drift_assets.__file__).parent.parent
BENCHMARK = ROOT / "benchmarks" / "learned_thresholds.py"
TEXT = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def days(n: int) -> list[date]:
    return [date(2026, 1, 5) + timedelta(days=i) for i in range(n)]


def learned_from(n: int) -> Any:  # noqa: ANN401  # of learn
    values = np.random.default_rng(0).chisquare(9, n) / 1_000
    return learn([Scores(name, "psi", values, 5.0) for name in ("income", "state")], days(n))


def test_the_yaml_is_a_good_declaration(tmp_path: Path) -> None:
    path = tmp_path / "defs.yaml"
    path.write_text(block("yaml"), encoding="utf-8")
    (declared,) = read_declarations([path])
    assert declared.monitor.learns == FALSE_ALARMS
    assert declared.monitor.compared.compare_with.kind == "same_weekday"


def test_what_few_days_can_show_is_as_the_table_has_it() -> None:
    found = re.findall(r"^\| (\d+) \| ([\d.]+%) \| (.+) \|$", TEXT, flags=re.MULTILINE)
    assert [int(n) for n, *_ in found] == [27, 28, 100, 199, 365]
    for n, share, limit in found:
        assert share == show_share(1 / (int(n) + 1))
        if int(n) < FEWEST_DAYS:
            assert limit.startswith("none")
            continue
        assert (limit == "fitted") == learned_from(int(n)).fitted


def test_the_threshold_of_a_small_day_is_the_one_that_is_told() -> None:
    noise = float(np.sqrt(np.log(2 / 1e-3) / 2))
    one = LearnedThreshold("ks", None, 0.1, 0.1, 0.1, noise)
    told = re.search(r"a D threshold of 0.1, learned at 1,000\nrows.*is ([\d.]+) for", TEXT)
    assert told
    assert float(told[1]) == round(one.for_rows(100_000, 100, 1_000), 3)


def test_the_question_has_an_answer(tmp_path: Path) -> None:
    history, frozen = History(tmp_path / "history.duckdb"), baseline()
    history.record_baseline("loans", frozen, source="x", frozen_at=NOON)
    learned = learned_from(60)
    history.record_learned("loans", frozen.id, learned)
    current = day_of_data(frozen, shift=100.0)
    found = assess(monitor(), frozen, current, day=DAY, learned=learned)
    history.record(found, partition=DAY, fingerprint="", run_id="")
    rows = history.query(block("sql")).rows
    assert [row[1] for row in rows] == ["income", "state"]
    assert [row[5] for row in rows] == [60, 60]
    for _, feature, psi, threshold, part, _ in rows:
        assert psi == found.feature(feature).value("psi")
        assert threshold == learned.on(feature, DAY)["psi"].value
        assert part == pytest.approx(psi / threshold)


@pytest.mark.skipif(not BENCHMARK.exists(), reason="no checkout, no benchmarks")
def test_the_table_of_false_alarms_is_what_the_benchmark_wrote() -> None:
    module = runpy.run_path(str(BENCHMARK))
    kept = json.loads(BENCHMARK.with_suffix(".json").read_text())
    found = [module["Outcome"](**one) for one in kept]
    assert module["table"](found) in TEXT
    promised = {
        *("nycflights, days in any order", "random day effects", "autocorrelated rows"),
    }
    held = [one for one in found if one.world in promised and one.baseline_days >= 200]
    assert {one.world for one in held} == promised
    for one in held:
        assert one.monitors >= 200
        assert 0.5 <= one.factor <= 2


@pytest.mark.skipif(not BENCHMARK.exists(), reason="no checkout, no benchmarks")
@pytest.mark.parametrize("world", ["random day effects", "autocorrelated rows"])
def test_the_benchmark_runs(world: str) -> None:
    module = runpy.run_path(str(BENCHMARK))
    one = module["false_alarms"](world, monitors=2, baseline_days=60, later_days=40)
    assert (one.monitors, one.days, one.fitted) == (2, 80, 1.0)
    assert 0 <= one.realised <= 0.2
