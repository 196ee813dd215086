from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.assessment import assess
from drift_assets.comparison import Comparison
from drift_assets.errors import ColumnError, NoDataError
from drift_assets.monitors import Monitor
from drift_assets.profiles import (
    Baseline,
    CategoricalProfile,
    DatasetProfile,
    NumericProfile,
    Unprofiled,
)
from drift_assets.scan import (
    Rows,
    fit_baseline,
    profile_rows,
    rows_from_files,
    rows_from_frame,
)
from drift_assets.scan.shelf import Shelf
from drift_assets.verdicts import Verdict


def monitor(**settings: object) -> Monitor:
    return Monitor.model_validate(
        {
            "name": "m",
            "baseline": "b.csv",
            "current": "{partition}.csv",
            "partitions": {"start": "2026-01-01"},
            **settings,
        }
    )


def csv_rows(folder: Path, text: str, name: str = "day.csv") -> Rows:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return rows_from_files([path])


def reason(profile: DatasetProfile, column: str) -> str:
    found = profile.columns[column]
    assert isinstance(found, Unprofiled)
    return found.reason


@pytest.fixture
def baseline() -> Baseline:
    frame = {
        "n": np.arange(100.0),
        "t": ["x", "y"] * 50,
        "b": [True, False] * 50,
        "code": [1, 2] * 50,
    }
    columns = ["n", "t", "b", {"column": "code", "kind": "categorical"}]
    return fit_baseline(rows_from_frame(frame), monitor(features=columns))


def test_kinds_are_told_by_the_values_unless_declared(baseline: Baseline) -> None:
    kinds = {name: type(profile) for name, profile in baseline.columns.items()}
    assert kinds == {
        "n": NumericProfile,
        "t": CategoricalProfile,
        "b": CategoricalProfile,
        "code": CategoricalProfile,
    }
    assert baseline.n_rows == 100


def test_the_decision_threshold_of_a_prediction_is_on_its_grid() -> None:
    rows = rows_from_frame({"x": np.arange(50), "score": np.linspace(0.1, 0.9, 50)})
    fitted = fit_baseline(
        rows, monitor(predictions=[{"column": "score", "decision_threshold": 0.35}])
    )
    score = fitted.columns["score"]
    assert isinstance(score, NumericProfile)
    assert score.n_at_or_above(0.35) == (np.linspace(0.1, 0.9, 50) >= 0.35).sum()


@given(
    values=st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(np.inf)), min_size=2),
    cut=st.integers(0),
)
def test_profiles_of_chunks_add_up_to_the_profile_of_the_whole(
    values: list[float | None], cut: int
) -> None:
    names = [None if value is None else f"c{value:.0f}"[:3] for value in values]
    ruler = fit_baseline(
        rows_from_frame({"n": np.arange(-50.0, 50.0), "t": ["c1", "c-", "c0", "ci"] * 25}),
        monitor(),
    )

    def profile(chunk: slice) -> DatasetProfile:
        frame = {"n": values[chunk], "t": names[chunk]}
        return profile_rows(rows_from_frame(frame), ruler)

    at = cut % len(values)
    added, whole = profile(slice(at)) + profile(slice(at, None)), profile(slice(None))
    assert added.n_rows == whole.n_rows == len(values)
    numbers, numbers_added = whole.columns["n"], added.columns["n"]
    texts, texts_added = whole.columns["t"], added.columns["t"]
    assert isinstance(numbers, NumericProfile)
    assert isinstance(numbers_added, NumericProfile)
    assert isinstance(texts, CategoricalProfile)
    assert isinstance(texts_added, CategoricalProfile)
    np.testing.assert_array_equal(numbers_added.cells, numbers.cells)
    np.testing.assert_array_equal(texts_added.counts, texts.counts)
    assert numbers_added.n_missing == numbers.n_missing == texts.n_missing
    assert numbers_added.n_infinite == numbers.n_infinite == values.count(np.inf)


def test_csv_parquet_and_frame_give_the_same_baseline(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "n": rng.normal(size=500).round(6),
            "i": rng.integers(0, 5, 500),
            "t": rng.choice(["x", "y", "z"], 500),
            "b": rng.random(500) < 0.5,
        }
    )
    frame.loc[::7, ["n", "t"]] = None
    frame.to_csv(tmp_path / "b.csv", index=False)
    frame.to_parquet(tmp_path / "b.parquet")
    frame.to_json(tmp_path / "b.json", orient="records", double_precision=15)
    settings = monitor()
    ids = {
        fit_baseline(rows, settings).id
        for rows in (
            rows_from_frame(frame),
            rows_from_files([tmp_path / "b.csv"]),
            rows_from_files([tmp_path / "b.parquet"]),
            rows_from_files([tmp_path / "b.json"]),
        )
    }
    assert len(ids) == 1


