"""People read a copy: it disturbs nobody, never lacks what was written for long, and is whole."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from drift_assets.errors import HistoryBusyError, HistoryError
from drift_assets.store import History, publish
from drift_assets.store.publish import PublishedCopy, published_copy, published_path
from drift_assets.store.session import log_path, open_session
from drift_assets_tests.store.samples import DAY, assessment

COUNT = "SELECT count(*) FROM evaluations"
HOLDING = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
connection.execute("FROM evaluations").fetchall()
print("open", flush=True)
sys.stdin.readline()
print(connection.execute("SELECT count(*) FROM evaluations").fetchone()[0], flush=True)
"""
CRASHING = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("INSERT INTO evaluations SELECT * REPLACE ('left' AS monitor) FROM evaluations")
os._exit(9)
"""


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "home" / "history.duckdb")


def record(history: History, *days: int) -> None:
    for day in days:
        history.record(
            assessment(), partition=DAY + timedelta(days=day), fingerprint="f", run_id="r"
        )


def copy_of(history: History) -> PublishedCopy:
    copy = published_copy(history.path)
    assert copy is not None
    return copy


def rows_in(path: Path) -> int:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS copy (READ_ONLY)")
        ((n,),) = connection.execute("SELECT count(*) FROM copy.evaluations").fetchall()
    return int(n)


def age(history: History, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the published copy have been taken that long ago."""
    taken_at = copy_of(history).taken_at

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # as it is called
            assert tz is UTC
            return taken_at + timedelta(seconds=seconds)

    monkeypatch.setattr(publish, "datetime", Later)


