"""Learned thresholds: what a baseline's own days say, held to laws and to hand-worked numbers."""

import json
import math
from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from drift_assets import learned
from drift_assets.comparison import CompareWith
from drift_assets.errors import NoDataError
from drift_assets.learned import (
    LearnedThreshold,
    Scores,
    column_scores,
    compared_days,
    days_apart,
    learn,
    learn_from_days,
    learned_from_dict,
    learned_to_dict,
    tail_limit,
)
from drift_assets.profiles import (
    CategoricalBinning,
    CategoricalProfile,
    ColumnDays,
    NumericBinning,
    NumericProfile,
)
from drift_assets.stats import JS, KS, MISSING_RATE, PSI, TOTAL_VARIATION
from drift_assets.stats.positive_rate import measure_positive_rate
from drift_assets.watch import Thresholds

MONDAY = date(2026, 1, 5)


def days(n: int) -> list[date]:
    return [MONDAY + timedelta(days=i) for i in range(n)]


def numbers(shifts: np.ndarray, *, rows: int = 300, seed: int = 0) -> ColumnDays:
    """Return days of normal rows around each day's own level, one in twenty missing."""
    random = np.random.default_rng(seed)
    n = len(shifts)
    values = random.normal(np.repeat(shifts, rows), 1.0).round(2)
    present = random.random(n * rows) >= 0.05
    day = np.repeat(np.arange(n), rows)
    missing = np.bincount(day[~present], minlength=n)
    binning = NumericBinning.fit(values[present], include=[0.5])
    return ColumnDays.of_numbers(binning, days(n), day[present], values[present], missing)


def noise(n: int, *, columns: int, seed: int) -> list[Scores]:
    """Return values as of PSI without drift, half of each shared by all columns of a day."""
    random = np.random.default_rng(seed)
    shared = random.chisquare(5, n)
    return [
        Scores(f"c{i}", "psi", (shared + random.chisquare(4, n)) / 1000, 5.0)
        for i in range(columns)
    ]


def test_the_limit_is_the_order_statistic_with_that_probability() -> None:
    values = np.arange(1.0, 200.0)
    np.random.default_rng(0).shuffle(values)
    # Of 199 days the second largest is exceeded by a further one with probability 2 / 200.
    assert tail_limit(values, 0.01) == (198.0, False)
    assert tail_limit(values, 0.0125)[0] == pytest.approx(197.5)
    # Whatever the distribution, on average over samples.
    samples = np.random.default_rng(1).lognormal(size=(4000, 199))
    exceeded = [stats.lognorm.sf(tail_limit(one, 0.01)[0], 1.0) for one in samples]
    assert np.mean(exceeded) == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("n", [28, 60])
def test_a_fitted_tail_keeps_the_rate_although_it_is_known_from_few_days(n: int) -> None:
    samples = np.random.default_rng(2).exponential(size=(4000, n))
    limits = [tail_limit(one, 0.01) for one in samples]
    assert all(fitted for _, fitted in limits)
    assert np.mean([math.exp(-limit) for limit, _ in limits]) == pytest.approx(0.01, rel=0.2)


def test_a_day_is_never_compared_with_itself_nor_its_neighbours() -> None:
    known = days(21)
    plain = compared_days(known, CompareWith())
    assert not plain.diagonal().any()
    assert plain.sum() == 21 * 20
    apart = compared_days(known, CompareWith(), apart=2)
    assert np.flatnonzero(~apart[10]).tolist() == [8, 9, 10, 11, 12]
    same = compared_days(known, CompareWith("same_weekday"))
    assert np.flatnonzero(same[8]).tolist() == [1, 15]
    rolling = compared_days(known, CompareWith("rolling", 3), apart=2)
    assert np.flatnonzero(rolling[8]).tolist() == [5, 6, 7]
    assert not rolling[0].any()


@pytest.mark.parametrize("dense", [0, 1 << 30])
def test_scores_are_the_statistics_of_the_day_and_the_days_it_is_compared_with(
    dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "_DENSE_CELLS", dense)
    column = numbers(np.random.default_rng(3).normal(size=28) / 2)
    compared = compared_days(column.days, CompareWith("same_weekday"))
    found = {
        s.statistic: s.values for s in column_scores("x", column, compared, decision_threshold=0.5)
    }
    for position in range(28):
        others = column.total(np.flatnonzero(compared[position]).tolist())
        today = column.profile(position)
        assert isinstance(others, NumericProfile)
        assert isinstance(today, NumericProfile)
        expected = [one.measure(others, today) for one in (PSI, KS, JS, MISSING_RATE)]
        expected.append(measure_positive_rate(others, today, decision_threshold=0.5))
        for measured in expected:
            value = found[measured.statistic][position]
            assert value == pytest.approx(abs(measured.value), abs=1e-12), measured.statistic


