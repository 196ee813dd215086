"""Jensen-Shannon divergence against scipy's distance, and its range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import JS
from drift_assets.stats.jensen_shannon import js_distance, js_divergence


@given(data=st.data(), n_bins=st.integers(1, 30))
def test_js_lies_between_no_bit_and_one_and_is_the_square_of_scipys_distance(
    data: st.DataObject, n_bins: int
) -> None:
    counts = st.lists(st.integers(0, 10**6), min_size=n_bins, max_size=n_bins).filter(any)
    p, q = data.draw(counts), data.draw(counts)
    divergence = js_divergence(p, q)
    assert 0.0 <= divergence <= 1.0
    assert js_divergence(q, p) == pytest.approx(divergence, abs=1e-14)
    # Near 0 both cancel: scipy's root of a rounding error below 0 is NaN.
    found = np.nan_to_num(jensenshannon(p, q, base=2.0))
    assert divergence == pytest.approx(found**2, abs=1e-12)
    assert js_distance(divergence) ** 2 == pytest.approx(divergence)


def test_equal_shares_have_none_and_disjoint_ones_a_whole_bit() -> None:
    assert js_divergence([3, 4, 5], [3, 4, 5]) == 0.0
    assert js_divergence([3, 4, 0, 0, 0], [0, 0, 1, 7, 5]) == 1.0


def test_values_wholly_beyond_the_baseline_make_a_whole_bit() -> None:
    baseline = np.random.default_rng(1).normal(size=1_000)
    binning = NumericBinning.fit(baseline)
    before = NumericProfile.of(baseline, binning)
    for current in (baseline + 100, baseline - 100, np.array([np.inf, -np.inf])):
        assert JS.measure(before, NumericProfile.of(current, binning)).value == 1.0
