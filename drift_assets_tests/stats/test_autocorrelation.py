"""Autocorrelation against scipy, the sum it stands for, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import rankdata

from drift_assets.stats.autocorrelation import (
    CAP,
    degrees_of_freedom,
    lag_one_autocorrelation,
    midranks,
    variance_inflation,
)


@given(st.lists(st.floats(-5, 5) | st.sampled_from([0.0, 1.0]), min_size=1))
def test_midranks_are_scipys(values: list[float]) -> None:
    np.testing.assert_array_equal(midranks(values), rankdata(values))


def test_the_inflation_is_that_of_the_variance_of_a_mean() -> None:
    rho, n = 0.6, 20
    covariances = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    assert variance_inflation(rho, n) == pytest.approx(covariances.sum() / n)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("n", [30, 90])
def test_the_estimate_is_right_on_average_although_a_mean_was_taken_out(rho: float, n: int) -> None:
    random = np.random.default_rng(7)
    found = []
    for _ in range(600):
        series = lfilter([1], [1, -rho], random.normal(size=n + 50))[50:]
        steps = np.repeat([series[: n // 2].mean(), series[n // 2 :].mean()], n // 2)
        found.append(lag_one_autocorrelation(series - steps, n_fitted=2))
    # Negative estimates become 0, which lifts the mean where rho is near 0.
    assert np.mean(found) == pytest.approx(rho, abs=0.1)


def test_a_perfect_fit_leaves_nothing_and_a_slow_wave_is_capped() -> None:
    assert lag_one_autocorrelation(np.zeros(20), n_fitted=3) == 0.0
    assert lag_one_autocorrelation(np.sin(np.linspace(0, 6, 400)), n_fitted=3) == CAP


def test_independent_days_are_worth_their_number_less_two() -> None:
    assert degrees_of_freedom(0.0, 90) == 88
    assert degrees_of_freedom(0.6, 90) == pytest.approx(90 / 4 - 2)
    assert degrees_of_freedom(CAP, 8) == 1.0
