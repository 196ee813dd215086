"""The peers' numbers: each is compared with what the peer itself said of the same rows.

Their answers, with the versions that gave them, are in ``data/conformance.json``;
``benchmarks/conformance.py`` asked them.
"""

import importlib.metadata
import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial import distance

from drift_assets.conformance import PROFILES, Finding, findings, measure
from drift_assets.errors import (
    ColumnError,
    DataError,
    EmptyProfileError,
    UnknownNameError,
)
from drift_assets_tests.conformance import cases
from drift_assets_tests.stats.golden import ROWS

ANSWERS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "conformance.json").read_text(encoding="utf-8")
)
ALL = [*cases.NUMERIC, *cases.CATEGORICAL]


def answers(peer: str, case: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = ANSWERS[peer]["cases"][case]
    return found


def by_peer_name(name: str, case: str) -> dict[str, Finding]:
    return {f.definition.peer_name: f for f in findings(name, *cases.rows(case))}


def equal(expected: Any) -> Any:  # noqa: ANN401  # pytest has no public type for it
    return pytest.approx(float(expected), rel=1e-9, abs=1e-12)


def test_the_answers_are_of_the_versions_that_are_promised() -> None:
    assert ANSWERS["evidently"]["versions"]["evidently"] == PROFILES["evidently"].version
    assert ANSWERS["nannyml"]["versions"]["nannyml"] == PROFILES["nannyml"].version
    assert ANSWERS["frouros"]["versions"]["frouros"] == PROFILES["equal_width"].version
    assert ANSWERS["tfdv"]["versions"]["tensorflow-data-validation"] == PROFILES["tfdv"].version
    assert importlib.metadata.version("scipy") == PROFILES["scipy"].version


@pytest.mark.parametrize("case", ALL)
def test_evidently_would_say_the_same(case: str) -> None:
    expected = dict(answers("evidently", case))
    report = expected.pop("report")
    found = by_peer_name("evidently", case)
    # Beyond what evidently shows of a column with one category: a fit that cannot fail.
    assert set(expected) - set(found) <= {"chisquare"}
    for name, answer in expected.items():
        if name not in found:
            assert answer["score"] == "nan"
            continue
        finding = found[name]
        flag = finding.flag
        assert flag
        score = finding.measurement.value if flag.on == "value" else finding.measurement.p_value
        assert score == equal(answer["score"]), name
        assert finding.drift is answer["drift"], name
    (chosen,) = (f for f in found.values() if f.chosen)
    assert chosen.definition.peer_name == report["test"]


@pytest.mark.parametrize("case", ALL)
def test_the_report_of_evidently_shows_the_chosen_number(case: str) -> None:
    (chosen,) = (f for f in findings("evidently", *cases.rows(case)) if f.chosen)
    measurement = chosen.measurement
    shown = measurement.value if measurement.p_value is None else measurement.p_value
    assert shown == equal(answers("evidently", case)["report"]["score"])


@pytest.mark.parametrize("case", [c for c in ALL if c != "with_infinities"])
def test_nannyml_would_say_the_same(case: str) -> None:
    expected = answers("nannyml", case)
    found = by_peer_name("nannyml", case)
    assert set(found) == set(expected)
    for name, answer in expected.items():
        finding = found[name]
        flag = finding.flag
        assert flag
        # Where nothing moved both are the root of a rounding error: 1e-16 squared is 1e-8.
        assert finding.measurement.value == pytest.approx(
            float(answer["score"]), rel=1e-9, abs=3e-8
        ), name
        if name == "chi2":
            assert finding.measurement.p_value == equal(answer["p_value"])
        else:
            assert flag.limit == pytest.approx(answer["threshold"], rel=1e-9, abs=3e-8), name
        if not 0 < abs(finding.measurement.value - flag.limit) < 1e-7:
            assert finding.drift is answer["drift"], name


def test_what_fails_in_nannyml_is_refused_in_words() -> None:
    assert "fails" in answers("nannyml", "with_infinities")
    with pytest.raises(DataError, match="1 infinite values, for which NannyML has no bins"):
        measure("nannyml", *cases.rows("with_infinities"))


@pytest.mark.parametrize("case", ALL)
def test_tfdv_would_say_the_same(case: str) -> None:
    expected = answers("tfdv", case)
    found = by_peer_name("tfdv", case)
    assert set(found) == set(expected)
    sides = cases.rows(case)
    # From some thousand values on its quantiles are those of a sketch.
    is_sketched = case in cases.NUMERIC and max(len(set(s.tolist())) for s in sides) > 5_000
    for name, answer in expected.items():
        off = 5e-4 if is_sketched else 1e-12
        assert found[name].measurement.value == pytest.approx(answer["score"], abs=off), name


@pytest.mark.parametrize(
    "case",
    [c for c in cases.NUMERIC if c not in {"with_gaps", "with_infinities", "ties_and_gaps"}],
)
def test_frouros_would_say_the_same(case: str) -> None:
    finding = by_peer_name("equal_width", case)["PSI"]
    expected = answers("frouros", case)["PSI"]["score"]
    assert finding.measurement.value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", [c for c in cases.NUMERIC if c != "with_infinities"])
def test_scipy_says_the_same_now(case: str) -> None:
    baseline, current = (side[~np.isnan(side)] for side in cases.rows(case))
    found = {m.statistic: m for m in measure("scipy", baseline, current)}
    ks = stats.ks_2samp(baseline, current)
    assert found["ks"].value == equal(ks.statistic)
    assert found["ks"].p_value == pytest.approx(ks.pvalue, rel=1e-9, abs=1e-300)
    expected = stats.wasserstein_distance(baseline, current)
    assert found["wasserstein_raw"].value == equal(expected)
    assert found["energy_distance"].value == equal(stats.energy_distance(baseline, current))
    u = stats.mannwhitneyu(baseline, current)
    assert found["mann_whitney"].value == equal(u.statistic)
    assert found["mann_whitney"].p_value == equal(u.pvalue)


def test_scipy_ranks_infinite_values_and_has_no_distance_to_them() -> None:
    baseline, current = (side[~np.isnan(side)] for side in cases.rows("with_infinities"))
    found = {m.statistic: m for m in measure("scipy", baseline, current)}
    assert {"wasserstein_raw", "energy_distance"}.isdisjoint(found)
    expected = stats.ks_2samp(baseline, current)
    assert (found["ks"].value, found["ks"].p_value) == (
        equal(expected.statistic),
        equal(expected.pvalue),
    )


@pytest.mark.parametrize("case", [c for c in cases.CATEGORICAL if c != "one_letter"])
def test_scipy_says_the_same_of_a_table(case: str) -> None:
    baseline, current = (side[~pd.isna(side)] for side in cases.rows(case))
    table = pd.crosstab(
        np.repeat([0, 1], [len(baseline), len(current)]), np.concatenate([baseline, current])
    )
    expected = stats.chi2_contingency(table)
    (found,) = measure("scipy", baseline, current)
    assert found.value == equal(expected.statistic)
    assert found.p_value == equal(expected.pvalue)


# Numbers that these programs, or their definitions written anew in numpy, gave elsewhere.
GOLDEN = {
    ("evidently", "psi"): (0.006750, 0.066096, 7.714335),
    ("equal_width", "psi_pooled"): (0.006002, 0.065305, 58.576625),
    ("equal_width", "psi"): (0.004479, 0.059293, 5.855872),
    ("evidently", "js_distance"): (0.028962, 0.089841, 0.714709),
    ("nannyml", "js_distance"): (0.035228, 0.109449, 0.862817),
    ("scipy", "ks"): (0.0166, 0.1049, 0.8630),
    ("evidently", "wasserstein"): (0.033102, 0.240127, 2.965218),
}


@pytest.mark.parametrize(("name", "statistic"), GOLDEN)
def test_golden_vectors(name: str, statistic: str) -> None:
    for side, expected in zip(("same", "A", "B"), GOLDEN[name, statistic], strict=True):
        found = {m.statistic: m for m in measure(name, ROWS["baseline"], ROWS[side])}
        assert found[statistic].value == pytest.approx(expected, abs=5e-7), side


def test_golden_vectors_of_tfdv_within_what_its_sketches_are_off() -> None:
    for side, expected in (("same", 0.0239163), ("A", 0.0316487), ("B", 0.7339752)):
        (found,) = measure("tfdv", ROWS["baseline"], ROWS[side])
        assert found.value == pytest.approx(expected, abs=3e-5)


def test_golden_vectors_of_categories() -> None:
    found = {m.statistic: m for m in measure("evidently", ROWS["letters"], ROWS["now"])}
    assert found["psi"].value == pytest.approx(0.384855, abs=5e-7)
    assert found["js_distance"].value == pytest.approx(0.154084, abs=5e-7)


def test_divergence_on_equal_width_bins_is_the_square_of_scipys_distance() -> None:
    baseline, current = cases.rows("lognormal")
    edges = np.linspace(min(baseline.min(), current.min()), max(baseline.max(), current.max()), 51)
    shares = [np.histogram(side, edges)[0] / len(side) for side in (baseline, current)]
    found = {m.statistic: m for m in measure("equal_width", baseline, current)}
    expected = distance.jensenshannon(shares[0], shares[1], base=2) ** 2
    assert found["js_divergence"].value == pytest.approx(expected, rel=1e-9)


def test_fewer_than_three_decile_edges_fall_back_to_equal_width() -> None:
    # Deciles 0 and 1 only. Equal width keeps the two values apart: shares 0.96, 0.04 and 0.9, 0.1.
    baseline, current = [0.0] * 96 + [1.0] * 4, [0.0] * 90 + [1.0] * 10
    by_hand = 0.06 * math.log(0.96 / 0.9) + 0.06 * math.log(0.1 / 0.04)
    assert measure("equal_width", baseline, current)[0].value == pytest.approx(by_hand)


def test_tfdv_cuts_both_sides_at_the_edges_of_both() -> None:
    # Rows 0 to 10 and 5 to 15, ten each: TFDV itself says this. The bins of one side lie
    # halfway between those of the other, and each is cut in two.
    baseline, current = np.linspace(0, 10, 11)[:-1], np.linspace(5, 15, 11)[:-1]
    baseline[-1], current[-1] = 10, 15
    (found,) = measure("tfdv", baseline, current)
    assert found.value == pytest.approx(0.5602500106030464, rel=1e-12)


def test_tfdv_keeps_a_constant_and_the_infinite_apart() -> None:
    assert measure("tfdv", [2.0, 2.0], [2.0])[0].value == 0.0
    assert measure("tfdv", [2.0, 2.0], [3.0])[0].value == 1.0
    # Half of the rows of each side are infinite, and those never agree: so says TFDV itself.
    assert measure("tfdv", [2.0, np.inf], [2.0, np.inf])[0].value == pytest.approx(0.5)


def test_evidently_takes_the_baseline_for_the_truth() -> None:
    # 50 and 50 expected, 60 and 40 found: 100/50 + 100/50 = 4, however few rows expect it.
    found = {
        f.definition.statistic: f.measurement
        for f in findings("evidently", ["a", "b"] * 5, ["a"] * 60 + ["b"] * 40)
    }
    assert found["chi_squared"].value == pytest.approx(4.0)
    assert found["chi_squared"].p_value == pytest.approx(math.erfc(math.sqrt(2)))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("case", ["normal", "letters"])
def test_two_equal_sides_have_no_distance(name: str, case: str) -> None:
    side = cases.rows(case)[0]
    for finding in findings(name, side, side):
        if finding.definition.statistic not in {"mann_whitney", "anderson_darling"}:
            assert finding.measurement.value == pytest.approx(0.0, abs=3e-8)
        if finding.measurement.p_value is not None:
            assert finding.measurement.p_value > 0.2
        assert finding.drift is not True


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("case", [c for c in ALL if c != "with_infinities"])
def test_every_number_is_in_its_range(name: str, case: str) -> None:
    baseline, current = cases.rows(case)
    found = measure(name, baseline, current)
    assert found
    definitions = {d.statistic: d for d in PROFILES[name].definitions}
    for m in found:
        definition = definitions[m.statistic]
        assert definition.low is None or m.value >= definition.low
        assert definition.high is None or m.value <= definition.high + 1e-12
        assert m.p_value is None or 0 <= m.p_value <= 1
        assert (m.n_baseline, m.n_current) == (
            sum(not pd.isna(v) for v in baseline),
            sum(not pd.isna(v) for v in current),
        )


def test_missing_values_are_left_out_however_they_are_written() -> None:
    plain = measure("evidently", [1.0, 2.0, 4.0], [2.0, 3.0])
    for gaps in (
        [1.0, None, 2.0, float("nan"), 4.0],
        pd.Series([1, pd.NA, 2, 4], dtype="Int64"),
        np.array([1.0, np.nan, 2.0, 4.0]),
    ):
        assert measure("evidently", gaps, [2.0, 3.0]) == plain
    words = measure("nannyml", ["a", "b"], ["a"])
    assert measure("nannyml", ["a", None, "b"], pd.Series(["a", None])) == words


def test_codes_are_categories_when_declared() -> None:
    codes = measure("nannyml", [1, 2, 2], [1, 3], kind="categorical")
    assert codes == measure("nannyml", ["x", "y", "y"], ["x", "z"])


def test_nannyml_has_no_threshold_for_fewer_rows_than_chunks() -> None:
    found = {f.definition.statistic: f for f in findings("nannyml", [1.0, 2.0], [1.0])}
    assert found["js_distance"].flag is None
    assert found["js_distance"].drift is None


def test_mistakes_are_told_in_words() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'evidently'"):
        measure("evidentally", [1.0], [1.0])
    with pytest.raises(EmptyProfileError, match="current side"):
        measure("scipy", [1.0], [float("nan")])
    with pytest.raises(ColumnError, match="numbers on one side and categories on the other"):
        measure("scipy", [1.0], ["a"])
    with pytest.raises(ColumnError, match="expected numbers"):
        measure("scipy", [1.0], ["a"], kind="numeric")
    with pytest.raises(ColumnError, match="Found a date"):
        measure("scipy", [date(2026, 1, 1)], [date(2026, 1, 2)])
    with pytest.raises(ColumnError, match=r"shape \(1, 2\)"):
        measure("scipy", [[1.0, 2.0]], [1.0])


@pytest.mark.parametrize("name", PROFILES)
def test_every_definition_says_what_it_is(name: str) -> None:
    for definition in PROFILES[name].definitions:
        assert definition.kinds
        assert all((definition.label, definition.formula, definition.unit, definition.source))
