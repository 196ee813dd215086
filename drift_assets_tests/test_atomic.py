"""Atomic writes: the old content or the new, never a part."""

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


def test_a_new_file_can_be_read_by_others_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    write_atomically(path, b"two")
    assert path.stat().st_mode & 0o777 == 0o600
