"""Speed and memory against the limit and the peers: `python benchmarks/speed.py`.

Every contestant is a fresh process whose CPU seconds (user and system), wall and peak memory
the kernel counts, start-up included. All runs of a workload take turns, so that a busy machine
is equally busy for everybody: compare only within one run. `--output` writes all figures as
JSON. A peer that is not installed (see peers.py) is skipped, and the table says so.
"""

import argparse
import importlib.metadata
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import peers
from processes import Cost, FailedError, machine, measure, median
from workloads import WORKLOADS, Workload

ROOT: Final = Path(__file__).resolve().parent.parent
CONTESTANTS: Final = Path(__file__).with_name("contestants.py")
OWN: Final = ("limit", "reading", "ours_cold", "ours_daily", "pandas_scipy")
PACKAGES: Final = ("drift-assets", "numpy", "pyarrow", "pandas", "scipy")
# Ours is this checkout's, compiled like everybody's; nannyml reports its use elsewhere unless
# told not to.
ENVIRONMENT: Final = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "",
    "NML_DISABLE_USAGE_LOGGING": "1",
}


def run_workload(
    workload: Workload, contestants: Mapping[str, Path], options: argparse.Namespace
) -> dict[str, Any]:
    """Return the costs of each contestant, or why it has none."""
    data = _data(workload, options.data)
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    failed: dict[str, str] = {}
    for turn in range(options.repeat):
        for name, python in contestants.items():
            if name in failed:
                continue
            print(f"{workload.name} {turn + 1}/{options.repeat} {name}", file=sys.stderr)
            try:
                costs[name].append(_run(name, python, data, options.time_out))
            except FailedError as error:
                failed[name] = str(error)
    medians = {name: median(found) for name, found in costs.items() if found}
    return {
        "workload": asdict(workload),
        "costs": {name: [asdict(cost) for cost in found] for name, found in costs.items() if found},
        "median": {name: asdict(cost) for name, cost in medians.items()},
        "cpu_over_limit": _ratios(medians, "limit"),
        "cpu_over_ours": _ratios(medians, "ours_cold"),
        "failed": failed,
    }


def table(result: Mapping[str, Any]) -> str:
    """Return one workload's medians as lines of text."""
    workload = Workload(**result["workload"])
    lines = [
        f"\n{workload.title}",
        f"{'':14}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}{'x limit':>9}{'x ours':>9}",
    ]
    for name, cost in result["median"].items():
        ratios = [
            f"{result[of][name]:9.2f}" if name in result[of] else f"{'-':>9}"
            for of in ("cpu_over_limit", "cpu_over_ours")
        ]
        lines.append(
            f"{name:14}{cost['cpu']:9.2f}{cost['wall']:9.2f}{cost['peak']:10.0f}{''.join(ratios)}"
        )
    lines += [f"{name:14} {reason}" for name, reason in result["failed"].items()]
    return "\n".join(lines)


def _run(name: str, python: Path, data: tuple[Path, Path], time_out: float) -> Cost:
    before, after = data
    if name == "ours_daily":
        before = before.with_suffix(".frozen")
    command = [python, CONTESTANTS, name, before, after]
    cost, _ = measure(command, environment=ENVIRONMENT, time_out=time_out)
    return cost


def _data(workload: Workload, folder: Path) -> tuple[Path, Path]:
    """Return a workload's files, made and frozen by other processes, so that this one is small."""
    folder.mkdir(parents=True, exist_ok=True)
    files = workload.files(folder)
    if not all(path.exists() for path in files):
        print(f"making {workload.title}", file=sys.stderr)
        script = CONTESTANTS.with_name("workloads.py")
        size = [str(workload.rows), str(workload.columns), workload.kind]
        measure([sys.executable, script, *size, folder], time_out=3600)
    # Frozen each time: the method may have changed since the data were made.
    frozen = files[0].with_suffix(".frozen")
    freeze = [sys.executable, CONTESTANTS, "ours_freeze", files[0], frozen]
    measure(freeze, environment=ENVIRONMENT, time_out=3600)
    return files


def _ratios(medians: Mapping[str, Cost], other: str) -> dict[str, float]:
    if other not in medians:
        return {}
    return {name: cost.cpu / medians[other].cpu for name, cost in medians.items()}


def _contestants(options: argparse.Namespace) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the interpreters of those that take part, and why others do not."""
    taking_part, skipped = {name: Path(sys.executable) for name in options.ours}, {}
    data = _data(WORKLOADS[0], options.data)
    for name in options.peers:
        python = peers.python_of(options.peers_in, name)
        if not python.exists():
            skipped[name] = f"not installed: python benchmarks/peers.py setup {name} --into DIR"
            continue
        # Once without counting: the first import compiles, and fills caches.
        try:
            _run(name, python, data, options.time_out)
        except FailedError as error:
            skipped[name] = f"does not run: {error}"
        else:
            taking_part[name] = python
    return taking_part, skipped


def _versions(contestants: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    found = {name: importlib.metadata.version(name) for name in PACKAGES[1:]}
    return {"ours": found} | {
        name: {
            package: version
            for package, version in peers.versions(python).items()
            if package in {*PACKAGES, name.replace("_", "-"), *peers.NAMES.get(name, ())}
        }
        for name, python in contestants.items()
        if name not in OWN
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = [workload.name for workload in WORKLOADS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", nargs="+", choices=names, default=["W1", "W2", "W3"])
    parser.add_argument("--ours", nargs="+", choices=OWN, default=["limit", *OWN[2:]])
    parser.add_argument(
        "--peers", nargs="*", choices=list(peers.REQUIREMENTS), default=list(peers.REQUIREMENTS)
    )
    parser.add_argument(
        "--peers-in", type=Path, default=ROOT / "build/peers", help="made by peers.py setup"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each contestant")
    parser.add_argument("--time-out", type=float, default=600.0, help="seconds a run may take")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "build/benchmarks", help="where the data are kept"
    )
    parser.add_argument("--output", type=Path, help="write all figures as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the workloads, print a table each, and write the JSON."""
    options = _options(arguments)
    report: dict[str, Any] = {"machine": machine(), "workloads": {}}
    contestants, report["skipped"] = _contestants(options)
    report["versions"] = _versions(contestants)
    for workload in WORKLOADS:
        if workload.name not in options.workloads:
            continue
        result = run_workload(workload, contestants, options)
        report["workloads"][workload.name] = result
        print(table(result), flush=True)
        if options.output is not None:
            options.output.write_text(json.dumps(report, indent=1) + os.linesep)
    for name, reason in report["skipped"].items():
        print(f"{name}: skipped, {reason}")


if __name__ == "__main__":
    main()
