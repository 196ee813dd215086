"""Each statistic that scipy has beside scipy: sizes, ties, constants, infinities, dtypes, gaps."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from drift_assets.compare import comparison_monitor
from drift_assets.errors import DriftAssetsError
from drift_assets.profiles import CategoricalProfile, NumericProfile, Profile
from drift_assets.profiles.binning import FloatArray, NumericBinning
from drift_assets.scan import fit_baseline, profile_rows, rows_from_frame
from drift_assets.stats import (
    ANDERSON_DARLING,
    CHI_SQUARED,
    CRAMER_VON_MISES,
    CRAMERS_V,
    ENERGY_DISTANCE,
    HELLINGER,
    JS_DISTANCE,
    KL_BASELINE_TO_CURRENT,
    KS,
    STATISTICS,
    WASSERSTEIN_RAW,
    Statistic,
)
from drift_assets.stats.anderson_darling import standard_deviation

SIZES = ((1, 1), (1, 7), (2, 3), (10, 10), (20, 33), (100, 1_000), (3_000, 777), (40_000, 15_000))
LARGE = ((200_000, 100_000), (1_000_000, 1_000_000))


def normal(random: np.random.Generator, size: int, moved: float) -> FloatArray:
    return random.normal(moved, 1.0, size)


def heavy_tailed(random: np.random.Generator, size: int, moved: float) -> FloatArray:
    return random.lognormal(moved, 2.0, size)


def tied(random: np.random.Generator, size: int, moved: float) -> FloatArray:
    return np.rint(random.normal(10 * moved, 10.0, size))


def two_values(random: np.random.Generator, size: int, moved: float) -> FloatArray:
    return (random.random(size) < 0.4 + moved / 10).astype(np.float64)


def constant(random: np.random.Generator, size: int, moved: float) -> FloatArray:
    del random, moved
    return np.full(size, 2.5)


def infinite_at_times(random: np.random.Generator, size: int, moved: float) -> FloatArray:
    rows = random.normal(moved, 1.0, size)
    rows[: size // 10], rows[size // 10 : size // 8] = np.inf, -np.inf
    return random.permutation(rows)


SHAPES: tuple[Callable[[np.random.Generator, int, float], FloatArray], ...] = (
    normal,
    heavy_tailed,
    tied,
    two_values,
    constant,
    infinite_at_times,
)


def finite(rows: FloatArray) -> FloatArray:
    """Return the rows with far values for infinite ones: ranks are the same."""
    return np.nan_to_num(rows, posinf=1e200, neginf=-1e200)


def ks(x: FloatArray, y: FloatArray) -> float:
    return float(stats.ks_2samp(finite(x), finite(y), method="asymp").statistic)


def anderson_darling(x: FloatArray, y: FloatArray) -> float:
    found = stats.anderson_ksamp([finite(x), finite(y)], variant="midrank").statistic
    return float(found) * standard_deviation(len(x), len(y)) + 1


def cramer_von_mises(x: FloatArray, y: FloatArray) -> float:
    return float(stats.cramervonmises_2samp(finite(x), finite(y), method="asymptotic").statistic)


def defined(statistic: Statistic, x: FloatArray, y: FloatArray) -> bool:
    """Return whether scipy itself has an answer for such rows."""
    pooled = np.concatenate((x, y))
    if statistic in {WASSERSTEIN_RAW, ENERGY_DISTANCE}:
        return bool(np.isfinite(pooled).all())
    if statistic is ANDERSON_DARLING:
        # Its deviation is not defined for three rows, nor anything for one value.
        return len(pooled) > 3 and len(np.unique(pooled)) > 1 and len(pooled) <= 100_000
    if statistic is CRAMER_VON_MISES:
        # It breaks ties by adding a term; one side of one row it refuses.
        return min(len(x), len(y)) > 1 and len(np.unique(pooled)) == len(pooled)
    return True


WITNESSES: dict[str, tuple[Statistic, Callable[[FloatArray, FloatArray], float]]] = {
    "ks": (KS, ks),
    "wasserstein_raw": (WASSERSTEIN_RAW, stats.wasserstein_distance),
    "energy_distance": (ENERGY_DISTANCE, stats.energy_distance),
    "anderson_darling": (ANDERSON_DARLING, anderson_darling),
    "cramer_von_mises": (CRAMER_VON_MISES, cramer_von_mises),
}


def profiles(x: FloatArray, y: FloatArray) -> tuple[NumericProfile, NumericProfile]:
    binning = NumericBinning.fit(x)
    return NumericProfile.of(x, binning), NumericProfile.of(y, binning)


def check(name: str, x: FloatArray, y: FloatArray) -> bool:
    """Hold one statistic against scipy's, within its own error bound; False if scipy has none."""
    statistic, witness = WITNESSES[name]
    if not np.isfinite(x).any() or not defined(statistic, x, y):
        return False
    measured = statistic.measure(*profiles(x, y))
    with warnings.catch_warnings():
        # scipy warns where its p-value leaves its table, which is not asked for here.
        warnings.simplefilter("ignore")
        expected = witness(x, y)
    rounding = 1e-9 * (1 + abs(expected))
    if name == "energy_distance":
        # The root of a difference that cancels: scipy's own rounding under the root.
        rounding = 1e-6 * (1 + float(np.abs(np.concatenate((x, y))).max()) ** 0.5)
    assert math.isfinite(measured.value)
    assert abs(measured.value - expected) <= measured.error_bound + rounding
    if statistic.error == "above":
        assert measured.value <= expected + rounding
    return True


