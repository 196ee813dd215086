"""CPU seconds of one day of the daily Dagster job: `python benchmarks/daily_job.py`.

Each number of features is a fresh process in a fresh drift home, so that no run profits from
another. The first day freezes the baseline and is not counted; of the second, all that the
functions of our steps do is ours, but for what they ask of Dagster's storage, which is timed
apart; the rest is Dagster's events. `--settings` measures one setting of Dagster's after another,
each against those shipped.
"""

import argparse
import functools
import gc
import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from inspect import isfunction
from pathlib import Path
from statistics import median
from typing import Any, Final

import yaml

from processes import machine, measure
from speed import CONTESTANTS, ENVIRONMENT, ROOT
from workloads import Workload

ROWS: Final = 5_000
DAYS: Final = ("2026-11-01", "2026-11-02")
OURS: Final = ("scan", "statistics", "report", "history", "dashboard", "rest of ours")
DAGSTERS: Final = ("storage", "children", "collector", "events")
SETTINGS: Final = {
    "shipped": "dagster.yaml as it is",
    "sqlite": "Dagster's own storage in the place of ours",
    "full": "ours, waiting for the disk at every commit (synchronous = FULL)",
    "batch": "DAGSTER_EVENT_BATCH_SIZE=1000",
    "sqlite_batch": "Dagster's own storage and DAGSTER_EVENT_BATCH_SIZE=1000",
    "no_compute_logs": "compute_logs: NoOpComputeLogManager",
}


def one_day(n_features: int, folder: Path, setting: str) -> dict[str, float]:
    """Return the CPU seconds of one day by what they went into; meant for a fresh process."""
    if "batch" in setting:
        os.environ["DAGSTER_EVENT_BATCH_SIZE"] = "1000"
    began = time.process_time()
    from dagster._core.execution.plan import compute_generator
    from drift_assets.declarations import Declaration
    from drift_assets.monitors import Monitor
    from drift_assets.orchestration import assets, day, event_log, runs, trend
    from drift_assets.orchestration.runs import Runner, open_instance
    from drift_assets.store import History, Outbox, session

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
    if setting == "full":
        event_log._do_not_wait_for_the_disk = lambda *_: None  # noqa: SLF001
    instance = _instance(folder / "drift_home", setting, open_instance)
    runner = Runner(declaration, instance)
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
        (trend, "trend_table", "report"),
        (assets, "refresh", "dashboard"),
        (runs, "current_files", "rest of ours"),
        (runs, "fingerprint", "rest of ours"),
        (runs, "require_rows", "rest of ours"),
        (day.Workplace, "kept", "rest of ours"),
    ):
        setattr(owner, name, timer.timed(getattr(owner, name), part))
    for name in ("_connect", "_leave"):
        # A session for several questions is opened by the step itself.
        setattr(session, name, timer.timed(getattr(session, name), "history"))
    for owner in (History, Outbox):
        for name in _methods(owner):
            setattr(owner, name, timer.timed(getattr(owner, name), "history"))
    for storage in (instance.event_log_storage, instance.run_storage):
        for name in _methods(type(storage)):
            setattr(storage, name, timer.timed(getattr(storage, name), "storage"))
    # Through it Dagster calls the function of every step.
    call = compute_generator.invoke_compute_fn
    compute_generator.invoke_compute_fn = timer.stepwise(call, "rest of ours")
    # It walks through all objects there are, nearly all Dagster's, at whatever moment it is due.
    gc.callbacks.append(timer.collector)
    children, began = _children(), time.process_time()
    _ended(runner.run(_date(DAYS[1])))
    whole = time.process_time() - began
    spent.update(timer.spent)
    spent["children"] = _children() - children
    spent["events"] = whole - sum(timer.spent.values())
    return {
        **{part: spent[part] for part in ("imports", "load", *OURS)},
        "ours": sum(spent[part] for part in OURS),
        **{part: spent[part] for part in DAGSTERS},
        "dagster": sum(spent[part] for part in DAGSTERS),
    }


