"""Copies go with whoever holds them, and nobody hears of them."""

import gc
from pathlib import Path

import pytest

from drift_assets.errors import DataError, UnreadableFileError
from drift_assets.scan import rows_from_files
from drift_assets.scan.copies import Copy, naming
from drift_assets.scan.files import DataFile


def test_a_copy_is_there_while_its_rows_are_and_gone_after() -> None:
    copy = Copy("s3://lake/x.csv", "x.csv")
    path = copy.path
    path.write_text("a\n1\n", encoding="utf-8")
    rows = rows_from_files([DataFile(path, copy=copy)])
    del copy
    gc.collect()
    assert rows.n_rows == 1
    assert path.exists()
    del rows
    gc.collect()
    assert not path.parent.exists()


@pytest.mark.parametrize("name", ["../../x.csv", "/etc/passwd", "a\0b", "", "..", "x" * 400])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    copy = Copy("origin", name)
    copy.path.write_bytes(b"")
    assert [entry.name for entry in copy.path.parent.iterdir()] == [copy.path.name]
    assert copy.path.resolve().parent == copy.path.parent.resolve()


def test_errors_name_the_origin() -> None:
    copy = Copy("s3://lake/x.csv", "x.csv")

    def fail() -> None:
        with naming(copy):
            raise UnreadableFileError(f"Found {copy.path} damaged")

    with pytest.raises(UnreadableFileError, match=r"^Found s3://lake/x\.csv damaged$"):
        fail()


def test_every_way_to_read_a_bad_copy_names_its_origin() -> None:
    copy = Copy("s3://lake/x.csv", "x.csv")
    copy.path.write_text("a,b\n1\n", encoding="utf-8")
    file = DataFile(Path(copy.path), copy=copy)
    for ask in (
        lambda: rows_from_files([file]).n_rows,
        lambda: rows_from_files([file]).watchable,
        lambda: list(rows_from_files([file]).read({"a": "any"})),
    ):
        with pytest.raises(DataError, match=r"line 2 of s3://lake/x\.csv, expected"):
            ask()
