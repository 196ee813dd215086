"""Many processes, killed processes, full disks, forbidden folders: nothing is lost or torn."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets.store.backup import back_up
from drift_assets.store.check import check_history
from drift_assets.store.session import log_path
from drift_assets_tests.store.samples import DAY, assessment

FILLING = """
import resource, secrets, signal, sys
from datetime import timedelta
from pathlib import Path
from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets_tests.store.samples import DAY, assessment
path = Path(sys.argv[1])
if "limit" in sys.argv:
    # No file may grow beyond what the history has now, as if the disk were full.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for day in range(1, 1000):
        # Long and never the same, so that little of it fits.
        History(path).record(
            assessment(),
            partition=DAY + timedelta(days=day),
            fingerprint=secrets.token_hex(100_000),
            run_id="r",
        )
        print(day, flush=True)
except HistoryError as error:
    print(error, flush=True)
"""


def torture(tmp_path: Path, *arguments: str) -> list[dict[str, dict[str, object]]]:
    output = tmp_path / "figures.json"
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "drift_assets_tests.store.torture", *arguments),
            *("--output", str(output)),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found: list[dict[str, dict[str, object]]] = json.loads(output.read_text())
    return found


@pytest.mark.slow
def test_a_crowd_and_killings_lose_and_tear_nothing(tmp_path: Path) -> None:
    without, publishing, killed = torture(
        tmp_path, *("--writers", "4", "--days", "5", "--readers", "2", "--killings", "20")
    )
    assert without["Crowd"]["n_writes"] == publishing["Crowd"]["n_writes"] == 20
    assert publishing["Crowd"]["n_copies"] != 0
    assert killed["Killings"]["n_killed"] == dict.fromkeys(
        ("write", "migrate", "publish", "prune"), 5
    )
    assert all(
        part["wrong"] == [] for one in (without, publishing, killed) for part in one.values()
    )


FORBIDDEN = """
import os, sys
from pathlib import Path
from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets_tests.store.samples import DAY, assessment
history, found = History(Path(sys.argv[1])), assessment()
# What is imported late must be so while everything may be read.
History(Path(sys.argv[2])).record(found, partition=DAY, fingerprint="f", run_id="r")
History(Path(sys.argv[2])).query("SELECT 1")
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(history.query("SELECT count(*) FROM evaluations").rows)
try:
    history.record(found, partition=DAY, fingerprint="g", run_id="r")
except HistoryError as error:
    print(error)
"""


def is_told_and_nothing_is_lost(history: History, *options: str) -> None:
    """Fail unless filling up the disk ends in words and leaves every confirmed day."""
    finished = subprocess.run(
        [sys.executable, "-c", FILLING, str(history.path), *options],
        capture_output=True,
        check=True,
        text=True,
    )
    *confirmed, said = finished.stdout.splitlines()
    assert "check the disk, and run the day again" in said, said
    kept = {(day - DAY).days for day in history.reported("loans")}
    assert {0, *map(int, confirmed)} <= kept
    assert len(kept) <= len(confirmed) + 2


def test_a_disk_that_may_not_grow_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")
    is_told_and_nothing_is_lost(history, "limit")
    assert check_history(history.path, wait_seconds=10.0).healthy
    later = DAY + timedelta(days=2000)
    history.record(assessment(), partition=later, fingerprint="f", run_id="r")
    assert later in history.reported("loans")


def test_a_full_file_system_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(full)],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("here no file system can be mounted, which only root may")
    try:
        history = History(full / "history.duckdb", publishes=False)
        history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")
        is_told_and_nothing_is_lost(history)
        kept = history.reported("loans")
        copy = History(tmp_path / "history.duckdb", publishes=False)
        if log_path(history.path).exists():
            with pytest.raises(HistoryError, match="expected room for it on that disk"):
                back_up(history.path, copy.path, wait_seconds=10.0)
        larger = ["mount", "-o", "remount,size=100m", str(full)]
        subprocess.run(larger, capture_output=True, check=True)
        assert back_up(history.path, copy.path, wait_seconds=10.0).healthy
        assert copy.reported("loans") == kept
    finally:
        subprocess.run(["umount", "--lazy", str(full)], check=True)


def test_a_folder_that_may_not_be_written_is_told_and_its_copy_read(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        # Not below pytest's own folder, which only its user may enter.
        home = Path(place)
        history = History(home / "history.duckdb")
        history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")
        history.publish()
        for folder in (home / "published", home):
            folder.chmod(0o555)
        try:
            finished = subprocess.run(
                [
                    *(sys.executable, "-c", FORBIDDEN, str(history.path)),
                    str(tmp_path / "history.duckdb"),
                ],
                capture_output=True,
                check=True,
                text=True,
            )
        finally:
            for folder in (home, home / "published"):
                folder.chmod(0o755)
        counted, said = finished.stdout.splitlines()
        assert counted == "[(1,)]"
        assert "this user may write" in said or "cannot be opened" in said
        assert history.reported("loans") == {DAY: "f"}
