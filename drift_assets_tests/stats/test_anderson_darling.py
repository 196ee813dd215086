"""Anderson-Darling against scipy's midrank version, which reads the rows, within its own bound."""

import math
import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import ANDERSON_DARLING
from drift_assets.stats.anderson_darling import (
    anderson_darling,
    anderson_darling_p_value,
    standard_deviation,
)

ROWS = st.lists(st.floats(-1e3, 1e3) | st.integers(-5, 5), min_size=2, max_size=60)


def statistic(
    baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384
) -> tuple[float, float]:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    before, now = NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)
    return anderson_darling(before, now)


def measured_p_value(baseline: FloatArray, current: FloatArray) -> float:
    binning = NumericBinning.fit(baseline)
    before, now = NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)
    found = ANDERSON_DARLING.measure(before, now).p_value
    assert found is not None
    return found


def by_scipy(baseline: FloatArray, current: FloatArray) -> tuple[float, float]:
    """Return scipy's A^2, its standardising undone, and its p-value."""
    with warnings.catch_warnings():
        # It says so where its p-value leaves the range of its table, 0.001 to 0.25.
        warnings.simplefilter("ignore")
        found = stats.anderson_ksamp([baseline, current], variant="midrank")
    deviation = standard_deviation(len(baseline), len(current))
    return float(found.statistic) * deviation + 1, float(found.pvalue)


@given(baseline=ROWS, current=ROWS, grid_size=st.integers(1, 30))
def test_it_is_scipys_within_its_bound(
    baseline: list[float], current: list[float], grid_size: int
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    found, error_bound = statistic(x, y, grid_size=grid_size)
    assert found >= 0.0
    if len(np.unique(np.concatenate((x, y)))) > 1:
        assert abs(found - by_scipy(x, y)[0]) <= error_bound + 1e-9 * (1 + found)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 300), m=st.integers(2, 300))
def test_it_is_exact_for_values_without_ties_and_for_values_of_the_grid(
    seed: int, n: int, m: int
) -> None:
    random = np.random.default_rng(seed)
    tied = np.arange(5.0).repeat(5)
    for x, y in (
        (random.normal(size=n), random.normal(0.3, 2.0, size=m)),
        (np.concatenate((tied, random.integers(5, size=n))), random.integers(5, size=m)),
    ):
        current = np.asarray(y, dtype=np.float64)
        found, error_bound = statistic(x, current)
        assert error_bound == 0.0
        assert found == pytest.approx(by_scipy(x, current)[0], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("size", "grid_size"), [(1_000, 500), (100_000, 16_384)])
def test_a_coarse_grid_costs_little_and_less_than_the_bound(size: int, grid_size: int) -> None:
    random = np.random.default_rng(size)
    x, y = random.normal(size=size), random.normal(0.05, 1.0, size=size)
    exact = by_scipy(x, y)[0]
    found, error_bound = statistic(x, y, grid_size=grid_size)
    assert 0 < abs(found - exact) <= error_bound < exact
    # Evenly mixed is what rows between neighbours nearly are: the truth is far inside.
    assert abs(found - exact) < 0.01 * exact


@pytest.mark.parametrize("shift", [0.02, 0.04, 0.06])
def test_the_p_value_is_scipys_inside_its_table(shift: float) -> None:
    random = np.random.default_rng(7)
    x, y = random.normal(size=800), random.normal(shift, 1.0, size=700)
    expected = by_scipy(x, y)[1]
    assert 0.001 < expected < 0.25
    found = anderson_darling_p_value(statistic(x, y)[0], 800, 700)
    assert found == pytest.approx(expected, rel=0.1)


def test_the_p_value_is_near_that_of_all_orders_of_small_samples() -> None:
    n = 7
    order = np.arange(2.0 * n)
    found = []
    for chosen in combinations(range(2 * n), n):
        x = order[list(chosen)]
        found.append(statistic(x, np.setdiff1d(order, x))[0])
    assert np.mean(found) == pytest.approx(1.0, rel=1e-9)
    assert np.std(found) == pytest.approx(standard_deviation(n, n), rel=0.04)
    for share in (0.5, 0.1, 0.05, 0.01):
        value = float(np.quantile(found, 1 - share))
        exact = np.mean(np.array(found) >= value)
        assert anderson_darling_p_value(value, n, n) == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 2), (4, 5), (6, 6), (8, 3)])
