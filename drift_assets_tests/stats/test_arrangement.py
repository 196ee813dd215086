"""Arrangement: which rows may be equal, told by the number of distinct values."""

from itertools import permutations

import numpy as np
import pytest

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats.arrangement import Arrangement, arrangement


def arranged(baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384) -> Arrangement:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    return arrangement(NumericProfile.of(baseline, binning), NumericProfile.of(current, binning))


def test_distinct_values_between_grid_points_leave_nothing_uncertain() -> None:
    found = arranged(np.array([1.0, 2.0, 2.0]), np.array([1.2, 1.3, 1.4, 2.0, 9.0]))
    assert found.is_certain.all()


def test_equal_values_between_grid_points_are_uncertain() -> None:
    # Two of the four current values share one; which cell they lie in is not known.
    found = arranged(np.array([1.0, 2.0]), np.array([1.5, 1.5, 1.7, 9.0]))
    assert found.is_certain.tolist() == [True, False, True, True]
    assert found.tied_m.tolist() == [0.0, 2.0, 0.0, 1.0]


def test_rows_of_both_sides_between_grid_points_are_uncertain() -> None:
    baseline = np.linspace(0.0, 1.0, 41)
    found = arranged(baseline, baseline + 0.001, grid_size=5)
    assert not found.is_certain.all()
    low, high = found.squared_gap_range()
    assert (low <= found.gap**2).all()
    assert (high >= found.gap**2).all()


def test_every_order_of_a_cell_has_a_mean_square_in_its_range() -> None:
    # Two baseline and three current rows between the points, at different gaps before them.
    for n, m, gap in ((9, 7, 30.0), (9, 7, -40.0), (9, 7, 3.0), (2, 3, 0.0)):
        one, many = np.ones(1), np.array([2.0, 3.0])
        cell = Arrangement(
            n=n,
            m=m,
            below_n=gap / m * one,
            below_m=0 * one,
            in_n=many[:1],
            in_m=many[1:],
            is_point=np.zeros(1, dtype=bool),
            tied_n=one,
            tied_m=one,
        )
        low, high = cell.mean_squared_gap_range()
        found = []
        for order in set(permutations([m, m, -n, -n, -n])):
            ends = gap + np.cumsum(order)
            starts = ends - order
            found.append(((starts**2 + starts * ends + ends**2) / 3).mean())
        slack = 1e-9 * max(found)
        assert low[0] - slack <= min(found)
        assert max(found) <= high[0] + slack
        if abs(gap) > 27:
            # The gap keeps its sign, and both ends are orders.
            assert (low[0], high[0]) == (pytest.approx(min(found)), pytest.approx(max(found)))


def test_after_merging_any_rows_may_be_equal() -> None:
    binning = NumericBinning.fit(np.array([1.0, 2.0]))
    before = NumericProfile.of(np.array([1.0, 2.0]), binning)
    part = NumericProfile.of(np.array([1.4, 1.5]), binning)
    assert arrangement(before, part).is_certain.all()
    assert not arrangement(before, part + part).is_certain.all()


def test_the_gap_ends_where_it_began() -> None:
    random = np.random.default_rng(3)
    found = arranged(random.normal(size=50), random.normal(size=70))
    assert found.gap[0] == 0.0
    assert found.gap[-1] + found.step[-1] == 0.0
