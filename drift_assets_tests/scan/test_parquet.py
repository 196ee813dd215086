"""Parquet files: how often a file is opened, and how many stay open."""

import gc
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from drift_assets.compare import comparison_monitor
from drift_assets.errors import UnreadableFileError
from drift_assets.scan import fit_baseline, profile_rows
from drift_assets.scan.parquet import open_parquet
from drift_assets.scan.rows import MOST_WORKERS, Rows


def test_a_file_of_many_columns_is_not_opened_once_a_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path / "wide.parquet", n_columns=60)
    opens = Mock(wraps=pq.ParquetFile)
    monkeypatch.setattr(pq, "ParquetFile", opens)
    rows = Rows((open_parquet(path),))
    baseline = fit_baseline(rows, comparison_monitor())
    profile_rows(rows, baseline)
    # Twice to describe the file, and once for each thread that reads it.
    assert opens.call_count <= 2 + MOST_WORKERS


def test_text_numbers_and_booleans_of_one_file_come_out_as_they_went_in(tmp_path: Path) -> None:
    texts, numbers = ["a", "b", "a", None] * 50, list(map(float, range(200)))
    table = pa.table({"text": texts, "number": numbers, "flag": [True, False] * 100, "more": texts})
    pq.write_table(table, tmp_path / "mixed.parquet")
    rows = Rows((open_parquet(tmp_path / "mixed.parquet"),))
    for _ in range(2):
        found = fit_baseline(rows, comparison_monitor()).columns
        assert [found[name].n for name in rows.columns] == [150, 200, 200, 150]
        assert found["number"].mean == 99.5  # type: ignore[union-attr]
        assert found["flag"].n_distinct == found["more"].n_distinct == 2


def test_of_many_files_few_stay_open(tmp_path: Path) -> None:
    paths = [_file(tmp_path / f"{i:02}.parquet", n_columns=2) for i in range(40)]
    rows = Rows(tuple(open_parquet(path) for path in paths))
    assert fit_baseline(rows, comparison_monitor()).n_rows == 40 * 100
    assert len(_descriptors(tmp_path)) <= 16
    del rows
    assert _descriptors(tmp_path) == []


def test_to_open_a_file_again_and_again_keeps_nothing_of_it(tmp_path: Path) -> None:
    path = _file(tmp_path / "often.parquet", n_columns=3)

    def objects() -> int:
        open_parquet(path)
        gc.collect()
        return len(gc.get_objects())

    objects()
    before = objects()
    for _ in range(20):
        open_parquet(path)
    # Of a reader that outlives its file some hundred objects would be left each time.
    assert objects() - before < 20


def test_a_reader_that_failed_is_not_asked_again(tmp_path: Path) -> None:
    path = _file(tmp_path / "damaged.parquet", n_columns=1)
    part = open_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(b"\x00" * 400 + whole[400:])
    with pytest.raises(UnreadableFileError, match=r"damaged\.parquet"):
        list(part.pieces("c0", "any"))
    path.write_bytes(whole)
    (piece,) = part.pieces("c0", "any")
    assert len(piece.numbers) == 100  # type: ignore[union-attr]


def _file(path: Path, *, n_columns: int) -> Path:
    random = np.random.default_rng(1)
    columns = {f"c{i}": random.normal(size=100) for i in range(n_columns)}
    pq.write_table(pa.table(columns), path)
    return path


def _descriptors(folder: Path) -> list[Path]:
    """Return which files below ``folder`` this process has open."""
    # The list itself is read through a descriptor that is gone afterwards.
    links = [link for link in Path("/proc/self/fd").iterdir() if link.exists()]
    return [link.readlink() for link in links if link.resolve().is_relative_to(folder)]
