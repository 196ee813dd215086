"""Memory: what reading a long column adds to a process does not grow with its rows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest

# In a process of its own: the peak is that of its whole life.
MEASURE = """
import resource, sys
from pathlib import Path
from drift_assets.scan import categories, delimited, files, frames, numbers, order_statistics
from drift_assets.scan import profiling, rows, shelf
for module in (frames, numbers, profiling):
    module.PIECE_ROWS = 1 << 16
profiling.WHOLE_ROWS = 1 << 18
order_statistics.SAMPLE_SIZE = 1 << 16
categories.NAMED_CATEGORIES = delimited.NAMED_CATEGORIES = 2_000
delimited.BLOCK_BYTES = 1 << 20
files.Shelf = lambda: shelf.Shelf(memory_values=1 << 16)
rows.MOST_WORKERS = 1
from drift_assets.compare import comparison_monitor
def peak():
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 if sys.platform == "darwin" else 1)
def profiled(path):
    read = files.rows_from_files([Path(path)])
    frozen = profiling.fit_baseline(read, comparison_monitor(features=["c"]))
    current = files.rows_from_files([Path(path)])
    assert profiling.profile_rows(current, frozen).columns["c"].n == read.n_rows
profiled(sys.argv[1])
before = peak()
profiled(sys.argv[2])
print(int(peak() - before) // 1024)
"""


def written(folder: Path, kind: str, n: int) -> Path:
    path = folder / f"{n}.{'csv' if kind == 'csv' else 'parquet'}"
    values = np.random.default_rng(n).normal(size=n)
    if kind == "csv":
        path.write_text("c\n" + "\n".join(map(str, values)) + "\n")
        return path
    column = pa.array([f"user {i:015}" for i in range(n)]) if kind == "text" else pa.array(values)
    # One row group: neither are its pages held together.
    pq.write_table(pa.table({"c": column}), path, row_group_size=n, compression="none")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "rows", "held"),
    [("numbers", 12_000_000, 92), ("text", 3_000_000, 70), ("csv", 3_000_000, 24)],
)
def test_a_longer_column_takes_no_more_memory(
    tmp_path: Path, kind: str, rows: int, held: int
) -> None:
    short, long = written(tmp_path, kind, 600_000), written(tmp_path, kind, rows)
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, short, long], capture_output=True, text=True, check=True
    )
    # `held` MiB are the values alone, all of them held once.
    assert int(run.stdout) < held / 2