def test_categories_are_scored_by_total_variation_in_the_place_of_ks() -> None:
    binning = CategoricalBinning.fit({"a": 60, "b": 40})
    profiles = {
        day: CategoricalProfile.of({"a": 50 + 3 * i, "b": 50 - 3 * i}, binning)
        for i, day in enumerate(days(5))
    }
    column = ColumnDays.of(binning, profiles)
    found = {s.statistic: s.values for s in column_scores("x", column, ~np.eye(5, dtype=bool))}
    assert set(found) == {"psi", "js_divergence", "total_variation", "missing_rate"}
    others = column.total([0, 1, 2, 3])
    expected = TOTAL_VARIATION.measure(others, column.profile(4)).value
    assert found["total_variation"][4] == pytest.approx(expected)


def test_days_below_min_rows_are_neither_scored_nor_learned_from() -> None:
    column = numbers(np.zeros(8))
    compared = compared_days(column.days, CompareWith("rolling", 4))
    found = column_scores("x", column, compared, min_rows=400)
    assert all(np.isnan(s.values).all() for s in found)
    found = column_scores("x", column, compared, min_rows=300)
    # The first three days have fewer than three before them.
    assert all(np.flatnonzero(np.isnan(s.values)).tolist() == [0, 1, 2] for s in found)


def test_days_that_resemble_their_neighbours_are_told_from_those_that_do_not() -> None:
    random = np.random.default_rng(4)
    assert days_apart(numbers(np.zeros(120))) == 0
    assert days_apart(numbers(random.normal(size=120))) == 0
    steps = np.repeat(random.normal(size=30), 4)
    # Days of one block of four resemble each other, so up to two or three days apart.
    assert days_apart(numbers(steps)) in {2, 3}
    # Never so far that too few days are left to compare with.
    assert days_apart(numbers(np.linspace(0, 3, 120))) == 12


def test_a_monitor_alarms_at_the_rate_asked_for_however_its_columns_go_together() -> None:
    rates = []
    for seed in range(60):
        scores = noise(1_199, columns=8, seed=seed)
        found = learn([s.first(199) for s in scores], days(199))
        limits = {name: one.value for name, (one,) in found.columns.items()}
        alarms = [s.values[199:] >= limits[s.column] for s in scores]
        rates.append(np.any(alarms, axis=0).mean())
    # The share of a single monitor is Beta(2, 198): 0.007 off, and 60 of them 0.0009.
    assert np.mean(rates) == pytest.approx(0.01, abs=0.003)


def test_weekdays_that_differ_have_thresholds_of_their_own() -> None:
    scores = noise(210, columns=2, seed=5)
    sunday = np.array([day.weekday() == 6 for day in days(210)])
    lifted = Scores("c0", "psi", scores[0].values + 0.1 * sunday, 5.0)
    found = learn([lifted, scores[1]], days(210))
    assert [t.weekday for t in found.columns["c0"]] == list(range(7))
    assert [t.weekday for t in found.columns["c1"]] == [None]
    by_day = {t.weekday: t.value for t in found.columns["c0"]}
    assert by_day[6] > by_day[0] + 0.05
    assert found.on("c0", MONDAY)["psi"].value == by_day[0]
    assert found.on("c0", MONDAY + timedelta(days=6))["psi"].value == by_day[6]


def test_a_statistic_that_never_moved_gets_about_the_usual_threshold() -> None:
    never = Scores("c0", "missing_rate", np.zeros(200), 0.1)
    found = learn([*noise(200, columns=3, seed=6), never], days(200))
    (one,) = [t for t in found.columns["c0"] if t.statistic == "missing_rate"]
    assert one.value == pytest.approx(max(found.limit, 6) * 0.02 / 6, rel=1e-3)
    assert 0.02 <= one.value < 0.04


