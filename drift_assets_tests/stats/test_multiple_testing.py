"""Benjamini-Hochberg against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.errors import ConfigurationError
from drift_assets.stats.multiple_testing import benjamini_hochberg


@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.02, 1.0]), min_size=1))
def test_it_equals_scipys_adjustment(p_values: list[float]) -> None:
    found = stats.false_discovery_control(p_values, method="bh")
    np.testing.assert_allclose(benjamini_hochberg(p_values), found, rtol=1e-12)


def test_a_family_worked_by_hand() -> None:
    # Ranks 1, 2, 3: 3 x 0.01, 3/2 x 0.02, and 0.9; the first two share the smaller.
    assert benjamini_hochberg([0.02, 0.9, 0.01]) == pytest.approx([0.03, 0.9, 0.03])


def test_an_empty_family_and_a_false_p_value() -> None:
    assert benjamini_hochberg([]).tolist() == []
    for wrong in (1.5, -0.1, float("nan")):
        with pytest.raises(ConfigurationError, match=r"expected each in \[0, 1\]"):
            benjamini_hochberg([0.5, wrong])
