"""What a whole process costs: CPU seconds, wall seconds and peak memory, as the kernel counts."""

import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process cost, its imports included.

    Attributes
    ----------
    cpu
        User and system seconds, of the process and those it started.
    wall
        Seconds from start to end.
    peak
        Largest resident memory in MiB; of several processes that of the largest.
    """

    cpu: float
    wall: float
    peak: float


class FailedError(Exception):
    """A process ended with another status than 0, or was ended for taking too long."""


def measure(
    command: Sequence[object],
    *,
    environment: Mapping[str, str] | None = None,
    time_out: float = 600.0,
) -> tuple[Cost, str]:
    """Return what a command cost, and what it printed.

    Raises
    ------
    FailedError
        With the last line it printed, or the cost at which it was ended.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        text=True,
    ) as process:
        timer = threading.Timer(time_out, os.killpg, (process.pid, 9))
        timer.start()
        printed = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        late = not timer.is_alive()
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    # Kibibytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    cost = Cost(usage.ru_utime + usage.ru_stime, wall, peak)
    if late:
        raise FailedError(f"ended after {time_out:.0f} s, at {cost.cpu:.0f} CPU s, {peak:.0f} MiB")
    if process.returncode:
        lines = printed.strip().splitlines() or ["no message"]
        raise FailedError(f"status {process.returncode}: {lines[-1][:200]}")
    return cost, printed


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.peak for cost in costs),
    )


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    model = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        names = [
            line.partition(":")[2].strip()
            for line in described.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    return {
        "system": platform.system(),
        "processor": model,
        "processors": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        # numpy sorts many times faster or slower with other instructions.
        "numpy_without": os.environ.get("NPY_DISABLE_CPU_FEATURES", ""),
    }
