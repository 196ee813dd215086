"""Processes that post and deliver alerts, and are killed between any two of their steps.

``python -m drift_assets_tests.orchestration.killing HOME KILLINGS SEED`` forks one process a
turn. It posts an alert, delivers what is due to the addresses in ``HOOK`` and ``DUTY``, and ends
by ``kill -9`` before or after a random call of ours; a last one is left to finish. Prints how
many there were, and which alerts the history has.
"""

import json
import logging
import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

# What is imported late would be imported by every process.
import requests  # noqa: F401

from drift_assets.alert_settings import Alerts
from drift_assets.monitors import Monitor
from drift_assets.orchestration.delivery import deliver
from drift_assets.store import History, NewAlert

MONITOR = Monitor.model_validate(
    {
        "name": "loans",
        "baseline": "b.csv",
        "current": "{partition}.csv",
        "features": ["income"],
        "partitions": {"start": "2026-01-01"},
    }
)
SETTINGS = Alerts.model_validate(
    {"webhook": [{"name": "hook", "url_env": "HOOK"}, {"name": "duty", "url_env": "DUTY"}]}
)


def turn(home: Path, number: int) -> None:
    """Post an alert and deliver what is due, a quarter of an hour after the turn before."""
    history = History(home / "history.duckdb", publishes=False)
    cause, today = f"cause_{number}", datetime.now(UTC).date()
    history.outbox.post("loans", today, NewAlert(cause, "t", "t", {"cause": cause}))
    at = datetime.now(UTC) + timedelta(minutes=20 * number)
    deliver(MONITOR, SETTINGS, history.outbox, logging.getLogger("quiet"), now=lambda: at)


def counted(work: Callable[[], None], *, last: int | None = None) -> int:
    """Return between how many calls of ours the work consists; after ``last`` comes the end."""
    seen = 0

    def look(frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal seen
        if str(frame.f_globals.get("__name__")).startswith("drift_assets."):
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen


def forked(work: Callable[[], int]) -> tuple[int, int]:
    """Return by which signal a process ended that did the work, and what it returned."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(theirs, str(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours, "rb") as said:
        text = said.read()
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, int(text or 0)


def main() -> None:
    """Do it and print what came of it."""
    home, killings, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    logging.disable()
    chance = random.Random(seed)
    (home / "dry").mkdir(parents=True)
    _, steps = forked(lambda: counted(lambda: turn(home / "dry", 0)))
    killed = 0
    for number in range(1, killings + 1):
        last = chance.randrange(1, steps)
        end, _ = forked(lambda: counted(lambda: turn(home, number), last=last))  # noqa: B023  # it ends in this turn
        killed += end == signal.SIGKILL
    _, kept = forked(lambda: finish(home, killings + 1))
    sys.stdout.write(json.dumps({"steps": steps, "killed": killed, "kept": kept}))


def finish(home: Path, number: int) -> int:
    """Deliver all that is left, write down which alerts there are, and return how many."""
    for later in range(3):
        turn(home, number + later)
    history = History(home / "history.duckdb", publishes=False)
    kept = [alert.cause for alert in history.outbox.alerts("loans")]
    states = history.query("SELECT channel, state, count(*) FROM deliveries GROUP BY ALL").rows
    (home / "kept.json").write_text(json.dumps({"kept": kept, "states": states}))
    return len(kept)


if __name__ == "__main__":
    main()
