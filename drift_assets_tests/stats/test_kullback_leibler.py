"""Kullback-Leibler divergence, both directions: against scipy, and the PSI that they make up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from drift_assets.stats.kullback_leibler import kl_baseline_to_current, kl_current_to_baseline
from drift_assets.stats.psi import psi


@given(data=st.data(), n_bins=st.integers(1, 20))
def test_without_empty_bins_it_is_scipys_entropy(data: st.DataObject, n_bins: int) -> None:
    counts = st.lists(st.integers(1, 1_000), min_size=n_bins, max_size=n_bins)
    p, q = data.draw(counts), data.draw(counts)
    assert kl_baseline_to_current(p, q) == pytest.approx(stats.entropy(p, q), abs=1e-12)
    assert kl_current_to_baseline(p, q) == pytest.approx(stats.entropy(q, p), abs=1e-12)


@given(data=st.data(), n_bins=st.integers(1, 20))
def test_with_empty_bins_it_is_scipys_kl_div_of_floored_shares_and_adds_up_to_psi(
    data: st.DataObject, n_bins: int
) -> None:
    counts = st.lists(st.integers(0, 1_000), min_size=n_bins, max_size=n_bins).filter(any)
    before, now = np.array(data.draw(counts)), np.array(data.draw(counts))
    p, q = before / before.sum(), now / now.sum()
    p, q = np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)
    there, back = kl_baseline_to_current(before, now), kl_current_to_baseline(before, now)
    assert there == pytest.approx(special.kl_div(p, q).sum(), abs=1e-12)
    assert back == pytest.approx(special.kl_div(q, p).sum(), abs=1e-12)
    assert min(there, back) >= 0.0
    assert there + back == pytest.approx(psi(before, now), abs=1e-12)


def test_the_directions_differ_by_which_side_lacks_a_bin() -> None:
    gone, new = ([50, 50], [100, 0]), ([100, 0], [50, 50])
    assert kl_baseline_to_current(*gone) > kl_current_to_baseline(*gone)
    assert kl_baseline_to_current(*new) < kl_current_to_baseline(*new)
