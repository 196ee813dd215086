"""Any question comes back as pandas, polars or Arrow, each column of its own type."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest

import drift_assets
from drift_assets import read_history
from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets_tests.store.samples import DAY, NOON, assessment

PAGE = Path(drift_assets.__file__).parent.parent / "docs" / "history.md"
# One row with values, and one without any.
TYPES = """
    SELECT * FROM (VALUES
        (1::BIGINT, true, DATE '2026-11-23', TIMESTAMPTZ '2026-11-23 12:00:00+00', 0.5::DOUBLE,
         'a', [1, 2], MAP {'ks': 0.01::DOUBLE}, INTERVAL 2 DAYS, 1.5::DECIMAL(4, 1)),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
    ) AS t(n, flag, day, instant, x, text, items, entries, span, price)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    history = History(home / "history.duckdb")
    history.record(
        assessment(shift=300.0), partition=DAY, fingerprint="f", run_id="r", evaluated_at=NOON
    )
    return home


def test_rows_are_python_values(home: Path) -> None:
    full, empty = read_history(TYPES, home=home).rows
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert full[:8] == (1, True, date(2026, 11, 23), noon, 0.5, "a", [1, 2], {"ks": 0.01})
    assert (full[8].days, full[9]) == (2, Decimal("1.5"))
    assert empty == (None,) * 10


def test_a_pandas_frame_has_types_that_do_not_depend_on_its_rows(home: Path) -> None:
    frame = read_history(TYPES, home=home).to_pandas()
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (kinds["n"], kinds["flag"], kinds["x"]) == ("Int64", "boolean", "float64")
    assert kinds["day"].startswith("datetime64")
    assert kinds["instant"] == "datetime64[us, UTC]"
    assert kinds["span"].startswith("timedelta64")
    assert frame["day"][0] == pd.Timestamp("2026-11-23")
    assert frame["entries"][0] == {"ks": 0.01}
    none = read_history(f"{TYPES} WHERE n > 1", home=home).to_pandas()
    assert {name: str(kind) for name, kind in none.dtypes.items()} == kinds


def test_a_polars_frame_has_the_same_values(home: Path) -> None:
    frame = read_history(TYPES, home=home).to_polars()
    assert frame.schema["n"] == pl.Int64
    assert frame.schema["day"] == pl.Date
    assert frame.schema["instant"] == pl.Datetime("us", "UTC")
    assert frame.schema["span"] == pl.Duration("us")
    assert frame["items"].to_list() == [[1, 2], None]


def test_an_arrow_table_has_them_too_and_sums_of_counts_are_whole_numbers(home: Path) -> None:
    table = read_history("SELECT sum(n_columns) AS n FROM evaluations", home=home).to_arrow()
    assert table.schema.field("n").type == pa.int64()
    assert table.to_pylist() == [{"n": 3}]


def test_columns_of_one_name_are_told_apart_in_a_frame(home: Path) -> None:
    found = read_history("SELECT 1 AS a, 2 AS a, 3 AS a_2", home=home)
    assert found.columns == ("a", "a", "a_2")
    assert found.to_polars().columns == list(found.names) == ["a", "a_3", "a_2"]


def test_the_whole_history_fits_into_each(home: Path) -> None:
    found = read_history("SELECT * FROM drift_history", home=home)
    assert found.to_pandas().shape == found.to_polars().shape
    assert found.to_arrow().num_rows == 3


def test_the_python_of_the_page_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFT_ASSETS_HOME", str(home))
    text = PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    found: dict[str, object] = {}
    exec(compile(block, "history.md", "exec"), found)  # noqa: S102  # our own page
    assert len(found["rows"]) == 3  # type: ignore[arg-type]  # rows


def test_where_there_is_no_history_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="Found no history"):
        read_history("FROM drift_latest", home=tmp_path)
