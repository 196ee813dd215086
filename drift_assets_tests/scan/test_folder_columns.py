"""Columns that folders name are those that Hive's own writers mean."""

from datetime import date
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.dataset as ds  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.monitors import Monitor
from drift_assets.profiles import Unprofiled
from drift_assets.scan import fit_baseline, profile_rows, rows_from_files
from drift_assets.scan.by_day import profile_days
from drift_assets.scan.files import DataFile
from drift_assets.scan.folder_columns import folder_columns

plain = st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text)


@given(value=plain)
def test_what_an_encoder_writes_is_read_back(value: str) -> None:
    from urllib.parse import quote  # noqa: PLC0415

    try:
        folder = f"key={quote(value, safe='')}"
    except UnicodeEncodeError:
        return
    assert folder_columns(["x", folder, "y"]) == {"key": value}


def test_folders_of_arrow_are_understood(tmp_path: Path) -> None:
    """Arrow's own writer is the witness."""
    table = pa.table({"region": ["eu/west", "a=b", "eu/west"], "x": [1.0, 2.0, 3.0]})
    ds.write_dataset(
        table, tmp_path, format="parquet", partitioning=["region"], partitioning_flavor="hive"
    )
    found = {}
    for path in tmp_path.rglob("*.parquet"):
        columns = folder_columns(path.relative_to(tmp_path).parts[:-1])
        found[columns["region"]] = rows_from_files([DataFile(path, columns)]).n_rows
    assert found == {"eu/west": 2, "a=b": 1}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_days_from_folders_add_up_to_the_whole(tmp_path: Path, kind: str) -> None:
    files = []
    for number in range(3):
        day = date(2026, 1, 1 + number)
        path = tmp_path / f"{number}.{kind}"
        table = pa.table({"x": [float(number), 2.0, 5.0], "text": ["a", "b", None]})
        if kind == "csv":
            table.to_pandas().to_csv(path, index=False)
        else:
            pa.parquet.write_table(table, path)
        files.append(DataFile(path, {"dt": day.isoformat(), "store": str(number % 2)}))
    monitor = Monitor.model_validate(
        {
            "name": "m",
            "baseline": {"path": "x", "date_column": "dt"},
            "current": "{partition}.csv",
            "features": ["x", "text", "store"],
            "partitions": {"start": "2026-01-01"},
        }
    )
    baseline = fit_baseline(rows_from_files(files), monitor)
    whole = profile_rows(rows_from_files(files), baseline)
    seen = 0
    for name, days in profile_days(files, baseline, date_column="dt"):
        assert len(days.days) == 3
        together, expected = days.total(range(3)), whole.columns[name]
        assert not isinstance(expected, Unprofiled)
        assert (together.n, together.n_missing) == (expected.n, expected.n_missing)
        assert (together.psi_counts == expected.psi_counts).all()
        assert (together.js_counts == expected.js_counts).all()
        seen += 1
    assert seen == 3
