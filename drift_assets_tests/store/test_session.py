"""One process at a time has the file, whoever it is and whatever happens."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from drift_assets.errors import HistoryBusyError, HistoryError
from drift_assets.store.session import holder_path, lock_path, open_session
from drift_assets.store.waiting_line import stand_in_line

Settings = dict[str, str | bool | int | float | list[str]]

HOLDING = """
import sys, duckdb
from pathlib import Path
from drift_assets.store.session import open_session
with open_session(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""
HOLDING_WITHOUT_LOCK = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""
READING = """
import sys
from pathlib import Path
from drift_assets.errors import HistoryBusyError
from drift_assets.store.session import open_session
try:
    with open_session(Path(sys.argv[1]), read_only=True, wait_seconds=0.2) as connection:
        print(connection.execute("SELECT max(i) FROM kept").fetchone()[0], flush=True)
        sys.stdin.readline()
except HistoryBusyError:
    print("busy", flush=True)
"""
OPENING = "import sys, duckdb; duckdb.connect(sys.argv[1]).close()"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


@contextmanager
def held_by_another_process(path: Path, script: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path), "some argument"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.communicate("\n")


def test_a_busy_history_names_the_process_that_holds_it(path: Path) -> None:
    with held_by_another_process(path, HOLDING) as process:
        with (
            pytest.raises(HistoryBusyError, match=f"process {process.pid} ") as caught,
            open_session(path, wait_seconds=0.2),
        ):
            pass
        assert "some argument" in str(caught.value)
    with open_session(path, wait_seconds=0.0):
        pass


def test_a_program_that_knows_no_lock_is_waited_for_and_named(path: Path) -> None:
    with open_session(path):
        pass
    with (
        held_by_another_process(path, HOLDING_WITHOUT_LOCK) as process,
        pytest.raises(HistoryBusyError, match="not drift_assets") as caught,
        open_session(path, wait_seconds=0.2),
    ):
        pass
    assert str(process.pid) in str(caught.value)


def test_who_waits_gets_in_once_the_holder_leaves(path: Path) -> None:
    entered = threading.Event()

    def wait() -> None:
        with open_session(path, wait_seconds=30.0):
            entered.set()

    with open_session(path):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        assert not entered.is_set()
    waiting.join()
    assert entered.is_set()


def test_an_error_inside_leaves_nothing_open(path: Path) -> None:
    def fail() -> None:
        with open_session(path) as connection:
            connection.cursor().execute("CREATE TABLE t (a INTEGER)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    subprocess.run([sys.executable, "-c", OPENING, str(path)], check=True)
    assert not holder_path(path).exists()


def test_a_file_that_changes_while_it_is_opened_is_opened_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(path) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    connect = duckdb.connect
    opened: list[Path] = []

    def connect_late(
        database: Path, *, read_only: bool, config: Settings
    ) -> duckdb.DuckDBPyConnection:
        if not opened:
            with connect(path) as other:
                other.execute("INSERT INTO t VALUES (1)")
        opened.append(database)
        return connect(database, read_only=read_only, config=config)

    monkeypatch.setattr(duckdb, "connect", connect_late)
    with open_session(path) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
    assert opened == [path, path]


def test_a_file_that_never_comes_to_rest_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(path) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    connect = duckdb.connect

    def connect_late(
        database: Path, *, read_only: bool, config: Settings
    ) -> duckdb.DuckDBPyConnection:
        with connect(path) as other:
            other.execute("INSERT INTO t VALUES (1)")
        return connect(database, read_only=read_only, config=config)

    monkeypatch.setattr(duckdb, "connect", connect_late)
    with pytest.raises(HistoryError, match="while it was being opened"), open_session(path):
        pass


def test_a_file_can_be_opened_by_every_duckdb_from_1_5_on(path: Path) -> None:
    with open_session(path) as connection:
        found = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
        ).fetchone()
    assert found == ("v1.5.0+",)


def test_instants_are_in_utc_and_no_extension_is_looked_for(path: Path) -> None:
    names = ("TimeZone", "autoinstall_known_extensions", "autoload_known_extensions")
    with open_session(path) as connection:
        found = [
            connection.execute("SELECT current_setting(?)", [name]).fetchone() for name in names
        ]
    assert found == [("UTC",), (False,), (False,)]


def test_a_history_that_is_not_there_cannot_be_read(path: Path) -> None:
    with (
        pytest.raises(HistoryError, match="run a monitor first"),
        open_session(path, read_only=True),
    ):
        pass
    assert not path.exists()
    assert not lock_path(path).exists()


def test_a_file_that_is_not_duckdb_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("monitor,partition\n" * 1000)
    with pytest.raises(HistoryError, match="DuckDB"), open_session(path):
        pass
    assert path.read_text() == "monitor,partition\n" * 1000


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "history.duckdb"
    with pytest.raises(HistoryError, match="Expected a folder"), open_session(path):
        pass


def test_half_a_file_of_a_killed_process_is_no_obstacle(path: Path) -> None:
    path.with_name("history.duckdb.new").write_bytes(b"half a header")
    with open_session(path) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    assert not path.with_name("history.duckdb.new").exists()


@contextmanager
def writable_for_nobody(path: Path) -> Iterator[None]:
    places = [*path.parent.iterdir(), path.parent]
    modes = [(place, place.stat().st_mode) for place in places]
    for place, mode in modes:
        place.chmod(mode & 0o555)
    try:
        yield
    finally:
        for place, mode in modes:
            place.chmod(mode)


def reads_only(path: Path) -> "subprocess.Popen[str]":
    """Return a process that reads the history, and whom modes keep from writing, root or not."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
    return subprocess.Popen(
        [*(drop if os.getuid() == 0 else []), sys.executable, "-c", READING, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(
    os.getuid() == 0 and shutil.which("setpriv") is None, reason="root may write anywhere"
)
def test_who_may_not_write_there_reads_under_the_same_lock_and_leaves_nothing(path: Path) -> None:
    with open_session(path) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 41 AS i")
    files = sorted(path.parent.iterdir())
    with writable_for_nobody(path):
        reader = reads_only(path)
        assert reader.stdout is not None
        assert reader.stdout.readline() == "41\n"
    with reader:
        # A writer waits for it.
        with pytest.raises(HistoryBusyError), open_session(path, wait_seconds=0.2):
            pass
        reader.communicate("\n")
    assert sorted(path.parent.iterdir()) == files
    # It waits for a writer too, and sees who stands in line.
    with open_session(path) as connection:
        connection.execute("INSERT INTO kept VALUES (42)")
        with writable_for_nobody(path), reads_only(path) as reader:
            assert reader.communicate("\n")[0] == "busy\n"
    with stand_in_line(path), writable_for_nobody(path), reads_only(path) as reader:
        assert reader.communicate("\n")[0] == "busy\n"
    # Without a lock file, as in a copy, there is nobody to wait for.
    lock_path(path).unlink()
    with writable_for_nobody(path), reads_only(path) as reader:
        assert reader.communicate("\n")[0] == "42\n"
    assert not lock_path(path).exists()
