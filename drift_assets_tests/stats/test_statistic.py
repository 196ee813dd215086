"""The ordered tuple of statistics keeps the contract that reports and schemas read from it."""

import numpy as np
import pytest

from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile, Profile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import STATISTICS, Statistic
from drift_assets.stats.statistic import Kind


def sides(kind: Kind) -> tuple[Profile, Profile]:
    random = np.random.default_rng(0)
    if kind == "numeric":
        values = random.normal(size=(2, 400))
        ruler = NumericBinning.fit(values[0])
        return NumericProfile.of(values[0], ruler), NumericProfile.of(values[1] + 0.4, ruler)
    letters = CategoricalBinning.fit({"a": 70, "b": 30})
    return (
        CategoricalProfile.of({"a": 70, "b": 30}, letters),
        CategoricalProfile.of({"a": 40, "b": 50, "c": 10}, letters),
    )


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.name)
def test_a_measurement_keeps_name_range_and_p_value_as_promised(statistic: Statistic) -> None:
    for kind in statistic.kinds:
        baseline, current = sides(kind)
        measured = statistic.measure(baseline, current)
        assert measured.statistic == statistic.name
        assert statistic.low is None or measured.value >= statistic.low
        assert statistic.high is None or measured.value <= statistic.high
        assert (measured.p_value is not None) == statistic.has_p_value
        assert (measured.n_baseline, measured.n_current) == (baseline.n, current.n)


def test_names_are_unique_and_every_kind_has_one_test_that_can_stand_for_a_column() -> None:
    assert len({s.name for s in STATISTICS}) == len(STATISTICS)
    for kind, test in (("numeric", "ks"), ("categorical", "chi_squared")):
        tests = {s.name for s in STATISTICS if s.has_p_value and kind in s.kinds}
        assert tests == {test, "missing_rate"}
