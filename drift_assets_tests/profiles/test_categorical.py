"""Categorical profiles: counting and adding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile

RULER = CategoricalBinning.fit({"a": 900, "b": 97, "rare": 2, "rarer": 1})
COUNTS = st.dictionaries(
    st.sampled_from(["a", "b", "rare", "rarer", "new", "newer", ""]), st.integers(0, 99)
)


@given(parts=st.tuples(COUNTS, COUNTS, COUNTS))
def test_merging_is_associative_commutative_and_profiling_the_whole(
    parts: tuple[dict[str, int], dict[str, int], dict[str, int]],
) -> None:
    a, b, c = (CategoricalProfile.of(p, RULER, n_missing=1) for p in parts)
    names = dict.fromkeys(name for part in parts for name in part)
    totals = {name: sum(part.get(name, 0) for part in parts) for name in names}
    whole = CategoricalProfile.of(totals, RULER, n_missing=3)
    for merged in ((a + b) + c, a + (b + c), c + (b + a)):
        assert merged.counts.tolist() == whole.counts.tolist()
        assert merged.n_missing == whole.n_missing
        # Fewer than ten names, so none was cut off on the way.
        assert merged.unseen == whole.unseen


def test_a_new_category_counts_as_unseen_and_moves_nothing_else() -> None:
    without = CategoricalProfile.of({"a": 5, "rare": 1}, RULER)
    joined = CategoricalProfile.of({"a": 5, "rare": 1, "new": 7}, RULER)
    assert joined.binning.id == without.binning.id
    assert (joined.counts - without.counts).tolist() == [0, 0, 0, 7]
    assert joined.unseen == (("new", 7),)


def test_pooled_categories_count_together_and_are_not_unseen() -> None:
    profile = CategoricalProfile.of({"rare": 3, "rarer": 4}, RULER)
    assert dict(zip(RULER.labels, profile.counts.tolist(), strict=True)) == {
        "a": 0,
        "b": 0,
        "other (2 rare or new)": 7,
        "unseen": 0,
    }
    assert profile.unseen == ()


def test_the_ten_most_frequent_unseen_categories_are_named() -> None:
    profile = CategoricalProfile.of({f"new{i:02}": i for i in range(30)}, RULER)
    assert profile.unseen == tuple((f"new{i}", i) for i in range(29, 19, -1))
    assert profile.counts[-1] == sum(range(30))


def test_a_category_that_only_could_occur_is_not_there() -> None:
    profile = CategoricalProfile.of({"a": 2, "new": 0}, RULER)
    assert profile.n_distinct == 1
    assert profile.unseen == ()


def test_profiles_over_different_rulers_do_not_add() -> None:
    other = CategoricalBinning.fit({"a": 900, "b": 97})
    with pytest.raises(BinningMismatchError, match="one and the same"):
        CategoricalProfile.of({"a": 1}, RULER) + CategoricalProfile.of({"a": 1}, other)


def test_rows_without_a_name_are_other_or_unseen_as_the_ruler_knows() -> None:
    counts = {"a": 60, "new": 30}
    knows = CategoricalBinning.fit({"a": 90, "rare": 1})
    found = CategoricalProfile.of(counts, knows, n_unnamed=10, n_distinct=500, distinct_error=0.01)
    assert dict(zip(knows.labels, found.counts.tolist(), strict=True)) == {
        "a": 60,
        "other (1 rare or new)": 0,
        "unseen": 40,
    }
    assert found.unseen == (("new", 30),)
    assert (found.n_distinct, found.distinct_error) == (500, 0.01)
    does_not = CategoricalBinning.fit({"a": 90}, n_unnamed=10)
    found = CategoricalProfile.of(counts, does_not, n_unnamed=10)
    assert found.counts.tolist() == [60, 40, 0]
    assert found.unseen == ()


def test_a_new_category_that_chance_may_have_kept_from_the_baseline_is_judged_as_other() -> None:
    # 1,000 rows on either side: all 13 rows of a category fall on one with a chance of
    # 1 / 2 ** 13 = 0.00012, all 14 with one of 0.00006.
    for rows, judged in ((13, [980, 0, 20, 0]), (14, [979, 0, 7, 14])):
        day = CategoricalProfile.of({"a": 993 - rows, "rare": 7, "new": rows}, RULER)
        assert day.psi_counts.tolist() == day.js_counts.tolist() == judged
        assert day.counts[-1] == rows
        assert day.n == 1_000


def test_many_new_categories_are_judged_one_by_one() -> None:
    new = {f"new{i}": rows for i, rows in enumerate([50, 13, 1, 1, 1])}
    day = CategoricalProfile.of({"a": 934} | new, RULER)
    assert day.psi_counts.tolist() == [934, 0, 16, 50]
    # On two such days together each has twice the rows, and 13 of 1,000 is no chance any more:
    # 26 rows all on the side of 2,000 have one of (2 / 3) ** 26 = 0.00003.
    assert (day + day).psi_counts.tolist() == [1_868, 0, 6, 126]


def test_where_the_baseline_shows_every_category_often_a_new_one_is_unseen() -> None:
    ruler = CategoricalBinning.fit({"a": 900, "b": 100})
    day = CategoricalProfile.of({"a": 999, "new": 1}, ruler)
    assert day.psi_counts.tolist() == day.counts.tolist() == [999, 0, 1]
