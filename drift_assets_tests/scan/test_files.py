import gzip
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest

from drift_assets.errors import DataError, NoDataError, UnreadableFileError
from drift_assets.profiles import Unprofiled
from drift_assets.scan import rows_from_files, rows_from_frame
from drift_assets.scan.columns import CategoryColumn, NumberColumn

FRAME = pd.DataFrame({"n": [1.5, 2.5, None], "t": ["x", "y", "x"]})


def write(folder: Path, name: str) -> Path:
    path = folder / name
    text = FRAME.to_csv(index=False, sep="\t" if ".tsv" in name.lower() else ",")
    if ".json" in name or ".ndjson" in name:
        text = FRAME.to_json(orient="records", lines=".json" not in name.replace(".jsonl", ""))
    if name.lower().endswith((".parquet", ".pq")):
        FRAME.to_parquet(path)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".zst"):
        with pa.output_stream(str(path), compression="zstd") as stream:
            stream.write(text.encode())
    else:
        path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "name",
    [
        "day.csv",
        "DAY.CSV",
        "day.2026-01-01.csv",
        "day.tsv",
        "day.csv.gz",
        "day.csv.zst",
        "day.json",
        "day.jsonl",
        "day.ndjson",
        "day.json.gz",
        "day.jsonl.zst",
        "day.parquet",
        "day.pq",
        "[a]*?.csv",
        "[a]*?.parquet",
    ],
)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    rows = rows_from_files([write(tmp_path, name)])
    assert rows.columns == ("n", "t")
    found = dict(rows.read({"n": "any", "t": "any"}))
    numbers, texts = found["n"], found["t"]
    assert isinstance(numbers, NumberColumn)
    assert isinstance(texts, CategoryColumn)
    assert (numbers.numbers.tolist(), numbers.n_missing) == ([1.5, 2.5], 1)
    assert dict(texts.counts) == {"x": 2, "y": 1}
    assert rows.n_rows == 3


def test_several_files_are_one_data_set(tmp_path: Path) -> None:
    paths = [write(tmp_path, "a.csv"), write(tmp_path, "b.parquet"), write(tmp_path, "c.json")]
    rows = rows_from_files(paths)
    assert rows.n_rows == 9
    found = dict(rows.read({"n": "any", "t": "any"}))
    texts = found["t"]
    assert isinstance(texts, CategoryColumn)
    assert dict(texts.counts) == {"x": 6, "y": 3}


def test_a_column_that_one_file_lacks_names_that_file(tmp_path: Path) -> None:
    whole, part = write(tmp_path, "whole.csv"), tmp_path / "part.csv"
    part.write_text("n\n1\n", encoding="utf-8")
    found = dict(rows_from_files([whole, part]).read({"n": "any", "t": "any"}))
    assert found["t"] == Unprofiled("column absent from part.csv")
    assert isinstance(found["n"], NumberColumn)


def test_text_in_one_csv_makes_the_whole_column_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code\n1\n2\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("code\nN3\n", encoding="utf-8")
    rows = rows_from_files([tmp_path / "a.csv", tmp_path / "b.csv"])
    found = dict(rows.read({"code": "any"}))["code"]
    assert isinstance(found, CategoryColumn)
    assert dict(found.counts) == {"1": 1, "2": 1, "N3": 1}


def test_a_baseline_can_be_some_days_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    days = pd.date_range("2026-01-01", periods=10)
    pd.DataFrame({"day": days, "n": range(10)}).to_parquet(path)
    rows = rows_from_files([path], date_column="day", start=date(2026, 1, 3), end=date(2026, 1, 5))
    found = dict(rows.read({"n": "any"}))["n"]
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [2.0, 3.0, 4.0]
    assert rows.n_rows == 3


def gzip_named_csv(folder: Path) -> Path:
    return Path(shutil.move(write(folder, "day.csv.gz"), folder / "day.csv"))


def parquet_named_csv(folder: Path) -> Path:
    return Path(shutil.move(write(folder, "day.parquet"), folder / "day.csv"))


def csv_named_parquet(folder: Path) -> Path:
    return Path(shutil.move(write(folder, "day.csv"), folder / "day.parquet"))


def csv_named_gzip(folder: Path) -> Path:
    return Path(shutil.move(write(folder, "day.csv"), folder / "day.csv.gz"))


