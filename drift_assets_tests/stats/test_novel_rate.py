"""Novel rate: counted by hand; its bound by all ways to split the rows, between days and names."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from itertools import combinations
from operator import add

import numpy as np
import pytest

from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.stats import NOVEL_RATE, OUT_OF_RANGE_RATE
from drift_assets.stats.novel_rate import novel_category_p_value, novel_rate_change

COUNTS = {"a": 900, "b": 95, "rare": 5}
RULER = CategoricalBinning.fit(COUNTS)
BASELINE = CategoricalProfile.of(COUNTS, RULER)


def day(**counts: int) -> CategoricalProfile:
    return CategoricalProfile.of(counts, RULER)


def test_only_categories_that_the_baseline_would_have_shown_count() -> None:
    # The bound for 6 rows is (500 / 1,000) ** 6, and one of 6 among 5 rare ones makes two: 3 %.
    now = day(a=937, rare=30, new=20, newer=7, newest=6)
    assert [k for k in (20, 7, 6) if not RULER.may_miss(k, 1_000)] == [20]
    assert novel_rate_change(BASELINE, now) == pytest.approx(0.027)
    # PSI goes on to count the 7 as ``other``.
    assert now.psi_counts[-2:].tolist() == [30 + 7 + 6, 20]
    assert novel_rate_change(BASELINE, BASELINE) == 0.0
    # The same rows of a day before take nothing from the names of this one.
    assert novel_rate_change(now, now) == 0.0


def test_beside_one_pooled_category_three_rows_in_a_hundred_are_novel_and_two_are_not() -> None:
    counts = {"a": 600, "b": 391, "rare": 9}
    ruler = CategoricalBinning.fit(counts)
    before = CategoricalProfile.of(counts, ruler)
    three = CategoricalProfile.of({"a": 60, "b": 36, "rare": 1, "new": 3}, ruler)
    found = NOVEL_RATE.measure(before, three)
    assert found.value == pytest.approx(0.03)
    # Either chance hid the 3 rows of the one, or the 10 of the other.
    hidden = [math.comb(100, k) / math.comb(1_100, k) for k in (3, 10)]
    assert found.p_value == pytest.approx(sum(hidden))
    two = CategoricalProfile.of({"a": 60, "b": 37, "rare": 1, "new": 2}, ruler)
    # 0.0082 of one such category is below 0.01; beside a second rare one it is 0.0164.
    assert novel_rate_change(before, two) == pytest.approx(0.02)
    counts = {"a": 600, "b": 391, "rare": 5, "rarer": 4}
    ruler = CategoricalBinning.fit(counts)
    before = CategoricalProfile.of(counts, ruler)
    two = CategoricalProfile.of({"a": 60, "b": 37, "rare": 1, "new": 2}, ruler)
    assert novel_rate_change(before, two) == 0.0


def splits(rows: int, categories: int) -> Iterator[tuple[int, ...]]:
    """Yield all ways to give so many rows to categories, some of which may get none."""
    if categories == 1:
        yield (rows,)
        return
    for first in range(rows + 1):
        for rest in splits(rows - first, categories - 1):
            yield first, *rest


@pytest.mark.parametrize(("n", "m"), [(9, 4), (1, 12), (20, 6), (5, 5)])
@pytest.mark.parametrize(("rows", "categories"), [(3, 1), (11, 1), (7, 3), (12, 3), (9, 5)])
def test_of_a_group_the_bound_is_that_of_the_worst_way_to_share_out_its_rows(
    n: int, m: int, rows: int, categories: int
) -> None:
    for k in range(1, m + 1):
        worst = max(
            sum(math.comb(m, s) / math.comb(n + m, s) for s in split if k <= s <= m)
            for split in splits(rows, categories)
        )
        bound = novel_category_p_value(k, (), [(rows, categories)], n, m)
        assert bound == pytest.approx(min(worst, 1.0))


@pytest.mark.parametrize(("n", "m", "sizes"), [(4, 3, (2, 2, 3)), (3, 5, (1, 3, 4)), (5, 2, (7,))])
def test_the_p_value_bounds_the_share_of_all_splits(n: int, m: int, sizes: tuple[int, ...]) -> None:
    categories = np.repeat(np.arange(len(sizes)), sizes)
    most = []
    for chosen in combinations(range(n + m), m):
        now = np.bincount(categories[list(chosen)], minlength=len(sizes))
        most.append(max((k for k, size in zip(now, sizes, strict=True) if k == size), default=0))
    rows, many = sum(sizes), len(sizes)
    for k in range(1, m + 1):
        share = float(np.mean(np.array(most) >= k))
        known = novel_category_p_value(k, sizes, (), n, m)
        # Whatever is not known of the sizes makes the bound no smaller.
        partly = novel_category_p_value(k, sizes[1:], [(sizes[0], 1)], n, m)
        counted = novel_category_p_value(k, (), [(rows, many)], n, m)
        unknown = novel_category_p_value(k, (), [(rows, rows)], n, m)
        assert share - 1e-12 <= known <= partly + 1e-12
        assert partly - 1e-12 <= counted <= unknown + 1e-12
    assert novel_category_p_value(0, sizes, (), n, m) == 1.0


def test_of_one_category_the_p_value_is_exact() -> None:
    # 3 rows among 2 + 4: all of them on the current side in C(4, 3) / C(6, 3) of all splits.
    assert novel_category_p_value(3, (), [(3, 1)], 2, 4) == pytest.approx(4 / 20)
    # Beside three others that chance cannot hide: they have more rows than the current side.
    assert novel_category_p_value(3, (5, 6, 9), [(3, 1)], 20, 4) == pytest.approx(4 / 2_024)


def chance(k: int, n: int, m: int) -> float:
    """Return the probability that k rows are all among m of n + m."""
    return math.comb(m, k) / math.comb(n + m, k)


def test_the_most_frequent_new_name_gives_the_p_value() -> None:
    measured = NOVEL_RATE.measure(BASELINE, day(a=900, new=60, newer=40))
    assert measured.value == 0.1
    # 5 rare rows before, 100 new ones: one category of 60 at most is among them.
    assert measured.p_value == pytest.approx(chance(60, 1_000, 1_000))
    # Of compared days that had it, the name is no news; it has 120 rows.
    known = NOVEL_RATE.measure(day(a=940, new=60), day(a=900, new=60, newer=40))
    assert known.p_value == pytest.approx(chance(40, 1_000, 1_000) + chance(120, 1_000, 1_000))


def test_of_fewer_compared_days_the_rows_of_all_the_baseline_count_at_their_worst() -> None:
    counts = {"a": 600, "b": 370, "c": 20, "rare": 6, "rarer": 4}
    ruler = CategoricalBinning.fit(counts)
    mondays = CategoricalProfile.of({"a": 90, "b": 50, "rare": 1}, ruler)
    now = CategoricalProfile.of({"a": 60, "b": 34, "c": 2, "new": 4}, ruler)
    found = NOVEL_RATE.measure(mondays, now)
    # The new name, two rare ones that may have as few rows, and c with 10 before at the least.
    expected = 3 * chance(4, 1_000, 100) + chance(12, 1_000, 100)
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_names_that_are_not_kept_are_taken_for_as_many_categories_as_they_could_be() -> None:
    counts = {"a": 600, "b": 400}
    ruler = CategoricalBinning.fit(counts)
    before = CategoricalProfile.of(counts, ruler)
    # Two halves of a day with eleven new names each, of which ten are kept.
    names = {f"new{i:02}": 3 for i in range(11)}
    half = CategoricalProfile.of({"a": 30, "b": 20, **names}, ruler)
    now = half + half
    assert (now.counts[-1], sum(rows for _, rows in now.unseen)) == (66, 60)
    # Ten of six rows by name; of the other six rows one category can be.
    m = now.n
    found = NOVEL_RATE.measure(before, now)
    assert found.p_value == pytest.approx(min(11 * chance(6, 1_000, m), 1.0))
    # Compared days that dropped a name may have had any: the frozen baseline's rows decide.
    ruler = CategoricalBinning.fit({"a": 300, "b": 200})
    days = reduce(add, [CategoricalProfile.of({"a": 300, "b": 200, **names}, ruler)] * 2)
    assert days.n > 500
    now = CategoricalProfile.of({"a": 60, "b": 36, "z": 4}, ruler)
    found = NOVEL_RATE.measure(days, now)
    assert found.p_value == pytest.approx(chance(4, 500, 100))
    whole = replace(days, unseen=tuple((name, 6) for name in names))
    # All names known, so that the compared rows are enough: eleven others of 6 rows.
    exact = chance(4, days.n, 100) + 11 * chance(6, days.n, 100)
    assert NOVEL_RATE.measure(whole, now).p_value == pytest.approx(exact)


@pytest.mark.parametrize("share", [1.0, 0.2])
@pytest.mark.parametrize("many", [8, 60])
def test_without_drift_small_p_values_are_no_more_frequent_than_they_say(
    many: int, share: float
) -> None:
    """Also where a day is compared with a fifth of the baseline's days."""
    random = np.random.default_rng(many)
    shares = 1 / np.arange(1.0, many + 1.0)
    shares /= shares.sum()
    names = [f"c{i}" for i in range(many)]
    found = []
    for _ in range(1_500):
        drawn = random.multinomial(500, shares)
        counts = dict(zip(names, drawn.tolist(), strict=True))
        ruler = CategoricalBinning.fit(counts)
        part = random.multivariate_hypergeometric(drawn, int(500 * share)).tolist()
        before = CategoricalProfile.of(dict(zip(names, part, strict=True)), ruler)
        now = random.multinomial(100, shares).tolist()
        day = CategoricalProfile.of(dict(zip(names, now, strict=True)), ruler)
        found.append(NOVEL_RATE.measure(before, day).p_value)
    for level in (0.2, 0.05, 0.01):
        beyond = np.mean(np.array(found) <= level)
        assert beyond <= level + 4 * math.sqrt(level * (1 - level) / len(found))


def test_a_category_of_three_rows_in_a_hundred_is_no_chance_beside_frequent_ones() -> None:
    counts = {"a": 600, "b": 400}
    ruler = CategoricalBinning.fit(counts)
    now = CategoricalProfile.of({"a": 60, "b": 37, "new": 3}, ruler)
    p_value = NOVEL_RATE.measure(CategoricalProfile.of(counts, ruler), now).p_value
    assert p_value == pytest.approx(math.comb(100, 3) / math.comb(1_100, 3))


def test_of_numbers_it_is_the_out_of_range_rate() -> None:
    before = NumericProfile.fit(np.arange(100.0))
    now = NumericProfile.of(np.array([-5.0, 3.0, 50.0, 99.0, 99.5]), before.binning)
    novel, beyond = (s.measure(before, now) for s in (NOVEL_RATE, OUT_OF_RANGE_RATE))
    assert (novel.value, novel.p_value) == (beyond.value, beyond.p_value) == (0.4, beyond.p_value)
