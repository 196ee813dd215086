"""Tenths of a baseline, read from files of every kind."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drift_assets.conformance.columns import Categories, Numbers, column, numbers
from drift_assets.conformance.row_order import in_tenths
from drift_assets.profiles.binning import Origin
from drift_assets.scan import Rows, rows_from_files, rows_from_frame

N = 57
FRAME = pd.DataFrame(
    {
        "number": np.where(np.arange(N) % 7 == 3, np.nan, np.arange(N) / 4),
        "text": [None if i % 11 == 5 else "xyz"[i % 3] for i in range(N)],
        "flag": np.arange(N) % 2 == 0,
        "code": np.arange(N) % 4,
    }
)


def read(kind: str, folder: Path) -> Rows:
    if kind == "frame":
        return rows_from_frame(FRAME)
    path = folder / f"baseline.{kind}"
    if kind == "csv":
        FRAME.to_csv(path, index=False)
    elif kind == "parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_json(path, orient="records", lines=True)
    return rows_from_files([path])


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "frame"])
def test_numbers_are_cut_where_their_rows_are(kind: str, tmp_path: Path) -> None:
    whole = numbers(FRAME["number"].to_numpy())
    found = in_tenths(Numbers(whole.values), read(kind, tmp_path), "number", origin=None)
    assert isinstance(found, Numbers)
    # 57 rows: eleven pieces of five rows, and one of two.
    assert found.pieces
    expected = [FRAME["number"].iloc[i : i + 5].dropna().tolist() for i in range(0, N, 5)]
    assert [p.tolist() for p in found.pieces] == expected


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "frame"])
@pytest.mark.parametrize(
    ("name", "origin"), [("text", "text"), ("flag", "boolean"), ("code", "number")]
)
def test_categories_are_counted_piece_by_piece(
    kind: str, name: str, origin: Origin, tmp_path: Path
) -> None:
    whole = column(FRAME[name], kind="categorical")
    assert isinstance(whole, Categories)
    found = in_tenths(Categories(whole.counts), read(kind, tmp_path), name, origin=origin)
    assert isinstance(found, Categories)
    assert found.pieces
    assert found.pieces == whole.pieces
    assert sum(sum(piece.values()) for piece in found.pieces) == whole.n


def test_rows_that_do_not_add_up_have_no_tenths() -> None:
    side = Numbers(np.arange(12.0))
    assert in_tenths(side, rows_from_frame(FRAME), "number", origin=None) is side


def test_ten_rows_are_ten_pieces_and_nine_are_none() -> None:
    ten, nine = numbers(np.arange(10.0)), numbers(np.arange(9.0))
    assert ten.pieces
    assert [p.tolist() for p in ten.pieces] == [[float(i)] for i in range(10)]
    assert nine.pieces is None
