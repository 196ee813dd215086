"""Rows whose key another row has already, counted as SQL counts them."""

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.scan import rows_from_files, rows_from_frame
from drift_assets.scan.days import Days
from drift_assets.scan.duplicates import n_repeated


def test_it_is_what_sql_counts_by_a_key_of_two_columns() -> None:
    random = np.random.default_rng(3)
    pairs = pa.table({"a": random.integers(0, 40, 2000), "b": random.choice(list("xyz"), 2000)})
    (expected,) = duckdb.sql("SELECT count(*) - count(DISTINCT (a, b)) FROM pairs").fetchone() or ()
    assert n_repeated(rows_from_frame(pairs), ("a", "b")) == expected


def test_rows_without_a_key_repeat_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,5\n,5\n,5\n1,6\n2,7\n", encoding="utf-8")
    assert n_repeated(rows_from_files([tmp_path / "a.csv"]), ("id",)) == 1


def test_other_days_of_the_file_do_not_count(tmp_path: Path) -> None:
    text = "day,id\n2026-01-01,1\n2026-01-02,1\n2026-01-02,1\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    day = date(2026, 1, 2)
    rows = rows_from_files([tmp_path / "a.csv"], date_column="day", start=day, end=day)
    assert n_repeated(rows, ("id",), days=Days("day", day, day)) == 1


def test_a_column_that_is_not_there_leaves_no_answer() -> None:
    assert n_repeated(rows_from_frame({"x": np.arange(3)}), ("id",)) is None
