"""``docs/thresholds.md`` says what is so: its YAML loads, its SQL runs, its numbers hold."""

import json
import math
import re
import runpy
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

import drift_assets
from drift_assets.assessment import assess
from drift_assets.declarations import read_declarations
from drift_assets.figures import show_share
from drift_assets.learned import (
    FALSE_ALARMS,
    FEWEST_DAYS,
    LearnedThreshold,
    LearnedThresholds,
    Scores,
    learn,
)
from drift_assets.monitors import Monitor
from drift_assets.store import History
from drift_assets.watch import PRESETS, is_fixed
from drift_assets_tests.store.samples import DAY, NOON, baseline, day_of_data, monitor

ROOT = Path(drift_assets.__file__).parent.parent
BENCHMARK = ROOT / "benchmarks" / "learned_thresholds.py"
TEXT = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def days(n: int) -> list[date]:
    return [date(2026, 1, 5) + timedelta(days=i) for i in range(n)]


def learned_from(n: int, *, reference_rows: int = 1) -> LearnedThresholds:
    values = np.random.default_rng(0).chisquare(9, n) / 1_000
    scores = [Scores(name, "psi", values, 5.0, reference_rows) for name in ("income", "state")]
    return learn(scores, days(n))


def test_the_yaml_is_a_good_declaration(tmp_path: Path) -> None:
    path = tmp_path / "defs.yaml"
    path.write_text(blocks("yaml")[0], encoding="utf-8")
    (declared,) = read_declarations([path])
    assert declared.monitor.learns == FALSE_ALARMS
    assert declared.monitor.compared.compare_with.kind == "same_weekday"


def test_what_is_set_by_hand_in_the_yaml_is_what_the_page_says_of_it() -> None:
    whole, by_hand = (yaml.safe_load(one) for one in blocks("yaml"))
    found = Monitor.model_validate(whole["attributes"] | by_hand)
    assert found.learns == FALSE_ALARMS
    delay, carrier = found.listed([])
    assert delay.by_hand == {"psi_breach", "missing_rate_change"}
    assert (delay.thresholds.psi_breach, delay.thresholds.missing_rate_change) == (0.5, 0.1)
    assert carrier.thresholds == PRESETS["conservative"]
    assert is_fixed(carrier.by_hand)


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
    one = LearnedThreshold("ks", None, 0.1, 0.1, 0.1, noise, 1_000)
    told = re.search(r"a D threshold of 0.1, learned at 1,000\nrows.*is ([\d.]+) for", TEXT)
    assert told
    assert float(told[1]) == round(one.for_rows(100_000, 100), 3)


def test_the_question_has_an_answer(tmp_path: Path) -> None:
    history, frozen = History(tmp_path / "history.duckdb"), baseline()
    history.record_baseline("loans", frozen, source="x", frozen_at=NOON)
    learned = learned_from(60)
    history.record_learned("loans", frozen.id, learned)
    current = day_of_data(frozen, shift=100.0)
    found = assess(monitor(), frozen, current, day=DAY, learned=learned)
    history.record(found, partition=DAY, fingerprint="", run_id="")
    rows = history.query(blocks("sql")[0]).rows
    assert [row[1] for row in rows] == ["income", "state"]
    assert [row[6] for row in rows] == [60, 60]
    for _, feature, psi, threshold, part, of_days, _ in rows:
        assert psi == found.feature(feature).value("psi")
        assert threshold == of_days == learned.on(feature, DAY)["psi"].value
        assert part == pytest.approx(psi / threshold)


def test_a_day_that_is_ok_has_come_no_nearer_than_its_threshold(tmp_path: Path) -> None:
    history, frozen = History(tmp_path / "history.duckdb"), baseline()
    history.record_baseline("loans", frozen, source="x", frozen_at=NOON)
    learned = learned_from(60, reference_rows=400)
    history.record_learned("loans", frozen.id, learned)
    # A quarter of the rows: far enough for the threshold of 400 rows, not for that of 100.
    small = day_of_data(frozen, shift=50.0, n=100)
    found = assess(monitor(), frozen, small, day=DAY, learned=learned)
    history.record(found, partition=DAY, fingerprint="", run_id="")
    (income,) = [row for row in history.query(blocks("sql")[0]).rows if row[1] == "income"]
    _, _, psi, threshold, part, of_days, _ = income
    assert found.feature("income").verdict == "ok"
    assert of_days < psi < threshold
    assert part == pytest.approx(psi / threshold)
    assert part < 1


@pytest.mark.parametrize("n", [28, 100])
def test_longer_tails_than_the_fitted_one_alarm_as_often_as_told(n: int) -> None:
    told = re.search(
        r"Ten columns with independent lognormal\nscores \(spread 1\) alarm on ([\d.]+)% .* "
        r"after 28 days, and on ([\d.]+)% after 100",
        TEXT,
    )
    assert told
    names = [f"x{i}" for i in range(10)]
    rates = []
    for seed in range(400):
        values = np.random.default_rng(seed).lognormal(size=(10, n)) / 100
        scores = [Scores(x, "ks", v, 1.0) for x, v in zip(names, values, strict=True)]
        found = learn(scores, days(n))
        quiet = [stats.lognorm.cdf(100 * found.columns[x][0].value, 1.0) for x in names]
        rates.append(1 - math.prod(quiet))
    assert 100 * np.mean(rates) == pytest.approx(float(told[1 if n == 28 else 2]), abs=0.1)


def test_the_usual_thresholds_of_what_did_not_move_are_those_that_are_told() -> None:
    text = " ".join(TEXT.split())
    told = re.search(r"at least the usual one beyond them \((.*?)\), never 0", text)
    assert told
    words = {"PSI": "psi", "JS": "js_divergence", "D": "ks", "missing rate": "missing_rate"}
    words["positive rate"] = "positive_rate"
    for name, number in re.findall(r"([A-Za-z ]+?) (0\.\d+)", told[1]):
        still = Scores("x", words.pop(name.strip()), np.zeros(28), 1.0)
        assert learn([still], days(28)).columns["x"][0].value == pytest.approx(float(number))
    assert not words


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
