"""Sampling noise: against formulas, scipy's distributions, and samples drawn without drift."""

import numpy as np
import pytest
from scipy.stats import kstwobign, norm

from drift_assets.profiles import NumericProfile
from drift_assets.stats.kolmogorov_smirnov import ks_statistic
from drift_assets.stats.psi import psi
from drift_assets.stats.sampling_noise import (
    KOLMOGOROV_MEDIAN,
    BaselineBins,
    expected_psi,
    ks_factor,
    typical_ks,
)


def test_well_filled_bins_make_the_psi_of_the_usual_formula() -> None:
    found = expected_psi([1_000, 2_000, 3_000, 4_000], [10_000, 5_000], [2_000, 4_000])
    assert found == pytest.approx([3 * (1 / 10_000 + 1 / 2_000), 3 * (1 / 5_000 + 1 / 4_000)])


def test_bins_without_baseline_rows_make_no_psi() -> None:
    with_empty = expected_psi([500, 0, 500, 0], 1_000, 80)
    assert with_empty == pytest.approx(expected_psi([500, 500], 1_000, 80))


@pytest.mark.parametrize("rows", [60, 100, 400])
def test_rare_values_on_days_of_few_rows_make_the_psi_that_drawing_them_makes(rows: int) -> None:
    # Twenty values by Zipf's law: at 100 rows the usual formula says 0.19, drawing says 0.3.
    random = np.random.default_rng(3)
    shares = 1 / np.arange(1, 21) ** 1.6
    shares /= shares.sum()
    drawn = [
        psi(random.multinomial(10_000, shares), random.multinomial(rows, shares))
        for _ in range(4_000)
    ]
    expected = expected_psi(np.round(shares * 1e6), 10_000, rows)[0]
    assert expected == pytest.approx(np.mean(drawn), rel=0.02)
    assert abs(expected - 19 * (1 / 10_000 + 1 / rows)) > 0.002


def test_many_sizes_are_interpolated_closely() -> None:
    counts = np.round(1e6 / np.arange(1, 21) ** 1.6)
    sizes = np.geomspace(50, 5_000, 300).astype(int)
    at_once = expected_psi(counts, 10_000, sizes)
    one_by_one = [expected_psi(counts, 10_000, int(n))[0] for n in sizes[::20]]
    assert at_once[::20] == pytest.approx(one_by_one, rel=0.01)


def test_a_continuous_column_has_kolmogorovs_median() -> None:
    assert pytest.approx(kstwobign.median()) == KOLMOGOROV_MEDIAN
    found = typical_ks(KOLMOGOROV_MEDIAN, 9_000, 1_000)
    assert found == pytest.approx(kstwobign.median() * np.sqrt(1 / 900))
    # By bridges instead: nearly ten thousand distinct values hide next to nothing.
    assert ks_factor([1_000] * 10, [False] * 10, 9_999) == pytest.approx(
        kstwobign.median(), rel=0.03
    )


@pytest.mark.parametrize("share", [0.5, 0.2, 0.03])
def test_of_two_values_d_is_the_difference_of_two_shares(share: float) -> None:
    # |difference| / sqrt(1/N + 1/M) is normal with variance p (1 - p): its median is 0.6745 sd.
    counts = [round(share * 10_000), round((1 - share) * 10_000)]
    exact = norm.ppf(0.75) * np.sqrt(share * (1 - share))
    assert ks_factor(counts, [True, True], 2) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("kind", ["five values", "zeros and a bell", "half zeros", "counts"])
def test_the_factor_is_that_of_samples_without_drift(kind: str) -> None:
    random = np.random.default_rng(4)

    def draw(n: int) -> np.ndarray:
        if kind == "five values":
            return random.integers(0, 5, n).astype(float)
        if kind == "counts":
            return random.poisson(100, n).astype(float)
        some = random.random(n) < (0.2 if kind == "zeros and a bell" else 0.5)
        return random.normal(5, 1, n) * some

    factors = []
    medians = []
    for _ in range(5):
        before = NumericProfile.fit(draw(10_000))
        binning = before.binning
        edges = [
            binning.interval(binning.psi_starts, at)[::2] for at in range(len(before.psi_counts))
        ]
        factors.append(
            ks_factor(
                before.psi_counts, [a is not None and a == b for a, b in edges], before.n_distinct
            )
        )
        days = [NumericProfile.of(draw(800), binning) for _ in range(150)]
        d = [ks_statistic(before, day)[0] for day in days]
        medians.append(np.median(d) / np.sqrt(1 / 10_000 + 1 / 800))
    assert np.mean(factors) == pytest.approx(np.mean(medians), rel=0.07)


def test_a_constant_column_has_no_noise() -> None:
    bins = BaselineBins([1_000], [True], 1)
    rows = np.arange(100, 140)
    assert not bins.noise("psi", 1_000, rows).any()
    assert not bins.noise("ks", 1_000, rows).any()


def test_the_noise_of_other_statistics_is_not_known() -> None:
    bins = BaselineBins([500, 500], [False, False])
    assert bins.noise("missing_rate", [1_000, 1_000], [100, 200]).tolist() == [0.0, 0.0]
    assert BaselineBins((), ()).noise("psi", 1_000, [100]).tolist() == [0.0]
    assert bins.noise("psi", 1_000, [100])[0] > 0
