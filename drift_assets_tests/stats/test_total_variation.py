"""Total variation: a value worked by hand, and its range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.stats.total_variation import total_variation


def test_total_variation_worked_by_hand() -> None:
    assert total_variation([5, 3, 2], [2, 3, 5]) == pytest.approx(0.3)


@given(data=st.data(), n_bins=st.integers(1, 20))
def test_it_is_the_largest_difference_in_probability_of_any_event(
    data: st.DataObject, n_bins: int
) -> None:
    counts = st.lists(st.integers(0, 1_000), min_size=n_bins, max_size=n_bins).filter(any)
    p, q = data.draw(counts), data.draw(counts)
    # The event "a bin that gained" gains the most.
    gains = [b / sum(q) - a / sum(p) for a, b in zip(p, q, strict=True)]
    assert total_variation(p, q) == pytest.approx(sum(g for g in gains if g > 0), abs=1e-12)
    assert 0.0 <= total_variation(p, q) <= 1.0
