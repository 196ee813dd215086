"""What chance alone makes of PSI and JS, simulated: where chi-squared describes it, where not."""

import numpy as np
import pytest
from scipy.stats import chi2

from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.stats import JS, PSI
from drift_assets.stats.jensen_shannon import js_terms
from drift_assets.stats.psi import psi_terms
from drift_assets_tests.stats.statistics_page import NOISE

N = 10_000
DRAWS = 40_000


def noise(n: int, m: int, n_bins: int, draws: int, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Return both statistics of clean days, scaled as their null says.

    Bins are quantiles of n baseline rows: their true shares are gaps between
    uniform order statistics, and so have a Dirichlet distribution.
    """
    random = np.random.default_rng([seed, n, m, n_bins])
    true = random.dirichlet(np.full(n_bins, n / n_bins), size=draws)
    current = random.multinomial(m, true) / m
    baseline = np.full_like(current, 1 / n_bins)
    psi = psi_terms(baseline, current).sum(axis=1) / (1 / n + 1 / m)
    js = js_terms(baseline, current).sum(axis=1) * np.log(2) * 8 * n * m / (n + m)
    return psi, js


@pytest.mark.parametrize("rows", NOISE)
def test_the_shares_of_clean_days_beyond_chi_squared_are_those_of_the_page(rows: int) -> None:
    found = [
        100 * np.mean(values > chi2.ppf(1 - level, 9))
        for values in noise(N, 10 * rows, 10, DRAWS)
        for level in (0.05, 0.01)
    ]
    for share, told in zip(found, NOISE[rows], strict=True):
        # Four standard deviations of the simulation, and the rounding of the page.
        off = 4 * np.sqrt(told * (100 - told) / DRAWS) + 0.05
        assert share == pytest.approx(told, abs=off)


@pytest.mark.parametrize(
    ("n", "m", "n_bins"), [(200, 200, 10), (500, 200, 10), (10_000, 1_000, 50)]
)
def test_twenty_expected_rows_a_bin_suffice_whatever_the_sizes(n: int, m: int, n_bins: int) -> None:
    for values in noise(n, m, n_bins, DRAWS):
        assert 0.045 < np.mean(values > chi2.ppf(0.95, n_bins - 1)) < 0.08
        # The mean holds longer than the tail.
        assert np.mean(values) == pytest.approx(n_bins - 1, rel=0.05)


def test_with_four_rows_a_bin_chi_squared_promises_far_too_much() -> None:
    psi, js = noise(N, 200, 50, 10_000)
    assert np.mean(psi > chi2.ppf(0.95, 49)) > 0.4
    assert np.mean(js > chi2.ppf(0.95, 49)) > 0.15


def test_the_simulation_is_that_of_rows() -> None:
    random = np.random.default_rng(2)
    found = []
    for _ in range(400):
        baseline, current = random.normal(size=2_000), random.normal(size=1_000)
        binning = NumericBinning.fit(baseline)
        sides = NumericProfile.of(baseline, binning), NumericProfile.of(current, binning)
        js_bins = int(np.count_nonzero(sides[0].js_counts))
        found.append(
            (
                PSI.measure(*sides).value / (1 / 2_000 + 1 / 1_000),
                JS.measure(*sides).value * np.log(2) * 8 * 2_000 / 3 * 1_000 / 1_000 / js_bins,
            )
        )
    psi, js = np.array(found).T
    # A chi-squared mean of 9, and of one less than the bins, with its standard error.
    assert np.mean(psi) == pytest.approx(9, abs=4 * np.sqrt(18 / 400))
    assert np.mean(js) == pytest.approx(1, abs=0.1)
