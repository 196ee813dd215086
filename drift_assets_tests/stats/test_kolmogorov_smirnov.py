"""The two-sample KS test against scipy, and its certified interval against the rows themselves."""

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import kolmogorov

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import KS
from drift_assets.stats.kolmogorov_smirnov import kolmogorov_tail, ks_p_value, ks_statistic

SIZES = (1, 2, 3, 7, 10, 64, 99, 100, 365, 999, 1_000, 2_500, 9_973, 10_000)


def profiles(
    baseline: FloatArray, current: FloatArray, *, grid_size: int = 16_384
) -> tuple[NumericProfile, NumericProfile]:
    binning = NumericBinning.fit(baseline, grid_size=grid_size)
    return NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)


def statistic_of_rows(baseline: FloatArray, current: FloatArray) -> float:
    """Return D by its definition: the widest gap at any value that occurs."""
    values = np.unique(np.concatenate([baseline, current]))
    f = np.searchsorted(np.sort(baseline), values, side="right") / len(baseline)
    g = np.searchsorted(np.sort(current), values, side="right") / len(current)
    return float(np.abs(f - g).max())


def huge(rows: FloatArray) -> FloatArray:
    """Return the rows with huge values for infinite ones, whose order is the same."""
    return np.nan_to_num(rows, posinf=1e300, neginf=-1e300)


