"""L-infinity: against scipy's Chebyshev distance, and under the total variation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import chebyshev

from drift_assets.stats.l_infinity import l_infinity
from drift_assets.stats.total_variation import total_variation


@given(data=st.data(), n_bins=st.integers(1, 20))
def test_it_is_the_chebyshev_distance_of_the_shares(data: st.DataObject, n_bins: int) -> None:
    counts = st.lists(st.integers(0, 1_000), min_size=n_bins, max_size=n_bins).filter(any)
    p, q = np.array(data.draw(counts)), np.array(data.draw(counts))
    found = l_infinity(p, q)
    assert found == pytest.approx(chebyshev(p / p.sum(), q / q.sum()), abs=1e-15)
    assert found <= total_variation(p, q) + 1e-12
