"""What a path with globs and placeholders names."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from drift_assets.scan import Rows
from drift_assets.scan.columns import CategoryColumn, NumberColumn
from drift_assets.sources import Place, arrivals, current_files, fingerprint, read_current
from drift_assets_tests.sources.conftest import drop, monitor_of

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("in/%Y/%m/%d/*.csv", ["in/2026/11/23/a.csv", "in/2026/11/23/b.csv"]),
        ("in/%Y-%m-%d.csv", ["in/2026-11-23.csv"]),
        ("in/%Y%m%d*.csv", ["in/20261123-1.csv"]),
        ("in/year=%Y/month=%m/day=%d/x.csv", ["in/year=2026/month=11/day=23/x.csv"]),
        ("in/%Y/%Y-%m-%d/*.csv", ["in/2026/2026-11-23/a.csv"]),
        ("in/%d.%m.%Y.csv", ["in/23.11.2026.csv"]),
        ("in/**/%Y_%m_%d.csv", ["in/deep/er/2026_11_23.csv"]),
    ],
)
def test_year_month_and_day_may_stand_apart(place: Place, path: str, files: list[str]) -> None:
    drop(place.root, *files, "in/notes.txt", "other/2026/11/23/a.csv")
    watched = monitor_of(path)
    expected = [place.root / name for name in files]
    assert current_files(watched, place, DAY) == expected
    found = arrivals(watched, place)
    assert found.days == {DAY: tuple(expected)}
    assert found.unknown == ()


def test_a_date_that_does_not_exist_is_listed_with_the_reason(place: Place) -> None:
    drop(place.root, "in/2026/02/30/a.csv", "in/old/02/03/a.csv", "in/2026/11/23/a.csv")
    found = arrivals(monitor_of("in/%Y/%m/%d/*.csv"), place)
    assert list(found.days) == [DAY]
    assert [text for _, text in found.unknown] == [
        "found '2026-02-30' where the date stands, expected one such as 2026-11-23",
        "found 'old-02-03' where the date stands, expected one such as 2026-11-23",
    ]


def test_a_year_that_is_named_twice_is_the_same_one(place: Place) -> None:
    drop(place.root, "in/2025/2026-11-23.csv")
    assert arrivals(monitor_of("in/%Y/%Y-%m-%d.csv"), place).days == {}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("in/%Y/%m/*.csv", "found %Y, %m in the path"),
        ("in/%Y/%m/%d/{partition}.csv", "either %Y, %m, %d together, or {partition} alone"),
        ("ftp://host/{partition}.csv", "Unknown object store 'ftp'"),
        ("s3://bucket", "name of a bucket and that of a file"),
        ("s3://*/{partition}.csv", "name of a bucket"),
    ],
)
def test_a_path_that_cannot_work_is_refused_when_it_is_loaded(path: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        monitor_of(path)
    assert reason in str(caught.value)


def columns_of(rows: Rows) -> dict[str, object]:
    """Return the values of each column, or its categories."""
    found: dict[str, object] = {}
    for name, column in rows.read(dict.fromkeys(rows.columns, "any")):
        if isinstance(column, NumberColumn):
            found[name] = sorted(column.numbers.tolist())
        elif isinstance(column, CategoryColumn):
            found[name] = dict(column.counts)
    return found


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_folders_give_their_columns(place: Place, kind: str) -> None:
    for region, store, values in (("eu%2Fwest", 1, [1.0, 2.0]), ("us", 2, [3.0])):
        path = place.root / f"in/dt=2026-11-23/region={region}/store={store}/x.{kind}"
        path.parent.mkdir(parents=True)
        frame = pd.DataFrame({"a": values})
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    rows = read_current(monitor_of(f"in/dt={{partition}}/**/*.{kind}"), place, DAY)
    # The day itself is no column: each day would have a value that the baseline has not.
    assert columns_of(rows) == {
        "a": [1, 2, 3],
        "region": {"eu/west": 2, "us": 1},
        "store": [1, 1, 2],
    }


def test_a_column_of_the_file_itself_comes_before_that_of_its_folder(place: Place) -> None:
    drop(place.root, "in/2026-11-23/a=7/x.csv", text="a\n1\n")
    rows = read_current(monitor_of("in/{partition}/*/x.csv"), place, DAY)
    assert columns_of(rows) == {"a": [1]}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_folder_may_tell_the_day(place: Place, kind: str) -> None:
    for day in (DAY, NEXT):
        path = place.root / f"in/region=eu/dt={day}/x.{kind}"
        path.parent.mkdir(parents=True)
        frame = pd.DataFrame({"a": [float(day.day)]})
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    watched = monitor_of({"path": f"in/**/*.{kind}", "date_column": "dt"})
    found = arrivals(watched, place)
    assert list(found.days) == [DAY, NEXT]
    assert [path.name for path in found.days[DAY]] == [f"x.{kind}"]
    assert columns_of(read_current(watched, place, DAY))["a"] == [23]
    marks = {day: fingerprint(watched, place, day, found.days[day]) for day in found.days}
    assert marks[DAY] != marks[NEXT]
    # All files are looked at in a run, those of the day alone in a look for what is due.
    assert fingerprint(watched, place, DAY, current_files(watched, place, DAY)) == marks[DAY]


def test_folders_above_the_template_mean_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path / "run=3", tmp_path / "home")
    drop(place.root, "2026-11-23.csv")
    assert read_current(monitor_of("{partition}.csv"), place, DAY).columns == ("a",)


def test_a_missing_value_in_a_folder_is_missing(place: Place) -> None:
    drop(place.root, "in/2026-11-23/region=__HIVE_DEFAULT_PARTITION__/x.csv")
    rows = read_current(monitor_of("in/{partition}/*/x.csv"), place, DAY)
    assert rows.columns == ("a", "region")
    assert columns_of(rows) == {"a": [1]}
