"""Ctrl-C is heard by one process of those that a terminal sends it to."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from drift_assets.orchestration.interrupts import keep_mirrors_quiet, starting_deaf

BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"


def hears() -> bool:
    """Return whether a process that is started now hears Ctrl-C."""
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "False"


def test_only_what_is_started_meanwhile_does_not_hear_ctrl_c() -> None:
    assert hears()
    with starting_deaf():
        assert not hears()
    assert hears()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_those_that_show_a_steps_print_are_deaf_and_the_step_is_not() -> None:
    heard: list[object] = []

    @contextmanager
    def capture(log_key: list[str]) -> Iterator[list[str]]:
        heard.append(hears())
        yield log_key
        heard.append("closed")

    manager = SimpleNamespace(capture_logs=capture)
    keep_mirrors_quiet(SimpleNamespace(compute_log_manager=manager))  # type: ignore[arg-type]
    with manager.capture_logs(["run", "step"]) as context:
        assert context == ["run", "step"]
        heard.append(hears())
    assert heard == [False, True, "closed"]
