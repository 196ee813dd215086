"""Cramer's V against scipy's, over tables that need no pooling; and its range over all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import contingency

from drift_assets.stats.cramers_v import cramers_v


@given(data=st.data(), n_bins=st.integers(2, 12))
def test_it_is_scipys(data: st.DataObject, n_bins: int) -> None:
    counts = st.lists(st.integers(10, 1_000), min_size=n_bins, max_size=n_bins)
    # At least 5 expected rows in each cell: no bin is pooled.
    p, q = (np.array(data.draw(counts)) * 100 for _ in range(2))
    expected = contingency.association(np.array([p, q]), method="cramer")
    assert cramers_v(p, q) == pytest.approx(expected, abs=1e-9)


@given(data=st.data(), n_bins=st.integers(1, 12))
def test_it_stays_in_its_range(data: st.DataObject, n_bins: int) -> None:
    counts = st.lists(st.integers(0, 50), min_size=n_bins, max_size=n_bins).filter(any)
    assert 0.0 <= cramers_v(data.draw(counts), data.draw(counts)) <= 1.0


def test_no_bin_in_common_is_one_and_equal_shares_are_zero() -> None:
    assert cramers_v([100, 0], [0, 100]) == 1.0
    assert cramers_v([30, 70], [300, 700]) == 0.0
