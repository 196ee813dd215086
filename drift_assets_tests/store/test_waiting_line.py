"""First come, first served, and nobody waits for the dead."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from drift_assets.errors import HistoryBusyError
from drift_assets.store.session import open_session
from drift_assets.store.waiting_line import (
    SILENT_SECONDS,
    first_in_line,
    stand_in_line,
    stay_in_line,
)

STANDING = """
import sys
from pathlib import Path
from drift_assets.store.waiting_line import stand_in_line
with stand_in_line(Path(sys.argv[1])) as place:
    print(place, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


def test_who_came_first_is_first(path: Path) -> None:
    assert first_in_line(path) is None
    with stand_in_line(path) as one:
        with stand_in_line(path):
            assert first_in_line(path) == one
        with stand_in_line(path) as three:
            pass
        assert first_in_line(path) == one != three
    assert first_in_line(path) is None
    assert list(path.parent.iterdir()) == []


def test_lines_for_two_files_are_two(path: Path) -> None:
    with stand_in_line(path.with_name("other.duckdb")):
        assert first_in_line(path) is None


def test_nobody_waits_for_a_process_that_was_killed(path: Path) -> None:
    command = [sys.executable, "-c", STANDING, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        place = process.stdout.readline().strip()
        with stand_in_line(path) as after:
            assert first_in_line(path) == place
            process.kill()
            process.wait()
            assert path.with_name(place).exists()
            assert first_in_line(path) == after
            assert not path.with_name(place).exists()


def test_a_newcomer_does_not_overtake_who_waits(path: Path) -> None:
    with open_session(path):
        pass
    with (
        stand_in_line(path),
        pytest.raises(HistoryBusyError),
        open_session(path, wait_seconds=0.05),
    ):
        pass
    with open_session(path, wait_seconds=0.0):
        pass


def test_who_leaves_and_comes_again_does_so_behind_those_who_wait(path: Path) -> None:
    """One process that never pauses must not keep the others out: that is how it would starve them.

    With the line, whoever waits is served before the other's next turn but one.
    """
    waiting, served = threading.Event(), threading.Event()
    turns = 0

    def wait() -> None:
        waiting.set()
        with open_session(path):
            served.set()

    with open_session(path):
        thread = threading.Thread(target=wait)
        thread.start()
        waiting.wait()
        while first_in_line(path) is None:
            time.sleep(0.001)
    while not served.is_set():
        with open_session(path):
            turns += 1
    thread.join()
    assert turns <= 1


def test_who_was_stopped_at_the_head_loses_its_place_and_takes_another(path: Path) -> None:
    with stand_in_line(path) as stopped, stand_in_line(path) as after:
        assert first_in_line(path) == stopped
        assert stay_in_line(path, stopped)
        long_ago = time.time() - SILENT_SECONDS - 1.0
        os.utime(path.with_name(stopped), (long_ago, long_ago))
        assert first_in_line(path) == after
        assert not stay_in_line(path, stopped)
