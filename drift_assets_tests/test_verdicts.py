"""Verdicts: both rules on families small enough to be worked by hand."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import ConfigurationError
from drift_assets.stats import Measurement
from drift_assets.verdicts import (
    Case,
    Persistence,
    Ruling,
    Threshold,
    Verdict,
    dataset_rule,
    guarded_rule,
    judge,
    lasting,
    learned_rule,
    plain_rule,
    worst,
)

THRESHOLDS = {
    "psi": Threshold("psi", "value", 0.2, warn=0.1),
    "ks": Threshold("ks", "p_value", 0.05),
    "chi_squared": Threshold("chi_squared", "p_value", 0.05),
    "js_divergence": Threshold("js_divergence", "value", 0.1),
    "missing_rate": Threshold("missing_rate", "change", 0.02),
    "positive_rate": Threshold("positive_rate", "change", 0.05),
    "novel_rate": Threshold("novel_rate", "change", 0.01),
}
# (value, p-value) by statistic; what is not given says nothing.
QUIET: Mapping[str, tuple[float, float | None]] = {
    "psi": (0.01, None),
    "ks": (0.02, 0.5),
    "js_divergence": (0.001, None),
}


def no_simulation(statistic: str, smallest: float) -> float:
    raise AssertionError(f"nobody needs to simulate {statistic} down to {smallest}")


def case(
    name: str = "x",
    *,
    tail: Callable[[str, float], float] = no_simulation,
    more: Mapping[str, tuple[float, float | None]] | None = None,
    **figures: tuple[float, float | None],
) -> Case:
    return Case(
        name=name,
        measurements={
            statistic: Measurement(statistic, value, p, 1_000, 500)
            for statistic, (value, p) in {**QUIET, **(more or {}), **figures}.items()
        },
        thresholds=THRESHOLDS,
        ks_min_statistic=0.1,
        tail_p_value=tail,
    )


def guarded(*cases: Case, others: Sequence[float] = ()) -> dict[str, Ruling]:
    return guarded_rule(cases, family_alpha=0.02, others=others)


@pytest.mark.parametrize(
    ("statistic", "value", "p", "verdict"),
    [
        ("psi", 0.2, None, "breach"),
        ("psi", math.nextafter(0.2, 0), None, "warn"),
        ("psi", 0.1, None, "warn"),
        ("psi", math.nextafter(0.1, 0), None, "ok"),
        ("js_divergence", 0.1, None, "breach"),
        ("js_divergence", math.nextafter(0.1, 0), None, "ok"),
        ("ks", 0.9, 0.05, "ok"),
        ("ks", 0.0, math.nextafter(0.05, 0), "breach"),
        ("missing_rate", 0.02, 0.049, "breach"),
        ("missing_rate", -0.02, 0.049, "breach"),
        ("missing_rate", 0.02, 0.05, "ok"),
        ("missing_rate", 0.019, 0.0, "ok"),
        ("positive_rate", -0.05, 0.0, "breach"),
        ("psi", math.nan, None, "not_evaluated"),
        ("ks", 0.3, math.nan, "not_evaluated"),
        ("psi", math.inf, None, "breach"),
    ],
)
def test_values_breach_at_or_above_and_p_values_strictly_below(
    statistic: str, value: float, p: float | None, verdict: str
) -> None:
    measured = Measurement(statistic, value, p, 10, 10)
    assert judge(measured, THRESHOLDS[statistic]).verdict.value == verdict


def test_a_p_value_that_is_not_there_cannot_be_judged() -> None:
    with pytest.raises(ConfigurationError, match="no p-value for 'ks'"):
        judge(Measurement("ks", 0.5, None, 1, 1), THRESHOLDS["ks"])


@given(st.lists(st.sampled_from(list(Verdict))))
def test_no_answer_is_never_a_pass(verdicts: list[Verdict]) -> None:
    gravest = worst(verdicts)
    assert (gravest is Verdict.OK) == (set(verdicts) == {Verdict.OK})
    assert (gravest is Verdict.BREACH) == (Verdict.BREACH in verdicts)


def test_the_plain_rule_breaches_with_any_statistic_and_names_all_that_do() -> None:
    ruling = plain_rule(case(psi=(0.25, None), ks=(0.2, 0.0004)))
    assert ruling.verdict is Verdict.BREACH
    assert ruling.reason == "PSI = 0.25 >= 0.2; KS p < 0.001"
    assert plain_rule(case()).verdict is Verdict.OK
    warned = plain_rule(case(psi=(0.15, None)))
    assert (warned.verdict, warned.reason) == (Verdict.WARN, "PSI = 0.15 >= 0.1 (warn)")
    assert plain_rule(case(missing_rate=(0.03, 0.001))).reason == "missing rate changed by +0.03"


def test_nothing_to_judge_is_not_evaluated() -> None:
    nothing = Case("x", {}, THRESHOLDS, 0.1, no_simulation)
    assert plain_rule(nothing).verdict is Verdict.NOT_EVALUATED
    assert guarded(nothing)["x"].verdict is not Verdict.BREACH


def test_a_breach_needs_a_small_adjusted_p_and_an_effect() -> None:
    # Two tests: 2 x 0.005 = 0.01 <= 0.02.
    rulings = guarded(case("x", psi=(0.3, None), ks=(0.05, 0.005)), case("y"))
    assert rulings["x"].verdict is Verdict.BREACH
    assert rulings["x"].adjusted_p_value == pytest.approx(0.01)
    assert rulings["x"].reason == "PSI = 0.3 >= 0.2 (adjusted p = 0.01 <= 0.02)"
    assert rulings["x"].family == {"ks": 0.005}
    assert rulings["y"].verdict is Verdict.OK
    assert rulings["y"].reason == "within all thresholds"


def test_a_large_d_is_an_effect_of_its_own() -> None:
    assert (
        guarded(case(ks=(0.1, 0.02)))["x"].reason == "KS D = 0.1 >= 0.1 (adjusted p = 0.02 <= 0.02)"
    )
    held = guarded(case(ks=(0.0999, 0.02)))["x"]
    assert held.verdict is Verdict.OK
    assert held.reason == (
        "KS adjusted p = 0.02 <= 0.02, but no effect reaches its threshold; "
        "the plain rule would say breach: KS p = 0.02 < 0.05"
    )


def test_a_d_that_may_be_an_effect_warns_if_its_test_is_significant() -> None:
    def coarse(value: float, p_value: float, psi: float = 0.01) -> Ruling:
        return guarded(
            replace(
                case(),
                measurements={
                    "psi": Measurement("psi", psi, None, 1_000, 500),
                    "ks": Measurement("ks", value, p_value, 1_000, 500, error_bound=0.004),
                },
            )
        )["x"]

    warned = coarse(0.098, 0.001)
    assert warned.verdict is Verdict.WARN
    assert warned.reason == (
        "KS D between 0.098 and 0.102, which may reach 0.1 (warn) and adjusted p = 0.001 <= 0.02; "
        "the plain rule would say breach: KS p = 0.001 < 0.05"
    )
    # Sure either way, or not significant: nothing hangs on the bound.
    assert coarse(0.095, 0.001).verdict is Verdict.OK
    assert coarse(0.098, 0.03).verdict is Verdict.OK
    assert coarse(0.1, 0.001).verdict is Verdict.BREACH
    assert coarse(0.098, 0.001, psi=0.3).verdict is Verdict.BREACH
    both = coarse(0.098, 0.001, psi=0.15).reason
    assert both.startswith("PSI = 0.15 >= 0.1 (warn), KS D between 0.098 and 0.102")


def test_an_effect_is_held_back_by_its_adjusted_p() -> None:
    # Two tests: 2 x 0.015 = 0.03 > 0.02. D is large but PSI is not, so nothing is simulated.
    held = guarded(case("x", ks=(0.3, 0.015)), case("y"))["x"]
    assert held.verdict is Verdict.OK
    assert held.adjusted_p_value == pytest.approx(0.03)
    assert held.reason == (
        "KS D = 0.3 >= 0.1, but adjusted p = 0.03 > 0.02; "
        "the plain rule would say breach: KS p = 0.015 < 0.05"
    )


def test_a_tail_decides_alone_by_its_simulated_p() -> None:
    asked: list[tuple[object, object]] = []

    def simulate(statistic: str, smallest: float) -> float:
        asked.append((statistic, smallest))
        return 0.001

    # Three in the family now: KS 0.5, KS 0.6 and PSI 3 x 0.001 = 0.003.
    rulings = guarded(
        case("x", psi=(0.25, None), ks=(0.02, 0.5), tail=simulate), case("y", ks=(0.02, 0.6))
    )
    assert asked == [("psi", pytest.approx(0.02 / 3))]
    assert rulings["x"].verdict is Verdict.BREACH
    assert rulings["x"].family == {"ks": 0.5, "psi": 0.001}
    assert rulings["x"].reason == "PSI = 0.25 >= 0.2 (simulated adjusted p = 0.003 <= 0.02)"
    # The newcomer counts for the others too: 0.6 x 3 / 3, with KS of x 0.5 x 3 / 2 capped by it.
    assert rulings["y"].adjusted_p_value == pytest.approx(0.6)


def test_a_tail_that_chance_explains_is_held_back() -> None:
    held = guarded(case(js_divergence=(0.2, None), ks=(0.02, 0.5), tail=lambda *_: 0.3))["x"]
    assert held.verdict is Verdict.OK
    assert held.family == {"ks": 0.5, "js_divergence": 0.3}
    assert held.reason == (
        "JS = 0.2 >= 0.1, but simulated adjusted p = 0.5 > 0.02; "
        "the plain rule would say breach: JS = 0.2 >= 0.1"
    )


def test_who_loses_significance_to_a_newcomer_gets_a_simulation_too() -> None:
    # x: 2 x 0.0095 = 0.019 stands at first; y's useless tail makes it 3 x 0.0095 = 0.0285.
    rulings = guarded(
        case("x", psi=(0.4, None), ks=(0.02, 0.0095), tail=lambda *_: 0.0001),
        case("y", psi=(0.21, None), ks=(0.02, 0.9), tail=lambda *_: 0.8),
    )
    assert rulings["x"].family == {"ks": 0.0095, "psi": 0.0001}
    assert rulings["x"].verdict is Verdict.BREACH
    assert rulings["y"].verdict is Verdict.OK


def test_novel_rows_breach_at_their_own_threshold_and_by_the_guarded_rule_alone() -> None:
    # With KS 0.5 two tests: 2 x 0.004.
    ruling = guarded(case(novel_rate=(0.01, 0.004)))["x"]
    assert ruling.verdict is Verdict.BREACH
    assert ruling.reason == "novel rate changed by +0.01 (adjusted p = 0.008 <= 0.02)"
    assert ruling.family == {"ks": 0.5, "novel_rate": 0.004}
    assert "novel_rate" not in {j.measurement.statistic for j in ruling.judgements}
    quiet = guarded(case(novel_rate=(0.0099, 1e-9)))["x"]
    assert (quiet.verdict, quiet.reason) == (Verdict.OK, "within all thresholds")
    plain = plain_rule(case(novel_rate=(0.9, 1e-9)))
    assert (plain.verdict, plain.reason) == (Verdict.OK, "within all thresholds")


@pytest.mark.parametrize("novel", [(0.5, 0.03), (0.009, 0.001), (-0.5, 0.001)])
def test_a_novel_rate_that_decides_nothing_makes_no_others_p_value_larger(
    novel: tuple[float, float],
) -> None:
    # Alone 0.015 is below 0.02; with a second test it is 0.03 at least.
    ruling = guarded(case(ks=(0.2, 0.015), novel_rate=novel))["x"]
    assert ruling.verdict is Verdict.BREACH
    assert ruling.family == {"ks": 0.015}


@pytest.mark.parametrize("rate", ["missing_rate", "positive_rate"])
def test_a_rate_breaches_by_its_own_change_and_adjusted_p(rate: str) -> None:
    label = rate.replace("_", " ")
    # KS 0.5 and the rate: 2 x 0.004.
    ruling = guarded(case(more={rate: (-0.06, 0.004)}))["x"]
    assert ruling.verdict is Verdict.BREACH
    assert ruling.reason == f"{label} changed by -0.06 (adjusted p = 0.008 <= 0.02)"
    held = guarded(case(more={rate: (-0.06, 0.04)}))["x"]
    assert held.verdict is Verdict.OK
    assert held.reason.startswith(f"{label} changed by -0.06, but adjusted p = 0.08 > 0.02")
    # Significant, but too small a change.
    assert guarded(case(more={rate: (0.01, 1e-9)}))["x"].verdict is Verdict.OK


def test_a_significant_missing_rate_does_not_speak_for_an_insignificant_ks_test() -> None:
    # The missing rate moved surely but little; KS breaches plainly, adjusted 0.04 > 0.02.
    reason = guarded(case(ks=(0.05, 0.04), missing_rate=(0.01, 1e-9)))["x"].reason
    assert reason == (
        "KS adjusted p = 0.04 > 0.02; the plain rule would say breach: KS p = 0.04 < 0.05"
    )


def test_categories_are_tested_by_chi_squared() -> None:
    letters = Case(
        "x",
        {
            "psi": Measurement("psi", 0.3, None, 1_000, 500),
            "chi_squared": Measurement("chi_squared", 40.0, 1e-6, 1_000, 500),
        },
        THRESHOLDS,
        0.1,
        no_simulation,
    )
    ruling = guarded(letters)["x"]
    assert ruling.reason == "PSI = 0.3 >= 0.2 (adjusted p < 0.001 <= 0.02)"
    assert ruling.family == {"chi_squared": 1e-6}


def test_a_warning_needs_a_small_adjusted_p_too() -> None:
    warned = guarded(case(psi=(0.15, None), ks=(0.05, 0.001)))["x"]
    assert warned.verdict is Verdict.WARN
    assert warned.reason == (
        "PSI = 0.15 >= 0.1 (warn) and adjusted p = 0.001 <= 0.02; "
        "the plain rule would say breach: KS p = 0.001 < 0.05"
    )
    quiet = guarded(case(psi=(0.15, None), ks=(0.05, 0.2)))["x"]
    assert quiet.verdict is Verdict.OK
    assert quiet.reason == (
        "PSI = 0.15 >= 0.1 (warn), but adjusted p = 0.2 > 0.02; the plain rule would say warn"
    )


def test_a_warning_says_what_else_was_held_back() -> None:
    # Two tests: KS 2 x 0.001, the missing rate 2 x 0.03 / 2.
    warned = guarded(case(psi=(0.15, None), ks=(0.05, 0.001), missing_rate=(0.03, 0.03)))["x"]
    assert warned.verdict is Verdict.WARN
    assert warned.reason == (
        "PSI = 0.15 >= 0.1 (warn) and adjusted p = 0.002 <= 0.02; "
        "missing rate changed by +0.03, but adjusted p = 0.03 > 0.02; "
        "the plain rule would say breach: KS p = 0.001 < 0.05; missing rate changed by +0.03"
    )


def test_the_others_p_values_count_in_the_family() -> None:
    column = case(psi=(0.3, None), ks=(0.05, 0.005), tail=lambda *_: 0.005)
    assert guarded(column)["x"].adjusted_p_value == pytest.approx(0.005)
    assert guarded(column, others=[0.9, 0.8])["x"].adjusted_p_value == pytest.approx(0.015)
    # Five in the family: 5 x 0.005 > 0.02, so PSI is simulated: 6 x 0.005 / 2 = 0.015.
    ruling = guarded(column, others=[0.9] * 4)["x"]
    assert ruling.family == {"ks": 0.005, "psi": 0.005}
    assert ruling.adjusted_p_value == pytest.approx(0.015)


FIGURES = st.fixed_dictionaries(
    {
        "psi": st.tuples(st.floats(0, 1), st.none()),
        "ks": st.tuples(st.floats(0, 1), st.floats(0, 1)),
        "js_divergence": st.tuples(st.floats(0, 1), st.none()),
        "missing_rate": st.tuples(st.floats(-1, 1), st.floats(0, 1)),
    }
)


@given(
    columns=st.lists(st.tuples(FIGURES, st.floats(1e-5, 1)), min_size=1, max_size=8),
    others=st.lists(st.floats(0, 1), max_size=5),
)
def test_the_guarded_rule_is_stricter_than_the_plain_one_but_for_d(
    columns: list[tuple[dict[str, tuple[float, float | None]], float]], others: list[float]
) -> None:
    cases = [
        case(f"c{i}", tail=lambda *_, p=p: p, more=figures)
        for i, (figures, p) in enumerate(columns)
    ]
    rulings = guarded(*cases, others=others)
    for column in cases:
        ruling = rulings[column.name]
        assert ruling.reason
        plain = plain_rule(column).verdict
        if plain not in {ruling.verdict, Verdict.OK}:
            assert f"the plain rule would say {plain}" in ruling.reason
        if ruling.verdict is Verdict.BREACH:
            assert plain is Verdict.BREACH
            assert ruling.adjusted_p_value is not None
            assert ruling.adjusted_p_value <= 0.02


def test_a_reason_never_rounds_a_figure_across_its_threshold() -> None:
    reason = guarded(case(psi=(0.1999996, None), ks=(0.09999999, 0.0200001)))["x"].reason
    assert "adjusted p = 0.0200001 > 0.02" in reason
    strict = Threshold("psi", "value", 0.12304, warn=0.1)
    assert strict.rule == ">= 0.12304"


def test_thresholds_in_words() -> None:
    assert [t.rule for t in THRESHOLDS.values()] == [
        *(">= 0.2", "p < 0.05", "p < 0.05", ">= 0.1", "|change| >= 0.02", "|change| >= 0.05"),
        "|change| >= 0.01",
    ]


OK, BREACH = Verdict.OK, Verdict.BREACH
SILENT = Verdict.NOT_EVALUATED


@pytest.mark.parametrize(
    ("asked", "earlier", "verdict", "reason"),
    [
        ("1 of 1", [], BREACH, "why"),
        ("1 of 3", [OK, OK], BREACH, "why"),
        ("2 of 3", [OK, OK], Verdict.WARN, "breach on 1 of the last 3 days, 2 needed: why"),
        ("2 of 3", [OK, BREACH], BREACH, "why; breach on 2 of the last 3 days, 2 needed"),
        # The day before the last three does not count.
        ("2 of 3", [OK, OK, BREACH], Verdict.WARN, "breach on 1 of the last 3 days, 2 needed: why"),
        ("3 of 3", [BREACH, BREACH], BREACH, "why; breach on 3 of the last 3 days, 3 needed"),
        ("2 of 2", [], Verdict.WARN, "breach on 1 of 1 day, 2 needed: why"),
        ("2 of 9", [BREACH], BREACH, "why; breach on 2 of the last 2 days, 2 needed"),
    ],
)
def test_a_breach_counts_once_it_has_lasted(
    asked: str, earlier: list[Verdict], verdict: Verdict, reason: str
) -> None:
    persistence = Persistence.of_text(asked)
    assert str(persistence) == asked
    assert lasting(BREACH, "why", earlier, persistence) == (verdict, reason)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not BREACH])
def test_a_day_that_does_not_breach_by_itself_never_does_for_its_past(verdict: Verdict) -> None:
    assert lasting(verdict, "why", [BREACH] * 5, Persistence(2, 3)) == (verdict, "why")


@given(
    days=st.lists(st.sampled_from(list(Verdict))),
    breaches=st.integers(1, 5),
    more=st.integers(0, 5),
)
def test_persistence_makes_no_day_graver(days: list[Verdict], breaches: int, more: int) -> None:
    for number, verdict in enumerate(days):
        after, _ = lasting(verdict, "", days[:number][::-1], Persistence(breaches, breaches + more))
        assert after is verdict or (verdict, after) == (BREACH, Verdict.WARN)


@pytest.mark.parametrize("text", ["", "2", "2 in 3", "0 of 3", "4 of 3", "2 of 367", "two of 3"])
def test_a_persistence_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="such as '2 of 3'"):
        Persistence.of_text(text)


def test_the_data_set_drifts_when_enough_of_its_features_do() -> None:
    half = dataset_rule(
        [(BREACH, 1.0), (OK, 1.0), (Verdict.WARN, 1.0), (BREACH, 1.0)], threshold=0.5
    )
    assert (half.verdict, half.drift_share) == (BREACH, 0.5)
    assert half.reason == "2 of 4 features drift, 50.0% >= 50.0%"
    third = dataset_rule([(BREACH, 1.0), (OK, 1.0), (OK, 1.0)], threshold=0.5)
    assert (third.verdict, third.reason) == (OK, "1 of 3 features drifts, 33.3% < 50.0%")


def test_a_feature_weighs_its_importance_and_a_silent_one_nothing() -> None:
    # 3 of 3 + 1: the one that was not evaluated counts on neither side.
    ruling = dataset_rule([(BREACH, 3.0), (OK, 1.0), (SILENT, 100.0)], threshold=0.75)
    assert (ruling.verdict, ruling.drift_share) == (BREACH, 0.75)
    assert ruling.reason == "1 of 2 features drifts, 75.0% by importance >= 75.0%"
    # Decimals count as they are written: in binary 0.1 + 0.2 > 0.3.
    tenths = [(BREACH, 0.1), (BREACH, 0.2), (OK, 0.3)]
    assert dataset_rule(tenths, threshold=0.5).drift_share == 0.5
    assert dataset_rule([(BREACH, 0.0), (OK, 2.0)], threshold=0.01).drift_share == 0.0


def test_a_share_is_never_rounded_across_its_threshold() -> None:
    many = [(BREACH, 1.0)] * 4999 + [(OK, 1.0)] * 5001
    assert dataset_rule(many, threshold=0.5).reason == (
        "4,999 of 10,000 features drift, 49.99% < 50.0%"
    )


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ([], "no feature is watched"),
        ([(SILENT, 1.0)], "no feature was evaluated"),
        ([(OK, 0.0), (BREACH, 0.0)], "no evaluated feature has an importance above 0"),
    ],
)
def test_without_features_to_judge_by_the_data_set_is_not_evaluated(
    features: list[tuple[Verdict, float]], reason: str
) -> None:
    ruling = dataset_rule(features, threshold=0.5)
    assert (ruling.verdict, ruling.drift_share, ruling.reason) == (SILENT, None, reason)


def test_a_learned_threshold_judges_alone_and_says_where_it_comes_from() -> None:
    limits = {
        "psi": Threshold("psi", "value", 0.4321, origin="learned from 99 days"),
        "missing_rate": Threshold("missing_rate", "size", 0.03, origin="learned from 99 days"),
        "total_variation": Threshold("total_variation", "value", 0.5),
    }
    quiet = replace(case(missing_rate=(-0.02, 1e-9), psi=(0.43, None)), thresholds=limits)
    found = learned_rule(quiet, origin="learned from 99 days")
    assert (found.verdict, found.family, found.adjusted_p_value) == (Verdict.OK, {}, None)
    assert found.reason == "within all thresholds (learned from 99 days)"
    assert [j.threshold.rule for j in found.judgements] == [
        ">= 0.4321, learned from 99 days",
        "|change| >= 0.03, learned from 99 days",
    ]
    lost = replace(case(missing_rate=(-0.05, 0.9)), thresholds=limits)
    assert learned_rule(lost, origin="x").reason == (
        "missing rate changed by -0.05, limit 0.03 (x)"
    )
    assert learned_rule(replace(quiet, thresholds={}), origin="x").verdict is Verdict.NOT_EVALUATED
