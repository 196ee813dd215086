from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pytest

from drift_assets.errors import ColumnError, ConfigurationError
from drift_assets.profiles import Unprofiled
from drift_assets.scan import rows_from_frame
from drift_assets.scan.columns import CategoryColumn, Found, NumberColumn, Want, WrongType

VALUES = {"n": [1.0, None, 3.0], "t": ["x", "y", None], "b": [True, None, False]}
TYPES = {"n": pl.Float64, "t": pl.String, "b": pl.Boolean}


def column(frame: object, name: str, want: Want = "any") -> Found:
    return dict(rows_from_frame(frame).read({name: want}))[name]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(VALUES),
        pd.DataFrame(VALUES).convert_dtypes(),
        pd.DataFrame(VALUES, dtype=object),
        pd.DataFrame(VALUES, index=pd.Index([7, 7, 9], name="key")),
        pl.DataFrame(VALUES, schema=TYPES),
        pa.table(VALUES),
        VALUES,
        {name: np.array(values, dtype=object) for name, values in VALUES.items()},
    ],
    ids=["pandas", "nullable", "object", "indexed", "polars", "arrow", "lists", "arrays"],
)
def test_every_kind_of_frame_gives_the_same_columns(frame: object) -> None:
    rows = rows_from_frame(frame)
    assert rows.columns == rows.watchable == ("n", "t", "b")
    assert rows.n_rows == 3
    found = dict(rows.read(dict.fromkeys(rows.columns, "any")))
    numbers, texts, booleans = found["n"], found["t"], found["b"]
    assert isinstance(numbers, NumberColumn)
    assert isinstance(texts, CategoryColumn)
    assert isinstance(booleans, CategoryColumn)
    assert (numbers.numbers.tolist(), numbers.n_missing) == ([1.0, 3.0], 1)
    assert (dict(texts.counts), texts.n_missing) == ({"x": 1, "y": 1}, 1)
    assert (dict(booleans.counts), booleans.n_missing) == ({"true": 1, "false": 1}, 1)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["u", "v", "u"], dtype="category"),
        pl.Series(["u", "v", "u"], dtype=pl.Categorical),
        pl.Series(["u", "v", "u"], dtype=pl.Enum(["v", "u"])),
        pa.array(["u", "v", "u"]).dictionary_encode(),
    ],
    ids=["pandas", "polars", "enum", "arrow"],
)
def test_a_categorical_column_is_counted_by_its_names(values: object) -> None:
    frame = pl.DataFrame({"c": values}) if isinstance(values, pl.Series) else {"c": values}
    found = column(frame, "c")
    assert isinstance(found, CategoryColumn)
    assert dict(found.counts) == {"u": 2, "v": 1}


def test_a_nullable_integer_with_na_is_a_number_with_a_missing_row() -> None:
    found = column(pd.DataFrame({"i": pd.array([1, None, 3], dtype="Int64")}), "i")
    assert isinstance(found, NumberColumn)
    assert (found.numbers.tolist(), found.n_missing) == ([1.0, 3.0], 1)


def test_dates_nested_and_missing_columns_are_not_watchable() -> None:
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2026-01-01", periods=2),
            "span": pd.to_timedelta([1, 2], unit="h"),
            "month": pd.period_range("2026-01", periods=2, freq="M"),
            "text_date": ["2026-01-01", "2026-01-02"],
            "list": [[1], [2]],
            "complex": [1j, 2j],
            "none": [None, None],
            "nan": [np.nan, np.nan],
            "kept": [Decimal(1), Decimal(2)],
        }
    )
    assert rows_from_frame(frame).watchable == ("kept",)


def test_polars_dates_are_not_watchable() -> None:
    assert rows_from_frame(pl.DataFrame({"d": [date(2026, 1, 1)], "x": [1]})).watchable == ("x",)


def test_an_object_column_of_mixed_types_has_a_reason() -> None:
    found = column(pd.DataFrame({"o": [1, "x"]}), "o")
    assert isinstance(found, Unprofiled)
    assert "mixed types, 1 in row 1 and 'x' in row 2" in found.reason


def test_a_repeated_column_has_a_reason() -> None:
    found = column(pd.DataFrame([[1, 2]], columns=["a", "a"]), "a")
    assert found == Unprofiled("column name occurs more than once in the data frame")


def test_an_absent_column_has_a_reason() -> None:
    assert column({"a": [1]}, "b") == Unprofiled("column absent from the data frame")


def test_labels_that_are_not_text_are_an_error_that_says_how_to_rename() -> None:
    with pytest.raises(ColumnError, match=r"label 0 of type int.*columns\.map\(str\)"):
        rows_from_frame(pd.DataFrame({0: [1]}))


@pytest.mark.parametrize("frame", [np.arange(3), "day.csv", None, [1, 2]])
def test_what_is_no_frame_is_refused(frame: object) -> None:
    with pytest.raises(ConfigurationError, match="expected a pandas or polars data frame"):
        rows_from_frame(frame)


def test_a_lazy_frame_is_told_to_collect() -> None:
    with pytest.raises(ConfigurationError, match="collect"):
        rows_from_frame(pl.LazyFrame({"a": [1]}))


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ColumnError, match="one length"):
        rows_from_frame({"a": [1, 2], "b": [1]})


def test_a_pandas_slice_and_a_strided_array_are_read_as_they_look() -> None:
    frame = pd.DataFrame({"a": np.arange(10)})
    found = column(frame.iloc[::3], "a")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [0.0, 3.0, 6.0, 9.0]
    found = column({"a": np.arange(10)[::-4]}, "a")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [9.0, 5.0, 1.0]


def test_text_is_taken_for_dates_only_if_all_of_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_assets.scan.frames.FIRST_LOOK", 2)
    dates = ["2026-01-01", None, None, None, "2026-01-02"]
    rows = rows_from_frame(
        {"dates": dates, "not": [*dates[:4], "never"], "late": [None] * 4 + ["x"], "n": [1] * 5}
    )
    assert rows.watchable == ("not", "late", "n")


def test_a_frame_is_looked_at_in_pieces_with_rows_numbered_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("drift_assets.scan.frames.PIECE_ROWS", 2)
    column = pa.array([None, None, None, "x", "y"], pa.string())
    part = rows_from_frame({"n": np.arange(5), "t": column}).parts[0]
    pieces = list(part.pieces("n", "any"))
    assert [p.numbers.tolist() for p in pieces if isinstance(p, NumberColumn)] == [
        [0, 1],
        [2, 3],
        [4],
    ]
    assert list(part.pieces("t", "number"))[1] == WrongType(
        "found text, 'x' in row 4, expected numbers"
    )
