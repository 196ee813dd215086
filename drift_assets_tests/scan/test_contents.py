from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
from pyarrow import parquet

from drift_assets.errors import ColumnError
from drift_assets.scan.contents import days_in_file

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)
FRAME = pd.DataFrame(
    {
        "day": [FIRST, SECOND, SECOND],
        "n": [1.0, 2.0, None],
        "t": ["x", "y", "z"],
        "b": [True, False, True],
        "nested": [[1], [2], [3]],
    }
)


def hashes(folder: Path, frame: pd.DataFrame, suffix: str = "parquet") -> dict[date, str]:
    path = folder / f"all.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.astype({"day": str}).to_json(path, orient="records")
    return dict(days_in_file(path, date_column="day").marks)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_a_change_in_one_day_changes_that_day_only(tmp_path: Path, suffix: str) -> None:
    before = hashes(tmp_path, FRAME, suffix)
    assert list(before) == [FIRST, SECOND]
    changed = FRAME.copy()
    changed.loc[2, "t"] = "other"
    after = hashes(tmp_path, changed, suffix)
    assert after[FIRST] == before[FIRST]
    assert after[SECOND] != before[SECOND]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_a_new_day_changes_no_other(tmp_path: Path, suffix: str) -> None:
    before = hashes(tmp_path, FRAME.iloc[:1], suffix)
    assert hashes(tmp_path, FRAME, suffix)[FIRST] == before[FIRST]


def test_the_order_of_rows_and_columns_changes_nothing(tmp_path: Path) -> None:
    assert hashes(tmp_path, FRAME) == hashes(tmp_path, FRAME.iloc[::-1, ::-1])


def test_a_row_that_arrives_twice_is_a_change(tmp_path: Path) -> None:
    twice = pd.concat([FRAME, FRAME.iloc[:1]])
    assert hashes(tmp_path, FRAME)[FIRST] != hashes(tmp_path, twice)[FIRST]


def test_values_swapped_between_rows_are_a_change(tmp_path: Path) -> None:
    swapped = FRAME.copy()
    swapped["t"] = ["x", "z", "y"]
    assert hashes(tmp_path, FRAME)[SECOND] != hashes(tmp_path, swapped)[SECOND]


def test_a_column_that_nobody_watches_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("day,n,note\n2026-01-01,1,x\n", encoding="utf-8")
    listed = days_in_file(path, date_column="day", columns=["n"])
    rest = days_in_file(path, date_column="day", exclude=["note"])
    path.write_text("day,n,note\n2026-01-01,1,other\n", encoding="utf-8")
    assert days_in_file(path, date_column="day", columns=["n"]) == listed
    assert days_in_file(path, date_column="day", exclude=["note"]) == rest


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_rows_without_a_date_belong_to_no_day_and_are_counted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"all.{suffix}"
    frame = pd.DataFrame({"day": ["2026-01-01", None, "2026-01-02"], "n": [1, 2, 3]})
    if suffix == "json":
        frame.to_json(path, orient="records")
    elif suffix == "csv":
        frame.to_csv(path)
    else:
        frame.to_parquet(path)
    found = days_in_file(path, date_column="day")
    assert list(found.marks) == [FIRST, SECOND]
    assert (found.n_rows, found.n_undated) == (3, 1)


def test_a_file_without_the_date_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    pd.DataFrame({"n": [1]}).to_parquet(path)
    with pytest.raises(ColumnError, match="no date column 'day'"):
        days_in_file(path, date_column="day")


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_date_column_that_is_there_twice_says_no_day(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"all.{suffix}"
    if suffix == "parquet":
        table = pa.table([[FIRST], [SECOND], [1]], names=["day", "day", "n"])
        parquet.write_table(table, path)
    elif suffix == "csv":
        path.write_text(f"day,day,n\n{FIRST},{SECOND},1\n", encoding="utf-8")
    else:
        path.write_text(f'{{"day": "{FIRST}", "day": "{SECOND}", "n": 1}}', encoding="utf-8")
    with pytest.raises(ColumnError, match="date column 'day' more than once"):
        days_in_file(path, date_column="day")
