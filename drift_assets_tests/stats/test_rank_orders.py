"""All orders of two small samples: Wilcoxon's and Smirnov's tests as witnesses of the counting."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats.arrangement import Arrangement, arrangement
from drift_assets.stats.rank_orders import EXACT_ROWS, rank_order_p_value


def rows_of(baseline: FloatArray, current: FloatArray) -> Arrangement:
    binning = NumericBinning.fit(baseline)
    return arrangement(NumericProfile.of(baseline, binning), NumericProfile.of(current, binning))


def rank_sum(below: int, below_n: int, inside: int, in_n: int) -> float:
    """Return what equal rows add to the midranks of the baseline rows."""
    del below_n
    return in_n * (below + (inside + 1) / 2)


@pytest.mark.parametrize(("n", "m"), [(1, 5), (4, 4), (9, 6), (14, 17), (20, 20)])
def test_the_rank_sum_has_the_exact_p_value_of_mann_and_whitney(n: int, m: int) -> None:
    random = np.random.default_rng([n, m])
    x, y = random.normal(size=n), random.normal(0.4, size=m)
    ranks = stats.rankdata(np.concatenate((x, y)))[:n].sum()
    expected = stats.mannwhitneyu(x, y, alternative="greater", method="exact").pvalue
    assert rank_order_p_value(rows_of(x, y), rank_sum, ranks) == pytest.approx(expected, rel=1e-9)


@given(
    baseline=st.lists(st.integers(0, 4), min_size=1, max_size=7),
    current=st.lists(st.integers(-1, 5), min_size=1, max_size=6),
)
def test_with_equal_rows_it_is_scipys_permutation_test(
    baseline: list[int], current: list[int]
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    # A profile does not tell which rows beside the baseline's values are equal.
    assume(len(beside := y[~np.isin(y, x)]) == len(np.unique(beside)))
    ranks = stats.rankdata(np.concatenate((x, y)))
    found = rank_order_p_value(rows_of(x, y), rank_sum, float(ranks[: len(x)].sum()))
    if min(len(x), len(y)) > 1:
        test = stats.permutation_test(
            (ranks[: len(x)], ranks[len(x) :]),
            lambda a, _: a.sum(),
            alternative="greater",
            n_resamples=10**6,
        )
        assert found == pytest.approx(test.pvalue, rel=1e-9)
    assert 0.0 < found <= 1.0


def test_the_least_sum_is_reached_by_every_order() -> None:
    x = np.arange(EXACT_ROWS, dtype=np.float64)
    y = np.arange(0.5, EXACT_ROWS, dtype=np.float64)
    assert rank_order_p_value(rows_of(x, y), rank_sum, 0.0) == pytest.approx(1.0, rel=1e-12)
