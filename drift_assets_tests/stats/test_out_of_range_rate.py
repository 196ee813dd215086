"""Out-of-range rate: counted on the rows, and its p-value by going through all orders."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import OUT_OF_RANGE_RATE
from drift_assets.stats.out_of_range_rate import (
    cells_out_of_range,
    out_of_range_p_value,
    out_of_range_rate_change,
)

ROWS = st.lists(st.floats(-1e3, 1e3) | st.integers(-5, 5), min_size=1, max_size=60)


def profiles(
    baseline: FloatArray,
    current: FloatArray,
    *,
    grid_size: int = 16_384,
    include: tuple[float, ...] = (),
) -> tuple[NumericProfile, NumericProfile]:
    binning = NumericBinning.fit(
        baseline[~np.isnan(baseline)], grid_size=grid_size, include=include
    )
    return NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)


@given(
    baseline=ROWS,
    current=ROWS,
    grid_size=st.integers(1, 30),
    include=st.lists(st.floats(-2e3, 2e3), max_size=2),
)
def test_it_counts_what_lies_beyond_the_extremes_whatever_the_grid(
    baseline: list[float], current: list[float], grid_size: int, include: list[float]
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    before, now = profiles(x, y, grid_size=grid_size, include=tuple(include))
    expected = np.mean((y < x.min()) | (y > x.max()))
    assert out_of_range_rate_change(before, now) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 3), (4, 4), (5, 3)])
def test_the_p_value_is_the_share_of_all_orders(n: int, m: int) -> None:
    outside = []
    for chosen in combinations(range(n + m), n):
        now = set(range(n + m)) - set(chosen)
        outside.append(sum(row < min(chosen) or row > max(chosen) for row in now))
    for k in range(m + 1):
        expected = np.mean(np.array(outside) >= k)
        assert out_of_range_p_value(k, n, m) == pytest.approx(expected, rel=1e-12)


def test_of_a_million_rows_the_p_value_keeps_its_accuracy() -> None:
    # With k rows outside and N far above k, the chance is close to (k + 1) half-by-half powers.
    found = out_of_range_p_value(20, 10**6, 10**6)
    assert found == pytest.approx(0.5**20 * (21 - 20 * 0.5), rel=1e-3)


def test_infinite_values_are_out_of_any_range() -> None:
    before, now = profiles(np.arange(10.0), np.array([5.0, np.inf, -np.inf, 2.0]))
    assert out_of_range_rate_change(before, now) == 0.5
    # A baseline that has them has a rate of its own, and the proportions are compared.
    before, now = profiles(np.array([*range(9), np.inf], dtype=float), np.array([5.0, np.inf]))
    measured = OUT_OF_RANGE_RATE.measure(before, now)
    assert measured.value == pytest.approx(0.5 - 0.1)
    # Fisher's test of 1 in 10 against 1 in 2: the tables of 2 in 12, no likelier than the seen.
    assert measured.p_value == pytest.approx((2 * 10 + 1) / math.comb(12, 2))


def test_a_baseline_without_a_finite_value_has_no_range() -> None:
    binning = NumericBinning(
        np.array([0.0]), exact=True, psi_starts=np.array([0, 1]), js_starts=np.array([0, 1])
    )
    before = NumericProfile.of(np.array([np.inf]), binning)
    assert math.isnan(out_of_range_rate_change(before, before))
    assert not cells_out_of_range(before, before).any()