@pytest.mark.parametrize("name", WITNESSES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda f: f.__name__)
def test_it_is_scipys_within_its_bound_at_any_size(
    name: str, shape: Callable[..., FloatArray]
) -> None:
    compared = 0
    for n, m in SIZES:
        random = np.random.default_rng([n, m])
        for moved in (0.0, 0.2, 3.0):
            compared += check(name, shape(random, n, 0.0), shape(random, m, moved))
    # What scipy refuses altogether: one value, and for its ranks, rows that are equal.
    if (name, shape) not in {
        ("anderson_darling", constant),
        ("cramer_von_mises", constant),
        ("cramer_von_mises", two_values),
    }:
        assert compared


@pytest.mark.slow
@pytest.mark.parametrize("name", WITNESSES)
@pytest.mark.parametrize("shape", [normal, heavy_tailed, tied], ids=lambda f: f.__name__)
def test_it_is_scipys_within_its_bound_up_to_a_million_rows(
    name: str, shape: Callable[..., FloatArray]
) -> None:
    for n, m in LARGE:
        random = np.random.default_rng([n, m])
        check(name, shape(random, n, 0.0), shape(random, m, 0.05))


@pytest.mark.parametrize("size", [1, 5, 40, 1_000, 250_000, 1_000_000])
@pytest.mark.parametrize("n_categories", [1, 2, 7])
def test_statistics_of_counts_are_scipys_at_any_size(size: int, n_categories: int) -> None:
    random = np.random.default_rng([size, n_categories])
    names = [f"c{i}" for i in range(n_categories)]
    shares = random.dirichlet(np.full(n_categories, 20.0))
    before = random.multinomial(size, np.full(n_categories, 1 / n_categories))
    now = random.multinomial(max(size // 2, 1), shares)
    frames = [pd.DataFrame({"c": np.repeat(names, counts)}) for counts in (before, now)]
    baseline, current = compared(frames[0], frames[1])
    assert isinstance(baseline, CategoricalProfile)
    assert isinstance(current, CategoricalProfile)
    p, q = baseline.psi_counts / baseline.n, current.psi_counts / current.n
    js = np.nan_to_num(jensenshannon(p, q, base=2))
    assert JS_DISTANCE.measure(baseline, current).value == pytest.approx(js, abs=1e-6)
    hellinger = np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / math.sqrt(2)
    assert HELLINGER.measure(baseline, current).value == pytest.approx(hellinger, abs=1e-7)
    if (p > 1e-4).all() and (q > 1e-4).all():
        # The divergence from baseline to current has the baseline's shares for weights.
        kl = stats.entropy(p, q)
        assert KL_BASELINE_TO_CURRENT.measure(baseline, current).value == pytest.approx(
            kl, abs=1e-9
        )
    table = np.array([baseline.psi_counts, current.psi_counts])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] > 1 and stats.contingency.expected_freq(table).min() >= 5:
        test = stats.chi2_contingency(table, correction=False)
        measured = CHI_SQUARED.measure(baseline, current)
        assert measured.value == pytest.approx(test.statistic, rel=1e-9, abs=1e-9)
        assert measured.p_value == pytest.approx(test.pvalue, rel=1e-9, abs=1e-300)
        v = stats.contingency.association(table, method="cramer")
        assert CRAMERS_V.measure(baseline, current).value == pytest.approx(v, rel=1e-9, abs=1e-9)


def compared(before: Any, now: Any) -> tuple[Profile, Profile]:  # noqa: ANN401  # any frame
    """Return the profiles of the only column of two frames, as `compare` makes them."""
    ruler = fit_baseline(rows_from_frame(before), comparison_monitor(usual_rows=len(now)))
    (name,) = ruler.columns
    found = profile_rows(rows_from_frame(now), ruler).columns[name]
    assert isinstance(found, Profile)
    return ruler.columns[name], found


DTYPES = ("float64", "float32", "float16", "int64", "int32", "int8", "uint8", "uint64")


@pytest.mark.parametrize("dtype", [*DTYPES, "Int64", "Float32", "UInt8", "int64[pyarrow]"])
@pytest.mark.parametrize("name", WITNESSES)
def test_it_is_scipys_for_every_dtype(name: str, dtype: Any) -> None:  # noqa: ANN401  # any name
    random = np.random.default_rng(9)
    x, y = random.choice(100, 60, replace=False), random.choice(100, 37) + 10
    if name == "cramer_von_mises":
        x, y = x[:30], np.setdiff1d(np.arange(120), x)[:50]
    before, now = (pd.DataFrame({"x": pd.Series(side).astype(dtype)}) for side in (x, y))
    statistic, witness = WITNESSES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = witness(x.astype(np.float64), y.astype(np.float64))
    measured = statistic.measure(*compared(before, now))
    # A profile does not know which of the rows beside the baseline's values are equal.
    assert abs(measured.value - expected) <= measured.error_bound + 1e-9 * (1 + expected)


GAPS: dict[str, Any] = {
    "float64": np.array([1.0, np.nan, 2.0, 3.0, np.nan]),
    "Int64": pd.array([1, None, 2, 3, None], dtype="Int64"),
    "object": np.array([1.0, None, 2.0, 3.0, None], dtype=object),
    "float64[pyarrow]": pd.array([1.0, None, 2.0, 3.0, None], dtype="float64[pyarrow]"),
    "string": pd.array(["a", None, "b", "b", None], dtype="string"),
    "boolean": pd.array([True, None, False, True, None], dtype="boolean"),
}


@pytest.mark.parametrize("gaps", GAPS)
def test_missing_values_are_left_out_and_never_become_nan(gaps: str) -> None:
    rows = pd.Series(GAPS[gaps])
    with_gaps = compared(rows.to_frame("x"), rows.to_frame("x"))
    full = rows.dropna()
    without = compared(full.to_frame("x"), full.to_frame("x"))
    for statistic in STATISTICS:
        kind = "numeric" if isinstance(with_gaps[0], NumericProfile) else "categorical"
        if kind not in statistic.kinds:
            continue
        measured = statistic.measure(*with_gaps)
        assert math.isfinite(measured.value)
        assert measured.p_value is None or 0.0 <= measured.p_value <= 1.0
        if statistic.name != "missing_rate":
            assert measured.value == statistic.measure(*without).value
            assert (measured.n_baseline, measured.n_current) == (3, 3)


@pytest.mark.parametrize(
    "nothing",
    [
        np.array([], dtype=np.float64),
        np.array([np.nan, np.nan]),
        pd.array([None, None], dtype="Int64"),
    ],
    ids=["empty", "all NaN", "all NA"],
)
def test_without_a_value_there_is_an_error_or_a_reason_never_nan(nothing: Any) -> None:  # noqa: ANN401
    ruler = fit_baseline(rows_from_frame(pd.DataFrame({"x": [1.0, 2.0]})), comparison_monitor())
    current = profile_rows(rows_from_frame(pd.DataFrame({"x": nothing})), ruler).columns["x"]
    if not isinstance(current, Profile):
        assert current.reason
        return
    for statistic in STATISTICS:
        if "numeric" not in statistic.kinds:
            continue
        if statistic.name == "missing_rate" and current.n_rows:
            assert statistic.measure(ruler.columns["x"], current).value == 1.0
            continue
        with pytest.raises(DriftAssetsError):
            statistic.measure(ruler.columns["x"], current)
