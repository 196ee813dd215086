from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from drift_assets.assessment import Assessment
from drift_assets.report.page import (
    brief,
    headline,
    noise_floor,
    ordered,
    page_of,
    statistic_lines,
)
from drift_assets.stats import LABELS
from drift_assets.stats.jensen_shannon import js_divergence
from drift_assets.stats.psi import psi
from drift_assets.timeline import Timeline
from drift_assets.verdicts import Verdict
from drift_assets.watch import Thresholds
from drift_assets_tests.report.conftest import DAY, Assess, Column, past_of


def test_the_noise_floor_holds_on_19_of_20_days_without_drift(assess_columns: Assess) -> None:
    words = ["a"] * 1000 + ["b"] * 1000 + ["c"] * 2000
    result = assess_columns({"x": (words, words)}).features[0]
    floor = noise_floor(result) or 0.0
    assert floor == pytest.approx(chi2.ppf(0.95, 2) * (2 / 4000))
    r = np.random.default_rng(4)
    days = r.multinomial(4000, [0.25, 0.25, 0.5], size=(2, 4000))
    # Two multinomial samples of the same law: 5 %, give or take three standard errors.
    above = np.mean([psi(p, q) > floor for p, q in zip(*days, strict=True)])
    assert above == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))


def test_the_noise_floor_of_js_holds_on_19_of_20_days_without_drift(
    assess_columns: Assess,
) -> None:
    # Ranks fill the inner bins alike: 50 of them, each with 80 of 4,000 rows or one less.
    steps = list(np.linspace(0.0, 1.0, 4000))
    result = assess_columns({"x": (steps, steps)}).features[0]
    assert result.js_counts is not None
    rows = np.array(result.js_counts.baseline)
    rows = rows[rows > 0]
    assert len(rows) > len(result.bins)
    floor = noise_floor(result, "js_divergence") or 0.0
    spread = 2 / 4000
    assert floor == pytest.approx(chi2.ppf(0.95, len(rows) - 1) * spread / (8 * np.log(2)))
    r = np.random.default_rng(5)
    days = r.multinomial(4000, rows / rows.sum(), size=(2, 4000))
    above = np.mean([js_divergence(p, q) > floor for p, q in zip(*days, strict=True)])
    assert above == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))
    # From a report of before they were kept nothing can be said.
    assert noise_floor(replace(result, js_counts=None), "js_divergence") is None


def test_the_noise_floor_is_silent_where_its_form_does_not_hold(assess_columns: Assess) -> None:
    words = ["a"] * 1000 + ["b"] * 1000
    assert noise_floor(assess_columns({"x": (words, ["a", "b"] * 19)}).features[0]) is None
    assert noise_floor(assess_columns({"x": (words, "absent")}).features[0]) is None


def test_no_answer_ranks_above_ok_and_below_a_warning(mixed: Assessment) -> None:
    verdicts = [f.verdict for f in ordered(mixed.features)]
    ranks = [Verdict.BREACH, Verdict.WARN, Verdict.NOT_EVALUATED, Verdict.OK]
    assert verdicts == sorted(verdicts, key=ranks.index)


@pytest.mark.parametrize(
    ("shift", "sentence"),
    [
        (0.0, "No drift in 1 evaluated column; 1 column could not be evaluated."),
        (2.0, "Drift: 1 of 2 columns drifts; 1 column could not be evaluated."),
    ],
)
def test_the_headline_never_hides_what_was_not_evaluated(
    assess_columns: Assess, shift: float, sentence: str
) -> None:
    steps = list(np.linspace(0.0, 1.0, 500))
    columns = {"x": (steps, [v + shift for v in steps]), "y": (steps, "no rows")}
    assert headline(assess_columns(columns)) == sentence


def test_named_statistics_stand_in_the_table_with_their_error(assess_columns: Assess) -> None:
    steps = list(np.linspace(0.0, 1.0, 500))
    columns = {"x": (steps, [v + 0.00011 for v in steps])}
    assessment = assess_columns(columns, statistics=["energy_distance", "hellinger"])
    lines = {line.label: line for line in statistic_lines(assessment.features[0])}
    assert "(±" in lines["energy distance"].value
    assert "(" not in lines["Hellinger"].value
    assert (lines["Hellinger"].rule, lines["Hellinger"].outcome) == ("", "")


