import numpy as np
import pytest
from scipy.stats import chi2

from drift_assets.assessment import Assessment
from drift_assets.report.page import (
    headline,
    moved_bins,
    noise_floor,
    ordered,
    page_of,
    statistic_lines,
    why_sentence,
)
from drift_assets.stats.psi import psi
from drift_assets.verdicts import Verdict
from drift_assets_tests.report.conftest import Assess, Column


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


def test_shares_that_differ_are_never_shown_as_equal(assess_columns: Assess) -> None:
    before, after = ["a"] * 50_000 + ["b"] * 50_000, ["a"] * 50_010 + ["b"] * 49_990
    moved = moved_bins(assess_columns({"x": (before, after)}).features[0])
    assert [(m.before, m.after) for m in moved] == [("50.00%", "49.99%"), ("50.00%", "50.01%")]


def test_a_sentence_says_what_the_psi_is_made_of(mixed: Assessment) -> None:
    carrier, shifted, gaps, absent = (
        why_sentence(mixed.feature(name)) for name in ("carrier", "shifted", "gaps", "absent")
    )
    # (0.2 - 0.0001) ln 2000 from what is new; 0.3 ln 2 + 0.1 ln 1.25 from what is not.
    assert carrier == (
        "PSI 1.75: 0.2303 from known bins, 1.519 from unseen values (20.0% of rows); "
        "missing rate unchanged"
    )
    assert "from out of range (50.0% of rows); missing rate unchanged" in shifted
    assert gaps.endswith("from known bins; missing rate 0% -> 50.0%")
    assert absent == ""


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