def truncated_parquet(folder: Path) -> Path:
    path = write(folder, "day.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    return path


def damaged_parquet(folder: Path) -> Path:
    path = folder / "day.parquet"
    table = pa.table({"n": list(range(5_000))})
    pq.write_table(table, path, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[200:1_000] = bytes(800)
    path.write_bytes(bytes(content))
    return path


def excel(folder: Path) -> Path:
    path = folder / "day.csv"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    return path


def folder_of_files(folder: Path) -> Path:
    path = folder / "day.parquet"
    path.mkdir()
    return path


def empty_file(folder: Path) -> Path:
    path = folder / "day.csv"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (gzip_named_csv, UnreadableFileError, r"gzip data.*name it day\.csv\.gz"),
        (parquet_named_csv, UnreadableFileError, r"Parquet data.*name it day\.parquet"),
        (csv_named_parquet, UnreadableFileError, "expected Parquet as its name says"),
        (csv_named_gzip, UnreadableFileError, "expected gzip as its name says"),
        (truncated_parquet, UnreadableFileError, "damaged or truncated Parquet"),
        (damaged_parquet, UnreadableFileError, "damaged or truncated Parquet"),
        (excel, UnreadableFileError, "zip or Excel"),
        (folder_of_files, UnreadableFileError, "a folder"),
        (empty_file, NoDataError, "empty file"),
        (lambda folder: folder / "no.csv", UnreadableFileError, "no file"),
        (lambda folder: folder / "no" / "no.csv", UnreadableFileError, "there is no folder"),
        (lambda folder: folder / "day.xlsx", UnreadableFileError, r"\.csv, \.tsv, \.json"),
        (lambda folder: folder / "parquet", UnreadableFileError, "whose format its name"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_with_a_remedy(
    tmp_path: Path, make: object, error: type[DataError], message: str
) -> None:
    assert callable(make)
    path = make(tmp_path)
    with pytest.raises(error, match=message) as caught:
        list(rows_from_files([path]).read({"n": "any"}))
    assert str(path) in str(caught.value)


def test_no_file_at_all_is_said() -> None:
    with pytest.raises(NoDataError):
        rows_from_files([])


def test_a_column_with_a_dot_in_its_name_is_not_taken_for_a_nested_one(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    pq.write_table(pa.table({"a": [1, 2], "a.b": [3, 4], "Avg. ($)": [5, 6]}), path)
    rows = rows_from_files([path])
    for name, total in {"a": 3.0, "a.b": 7.0, "Avg. ($)": 11.0}.items():
        found = dict(rows.read({name: "any"}))[name]
        assert isinstance(found, NumberColumn)
        assert found.numbers.sum() == total


def test_a_pandas_index_in_parquet_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    FRAME.set_index(pd.Index([5, 1, 3])).to_parquet(path)
    assert rows_from_files([path]).columns == ("n", "t")
    FRAME.set_index(pd.Index([5, 1, 3], name="key")).to_parquet(path)
    rows = rows_from_files([path])
    assert rows.columns == ("n", "t", "key")
    assert rows.watchable == ("n", "t")
    assert rows_from_frame(pq.read_table(path)).watchable == ("n", "t")


@pytest.mark.parametrize(
    "said", [b"\xff", b"{", b"[1]", b"[" * 100_000, b'{"index_columns": 7}'], ids=range(5)
)
def test_what_cannot_be_read_of_a_pandas_index_keeps_no_rows_from_being_read(
    tmp_path: Path, said: bytes
) -> None:
    table = pa.Table.from_pandas(FRAME).replace_schema_metadata({"pandas": said})
    path = tmp_path / "day.parquet"
    pq.write_table(table, path)
    for rows in (rows_from_files([path]), rows_from_frame(table)):
        assert (rows.n_rows, rows.watchable) == (len(FRAME), ("n", "t"))


def test_files_are_read_without_pandas(tmp_path: Path) -> None:
    paths = [str(write(tmp_path, "day.csv")), str(write(tmp_path, "day.parquet"))]
    program = (
        "import pathlib, sys\n"
        "from drift_assets.scan import rows_from_files\n"
        "for path in sys.argv[1:]:\n"
        "    rows = rows_from_files([pathlib.Path(path)])\n"
        "    assert rows.watchable == ('n', 't')\n"
        "    assert len(list(rows.read({'n': 'any', 't': 'any'}))) == 2\n"
        "print(*{'pandas', 'scipy.stats', 'duckdb', 'dagster'} & sys.modules.keys())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *paths], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ""
