"""``drift-assets dashboard``, as a person types it."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from drift_assets.dashboard import FOLDER
from drift_assets.store import History
from drift_assets_tests.cli.calling import call
from drift_assets_tests.dashboard.conftest import LAST, keep


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "drift_home"
    keep(History(home / "history.duckdb", publishes=False), "loans", [40])
    return home


def test_it_is_made_by_hand(home: Path) -> None:
    result = call("dashboard", "--write", "--home", home)
    assert result.exit_code == 0
    page = home / FOLDER / "index.html"
    assert result.output == f"{page}: 8 files written\n"
    page.write_text("spoilt")
    assert call("dashboard", "--write", "--home", home).exit_code == 0
    assert "<title>Drift</title>" in page.read_text()
    # It can be copied: nothing in it says where it was made.
    assert not any(
        str(home).encode() in path.read_bytes()
        for path in (home / FOLDER).rglob("*")
        if path.is_file()
    )


def test_without_a_history_it_says_what_to_do(tmp_path: Path) -> None:
    result = call("dashboard", "--write", "--home", tmp_path)
    assert result.exit_code == 2
    assert "run a monitor first" in result.output
    assert not list(tmp_path.glob("*.duckdb"))


def test_a_port_that_is_taken_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = call("dashboard", "--port", port, "--home", home)
    assert result.exit_code == 2
    assert f"Cannot listen on port {port}" in result.output


def test_it_is_served_until_it_is_stopped_and_follows_the_history(home: Path) -> None:
    program = "from drift_assets.cli import main; main()"
    started = subprocess.Popen(
        [sys.executable, "-c", program, "dashboard", "--port", "0", "--home", str(home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        # Whoever runs the tests in the background hands on that Ctrl-C means nothing.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert started.stdout is not None
    try:
        address = started.stdout.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        assert "2026-11-22" in read(f"{address}data/index.js")
        history = History(home / "history.duckdb", publishes=False)
        keep(history, "loans", [41], last=LAST + timedelta(days=1))
        end = time.monotonic() + 120
        while "2026-11-23" not in read(f"{address}data/index.js"):
            assert time.monotonic() < end
            time.sleep(0.5)
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0
        assert started.stdout.read() == "stopped\n"
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  # this machine
        text: str = answer.read().decode()
        return text
