"""Unseen rate: counted by hand, and what it refuses."""

import numpy as np
import pytest

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import UNSEEN_RATE
from drift_assets.stats.unseen_rate import unseen_rate_change

NUMBERS = np.arange(3.0)
RULER = CategoricalBinning.fit({"a": 900, "b": 95, "rare": 5})
BASELINE = CategoricalProfile.of({"a": 900, "b": 95, "rare": 5}, RULER)


def test_only_categories_that_the_baseline_never_had_count() -> None:
    # A rare one was seen, though it has no bin of its own; missing rows have no category.
    now = CategoricalProfile.of({"a": 10, "rare": 5, "new": 3, "newer": 2}, RULER, n_missing=80)
    assert unseen_rate_change(BASELINE, now) == 0.25
    assert unseen_rate_change(BASELINE, BASELINE) == 0.0


def test_days_add_up() -> None:
    first = CategoricalProfile.of({"a": 10}, RULER)
    second = CategoricalProfile.of({"new": 10}, RULER)
    assert unseen_rate_change(BASELINE, first + second) == 0.5


def test_it_refuses_numbers_and_an_empty_side() -> None:
    ruler = NumericBinning.fit(NUMBERS)
    numeric = NumericProfile.of(NUMBERS, ruler)
    with pytest.raises(BinningMismatchError, match="out_of_range_rate instead"):
        UNSEEN_RATE.measure(numeric, numeric)
    with pytest.raises(EmptyProfileError):
        unseen_rate_change(BASELINE, CategoricalProfile.of({}, RULER))