def scipy_test(baseline: FloatArray, current: FloatArray) -> tuple[float, float] | None:
    """Return scipy's D and p-value, or None where scipy itself gives up its exact method."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = stats.ks_2samp(baseline, current, method="auto")
        except RuntimeWarning:
            return None
    return float(found.statistic), float(found.pvalue)


def shifted(n: int, m: int, shift: float) -> tuple[FloatArray, FloatArray]:
    """Return two evenly spaced samples whose D is about ``shift``."""
    return np.arange(n) / n, np.arange(m) / m + shift


def test_d_equals_scipys_in_four_thousand_tied_cases() -> None:
    random = np.random.default_rng(1)
    worst = 0.0
    for _ in range(4_000):
        n, m = random.integers(1, 40, size=2)
        values = int(random.integers(1, 12))
        baseline = random.integers(0, values, size=n).astype(float)
        current = random.integers(-1, values + 1, size=m) / 2
        statistic, error_bound = ks_statistic(*profiles(baseline, current))
        assert error_bound == 0.0
        worst = max(worst, abs(statistic - statistic_of_rows(baseline, current)))
    assert worst <= 1e-12


def test_d_and_p_equal_scipys_for_continuous_rows_on_an_exact_grid() -> None:
    random = np.random.default_rng(2)
    for n, m, shift in itertools.product((30, 500, 3_000), (20, 777), (0.0, 0.3)):
        baseline, current = random.normal(size=n), random.normal(shift, size=m)
        measured = KS.measure(*profiles(baseline, current))
        found = scipy_test(baseline, current)
        assert found is not None
        assert measured.value == pytest.approx(found[0], abs=1e-12)
        assert measured.p_value == pytest.approx(found[1], rel=1e-9)


@given(
    baseline=st.lists(st.integers(0, 60), min_size=1, max_size=80),
    current=st.lists(st.integers(-10, 70), min_size=1, max_size=80),
    grid_size=st.integers(1, 10),
)
def test_a_coarse_grid_certifies_an_interval_that_holds_d(
    baseline: list[int], current: list[int], grid_size: int
) -> None:
    x, y = np.array(baseline, dtype=float), np.array(current, dtype=float)
    statistic, error_bound = ks_statistic(*profiles(x, y, grid_size=grid_size))
    truth = statistic_of_rows(x, y)
    assert statistic - 1e-12 <= truth <= statistic + error_bound + 1e-12


def test_a_grid_of_quantiles_is_off_by_no_more_than_the_baseline_between_neighbours() -> None:
    random = np.random.default_rng(3)
    baseline, current = random.normal(size=20_000), random.normal(0.1, size=5_000)
    before, now = profiles(baseline, current, grid_size=500)
    assert not before.binning.exact
    statistic, error_bound = ks_statistic(before, now)
    truth = statistic_of_rows(baseline, current)
    assert statistic <= truth <= statistic + error_bound
    assert truth - statistic <= before.cells[::2].max() / before.n


@pytest.mark.parametrize("sign", [1, -1])
def test_a_gap_that_closes_between_infinity_and_the_grid_is_seen(sign: int) -> None:
    # F jumps at -inf, G only at -1e6: D is 0.3 there, but both are level again at the first point.
    baseline = sign * np.array([-np.inf] * 3 + [0.0] * 7)
    current = sign * np.array([-1e6] * 3 + [0.0] * 7)
    witness = stats.ks_2samp(huge(baseline), current)
    statistic, error_bound = ks_statistic(*profiles(baseline, current))
    assert statistic == pytest.approx(0.3)
    assert statistic == pytest.approx(witness.statistic, abs=1e-12)
    assert error_bound == 0.0


VALUES = st.sampled_from([-math.inf, -5.0, 0.0, 1.0, 2.0, 7.0, math.inf])


@given(
    baseline=st.lists(VALUES, min_size=1, max_size=30).filter(lambda v: np.isfinite(v).any()),
    current=st.lists(VALUES, min_size=1, max_size=30),
)
def test_with_infinite_values_on_both_sides_d_is_that_of_scipy(
    baseline: list[float], current: list[float]
) -> None:
    x, y = np.array(baseline), np.array(current)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        witness = stats.ks_2samp(huge(x), huge(y), method="asymp").statistic
    statistic, error_bound = ks_statistic(*profiles(x, y))
    assert statistic == pytest.approx(witness, abs=1e-12)
    assert error_bound == 0.0


@pytest.mark.parametrize("n", SIZES)
def test_p_equals_scipys_exact_p_over_a_grid_of_sizes(n: int) -> None:
    compared = 0
    for m in SIZES:
        # From hardly any drift to p-values of 1e-280.
        for z in (0.3, 1.0, 1.6, 3.0, 6.0, 11.0, 17.9):
            shift = z * math.sqrt((n + m) / (n * m))
            if shift > 1 or n * m * shift > 4e6:
                continue
            baseline, current = shifted(n, m, shift)
            found = scipy_test(baseline, current)
            if found is None:
                continue
            statistic, p_value = found
            assert ks_p_value(statistic, n, m) == pytest.approx(p_value, rel=1e-9), (m, z)
            assert ks_p_value(statistic, m, n) == ks_p_value(statistic, n, m)
            compared += 1
    assert compared


@pytest.mark.parametrize(
    ("n", "m", "shift"),
    [
        (10_000, 5_000, 0.02),
        (10_000, 5_000, 0.06),
        (10_000, 9_999, 0.016),
        (10_000, 1_000, 0.3),
        (9_973, 4_999, 0.1),
        (10_000, 10_000, 0.05),
    ],
)
def test_p_equals_scipys_exact_p_for_large_samples(n: int, m: int, shift: float) -> None:
    found = scipy_test(*shifted(n, m, shift))
    assert found is not None
    assert ks_p_value(found[0], n, m) == pytest.approx(found[1], rel=1e-9)


@pytest.mark.parametrize(
    ("n", "m"), [(10_000, 1), (10_000, 3), (9_999, 17), (9_973, 97), (9_999, 2_003), (5_000, 499)]
)
def test_p_equals_scipys_where_d_is_nearly_nothing_or_nearly_all(n: int, m: int) -> None:
    for shift in (0.0, 1.0 / n, 1.0 - 1.0 / m, 1.0 - 1.0 / n, 1.0):
        found = scipy_test(*shifted(n, m, shift))
        if found is not None:
            statistic, p_value = found
            assert ks_p_value(statistic, n, m) == pytest.approx(p_value, rel=1e-9, abs=1e-300)


def test_p_equals_the_share_of_orders_counted_one_by_one() -> None:
    for n, m in ((3, 2), (4, 3), (5, 2), (4, 4), (6, 3)):
        gaps = []
        for chosen in itertools.combinations(range(n + m), m):
            steps = np.full(n + m, m)
            steps[list(chosen)] = -n
            gaps.append(int(np.abs(np.cumsum(steps)).max()))
        for reach in set(gaps):
            share = np.mean([gap >= reach for gap in gaps])
            assert ks_p_value(reach / (n * m), n, m) == pytest.approx(share, rel=1e-12)


@given(n=st.integers(1, 300), m=st.integers(1, 300), data=st.data())
def test_p_falls_as_d_grows_and_stays_in_its_range(n: int, m: int, data: st.DataObject) -> None:
    lcm = math.lcm(n, m)
    low, high = sorted(data.draw(st.tuples(st.integers(0, lcm), st.integers(0, lcm))))
    at_low, at_high = ks_p_value(low / lcm, n, m), ks_p_value(high / lcm, n, m)
    assert 0.0 <= at_high <= at_low * (1 + 1e-9) <= 1.0 + 1e-9
    assert ks_p_value(0.0, n, m) == 1.0


def test_completely_separate_samples_have_two_orders_in_all() -> None:
    assert ks_p_value(1.0, 9, 4) == pytest.approx(2 / math.comb(13, 4), rel=1e-12)
    assert ks_p_value(1.0, 200, 150) == pytest.approx(2 / math.comb(350, 150), rel=1e-9)


def test_beyond_ten_thousand_rows_p_is_the_kolmogorov_limit() -> None:
    z = 0.01 * math.sqrt(10_001 * 20_000 / 30_001)
    assert ks_p_value(0.01, 10_001, 20_000) == pytest.approx(float(kolmogorov(z)), rel=1e-12)
    # The step from exact to limit is small where p-values matter.
    assert ks_p_value(0.02, 10_001, 10_000) == pytest.approx(
        ks_p_value(0.02, 10_000, 10_000), rel=0.05
    )


def test_a_p_value_too_small_for_a_double_is_zero() -> None:
    assert ks_p_value(1.0, 10_000, 5_000) == 0.0
    assert ks_p_value(1.0, 10_000, 10_000) == 0.0


def test_profiles_of_other_rulers_or_kinds_or_without_values_are_refused() -> None:
    before, now = profiles(np.array([1.0, 2.0]), np.array([1.0]))
    other = NumericProfile.of(np.array([1.0]), NumericBinning.fit(np.array([3.0])))
    with pytest.raises(BinningMismatchError, match="one and the same"):
        ks_statistic(before, other)
    with pytest.raises(EmptyProfileError, match="current side"):
        ks_statistic(before, NumericProfile.of(np.array([]), before.binning))
    letters = CategoricalProfile.of({"a": 1}, CategoricalBinning.fit({"a": 1}))
    with pytest.raises(BinningMismatchError, match="use chi_squared"):
        KS.measure(letters, letters)
    assert now.n == 1


def test_the_limit_is_scipys_at_any_height() -> None:
    heights = np.concatenate(
        [[0.0, 0.04, 0.82], np.linspace(0.0, 3.0, 3_001), np.linspace(3, 30, 99)]
    )
    ours = np.array([kolmogorov_tail(float(z)) for z in heights])
    np.testing.assert_allclose(ours, kolmogorov(heights), rtol=1e-15, atol=0.0)


def test_the_limit_is_its_series_term_by_term() -> None:
    for z in (0.5, 0.8, 0.819_999, 0.82, 0.9, 1.358_1, 2.0):
        terms = (2.0 * (-1) ** (k - 1) * math.exp(-2.0 * k * k * z * z) for k in range(1, 60))
        assert kolmogorov_tail(z) == pytest.approx(math.fsum(terms), rel=1e-13)
