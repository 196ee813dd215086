"""Positive-rate change: values by hand."""

import numpy as np
import pytest
from scipy import stats

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats.positive_rate import measure_positive_rate, positive_rate


def test_a_score_at_the_threshold_is_positive() -> None:
    scores = np.array([0.1, 0.5, 0.5, 0.9, np.nan, np.inf])
    binning = NumericBinning.fit(np.array([0.1, 0.9]), include=[0.5])
    assert positive_rate(NumericProfile.of(scores, binning), 0.5) == pytest.approx(4 / 5)
    assert positive_rate(NumericProfile.of(np.array([]), binning), 0.5) == 0.0


def test_its_change_has_the_p_value_of_two_proportions() -> None:
    random = np.random.default_rng(2)
    baseline, current = random.random(1_000), random.random(500) ** 0.8
    binning = NumericBinning.fit(baseline, include=[0.5])
    measured = measure_positive_rate(
        NumericProfile.of(baseline, binning),
        NumericProfile.of(current, binning),
        decision_threshold=0.5,
    )
    hits = [int((side >= 0.5).sum()) for side in (baseline, current)]
    assert measured.value == pytest.approx(hits[1] / 500 - hits[0] / 1_000)
    found = stats.chi2_contingency(
        [[hits[0], 1_000 - hits[0]], [hits[1], 500 - hits[1]]], correction=False
    )
    assert measured.p_value == pytest.approx(found.pvalue, rel=1e-9)


def test_a_threshold_that_the_grid_does_not_hold_is_refused() -> None:
    profile = NumericProfile.of(np.array([0.4]), NumericBinning.fit(np.array([0.1, 0.9])))
    with pytest.raises(BinningMismatchError, match=r"no grid point at 0\.5"):
        positive_rate(profile, 0.5)
