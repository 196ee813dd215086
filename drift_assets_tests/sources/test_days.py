import fnmatch
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from drift_assets.errors import DataError, NoDataError, UnreadableFileError
from drift_assets.sources import (
    Place,
    arrivals,
    baseline_files,
    current_files,
    fingerprint,
    read_baseline,
    read_current,
    undated_rows,
)
from drift_assets.sources import days as sources
from drift_assets_tests.sources.conftest import drop, monitor_of

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place whose folders are not there yet."""
    return Place(tmp_path / "project", tmp_path / "home")


def names_of(paths: object, folder: Path) -> list[str]:
    assert isinstance(paths, (list, tuple))
    return [path.relative_to(folder).as_posix() for path in paths]


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("data/{partition}.csv", ["data/2026-11-23.csv"]),
        ("data/{partition}/*.csv", ["data/2026-11-23/a.csv", "data/2026-11-23/b.csv"]),
        ("data/{partition}/?.csv", ["data/2026-11-23/a.csv", "data/2026-11-23/b.csv"]),
        ("data/{partition}/[!a].csv", ["data/2026-11-23/b.csv"]),
        ("data/day={partition}/x_{partition}.csv", ["data/day=2026-11-23/x_2026-11-23.csv"]),
        ("data/{partition}/{partition}*.csv", ["data/2026-11-23/2026-11-23_1.csv"]),
        ("data/*/{partition}*.csv", ["data/eu/2026-11-23-1.csv", "data/us/2026-11-23-2.csv"]),
        ("data/*-{partition}.csv", ["data/my-model-2026-11-23.csv"]),
        ("data/**/{partition}.csv", ["data/2026-11-23.csv", "data/deep/er/2026-11-23.csv"]),
        ("./data//{partition}.csv", ["data/2026-11-23.csv"]),
        ("data/../data/{partition}.csv", ["data/../data/2026-11-23.csv"]),
        ("data[1]/{partition}.csv", ["data[1]/2026-11-23.csv"]),
    ],
)
def test_a_template_finds_the_files_of_a_day_and_the_sensor_finds_the_same(
    place: Place, path: str, files: list[str]
) -> None:
    drop(place.root, *files, "data/notes.txt", "data1/2026-11-23.csv")
    watched = monitor_of(path)
    assert names_of(current_files(watched, place, DAY), place.root) == files
    found = arrivals(watched, place)
    assert names_of(found.days[DAY], place.root) == files
    assert found.unknown == ()


def test_a_path_may_start_at_the_home_or_be_absolute(place: Place, tmp_path: Path) -> None:
    drop(place.home, "in/2026-11-23.csv")
    drop(tmp_path, "[else]/2026-11-23.csv")
    assert current_files(monitor_of("{home}/in/{partition}.csv"), place, DAY) == [
        place.home / "in" / "2026-11-23.csv"
    ]
    assert current_files(monitor_of(f"{tmp_path}/[[]else]/{{partition}}.csv"), place, DAY) == [
        tmp_path / "[else]" / "2026-11-23.csv"
    ]


def test_glob_characters_in_root_and_home_mean_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path / "a[b]*", tmp_path / "h?me")
    drop(place.root, "2026-11-23.csv")
    drop(place.home, "2026-11-23.csv")
    for path in ("{partition}.csv", "{home}/{partition}.csv"):
        assert list(arrivals(monitor_of(path), place).days) == [DAY]


def test_a_file_that_exists_literally_is_taken_literally(place: Place) -> None:
    drop(place.root, "[a].csv", "a.csv")
    both = monitor_of("{partition}.csv", baseline="[a].csv")
    assert names_of(baseline_files(both, place), place.root) == ["[a].csv"]
    (place.root / "[a].csv").unlink()
    assert names_of(baseline_files(both, place), place.root) == ["a.csv"]


def test_a_day_literally_beside_a_glob_is_taken_literally(place: Place) -> None:
    drop(place.root, "[a]2026-11-23.csv", "a2026-11-23.csv", "a2026-11-24.csv")
    watched = monitor_of("[a]{partition}.csv")
    found = arrivals(watched, place)
    assert names_of(found.days[DAY], place.root) == ["[a]2026-11-23.csv"]
    assert names_of(found.days[NEXT], place.root) == ["a2026-11-24.csv"]
    for day in (DAY, NEXT):
        assert tuple(current_files(watched, place, day)) == found.days[day]


def test_hidden_and_unfinished_files_have_not_arrived(place: Place) -> None:
    drop(
        place.root,
        "in/2026-11-23/a.csv",
        "in/2026-11-23/.a.csv",
        "in/2026-11-23/b.csv.tmp",
        "in/2026-11-23/b.csv.part",
        "in/2026-11-23/b.csv.crdownload",
        "in/2026-11-23/b.csv~",
        "in/.2026-11-24/a.csv",
    )
    found = arrivals(monitor_of("in/{partition}/*"), place)
    assert list(found.days) == [DAY]
    assert names_of(found.days[DAY], place.root) == ["in/2026-11-23/a.csv"]
    assert found.unknown == ()


def test_a_hidden_folder_that_the_path_names_is_looked_into(place: Place) -> None:
    drop(place.root, ".in/2026-11-23.csv")
    assert list(arrivals(monitor_of(".in/{partition}.csv"), place).days) == [DAY]


@pytest.mark.parametrize("text", ["latest", "2026-02-30", "20261123", "2026-11-23b"])
def test_a_file_of_no_day_is_listed_with_the_reason(place: Place, text: str) -> None:
    drop(place.root, f"in/{text}.csv", "in/2026-11-23.csv")
    found = arrivals(monitor_of("in/{partition}.csv"), place)
    assert list(found.days) == [DAY]
    [(path, reason)] = found.unknown
    assert path.name == f"{text}.csv"
    assert text in reason


def test_days_and_their_files_are_in_order(place: Place) -> None:
    drop(place.root, "2026-11-24/b.csv", "2026-11-24/a.csv", "2026-11-23/z.csv")
    found = arrivals(monitor_of("{partition}/*.csv"), place)
    assert list(found.days) == [DAY, NEXT]
    assert names_of(found.days[NEXT], place.root) == ["2026-11-24/a.csv", "2026-11-24/b.csv"]


def test_nothing_has_arrived_where_there_is_no_folder(place: Place) -> None:
    assert arrivals(monitor_of("in/{partition}.csv"), place).days == {}


def test_only_folders_that_can_match_are_listed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(place.root, "in/2026-11-23.csv", "archive/2026-11-23.csv", "in/old/x.csv")
    listed = []
    scandir = os.scandir

    def spy(folder: Path) -> object:
        listed.append(Path(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", spy)
    arrivals(monitor_of("in/{partition}.csv"), place)
    assert listed == [place.root / "in"]


def test_links_are_followed_and_circles_end(place: Place, tmp_path: Path) -> None:
    drop(tmp_path, "elsewhere/2026-11-23.csv")
    place.root.mkdir()
    (place.root / "in").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "2026-11-24.csv").symlink_to("2026-11-23.csv")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "2026-11-25.csv").symlink_to("gone.csv")
    assert list(arrivals(monitor_of("in/{partition}.csv"), place).days) == [DAY, NEXT]
    assert list(arrivals(monitor_of("**/{partition}.csv"), place).days) == [DAY, NEXT]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("nowhere/{partition}.csv", ["no folder", "nowhere"]),
        ("in/{partition}.csv", ["no file", "2026-11-23.csv", "2026-11-24.csv"]),
        ("in/{partition}/*.csv", ["no folder", "2026-11-23"]),
        ("deep/{partition}", ["a folder", "/*.parquet"]),
    ],
)
def test_a_day_without_files_says_where_they_were_expected(
    place: Place, path: str, parts: list[str]
) -> None:
    drop(place.root, "in/2026-11-24.csv", "deep/2026-11-23/a.csv")
    with pytest.raises(NoDataError) as caught:
        current_files(monitor_of(path), place, DAY)
    for part in parts:
        assert part in str(caught.value)


def test_a_fingerprint_follows_the_files(place: Place) -> None:
    drop(place.root, "2026-11-23/a.csv")
    watched = monitor_of("{partition}/*.csv")

    def mark() -> str:
        return fingerprint(watched, place, DAY, current_files(watched, place, DAY))

    first = mark()
    assert mark() == first
    assert len(first) == 16
    drop(place.root, "2026-11-23/b.csv")
    second = mark()
    os.utime(place.root / "2026-11-23" / "a.csv", ns=(0, 0))
    third = mark()
    (place.root / "2026-11-23" / "a.csv").unlink()
    assert len({first, second, third, mark()}) == 4


def test_a_fingerprint_does_not_change_when_the_project_moves(place: Place, tmp_path: Path) -> None:
    drop(place.root, "2026-11-23.csv")
    watched = monitor_of("{partition}.csv")
    before = fingerprint(watched, place, DAY, current_files(watched, place, DAY))
    place.root.rename(tmp_path / "moved")
    moved = Place(tmp_path / "moved", place.home)
    assert fingerprint(watched, moved, DAY, current_files(watched, moved, DAY)) == before


def test_a_file_that_went_meanwhile_is_an_error_in_words(place: Place) -> None:
    with pytest.raises(UnreadableFileError, match=r"gone\.csv"):
        fingerprint(monitor_of("{partition}.csv"), place, DAY, [place.root / "gone.csv"])


FILES: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "all.csv": lambda frame, path: frame.to_csv(path, index=False),
    "all.parquet": lambda frame, path: frame.to_parquet(path),
}


@pytest.mark.parametrize("name", FILES)
def test_one_file_with_dates_serves_all_days(place: Place, name: str) -> None:
    place.root.mkdir()
    path = place.root / name
    frame = pd.DataFrame({"day": ["2026-11-23", "2026-11-24", "2026-11-24"], "a": [1, 2, 3]})
    FILES[name](frame, path)
    watched = monitor_of({"path": name, "date_column": "day"})
    found = arrivals(watched, place)
    assert found.days == {DAY: (path,), NEXT: (path,)}
    assert read_current(watched, place, DAY).n_rows == 1
    assert read_current(watched, place, NEXT).n_rows == 2
    with pytest.raises(NoDataError, match="no row of 2026-11-25"):
        read_current(watched, place, date(2026, 11, 25))

    before = {day: fingerprint(watched, place, day, found.days[day]) for day in found.days}
    FILES[name](pd.concat([frame, pd.DataFrame({"day": ["2026-11-24"], "a": [4]})]), path)
    after = {day: fingerprint(watched, place, day, found.days[day]) for day in found.days}
    assert after[DAY] == before[DAY]
    assert after[NEXT] != before[NEXT]


def test_a_file_with_dates_is_not_read_again_until_it_changes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(place.root, "all.csv", text="day,a\n2026-11-23,1\n")
    watched = monitor_of({"path": "all.csv", "date_column": "day"})
    arrivals(watched, place)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(sources, "days_in_file", refuse)
    assert list(arrivals(watched, place).days) == [DAY]


def test_of_a_hundred_files_with_dates_none_is_read_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(place.root, *(f"{i}.csv" for i in range(100)), text="day,a\n2026-11-23,1\n")
    watched = monitor_of({"path": "*.csv", "date_column": "day"})
    assert len(arrivals(watched, place).days[DAY]) == 100

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(sources, "days_in_file", refuse)
    assert len(arrivals(watched, place).days[DAY]) == 100


@pytest.mark.parametrize(("end", "kind"), [(r"\Z", "csv"), (r"\z", "tsv")])
def test_patterns_match_whatever_python_ends_an_expression_with(
    place: Place, monkeypatch: pytest.MonkeyPatch, end: str, kind: str
) -> None:
    translate = fnmatch.translate
    ours = r"\Z" if sys.version_info < (3, 14) else r"\z"
    assert translate("a*").endswith(ours)
    monkeypatch.setattr("fnmatch.translate", lambda text: translate(text).removesuffix(ours) + end)
    names = ("a_x_2026-11-23_y", "b_x_2026-11-23_y", "a_2026-11-23")
    drop(place.root, *(f"in/{name}.{kind}" for name in names), f"in/{names[0]}.{kind}x")
    watched = monitor_of(f"in/[a]*_?_{{partition}}_*.{kind}")
    found = current_files(watched, place, DAY)
    assert names_of(found, place.root) == [f"in/{names[0]}.{kind}"]
    assert arrivals(watched, place).days == {DAY: tuple(found)}


def test_a_file_whose_dates_cannot_be_read_is_listed_with_the_reason(place: Place) -> None:
    drop(place.root, "in/good.csv", text="day,a\n2026-11-23,1\n")
    drop(place.root, "in/bad.csv", text="day,a\nyesterday,1\n")
    found = arrivals(monitor_of({"path": "in/*.csv", "date_column": "day"}), place)
    assert list(found.days) == [DAY]
    [(path, reason)] = found.unknown
    assert path.name == "bad.csv"
    assert "'yesterday' in row 1" in reason


def test_a_file_that_is_set_aside_is_listed_too_and_keeps_no_day_from_running(
    place: Place,
) -> None:
    drop(place.root, "in/good.csv", text="day,a\n2026-11-23,1\n")
    drop(place.root, "in/bad.csv", text="day,a\nyesterday,1\n")
    current = {"path": "in/*.csv", "date_column": "day"}
    found = arrivals(monitor_of(current, on_bad_file="quarantine"), place)
    assert list(found.days) == [DAY]
    assert found.stopping == ""
    assert found.unknown == arrivals(monitor_of(current), place).unknown
    [(path, reason)] = found.unknown
    assert path.name == "bad.csv"
    assert "'yesterday' in row 1" in reason


def test_a_bad_file_with_dates_is_read_again_only_when_it_changes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(place.root, "in/bad.csv", text="day,a\nyesterday,1\n")
    watched = monitor_of({"path": "in/*.csv", "date_column": "day"})
    before = arrivals(watched, place)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(sources, "days_in_file", refuse)
        assert arrivals(watched, place) == before
    drop(place.root, "in/bad.csv", text="day,a\n2026-11-23,1\n")
    assert list(arrivals(watched, place).days) == [DAY]


def test_rows_without_a_date_are_counted_and_their_file_is_listed(place: Place) -> None:
    drop(place.root, "in/some.csv", text="day,a\n2026-11-23,1\n,2\n,3\n")
    drop(place.root, "in/none.csv", text="day,a\n,1\n")
    drop(place.root, "in/whole.csv", text="day,a\n2026-11-23,1\n")
    watched = monitor_of({"path": "in/*.csv", "date_column": "day"})
    found = arrivals(watched, place)
    assert list(found.days) == [DAY]
    none, some, whole = current_files(watched, place, DAY)
    assert found.days[DAY] == (some, whole)
    assert found.unknown == (
        (none, "1 of its 1 rows have no date in 'day', and belong to no day"),
        (some, "2 of its 3 rows have no date in 'day', and belong to no day"),
    )
    # They keep no day from running, and are no reason to run one again.
    assert found.stopping == ""
    before = fingerprint(watched, place, DAY, [some])
    assert undated_rows(watched, watched.current, place, [none, some, whole]) == (
        (none, 1),
        (some, 2),
    )
    drop(place.root, "in/some.csv", text="day,a\n2026-11-23,1\n")
    assert fingerprint(watched, place, DAY, [some]) == before
    assert undated_rows(watched, watched.current, place, [some]) == ()


def test_a_folder_without_a_date_has_rows_of_no_day(place: Place) -> None:
    drop(place.root, "in/dt=2026-11-23/x.csv", text="a\n1\n")
    drop(place.root, "in/dt=__HIVE_DEFAULT_PARTITION__/x.csv", text="a\n1\n2\n")
    watched = monitor_of({"path": "in/dt=*/*.csv", "date_column": "dt"})
    found = arrivals(watched, place)
    assert list(found.days) == [DAY]
    [(_, reason)] = found.unknown
    assert reason == "2 of its 2 rows have no date in 'dt', and belong to no day"


def test_a_file_per_day_may_have_rows_without_a_date_too(place: Place) -> None:
    drop(place.root, "2026-11-23.csv", text="day,a\n2026-11-23,1\n,2\n2026-11-22,3\n")
    watched = monitor_of({"path": "{partition}.csv", "date_column": "day"})
    [path] = current_files(watched, place, DAY)
    assert undated_rows(watched, watched.current, place, [path]) == ((path, 1),)
    # Where the path alone tells the day, all rows are of it.
    by_path = monitor_of("{partition}.csv")
    assert undated_rows(by_path, by_path.current, place, [path]) == ()
    # That a file cannot be read is said where it is read.
    drop(place.root, "2026-11-23.csv", text="day,a\nyesterday,1\n")
    assert undated_rows(watched, watched.current, place, [path]) == ()


def test_a_template_with_a_date_column_keeps_the_rows_of_the_day(place: Place) -> None:
    drop(place.root, "2026-11-23.csv", text="day,a\n2026-11-23,1\n2026-11-22,2\n")
    watched = monitor_of({"path": "{partition}.csv", "date_column": "day"})
    assert read_current(watched, place, DAY).n_rows == 1


def test_a_baseline_is_the_rows_of_its_days(place: Place) -> None:
    rows = "".join(f"2026-11-{day:02},{day}\n" for day in range(1, 31))
    drop(place.root, "baseline.csv", text=f"day,a\n{rows}")
    source = {
        "path": "baseline.csv",
        "date_column": "day",
        "start": "2026-11-03",
        "end": "2026-11-05",
    }
    assert read_baseline(monitor_of("{partition}.csv", baseline=source), place).n_rows == 3


def test_a_baseline_may_be_several_files(place: Place) -> None:
    drop(place.root, "base/a.csv", "base/b.csv")
    watched = monitor_of("{partition}.csv", baseline="base/*.csv")
    assert names_of(baseline_files(watched, place), place.root) == ["base/a.csv", "base/b.csv"]
    assert read_baseline(watched, place).n_rows == 2


def test_an_absent_baseline_is_an_error_in_words(place: Place) -> None:
    with pytest.raises(DataError, match=r"baseline of monitor 'm'.*relative ones start at"):
        read_baseline(monitor_of("{partition}.csv"), place)
