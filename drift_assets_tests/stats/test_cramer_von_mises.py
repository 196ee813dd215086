"""Cramer-von Mises against scipy, which reads the rows, within its own bound."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import CRAMER_VON_MISES
from drift_assets.stats.cramer_von_mises import (
    cramer_von_mises,
    cramer_von_mises_exact_p_value,
    cramer_von_mises_p_value,
)


def statistic(
    baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384
) -> tuple[float, float]:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    before, now = NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)
    return cramer_von_mises(before, now)


@given(
    ranks=st.lists(st.integers(-500, 500), min_size=4, max_size=80, unique=True),
    cut=st.integers(2, 78),
    grid_size=st.integers(1, 30),
)
def test_it_is_scipys_within_its_bound(ranks: list[int], cut: int, grid_size: int) -> None:
    cut = min(cut, len(ranks) - 2)
    x, y = np.array(ranks[:cut], dtype=float), np.array(ranks[cut:], dtype=float)
    found, error_bound = statistic(x, y, grid_size=grid_size)
    expected = stats.cramervonmises_2samp(x, y, method="asymptotic").statistic
    assert found >= 0.0
    assert abs(found - expected) <= error_bound + 1e-9


@given(seed=st.integers(0, 10_000), n=st.integers(2, 300), m=st.integers(2, 300))
def test_without_equal_rows_it_is_exact(seed: int, n: int, m: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=n), random.normal(0.3, 2.0, size=m)
    found, error_bound = statistic(x, y)
    expected = stats.cramervonmises_2samp(x, y, method="asymptotic")
    assert error_bound == 0.0
    assert found == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    # Far out, scipy takes the difference of 1 and almost 1.
    p_value = cramer_von_mises_p_value(found, n, m)
    assert p_value == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("baseline", "current"),
    [
        ([1, 1, 2, 3], [1, 2, 2, 2, 5]),
        ([1, 1, 1], [1, 1, 1, 1]),
        ([1, 2], [3, 3, 3]),
        ([1, 1, 2, 2], [1.5, 1.5, 2]),
    ],
)
def test_with_equal_rows_it_is_the_mean_of_scipys_over_all_their_orders(
    baseline: list[float], current: list[float]
) -> None:
    values = np.array([*baseline, *current])
    groups = [np.flatnonzero(values == v) for v in np.unique(values)]
    found = []
    for orders in product(*(permutations(group) for group in groups)):
        ranks = np.empty(len(values))
        ranks[np.concatenate(orders)] = np.arange(len(values))
        x, y = ranks[: len(baseline)], ranks[len(baseline) :]
        found.append(stats.cramervonmises_2samp(x, y, method="asymptotic").statistic)
    value, error_bound = statistic(np.array(baseline, dtype=float), np.array(current, dtype=float))
    assert value == pytest.approx(np.mean(found), rel=1e-12)
    assert error_bound == 0.0


def test_a_constant_column_does_not_drift_whatever_the_sizes() -> None:
    value, _ = statistic(np.full(1_000, 3.0), np.full(100, 3.0))
    assert value == pytest.approx((1 + 1 / 1_100) / 6)
    assert cramer_von_mises_p_value(value, 1_000, 100) > 0.3


@pytest.mark.parametrize("size", [1_000, 200_000])
def test_a_coarser_grid_costs_less_than_the_bound_and_the_bound_is_small(size: int) -> None:
    random = np.random.default_rng(size)
    x, y = random.normal(size=size), random.normal(0.05, 1.0, size=size)
    exact = stats.cramervonmises_2samp(x, y, method="asymptotic").statistic
    found, error_bound = statistic(x, y, grid_size=500)
    assert 0 < abs(found - exact) <= error_bound < max(exact, 1 / 6)
    assert abs(found - exact) < 0.002 * (1 / 6 + exact)


@pytest.mark.parametrize(
    ("n", "m"), [(1, 1), (1, 2), (2, 3), (5, 5), (7, 4), (10, 13), (12, 20), (19, 20), (20, 20)]
)
def test_small_samples_have_scipys_exact_p_value(n: int, m: int) -> None:
    random = np.random.default_rng(n + m)
    for shift in (0.0, 0.5, 1.0, 9.0):
        x, y = random.normal(size=n), random.normal(shift, size=m)
        binning = NumericBinning.fit(x)
        measured = CRAMER_VON_MISES.measure(
            NumericProfile.of(x, binning), NumericProfile.of(y, binning)
        )
        if min(n, m) > 1:
            expected = float(stats.cramervonmises_2samp(x, y, method="exact").pvalue)
        else:
            # Below scipy's smallest: the orders one by one.
            rows = np.sort(np.concatenate((x, y)))
            found = [
                statistic(rows[list(chosen)], np.delete(rows, chosen))[0]
                for chosen in combinations(range(n + m), n)
            ]
            expected = float(np.mean(np.array(found) >= measured.value - 1e-12))
        assert measured.p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("baseline", "current"),
    [
        ([1, 1, 2, 3], [1, 2, 2, 2, 5]),
        ([1, 1, 1], [1, 1, 1, 1]),
        ([1, 2, 2, 9], [2, 2, 9]),
        ([1, 1, 2, 2], [1.5, 2, 2, 3]),
    ],
)
def test_with_equal_rows_the_p_value_is_the_share_of_orders_counted_one_by_one(
    baseline: list[float], current: list[float]
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    rows = np.concatenate((x, y))
    found = [
        statistic(rows[list(chosen)], np.delete(rows, chosen))[0]
        for chosen in combinations(range(len(rows)), len(x))
    ]
    expected = np.mean(np.array(found) >= statistic(x, y)[0] - 1e-12)
    binning = NumericBinning.fit(x)
    sides = NumericProfile.of(x, binning), NumericProfile.of(y, binning)
    assert cramer_von_mises_exact_p_value(*sides) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(10, 10), (12, 20), (20, 20)])
def test_the_limit_is_near_the_exact_p_value_where_it_takes_over(n: int, m: int) -> None:
    random = np.random.default_rng(n + m)
    for shift in (0.0, 0.5, 1.0):
        x, y = random.normal(size=n), random.normal(shift, size=m)
        expected = stats.cramervonmises_2samp(x, y, method="exact").pvalue
        found = cramer_von_mises_p_value(statistic(x, y)[0], n, m)
        assert found == pytest.approx(expected, abs=0.02)


def test_beyond_twenty_rows_the_limit_answers() -> None:
    random = np.random.default_rng(3)
    x, y = random.normal(size=21), random.normal(0.5, size=20)
    binning = NumericBinning.fit(x)
    measured = CRAMER_VON_MISES.measure(
        NumericProfile.of(x, binning), NumericProfile.of(y, binning)
    )
    expected = stats.cramervonmises_2samp(x, y, method="asymptotic").pvalue
    assert measured.p_value == pytest.approx(expected, rel=1e-6)


def test_infinities_and_tiny_samples_have_an_answer() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([-np.inf, 2.5, np.inf])
    expected = stats.cramervonmises_2samp(x, [-9.0, 2.5, 9.0], method="asymptotic").statistic
    assert statistic(x, y)[0] == pytest.approx(expected, rel=1e-12)
    assert statistic(x, y)[1] == 0.0
    alone, _ = statistic(np.array([1.0]), np.array([2.0]))
    assert cramer_von_mises_p_value(alone, 1, 1) == 1.0
