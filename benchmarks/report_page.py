"""Our page beside Evidently's and NannyML's, of the same columns: size, making, time to open.

    python benchmarks/report_page.py --peers DIR [--columns 50]

``DIR`` is what `peers.py setup` made. A page is opened from disk in headless Chromium three
times, and the best counts; its time is that until the browser has laid it out and is idle. A peer
whose page asks the network is told, as the count of requests beside its own file's.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from peers import python_of

sys.path.insert(0, str(Path(__file__).parent.parent))
from drift_assets_tests.browser import Browser, browser  # found by the path above

ROWS: Final = 10_000
TIMES: Final = 3

OURS: Final = """
import sys
from drift_assets.cli import main
main(["compare", "--baseline", sys.argv[1], "--current", sys.argv[2], "--html", sys.argv[3]],
     standalone_mode=False)
"""

EVIDENTLY: Final = """
import sys
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
before, after = (pd.read_parquet(p) for p in sys.argv[1:3])
Report([DataDriftPreset()]).run(after, before).save_html(sys.argv[3])
"""

# It has no report: a page is the figure that its result plots.
NANNYML: Final = """
import sys
import pandas as pd
import nannyml as nml
before, after = (pd.read_parquet(p) for p in sys.argv[1:3])
found = nml.UnivariateDriftCalculator(
    column_names=list(before.columns), chunk_number=10,
    continuous_methods=["jensen_shannon"], categorical_methods=["jensen_shannon"],
).fit(before).calculate(after)
found.plot(kind="drift").write_html(sys.argv[3])
"""


def write_data(folder: Path, n_columns: int) -> tuple[Path, Path]:
    """Write a baseline and current rows of numbers; every fifth column has moved."""
    r = np.random.default_rng(8)
    paths = (folder / "baseline.parquet", folder / "current.parquet")
    for path, shift in zip(paths, (0.0, 0.5), strict=True):
        columns = {
            f"measurement_{i:04}": r.normal(0.0 if i % 5 else shift, 1.0, ROWS)
            for i in range(n_columns)
        }
        parquet.write_table(pa.table(columns), path)
    return paths


def make(python: Path, code: str, data: Sequence[Path], page: Path) -> float:
    """Make a page; return the CPU seconds of the whole process, imports included."""
    before = os.times()
    subprocess.run(
        [python, "-c", code, *data, page],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = os.times()
    return (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )


def opened(seen: Browser, page: Path) -> tuple[float, int]:
    """Return the best time to open a page, in seconds, and the requests it made beside its own."""
    best = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        seen.open(page.as_uri())
        seen.run("new Promise((done) => requestIdleCallback(done, {timeout: 60000}))")
        best = min(best, time.perf_counter() - start)
    asked = [r for r in seen.requests[1:] if not r.startswith(("data:", "blob:"))]
    return best, len(asked)


def main() -> None:
    """Print a table, a row a tool."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--columns", type=int, default=50)
    arguments = parser.parse_args()
    tools = {
        "drift_assets": (Path(sys.executable), OURS),
        "evidently": (python_of(arguments.peers, "evidently"), EVIDENTLY),
        "nannyml": (python_of(arguments.peers, "nannyml"), NANNYML),
    }
    rows = []
    with tempfile.TemporaryDirectory() as name, browser(Path(name)) as seen:
        folder = Path(name)
        data = write_data(folder, arguments.columns)
        for tool, (python, code) in tools.items():
            page = folder / f"{tool}.html"
            try:
                seconds = make(python, code, data, page)
            except (subprocess.CalledProcessError, FileNotFoundError) as error:
                print(f"{tool}: {error}", file=sys.stderr)
                continue
            best, asked = opened(seen, page)
            rows.append(
                {
                    "tool": tool,
                    "columns": arguments.columns,
                    "page, MB": round(page.stat().st_size / 1e6, 2),
                    "CPU s to make": round(seconds, 2),
                    "s to open": round(best, 2),
                    "requests": asked,
                    "complaints": len(seen.complaints),
                }
            )
            print(json.dumps(rows[-1]))


if __name__ == "__main__":
    main()