def test_a_baseline_in_three_files_is_the_baseline_in_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": range(90), "t": ["x", "y", "z"] * 30})
    paths = []
    for i in range(3):
        paths.append(tmp_path / f"{i}.csv")
        frame.iloc[30 * i : 30 * (i + 1)].to_csv(paths[-1], index=False)
    whole = fit_baseline(rows_from_frame(frame), monitor())
    assert fit_baseline(rows_from_files(paths), monitor()).id == whole.id


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"n": ["1", "2"]}, "type changed: found text, '1' in row 1, expected numbers"),
        ({"n": [True, False]}, "type changed: found true and false, expected numbers"),
        ({"n": [[1], [2]]}, "found nested values"),
        ({"t": [1, 2]}, "type changed: found numbers, expected text"),
        ({"t": [True, False]}, "type changed: found true and false, expected text"),
        ({"b": [0, 1]}, "type changed: found numbers, expected true and false"),
        ({"b": ["yes", "no"]}, "type changed: found text, expected true and false"),
        ({"code": [True, False]}, "type changed: found true and false, expected numbers"),
        ({}, "column absent from the data frame"),
    ],
)
def test_a_changed_type_is_a_reason_and_never_a_pass(
    baseline: Baseline, frame: dict[str, list[object]], expected: str
) -> None:
    column = next(iter(frame), "n")
    profile = profile_rows(rows_from_frame({**frame, "other": [0, 0]}), baseline)
    assert reason(profile, column).startswith(expected)
    assert profile.n_rows == 2
    assert profile.extra_columns == ("other",)


def test_one_bad_value_in_a_csv_spoils_one_column_only(tmp_path: Path, baseline: Baseline) -> None:
    rows = csv_rows(tmp_path, "n,t,b,code\n1,x,True,1\nabc,y,maybe,2\n")
    profile = profile_rows(rows, baseline)
    assert reason(profile, "n") == "type changed: found 'abc' in row 2, expected numbers"
    assert reason(profile, "b") == "type changed: found 'maybe', expected true or false"
    for name in ("t", "code"):
        found = profile.columns[name]
        assert isinstance(found, CategoricalProfile)
        assert found.psi_counts.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    "codes", [[1, 2, 2], [1.0, 2.0, 2.0], ["1", "2", "2.0"], [1.0, None, 2.0, 2.0]]
)
def test_codes_keep_their_categories_however_they_are_stored(
    baseline: Baseline, codes: list[object]
) -> None:
    found = profile_rows(rows_from_frame({"code": codes}), baseline).columns["code"]
    assert isinstance(found, CategoricalProfile)
    assert found.psi_counts.tolist() == [1, 2, 0]


def test_a_code_that_is_no_number_is_an_unseen_category(baseline: Baseline) -> None:
    found = profile_rows(rows_from_frame({"code": ["1", "A7"]}), baseline).columns["code"]
    assert isinstance(found, CategoricalProfile)
    assert found.unseen == (("A7", 1),)


def test_all_missing_and_no_rows_have_profiles_that_say_so(
    tmp_path: Path, baseline: Baseline
) -> None:
    missing = profile_rows(csv_rows(tmp_path, "n,t,b,code\n,NA,,\n,,,\n"), baseline)
    nothing = profile_rows(csv_rows(tmp_path, "n,t,b,code\n"), baseline)
    for name in baseline.columns:
        empty, without = missing.columns[name], nothing.columns[name]
        assert not isinstance(empty, Unprofiled)
        assert not isinstance(without, Unprofiled)
        assert (empty.n, empty.n_missing, without.n_rows) == (0, 2, 0)
    assert nothing.n_rows == 0


def test_only_the_wanted_columns_are_profiled(baseline: Baseline) -> None:
    rows = rows_from_frame({"n": [1], "t": ["x"]})
    assert list(profile_rows(rows, baseline, columns=["t"]).columns) == ["t"]


def test_a_baseline_column_without_values_is_kept_and_never_evaluated() -> None:
    rows = rows_from_frame({"n": np.arange(200.0), "gone": [None] * 200})
    settings = monitor(features=["n", "gone"])
    fitted = fit_baseline(rows, settings)
    current = profile_rows(rows_from_frame({"n": np.arange(200.0), "gone": [1] * 200}), fitted)
    result = assess(settings, fitted, current).feature("gone")
    assert result.verdict is Verdict.NOT_EVALUATED
    assert result.reason == "the baseline has no value in this column"
    assert Baseline.from_bytes(fitted.to_bytes()).id == fitted.id


