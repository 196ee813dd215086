"""Trends against scipy, a table worked by hand, and simulated false alarms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.signal import lfilter

from drift_assets.errors import ConfigurationError
from drift_assets.stats.trend import linear_regression, monotone_trend

numbers = st.floats(-100, 100).map(lambda value: round(value, 3))


@given(st.lists(numbers, min_size=3, max_size=40))
def test_the_regression_is_scipys(values: list[float]) -> None:
    x = np.arange(len(values))
    found, expected = linear_regression(x, values), stats.linregress(x, values)
    assert found.slope == pytest.approx(expected.slope, abs=1e-9)
    assert found.intercept == pytest.approx(expected.intercept, abs=1e-7)
    if np.ptp(values):
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-5, abs=1e-9)


def test_a_perfect_line_has_no_p_value_left_and_a_flat_one_all_of_it() -> None:
    assert linear_regression([1, 2, 3, 4], [2.0, 4.0, 6.0, 8.0]).p_value == 0.0
    assert linear_regression([1, 2, 3, 4], [5.0] * 4).p_value == 1.0


@given(st.lists(st.tuples(st.integers(1, 5), numbers | st.integers(0, 3)), min_size=4, max_size=40))
def test_the_slope_is_scipys_theil_sen_whatever_the_gaps_between_days(
    steps: list[tuple[int, float]],
) -> None:
    x = np.cumsum([gap for gap, _ in steps])
    y = np.array([value for _, value in steps], dtype=float)
    found, expected = monotone_trend(x, y), stats.theilslopes(y, x)
    assert found.slope == pytest.approx(expected.slope, abs=1e-12)
    assert found.slope_low <= found.slope <= found.slope_high


@given(st.lists(st.integers(0, 20), min_size=4, max_size=40))
def test_the_score_is_kendalls(values: list[int]) -> None:
    n = len(values)
    pairs = [(i, j) for j in range(n) for i in range(j)]
    expected = sum(np.sign(values[j] - values[i]) for i, j in pairs)
    assert monotone_trend(range(n), values).score == expected


def test_without_autocorrelation_the_test_is_kendalls_but_for_correction_and_t() -> None:
    # Ranks that alternate around a line have no positive autocorrelation.
    y = np.arange(40) + np.tile([0.0, 6.0], 20)
    found = monotone_trend(np.arange(40), y)
    assert found.autocorrelation == 0.0
    n = 40
    z = (found.score - 1) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    assert found.p_value == pytest.approx(2 * stats.t.sf(z, n - 2), rel=1e-9)
    asymptotic = stats.kendalltau(np.arange(n), y, method="asymptotic").pvalue
    assert np.log10(found.p_value) == pytest.approx(np.log10(asymptotic), rel=0.4)


def test_a_series_worked_by_hand() -> None:
    y = [10.0, 15.0, 14.0, 20.0]
    found = monotone_trend([0, 1, 2, 3], y)
    # Rises 10-15, 10-14, 10-20, 15-20, 14-20; one fall, 15-14.
    assert found.score == 4
    # Slopes 5, 2, 10/3, -1, 2.5, 6 in order: -1, 2, 2.5, 10/3, 5, 6.
    assert found.slope == pytest.approx((2.5 + 10 / 3) / 2)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("n", [8, 30, 90])
def test_autocorrelation_does_not_make_trends(rho: float, n: int) -> None:
    random = np.random.default_rng(11)
    wanders = [lfilter([1], [1, -rho], random.normal(size=n + 50))[50:] for _ in range(400)]
    p_values = np.array([monotone_trend(np.arange(n), y).p_value for y in wanders])
    # Four standard errors above the level of the test.
    assert (p_values < 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)
    if rho == 0.6 and n == 90:
        plain = [stats.kendalltau(np.arange(n), y).pvalue for y in wanders]
        assert (np.array(plain) < 0.05).mean() > 0.2


@pytest.mark.parametrize("bend", [1, 2, 3])
def test_a_trend_that_bends_is_not_taken_for_autocorrelation(bend: int) -> None:
    random = np.random.default_rng(3)
    time = np.linspace(0, 1, 90)
    p_values = [
        monotone_trend(np.arange(90), 3 * time**bend + random.normal(size=90)).p_value
        for _ in range(50)
    ]
    assert max(p_values) < 0.01


def test_the_interval_of_the_slope_holds_the_true_one_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    days = np.arange(60)
    inside = 0
    for _ in range(300):
        y = 0.05 * days + lfilter([1], [1, -0.3], random.normal(size=110))[50:]
        found = monotone_trend(days, y, confidence=0.9)
        inside += found.slope_low <= 0.05 <= found.slope_high
    assert inside / 300 == pytest.approx(0.9, abs=0.08)


def test_outliers_turn_neither_slope_nor_test() -> None:
    y = np.linspace(0, 1, 40) + np.tile([0.0, 0.1], 20)
    y[[5, 30]] = 1000.0, -1000.0
    found = monotone_trend(np.arange(40), y)
    assert found.slope == pytest.approx(1 / 39, rel=0.1)
    assert found.p_value < 1e-6


def test_a_constant_series_and_short_ones() -> None:
    assert monotone_trend([0, 1, 2], [4.0] * 3).p_value == 1.0
    with pytest.raises(ConfigurationError, match="at least 3"):
        monotone_trend([0, 1], [1.0, 2.0])
    with pytest.raises(ConfigurationError, match="order of time"):
        monotone_trend([0, 2, 1], [1.0, 2.0, 3.0])
    with pytest.raises(ConfigurationError, match="one instant"):
        linear_regression([1, 1, 1], [1.0, 2.0, 3.0])