def test_small_samples_have_the_p_value_of_all_orders(n: int, m: int, *, tied: bool) -> None:
    random = np.random.default_rng([n, m, tied])
    for shift in (0.0, 1.0, 5.0):
        x, y = random.normal(size=n), random.normal(shift, 1.0, size=m)
        if tied:
            # Ties beside the baseline's values, a profile would not know of.
            x = np.rint(x)
            y = random.choice(x, size=m)
        rows = np.concatenate((x, y))
        # scipy's own statistic where it has one: it refuses samples of one value altogether.
        found = [
            statistic(rows[list(chosen)], np.delete(rows, chosen))[0]
            for chosen in combinations(range(n + m), n)
        ]
        seen = statistic(x, y)[0]
        expected = np.mean(np.array(found) >= seen - 1e-9 * max(seen, 1.0))
        assert measured_p_value(x, y) == pytest.approx(expected, rel=1e-12)


def test_the_exact_p_value_is_scipys_by_permutations() -> None:
    random = np.random.default_rng(5)
    for n, m, digits in ((5, 4, 9), (6, 5, 9), (5, 5, 0), (7, 4, 0)):
        x = np.round(random.normal(size=n), digits)
        y = np.round(random.normal(0.7, 1.0, size=m), digits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # More than there are, so that scipy goes through all.
            every = stats.PermutationMethod(n_resamples=10**6)
            expected = stats.anderson_ksamp([x, y], variant="midrank", method=every).pvalue
        assert measured_p_value(x, y) == pytest.approx(expected, rel=1e-9)


def test_completely_separate_samples_of_twenty_have_two_orders_in_all() -> None:
    x = np.arange(20.0)
    assert measured_p_value(x, x + 100) == pytest.approx(2 / math.comb(40, 20), rel=1e-9)
    assert measured_p_value(x[:13], x + 100) < 2.1 / math.comb(33, 13)


def test_beyond_twenty_rows_the_limit_answers_and_is_near_the_exact_p_value() -> None:
    random = np.random.default_rng(11)
    for shift in (0.0, 0.4, 0.8):
        x, y = random.normal(size=20), random.normal(shift, 1.0, size=20)
        limit = anderson_darling_p_value(statistic(x, y)[0], 20, 20)
        assert measured_p_value(x, y) == pytest.approx(limit, abs=0.01)
        more = np.append(y, 0.123)
        limit = anderson_darling_p_value(statistic(x, more)[0], 20, 21)
        assert measured_p_value(x, more) == limit


def test_constant_columns_agree_and_tiny_samples_have_an_answer() -> None:
    assert statistic(np.full(5, 3.0), np.full(9, 3.0)) == (0.0, 0.0)
    for x, y in (([1.0], [2.0]), ([1.0], [1.0]), ([1.0, 2.0], [3.0])):
        found, _ = statistic(np.array(x), np.array(y))
        assert 0.0 <= anderson_darling_p_value(found, len(x), len(y)) <= 1.0


def test_infinite_values_are_ordered_like_others() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([-np.inf, 2.5, 3.5, np.inf])
    found, error_bound = statistic(x, y)
    assert error_bound == 0.0
    finite = np.array([-1e9, 2.5, 3.5, 1e9])
    assert found == pytest.approx(by_scipy(x, finite)[0], rel=1e-12)


def test_a_far_shift_has_a_p_value_that_is_tiny_but_not_zero() -> None:
    random = np.random.default_rng(1)
    value = statistic(random.normal(size=500), random.normal(1.0, 1.0, size=500))[0]
    assert 0.0 < anderson_darling_p_value(value, 500, 500) < 1e-20


def test_categories_have_no_order() -> None:
    letters = CategoricalProfile.of({"a": 1}, CategoricalBinning.fit({"a": 1}))
    with pytest.raises(BinningMismatchError, match="expected two numeric"):
        ANDERSON_DARLING.measure(letters, letters)


def test_the_deviation_of_endless_samples_is_reached() -> None:
    limit = math.sqrt(2 * (math.pi**2 - 9) / 3)
    assert standard_deviation(50_000, 50_000) == pytest.approx(limit, rel=1e-4)
    assert standard_deviation(50_001, 50_000) == limit
