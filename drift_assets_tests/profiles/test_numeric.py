"""Numeric profiles: counting, adding, and moments against numpy."""

import math
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import NumericBinning, NumericProfile

VALUES = st.lists(
    st.floats(-1e6, 1e6) | st.integers(0, 5) | st.sampled_from([math.inf, -math.inf, math.nan])
)
RULERS = (
    NumericBinning.fit(np.random.default_rng(0).normal(size=300)),
    NumericBinning.fit(np.array([0.0, 1.0, 2.0, 2.0])),
    NumericBinning.fit(np.random.default_rng(0).normal(size=300), grid_size=20),
)


def assert_same(one: NumericProfile, other: NumericProfile) -> None:
    assert one.cells.tolist() == other.cells.tolist()
    for number in ("n_missing", "n_low_infinite", "n_high_infinite"):
        assert getattr(one, number) == getattr(other, number)
    for moment in ("mean", "squares", "minimum", "maximum", "below_sum", "above_sum", "median"):
        assert getattr(one, moment) == pytest.approx(
            getattr(other, moment), rel=1e-6, abs=1e-3, nan_ok=True
        )


@pytest.mark.parametrize("ruler", RULERS)
@given(parts=st.tuples(VALUES, VALUES, VALUES))
def test_merging_is_associative_commutative_and_profiling_the_whole(
    ruler: NumericBinning, parts: tuple[list[float], list[float], list[float]]
) -> None:
    a, b, c = (NumericProfile.of(np.array(p, dtype=float), ruler) for p in parts)
    whole = NumericProfile.of(np.array([*chain(*parts)], dtype=float), ruler)
    assert_same((a + b) + c, whole)
    assert_same(a + (b + c), whole)
    assert_same(c + (b + a), whole)
    between = whole.cells[::2].sum() - whole.n_infinite
    assert ((a + b) + c).n_distinct == (None if between else whole.n_distinct)


@given(values=VALUES, extra_missing=st.integers(0, 5))
def test_counts_and_moments_are_numpys(values: list[float], extra_missing: int) -> None:
    rows = np.array(values, dtype=float)
    profile = NumericProfile.of(rows, RULERS[0], n_missing=extra_missing)
    present, finite = rows[~np.isnan(rows)], rows[np.isfinite(rows)]
    assert profile.n == len(present)
    assert profile.n_rows == len(rows) + extra_missing
    assert profile.n_missing == np.isnan(rows).sum() + extra_missing
    assert profile.n_infinite == np.isinf(rows).sum()
    assert profile.n_high_infinite == (rows == np.inf).sum()
    assert profile.cells_and_ends.sum() == profile.n
    assert profile.cells_and_ends[[0, -1]].tolist() == [(rows == s * np.inf).sum() for s in (-1, 1)]
    assert profile.n_distinct == len(np.unique(present))
    if len(finite):
        assert profile.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-9)
        assert (profile.minimum, profile.maximum) == (finite.min(), finite.max())
    else:
        assert math.isnan(profile.minimum)
    if len(finite) > 1:
        assert profile.std == pytest.approx(finite.std(ddof=1), rel=1e-9, abs=1e-9)
    else:
        assert math.isnan(profile.std)


@given(
    values=st.lists(st.floats(-5, 5)),
    outlier=st.sampled_from([1e300, -1e300, math.inf, -math.inf, 100.0, -7.0]),
)
def test_an_outlier_moves_no_edge_and_counts_in_an_outer_bin_alone(
    values: list[float], outlier: float
) -> None:
    ruler = RULERS[0]
    frozen = ruler.id
    without = NumericProfile.of(np.array(values, dtype=float), ruler)
    joined = NumericProfile.of(np.array([*values, outlier], dtype=float), ruler)
    assert (
        joined.binning.id
        == NumericBinning(*(ruler.grid, ruler.exact, ruler.psi_starts, ruler.js_starts)).id
        == frozen
    )
    at = -1 if outlier > 0 else 0
    for name in ("psi_counts", "js_counts", "cells"):
        gained = getattr(joined, name) - getattr(without, name)
        assert gained[at] == 1
        assert gained.sum() == 1


