"""Missing-rate change: values by hand, and scipy's p-value."""

import numpy as np
import pytest
from scipy import stats

from drift_assets.errors import EmptyProfileError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import MISSING_RATE


def test_nan_counts_as_missing_and_the_change_has_a_sign() -> None:
    binning = NumericBinning.fit(np.arange(90.0))
    before = NumericProfile.of(np.append(np.arange(90.0), [np.nan] * 5), binning, n_missing=5)
    now = NumericProfile.of(np.arange(60.0), binning, n_missing=40)
    measured = MISSING_RATE.measure(before, now)
    assert measured.value == pytest.approx(0.4 - 0.1)
    assert (measured.n_baseline, measured.n_current) == (100, 100)
    found = stats.chi2_contingency([[10, 90], [40, 60]], correction=False)
    assert measured.p_value == pytest.approx(found.pvalue, rel=1e-9)
    assert MISSING_RATE.measure(now, before).value == pytest.approx(-0.3)


def test_categories_have_a_missing_rate_too_and_no_rows_have_none() -> None:
    binning = CategoricalBinning.fit({"a": 3})
    before = CategoricalProfile.of({"a": 3}, binning, n_missing=1)
    assert MISSING_RATE.measure(before, before).p_value == pytest.approx(1.0)
    with pytest.raises(EmptyProfileError, match="without rows"):
        MISSING_RATE.measure(before, CategoricalProfile.of({}, binning))
