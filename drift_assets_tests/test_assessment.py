"""The pipe as one function, from two profiles to a judged assessment."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from drift_assets.assessment import Assessment, assess
from drift_assets.comparison import Comparison
from drift_assets.errors import BaselineError, BinningMismatchError, UnknownNameError
from drift_assets.learned import LearnedThreshold, LearnedThresholds
from drift_assets.monitors import Monitor
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Profile,
    Unprofiled,
)
from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.anderson_darling import standard_deviation
from drift_assets.verdicts import Verdict
from drift_assets.watch import PRESETS

# One column of one day: rows, counts by category, or why there is no profile.
Content = FloatArray | Sequence[float] | Mapping[str, int] | Unprofiled


def monitor(**settings: object) -> Monitor:
    known = {
        "name": "flights",
        "baseline": "baseline.csv",
        "current": "days/{partition}.csv",
        "partitions": {"start": date(2026, 1, 1)},
    }
    return Monitor.model_validate(known | settings)


def numeric(values: FloatArray) -> NumericProfile:
    return NumericProfile.of(values, NumericBinning.fit(values, include=[0.5]))


def letters(**counts: int) -> CategoricalProfile:
    return CategoricalProfile.of(counts, CategoricalBinning.fit(counts))


def frozen(**columns: Profile) -> Baseline:
    return Baseline(max(p.n_rows for p in columns.values()), columns)


def day(baseline: Baseline, columns: Mapping[str, Content]) -> DatasetProfile:
    """Return the profile of one day over the rulers of its baseline."""
    profiles: dict[str, Profile | Unprofiled] = {}
    for name, content in columns.items():
        ruler = baseline.columns[name].binning
        if isinstance(content, Unprofiled):
            profiles[name] = content
        elif isinstance(content, Mapping):
            assert isinstance(ruler, CategoricalBinning)
            profiles[name] = CategoricalProfile.of(content, ruler)
        else:
            assert isinstance(ruler, NumericBinning)
            profiles[name] = NumericProfile.of(np.asarray(content, dtype=float), ruler)
    n_rows = max((p.n_rows for p in profiles.values() if not isinstance(p, Unprofiled)), default=0)
    return DatasetProfile(n_rows, profiles)


RANDOM = np.random.default_rng(11)
X, Y, SCORE = RANDOM.normal(size=3_000), RANDOM.normal(size=3_000), RANDOM.random(3_000)
BASELINE = frozen(
    x=numeric(X), y=numeric(Y), carrier=letters(AA=1_500, DL=1_400, WN=100), score=numeric(SCORE)
)
QUIET: Mapping[str, Content] = {
    "x": X[:600],
    "y": Y[:600],
    "carrier": {"AA": 300, "DL": 280, "WN": 20},
    "score": SCORE[:600],
}
FLIGHTS = monitor(predictions=["score"])


def assessed(watch: Monitor = FLIGHTS, **changes: Content) -> Assessment:
    return assess(watch, BASELINE, day(BASELINE, {**QUIET, **changes}))


def test_a_quiet_day_is_ok_and_says_what_it_rests_on() -> None:
    found = assessed()
    assert found.verdict is Verdict.OK
    assert [(f.feature, f.role, f.kind) for f in found.features] == [
        ("x", "feature", "numeric"),
        ("y", "feature", "numeric"),
        ("carrier", "feature", "categorical"),
        ("score", "prediction", "numeric"),
    ]
    assert (found.n_baseline, found.n_current) == (3_000, 600)
    assert (found.rule, found.family_alpha, found.family_complete) == ("guarded", 0.02, True)
    assert found.baseline_id == BASELINE.id
    assert found.breached == found.not_evaluated == ()


def test_measurements_are_those_of_scipy_and_numpy() -> None:
    current = X[:600] * 1.3 + 0.4
    column = assessed(x=current).feature("x")
    test = stats.ks_2samp(X, current)
    assert column.value("ks") == pytest.approx(test.statistic, abs=1e-12)
    assert column.p_value("ks") == pytest.approx(test.pvalue, rel=1e-9)
    edges = np.concatenate(([-np.inf], np.quantile(X, np.linspace(0, 1, 11))[1:-1], [np.inf]))
    q = np.array([((current > a) & (current <= b)).mean() for a, b in pairwise(edges)])
    assert column.value("psi") == pytest.approx(((q - 0.1) * np.log(q / 0.1)).sum(), rel=1e-9)
    assert [b.current_share for b in column.bins] == pytest.approx(q.tolist())
    assert sum(b.contribution for b in column.bins) == pytest.approx(column.value("psi"))
    assert list(column.measurements) == [
        *("psi", "ks", "js_divergence", "missing_rate", "wasserstein")
    ]
    assert column.current is not None
    assert column.current.mean == pytest.approx(current.mean())
    assert column.current.std == pytest.approx(current.std(ddof=1))
    assert column.current.median == pytest.approx(np.median(current), abs=0.05)
    assert column.baseline.missing_rate == 0.0


def test_drift_breaches_the_column_that_drifted_and_the_day() -> None:
    found = assessed(x=X[:600] + 1, carrier={"AA": 300, "DL": 80, "WN": 20, "B6": 200})
    assert found.verdict is Verdict.BREACH
    assert [f.feature for f in found.breached] == ["carrier", "x"]
    carrier = found.feature("carrier")
    assert carrier.unseen == (("B6", 200),)
    assert carrier.top_bins[0].label == "unseen"
    assert carrier.current is not None
    assert carrier.current.n_unseen == 200
    assert found.feature("y").verdict is Verdict.OK
    with pytest.raises(KeyError):
        found.feature("z")


def test_a_prediction_has_its_positive_rate() -> None:
    column = assessed(score=SCORE[:600] ** 0.5).feature("score")
    assert column.value("positive_rate") == pytest.approx(
        (SCORE[:600] ** 0.5 >= 0.5).mean() - (SCORE >= 0.5).mean()
    )
    assert column.verdict is Verdict.BREACH
    assert set(column.family) >= {"ks", "missing_rate", "positive_rate"}
    assert "positive rate changed by +0.2" in column.reason
    assert column.current is not None
    assert column.current.positive_rate == pytest.approx((SCORE[:600] ** 0.5 >= 0.5).mean())


def test_values_that_went_missing_breach_by_their_rate() -> None:
    rows = X[:600].copy()
    rows[:60] = np.nan
    column = assessed(x=rows).feature("x")
    assert column.value("missing_rate") == pytest.approx(0.1)
    assert column.verdict is Verdict.BREACH
    assert column.reason == "missing rate changed by +0.1 (adjusted p < 0.001 <= 0.02)"


def test_infinite_values_are_counted_and_leave_undefined_figures_out() -> None:
    rows = X[:600].copy()
    rows[:3] = np.inf
    column = assessed(x=rows).feature("x")
    assert column.current is not None
    assert column.current.n_infinite == 3
    assert column.value("wasserstein") is None
    assert column.value("psi") is not None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Unprofiled("text in a numeric column"), "text in a numeric column"),
        (np.full(600, np.nan), "all 600 values missing"),
        (np.full(1, np.nan), "the only value missing"),
        (X[:1], "1 row, 100 needed"),
        ([], "no rows"),
        (X[:99], "99 rows, 100 needed"),
    ],
)
def test_what_cannot_be_judged_is_not_evaluated_and_says_why(content: Content, reason: str) -> None:
    for watch in (FLIGHTS, monitor(guards=False, predictions=["score"])):
        found = assessed(watch, x=content)
        column = found.feature("x")
        assert column.verdict is Verdict.NOT_EVALUATED
        assert column.reason == reason
        assert not column.measurements
        assert not column.family
        assert not column.bins
        assert not column.judgements
        assert found.verdict is Verdict.NOT_EVALUATED
        assert found.not_evaluated == (column,)
        # What was there is still shown.
        if isinstance(content, Unprofiled):
            assert column.current is None
        else:
            assert column.current is not None
            assert column.current.n + column.current.n_missing == len(content)


def test_an_absent_column_is_not_evaluated() -> None:
    columns = {name: rows for name, rows in QUIET.items() if name != "x"}
    column = assess(FLIGHTS, BASELINE, day(BASELINE, columns)).feature("x")
    assert column.verdict is Verdict.NOT_EVALUATED
    assert column.reason == "column absent from the current data"


def test_a_baseline_without_values_in_a_column_judges_nothing() -> None:
    empty = NumericProfile.of(np.array([]), NumericBinning.fit(X), n_missing=3_000)
    baseline = Baseline(3_000, {**BASELINE.columns, "x": empty})
    column = assess(FLIGHTS, baseline, day(BASELINE, QUIET)).feature("x")
    assert column.reason == "the baseline has no value in this column"
    assert column.verdict is Verdict.NOT_EVALUATED


def test_the_plain_rule_follows_guards_false() -> None:
    # Shifted by an eighth of a deviation: KS p is below 0.05, but no effect is large.
    shifted = X[:600] + 0.125
    plain = assessed(monitor(guards=False, predictions=["score"]), x=shifted)
    assert (plain.rule, plain.family_alpha) == ("plain", None)
    assert plain.feature("x").verdict is Verdict.BREACH
    assert plain.feature("x").adjusted_p_value is None
    guarded = assessed(x=shifted).feature("x")
    assert guarded.verdict is Verdict.OK
    assert "the plain rule would say breach: KS p" in guarded.reason


def test_a_column_is_judged_by_its_own_thresholds() -> None:
    lenient = {"psi_breach": 9.0, "js_breach": 0.9, "ks_min_statistic": 0.9}
    watch = monitor(features=[{"column": "x", "thresholds": lenient}, "y"])
    found = assessed(watch, x=X[:600] + 0.6, y=Y[:600] + 0.6)
    assert found.feature("x").verdict is not Verdict.BREACH
    assert found.feature("y").verdict is Verdict.BREACH


def test_a_subset_takes_the_others_p_values_or_says_that_it_cannot() -> None:
    current = day(BASELINE, {**QUIET, "x": X[:600] + 0.5})
    whole = assess(FLIGHTS, BASELINE, current)
    others = [p for f in whole.features if f.feature != "x" for p in f.family.values()]
    subset = assess(FLIGHTS, BASELINE, current, only=["x"], other_p_values=others)
    assert [f.feature for f in subset.features] == ["x"]
    assert subset.family_complete
    assert subset.feature("x") == whole.feature("x")
    alone = assess(FLIGHTS, BASELINE, current, only=["x"])
    assert not alone.family_complete
    assert alone.feature("x").reason.endswith("; family incomplete: uncorrected")
    everything = assess(FLIGHTS, BASELINE, current, only=["score", "carrier", "y", "x"])
    assert everything.family_complete
    assert everything == whole
    plain = monitor(guards=False, predictions=["score"])
    assert "incomplete" not in assess(plain, BASELINE, current, only=["x"]).feature("x").reason


def test_unknown_columns_are_refused_with_what_is_known() -> None:
    current = day(BASELINE, QUIET)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'score'\?"):
        assess(FLIGHTS, BASELINE, current, only=["scores"])
    with pytest.raises(BaselineError, match="watches 'z', which the baseline does not have"):
        assess(monitor(features=["z"]), BASELINE, current)


def test_a_profile_over_another_ruler_is_refused() -> None:
    current = DatasetProfile(600, {**day(BASELINE, QUIET).columns, "x": numeric(X[:600])})
    with pytest.raises(BinningMismatchError, match="one and the same"):
        assess(FLIGHTS, BASELINE, current)


def test_merged_days_are_assessed_like_their_rows_together() -> None:
    halves = [
        day(
            BASELINE,
            {"x": X[a:b], "y": Y[a:b], "carrier": {"AA": 20, "DL": 280}, "score": SCORE[a:b]},
        )
        for a, b in ((0, 300), (300, 600))
    ]
    whole = day(BASELINE, {**QUIET, "carrier": {"AA": 40, "DL": 560}})
    merged, direct = (assess(FLIGHTS, BASELINE, d) for d in (halves[0] + halves[1], whole))
    for name in ("x", "y", "carrier", "score"):
        mine, theirs = merged.feature(name), direct.feature(name)
        assert mine.verdict is theirs.verdict
        assert mine.family == theirs.family
        assert mine.bins == theirs.bins


def clean_days_with_alarm(n_days: int, *, n_baseline: int, n_current: int, seed: int) -> int:
    """Return on how many days the guarded rule breaches although nothing changed."""
    random = np.random.default_rng(seed)
    watch = monitor(min_rows=1, usual_rows=n_current)
    names = [f"x{i}" for i in range(10)]
    alarms = 0
    for _ in range(n_days):
        # A baseline of its own for each day: days that share one are not independent.
        values = random.normal(size=(10, n_baseline))
        rulers = [NumericBinning.fit(v, usual_rows=n_current) for v in values]
        baseline = Baseline(
            n_baseline,
            {
                name: NumericProfile.of(v, ruler)
                for name, v, ruler in zip(names, values, rulers, strict=True)
            },
        )
        rows = random.normal(size=(10, n_current))
        found = assess(watch, baseline, day(baseline, dict(zip(names, rows, strict=True))))
        alarms += found.verdict is Verdict.BREACH
    return alarms


@pytest.mark.slow
@pytest.mark.parametrize("n_current", [100, 1_000])
@pytest.mark.parametrize("n_baseline", [1_000, 10_000])
def test_clean_days_seldom_alarm(n_baseline: int, n_current: int) -> None:
    n_days = 500
    alarms = clean_days_with_alarm(
        n_days, n_baseline=n_baseline, n_current=n_current, seed=n_baseline + n_current
    )
    interval = stats.binomtest(alarms, n_days).proportion_ci(0.95)
    print(  # noqa: T201  # the number is worth reading, with -s
        f"baseline {n_baseline:,}, current {n_current:,}: {alarms} of {n_days} clean days alarm, "
        f"at most {interval.high:.1%}"
    )
    assert interval.high <= 0.05


def test_named_statistics_are_measured_beside_the_default_ones_and_judge_nothing() -> None:
    current = X[:600] + 1
    named = ["hellinger", "anderson_darling", "cramers_v", "out_of_range_rate", "unseen_rate"]
    watch = monitor(predictions=["score"], statistics=named)
    plain, found = assessed(x=current), assessed(watch, x=current)
    assert found.verdict is plain.verdict
    for before, after in zip(plain.features, found.features, strict=True):
        assert (after.verdict, after.reason, after.judgements) == (
            *(before.verdict, before.reason, before.judgements),
        )
        assert after.family == before.family
        assert set(before.measurements) < set(after.measurements)
    assert list(found.feature("x").measurements)[5:] == [
        *("hellinger", "anderson_darling", "out_of_range_rate")
    ]
    assert list(found.feature("carrier").measurements)[5:] == [
        *("hellinger", "cramers_v", "unseen_rate")
    ]
    out = np.mean((current < X.min()) | (current > X.max()))
    assert found.feature("x").value("out_of_range_rate") == pytest.approx(out)
    expected = stats.anderson_ksamp(
        [X, current], variant="midrank", method=stats.PermutationMethod(n_resamples=1)
    ).statistic
    value = found.feature("x").value("anderson_darling")
    assert value is not None
    assert (value - 1) / standard_deviation(3_000, 600) == pytest.approx(expected, rel=1e-6)


def test_why_splits_the_psi_into_known_unseen_and_out_of_range() -> None:
    found = assessed(
        x=np.concatenate((X[:500], np.full(60, 99.0), np.full(40, np.nan))),
        carrier={"AA": 300, "DL": 80, "WN": 20, "B6": 200},
    )
    for result in found.features:
        why = result.why
        assert why is not None
        assert min(why.known, why.unseen, why.out_of_range) >= 0.0
        psi = result.value("psi")
        assert why.known + why.unseen + why.out_of_range == pytest.approx(psi)
    x, carrier = found.feature("x").why, found.feature("carrier").why
    assert x is not None
    assert carrier is not None
    # Of the last decile's 0.1 before; 60 rows of 560 lie beyond the range.
    assert x.out_of_range_share == pytest.approx(60 / 560)
    gained = found.feature("x").bins[-1].current_share - 0.1
    assert x.out_of_range == pytest.approx(
        found.feature("x").bins[-1].contribution * min(60 / 560 / gained, 1.0)
    )
    assert (x.unseen, x.unseen_share) == (0.0, 0.0)
    assert x.missing_rate_change == pytest.approx(40 / 600)
    assert carrier.unseen_share == pytest.approx(1 / 3)
    assert carrier.out_of_range == 0.0
    assert carrier.unseen == pytest.approx((1 / 3 - 1e-4) * np.log(1 / 3 / 1e-4))
    assert assessed(x=Unprofiled("no rows")).feature("x").why is None


def test_a_number_between_the_few_that_the_baseline_has_is_unseen() -> None:
    grades = np.repeat([1.0, 2.0, 3.0], 400)
    baseline = frozen(grade=numeric(grades))
    watch = monitor(features=["grade"], predictions=[])
    now = np.concatenate((grades[::2], np.full(30, 2.5), np.full(20, 4.0), np.full(10, -1.0)))
    result = assess(watch, baseline, day(baseline, {"grade": now})).feature("grade")
    assert result.why is not None
    assert result.why.unseen_share == pytest.approx(30 / 660)
    assert result.why.out_of_range_share == pytest.approx(30 / 660)

    def from_nothing(share: float) -> float:
        return (share - 1e-4) * float(np.log(share / 1e-4))

    assert result.why.unseen == pytest.approx(from_nothing(30 / 660))
    assert result.why.out_of_range == pytest.approx(from_nothing(20 / 660) + from_nothing(10 / 660))


MONDAY = date(2026, 1, 5)


def learned_limits(**limits: float) -> LearnedThresholds:
    """Return thresholds of the column x as if they had been learned, on Mondays alone for PSI."""
    found = tuple(
        LearnedThreshold(name, 0 if name == "psi" else None, limit, limit, limit, 2.0, 600)
        for name, limit in limits.items()
    )
    return LearnedThresholds(
        false_alarms=0.01,
        reachable=1 / 201,
        fitted=False,
        n_days=200,
        first_day=MONDAY,
        last_day=MONDAY,
        apart=3,
        limit=5.0,
        limit_low=4.0,
        limit_high=6.0,
        columns={"x": found},
    )


def test_learned_thresholds_judge_in_the_place_of_the_rule() -> None:
    current = day(BASELINE, {**QUIET, "x": X[:600] + 0.5})
    limits = learned_limits(psi=0.5, ks=0.3, missing_rate=0.2)
    assert assess(monitor(), BASELINE, current, day=MONDAY).feature("x").verdict == "breach"
    mild = assess(monitor(), BASELINE, current, day=MONDAY, learned=limits)
    assert (mild.rule, mild.family_alpha, mild.family_complete) == ("learned", None, True)
    result = mild.feature("x")
    assert (result.verdict, result.reason) == (
        "ok",
        "within all thresholds (learned from 200 days)",
    )
    kept = result.thresholds
    assert (kept.psi_breach, kept.psi_warn, kept.ks_min_statistic) == (0.5, 0.5, 0.3)
    assert (kept.missing_rate_change, kept.js_breach) == (0.2, 0.1)
    assert {j.threshold.statistic for j in result.judgements} == {"psi", "ks", "missing_rate"}
    assert mild.thresholds_from == (
        "learned from 200 days, 2026-01-05 to 2026-01-05, for alarms on 1.0% of clean days; "
        "days up to 3 apart resemble each other and were left out"
    )
    strict = assess(monitor(), BASELINE, current, day=MONDAY, learned=learned_limits(ks=0.15))
    assert strict.feature("x").verdict == "breach"
    assert strict.feature("x").reason.endswith(">= 0.15 (learned from 200 days)")
    # On another weekday PSI has no threshold here, and does not judge.
    tuesday = assess(
        monitor(), BASELINE, current, day=date(2026, 1, 6), learned=learned_limits(psi=0.01, ks=0.3)
    )
    assert tuesday.feature("x").verdict == "ok"


# 500 and 500 rows of a and b before, 360 and 240 now: the shares move by 0.1 from 0.5 each, so
# PSI = 0.1 ln(0.6 / 0.5) - 0.1 ln(0.4 / 0.5) = 0.0405 and half the sum of changes is 0.1.
AB = CategoricalBinning.fit({"a": 500, "b": 500})
HALVES = Baseline(1_000, {"x": CategoricalProfile.of({"a": 500, "b": 500}, AB)})
MOVED = DatasetProfile(600, {"x": CategoricalProfile.of({"a": 360, "b": 240}, AB)})
FROM = "learned from 200 days"


@pytest.mark.parametrize(
    ("at_monitor", "at_column", "limits", "verdict", "reason"),
    [
        # Far beyond what was learned, and within what is written; the other way round.
        ({}, {"psi_breach": 0.05}, {"psi": 0.01}, "ok", "within all thresholds (set by hand)"),
        ({}, {"psi_breach": 0.04}, {"psi": 0.5}, "breach", "PSI = 0.04055 >= 0.04 (set by hand)"),
        # The others stay learned, and judge.
        (
            {},
            {"psi_breach": 0.05},
            {"psi": 0.01, "total_variation": 0.09},
            "breach",
            f"total variation = 0.1 >= 0.09 ({FROM}, but PSI set by hand)",
        ),
        (
            {"psi_breach": 0.05, "missing_rate_change": 0.5},
            {},
            {"psi": 0.01, "total_variation": 0.2},
            "ok",
            f"within all thresholds ({FROM}, but PSI, missing rate set by hand)",
        ),
        # The column's number is nearer than the monitor's.
        (
            {"psi_breach": 0.5},
            {"psi_breach": 0.04},
            {"psi": 0.01, "total_variation": 0.2},
            "breach",
            f"PSI = 0.04055 >= 0.04 ({FROM}, but PSI set by hand)",
        ),
        # A learned threshold warns only from where somebody wrote it.
        (
            {},
            {"psi_warn": 0.03},
            {"psi": 0.5},
            "warn",
            f"PSI = 0.04055 >= 0.03 (warn) ({FROM}, but PSI warning set by hand)",
        ),
        ({}, {"psi_warn": 0.6}, {"psi": 0.5}, "ok", f"within all thresholds ({FROM})"),
        # Levels of other rules judge nothing here.
        (
            {"family_alpha": 0.9},
            {"ks_significance_level": 0.9},
            {"psi": 0.5},
            "ok",
            f"within all thresholds ({FROM})",
        ),
    ],
)
def test_a_number_set_by_hand_takes_the_place_of_the_learned_one(
    at_monitor: dict[str, float],
    at_column: dict[str, float],
    limits: dict[str, float],
    verdict: str,
    reason: str,
) -> None:
    watch = monitor(
        features=[{"column": "x", "thresholds": at_column}], predictions=[], thresholds=at_monitor
    )
    found = assess(watch, HALVES, MOVED, day=MONDAY, learned=learned_limits(**limits))
    result = found.feature("x")
    assert (result.verdict, result.reason) == (verdict, reason)
    origins = {j.threshold.statistic: j.threshold.origin for j in result.judgements}
    by_hand = at_monitor.keys() | at_column.keys()
    assert origins["psi"] == ("set by hand" if "psi_breach" in by_hand else FROM)
    # What the history keeps is what judged.
    kept = {j.threshold.statistic: j.threshold.breach for j in result.judgements}
    assert result.thresholds.psi_breach == kept["psi"]
    assert set(result.by_hand) == by_hand


def test_a_number_set_by_hand_holds_as_written_on_a_small_day() -> None:
    watch = monitor(features=[{"column": "x", "thresholds": {"psi_breach": 0.04}}], predictions=[])
    small = DatasetProfile(100, {"x": CategoricalProfile.of({"a": 60, "b": 40}, AB)})
    learned = learned_limits(psi=0.04)
    assert assess(watch, HALVES, small, day=MONDAY, learned=learned).verdict == "breach"
    written = monitor(features=["x"], predictions=[])
    assert assess(written, HALVES, small, day=MONDAY, learned=learned).verdict == "ok"


def test_a_column_with_a_preset_of_its_own_is_judged_by_that_preset() -> None:
    watch = monitor(features=[{"column": "x", "thresholds": "aggressive"}], predictions=[])
    limits = learned_limits(psi=0.001)
    found = assess(watch, HALVES, MOVED, day=MONDAY, learned=limits).feature("x")
    fixed = assess(watch, HALVES, MOVED).feature("x")
    said = "; this column has a preset of its own: fixed thresholds"
    assert (found.verdict, found.reason) == (fixed.verdict, fixed.reason + said)
    assert found.thresholds == PRESETS["aggressive"]


FIXED = "nothing could be learned of this column's values: fixed thresholds"


@pytest.mark.parametrize("shift", [0.0, 1000.0])
@pytest.mark.parametrize("guards", [True, False])
@pytest.mark.parametrize("limits", [{}, {"missing_rate": 0.9}])
def test_a_column_of_whose_values_nothing_was_learned_is_judged_by_the_fixed_thresholds(
    shift: float, guards: bool, limits: dict[str, float]
) -> None:
    watch = monitor(guards=guards)
    current = day(BASELINE, {**QUIET, "x": X[:600] + shift})
    found = assess(watch, BASELINE, current, day=MONDAY, learned=learned_limits(**limits))
    fixed = assess(watch, BASELINE, current)
    for name in ("x", "y"):
        assert found.feature(name).verdict == fixed.feature(name).verdict
        assert found.feature(name).reason == f"{fixed.feature(name).reason}; {FIXED}"
    assert found.feature("x").verdict == ("breach" if shift else "ok")
    # What was learned of the rate of missing values stands.
    kept = found.feature("x").thresholds
    assert (kept.psi_breach, kept.missing_rate_change) == (0.2, limits.get("missing_rate", 0.02))


def test_a_single_column_that_is_judged_by_fixed_thresholds_says_that_its_family_is_unknown() -> (
    None
):
    current = day(BASELINE, QUIET)
    found = assess(monitor(), BASELINE, current, only=["y"], learned=learned_limits(ks=0.3))
    assert found.feature("y").reason.endswith(f"; family incomplete: uncorrected; {FIXED}")
    whole = assess(monitor(), BASELINE, current, only=["x"], learned=learned_limits(ks=0.3))
    assert whole.feature("x").reason == "within all thresholds (learned from 200 days)"


def test_a_small_day_is_judged_with_its_noise_taken_off_and_keeps_what_judged_it() -> None:
    current = day(BASELINE, {**QUIET, "x": X[:150] + 0.3})
    measured = assess(monitor(), BASELINE, current).feature("x")
    ks, psi = (measured.value(name) or 0.0 for name in ("ks", "psi"))
    limits = learned_limits(ks=ks - 0.01, psi=psi - 0.01)
    result = assess(monitor(), BASELINE, current, day=MONDAY, learned=limits).feature("x")
    assert result.verdict == "ok"
    judged_by = {j.threshold.statistic: j.threshold.breach for j in result.judgements}
    kept = result.thresholds
    assert judged_by == {"ks": kept.ks_min_statistic, "psi": kept.psi_breach}
    assert kept.psi_warn == kept.psi_breach
    # By hand, at 150 rows in the place of 600: 2 * (sqrt(1/n + 1/150) - sqrt(1/n + 1/600)) more.
    n = BASELINE.columns["x"].n
    more = 2 * ((1 / n + 1 / 150) ** 0.5 - (1 / n + 1 / 600) ** 0.5)
    assert kept.ks_min_statistic == pytest.approx(ks - 0.01 + more, rel=1e-3)
    assert kept.psi_breach == pytest.approx(((psi - 0.01) ** 0.5 + more) ** 2, rel=1e-3)


def test_what_could_not_be_learned_is_said_with_the_verdict_of_the_other_rule() -> None:
    found = assess(monitor(), BASELINE, day(BASELINE, QUIET), learned="no days")
    assert (found.rule, found.thresholds_from) == ("guarded", "no days")
    assert found.feature("x").reason == "within all thresholds; no days"


def test_a_comparison_takes_the_baselines_side_and_says_so() -> None:
    lifted = X[:900] + 0.5
    ruler = BASELINE.columns["x"].binning
    assert isinstance(ruler, NumericBinning)
    side = NumericProfile.of(lifted, ruler)
    unknown = Unprofiled("2 days to compare with (the 28 days before), 3 needed")
    chosen = Comparison("c" * 16, "some days", 3, 900, {"x": side, "y": unknown})
    found = assess(
        monitor(), BASELINE, day(BASELINE, {**QUIET, "x": X[:600] + 0.5}), comparison=chosen
    )
    assert (found.comparison_id, found.compared_with) == ("c" * 16, "some days")
    assert (found.baseline_id, found.n_baseline) == (BASELINE.id, 900)
    result = found.feature("x")
    assert result.verdict == "ok"
    assert result.baseline.mean == pytest.approx(lifted.mean())
    assert (result.baseline.minimum, result.baseline.maximum) == (lifted.min(), lifted.max())
    assert sum(b.n_baseline for b in result.bins) == 900
    expected = stats.ks_2samp(lifted, X[:600] + 0.5).statistic
    assert result.value("ks") == pytest.approx(expected)
    assert (found.feature("y").verdict, found.feature("y").reason) == (
        "not_evaluated",
        unknown.reason,
    )
    assert assess(monitor(), BASELINE, day(BASELINE, QUIET)).comparison_id == BASELINE.id


LETTERS = {f"c{i}": count for i, count in enumerate([400, 300, 200, 60, 20, 9, 5, 3, 2, 1])}


@pytest.mark.parametrize("pooled", [True, False])
def test_a_new_category_of_five_percent_breaches_beside_rare_ones_and_without(
    pooled: bool,
) -> None:
    before = LETTERS if pooled else {"c0": 500, "c1": 400, "c2": 100}
    baseline = frozen(t=letters(**before))
    labels = baseline.columns["t"].binning.labels  # type: ignore[union-attr]  # of categories
    assert ("other (5 rare or new)" in labels) == pooled
    watch = monitor(features=["t"], predictions=[])
    for rows in (300, 1_000, 20_000):
        kept = {name: count * 95 * rows // 100_000 for name, count in before.items()}
        now = kept | {"new": rows - sum(kept.values())}
        found = assess(watch, baseline, day(baseline, {"t": now})).feature("t")
        assert found.verdict is Verdict.BREACH
        assert found.top_bins[0].label == "unseen"
        assert "novel rate changed by" in found.reason


@pytest.mark.parametrize(("rows", "verdict"), [(3, Verdict.BREACH), (2, Verdict.OK)])
def test_three_new_rows_in_a_hundred_are_no_chance_beside_one_rare_category(
    rows: int, verdict: Verdict
) -> None:
    baseline = frozen(t=letters(c0=600, c1=391, c2=9))
    now = {"c0": 61 - rows, "c1": 38, "c2": 1, "new": rows}
    # Among ten columns, of which each has a test and a missing rate.
    found = assess(
        monitor(features=["t"], predictions=[]),
        baseline,
        day(baseline, {"t": now}),
        only=["t"],
        other_p_values=[0.5] * 18,
    ).feature("t")
    assert found.verdict is verdict
    # PSI goes on to count them as ``other``.
    assert found.bins[-2].n_current == 1 + rows
    if rows == 3:
        # 0.00073 by 21 tests.
        assert found.reason.startswith("novel rate changed by +0.03 (adjusted p = 0.0153 <= 0.02)")


def test_new_categories_that_chance_kept_from_the_baseline_are_no_drift() -> None:
    baseline = frozen(t=letters(**LETTERS))
    # 2 % of the rows, 4 of each of five names that are as rare as the baseline's rarest.
    now = LETTERS | {"c0": 380} | {f"new{i}": 4 for i in range(5)}
    found = assess(monitor(features=["t"], predictions=[]), baseline, day(baseline, {"t": now}))
    column = found.feature("t")
    assert column.verdict is Verdict.OK
    assert column.bins[-1].n_current == 0
    assert column.bins[-2].n_current == 9 + 5 + 3 + 2 + 1 + 20
    # They are still told of: how many, by name, and what they are of PSI.
    assert column.current is not None
    assert column.why is not None
    assert column.current.n_unseen == 20
    assert len(column.unseen) == 5
    assert column.why.unseen_share == 0.02
    assert column.why.unseen == pytest.approx(column.bins[-2].contribution)
    assert column.why.known + column.why.unseen == pytest.approx(column.value("psi"))


def test_a_tail_beyond_the_range_breaches_where_psi_and_d_hardly_move() -> None:
    baseline = frozen(x=numeric(X))
    now = np.concatenate((X[:970], np.full(30, 9.0)))
    watch = monitor(features=["x"], predictions=[])
    found = assess(watch, baseline, day(baseline, {"x": now})).feature("x")
    assert found.verdict is Verdict.BREACH
    assert found.reason == "novel rate changed by +0.03 (adjusted p < 0.001 <= 0.02)"
    assert found.measurements["novel_rate"].value == 0.03
    # Below its threshold it is not shown, nor where the plain rule judges.
    at_it = np.concatenate((X[:990], np.full(10, 9.0)))
    found = assess(watch, baseline, day(baseline, {"x": at_it})).feature("x")
    assert found.reason == "novel rate changed by +0.01 (adjusted p < 0.001 <= 0.02)"
    few = np.concatenate((X[:991], np.full(9, 9.0)))
    below = assess(watch, baseline, day(baseline, {"x": few})).feature("x")
    assert "novel_rate" not in below.measurements
    plain = monitor(features=["x"], predictions=[], guards=False)
    assert (
        "novel_rate"
        not in assess(plain, baseline, day(baseline, {"x": now})).feature("x").measurements
    )


def test_novel_rows_that_chance_may_have_sent_make_no_others_p_value_larger() -> None:
    x = np.linspace(0.0, 1.0, 1_000)
    baseline = frozen(x=numeric(x))
    watch = monitor(features=["x"], predictions=[])
    families = []
    for n_out in (0, 1, 2, 3):
        now = np.concatenate((x[5 : 1_000 - 10 * n_out : 10], np.full(n_out, 9.0)))
        assert len(now) == 100
        found = assess(watch, baseline, day(baseline, {"x": now})).feature("x")
        families.append(set(found.family))
    # By `out_of_range_p_value`: 0.17, 0.023 and 0.0027, of which the last alone is below 0.02.
    assert families == [{"ks", "missing_rate"}] * 3 + [{"ks", "missing_rate", "novel_rate"}]


def test_a_baseline_of_the_first_method_measures_by_it_and_says_so() -> None:
    old = CategoricalBinning(("c0", "c1", "c2", "c3", "c4"), frozenset(list(LETTERS)[5:]), "text")
    watch = monitor(features=["t"], predictions=[])
    now = LETTERS | {"c0": 380} | {f"new{i}": 4 for i in range(5)}
    baseline = frozen(t=CategoricalProfile.of(LETTERS, old))
    found = assess(watch, baseline, day(baseline, {"t": now}))
    assert found.method_version == 1
    assert found.feature("t").bins[-1].n_current == 20
    anew = frozen(t=letters(**LETTERS))
    assert assess(watch, anew, day(anew, {"t": now})).method_version == 2
