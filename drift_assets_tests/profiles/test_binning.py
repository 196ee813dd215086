"""Binnings: where the edges lie, by numpy's quantiles and by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import NoDataError
from drift_assets.profiles import CategoricalBinning, NumericBinning, NumericProfile
from drift_assets.profiles.binning import (
    FloatArray,
    binning_from_dict,
    binning_to_dict,
    count_cells,
    fit_ordered,
)


def labels(binning: NumericBinning) -> list[str]:
    return [binning.label(binning.psi_starts, i) for i in range(len(binning.psi_starts))]


def test_psi_bins_are_numpys_deciles_with_open_ends() -> None:
    values = np.random.default_rng(1).normal(size=2_000)
    binning = NumericBinning.fit(values)
    edges = np.quantile(values, np.linspace(0, 1, 11))
    uppers = [binning.interval(binning.psi_starts, i)[2] for i in range(10)]
    assert uppers[:-1] == edges[1:-1].tolist()
    assert uppers[-1] is None
    assert binning.interval(binning.psi_starts, 0)[0] is None
    # (a, b]: what lies on an edge counts below it, as in numpy with right-closed bins.
    current = np.append(np.random.default_rng(2).normal(1, 2, size=999), edges)
    inner = np.concatenate(([-np.inf], edges[1:-1], [np.inf]))
    by_hand = [int(((current > a) & (current <= b)).sum()) for a, b in pairwise(inner)]
    assert NumericProfile.of(current, binning).psi_counts.tolist() == by_hand


def test_js_bins_are_fifty_quantiles_and_one_beyond_either_end() -> None:
    values = np.random.default_rng(1).normal(size=5_000)
    binning = NumericBinning.fit(values)
    assert len(binning.js_starts) == 52
    counts = NumericProfile.of(values, binning).js_counts
    assert counts[[0, -1]].tolist() == [0, 0]
    assert counts[1:-1].tolist() == [100] * 50
    beyond = NumericProfile.of(np.array([values.min() - 1, values.max() + 1]), binning)
    assert beyond.js_counts[[0, -1]].tolist() == [1, 1]


@pytest.mark.parametrize(("usual_rows", "n_bins"), [(100, 5), (399, 19), (10**6, 50), (1, 2)])
def test_js_expects_twenty_rows_a_bin_at_the_usual_number_of_rows(
    usual_rows: int, n_bins: int
) -> None:
    values = np.random.default_rng(1).normal(size=5_000)
    assert len(NumericBinning.fit(values, usual_rows=usual_rows).js_starts) == n_bins + 2


def test_a_value_that_holds_a_decile_is_its_own_bin() -> None:
    # Half of the rows are 0, amid a hundred other values.
    values = np.concatenate([np.zeros(100), np.linspace(-5, -1, 50), np.linspace(1, 5, 50)])
    binning = NumericBinning.fit(values)
    assert "= 0" in labels(binning)
    profile = NumericProfile.of(values, binning)
    assert profile.psi_counts[labels(binning).index("= 0")] == 100
    assert profile.psi_counts.min() > 0
    assert profile.psi_counts.sum() == 200


@given(
    atom_rows=st.integers(30, 300),
    others=st.lists(st.integers(-400, 400), min_size=25, max_size=120, unique=True),
)
def test_a_heavy_value_keeps_its_own_bin_whatever_lies_around_it(
    atom_rows: int, others: list[int]
) -> None:
    # Values 20 apart at least from the heavy one at 0, so that quantiles fall into gaps.
    values = np.concatenate(
        [np.zeros(atom_rows), [o + (20 if o >= 0 else -20) for o in others]]
    ).astype(float)
    binning = NumericBinning.fit(values)
    holds = [*np.quantile(values, np.linspace(0, 1, 11))].count(0.0)
    profile = NumericProfile.of(values, binning)
    assert (profile.psi_counts > 0).all()
    near = NumericProfile.of(np.array([-1.0, 1.0]), binning).psi_counts
    atom = int(np.argmax(NumericProfile.of(np.array([0.0]), binning).psi_counts))
    if holds > 1 and 0 < atom < len(near) - 1:
        assert near[atom] == 0, labels(binning)


def test_a_constant_or_few_valued_column_has_a_bin_a_value_and_gaps() -> None:
    assert labels(NumericBinning.fit(np.array([3.0, 3.0]))) == ["< 3", "= 3", "> 3"]
    assert labels(NumericBinning.fit(np.array([0.0, 1.0, 1.0, 4.0]))) == [
        *("< 0", "= 0", "(0, 1)", "= 1", "(1, 4)", "= 4", "> 4")
    ]
    twenty = NumericBinning.fit(np.arange(20.0))
    assert len(twenty.psi_starts) == len(twenty.js_starts) == 41
    assert len(NumericBinning.fit(np.arange(21.0)).psi_starts) == 10


def test_labels_tell_neighbours_apart_and_give_values_in_full() -> None:
    assert "= 20251123" in labels(NumericBinning.fit(np.array([20251123.0, 20251124.0])))
    # Seconds since 1970: six digits would read "(1.7e+09, 1.7e+09]".
    seconds = NumericBinning.fit(1.7e9 + np.arange(1_000.0))
    assert all(len(set(text.strip("[()]").split(", "))) == 2 for text in labels(seconds)[1:-1])
    assert len(set(labels(seconds))) == 10


def test_infinite_values_place_no_edge() -> None:
    finite = np.random.default_rng(1).normal(size=2_000)
    assert (
        NumericBinning.fit(finite).id
        == NumericBinning.fit(np.concatenate([finite, [np.inf, -np.inf]])).id
    )


def test_nothing_finite_is_refused() -> None:
    for values in ([], [np.inf, -np.inf]):
        with pytest.raises(NoDataError, match="no finite value"):
            NumericBinning.fit(np.array(values))


@given(st.lists(st.floats(allow_nan=False), min_size=1).filter(lambda v: np.isfinite(v).any()))
def test_any_finite_values_make_a_ruler_that_counts_every_row_once(values: list[float]) -> None:
    rows = np.array(values)
    for grid_size in (16_384, 5):
        binning = NumericBinning.fit(rows, grid_size=grid_size)
        assert (binning.grid[1:] > binning.grid[:-1]).all()
        assert np.isfinite(binning.grid).all()
        for starts in (binning.psi_starts, binning.js_starts):
            assert starts[0] == 0
            assert (np.diff(starts) > 0).all()
            assert starts[-1] < binning.n_cells
        profile = NumericProfile.of(rows, binning)
        assert profile.n == profile.psi_counts.sum() == profile.js_counts.sum() == len(rows)


@given(
    rows=st.lists(st.floats(allow_nan=False) | st.integers(0, 9)),
    grid=st.sets(st.integers(-5, 15), min_size=1),
)
def test_cells_are_what_comparing_every_row_gives(rows: list[float], grid: set[int]) -> None:
    ordered: FloatArray = np.sort(np.array(rows, dtype=np.float64))
    points = np.array(sorted(grid), dtype=float)
    bounds = [-np.inf, *points, np.inf]
    by_hand = []
    for low, high in pairwise(bounds):
        first, last = low == -np.inf, high == np.inf
        between = ((ordered > low) | first) & ((ordered < high) | last)
        by_hand += [int(between.sum()), int((ordered == high).sum())]
    assert count_cells(ordered, points).tolist() == by_hand[:-1]


def test_a_fine_grid_keeps_ties_deciles_extremes_and_what_must_be_included() -> None:
    values = np.concatenate([np.random.default_rng(1).normal(size=5_000), np.full(500, 0.25)])
    binning = NumericBinning.fit(values, grid_size=100, include=[0.5])
    assert not binning.exact
    edges = np.quantile(values, np.linspace(0, 1, 11))
    assert np.isin([values.min(), values.max(), 0.25, 0.5, *edges], binning.grid).all()


def test_equal_rulers_have_equal_ids_and_others_do_not() -> None:
    values = np.random.default_rng(1).normal(size=100)
    assert NumericBinning.fit(values).id == NumericBinning.fit(values[::-1].copy()).id
    assert NumericBinning.fit(np.array([0.0, 1.0])).id == NumericBinning.fit(np.array([-0.0, 1])).id
    assert NumericBinning.fit(values).id != NumericBinning.fit(values + 1e-9).id
    assert NumericBinning.fit(values).id != NumericBinning.fit(values, usual_rows=40).id


def test_category_names_with_odd_characters_do_not_collide() -> None:
    names = [("a", "b"), ("a\x01b",), ('a", "b',), ("a\x00", "b"), ("\ud800",)]
    assert len({CategoricalBinning(n, frozenset(), "text").id for n in names}) == len(names)
    kept, pooled = ("a", "b"), frozenset({"c"})
    ids = {
        CategoricalBinning(kept, pooled, "text").id,
        CategoricalBinning(kept, pooled, "number").id,
        CategoricalBinning(("a", "b", "c"), frozenset(), "text").id,
    }
    assert len(ids) == 3


def test_categories_under_five_expected_rows_are_pooled() -> None:
    counts = {"a": 9_000, "b": 950, "c": 50, "d": 49, "e": 0}
    # 10,049 rows; at 1,000 usual rows c is expected 4.98 times, at 1,005 5.0005 times.
    assert CategoricalBinning.fit(counts).labels == ("a", "b", "other (2 rare or new)", "unseen")
    assert CategoricalBinning.fit(counts, usual_rows=1_005).categories == ("a", "b", "c")
    assert CategoricalBinning.fit(counts, usual_rows=10_000).labels == (
        "a",
        "b",
        "c",
        "d",
        "unseen",
    )


def test_at_most_a_hundred_categories_have_a_bin_of_their_own() -> None:
    binning = CategoricalBinning.fit({f"c{i:03}": 100 for i in range(150)}, usual_rows=10**6)
    assert len(binning.categories) == 100
    assert binning.pooled == frozenset(f"c{i:03}" for i in range(100, 150))
    assert binning.n_bins == len(binning.labels) == 102


def test_no_category_at_all_is_refused() -> None:
    with pytest.raises(NoDataError, match="no value to name categories by"):
        CategoricalBinning.fit({"a": 0})


def test_a_binning_taken_apart_makes_the_same_binning() -> None:
    for binning in (
        NumericBinning.fit(np.random.default_rng(1).normal(size=50)),
        CategoricalBinning.fit({"a": 90, "b": 9, "c": 1}, usual_rows=50),
    ):
        again = binning_from_dict(binning_to_dict(binning))
        assert again.id == binning.id


def test_categories_too_many_to_name_are_other_and_none_is_unseen() -> None:
    # 500 rows of 10,000 have names that were not kept.
    binning = CategoricalBinning.fit({"a": 9_000, "b": 500}, n_unnamed=500)
    assert binning.labels == ("a", "b", "other (too many to name)", "unseen")
    assert [binning.position(name) for name in ("a", "b", "never heard of")] == [0, 1, 2]
    assert not binning.knows_unseen
    assert set(binning.known) == {"a", "b"}
    assert binning.id != CategoricalBinning(("a", "b"), frozenset(), "text").id
    assert binning_from_dict(binning_to_dict(binning)).id == binning.id


def test_one_row_in_fifty_thousand_is_not_enough_where_names_are_too_many() -> None:
    counts = {"a": 100, "b": 20, "c": 21}
    rest = 1_000_000 - sum(counts.values())
    binning = CategoricalBinning.fit(counts, n_unnamed=rest, usual_rows=10**9)
    assert binning.categories == ("a", "c")


@given(
    rows=st.lists(st.floats(-1e6, 1e6) | st.integers(0, 3), max_size=3_000),
    steps=st.sampled_from([2, 8, 64]),
    many=st.sampled_from([1, 30, 1_024]),
)
def test_cells_are_numpys_whatever_way_they_are_looked_for(
    rows: list[float], steps: int, many: int
) -> None:
    ordered: FloatArray = np.sort(np.array(rows, dtype=np.float64))
    grid = np.unique(np.concatenate([ordered[::3], np.arange(-3.0, 40.0)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drift_assets.profiles.binning._STEP", steps)
        patch.setattr("drift_assets.profiles.binning._MANY_POINTS", many)
        found = count_cells(ordered, grid)
    ends = [np.searchsorted(ordered, grid, side) for side in ("left", "right")]
    by_numpy = np.diff(np.concatenate(([0], np.stack(ends).T.ravel(), [len(ordered)])))
    assert found.tolist() == by_numpy.tolist()


@given(
    rows=st.lists(st.floats(-1e6, 1e6) | st.integers(0, 30), min_size=1, max_size=400),
    include=st.lists(st.floats(-2e6, 2e6) | st.integers(0, 30), max_size=4),
    grid_size=st.sampled_from([4, 16, 64]),
)
def test_a_fit_counts_its_cells_as_numpy_does_and_its_distinct_values_as_a_set_does(
    rows: list[float], include: list[float], grid_size: int
) -> None:
    ordered: FloatArray = np.sort(np.array(rows, dtype=np.float64))
    binning, cells, n_distinct = fit_ordered(ordered, n_js=8, include=include, grid_size=grid_size)
    ends = [np.searchsorted(ordered, binning.grid, side) for side in ("left", "right")]
    by_numpy = np.diff(np.concatenate(([0], np.stack(ends).T.ravel(), [len(ordered)])))
    assert cells.tolist() == by_numpy.tolist()
    assert n_distinct == len(set(rows))


def test_a_category_needs_ten_baseline_rows_for_a_bin_or_a_tenth_of_a_small_baseline() -> None:
    counts = {"a": 700, "b": 281, "c": 10, "d": 9}
    assert CategoricalBinning.fit(counts).categories == ("a", "b", "c")
    few = {"a": 30, "b": 6, "c": 4}
    assert CategoricalBinning.fit(few, usual_rows=1_000).categories == ("a", "b", "c")
    assert CategoricalBinning.fit(few | {"d": 3}, usual_rows=1_000).categories == ("a", "b")
