"""The archive of rows gives the profiles that the files gave."""

import io
from datetime import date
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
from pyarrow import parquet

from drift_assets.errors import DataError
from drift_assets.scan import fit_baseline, rows_from_files
from drift_assets.scan.archiving import mark_of, parquet_of
from drift_assets.scan.days import Days
from drift_assets_tests.store.samples import monitor

TEXT = (
    "day,n,x,flag,name,code\n"
    "2026-01-01,1,0.5,True,a,01\n"
    "2026-01-01,2,,False,,02\n"
    "2026-01-02,3,-1e3,True,b,x3\n"
)


def read(content: bytes) -> list[dict[str, object]]:
    found: list[dict[str, object]] = parquet.read_table(io.BytesIO(content)).to_pylist()
    return found


def test_text_becomes_what_it_spells_and_other_text_stays(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT, encoding="utf-8")
    rows = read(parquet_of([(rows_from_files([tmp_path / "a.csv"]), None)]))
    assert rows[1] == {
        "day": "2026-01-01",
        "n": 2.0,
        "x": None,
        "flag": False,
        "name": None,
        "code": "02",
    }
    assert [row["code"] for row in rows] == ["01", "02", "x3"]


def test_only_the_rows_of_the_day_are_archived(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT, encoding="utf-8")
    day = date(2026, 1, 1)
    rows = rows_from_files([tmp_path / "a.csv"], date_column="day", start=day, end=day)
    assert [row["n"] for row in read(parquet_of([(rows, Days("day", day, day))]))] == [1.0, 2.0]


def test_types_and_row_order_of_parquet_stay(tmp_path: Path) -> None:
    table = pa.table({"n": [3, 1, 2], "t": ["x", None, "y"], "b": [True, None, False]})
    parquet.write_table(table, tmp_path / "a.parquet")
    content = parquet_of([(rows_from_files([tmp_path / "a.parquet"]), None)], mark="abc")
    assert read(content) == table.to_pylist()
    (tmp_path / "b.parquet").write_bytes(content)
    assert mark_of(tmp_path / "b.parquet") == "abc"
    assert mark_of(tmp_path / "a.parquet") is None


def test_the_archive_freezes_to_what_the_file_froze_to(tmp_path: Path) -> None:
    lines = ["income,score,state"]
    lines += [f"{n * 7 % 101},{n % 13 / 13},{'NY' if n % 3 else 'TX'}" for n in range(500)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = fit_baseline(rows_from_files([tmp_path / "a.csv"]), monitor())
    (tmp_path / "a.parquet").write_bytes(
        parquet_of([(rows_from_files([tmp_path / "a.csv"]), None)])
    )
    assert fit_baseline(rows_from_files([tmp_path / "a.parquet"]), monitor()).id == before.id


def test_files_that_do_not_go_together_are_refused_in_words(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": [[1]]}), tmp_path / "a.parquet")
    parquet.write_table(pa.table({"x": [1.0]}), tmp_path / "b.parquet")
    rows = rows_from_files([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    with pytest.raises(DataError, match="cannot be archived as Parquet"):
        parquet_of([(rows, None)])
