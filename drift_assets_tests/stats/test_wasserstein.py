"""1-Wasserstein distance against scipy's, which reads the rows, within its own bound."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import WASSERSTEIN
from drift_assets.stats.wasserstein import wasserstein

ROWS = st.lists(st.floats(-1e3, 1e3) | st.integers(-5, 5), min_size=1, max_size=60)


def distance(
    baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384
) -> tuple[float, float]:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    before, now = NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)
    return wasserstein(before, now)


@given(baseline=ROWS, current=ROWS, grid_size=st.integers(1, 30))
def test_it_is_scipys_within_its_bound(
    baseline: list[float], current: list[float], grid_size: int
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    found, error_bound = distance(x, y, grid_size=grid_size)
    assert abs(found - stats.wasserstein_distance(x, y)) <= error_bound + 1e-9


def test_it_is_exact_for_values_of_the_grid_and_beyond_it() -> None:
    baseline, current = np.array([1.0, 2.0, 2.0, 5.0]), np.array([-3.0, 2.0, 5.0, 99.0])
    found, error_bound = distance(baseline, current)
    assert error_bound == 0.0
    assert found == pytest.approx(stats.wasserstein_distance(baseline, current), rel=1e-12)


def test_a_shift_is_its_own_distance_in_baseline_deviations() -> None:
    baseline = np.random.default_rng(4).normal(size=5_000)
    binning = NumericBinning.fit(baseline)
    before = NumericProfile.of(baseline, binning)
    measured = WASSERSTEIN.measure(before, NumericProfile.of(baseline + 0.25, binning))
    by_hand = 0.25 / baseline.std(ddof=1)
    assert measured.value == pytest.approx(by_hand, abs=measured.error_bound + 1e-9)


def test_infinite_values_and_a_constant_baseline_leave_it_undefined() -> None:
    assert math.isnan(distance(np.array([1.0, 2.0]), np.array([1.0, np.inf]))[0])
    binning = NumericBinning.fit(np.array([3.0, 3.0]))
    before = NumericProfile.of(np.array([3.0, 3.0]), binning)
    assert math.isnan(
        WASSERSTEIN.measure(before, NumericProfile.of(np.array([4.0]), binning)).value
    )
    assert WASSERSTEIN.measure(before, before).value == 0.0


def test_values_near_the_largest_double_give_no_warning() -> None:
    assert not math.isfinite(distance(np.array([-1.7e308, 1.7e308]), np.array([1.6e308] * 3))[0])


def test_categories_have_no_distance() -> None:
    letters = CategoricalProfile.of({"a": 1}, CategoricalBinning.fit({"a": 1}))
    with pytest.raises(BinningMismatchError, match="expected two numeric"):
        WASSERSTEIN.measure(letters, letters)
