"""Chi-squared test of homogeneity against scipy, with and without pooling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.stats.chi_squared import chi_squared


@given(data=st.data(), n_bins=st.integers(2, 12))
def test_without_rare_bins_it_is_scipys_test_without_correction(
    data: st.DataObject, n_bins: int
) -> None:
    # Totals of 40 to 400 a bin on like sides: every expected count is far over 5.
    counts = st.lists(st.integers(20, 200), min_size=n_bins, max_size=n_bins)
    p, q = data.draw(counts), data.draw(counts)
    table = np.array([p, q])
    assert stats.contingency.expected_freq(table).min() >= 5
    statistic, degrees_of_freedom, p_value = chi_squared(p, q)
    found = stats.chi2_contingency(table, correction=False)
    assert statistic == pytest.approx(found.statistic, rel=1e-9, abs=1e-12)
    assert degrees_of_freedom == found.dof
    assert p_value == pytest.approx(found.pvalue, rel=1e-9)


def test_rare_bins_are_pooled_rarest_first_until_five_rows_are_expected() -> None:
    # 1,000 rows a side, so 10 in both together are enough: 3 + 4 + 2 + 6 make one bin of 15.
    baseline, current = [600, 391, 2, 1, 2, 4], [500, 494, 1, 3, 0, 2]
    pooled = np.array([[600, 391, 9], [500, 494, 6]])
    statistic, degrees_of_freedom, p_value = chi_squared(baseline, current)
    found = stats.chi2_contingency(pooled, correction=False)
    assert degrees_of_freedom == 2
    assert statistic == pytest.approx(found.statistic, rel=1e-12)
    assert p_value == pytest.approx(found.pvalue, rel=1e-9)


def test_a_single_rare_bin_joins_the_next_rarest() -> None:
    statistic, degrees_of_freedom, _ = chi_squared([50, 30, 1], [50, 60, 1])
    found = stats.chi2_contingency(np.array([[50, 31], [50, 61]]), correction=False)
    assert degrees_of_freedom == 1
    assert statistic == pytest.approx(found.statistic, rel=1e-12)


@given(data=st.data(), n_bins=st.integers(1, 15))
def test_after_pooling_nothing_rare_is_left_and_p_is_a_probability(
    data: st.DataObject, n_bins: int
) -> None:
    counts = st.lists(st.integers(0, 40), min_size=n_bins, max_size=n_bins).filter(any)
    p, q = data.draw(counts), data.draw(counts)
    statistic, degrees_of_freedom, p_value = chi_squared(p, q)
    assert statistic >= 0.0
    assert 0.0 <= p_value <= 1.0
    assert 0 <= degrees_of_freedom <= n_bins - 1
    # Each bin left expects 5 rows of the smaller side.
    assert (degrees_of_freedom + 1) * 5 <= min(sum(p), sum(q)) or degrees_of_freedom == 0


def test_one_bin_says_nothing() -> None:
    assert chi_squared([5], [7]) == (0.0, 0, 1.0)
    assert chi_squared([5, 0], [7, 0]) == (0.0, 0, 1.0)
    assert chi_squared([1, 1], [1, 1]) == (0.0, 0, 1.0)


def test_it_alarms_at_its_level_where_a_goodness_of_fit_test_alarms_every_other_day() -> None:
    random = np.random.default_rng(5)
    shares = [0.5, 0.3, 0.15, 0.05]
    days = 2_000
    false_alarms = sum(
        chi_squared(random.multinomial(500, shares), random.multinomial(500, shares))[2] < 0.05
        for _ in range(days)
    )
    # Four standard errors around 5 %.
    assert abs(false_alarms / days - 0.05) < 4 * np.sqrt(0.05 * 0.95 / days)