def test_the_facts_say_how_long_a_breach_must_last_and_what_the_data_set_does(
    assess_columns: Assess,
) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    columns: dict[str, tuple[Column, Column]] = {"x": (steps, [v + 1 for v in steps])}
    at_once = dict(page_of(assess_columns(columns)).facts)
    assert at_once["A breach takes"].endswith("(plain rule)")
    assert at_once["Data set"] == "breach: 1 of 1 feature drifts, 100% >= 50.0%"
    lasting = dict(page_of(assess_columns(columns, alert_after="2 of 3")).facts)
    assert lasting["A breach takes"].endswith("(plain rule), on 2 of 3 days")
    assert lasting["Data set"] == "ok: 0 of 1 feature drifts, 0% < 50.0%"


def test_a_few_words_say_what_moved(mixed: Assessment) -> None:
    said = {f.feature: brief(f) for f in mixed.features}
    assert said["gaps"] == "missing 0% → 50.0%"
    assert said["carrier"] == "20.0% unseen values"
    # Half of the median's cell lies beyond the baseline: it is known to within that.
    assert said["shifted"].startswith("50.0% out of range; median 0.5 → 1")
    assert said["absent"] == ""


def test_a_positive_rate_that_breaches_is_said(assess_columns: Assess) -> None:
    before = list(np.linspace(0.0, 1.0, 1000))
    after = [0.0] * 200 + list(np.linspace(0.0, 1.0, 800))
    assessment = assess_columns({"x": (before, before)}, predictions={"score": (before, after)})
    assert brief(assessment.feature("score")).startswith("positive rate 50.0% → 40.0%")
    (line,) = page_of(assessment).positive_rates
    assert (line.label, line.before, line.after) == ("score", "50.0%", "40.0%")


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (0, "new today"),
        (6, "since 2026-11-17, 7 days"),
        (88, "since 2026-08-26 or before, 89 days"),
    ],
)
def test_a_page_says_since_when(mixed: Assessment, since: int, words: str) -> None:
    page = page_of(mixed, partition=DAY, timeline=past_of(mixed, since=since))
    panels = {panel.name: panel for panel in page.columns}
    assert panels["shifted"].since == words
    assert panels["steady"].since == ""
    assert panels["absent"].since == ""


def test_without_earlier_days_nobody_knows_since_when(mixed: Assessment) -> None:
    assert {panel.since for panel in page_of(mixed).columns} == {""}
    alone = page_of(mixed, partition=DAY, timeline=Timeline())
    assert {panel.since for panel in alone.columns} == {""}
    assert {panel.past for panel in alone.columns} == {()}


def test_importance_puts_a_column_first_among_equals(assess_columns: Assess) -> None:
    steps = list(np.linspace(0.0, 1.0, 300))
    columns: dict[str, tuple[Column, Column]] = {
        name: (steps, [v + 1 for v in steps]) for name in ("a", "b")
    }
    found = assess_columns(columns).features
    assert [f.feature for f in ordered(found)] == ["a", "b"]
    weighty = [replace(f, importance=2.0) if f.feature == "b" else f for f in found]
    assert [f.feature for f in ordered(weighty)] == ["b", "a"]


def test_thresholds_are_told_in_full_or_as_a_range(mixed: Assessment) -> None:
    told = dict(page_of(mixed).thresholds)
    assert told["PSI breaches at or above"] == "0.2"
    other = replace(mixed.features[0], thresholds=Thresholds(psi_breach=0.07123))
    several = replace(mixed, features=(other, *mixed.features[1:]))
    told = dict(page_of(several).thresholds)
    assert told["PSI breaches at or above"] == "0.07123 to 0.2, by column"


def test_a_bar_puts_each_value_on_the_side_of_its_threshold_that_the_verdict_says(
    mixed: Assessment, hostile: Assessment
) -> None:
    seen = 0
    for result in (*mixed.features, *hostile.features):
        verdicts = {LABELS[j.measurement.statistic]: j for j in result.judgements}
        for line in statistic_lines(result):
            judged = verdicts.get(line.label)
            if line.bar is None or judged is None or line.bar.threshold is None:
                continue
            if judged.threshold.on != "change":
                beyond = line.bar.length >= line.bar.threshold
                assert beyond == (judged.verdict is Verdict.BREACH)
                seen += 1
    assert seen > 20
