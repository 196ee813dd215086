"""A file that changed is never taken for what it was."""

import os
from pathlib import Path

import pytest

from drift_assets.atomic import write_atomically
from drift_assets.orchestration.remembered import Remembered, stamp_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "day.json"
    write_atomically(path, b"old")
    return path


def test_what_was_put_is_found_while_the_file_stands(file: Path) -> None:
    remembered = Remembered[str](2)
    assert remembered.get(stamp_of(file)) is None
    remembered.put(stamp_of(file), "old")
    assert remembered.get(stamp_of(file)) == "old"


def test_a_file_written_anew_is_another_though_size_and_time_are_the_same(file: Path) -> None:
    remembered = Remembered[str](2)
    remembered.put(stamp_of(file), "old")
    before = file.stat()
    write_atomically(file, b"new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert remembered.get(stamp_of(file)) is None


def test_a_file_written_over_in_place_with_its_time_set_back_is_another(file: Path) -> None:
    remembered = Remembered[str](2)
    before = file.stat()
    # The clock that files are stamped by may stand still for some milliseconds.
    while file.stat().st_ctime_ns == before.st_ctime_ns:
        file.chmod(0o600)
    remembered.put(stamp_of(file), "old")
    then = file.stat()
    while file.stat().st_ctime_ns == then.st_ctime_ns:
        with file.open("r+b") as opened:
            opened.write(b"new")
        os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (then.st_ino, then.st_mtime_ns)
    assert remembered.get(stamp_of(file)) is None


def test_a_file_that_is_gone_has_no_content(file: Path) -> None:
    remembered = Remembered[str](2)
    remembered.put(stamp_of(file), "old")
    file.unlink()
    assert stamp_of(file) is None
    assert remembered.get(None) is None
    remembered.put(None, "nothing")
    assert remembered.get(None) is None


def test_only_the_latest_few_are_held_and_a_file_once(tmp_path: Path) -> None:
    remembered = Remembered[int](2)
    paths = [tmp_path / str(i) for i in range(3)]
    for i, path in enumerate(paths):
        path.touch()
        remembered.put(stamp_of(path), i)
    assert [remembered.get(stamp_of(path)) for path in paths] == [None, 1, 2]
    write_atomically(paths[2], b"new")
    remembered.put(stamp_of(paths[2]), 3)
    assert [remembered.get(stamp_of(path)) for path in paths] == [None, 1, 3]
