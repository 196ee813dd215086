"""Atomic writes: the old content or the new, never a part."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest

from drift_assets.atomic import _remove_abandoned, write_atomically


def test_the_file_holds_the_content_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_content_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_atomically(path, b"one")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(f"{self} to {target}")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match=r"file\.json"):
        write_atomically(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_mode(
    tmp_path: Path, umask: int, mode: int
) -> None:
    path = tmp_path / "file"
    before = os.umask(umask)
    try:
        write_atomically(path, b"one")
        assert path.stat().st_mode & 0o777 == mode
        path.chmod(0o640)
        write_atomically(path, b"two")
        assert path.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


def test_the_longest_name_that_a_file_can_have_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("\N{GRINNING FACE}" * 63)
    write_atomically(path, b"one")
    assert path.read_bytes() == b"one"


WRITER = """
import os, sys
from pathlib import Path
from drift_assets.atomic import write_atomically

def stay(descriptor):
    print("half", flush=True)
    sys.stdin.read()

os.fsync = stay
write_atomically(Path(sys.argv[1]), b"new" * 100_000)
"""


@contextmanager
def writing(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that has written all to its temporary file, and waits before the rename."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        yield process
        process.kill()


def test_what_a_killed_process_left_is_removed_by_the_next_write_in_the_folder(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    write_atomically(path, b"old")
    with writing(path) as process:
        process.kill()
    assert len(list(tmp_path.iterdir())) == 2
    assert path.read_bytes() == b"old"
    write_atomically(other, b"one")
    assert sorted(tmp_path.iterdir()) == [path, other]


def test_a_process_that_is_still_writing_loses_nothing_to_others(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with writing(path) as process:
        write_atomically(path, b"first")
        assert len(list(tmp_path.iterdir())) == 2
        process.communicate("")
        assert process.returncode == 0
    assert path.read_bytes() == b"new" * 100_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    others = [tmp_path / name for name in (".x.tmp", "x.0123456789abcdef.tmp", ".x.0123.tmp")]
    for path in others:
        path.touch()
    write_atomically(tmp_path / "file", b"one")
    assert all(path.exists() for path in others)


def test_a_new_temporary_file_that_is_taken_for_abandoned_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begun = tmp_path / "file", []
    lock = fcntl.flock

    def first_comes_another(file: BinaryIO, how: int) -> None:
        begun.append(Path(file.name))
        if len(begun) == 1:
            # Before it is locked, another process looks through the folder.
            _remove_abandoned(tmp_path)
            return
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", first_comes_another)
    write_atomically(path, b"one")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]
    assert len(begun) == 3


def test_where_there_are_no_locks_files_are_written_and_none_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here(file: BinaryIO, how: int) -> None:
        raise OSError(errno.ENOLCK, f"no locks for {file.name}, {how}")

    monkeypatch.setattr(fcntl, "flock", none_here)
    left = tmp_path / ".file.0123456789abcdef.tmp"
    left.touch()
    write_atomically(tmp_path / "file", b"one")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert left.exists()


def test_processes_that_are_killed_at_any_instant_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    program = (
        "import sys; from pathlib import Path; from drift_assets.atomic import write_atomically\n"
        "while True: write_atomically(Path(sys.argv[1]), sys.argv[2].encode() * 200_000)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    random = Random(2026)
    for _ in range(8):
        processes = [
            subprocess.Popen([sys.executable, "-c", program, str(path), x], env=environment)
            for x in "abc"
        ]
        while not path.exists():
            time.sleep(0.1)
        time.sleep(random.random())
        for process in processes:
            assert process.poll() is None
            process.kill()
            process.wait()
        content = path.read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
    write_atomically(path, b"one")
    assert list(tmp_path.iterdir()) == [path]
