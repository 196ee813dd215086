"""Atomic writes: the old content or the new, never a part."""

import os
from pathlib import Path

import pytest

from drift_assets.atomic import write_atomically


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
