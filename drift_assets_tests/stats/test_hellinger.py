"""Hellinger distance: worked by hand, its range, and its place between two other distances."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.stats.hellinger import hellinger
from drift_assets.stats.total_variation import total_variation


def test_hellinger_worked_by_hand() -> None:
    # Roots of the shares: (0.5, sqrt 0.75) and (sqrt 0.75, 0.5).
    expected = math.sqrt(0.75) - 0.5
    assert hellinger([1, 3], [3, 1]) == pytest.approx(expected, rel=1e-12)


@given(data=st.data(), n_bins=st.integers(1, 20))
def test_it_is_symmetric_and_bounds_the_total_variation(data: st.DataObject, n_bins: int) -> None:
    counts = st.lists(st.integers(0, 1_000), min_size=n_bins, max_size=n_bins).filter(any)
    p, q = data.draw(counts), data.draw(counts)
    distance, variation = hellinger(p, q), total_variation(p, q)
    assert 0.0 <= distance <= 1.0
    assert hellinger(q, p) == distance
    assert hellinger(p, p) == 0.0
    # Le Cam's inequalities.
    assert distance**2 <= variation + 1e-12
    assert variation <= distance * math.sqrt(2 - distance**2) + 1e-12
