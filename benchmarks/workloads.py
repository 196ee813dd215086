"""The data of the benchmarks: two Parquet files a workload, made once by `make`.

Current columns are shifted by 0 to 0.08 standard deviations: at a million rows some are
undrifted, some mildly drifted and some plainly so. Run as a script, it makes one data set.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

CHUNK: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Workload:
    """Two data sets of one size.

    Attributes
    ----------
    rows, columns
        Of each side.
    kind
        Floats without ties, or strings of 5 to 500 categories.
    """

    name: str
    rows: int
    columns: int
    kind: Literal["floats", "strings"] = "floats"

    @property
    def title(self) -> str:
        """Name and size, as tables show it."""
        return f"{self.name}: {self.rows:,} x {self.columns} {self.kind}"

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Return where the baseline and the current file are, or would be."""
        place = folder / f"{self.rows}x{self.columns}_{self.kind}"
        return place / "baseline.parquet", place / "current.parquet"


WORKLOADS: Final = (
    Workload("W1", 5_000, 10),
    Workload("W2", 1_000_000, 50),
    Workload("W3", 1_000_000, 10, "strings"),
    Workload("W4", 10_000_000, 10),
    Workload("W5", 100_000_000, 4),
)


def make(workload: Workload, folder: Path) -> tuple[Path, Path]:
    """Return the baseline and the current file, written first if they are missing.

    A chunk of rows is a row group, so memory is bounded; files are renamed when whole.
    """
    # Not at the top: a process keeps the peak memory of the one that starts it, so who
    # measures must stay small.
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    files = workload.files(folder)
    for side, path in enumerate(files):
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with pq.ParquetWriter(unfinished, _schema(pa, workload)) as writer:
            for columns in _chunks(workload, side):
                writer.write_table(pa.table(columns))
        unfinished.rename(path)
    return files


def _schema(pa: Any, workload: Workload) -> Any:
    kind = pa.float64() if workload.kind == "floats" else pa.string()
    return pa.schema([(f"c{i:03}", kind) for i in range(workload.columns)])


def _chunks(workload: Workload, side: int) -> Iterator[dict[str, Any]]:
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng([20_261_123, workload.rows, workload.columns, side])
    for start in range(0, workload.rows, CHUNK):
        n = min(CHUNK, workload.rows - start)
        chunk: dict[str, Any] = {}
        for i in range(workload.columns):
            moved = side * 0.02 * (i % 5)
            if workload.kind == "floats":
                chunk[f"c{i:03}"] = pa.array(rng.normal(moved, 1.0, n))
            else:
                size = (5, 20, 50, 100, 500)[i % 5]
                shares = 1.0 / np.arange(1, size + 1) ** (1.0 + moved)
                codes = rng.choice(size, n, p=shares / shares.sum()).astype(np.int32)
                words = [f"category {k}" for k in range(size)]
                coded = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(words))
                chunk[f"c{i:03}"] = coded.cast(pa.string())
        yield chunk


def main() -> None:
    """Make the data set that the arguments describe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("columns", type=int)
    parser.add_argument("kind", choices=["floats", "strings"])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    make(Workload("", options.rows, options.columns, options.kind), options.folder)


if __name__ == "__main__":
    main()
