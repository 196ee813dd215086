"""Pettitt's test: its definition, a permutation's p-value, and simulated steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from drift_assets.errors import ConfigurationError
from drift_assets.stats.change_point import change_point


@given(st.lists(st.integers(0, 9), min_size=2, max_size=25))
def test_the_statistic_counts_pairs_across_the_step(values: list[int]) -> None:
    series = np.array(values)
    scores = [
        abs(int(np.sign(np.subtract.outer(series[t:], series[:t])).sum()))
        for t in range(1, len(series))
    ]
    found = change_point(series)
    assert found.statistic == max(scores)
    assert found.before == np.median(series[: found.position])
    assert found.after == np.median(series[found.position :])


def test_the_p_value_is_near_that_of_all_orders() -> None:
    random = np.random.default_rng(2)
    series = random.normal(size=60)
    series[25:] += 0.9
    found = change_point(series)
    larger = [
        change_point(random.permutation(series)).statistic >= found.statistic for _ in range(2000)
    ]
    assert found.p_value < 0.05
    assert np.mean(larger) < 0.05


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("n", [30, 90])
def test_autocorrelation_does_not_make_steps(rho: float, n: int) -> None:
    random = np.random.default_rng(13)
    p_values = np.array(
        [
            change_point(lfilter([1], [1, -rho], random.normal(size=n + 50))[50:]).p_value
            for _ in range(400)
        ]
    )
    assert (p_values < 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_a_clear_step_is_dated_to_the_day() -> None:
    random = np.random.default_rng(4)
    for _ in range(50):
        series = random.normal(0, 0.005, 90)
        series[60:] += 0.1
        series[10] = 5.0  # an outlying day is no step
        found = change_point(series)
        assert (found.position, found.p_value < 0.001) == (60, True)


def test_a_constant_series_has_no_step_and_one_value_no_answer() -> None:
    assert change_point([3.0] * 20).p_value == 1.0
    with pytest.raises(ConfigurationError, match="at least 2"):
        change_point([1.0])