def _instance(home: Path, setting: str, open_instance: Callable[[Path], Any]) -> Any:
    """Return the instance of a drift home, with one of its settings changed."""
    home.mkdir()
    with open_instance(home):
        pass
    path = home / "dagster.yaml"
    settings = yaml.safe_load(path.read_text())
    if "sqlite" in setting:
        settings["storage"] = {"sqlite": {"base_dir": str(home / "storage")}}
    if setting == "no_compute_logs":
        settings["compute_logs"] = {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        }
    path.write_text(yaml.safe_dump(settings))
    return open_instance(home)


def _children() -> float:
    """Return the CPU seconds of processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Timer:
    """Adds up the CPU seconds of functions; of nested ones each only its own."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]
        self._collecting = 0.0

    def collector(self, phase: str, _: Mapping[str, int]) -> None:
        """Count a garbage collection apart from the function in which it falls."""
        if phase == "start":
            self._collecting = time.process_time()
        else:
            spent = time.process_time() - self._collecting
            self.spent["collector"] += spent
            self._inner[-1] += spent

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

    def stepwise(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """Return ``function``, and each step of the generator that it may return, as `timed`."""
        call, step = self.timed(function, part), self.timed(next, part)

        def steps(generator: Iterator[Any]) -> Iterator[Any]:
            over = object()
            while (one := step(generator, over)) is not over:
                yield one

        def wrapper(*arguments: Any, **options: Any) -> Any:
            result = call(*arguments, **options)
            return steps(result) if isinstance(result, Generator) else result

        return wrapper


def _methods(owner: type) -> list[str]:
    """Return the names of the public methods of a class."""
    return [n for n in dir(owner) if n[0] != "_" and isfunction(getattr(owner, n))]


def _date(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def _ended(outcome: Any) -> None:
    if outcome.error:
        raise RuntimeError(outcome.error)


def _fresh_process(n_features: int, data: Path, setting: str) -> tuple[dict[str, float], float]:
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
            [sys.executable, __file__, "--in-process", str(n_features), folder, setting],
            environment={**ENVIRONMENT, "DAGSTER_HOME": "", "DAGSTER_DISABLE_TELEMETRY": "1"},
        )
    command = [sys.executable, CONTESTANTS, "ours_cold", before, after]
    cost, _ = measure(command, environment=ENVIRONMENT)
    return json.loads(printed.splitlines()[-1]), cost.cpu


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the split of a day for each number of features."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument(
        "--settings",
        nargs="+",
        choices=SETTINGS,
        default=["shipped"],
        metavar="NAME",
        help="; ".join(f"{name}: {meaning}" for name, meaning in SETTINGS.items()),
    )
    parser.add_argument("--repeat", type=int, default=1, help="turns; medians are printed")
    parser.add_argument("--data", type=Path, default=ROOT / "build/benchmarks")
    parser.add_argument("--output", type=Path, help="write all figures as JSON")
    parser.add_argument("--in-process", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.in_process:
        n_features, folder, setting = options.in_process
        print(json.dumps(one_day(int(n_features), Path(folder), setting)))
        return
    options.data.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    heads = ["imports", "load", *OURS, "ours", *DAGSTERS, "dagster", "compare"]
    print("features setting        " + "".join(f"{head:>13}" for head in heads))
    for n_features in options.features:
        # In turns, so that a busy machine is equally busy for every setting.
        for _ in range(options.repeat):
            for setting in options.settings:
                split, compare = _fresh_process(n_features, options.data, setting)
                figures = {**split, "compare": compare}
                runs.append({"features": n_features, "setting": setting, **figures})
        for setting in options.settings:
            same = [r for r in runs if (r["features"], r["setting"]) == (n_features, setting)]
            cells = "".join(f"{median(run[head] for run in same):13.2f}" for head in heads)
            print(f"{n_features:8} {setting:15}{cells}", flush=True)
    if options.output is not None:
        report = {"machine": machine(), "rows": ROWS, "runs": runs}
        options.output.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
