"""What docs/sources.md shows is a monitor's source, and what it says of formats is so."""

import re
from pathlib import Path

import pytest
import yaml

import drift_assets
from drift_assets.monitors import STORES, Monitor
from drift_assets.scan.files import COMPRESSIONS, FORMATS
from drift_assets.sources import UNFINISHED
from drift_assets.store import History

PAGE = (Path(drift_assets.__file__).parents[1] / "docs" / "sources.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.+?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_a_source(block: str) -> None:
    monitor = {"name": "m", "baseline": "b.csv", "partitions": {"start": "2026-01-01"}}
    found = Monitor.model_validate(monitor | yaml.safe_load(block))
    assert found.current.words


def test_there_is_an_example_of_each_kind() -> None:
    for word in ("{partition}", "%Y", "date_column", "predictions", "table", "query", "s3://"):
        assert any(word in block for block in BLOCKS), word


def test_all_ends_of_names_are_told() -> None:
    for end in (*FORMATS, *COMPRESSIONS, *UNFINISHED):
        assert f"`{end}`" in PAGE
    for store in STORES:
        assert f"`{store}://`" in PAGE


def test_the_question_for_the_quarantine_can_be_asked(tmp_path: Path) -> None:
    [sql] = re.findall(r"```sql\n(.+?)```", PAGE, flags=re.DOTALL)
    history = History(tmp_path / "history.duckdb")
    with history.session() as connection:
        connection.execute(
            "INSERT INTO inputs VALUES ('m', '2026-11-23', 'bad.csv', 1, now(), 'cut off'), "
            "('m', '2026-11-23', 'good.csv', 1, now(), NULL)"
        )
    assert [row[2:] for row in history.query(sql).rows] == [("bad.csv", "cut off")]
