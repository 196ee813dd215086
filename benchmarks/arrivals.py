"""What one look of the file sensor costs: CPU seconds, by the way the files are laid out."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
from drift_assets.monitors import Monitor
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.due import find_due, requests_for
from drift_assets.sources import Place

FIRST = date(1999, 1, 1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

Layout = tuple[str, Callable[[int], str]]


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


LAYOUTS: dict[str, Layout] = {
    "a folder a day": ("{partition}/*.csv", lambda i: f"{_day(i % 365)}/{i // 365}.csv"),
    "one folder": ("{partition}_*.csv", lambda i: f"{_day(i % 365)}_{i // 365}.csv"),
    "year, month, day": ("%Y/%m/%d/*.csv", lambda i: f"{_day(i % 365):%Y/%m/%d}/{i // 365}.csv"),
    "a folder a key": (
        "dt={partition}/region=*/*.csv",
        lambda i: f"dt={_day(i % 365)}/region={i // 365}/x.csv",
    ),
    "a file a day": ("{partition}.csv", lambda i: f"{_day(i)}.csv"),
}


def measured(layout: Layout, n_files: int) -> tuple[int, float]:
    """Return the runs that a look asks for, and its CPU seconds, files and history new to it."""
    pattern, name_of = layout
    with tempfile.TemporaryDirectory() as folder, dg.instance_for_test() as instance:
        root = Path(folder)
        for number in range(n_files):
            path = root / name_of(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"a\n1\n")
            os.utime(path, (1e9, 1e9))
        monitor = Monitor.model_validate(
            {
                "name": "m",
                "baseline": "baseline.csv",
                "current": pattern,
                "features": ["a"],
                "partitions": {"start": FIRST},
            }
        )
        workplace = Workplace(monitor, Place(root, root / "home"))
        start = time.process_time()
        due = find_due(workplace, now=NOW)
        requests = requests_for(due, workplace, instance, job_name="m__daily", retry_failed=False)
        return len(requests), time.process_time() - start


def main() -> None:
    """Print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=10_000)
    n_files = arguments.parse_args().files
    print(f"| {n_files:,} files | runs asked for | CPU s |\n|---|---|---|")
    for name, layout in LAYOUTS.items():
        n_runs, seconds = measured(layout, n_files)
        print(f"| {name} | {n_runs} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