def test_a_baseline_of_infinite_values_alone_can_be_compared_with() -> None:
    rows = rows_from_frame({"n": np.array([np.inf, -np.inf] * 100)})
    fitted = fit_baseline(rows, monitor())
    current = rows_from_frame({"n": np.full(200, np.inf)})
    result = assess(monitor(), fitted, profile_rows(current, fitted)).feature("n")
    assert result.verdict is Verdict.BREACH
    assert result.value("ks") == 0.5


@pytest.mark.parametrize("values", [[7.0] * 300, ["only"] * 300, [True] * 300])
def test_one_distinct_value_is_a_baseline_like_another(values: list[object]) -> None:
    rows = rows_from_frame({"c": values})
    fitted = fit_baseline(rows, monitor())
    result = assess(monitor(), fitted, profile_rows(rows, fitted)).feature("c")
    assert result.verdict is Verdict.OK
    assert result.value("psi") == 0.0


def test_a_single_row_can_be_a_baseline() -> None:
    fitted = fit_baseline(rows_from_frame({"n": [1.0], "t": ["x"]}), monitor())
    assert fitted.n_rows == 1


def test_a_baseline_without_rows_is_refused(tmp_path: Path) -> None:
    for rows in (csv_rows(tmp_path, "a,b\n"), rows_from_frame(pd.DataFrame({"a": []}))):
        with pytest.raises(NoDataError, match="no rows"):
            fit_baseline(rows, monitor())


def test_all_that_is_wrong_with_a_baseline_is_said_at_once(tmp_path: Path) -> None:
    rows = csv_rows(tmp_path, "age,income,income,t\n1,2,3,x\n")
    columns = ["aeg", "income", {"column": "t", "kind": "numeric"}]
    with pytest.raises(ColumnError) as caught:
        fit_baseline(rows, monitor(features=columns))
    message = str(caught.value)
    assert "'aeg': column absent. Did you mean 'age'?" in message
    assert "'income': column name occurs more than once in day.csv" in message
    assert "'t': declared numeric, but found 'x' in row 1" in message


def test_names_that_differ_only_by_case_are_refused_where_both_are_watched() -> None:
    rows = rows_from_frame({"a": [1, 2], "A": [3, 4], "x": [5, 6]})
    with pytest.raises(ColumnError, match="'a' and 'A' differ only by case"):
        fit_baseline(rows, monitor())
    assert set(fit_baseline(rows, monitor(exclude=["A"])).columns) == {"a", "x"}


def test_nothing_to_watch_is_an_error() -> None:
    rows = rows_from_frame({"when": pd.date_range("2026-01-01", periods=3)})
    with pytest.raises(ColumnError, match="no column that can be watched"):
        fit_baseline(rows, monitor())


def test_a_listed_date_is_watched_as_a_number() -> None:
    rows = rows_from_frame({"when": pd.date_range("1970-01-02", periods=3)})
    found = fit_baseline(rows, monitor(features=["when"])).columns["when"]
    assert isinstance(found, NumericProfile)
    assert (found.minimum, found.maximum) == (86_400.0, 3 * 86_400.0)


