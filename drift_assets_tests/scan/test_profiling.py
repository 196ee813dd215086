from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.assessment import assess
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
