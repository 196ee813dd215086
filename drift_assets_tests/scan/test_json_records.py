"""The witness is pandas: what it writes is read back as it was."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drift_assets.errors import DataError, NoDataError, UnreadableFileError
from drift_assets.profiles import Unprofiled
from drift_assets.scan.columns import CategoryColumn, MissingColumn, NumberColumn, WrongType
from drift_assets.scan.frames import TypedPart
from drift_assets.scan.json_records import open_json

FRAME = pd.DataFrame({"a": [1.5, None, 3.0], "t": ["x", None, "y"], "b": [True, False, True]})


def part_of(folder: Path, content: str, *, lines: bool = False) -> TypedPart:
    path = folder / "day.json"
    path.write_text(content, encoding="utf-8")
    return open_json(path, lines=lines)


@pytest.mark.parametrize(
    "content",
    [
        FRAME.to_json(orient="records"),
        FRAME.to_json(orient="records", lines=True),
        FRAME.to_json(orient="columns"),
        FRAME.to_json(orient="records", indent=2),
        '{"a": [1.5, null, 3], "t": ["x", null, "y"], "b": [true, false, true]}',
        '{"a": 1.5, "t": "x", "b": true}\n\n{"b": false}\n{"b": true, "t": "y", "a": 3}\n',
    ],
)
def test_every_layout_gives_the_same_columns(tmp_path: Path, content: str) -> None:
    part = part_of(tmp_path, content)
    assert part.n_rows == 3
    numbers, texts, booleans = (part.take(name, "any") for name in ("a", "t", "b"))
    assert isinstance(numbers, NumberColumn)
    assert isinstance(texts, CategoryColumn)
    assert isinstance(booleans, CategoryColumn)
    assert (numbers.numbers.tolist(), numbers.n_missing) == ([1.5, 3.0], 1)
    assert (dict(texts.counts), texts.n_missing) == ({"x": 1, "y": 1}, 1)
    assert dict(booleans.counts) == {"true": 2, "false": 1}


def test_one_bad_value_spoils_one_column_only(tmp_path: Path) -> None:
    part = part_of(tmp_path, '[{"a": 1, "b": 1}, {"a": "abc", "b": 2}]')
    assert part.take("a", "number") == WrongType("found 'abc' in row 2, expected numbers")
    found = part.take("b", "number")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [1.0, 2.0]


def test_nan_is_missing_and_infinity_is_not(tmp_path: Path) -> None:
    found = part_of(tmp_path, '[{"a": NaN}, {"a": -Infinity}]').take("a", "any")
    assert isinstance(found, NumberColumn)
    assert (found.numbers.tolist(), found.n_missing) == ([-np.inf], 1)


def test_nested_values_are_refused_by_name(tmp_path: Path) -> None:
    part = part_of(tmp_path, '[{"a": {"x": 1}, "b": null}]')
    assert isinstance(part.take("a", "any"), Unprofiled)
    assert part.take("b", "any") == MissingColumn(1)
    assert part.suitability() == {"a": "unsuitable", "b": "missing"}


def test_a_repeated_name_in_a_record_is_noticed(tmp_path: Path) -> None:
    assert part_of(tmp_path, '[{"a": 1, "a": 2, "b": 3}]').repeated == {"a"}


@pytest.mark.parametrize(
    ("content", "lines", "error", "message"),
    [
        (" \n", False, NoDataError, "empty"),
        ('[{"a": 1},', False, UnreadableFileError, "broken JSON in line 1"),
        ('{"a": 1}\n{"a":\n', True, UnreadableFileError, "broken JSON in line 2"),
        ('{"a": 1}\n{"a":\n', False, UnreadableFileError, "broken JSON in line 2"),
        ("[1, 2]", False, UnreadableFileError, "record 1"),
        ("5", False, UnreadableFileError, "single int"),
        ("[" * 100_000, False, UnreadableFileError, "nested|broken"),
        ('{"a": [1, 2], "b": [1]}', False, DataError, "one length"),
    ],
)
def test_what_is_no_record_is_named_with_its_line(
    tmp_path: Path, content: str, lines: bool, error: type[DataError], message: str
) -> None:
    with pytest.raises(error, match=message):
        part_of(tmp_path, content, lines=lines)


def test_other_encodings_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_bytes('{"a": 1}\n{"a": "\u00e9"}\n'.encode("latin-1"))
    with pytest.raises(UnreadableFileError, match="UTF-8 in line 2"):
        open_json(path, lines=True)