def test_the_median_is_numpys_on_grid_points_and_within_a_cell_elsewhere() -> None:
    ruler = RULERS[1]
    for values in ([0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 2.0], [0.0, 2.0], [2.0]):
        assert NumericProfile.of(np.array(values), ruler).median == np.median(values)
    fine = np.random.default_rng(5).normal(size=501)
    profile = NumericProfile.of(fine, RULERS[0])
    cell = int(np.searchsorted(RULERS[0].grid, np.median(fine)))
    assert RULERS[0].grid[cell - 1] <= profile.median <= RULERS[0].grid[cell]
    assert math.isnan(NumericProfile.of(np.array([]), ruler).median)


def test_a_median_beyond_the_grid_is_the_mean_of_what_lies_there() -> None:
    ruler = RULERS[1]
    above = np.array([1.0, 10.0, 11.0, 1e9])
    # Between the edge and the extreme it would be 5e8.
    assert NumericProfile.of(above[:3], ruler).median == (10.0 + 11.0) / 2
    assert NumericProfile.of(-above[:3], ruler).median == -(1.0 + 10.0 + 11.0) / 3
    assert NumericProfile.of(above, ruler).median == (10.0 + 11.0 + 1e9) / 3
    infinite = np.array([-np.inf, -np.inf, -np.inf, -4.0, 1.0])
    assert NumericProfile.of(infinite, ruler).median == np.median(infinite)
    assert NumericProfile.of(infinite[2:], ruler).median == np.median(infinite[2:])
    assert NumericProfile.of(-infinite, ruler).median == np.inf


def test_values_near_the_largest_double_overflow_without_a_warning() -> None:
    huge = np.array([1.7e308, 1.6e308, -1.7e308])
    profile = NumericProfile.of(huge, NumericBinning.fit(huge))
    assert profile.n == 3
    assert not math.isfinite((profile + profile).std)


def test_profiles_over_different_rulers_do_not_add() -> None:
    one, other = (NumericProfile.of(np.array([1.0]), r) for r in RULERS[:2])
    with pytest.raises(BinningMismatchError, match="one and the same"):
        one + other


def test_rows_at_or_above_a_point_are_counted_with_infinity() -> None:
    profile = NumericProfile.of(np.array([0.5, 1.0, 1.5, 3.0, np.inf, np.nan]), RULERS[1])
    assert profile.n_at_or_above(1.0) == 4
    for absent in (1.5, math.nan, 9.0):
        with pytest.raises(BinningMismatchError, match="fit the baseline again"):
            profile.n_at_or_above(absent)


@given(values=VALUES, extra_missing=st.integers(0, 5))
def test_a_baseline_fitted_and_counted_at_once_is_the_same(
    values: list[float], extra_missing: int
) -> None:
    rows = np.array(values, dtype=float)
    present = rows[~np.isnan(rows)]
    if not np.isfinite(present).any():
        return
    binning = NumericBinning.fit(present, include=[0.5])
    apart = NumericProfile.of(rows, binning, n_missing=extra_missing)
    found = NumericProfile.fit(rows, include=[0.5], n_missing=extra_missing)
    assert found.binning.id == binning.id
    assert_same(found, apart)
    assert found.n_distinct == apart.n_distinct


def test_the_spread_of_numbers_whose_mean_cannot_be_held_exactly_is_that_of_their_differences() -> (
    None
):
    steps = np.random.default_rng(0).integers(0, 1_000, 3_000)
    # Near 2**60 doubles are 256 apart; the differences are exact.
    held = (2**60 + steps).astype(np.float64)
    assert NumericProfile.fit(held).std == pytest.approx(np.std(held - 2.0**60, ddof=1))
