"""PSI: values worked by hand, and its laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import JS, KS, PSI, TOTAL_VARIATION, WASSERSTEIN
from drift_assets.stats.psi import psi, psi_contributions

COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=30).filter(any)


def test_psi_worked_by_hand() -> None:
    by_hand = 0.1 * math.log(0.5 / 0.4) + 0.1 * math.log(0.3 / 0.2)
    assert psi([500, 300, 200], [400, 300, 300]) == pytest.approx(by_hand, rel=1e-12)


def test_an_empty_bin_gets_one_in_ten_thousand_and_nothing_is_renormalised() -> None:
    by_hand = (0.5 - 1.0) * math.log(0.5 / 1.0) + (0.5 - 1e-4) * math.log(0.5 / 1e-4)
    assert psi([10, 0], [5, 5]) == pytest.approx(by_hand, rel=1e-12)


def test_a_share_below_the_floor_is_kept() -> None:
    p, q = 1e-6, 0.5
    by_hand = (q - p) * math.log(q / p) + (0.5 - (1 - p)) * math.log(0.5 / (1 - p))
    assert psi([1, 999_999], [5, 5]) == pytest.approx(by_hand, rel=1e-12)


@given(counts=COUNTS, times=st.integers(1, 50))
def test_equal_shares_have_no_psi(counts: list[int], times: int) -> None:
    assert psi(counts, counts) == 0.0
    assert psi(counts, [times * c for c in counts]) == 0.0


@given(data=st.data(), n_bins=st.integers(1, 20))
def test_psi_is_symmetric_and_no_bin_takes_away(data: st.DataObject, n_bins: int) -> None:
    counts = st.lists(st.integers(0, 1_000), min_size=n_bins, max_size=n_bins).filter(any)
    p, q = data.draw(counts), data.draw(counts)
    assert psi(p, q) == pytest.approx(psi(q, p), rel=1e-9, abs=1e-15)
    assert (psi_contributions(p, q) >= 0).all()


@given(power=st.integers(-40, 40), seed=st.integers(0, 99))
def test_scaling_both_sides_by_a_power_of_two_changes_nothing_at_all(power: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    baseline, current = random.normal(size=300), random.normal(0.3, 1.2, size=150)
    values = []
    for scale in (1.0, 2.0**power):
        binning = NumericBinning.fit(baseline * scale)
        before = NumericProfile.of(baseline * scale, binning)
        now = NumericProfile.of(current * scale, binning)
        values.append([s.measure(before, now).value for s in (PSI, KS, JS, WASSERSTEIN)])
    assert values[0] == values[1]


@given(
    scale=st.floats(1e-9, 1e9),
    shift=st.sampled_from([-3.0, 0.0, 1.0]),
    seed=st.integers(0, 99),
)
def test_scaling_or_shifting_both_sides_changes_nothing(
    scale: float, shift: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    baseline, current = random.normal(size=300), random.normal(0.3, 1.2, size=150)
    values = []
    for factor, offset in ((1.0, 0.0), (scale, shift * scale)):
        binning = NumericBinning.fit(baseline * factor + offset)
        before = NumericProfile.of(baseline * factor + offset, binning)
        now = NumericProfile.of(current * factor + offset, binning)
        values.append([s.measure(before, now).value for s in (PSI, KS, JS, WASSERSTEIN)])
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_sides_that_do_not_compare_are_refused() -> None:
    with pytest.raises(BinningMismatchError, match="same bins"):
        psi([1, 2], [1, 2, 3])
    with pytest.raises(BinningMismatchError, match="same bins"):
        psi([[1, 2]], [[1, 2]])
    with pytest.raises(EmptyProfileError, match="no rows on the current side"):
        psi([1, 2], [0, 0])
    with pytest.raises(EmptyProfileError, match="negative or undefined baseline"):
        psi([-1, 2], [1, 1])
    with pytest.raises(EmptyProfileError, match="negative or undefined current"):
        psi([1, 2], [1, math.nan])


def test_profiles_of_different_rulers_are_refused_even_with_as_many_bins() -> None:
    one, other = (NumericBinning.fit(np.array([x, x + 1])) for x in (1.0, 2.0))
    assert len(one.psi_starts) == len(other.psi_starts)
    before, now = (NumericProfile.of(np.array([2.0]), b) for b in (one, other))
    for statistic in (PSI, KS, JS, WASSERSTEIN, TOTAL_VARIATION):
        with pytest.raises(BinningMismatchError, match="one and the same"):
            statistic.measure(before, now)
