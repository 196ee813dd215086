"""Inputs of all kinds are ordered, described and told apart alike."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from drift_assets.errors import UnreadableFileError
from drift_assets.sources import (
    PredictionFile,
    StoredObject,
    TableRows,
    described,
    in_order,
    mark_of,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = date(2026, 11, 23)


def test_predictions_come_last() -> None:
    a, b = Path("/in/a.csv"), StoredObject("s3://lake/b.csv", 1, NOON, "x")
    predictions = PredictionFile(Path("/in/0.csv"))
    assert in_order([predictions, b, a]) == (a, b, predictions)
    assert [one.name for one in (a, b, predictions)] == ["a.csv", "b.csv", "0.csv"]
    assert str(predictions) == "/in/0.csv"


def test_a_mark_follows_what_a_thing_holds(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    assert described(path) == described(PredictionFile(path)) == (4, NOON)
    before = mark_of(path)
    os.utime(path, (0, 0))
    assert mark_of(path) == mark_of(PredictionFile(path)) != before
    marks = {mark_of(StoredObject("s3://b/k", n, NOON, text)) for n in (1, 2) for text in "xy"}
    marks |= {mark_of(TableRows("t", DAY, DAY, n, text)) for n in (11, 12) for text in "xy"}
    assert len(marks) == 8


def test_a_file_that_has_gone_is_an_error_in_words(tmp_path: Path) -> None:
    for one in (tmp_path / "x", PredictionFile(tmp_path / "x")):
        for ask in (described, mark_of):
            with pytest.raises(UnreadableFileError, match="cannot be looked at"):
                ask(one)


def test_a_table_has_no_size_and_was_changed_who_knows_when() -> None:
    n_bytes, at = described(TableRows("t", DAY, DAY, 1, "x"))
    assert n_bytes == 0
    assert at.tzinfo is not None