USUAL = {
    "psi": Thresholds().psi_breach,
    "js_divergence": Thresholds().js_breach,
    "ks": 0.1,
    "total_variation": 0.1,
    "missing_rate": Thresholds().missing_rate_change,
    "positive_rate": Thresholds().positive_rate_change,
}


def test_constant_columns_get_the_usual_thresholds_and_never_breach_for_standing_still() -> None:
    numbered = NumericBinning.fit(np.full(6_000, 3.0))
    one_number = ColumnDays.of(
        numbered, {day: NumericProfile.of(np.full(100, 3.0), numbered) for day in days(60)}
    )
    named = CategoricalBinning.fit({"EU": 6_000})
    one_text = ColumnDays.of(
        named, {day: CategoricalProfile.of({"EU": 100}, named) for day in days(60)}
    )
    found = learn_from_days(
        lambda: [("number", one_number), ("text", one_text)],
        days(60),
        compare_with=CompareWith(),
        decision_thresholds={"number": 3.0},
    )
    for column in ("number", "text"):
        for one in found.columns[column]:
            assert one.value == one.low == one.high == pytest.approx(USUAL[one.statistic])
    assert {t.statistic for ts in found.columns.values() for t in ts} == set(USUAL)


def test_shares_that_are_the_same_every_day_are_no_different_for_being_rounded() -> None:
    binning = CategoricalBinning.fit({"a": 3_600, "b": 1_800, "c": 600})
    same = CategoricalProfile.of({"a": 61, "b": 29, "c": 7}, binning)
    column = ColumnDays.of(binning, dict.fromkeys(days(60), same))
    found = learn_from_days(
        lambda: [("x", column)],
        days(60),
        compare_with=CompareWith("same_weekday"),
        decision_thresholds={},
    )
    assert {t.statistic: t.value for t in found.columns["x"]} == pytest.approx(
        {name: USUAL[name] for name in ("psi", "js_divergence", "total_variation", "missing_rate")}
    )


def test_values_that_only_the_weekday_decides_have_room_above_them() -> None:
    weekly = np.array([day.weekday() for day in days(84)]) * 0.0312345678 + 0.0123456789
    found = learn([Scores("x", "ks", weekly, 1.0)], days(84))
    assert [t.weekday for t in found.columns["x"]] == list(range(7))
    for one, value in zip(found.columns["x"], weekly[:7], strict=True):
        assert one.value == pytest.approx(value + 0.1, rel=1e-3)


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_values_that_are_the_same_on_nearly_every_day_are_not_a_threshold(moved: int) -> None:
    values = np.full(60, 0.04)
    values[10 : 10 + moved] = 0.09
    found = learn([Scores("x", "psi", values, 5.0)], days(60), apart=3)
    (one,) = found.columns["x"]
    assert math.isfinite(found.limit)
    # The distance of those days, and the usual one beyond it.
    assert one.value >= (0.2 + math.sqrt(0.2)) ** 2 * 0.999
    assert one.value < 1.0


def test_scores_that_are_mostly_zero_do_not_alarm_where_none_was_seen() -> None:
    random = np.random.default_rng(11)
    alarms = []
    for _ in range(200):
        values = np.where(random.random(128) < 0.02, random.exponential(0.05, 128), 0.0)
        (one,) = learn([Scores("x", "psi", values[:28], 5.0)], days(28)).columns["x"]
        alarms.append(np.mean(values[28:] >= one.value))
    # Only a day that moves can alarm: 0.02 of them, most below the usual threshold.
    assert np.mean(alarms) < 0.01


def test_a_column_with_gaps_has_as_small_a_day_as_its_own_values_say() -> None:
    random = np.random.default_rng(12)
    missing = random.binomial(1_000, 0.9, 240)
    day = np.repeat(np.arange(240), 1_000 - missing)
    values = random.normal(size=len(day))
    binning = NumericBinning.fit(values)
    column = ColumnDays.of_numbers(binning, days(240), day, values, missing.astype(np.int64))
    full = numbers(np.zeros(240), rows=1_000)
    found = learn_from_days(
        lambda: [("gaps", column), ("full", full)],
        column.days,
        compare_with=CompareWith(),
        decision_thresholds={"gaps": 0.5},
    )
    of_gaps, of_full = found.on("gaps", MONDAY), found.on("full", MONDAY)
    tenth = np.quantile(1_000 - missing, 0.1)
    for name in ("psi", "js_divergence", "ks", "positive_rate"):
        assert of_gaps[name].reference_rows == int(tenth)
        # A usual day of this column is judged by what was learned, as it stands.
        assert of_gaps[name].for_rows(len(values), 100) == of_gaps[name].value
    assert of_full["psi"].reference_rows == int(np.quantile(full.n, 0.1))
    assert of_gaps["missing_rate"].reference_rows == of_full["missing_rate"].reference_rows == 1_000
    # A change of half a standard deviation moves D by 2 * Phi(0.25) - 1.
    assert of_gaps["ks"].value < 2 * stats.norm.cdf(0.25) - 1 + 0.05


