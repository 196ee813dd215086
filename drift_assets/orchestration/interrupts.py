"""Ctrl-C: a terminal sends it to every process started from it, and one alone shall answer."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import dagster as dg


@contextmanager
def starting_deaf() -> Iterator[None]:
    """Let processes and threads that are started meanwhile not hear Ctrl-C, for good.

    Keep it short: one that comes meanwhile is heard afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def keep_mirrors_quiet(instance: dg.DagsterInstance) -> None:
    """Let the processes that show what a step prints not answer Ctrl-C with a traceback."""
    manager: Any = instance.compute_log_manager
    capture = manager.capture_logs

    @contextmanager
    def capture_logs(log_key: Sequence[str]) -> Iterator[Any]:
        with ExitStack() as captured:
            with starting_deaf():
                context = captured.enter_context(capture(log_key))
            yield context

    manager.capture_logs = capture_logs