def many_kinds(n: int) -> pa.Table:
    """Return a column of every kind, with ties, NULL, NaN and infinite values."""
    random = np.random.default_rng(8)
    normal = random.normal(size=n)
    some = random.random(n) < 0.1
    words = random.choice(["a", "b", "c", "d"], n, p=[0.7, 0.2, 0.05, 0.05])
    odd = np.where(some, [np.nan, np.inf, -np.inf, 0.0, -0.0] * (n // 5), normal)
    columns = {
        "float64": pa.array(normal, mask=some),
        "float32": pa.array(normal.astype(np.float32)),
        "odd": pa.array(odd),
        "int16": pa.array(random.integers(-9_000, 9_000, n).astype(np.int16)),
        "uint64": pa.array(random.integers(0, 40, n).astype(np.uint64), mask=some),
        "decimal": pa.array(random.integers(0, 99_999, n)).cast(pa.decimal128(22, 2)),
        "time": pa.array(random.integers(10**9, 2 * 10**9, n), pa.timestamp("s")),
        "date": pa.array(random.integers(0, 9_000, n).astype(np.int32), pa.date32()),
        "bool": pa.array(normal > 1, mask=some),
        "text": pa.array(words.tolist(), mask=some),
        "large_text": pa.array(words.tolist(), pa.large_string()),
        "coded": pa.array(words.tolist(), mask=some).dictionary_encode(),
        "constant": pa.array(np.full(n, 3.5)),
        "late": pa.array([None] * (n - 40) + [1.5, 2.5] * 20),
        "gone": pa.array([None] * n, pa.float64()),
    }
    return pa.table(columns)


def small_pieces(patch: pytest.MonkeyPatch, rows: int, whole_rows: int) -> None:
    for module in ("numbers", "frames", "profiling"):
        patch.setattr(f"drift_assets.scan.{module}.PIECE_ROWS", rows)
    patch.setattr("drift_assets.scan.profiling.WHOLE_ROWS", whole_rows)
    patch.setattr("drift_assets.scan.order_statistics.STRIDE", 4)
    for module in ("profiles.binning", "scan.order_statistics"):
        patch.setattr(f"drift_assets.{module}.GRID_SIZE", 300)


@pytest.mark.parametrize("piece_rows", [333, 1_000, 2_499])
def test_streamed_and_whole_give_the_same_bins_for_every_kind_of_column(
    tmp_path: Path, piece_rows: int
) -> None:
    table = many_kinds(5_000)
    pq.write_table(table, tmp_path / "b.parquet", row_group_size=700)
    watched = monitor(features=table.column_names)
    baselines = {}
    for whole_rows in (0, 10_000):
        with pytest.MonkeyPatch.context() as patch:
            small_pieces(patch, piece_rows, whole_rows)
            rows = rows_from_files([tmp_path / "b.parquet"])
            frozen = fit_baseline(rows, watched)
            baselines[whole_rows] = frozen
            # Its own rows over its ruler are its own counts, piece by piece.
            current = profile_rows(rows_from_files([tmp_path / "b.parquet"]), frozen)
        for name, one in frozen.columns.items():
            again = current.columns[name]
            if name == "gone":
                assert reason(current, name) == "the baseline has no value in this column"
                continue
            assert not isinstance(again, Unprofiled)
            assert again.psi_counts.tolist() == one.psi_counts.tolist(), name
            assert (again.n, again.n_missing) == (one.n, one.n_missing)
    for name, streamed in baselines[0].columns.items():
        whole = baselines[10_000].columns[name]
        assert streamed.psi_counts.tolist() == whole.psi_counts.tolist(), name
        assert streamed.js_counts.tolist() == whole.js_counts.tolist(), name
        assert streamed.n_missing == whole.n_missing
        if isinstance(streamed, NumericProfile):
            assert isinstance(whole, NumericProfile)
            labels = [p.binning.label(p.binning.psi_starts, 0) for p in (streamed, whole)]
            assert labels[0] == labels[1]
            assert (streamed.minimum, streamed.maximum) == (whole.minimum, whole.maximum)
            assert streamed.mean == pytest.approx(whole.mean, rel=1e-9)
            assert streamed.std == pytest.approx(whole.std, rel=1e-9, nan_ok=True)


def test_a_baseline_is_the_same_however_its_rows_are_cut_up(tmp_path: Path) -> None:
    table = many_kinds(5_000)
    watched = monitor(features=table.column_names)
    pq.write_table(table, tmp_path / "one.parquet")
    pq.write_table(table, tmp_path / "groups.parquet", row_group_size=123)
    pq.write_table(table.slice(0, 1_234), tmp_path / "a.parquet")
    pq.write_table(table.slice(1_234), tmp_path / "b.parquet")
    with pytest.MonkeyPatch.context() as patch:
        small_pieces(patch, 1_000, 0)
        ids = {
            fit_baseline(rows, watched).id
            for rows in (
                rows_from_frame(table),
                rows_from_files([tmp_path / "one.parquet"]),
                rows_from_files([tmp_path / "groups.parquet"]),
                rows_from_files([tmp_path / "a.parquet", tmp_path / "b.parquet"]),
            )
        }
    assert len(ids) == 1


def test_days_of_a_file_are_streamed_too(tmp_path: Path) -> None:
    day = pd.date_range("2026-01-01", periods=10).repeat(100)
    frame = pd.DataFrame({"day": day, "n": np.arange(1_000.0), "t": ["x", "y"] * 500})
    frame.to_parquet(tmp_path / "b.parquet")
    frame.to_csv(tmp_path / "b.csv", index=False)
    wanted = {"date_column": "day", "start": date(2026, 1, 3), "end": date(2026, 1, 6)}
    whole = fit_baseline(rows_from_frame(frame.iloc[200:600]), monitor(features=["n", "t"]))
    with pytest.MonkeyPatch.context() as patch:
        small_pieces(patch, 130, 10_000)
        for name in ("b.parquet", "b.csv"):
            rows = rows_from_files([tmp_path / name], **wanted)  # type: ignore[arg-type]  # by name
            assert fit_baseline(rows, monitor(features=["n", "t"])).id == whole.id


def test_a_csv_file_too_large_to_hold_is_the_same_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = many_kinds(5_000).select(["float64", "uint64", "text", "late"])
    watched = monitor(features=table.column_names)
    table.to_pandas().to_csv(tmp_path / "b.csv", index=False)
    rows = rows_from_files([tmp_path / "b.csv"])
    held = fit_baseline(rows, watched)
    monkeypatch.setattr("drift_assets.scan.files.Shelf", lambda: Shelf(memory_values=100))
    monkeypatch.setattr("drift_assets.scan.delimited.BLOCK_BYTES", 1 << 14)
    filed = fit_baseline(rows_from_files([tmp_path / "b.csv"]), watched)
    assert filed.id == held.id


def test_too_many_categories_are_counted_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("categories", "delimited"):
        monkeypatch.setattr(f"drift_assets.scan.{module}.NAMED_CATEGORIES", 200)
    for module in ("scan.categories", "profiles.binning"):
        monkeypatch.setattr(f"drift_assets.{module}.FREQUENT_ROWS", 20)
    monkeypatch.setattr("drift_assets.scan.categories.HASHES", 256)
    names = [f"user {i}" if i % 4 else "guest" for i in range(8_000)]
    frozen = fit_baseline(rows_from_frame({"t": names}), monitor())
    one = frozen.columns["t"]
    assert isinstance(one, CategoricalProfile)
    assert one.binning.labels == ("guest", "other (too many to name)", "unseen")
    assert one.counts.tolist() == [2_000, 6_000, 0]
    assert one.n_distinct == pytest.approx(6_001, rel=4 * one.distinct_error)
    again = Baseline.from_bytes(frozen.to_bytes())
    assert again.id == frozen.id
    now = pd.DataFrame({"t": ["guest"] * 1_000 + [f"new {i}" for i in range(1_000)]})
    now.to_csv(tmp_path / "now.csv", index=False)
    current = profile_rows(rows_from_files([tmp_path / "now.csv"]), again)
    found = current.columns["t"]
    assert isinstance(found, CategoricalProfile)
    assert found.counts.tolist() == [1_000, 1_000, 0]
    result = assess(monitor(), again, current).feature("t")
    assert "too many to tell unseen ones from rare ones" in result.reason
    # Of a baseline that knows all names, as many new ones are unseen.
    known = fit_baseline(rows_from_frame({"t": ["guest"] * 90 + ["x"] * 10}), monitor())
    unseen = profile_rows(rows_from_files([tmp_path / "now.csv"]), known).columns["t"]
    assert isinstance(unseen, CategoricalProfile)
    assert unseen.counts.tolist() == [1_000, 0, 1_000]


def test_a_column_of_which_no_category_can_be_followed_is_no_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("scan.categories", "profiles.binning"):
        monkeypatch.setattr(f"drift_assets.{module}.FREQUENT_ROWS", 20)
    monkeypatch.setattr("drift_assets.scan.categories.NAMED_CATEGORIES", 200)
    ids = {"t": [f"user {i}" for i in range(8_000)]}
    frozen = fit_baseline(rows_from_frame(ids), monitor())
    for now in ({"t": ["const"] * 500}, ids):
        result = assess(monitor(), frozen, profile_rows(rows_from_frame(now), frozen)).feature("t")
        assert result.verdict == "not_evaluated"
        assert "exclude the column" in result.reason


def test_days_of_a_column_with_categories_too_many_to_name_can_be_summed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("scan.categories", "profiles.binning"):
        monkeypatch.setattr(f"drift_assets.{module}.FREQUENT_ROWS", 20)
    monkeypatch.setattr("drift_assets.scan.categories.NAMED_CATEGORIES", 200)
    names = [f"user {i}" if i % 4 else "guest" for i in range(8_000)]
    frozen = fit_baseline(rows_from_frame({"t": names}), monitor())
    one = profile_rows(rows_from_frame({"t": names[:4_000]}), frozen)
    side = one.columns["t"]
    assert isinstance(side, CategoricalProfile)
    summed = Comparison("c" * 16, "some days", 2, 8_000, {"t": side + side})
    result = assess(monitor(), frozen, one, comparison=summed).feature("t")
    assert result.verdict == "ok"
    assert "too many to tell" in result.reason
