"""Signals and DuckDB: a stop waits for a commit, and comes through as what it is.

DuckDB looks for signals while it works. A handler that raises, as for Ctrl-C, breaks off what is
being done with ``RuntimeError("Query interrupted")``; and a commit that was broken off leaves the
file such that the same process never gets it open again.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def postponed() -> Iterator[None]:
    """Let no handler of a signal raise meanwhile; what came is handled afterwards.

    Keep it short. Only the main thread handles signals: in another one nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {
        int(number): handler
        for number in signal.valid_signals()
        # Neither the defaults, which end the process, nor handlers that are not of Python.
        if callable(handler := signal.getsignal(number))
    }
    came: list[tuple[int, FrameType | None]] = []
    try:
        for number in handlers:
            signal.signal(number, lambda *arrived: came.append(arrived))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for signalled, frame in came:
            handlers[signalled](signalled, frame)


@contextmanager
def as_raised() -> Iterator[None]:
    """Raise what the handler of a signal raised, not what DuckDB makes of it."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted" and error.__cause__ is not None:
            raise error.__cause__ from None
        raise
