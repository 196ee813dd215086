"""The ordered tuple of statistics keeps the contract that reports and schemas read from it."""

import numpy as np
import pytest

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile, Profile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import DEFAULT_STATISTICS, LABELS, STATISTICS, Statistic
from drift_assets.stats.statistic import Kind


def sides(kind: Kind) -> tuple[Profile, Profile]:
    random = np.random.default_rng(0)
    if kind == "numeric":
        values = random.normal(size=(2, 400))
        ruler = NumericBinning.fit(values[0])
        return NumericProfile.of(values[0], ruler), NumericProfile.of(values[1] + 0.4, ruler)
    letters = CategoricalBinning.fit({"a": 70, "b": 30})
    return (
        CategoricalProfile.of({"a": 70, "b": 30}, letters),
        CategoricalProfile.of({"a": 40, "b": 50, "c": 10}, letters),
    )


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.name)
def test_a_measurement_keeps_name_range_and_p_value_as_promised(statistic: Statistic) -> None:
    for kind in statistic.kinds:
        baseline, current = sides(kind)
        measured = statistic.measure(baseline, current)
        assert measured.statistic == statistic.name
        assert statistic.low is None or measured.value >= statistic.low
        assert statistic.high is None or measured.value <= statistic.high
        assert (measured.p_value is not None) == statistic.has_p_value
        assert (measured.n_baseline, measured.n_current) == (baseline.n, current.n)


def test_names_are_unique_and_every_kind_has_one_test_that_can_stand_for_a_column() -> None:
    assert len({s.name for s in STATISTICS}) == len(STATISTICS)
    assert len(set(LABELS.values())) == len(LABELS)
    for kind, test in (("numeric", "ks"), ("categorical", "chi_squared")):
        tests = {s.name for s in DEFAULT_STATISTICS if s.has_p_value and kind in s.kinds}
        assert tests == {test, "missing_rate"}


def test_the_default_ones_come_first_and_stay_the_seven_that_have_columns_of_their_own() -> None:
    assert STATISTICS[: len(DEFAULT_STATISTICS)] == DEFAULT_STATISTICS
    assert [s.name for s in DEFAULT_STATISTICS] == [
        *("psi", "ks", "chi_squared", "js_divergence", "missing_rate", "wasserstein"),
        "total_variation",
    ]


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.name)
def test_a_baseline_against_itself_is_neutral(statistic: Statistic) -> None:
    for kind in statistic.kinds:
        baseline, _ = sides(kind)
        measured = statistic.measure(baseline, baseline)
        # Cramer and von Mises have a floor of 1 / (6 (N + M)) and the orders of equal rows.
        slack = 1 / 6 + 1e-9 if statistic.name == "cramer_von_mises" else 1e-9
        assert measured.value == pytest.approx(statistic.neutral, abs=slack)
        assert measured.p_value is None or measured.p_value > 0.5
        assert measured.error_bound == 0.0 or statistic.error != "none"


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.name)
def test_days_that_add_up_measure_as_one_day(statistic: Statistic) -> None:
    random = np.random.default_rng(5)
    values, now = random.normal(size=300), random.normal(0.5, 1.5, size=200)
    ruler = NumericBinning.fit(values)
    letters = CategoricalBinning.fit({"a": 70, "b": 30})
    whole: dict[Kind, tuple[Profile, Profile, Profile]] = {
        "numeric": (
            NumericProfile.of(values, ruler),
            NumericProfile.of(now, ruler),
            NumericProfile.of(now[:80], ruler) + NumericProfile.of(now[80:], ruler),
        ),
        "categorical": (
            CategoricalProfile.of({"a": 70, "b": 30}, letters),
            CategoricalProfile.of({"a": 40, "c": 60}, letters),
            CategoricalProfile.of({"a": 40}, letters) + CategoricalProfile.of({"c": 60}, letters),
        ),
    }
    for kind in statistic.kinds:
        baseline, at_once, merged = whole[kind]
        first, second = (statistic.measure(baseline, p) for p in (at_once, merged))
        assert second.value == pytest.approx(first.value, rel=1e-9, abs=1e-12)
        # After merging, which values are distinct is no longer known: the bound may grow.
        assert second.error_bound >= first.error_bound - 1e-12


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.name)
def test_an_empty_side_and_another_ruler_are_refused(statistic: Statistic) -> None:
    if statistic.name == "missing_rate":
        # A side of missing rows alone has a rate, and rates need no ruler.
        return
    for kind in statistic.kinds:
        baseline, _ = sides(kind)
        other: Profile
        empty: Profile
        if isinstance(baseline, NumericProfile):
            empty = NumericProfile.of(np.array([np.nan]), baseline.binning)
            values = np.array([1.0, 2.0])
            other = NumericProfile.of(values, NumericBinning.fit(values))
        else:
            empty = CategoricalProfile.of({}, baseline.binning, n_missing=1)
            other = CategoricalProfile.of({"z": 1}, CategoricalBinning.fit({"z": 1}))
        with pytest.raises(EmptyProfileError):
            statistic.measure(baseline, empty)
        with pytest.raises(BinningMismatchError):
            statistic.measure(baseline, other)
