"""Shifts of mean, median and spread against numpy on the rows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import MEAN_SHIFT, MEDIAN_SHIFT, STD_RATIO
from drift_assets.stats.location_shift import mean_shift, median_shift, std_ratio

ROWS = st.lists(st.floats(-1e3, 1e3) | st.integers(-5, 5), min_size=2, max_size=60)


def profiles(
    baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384
) -> tuple[NumericProfile, NumericProfile]:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    return NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)


@given(baseline=ROWS, current=ROWS, grid_size=st.integers(1, 30))
def test_they_are_numpys_and_the_median_within_its_bound(
    baseline: list[float], current: list[float], grid_size: int
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    before, now = profiles(x, y, grid_size=grid_size)
    deviation = x.std(ddof=1)
    if deviation < 1e-6:
        return
    assert mean_shift(before, now) == pytest.approx((y.mean() - x.mean()) / deviation, abs=1e-6)
    assert std_ratio(before, now) == pytest.approx(y.std(ddof=1) / deviation, rel=1e-6, abs=1e-6)
    shift, error_bound = median_shift(before, now)
    expected = (np.median(y) - np.median(x)) / deviation
    assert abs(shift - expected) <= error_bound + 1e-9 * (1 + abs(expected))


def test_a_median_on_grid_points_is_exact_and_one_outlier_moves_it_little() -> None:
    before, now = profiles(np.arange(11.0), np.array([0.0, 5.0, 7.0, 1e9]))
    shift, error_bound = median_shift(before, now)
    assert error_bound == 0.0
    assert shift == pytest.approx(1.0 / np.arange(11.0).std(ddof=1))


def test_infinite_values_are_left_out_of_moments_and_ordered_in_the_median() -> None:
    x = np.arange(11.0)
    before, now = profiles(x, np.array([4.0, 6.0, np.inf]))
    assert mean_shift(before, now) == 0.0
    shift, error_bound = median_shift(before, now)
    assert shift == pytest.approx(1.0 / x.std(ddof=1))
    assert error_bound == 0.0
    assert math.isnan(median_shift(*profiles(x, np.array([4.0, np.inf, np.inf])))[0])
    assert math.isnan(mean_shift(*profiles(x, np.array([np.inf, np.inf]))))


def test_a_constant_baseline_has_no_ruler_unless_nothing_moved() -> None:
    before, now = profiles(np.full(4, 3.0), np.array([3.0, 4.0, 4.0]))
    assert math.isnan(mean_shift(before, now))
    assert math.isnan(median_shift(before, now)[0])
    assert math.isnan(std_ratio(before, now))
    assert mean_shift(before, before) == 0.0
    assert median_shift(before, before) == (0.0, 0.0)


def test_without_drift_they_are_neutral_within_what_the_null_says() -> None:
    random = np.random.default_rng(2)
    n, m = 4_000, 1_000
    found: dict[str, list[float]] = {s.name: [] for s in (MEAN_SHIFT, MEDIAN_SHIFT, STD_RATIO)}
    for _ in range(100):
        before, now = profiles(random.normal(size=n), random.normal(size=m))
        for statistic in (MEAN_SHIFT, MEDIAN_SHIFT, STD_RATIO):
            value = statistic.measure(before, now).value
            found[statistic.name].append(value - statistic.neutral)
    noise = 1 / n + 1 / m
    # Of 100 repetitions a standard deviation is known to a fifth, three times over.
    assert np.std(found["mean_shift"]) == pytest.approx(math.sqrt(noise), rel=0.22)
    assert np.std(found["median_shift"]) == pytest.approx(math.sqrt(math.pi / 2 * noise), rel=0.22)
    assert np.std(found["std_ratio"]) == pytest.approx(math.sqrt(noise / 2), rel=0.22)
