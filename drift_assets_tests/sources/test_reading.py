"""Reading a day: bad files set aside, and predictions joined by key."""

import gzip
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pytest
from pyarrow import parquet

from drift_assets.errors import ColumnError, DataError, NoDataError, UnreadableFileError
from drift_assets.scan import Rows
from drift_assets.scan.columns import CategoryColumn, MissingColumn, NumberColumn
from drift_assets.scan.predictions import Joined
from drift_assets.sources import (
    Place,
    PredictionFile,
    arrivals,
    current_files,
    fingerprint,
    open_day,
    read_baseline,
    read_current,
)
from drift_assets_tests.sources.conftest import drop, monitor_of

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)


def numbers(rows: Rows, name: str) -> tuple[list[float], int]:
    """Return the numbers of a column in order of size, and how many are missing."""
    [(_, found)] = rows.read({name: "any"})
    assert isinstance(found, NumberColumn | MissingColumn)
    values = sorted(found.numbers.tolist()) if isinstance(found, NumberColumn) else []
    return values, found.n_missing


BAD = {
    "ragged.csv": (b"a,b\n1,2\n3\n", "1 field in line 3"),
    "often.csv": (b"a,b\n1,2\n3\n4,5\n6,7,8\n\n9\n", "repair the line and 2 more like it;"),
    "broken.jsonl": (b'{"a": 1}\n{\n{"a": 2}\n}\n\n[\n', "repair the line and 2 more, or"),
    "latin1.csv": (b"a\nz\xe9ro\n", "not UTF-8 in line 2"),
    "empty.csv": (b"", "an empty file"),
    "binary.csv": (b"a\0b\n1\n", "binary data"),
    "cut.csv.gz": (gzip.compress(b"a\n" + b"1\n" * 9999)[:-20], "truncated gzip"),
    "not.csv.gz": (b"a\n1\n", "something else"),
    "cut.parquet": (b"PAR1" + bytes(100), "damaged or truncated Parquet"),
    "short.parquet": (b"PA", "something else"),
    "lines.jsonl": (b'{"a": 1}\n{"a": \n', "broken JSON in line 2"),
    "deep.json": (b"[" * 100_000, "nested"),
    "odd.xlsx": (b"PK\x03\x04", "whose format its name does not tell"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_set_aside_and_the_rest_of_the_day_is_read(place: Place, name: str) -> None:
    content, reason = BAD[name]
    drop(place.root, "in/2026-11-23/good.csv", text="a\n1\n2\n")
    bad = place.root / "in" / "2026-11-23" / name
    bad.write_bytes(content)
    path = "in/{partition}/*"
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        numbers(read_current(monitor_of(path), place, DAY), "a")
    found = open_day(monitor_of(path, on_bad_file="quarantine"), place, DAY)
    assert numbers(found.rows, "a") == ([1, 2], 0)
    [(file, why)] = found.quarantined
    assert file == bad
    assert reason in why


def test_a_damaged_page_in_the_middle_of_a_file_sets_it_aside(place: Place) -> None:
    path = place.root / "in" / "2026-11-23" / "x.parquet"
    path.parent.mkdir(parents=True)
    table = pa.table({"a": range(50_000), "b": range(50_000)})
    parquet.write_table(table, path, write_page_checksum=True, compression="none")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    drop(place.root, "in/2026-11-23/good.csv", text="a,b\n1,1\n")
    found = open_day(monitor_of("in/{partition}/*", on_bad_file="quarantine"), place, DAY)
    assert [file for file, _ in found.quarantined] == [path]
    assert found.rows.n_rows == 1


def test_a_day_of_bad_files_only_is_no_day(place: Place) -> None:
    drop(place.root, "in/2026-11-23/x.csv", text="a,b\n1\n")
    with pytest.raises(
        DataError, match=r"no file of 2026-11-23 that can be read, 1 in quar.*x\.csv"
    ):
        open_day(monitor_of("in/{partition}/*", on_bad_file="quarantine"), place, DAY)


def test_a_corrected_file_makes_the_day_new(place: Place) -> None:
    watched = monitor_of("in/{partition}/*", on_bad_file="quarantine")
    drop(place.root, "in/2026-11-23/good.csv")
    drop(place.root, "in/2026-11-23/x.csv", text="a,b\n1\n")
    before = fingerprint(watched, place, DAY, current_files(watched, place, DAY))
    drop(place.root, "in/2026-11-23/x.csv", text="a,b\n1,2\n")
    assert fingerprint(watched, place, DAY, current_files(watched, place, DAY)) != before
    found = open_day(watched, place, DAY)
    assert (found.rows.n_rows, found.quarantined) == (2, ())


def test_a_bad_file_among_those_with_many_days_harms_no_day(place: Place) -> None:
    watched = monitor_of({"path": "in/*", "date_column": "day"}, on_bad_file="quarantine")
    drop(place.root, "in/good.csv", text="day,a\n2026-11-23,1\n2026-11-24,2\n")
    drop(place.root, "in/bad.csv", text="day,a\nyesterday,3\n")
    due = arrivals(watched, place)
    assert list(due.days) == [DAY, NEXT]
    found = open_day(watched, place, DAY)
    assert numbers(found.rows, "a") == ([1], 0)
    assert "'yesterday' in row 1" in found.quarantined[0][1]
    # A look for what is due, and the run, agree on what the data are.
    asked = fingerprint(watched, place, DAY, due.days[DAY])
    assert asked == fingerprint(watched, place, DAY, current_files(watched, place, DAY))
    drop(place.root, "in/bad.csv", text="day,a\n2026-11-23,3\n")
    assert numbers(read_current(watched, place, DAY), "a") == ([1, 3], 0)
    assert fingerprint(watched, place, DAY, arrivals(watched, place).days[DAY]) != asked


def predicted(current: str = "in/{partition}.csv", **predictions: object) -> dict[str, object]:
    return {
        "path": current,
        "predictions": {"path": "out/{partition}.csv", "key": "id", **predictions},
    }


def test_rows_find_their_predictions_by_key(place: Place) -> None:
    drop(place.root, "in/2026-11-23.csv", text="id,x\na,1\nb,2\nc,3\n,4\n")
    drop(place.root, "out/2026-11-23.csv", text="id,score\nb,0.1\nc,0.3\nb,0.2\nz,0.9\n")
    watched = monitor_of(predicted(), predictions=["score"])
    found = open_day(watched, place, DAY)
    # b by its last prediction; a has none, and the last row has no key.
    assert numbers(found.rows, "score") == ([0.2, 0.3], 2)
    assert numbers(found.rows, "x") == ([1, 2, 3, 4], 0)
    assert found.predictions == Joined(n_rows=4, n_without=2, n_repeated=1, n_unused=1)
    assert found.predictions.words.startswith("2 of 4 rows have no prediction; 1 predictions")


@pytest.mark.parametrize("rows_as", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("predictions_as", ["csv", "parquet", "jsonl"])
def test_keys_meet_whatever_the_files_are(place: Place, rows_as: str, predictions_as: str) -> None:
    frames = {
        (rows_as, "in"): pd.DataFrame({"id": [1, 2, 3], "country": ["a", "b", "c"]}),
        (predictions_as, "out"): pd.DataFrame(
            {"id": [3, 1], "country": ["c", "a"], "score": [0.3, 0.1], "label": ["no", "yes"]}
        ),
    }
    for (kind, folder), frame in frames.items():
        path = place.root / folder / f"2026-11-23.{kind}"
        path.parent.mkdir()
        if kind == "csv":
            frame.to_csv(path, index=False)
        elif kind == "parquet":
            frame.to_parquet(path)
        else:
            frame.to_json(path, orient="records", lines=True)
    source = predicted(
        f"in/{{partition}}.{rows_as}",
        path=f"out/{{partition}}.{predictions_as}",
        key=["id", "country"],
    )
    rows = read_current(monitor_of(source), place, DAY)
    assert rows.columns == ("id", "country", "score", "label")
    assert numbers(rows, "score") == ([0.1, 0.3], 1)
    [(_, labels)] = rows.read({"label": "any"})
    assert isinstance(labels, CategoryColumn)
    assert (dict(labels.counts), labels.n_missing) == ({"yes": 1, "no": 1}, 1)


def test_a_day_waits_for_its_predictions(place: Place) -> None:
    watched = monitor_of(predicted())
    drop(place.root, "in/2026-11-23.csv", text="id,x\na,1\n")
    found = arrivals(watched, place)
    assert found.days == {}
    assert found.unknown[0][1] == "2026-11-23 waits for its predictions at out/{partition}.csv"
    with pytest.raises(NoDataError, match=r"no predictions at out/2026-11-23\.csv"):
        current_files(watched, place, DAY)
    drop(place.root, "out/2026-11-23.csv", text="id,score\na,1\n")
    files = arrivals(watched, place).days[DAY]
    assert files == tuple(current_files(watched, place, DAY))
    assert files[1] == PredictionFile(place.root / "out" / "2026-11-23.csv")
    before = fingerprint(watched, place, DAY, files)
    drop(place.root, "out/2026-11-23.csv", text="id,score\na,22\n")
    assert fingerprint(watched, place, DAY, files) != before


def test_predictions_of_many_days_change_only_the_days_of_their_rows(place: Place) -> None:
    source = {**predicted("in.csv", path="out.csv"), "date_column": "day"}
    watched = monitor_of(source)
    drop(place.root, "in.csv", text="day,id\n2026-11-23,a\n2026-11-24,b\n")
    drop(place.root, "out.csv", text="id,score\na,1\nb,2\n")

    def marks() -> dict[date, str]:
        days = arrivals(watched, place).days
        return {day: fingerprint(watched, place, day, days[day]) for day in days}

    before = marks()
    assert numbers(read_current(watched, place, DAY), "score") == ([1], 0)
    drop(place.root, "out.csv", text="id,score\na,1\nb,20\n")
    after = marks()
    assert (before[DAY] == after[DAY], before[NEXT] == after[NEXT]) == (True, False)
    assert numbers(read_current(watched, place, NEXT), "score") == ([20], 0)


def test_predictions_in_the_same_folder_are_no_rows(place: Place) -> None:
    source = predicted("in/{partition}/*.csv", path="in/{partition}/scores.csv")
    drop(place.root, "in/2026-11-23/rows.csv", text="id,x\na,1\n")
    drop(place.root, "in/2026-11-23/scores.csv", text="id,score\na,5\n")
    watched = monitor_of(source)
    files = current_files(watched, place, DAY)
    assert [type(one).__name__ for one in files] == ["PosixPath", "PredictionFile"]
    assert arrivals(watched, place).days == {DAY: tuple(files)}
    assert numbers(read_current(watched, place, DAY), "score") == ([5], 0)


def test_a_key_that_is_not_there_is_said(place: Place) -> None:
    drop(place.root, "in/2026-11-23.csv", text="nr,x\na,1\n")
    drop(place.root, "out/2026-11-23.csv", text="id,score\na,1\n")
    with pytest.raises(ColumnError, match=r"'id' in 2026-11-23\.csv.*its columns: 'nr', 'x'"):
        open_day(monitor_of(predicted()), place, DAY)


def test_a_baseline_may_have_its_predictions_apart(place: Place) -> None:
    drop(place.root, "base.csv", text="id,x\na,1\nb,2\n")
    drop(place.root, "base_scores.csv", text="id,score\nb,7\na,6\n")
    baseline = {"path": "base.csv", "predictions": {"path": "base_scores.csv", "key": "id"}}
    rows = read_baseline(monitor_of("{partition}.csv", baseline=baseline), place)
    assert numbers(rows, "score") == ([6, 7], 0)


def test_a_file_that_goes_while_it_is_read_is_an_error_in_words(place: Place) -> None:
    with pytest.raises(UnreadableFileError, match=r"no file .*gone\.csv"):
        open_day(monitor_of("{partition}.csv"), place, DAY, [Path("/nowhere/gone.csv")])