@contextmanager
def held_open(path: Path, *, how: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


# --- What is in it, and when ---


def test_what_has_just_been_written_is_in_the_next_answer(history: History) -> None:
    for day in range(3):
        record(history, day)
        found = history.query(COUNT)
        assert (found.rows, found.complete) == ([(day + 1,)], True)


def test_the_copy_is_a_duckdb_file_at_a_stable_place_that_cannot_be_written(
    history: History,
) -> None:
    record(history, 0)
    copy = history.publish()
    assert copy == copy_of(history)
    assert copy.path == history.path.parent / "published" / "history.duckdb"
    assert copy.path.stat().st_mode & 0o222 == 0
    assert copy.path.read_bytes() == history.path.read_bytes()
    assert [file.name for file in sorted(copy.path.parent.iterdir())] == [
        "history.duckdb",
        "history.duckdb.lock",
    ]


def test_reading_the_writers_file_does_not_make_the_copy_old(history: History) -> None:
    record(history, 0)
    history.publish()
    history.reported("loans")
    with history.session():
        pass
    assert copy_of(history).complete
    before = copy_of(history).path.stat().st_ino
    history.publish()
    assert copy_of(history).path.stat().st_ino == before


def test_many_writes_within_a_minute_make_one_copy_and_the_next_minute_another(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history, 0)
    assert rows_in(copy_of(history).path) == 1
    record(history, 1, 2, 3)
    assert rows_in(copy_of(history).path) == 1
    assert not copy_of(history).complete
    age(history, monkeypatch, 61)
    record(history, 4)
    assert rows_in(copy_of(history).path) == 5


def test_a_large_history_is_not_copied_for_every_question_and_says_of_when_it_is(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "SMALL_BYTES", 1)
    record(history, 0)
    record(history, 1)
    found = history.query(COUNT)
    assert (found.rows, found.complete) == ([(1,)], False)
    assert found.as_of == copy_of(history).taken_at
    history.publish_if_due()
    assert not copy_of(history).complete
    # The last write is published by whoever looks a minute later.
    age(history, monkeypatch, 61)
    assert history.query(COUNT).rows == [(2,)]
    assert copy_of(history).complete


def test_a_clock_that_was_set_back_does_not_stop_publishing(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history, 0)
    age(history, monkeypatch, -3600)
    record(history, 1)
    assert rows_in(copy_of(history).path) == 2


def test_writing_need_not_publish(tmp_path: Path) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    record(history, 0)
    assert published_copy(history.path) is None
    assert history.query(COUNT).rows == [(1,)]


def test_what_a_killed_process_committed_is_in_the_copy(history: History) -> None:
    record(history, 0)
    history.publish()
    subprocess.run([sys.executable, "-c", CRASHING, str(history.path)], check=False)
    assert log_path(history.path).exists()
    assert not copy_of(history).complete
    assert history.query(COUNT).rows == [(2,)]
    assert not log_path(history.path).exists()


# --- Who reads it disturbs nobody ---


def test_who_has_the_copy_open_keeps_it_and_nobody_waits_for_him(history: History) -> None:
    record(history, 0)
    copy = history.publish()
    assert copy is not None
    with held_open(copy.path, how="read") as analyst:
        record(history, 1)
        history.publish()
        assert history.query(COUNT).rows == [(2,)]
        assert analyst.communicate("\n")[0] == "1\n"


def test_a_copy_that_somebody_opened_for_writing_is_replaced(history: History) -> None:
    record(history, 0)
    copy = history.publish()
    assert copy is not None
    copy.path.chmod(0o644)
    with held_open(copy.path, how="write"):
        assert history.query(COUNT).rows == [(1,)]
        record(history, 1)
        assert history.query(COUNT).rows == [(2,)]


def test_what_somebody_wrote_into_the_copy_is_gone_with_the_next(history: History) -> None:
    record(history, 0)
    copy = history.publish()
    assert copy is not None
    copy.path.chmod(0o644)
    subprocess.run([sys.executable, "-c", CRASHING, str(copy.path)], check=False)
    assert log_path(copy.path).exists()
    record(history, 1)
    assert history.query("SELECT DISTINCT monitor FROM evaluations").rows == [("loans",)]
    assert not log_path(copy.path).exists()


def test_a_notebook_may_have_the_copy_open_in_the_same_process(history: History) -> None:
    record(history, 0)
    copy = history.publish()
    assert copy is not None
    with duckdb.connect(copy.path, read_only=True, config={"threads": 1}) as notebook:
        record(history, 1)
        assert history.query(COUNT).rows == [(2,)]
        assert notebook.execute(COUNT).fetchall() == [(1,)]


def test_a_question_is_answered_while_a_writer_has_the_history(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history, 0)
    history.publish()
    monkeypatch.setattr("drift_assets.store.history.READ_WAIT_SECONDS", 0.05)
    with history.session() as connection:
        connection.execute("DELETE FROM evaluations")
        found = history.query(COUNT)
    assert (found.rows, found.complete) == ([(1,)], False)


def test_a_copy_alone_can_be_read_where_the_history_is_not(history: History) -> None:
    record(history, 0)
    history.publish()
    history.path.unlink()
    found = history.query(COUNT)
    assert (found.rows, found.complete) == ([(1,)], False)


def test_a_damaged_copy_is_replaced(history: History) -> None:
    record(history, 0)
    copy = history.publish()
    assert copy is not None
    mtime = copy.path.stat().st_mtime_ns
    size = copy.path.stat().st_size
    copy.path.chmod(0o644)
    copy.path.write_bytes(bytes(size))
    os.utime(copy.path, ns=(mtime, mtime))
    assert history.query(COUNT).rows == [(1,)]


# --- What goes wrong ---


def test_a_run_does_not_fail_because_nothing_can_be_published(
    history: History, caplog: pytest.LogCaptureFixture
) -> None:
    record(history, 0)
    shutil.rmtree(published_path(history.path).parent)
    published_path(history.path).parent.touch()
    with caplog.at_level(logging.WARNING):
        record(history, 1)
    assert "not published" in caplog.text
    assert history.reported("loans") == {DAY: "f", DAY + timedelta(days=1): "f"}
    with pytest.raises(HistoryError, match="a folder in which this user may write"):
        history.publish()


def test_a_full_disk_leaves_the_copy_as_it_was(
    history: History, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record(history, 0)
    history.publish()
    usage = shutil.disk_usage(history.path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1))
    age(history, monkeypatch, 61)
    with caplog.at_level(logging.WARNING):
        record(history, 1)
    assert "No space left on device" in caplog.text
    assert rows_in(copy_of(history).path) == 1
    assert not published_path(history.path).with_name("history.duckdb.new").exists()


def test_a_history_that_changes_while_it_is_copied_is_copied_again(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history, 0)
    copy_bytes = publish._copy_bytes  # noqa: SLF001  # the moment that the test is about
    turns: list[Path] = []

    def copy_late(source: Path, target: object) -> None:
        copy_bytes(source, target)  # type: ignore[arg-type]  # as it came
        if not turns:
            subprocess.run([sys.executable, "-c", CRASHING, str(source)], check=False)
        turns.append(source)

    monkeypatch.setattr(publish, "_copy_bytes", copy_late)
    shutil.rmtree(published_path(history.path).parent)
    history.publish()
    assert len(turns) == 2
    assert rows_in(copy_of(history).path) == 2


def test_half_a_copy_of_a_killed_process_is_no_obstacle(history: History) -> None:
    record(history, 0)
    left = published_path(history.path).with_name("history.duckdb.new")
    left.write_bytes(b"half")
    left.chmod(0o444)
    record(history, 1)
    assert history.query(COUNT).rows == [(2,)]
    assert not left.exists()


def test_two_cannot_publish_at_once_so_that_the_older_copy_never_wins(history: History) -> None:
    record(history, 0)
    with FileLock(published_path(history.path).with_name("history.duckdb.lock")):
        record(history, 1)
        with pytest.raises(HistoryBusyError, match="another process publishing"):
            history.publish(wait_seconds=0.1)
    history.publish()
    assert copy_of(history).complete


def test_a_busy_history_is_not_waited_for_long_where_a_copy_is_there(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history, 0)
    history.publish()
    record(history, 1)
    monkeypatch.setattr("drift_assets.store.history.READ_WAIT_SECONDS", 0.05)
    with open_session(history.path):
        found = history.query(COUNT)
    assert (found.rows, found.complete) == ([(1,)], False)
