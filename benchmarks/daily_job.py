"""CPU seconds of one day of the daily Dagster job: `python benchmarks/daily_job.py`.

Each number of features is a fresh process in a fresh drift home, so that no run profits from
another. The first day freezes the baseline and is not counted; of the second, what our own
functions take inside Dagster's steps is timed and the rest is Dagster's: events, storage, checks.
Dagster's own variables, such as DAGSTER_EVENT_BATCH_SIZE, are passed on, to measure them.
"""

import argparse
import functools
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from processes import machine, measure
from speed import CONTESTANTS, ENVIRONMENT, ROOT
from workloads import Workload

ROWS: Final = 5_000
DAYS: Final = ("2026-11-01", "2026-11-02")
PARTS: Final = ("imports", "load", "scan", "statistics", "report", "history", "rest of ours")


def one_day(n_features: int, folder: Path) -> dict[str, float]:
    """Return the CPU seconds of one day by what they went into; meant for a fresh process."""
    began = time.process_time()
    from drift_assets.declarations import Declaration
    from drift_assets.monitors import Monitor
    from drift_assets.orchestration import assets, day
    from drift_assets.orchestration.runs import Runner, open_instance
    from drift_assets.store import History

    spent: defaultdict[str, float] = defaultdict(float)
    spent["imports"] = time.process_time() - began
    began = time.process_time()
    columns = [f"c{i:03}" for i in range(n_features)]
    monitor = Monitor.model_validate(
        {
            "name": "daily",
            "baseline": "baseline.parquet",
            "current": "current.{partition}.parquet",
            "features": columns,
            "fail_run_on_breach": False,
            "partitions": {"start": DAYS[0]},
        }
    )
    declaration = Declaration(monitor, folder / "defs.yaml", 1, folder)
    (folder / "drift_home").mkdir()
    runner = Runner(declaration, open_instance(folder / "drift_home"))
    spent["load"] = time.process_time() - began
    _ended(runner.run(_date(DAYS[0])))

    timer = _Timer()
    for owner, name, part in (
        (day, "profile_rows", "scan"),
        (day, "assess", "statistics"),
        (assets, "html_report", "report"),
        (assets, "to_json", "report"),
        (assets, "assessment_to_dict", "report"),
        (assets, "markdown_table", "report"),
        (assets, "svg_overview", "report"),
        (assets, "bins_table", "report"),
        (History, "record", "history"),
        (History, "claim_alerts", "history"),
        (History, "mark_alert", "history"),
        (day.Workplace, "frozen_baseline", "rest of ours"),
        (day.Workplace, "evaluate", "rest of ours"),
        (day.Workplace, "keep", "rest of ours"),
        (day.Workplace, "kept", "rest of ours"),
        (day.Workplace, "forget_older", "rest of ours"),
    ):
        setattr(owner, name, timer.timed(getattr(owner, name), part))
    began = time.process_time()
    _ended(runner.run(_date(DAYS[1])))
    whole = time.process_time() - began
    spent.update(timer.spent)
    ours = sum(timer.spent.values())
    return {**{part: spent[part] for part in PARTS}, "ours": ours, "dagster": whole - ours}


class _Timer:
    """Adds up the CPU seconds of functions; of nested ones each only its own."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]

    def timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """Return ``function``, its own seconds counted under ``part``."""

        @functools.wraps(function)
        def wrapper(*arguments: Any, **options: Any) -> Any:
            self._inner.append(0.0)
            began = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                spent = time.process_time() - began
                self.spent[part] += spent - self._inner.pop()
                self._inner[-1] += spent

        return wrapper


def _date(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def _ended(outcome: Any) -> None:
    if outcome.error:
        raise RuntimeError(outcome.error)


def _fresh_process(n_features: int, data: Path) -> tuple[dict[str, float], float]:
    """Return the split of one day, and the CPU seconds of `compare` on the same two files."""
    size = Workload("", ROWS, n_features)
    script = CONTESTANTS.with_name("workloads.py")
    measure([sys.executable, script, str(ROWS), str(n_features), "floats", data])
    before, after = (path.resolve() for path in size.files(data))
    with tempfile.TemporaryDirectory(prefix="daily_job_") as name:
        folder = Path(name)
        (folder / "baseline.parquet").symlink_to(before)
        for day in DAYS:
            (folder / f"current.{day}.parquet").symlink_to(after)
        _, printed = measure(
            [sys.executable, __file__, "--in-process", str(n_features), folder],
            environment={**ENVIRONMENT, "DAGSTER_HOME": "", "DAGSTER_DISABLE_TELEMETRY": "1"},
        )
    command = [sys.executable, CONTESTANTS, "ours_cold", before, after]
    cost, _ = measure(command, environment=ENVIRONMENT)
    return json.loads(printed.splitlines()[-1]), cost.cpu


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the split of a day for each number of features."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--data", type=Path, default=ROOT / "build/benchmarks")
    parser.add_argument("--output", type=Path, help="write all figures as JSON")
    parser.add_argument("--in-process", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.in_process:
        n_features, folder = options.in_process
        print(json.dumps(one_day(int(n_features), Path(folder))))
        return
    options.data.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"machine": machine(), "rows": ROWS, "features": {}}
    heads = [*PARTS, "ours", "dagster", "compare"]
    print("features" + "".join(f"{head:>13}" for head in heads))
    for n_features in options.features:
        split, compare = _fresh_process(n_features, options.data)
        report["features"][n_features] = {**split, "compare": compare}
        print(f"{n_features:8}" + "".join(f"{v:13.2f}" for v in [*split.values(), compare]))
    if options.output is not None:
        options.output.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
