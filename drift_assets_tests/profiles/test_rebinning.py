"""A profile told over another ruler says what the rows would have said over it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    NumericBinning,
    NumericProfile,
    Unprofiled,
)
from drift_assets.profiles.rebinning import rebin, rebinned_column

FEW = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=200)


@settings(max_examples=200, deadline=None)
@given(FEW, FEW)
def test_where_the_grid_holds_every_value_it_is_what_the_rows_give(
    mine: list[float], others: list[float]
) -> None:
    values = np.array(mine)
    ruler = NumericBinning.fit(np.array(others))
    told, uncertain = rebinned_column(NumericProfile.fit(values), ruler)
    counted = NumericProfile.of(values, ruler)
    assert isinstance(told, NumericProfile)
    assert told.cells.tolist() == counted.cells.tolist()
    assert uncertain == 0
    assert (told.mean, told.minimum, told.maximum) == pytest.approx(
        (counted.mean, counted.minimum, counted.maximum)
    )
    assert (told.below_sum, told.above_sum) == pytest.approx((counted.below_sum, counted.above_sum))


def test_beyond_the_grid_no_bin_is_wrong_by_more_than_what_is_said() -> None:
    random = np.random.default_rng(5)
    values = random.normal(0, 1, 60_000)
    ruler = NumericBinning.fit(random.normal(0.3, 1.2, 40_000))
    profile = NumericProfile.fit(values)
    assert not profile.binning.exact
    told, uncertain = rebinned_column(profile, ruler)
    wrong = np.abs(told.psi_counts - NumericProfile.of(values, ruler).psi_counts)
    assert wrong.sum() / 2 <= uncertain
    # Nine edges, each in one gap of a grid of 16,384: three or four rows a gap.
    assert 0 < uncertain <= 9 * 10


def test_infinite_and_missing_rows_stay_what_they_are() -> None:
    values = np.array([-np.inf, -np.inf, 0.0, 1.0, 2.0, np.inf])
    told, _ = rebinned_column(
        NumericProfile.fit(values, n_missing=7), NumericBinning.fit(np.array([1.0, 5.0]))
    )
    assert isinstance(told, NumericProfile)
    assert (told.n_low_infinite, told.n_high_infinite, told.n_missing) == (2, 1, 7)
    # Two at -inf and the 0 below 1; 1 itself; 2 between; none at 5; +inf above.
    assert told.cells.tolist() == [3, 1, 1, 0, 1]


def test_categories_are_counted_by_their_names() -> None:
    mine = {"a": 50, "b": 30, "new": 20}
    old = CategoricalBinning.fit(mine, usual_rows=1000)
    ruler = CategoricalBinning.fit({"b": 500, "a": 300, "c": 200}, usual_rows=1000)
    told, uncertain = rebinned_column(CategoricalProfile.of(mine, old), ruler)
    assert isinstance(told, CategoricalProfile)
    assert dict(zip(ruler.labels, told.counts.tolist(), strict=True)) == {
        "a": 50,
        "b": 30,
        "c": 0,
        "unseen": 20,
    }
    assert (told.unseen, uncertain) == ((("new", 20),), 0)


def test_pooled_categories_that_part_company_are_uncertain() -> None:
    mine = {"a": 980, "x": 12, "y": 8}
    old = CategoricalBinning.fit(mine, usual_rows=100)
    assert old.pooled == frozenset({"x", "y"})
    # x has a bin of its own here, y is not known.
    ruler = CategoricalBinning.fit({"a": 500, "x": 500})
    told, uncertain = rebinned_column(CategoricalProfile.of(mine, old), ruler)
    assert (told.n, uncertain) == (1000, 20)


def test_a_column_of_another_type_or_none_has_a_reason() -> None:
    number = NumericProfile.fit(np.array([1.0, 2.0, 3.0]))
    text = CategoricalProfile.of({"a": 3}, CategoricalBinning.fit({"a": 3}))
    ruler = Baseline(3, {"x": number, "y": number})
    found = rebin({"x": text, "z": text}, ruler, n_rows=3).profile
    assert found.columns["x"] == Unprofiled("type changed: found text, expected numbers")
    assert found.columns["y"] == Unprofiled("column absent")
    assert found.extra_columns == ("z",)
