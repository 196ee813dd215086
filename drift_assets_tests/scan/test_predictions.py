"""Rows find their predictions as a left join of pandas finds them."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.scan.columns import MissingColumn, NumberColumn
from drift_assets.scan.files import DataFile, open_part
from drift_assets.scan.predictions import Predictions, WithPredictions, joined

keys = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "\x1f", "b\x1f"]))
pairs = st.lists(st.tuples(keys, keys), max_size=12)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@given(rows=pairs, predicted=pairs)
def test_the_join_is_that_of_pandas(
    kind: str, rows: list[tuple[str | None, str | None]], predicted: list[tuple[str, str]]
) -> None:
    left = pd.DataFrame(rows, columns=["k", "l"], dtype="string")
    right = pd.DataFrame(predicted, columns=["k", "l"], dtype="string")
    right["score"] = [float(n) for n in range(len(right))]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, frame in (("left", left), ("right", right)):
            path = Path(folder) / f"{name}.{kind}"
            frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
            files.append(path)
        predictions = Predictions([open_part(files[1])], ["k", "l"])
        part = open_part(DataFile(files[0], predictions=predictions))
        assert isinstance(part, WithPredictions)
        found = part.take("score", "number")
        report = joined([part], predictions)
    known = right.dropna(subset=["k", "l"])
    last = known.drop_duplicates(["k", "l"], keep="last")
    expected = left.merge(last, on=["k", "l"], how="left")["score"]
    # pandas matches missing keys with each other; ours match nothing.
    assert isinstance(found, NumberColumn | MissingColumn)
    values = sorted(found.numbers.tolist()) if isinstance(found, NumberColumn) else []
    assert values == sorted(expected.dropna().tolist())
    assert found.n_missing == expected.isna().sum()
    assert report.n_rows == len(left)
    assert report.n_without == expected.isna().sum()
    assert report.n_repeated == len(known) - len(last)
    assert report.n_unused == len(last) - len(expected.dropna().unique())
