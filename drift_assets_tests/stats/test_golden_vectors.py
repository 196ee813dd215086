"""Golden vectors: numbers that other programs, or the definition in numpy, gave for these rows."""

import numpy as np
import pytest
from scipy import stats

from drift_assets.profiles import CategoricalBinning, CategoricalProfile, NumericProfile
from drift_assets.profiles.binning import NumericBinning
from drift_assets.stats import CHI_SQUARED, JS, KS, PSI, TOTAL_VARIATION, WASSERSTEIN, Measurement
from drift_assets.stats.psi import psi
from drift_assets.stats.statistic import Statistic
from drift_assets_tests.stats.golden import ROWS


def measure(statistic: Statistic, name: str) -> Measurement:
    binning = NumericBinning.fit(ROWS["baseline"])
    return statistic.measure(
        NumericProfile.of(ROWS["baseline"], binning), NumericProfile.of(ROWS[name], binning)
    )


# Worked out apart from this package: ten baseline deciles, open ends, floor 1e-4; scipy's KS;
# the distance of evidently, which divides by the population's deviation.
@pytest.mark.parametrize(
    ("name", "psi", "ks", "p_value", "distance"),
    [
        ("same", 0.004479, 0.0166, 0.316, 0.033102),
        ("A", 0.059293, 0.1049, 2.4e-32, 0.240127),
        ("B", 5.855872, 0.8630, 0.0, 2.965218),
    ],
)
def test_numeric_golden_vectors(  # one row of a table
    name: str, psi: float, ks: float, p_value: float, distance: float
) -> None:
    assert measure(PSI, name).value == pytest.approx(psi, abs=5e-7)
    found = measure(KS, name)
    assert found.value == pytest.approx(ks, abs=1e-12)
    assert found.p_value == pytest.approx(p_value, rel=0.02, abs=1e-300)
    moved = measure(WASSERSTEIN, name)
    assert moved.value == pytest.approx(distance, abs=moved.error_bound + 5e-7)


def test_completely_different_columns_have_almost_one_bit_between_them() -> None:
    # Other programs' bins give 0.73 (tfdv) and 0.74 bits (nannyml, the square of 0.862817).
    assert measure(JS, "same").value < 0.01
    assert 0.7 < measure(JS, "B").value < 0.8


def test_one_outlier_does_not_hide_drift() -> None:
    random = np.random.default_rng(7)
    baseline, current = random.normal(0, 1, 100_000), random.normal(0.5, 1, 100_000)
    with_outlier = np.append(current, 100.0)
    binning = NumericBinning.fit(baseline)
    before = NumericProfile.of(baseline, binning)
    alone, joined = (
        PSI.measure(before, NumericProfile.of(rows, binning)).value
        for rows in (current, with_outlier)
    )
    # The ten-decile PSI of the two distributions themselves, without sampling: 0.2377.
    edges = stats.norm.ppf(np.linspace(0, 1, 11))
    q = np.diff(stats.norm.cdf(edges, loc=0.5))
    truth = float(((q - 0.1) * np.log(q / 0.1)).sum())
    assert alone == pytest.approx(truth, abs=0.006)
    assert joined == pytest.approx(alone, abs=1e-4)
    # Why it matters: over ten equal bins of the pooled range the same outlier leaves nothing.
    pooled_range = (float(baseline.min()), 100.0)
    counts = [np.histogram(rows, 10, pooled_range)[0] for rows in (baseline, with_outlier)]
    assert psi(*counts) < 0.01


def test_categorical_golden_vectors() -> None:
    tables = [
        dict(zip(*np.unique(ROWS[side], return_counts=True), strict=True))
        for side in ("letters", "now")
    ]
    binning = CategoricalBinning.fit({str(k): int(v) for k, v in tables[0].items()})
    before, now = (
        CategoricalProfile.of({str(k): int(v) for k, v in t.items()}, binning) for t in tables
    )
    # The distance of evidently is natural and a root: 0.154084 squared, in bits.
    assert JS.measure(before, now).value == pytest.approx(0.154084**2 / np.log(2), abs=1e-6)
    # evidently floors the empty bin at 1e-4 too: the smallest share is far above that.
    assert PSI.measure(before, now).value == pytest.approx(0.384855, abs=1e-6)
    table = np.array(
        [[tables[0].get(k, 0) for k in "abcde"], [tables[1].get(k, 0) for k in "abcde"]]
    )
    found = stats.chi2_contingency(table, correction=False)
    measured = CHI_SQUARED.measure(before, now)
    assert measured.value == pytest.approx(found.statistic, rel=1e-12)
    assert measured.p_value == pytest.approx(found.pvalue, rel=1e-9)
    shares = table / table.sum(axis=1, keepdims=True)
    assert TOTAL_VARIATION.measure(before, now).value == pytest.approx(
        np.abs(shares[0] - shares[1]).sum() / 2
    )