def test_few_days_say_what_they_can_show_and_too_few_teach_nothing() -> None:
    found = learn(noise(40, columns=2, seed=7), days(40))
    assert (found.n_days, found.fitted) == (40, True)
    assert found.reachable == pytest.approx(1 / 41)
    assert found.limit_low < found.limit < 2 * found.limit_high
    for one in found.columns["c0"]:
        assert one.low < one.high
    with pytest.raises(NoDataError, match=r"27 days to learn.*at least 28"):
        learn(noise(27, columns=2, seed=7), days(27))


def test_a_small_day_is_given_the_noise_that_it_has_more() -> None:
    one = LearnedThreshold("ks", None, 0.1, 0.1, 0.1, 1.95, 1_000)
    assert one.for_rows(10_000, 1_000) == 0.1
    assert one.for_rows(10_000, 5_000) == 0.1
    more = math.sqrt(1 / 10_000 + 1 / 100) - math.sqrt(1 / 10_000 + 1 / 1_000)
    assert one.for_rows(10_000, 100) == pytest.approx(0.1 + 1.95 * more, rel=1e-3)
    squared = LearnedThreshold("psi", None, 0.04, 0.04, 0.04, 5.0, 1_000)
    assert squared.for_rows(10_000, 100) == pytest.approx((0.2 + 5.0 * more) ** 2, rel=1e-3)


def test_a_small_clean_day_does_not_alarm_for_being_small() -> None:
    random = np.random.default_rng(8)
    level = random.normal(size=240) / 10
    column = numbers(level, rows=500, seed=9)

    def read() -> list[tuple[str, ColumnDays]]:
        return [("x", column)]

    found = learn_from_days(
        read, column.days, compare_with=CompareWith(), decision_thresholds={"x": None}
    )
    whole = column.total(range(240))
    assert isinstance(whole, NumericProfile)
    psi = found.on("x", MONDAY)["psi"]
    small = [
        PSI.measure(
            whole, NumericProfile.of(random.normal(random.normal() / 10, 1, 100), whole.binning)
        )
        for _ in range(400)
    ]
    alarms = [m.value >= psi.for_rows(m.n_baseline, m.n_current) for m in small]
    assert np.mean(alarms) <= 0.02
    assert np.mean([m.value >= psi.value for m in small]) > 0.1


def test_what_was_learned_goes_through_json_unchanged() -> None:
    found = learn(noise(60, columns=2, seed=10), days(60))
    assert learned_from_dict(json.loads(json.dumps(learned_to_dict(found)))) == found
    # A file from before the days' results were kept.
    old = {k: v for k, v in learned_to_dict(found).items() if k != "largest"}
    old["columns"] = {
        name: [{k: v for k, v in one.items() if k != "scale"} for one in thresholds]
        for name, thresholds in old["columns"].items()
    }
    with pytest.raises(NoDataError, match="run a day of the monitor, which learns them again"):
        learned_from_dict(old).at(0.05)


@pytest.mark.parametrize("n", [28, 60, 250])
@pytest.mark.parametrize("rate", [0.002, 0.01, 0.05, 0.3])
def test_another_rate_says_what_would_have_been_learned_for_it(n: int, rate: float) -> None:
    weekly = np.where(np.arange(n) % 7 > 4, 0.3, 0.1) + np.random.default_rng(1).random(n) / 50
    scores = [
        *noise(n, columns=3, seed=n),
        Scores("weekly", "ks", weekly, 1.36),
        Scores("constant", "missing_rate", np.zeros(n), 0.3),
    ]
    found = learn(scores, days(n), false_alarms=0.01, apart=2).at(rate)
    assert found == learn(scores, days(n), false_alarms=rate, apart=2)
    assert len(found.largest) == n
