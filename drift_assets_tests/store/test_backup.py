"""A back-up is whole or is not there, and whoever restores one never loses the other."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from drift_assets.errors import HistoryError, HistoryVersionError
from drift_assets.store import History, backup
from drift_assets.store.backup import back_up, restore
from drift_assets.store.session import log_path
from drift_assets_tests.store.samples import DAY, assessment
from drift_assets_tests.store.test_publish import CRASHING

INSERTING = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("INSERT INTO inputs VALUES ('loans', '2026-11-23', 'a.csv', 1, now(), NULL)")
os._exit(9)
"""
COUNT = "SELECT count(*) FROM evaluations"


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "home" / "history.duckdb")
    record(history, 0)
    return history


@pytest.fixture
def saved(history: History, tmp_path: Path) -> Path:
    target = tmp_path / "backups" / "monday.duckdb"
    back_up(history.path, target, wait_seconds=10.0)
    return target


def record(history: History, day: int) -> None:
    history.record(assessment(), partition=DAY + timedelta(days=day), fingerprint="f", run_id="r")


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[12288:] = bytes(len(content) - 12288)
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_back_up_is_the_history_and_comes_back(history: History, saved: Path) -> None:
    assert saved.read_bytes() == history.path.read_bytes()
    history.path.unlink()
    assert restore(history.path, saved, wait_seconds=10.0) is None
    assert history.query(COUNT).rows == [(1,)]
    record(history, 1)
    assert history.query(COUNT).rows == [(2,)]
    assert [file.name for file in saved.parent.iterdir()] == ["monday.duckdb"]


def test_a_back_up_holds_what_a_killed_process_committed(history: History, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", INSERTING, str(history.path)], check=False)
    assert log_path(history.path).exists()
    found = back_up(history.path, tmp_path / "b.duckdb", wait_seconds=10.0)
    assert found.n_rows["inputs"] == 1


def test_nothing_is_overwritten_unasked(history: History, saved: Path) -> None:
    before = saved.read_bytes()
    record(history, 1)
    with pytest.raises(HistoryError, match="--force"):
        back_up(history.path, saved, wait_seconds=10.0)
    assert saved.read_bytes() == before
    back_up(history.path, saved, force=True, wait_seconds=10.0)
    assert saved.read_bytes() == history.path.read_bytes()
    with pytest.raises(HistoryError, match="Found the history itself at"):
        back_up(history.path, history.path, force=True, wait_seconds=10.0)
    copy = history.publish()
    assert copy is not None
    with pytest.raises(HistoryError, match="Found the published copy at"):
        back_up(history.path, copy.path, force=True, wait_seconds=10.0)
    with pytest.raises(HistoryError, match="name another one"):
        back_up(history.path, saved.parent, force=True, wait_seconds=10.0)


def test_no_back_up_is_made_of_a_damaged_history(history: History, saved: Path) -> None:
    before = saved.read_bytes()
    damage(history.path)
    with pytest.raises(HistoryError, match="damaged"):
        back_up(history.path, saved, force=True, wait_seconds=10.0)
    assert saved.read_bytes() == before
    assert [file.name for file in saved.parent.iterdir()] == ["monday.duckdb"]


def test_a_back_up_that_cannot_be_written_says_so(history: History, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match="a folder in which this user may write"):
        back_up(history.path, tmp_path / "file" / "b.duckdb", wait_seconds=10.0)


def test_a_history_that_is_there_is_replaced_only_when_asked_and_kept(
    history: History, saved: Path
) -> None:
    record(history, 1)
    with pytest.raises(HistoryError, match="--force"):
        restore(history.path, saved, wait_seconds=10.0)
    assert history.query(COUNT).rows == [(2,)]
    aside = restore(history.path, saved, force=True, wait_seconds=10.0)
    assert history.query(COUNT).rows == [(1,)]
    assert aside is not None
    assert History(aside).query(COUNT).rows == [(2,)]


def test_a_damaged_history_can_be_replaced_with_what_a_killed_process_left(
    history: History, saved: Path
) -> None:
    subprocess.run([sys.executable, "-c", CRASHING, str(history.path)], check=False)
    damage(history.path)
    aside = restore(history.path, saved, force=True, wait_seconds=10.0)
    assert aside is not None
    assert log_path(aside).exists()
    assert history.query(COUNT).rows == [(1,)]


def test_a_damaged_back_up_changes_nothing(history: History, saved: Path) -> None:
    damage(saved)
    with pytest.raises(HistoryError, match="nothing was changed"):
        restore(history.path, saved, force=True, wait_seconds=10.0)
    assert history.query(COUNT).rows == [(1,)]


def test_a_back_up_of_a_newer_version_is_refused_in_words(history: History, tmp_path: Path) -> None:
    with history.session() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    newer = tmp_path / "newer.duckdb"
    history.path.rename(newer)
    with pytest.raises(HistoryVersionError, match="upgrade"):
        restore(history.path, newer, wait_seconds=10.0)
    assert not history.path.exists()


def test_a_back_up_that_is_absent_or_in_use_is_refused(history: History, saved: Path) -> None:
    with pytest.raises(HistoryError, match="Found no back-up"):
        restore(history.path, saved.with_name("absent"), force=True, wait_seconds=10.0)
    with pytest.raises(HistoryError, match="the history itself"):
        restore(history.path, history.path, force=True, wait_seconds=10.0)
    saved.chmod(0o644)
    subprocess.run([sys.executable, "-c", CRASHING, str(saved)], check=False)
    with pytest.raises(HistoryError, match=r"something has .* open"):
        restore(history.path, saved, force=True, wait_seconds=10.0)


def test_who_is_killed_while_restoring_leaves_one_of_the_two(
    history: History, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history, 1)

    def killed(*_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_set_aside", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(history.path, saved, force=True, wait_seconds=10.0)
    assert history.query(COUNT).rows == [(2,)]
    monkeypatch.undo()
    monkeypatch.setattr(backup, "sync_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(history.path, saved, force=True, wait_seconds=10.0)
    assert history.query(COUNT).rows == [(1,)]


def test_a_file_without_a_history_in_it_takes_nobodys_place(
    history: History, tmp_path: Path
) -> None:
    other = tmp_path / "other.duckdb"
    with duckdb.connect(other) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    before = history.reported("loans")
    with pytest.raises(HistoryError, match="without a history in it"):
        restore(history.path, other, force=True, wait_seconds=10.0)
    assert history.reported("loans") == before


def test_what_was_left_beside_no_history_does_not_come_to_the_next(
    history: History, saved: Path
) -> None:
    for restored in (True, False):
        subprocess.run([sys.executable, "-c", INSERTING, str(history.path)], check=False)
        assert log_path(history.path).exists()
        history.path.unlink()
        if restored:
            restore(history.path, saved, wait_seconds=10.0)
        with history.session() as connection:
            assert connection.execute("SELECT count(*) FROM inputs").fetchall() == [(0,)]
    assert len(list(history.path.parent.glob("*.wal.left-*"))) == 2


def test_who_is_killed_while_replacing_leaves_every_committed_row(
    history: History, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-c", INSERTING, str(history.path)], check=False)
    set_aside = backup._set_aside  # noqa: SLF001  # to stop right behind it

    def killed(path: Path) -> None:
        set_aside(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_set_aside", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(history.path, saved, force=True, wait_seconds=10.0)
    (aside,) = history.path.parent.glob("*.before-*")
    for path in (history.path, aside):
        assert History(path).query("SELECT count(*) FROM inputs").rows == [(1,)]
