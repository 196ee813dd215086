"""A process that records days, for tests of many processes on one history.

``python -m drift_assets_tests.store.writing HOME MONITOR DAYS [ROUNDS]``: prints each day
once it is recorded.
"""

import sys
from datetime import timedelta
from pathlib import Path

from drift_assets.store import open_history
from drift_assets_tests.store.samples import DAY, assessment


def main(home: str, monitor: str, n_days: int, n_rounds: int = 1) -> None:
    """Record ``n_days`` days of ``monitor``, ``n_rounds`` times."""
    history = open_history(Path(home))
    found = assessment(monitor, shift=300.0)
    for turn in range(n_rounds):
        for day in range(n_days):
            partition = DAY + timedelta(days=day)
            history.record(found, partition=partition, fingerprint=f"{turn}", run_id=f"run {turn}")
            print(partition, flush=True)  # noqa: T201  # a test reads it


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
