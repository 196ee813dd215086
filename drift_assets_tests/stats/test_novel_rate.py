"""Novel rate: counted by hand, and its bound by going through all ways to split the rows."""

import math
from itertools import combinations

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
    # 13 rows of 1,000 may be chance, 20 cannot.
    now = day(a=937, rare=30, new=20, newer=13)
    assert novel_rate_change(BASELINE, now) == 0.02
    assert novel_rate_change(BASELINE, BASELINE) == 0.0
    # The same rows of a day before take nothing from the names of this one.
    assert novel_rate_change(now, now) == 0.0


@pytest.mark.parametrize(("n", "m", "sizes"), [(4, 3, (2, 2, 3)), (3, 5, (1, 3, 4)), (5, 2, (7,))])
def test_the_p_value_bounds_the_share_of_all_splits(n: int, m: int, sizes: tuple[int, ...]) -> None:
    categories = np.repeat(np.arange(len(sizes)), sizes)
    most = []
    for chosen in combinations(range(n + m), m):
        now = np.bincount(categories[list(chosen)], minlength=len(sizes))
        most.append(max((k for k, size in zip(now, sizes, strict=True) if k == size), default=0))
    for k in range(1, m + 1):
        share = float(np.mean(np.array(most) >= k))
        known = novel_category_p_value(k, sizes, 0, n, m)
        # Whatever is not known of the sizes makes the bound no smaller.
        partly = novel_category_p_value(k, sizes[1:], sizes[0], n, m)
        unknown = novel_category_p_value(k, (), sum(sizes), n, m)
        assert share - 1e-12 <= known <= partly <= unknown
    assert novel_category_p_value(0, sizes, 0, n, m) == 1.0


def test_of_one_category_the_p_value_is_exact() -> None:
    # 3 rows among 2 + 4: all of them on the current side in C(4, 3) / C(6, 3) of all splits.
    assert novel_category_p_value(3, (), 3, 2, 4) == pytest.approx(4 / 20)
    # Beside three others that chance cannot hide: they have more rows than the current side.
    assert novel_category_p_value(3, (5, 6, 9), 3, 20, 4) == pytest.approx(4 / 2_024)


def test_the_most_frequent_new_name_gives_the_p_value() -> None:
    measured = NOVEL_RATE.measure(BASELINE, day(a=900, new=60, newer=40))
    assert measured.value == 0.1
    # 5 rare rows before, 100 new ones: one category of 60 at most is among them.
    assert measured.p_value == pytest.approx(math.comb(1_000, 60) / math.comb(2_000, 60))
    # Of compared days that had it, the name is no news.
    known = NOVEL_RATE.measure(day(a=940, new=60), day(a=900, new=60, newer=40))
    # Of 40, up to (60 + 60 + 40) // 40 could be.
    assert known.p_value == pytest.approx(4 * math.comb(1_000, 40) / math.comb(2_000, 40))


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
