"""Energy distance against scipy's, which reads the rows, within its own bound."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import ENERGY_DISTANCE
from drift_assets.stats.energy_distance import energy_distance

ROWS = st.lists(st.floats(-1e3, 1e3) | st.integers(-5, 5), min_size=1, max_size=60)


def distance(
    baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384
) -> tuple[float, float]:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    before, now = NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)
    return energy_distance(before, now)


@given(baseline=ROWS, current=ROWS, grid_size=st.integers(1, 30))
def test_it_is_scipys_within_its_bound(
    baseline: list[float], current: list[float], grid_size: int
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    found, error_bound = distance(x, y, grid_size=grid_size)
    # Near 0 the root magnifies rounding.
    assert abs(found - stats.energy_distance(x, y)) <= error_bound + 1e-6


def test_it_is_exact_for_values_of_the_grid_and_a_value_beyond_it() -> None:
    baseline, current = np.array([1.0, 2.0, 2.0, 5.0]), np.array([-3.0, 2.0, 5.0, 99.0])
    found, error_bound = distance(baseline, current)
    assert error_bound == 0.0
    assert found == pytest.approx(stats.energy_distance(baseline, current), rel=1e-12)


def test_of_a_continuous_column_the_bound_is_small() -> None:
    random = np.random.default_rng(9)
    x, y = random.normal(size=50_000), random.normal(0.1, 1.0, size=40_000)
    found, error_bound = distance(x, y)
    expected = stats.energy_distance(x, y)
    assert abs(found - expected) <= error_bound < 0.1 * expected


def test_its_square_is_what_the_name_says() -> None:
    x, y = np.array([0.0, 1.0, 4.0]), np.array([1.0, 1.0, 4.0, 4.0])

    def mean_distance(a: FloatArray, b: FloatArray) -> float:
        return float(np.abs(a[:, None] - b[None, :]).mean())

    squared = 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y)
    assert distance(x, y)[0] == pytest.approx(math.sqrt(squared), rel=1e-12)


def test_infinite_values_leave_it_undefined_and_huge_ones_give_no_warning() -> None:
    assert math.isnan(distance(np.array([1.0, 2.0]), np.array([1.0, np.inf]))[0])
    assert not math.isfinite(distance(np.array([-1.7e308, 1.7e308]), np.array([1.6e308] * 3))[0])
    binning = NumericBinning.fit(np.array([3.0, 3.0]))
    before = NumericProfile.of(np.array([3.0, 3.0]), binning)
    assert ENERGY_DISTANCE.measure(before, before).value == 0.0
