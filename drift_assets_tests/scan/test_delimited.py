"""The witness is ``pandas.read_csv``: what it calls missing, a number or text, we do."""

import gzip
import importlib
import tracemalloc
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import ColumnError, DataError, NoDataError, UnreadableFileError
from drift_assets.scan import delimited
from drift_assets.scan.columns import CategoryColumn, Found, MissingColumn, NumberColumn, WrongType
from drift_assets.scan.days import Days
from drift_assets.scan.delimited import MISSING_TOKENS, DelimitedPart
from drift_assets.scan.files import rows_from_files


def written(folder: Path, content: str | bytes, name: str = "day.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def part_of(folder: Path, content: str | bytes, days: Days | None = None) -> DelimitedPart:
    return DelimitedPart(written(folder, content), delimiter=",", days=days)


def column_of(folder: Path, content: str | bytes, name: str = "a") -> Found:
    return part_of(folder, content).take(name, "any")


def test_missing_values_are_those_of_pandas() -> None:
    parsers = importlib.import_module("pandas._libs.parsers")
    assert set(MISSING_TOKENS) == set(parsers.STR_NA_VALUES)


@given(
    values=st.lists(
        st.one_of(
            st.integers(-(10**9), 10**9).map(str),
            st.floats(allow_nan=False).map(repr),
            st.sampled_from([*MISSING_TOKENS, " 7", "+1", "1e3", ".5", "2."]),
        ),
        min_size=1,
    )
)
def test_numbers_are_those_of_pandas(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("numbers")
    # A second column: pandas and Arrow both skip a line that is empty.
    path = written(folder, "a,b\n" + "".join(f"{value},0\n" for value in values))
    witness = pd.read_csv(path)["a"].to_numpy(dtype=float)
    found = DelimitedPart(path, delimiter=",").take("a", "any")
    assert isinstance(found, (NumberColumn, MissingColumn))
    assert found.n_missing == np.isnan(witness).sum()
    if isinstance(found, NumberColumn):
        # The default parser of pandas may be off by a few units in the last place.
        np.testing.assert_allclose(found.numbers, witness[~np.isnan(witness)], rtol=4e-15)


@given(
    values=st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(lambda t: f"x{t}"),
        min_size=1,
    )
)
def test_texts_are_those_of_pandas(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    path = tmp_path_factory.mktemp("texts") / "day.csv"
    pd.DataFrame({"a": values, "b": 0}).to_csv(path, index=False)
    witness = pd.read_csv(path)["a"].value_counts().to_dict()
    found = DelimitedPart(path, delimiter=",").take("a", "any")
    assert isinstance(found, CategoryColumn)
    assert dict(found.counts) == witness


def test_a_text_after_many_blocks_of_numbers_makes_the_column_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    found = column_of(tmp_path, "a\n" + "01\n" * 100 + "N1\n" + "2\n" * 50)
    assert isinstance(found, CategoryColumn)
    assert dict(found.counts) == {"01": 100, "2": 50, "N1": 1}


def test_a_bad_number_is_found_in_a_late_block_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    part = part_of(tmp_path, "a\n" + "1\n" * 100 + "N1\n")
    assert part.take("a", "number") == WrongType("found 'N1' in row 101, expected numbers")
    assert part.n_rows == 101


def test_quoted_line_breaks_and_delimiters_belong_to_the_field(tmp_path: Path) -> None:
    part = part_of(tmp_path, 'a,b\n"x\ny, ""z""",1\nq,2\n')
    found = part.take("a", "any")
    assert isinstance(found, CategoryColumn)
    assert dict(found.counts) == {'x\ny, "z"': 1, "q": 1}
    assert part.n_rows == 2


def test_a_quoted_missing_value_is_missing_as_in_pandas(tmp_path: Path) -> None:
    assert column_of(tmp_path, 'a,b\n"NA",1\n"",2\n') == MissingColumn(2)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    found = column_of(tmp_path, "\ufeffa,b\r\n1,2\r\n3,4\r\n")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [1.0, 3.0]


def test_the_nameless_index_that_pandas_writes_is_no_column(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    pd.DataFrame({"a": [1, 2]}).to_csv(path)
    part = DelimitedPart(path, delimiter=",")
    assert part.columns == ("a",)
    assert part.n_rows == 2


def test_a_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    for content in ("a,b\n", "a,b"):
        part = part_of(tmp_path, content)
        assert part.columns == ("a", "b")
        assert part.n_rows == 0
        assert part.take("a", "number") == MissingColumn(0)


def test_dates_and_columns_without_values_are_not_watchable(tmp_path: Path) -> None:
    part = part_of(tmp_path, "n,d,t,e\n1,2026-01-01,x,\n2,2026-01-02,y,NA\n")
    assert part.suitability() == {
        "n": "watchable",
        "d": "unsuitable",
        "t": "watchable",
        "e": "missing",
    }


@pytest.mark.parametrize(
    ("content", "error", "parts"),
    [
        ("", NoDataError, ["empty"]),
        ("\n\n", NoDataError, ["empty"]),
        ("a,b\n1,2\n3\n", UnreadableFileError, ["1 field in line 3", "expected 2"]),
        ("a,b\n1,2\n3,4,5\n", UnreadableFileError, ["3 fields in line 3", "expected 2"]),
        ('a,b\n"x\ny",2\n3\n', UnreadableFileError, ["1 field in line 4"]),
        ('a,b\n"1,2\n3,4\n', UnreadableFileError, ["line 2"]),
        ("a;b\n1;2\n", UnreadableFileError, ["semicolons", "commas"]),
        ("a\tb\n1\t2\n", UnreadableFileError, ["tabs", "commas"]),
        ("a,b\nx,1\n\u00e9,2\n".encode("latin-1"), UnreadableFileError, ["UTF-8", "line 3"]),
        ("\u00e9,b\n1,2\n".encode("latin-1"), UnreadableFileError, ["UTF-8", "line 1"]),
        ("a,b\n1,2\n".encode("utf-16"), UnreadableFileError, ["UTF-16"]),
        (b"a,\0b\n1,2\n", UnreadableFileError, ["binary"]),
    ],
)
def test_a_file_that_is_no_csv_is_named_with_its_fault(
    tmp_path: Path, content: str | bytes, error: type[DataError], parts: list[str]
) -> None:
    with pytest.raises(error) as caught:
        part_of(tmp_path, content).take("a", "any")
    assert str(tmp_path / "day.csv") in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_late_fault_is_found_without_holding_the_file_in_memory(
    tmp_path: Path, compression: str | None
) -> None:
    content = b"a,b\n" + b"1,%s\n" % (b"x" * 2_000) * 10_000 + b"1,2,3\n"
    path = written(tmp_path, gzip.compress(content, 1) if compression else content)
    part = DelimitedPart(path, delimiter=",", compression=compression)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFileError, match=r"3 fields in line 10002 of .*expected 2"):
            part.take("a", "any")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < len(content) / 4


def test_a_ragged_row_is_never_quoted(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        part_of(tmp_path, "a,b\n1,2\nsecret,4,5\n").take("a", "any")
    assert "secret" not in str(caught.value)


def test_a_repeated_name_leaves_the_other_columns_readable(tmp_path: Path) -> None:
    part = part_of(tmp_path, "a,a,b\n1,2,3\n")
    assert part.repeated == {"a"}
    found = part.take("b", "any")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [3.0]


def test_a_truncated_gzip_is_said_to_be_one(tmp_path: Path) -> None:
    whole = gzip.compress(b"a\n" + b"".join(b"%d\n" % i for i in range(50_000)))
    path = written(tmp_path, whole[: len(whole) // 2], "day.csv.gz")
    with pytest.raises(UnreadableFileError, match="truncated gzip"):
        DelimitedPart(path, delimiter=",", compression="gzip").take("a", "any")


def test_only_the_rows_of_the_days_are_read_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    days = Days("d", date(2026, 1, 2), date(2026, 1, 3))
    part = part_of(
        tmp_path,
        "d,a\n2026-01-01,x\n2026-01-02,1\n2026-01-03 10:00:00,2\n,5\n2026-01-03,bad\n",
        days,
    )
    assert part.take("a", "number") == WrongType("found 'bad' in row 5, expected numbers")
    assert part.n_rows == 3


def test_a_date_that_is_none_is_named(tmp_path: Path) -> None:
    days = Days("d", date(2026, 1, 2), None)
    with pytest.raises(ColumnError, match=r"'23/11/2026' in row 2 of the date column 'd'"):
        part_of(tmp_path, "d,a\n2026-01-01,1\n23/11/2026,1\n", days).take("a", "any")


def test_an_absent_date_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"'when'.*'d', 'a'"):
        part_of(tmp_path, "d,a\n2026-01-01,1\n", Days("when"))


def test_a_value_longer_than_the_csv_module_takes_may_stand_in_the_first_row(
    tmp_path: Path,
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("c,n\n" + "x" * 140_000 + ",1\ny,2\n", encoding="utf-8")
    assert rows_from_files([path]).columns == ("c", "n")
