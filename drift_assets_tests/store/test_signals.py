"""A run that is stopped while it writes leaves a history that the same process can use."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drift_assets.store import History
from drift_assets.store.publish import open_copy, publish
from drift_assets.store.signals import as_raised, postponed


class StoppedError(BaseException):
    """What the handler of the signal raises."""


@pytest.fixture(autouse=True)
def _stops() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise StoppedError

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.signal(signal.SIGALRM, before)


def test_what_came_meanwhile_is_raised_afterwards_once_for_each_signal() -> None:
    done = []

    def work() -> None:
        with postponed():
            with postponed():
                os.kill(os.getpid(), signal.SIGALRM)
                done.append("inner")
            done.append("outer")

    with pytest.raises(StoppedError):
        work()
    assert done == ["inner", "outer"]
    with pytest.raises(StoppedError):
        os.kill(os.getpid(), signal.SIGALRM)


def test_what_the_handler_raised_comes_out_in_place_of_what_duckdb_makes_of_it() -> None:
    with pytest.raises(StoppedError), as_raised():
        raise RuntimeError("Query interrupted") from StoppedError()
    with pytest.raises(RuntimeError, match="another"), as_raised():
        raise RuntimeError("another")


def test_a_commit_is_whole_or_absent_whenever_it_is_stopped_and_the_file_opens_again(
    tmp_path: Path,
) -> None:
    """Broken off within the commit, the next open of the file would never return."""
    history = History(tmp_path / "history.duckdb", publishes=False)
    with history.session() as connection:
        connection.execute("CREATE TABLE big (a BIGINT, b VARCHAR)")
    stopped = 0
    for attempt in range(6):
        try:
            with history._transaction() as connection:  # noqa: SLF001  # the door of every write
                connection.execute("DELETE FROM big")
                connection.execute(
                    "INSERT INTO big SELECT ?, repeat('y', 50) FROM range(100000)", [attempt]
                )
                signal.setitimer(signal.ITIMER_REAL, 0.0005 + 0.003 * attempt)
            time.sleep(1.0)
        except StoppedError:
            stopped += 1
        with history.session(wait_seconds=5.0) as connection:
            found = connection.execute("SELECT a, count(*) FROM big GROUP BY a").fetchall()
        assert found in ([(attempt, 100_000)], [(attempt - 1, 100_000)], [])
    assert stopped == 6


LONG = "SELECT count(*) FROM range(200000) a, range(2000000) b WHERE hash(a.range + b.range) = 7"


def test_a_question_that_is_stopped_ends_as_what_stopped_it_and_the_next_is_answered(
    tmp_path: Path,
) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    with history.session() as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    for attempt in range(6):
        signal.setitimer(signal.ITIMER_REAL, 0.05 + 0.03 * attempt)
        with pytest.raises(StoppedError):
            history.query(LONG, limit_seconds=60.0)
        assert history.query("SELECT 1 AS one").rows == [(1,)]


def test_a_copy_that_is_stopped_while_it_opens_ends_as_what_stopped_it(tmp_path: Path) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    with history.session() as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    path = publish(history.path, wait_seconds=10.0).path

    def open_for_ever() -> None:
        while True:
            with open_copy(path):
                pass

    for attempt in range(60):
        signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.0007 * attempt)
        with pytest.raises(StoppedError):
            open_for_ever()
