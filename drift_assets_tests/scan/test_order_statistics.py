"""A baseline fitted in two passes: edges by numpy on the whole data."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from drift_assets.errors import NoDataError, UnreadableFileError
from drift_assets.profiles import NumericProfile
from drift_assets.profiles.binning import FloatArray
from drift_assets.scan import numbers, order_statistics
from drift_assets.scan.columns import NumberColumn
from drift_assets.scan.numbers import Reading
from drift_assets.scan.order_statistics import fit_in_passes
from drift_assets.stats.kolmogorov_smirnov import ks_statistic


def fitted(
    values: FloatArray, *, size: int = 1_000, include: tuple[float, ...] = ()
) -> NumericProfile:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "PIECE_ROWS", size)
        column = NumberColumn(values, 0)
        return fit_in_passes(lambda: Reading([column], is_time=False), len(values), include=include)


def edges(profile: NumericProfile, which: str) -> list[float | None]:
    binning = profile.binning
    starts = getattr(binning, which)
    return [binning.interval(starts, i)[2] for i in range(len(starts))]


def assert_same(found: NumericProfile, whole: NumericProfile) -> None:
    for which in ("psi_starts", "js_starts"):
        assert edges(found, which) == edges(whole, which)
    assert found.psi_counts.tolist() == whole.psi_counts.tolist()
    assert found.js_counts.tolist() == whole.js_counts.tolist()
    assert (found.n, found.n_infinite) == (whole.n, whole.n_infinite)
    assert (found.minimum, found.maximum) == (whole.minimum, whole.maximum)
    assert found.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-12)
    assert found.std == pytest.approx(whole.std, rel=1e-9, nan_ok=True)


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_statistics, "GRID_SIZE", 200)
    monkeypatch.setattr(order_statistics, "STRIDE", 8)


RANDOM = np.random.default_rng(11)
COLUMNS = {
    "normal": RANDOM.normal(size=30_000),
    "in order": np.sort(RANDOM.normal(size=30_000)),
    "in reverse": np.sort(RANDOM.normal(size=30_000))[::-1],
    "two levels": np.concatenate([RANDOM.normal(size=15_000), RANDOM.normal(1e6, 1e-3, 15_000)]),
    "ties": RANDOM.normal(size=30_000).round(3),
    "heavy value": np.where(RANDOM.random(30_000) < 0.4, 0.25, RANDOM.normal(size=30_000)),
    "heavy tail": RANDOM.standard_cauchy(30_000),
    "seconds": RANDOM.integers(1_700_000_000, 1_700_090_000, 30_000).astype(float),
    "infinite": np.where(RANDOM.random(30_000) < 0.1, np.inf, RANDOM.normal(size=30_000)),
    "a little over one piece": RANDOM.normal(size=1_001),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_psi_and_js_edges_are_those_of_all_values(name: str) -> None:
    values = COLUMNS[name]
    found, whole = fitted(values), NumericProfile.fit(values)
    assert_same(found, whole)
    finite = values[np.isfinite(values)]
    assert set(np.quantile(finite, np.linspace(0, 1, 11))) <= set(found.binning.grid)
    assert found.median == pytest.approx(whole.median, rel=0.05, abs=0.05)


@pytest.mark.parametrize("size", [997, 1_000, 30_000])
def test_counts_are_those_of_profiling_all_values_over_the_ruler(size: int) -> None:
    values = COLUMNS["heavy value"]
    found = fitted(values, size=size, include=(0.3, 99.0))
    again = NumericProfile.of(values, found.binning)
    np.testing.assert_array_equal(found.cells, again.cells)
    assert {0.25, 0.3, 99.0} <= set(found.binning.grid)
    assert found.above_sum == again.above_sum == 0.0


def test_few_distinct_values_are_all_kept_and_exact() -> None:
    for values in (
        RANDOM.integers(0, 150, 20_000).astype(float),
        RANDOM.integers(0, 15, 20_000).astype(float),
        np.full(5_000, 7.0),
    ):
        found, whole = fitted(values), NumericProfile.fit(values)
        assert found.binning.exact
        assert found.binning.id == whole.binning.id
        np.testing.assert_array_equal(found.cells, whole.cells)
        assert found.n_distinct == len(np.unique(values))


def test_where_the_sample_errs_it_looks_again_more_widely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_statistics, "_SPREADS", 0.01)
    reads = []

    def read() -> Reading:
        reads.append("once")
        return Reading([NumberColumn(COLUMNS["normal"], 0)], is_time=False)

    monkeypatch.setattr(numbers, "PIECE_ROWS", 1_000)
    assert_same(fit_in_passes(read, 30_000), NumericProfile.fit(COLUMNS["normal"]))
    assert len(reads) > 2


@pytest.mark.parametrize("period", [2, 4, 64, 1_000])
def test_values_that_repeat_with_any_period_do_not_fool_the_sample(period: int) -> None:
    rows = np.arange(60_000)
    values = (rows % period) * 10.0 + RANDOM.normal(size=60_000)
    assert_same(fitted(values), NumericProfile.fit(values))


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.floats(allow_nan=False) | st.integers(0, 3), min_size=1, max_size=400),
    size=st.integers(1, 90),
    stride=st.sampled_from([1, 2, 8, 64]),
)
@example(values=[-0.0, 0.0, 1e308, -1e308], size=1, stride=64)
def test_any_cut_into_pieces_gives_the_same_bins(
    values: list[float], size: int, stride: int
) -> None:
    rows = np.array(values, dtype=float)
    if not np.isfinite(rows).any():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_statistics, "STRIDE", stride)
        patch.setattr(order_statistics, "GRID_SIZE", 21)
        found = fitted(rows, size=size)
    again = NumericProfile.of(rows, found.binning)
    np.testing.assert_array_equal(found.cells, again.cells)
    whole = NumericProfile.fit(rows)
    for which in ("psi_starts", "js_starts"):
        if not whole.binning.exact or len(np.unique(rows)) > 20:
            assert edges(found, which) == edges(whole, which)


def test_ks_is_within_its_error_of_the_whole() -> None:
    values, now = COLUMNS["normal"], RANDOM.normal(0.03, size=20_000)
    found = fitted(values)
    low, error = ks_statistic(found, NumericProfile.of(now, found.binning))
    assert low <= ks_2samp(values, now).statistic <= low + error
    assert error < 0.02


def test_a_long_column_is_thinned_out_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_statistics, "SAMPLE_SIZE", 500)
    assert_same(fitted(COLUMNS["normal"]), NumericProfile.fit(COLUMNS["normal"]))
    assert len(fitted(COLUMNS["normal"]).binning.grid) < 900


def test_nothing_finite_is_refused() -> None:
    with pytest.raises(NoDataError, match="no finite value"):
        fitted(np.array([np.inf, -np.inf]))


def test_a_column_that_changes_while_it_is_read_is_an_error() -> None:
    columns = iter([np.arange(300.0), np.arange(200.0)])
    with pytest.raises(UnreadableFileError, match="leave the data alone"):
        fit_in_passes(lambda: Reading([NumberColumn(next(columns), 0)], is_time=False), 300)
    columns = iter([np.arange(300.0), *[np.arange(300.0) - 9_000] * 20])
    with pytest.raises(UnreadableFileError, match="leave the data alone"):
        fit_in_passes(lambda: Reading([NumberColumn(next(columns), 0)], is_time=False), 300)
