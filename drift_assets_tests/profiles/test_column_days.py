"""Columns of many days: what is kept sparsely is what each day's own profile says."""

from datetime import date, timedelta

import numpy as np
import pytest

from drift_assets.errors import EmptyProfileError
from drift_assets.profiles import (
    CategoricalBinning,
    CategoricalProfile,
    ColumnDays,
    NumericBinning,
    NumericProfile,
)

DAYS = tuple(date(2026, 1, 1) + timedelta(days=i) for i in range(4))


def values(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return day and value of rows of which none is on the third day; two are infinite."""
    random = np.random.default_rng(seed)
    day = random.choice([0, 1, 3], size=600)
    found = random.normal(size=600).round(1)
    found[:2] = [np.inf, -np.inf]
    return day, found


def same(mine: NumericProfile, theirs: NumericProfile) -> None:
    assert (mine.cells == theirs.cells).all()
    for field in ("n_missing", "n_low_infinite", "n_high_infinite"):
        assert getattr(mine, field) == getattr(theirs, field)
    for field in ("mean", "squares", "minimum", "maximum", "below_sum", "above_sum"):
        expected = pytest.approx(getattr(theirs, field), rel=1e-12, abs=1e-12, nan_ok=True)
        assert getattr(mine, field) == expected


@pytest.mark.parametrize("grid_size", [20, 16_384])
def test_a_day_is_what_its_own_rows_profile_to(grid_size: int) -> None:
    day, found = values()
    binning = NumericBinning.fit(found[100:], grid_size=grid_size)
    column = ColumnDays.of_numbers(binning, DAYS, day, found, np.array([1, 2, 3, 4]))
    for position in range(4):
        expected = NumericProfile.of(found[day == position], binning, n_missing=position + 1)
        profile = column.profile(position)
        assert isinstance(profile, NumericProfile)
        same(profile, expected)
    again = ColumnDays.of(binning, {DAYS[i]: column.profile(i) for i in range(4)})
    assert (again.cells == column.cells).all()
    assert (again.starts == column.starts).all()


def test_the_days_add_up_to_the_rows_of_all() -> None:
    day, found = values()
    binning = NumericBinning.fit(found)
    column = ColumnDays.of_numbers(binning, DAYS, day, found, np.zeros(4, dtype=np.int64))
    total = column.total(range(4))
    assert isinstance(total, NumericProfile)
    same(total, NumericProfile.of(found, binning))
    assert column.psi_counts.sum(axis=0).tolist() == total.psi_counts.tolist()
    assert column.js_counts.sum(axis=0).tolist() == total.js_counts.tolist()
    assert column.n_rows.sum() == 600
    with pytest.raises(EmptyProfileError, match="no day"):
        column.total([])


def test_categories_are_counted_by_day_and_unseen_ones_keep_their_names() -> None:
    binning = CategoricalBinning.fit({"a": 60, "b": 40})
    first = CategoricalProfile.of({"a": 3, "c": 2}, binning, n_missing=1)
    second = CategoricalProfile.of({"b": 5, "c": 1}, binning)
    column = ColumnDays.of(binning, {DAYS[1]: second, DAYS[0]: first})
    assert column.days == DAYS[:2]
    assert column.psi_counts.tolist() == [[3, 0, 2], [0, 5, 1]]
    total = column.total([0, 1])
    assert isinstance(total, CategoricalProfile)
    assert (total.counts.tolist(), total.n_missing, total.unseen) == ([3, 5, 3], 1, (("c", 3),))
    rows = ColumnDays.of_categories(
        binning, DAYS[:2], np.array([0, 0, 1]), np.array([0, 0, 1]), np.zeros(2, dtype=np.int64)
    )
    assert rows.psi_counts.tolist() == [[2, 0, 0], [0, 1, 0]]
