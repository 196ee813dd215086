"""A history of years: how fast it answers, how long a day takes to add, what it weighs.

``python benchmarks/history.py``: 3 years of 5 monitors with 1,000 features each, 5.5 million rows
of measurements and as many of bin counts.

The first day of each monitor and its last days are recorded by `History.record`, as a run does;
the days between are copies of the first day's rows within the database, each number moved by up
to a fifth, for `record` would take an hour and half of them. Every question is asked of the view
and, by hand, of the table beneath it, in turns.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
from drift_assets.assessment import Assessment, FeatureResult, assess
from drift_assets.monitors import Monitor
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
)
from drift_assets.store import History, InputFile

from processes import machine

LAST: Final = date(2026, 11, 23)
MODIFIED: Final = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
CHUNK_DAYS: Final = 30
BASELINE_ROWS: Final = 2_000
DAY_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds.

    Attributes
    ----------
    n
        How often it was done.
    fastest, median, slowest
        By the clock on the wall, which other work on the machine slows.
    cpu
        Median of user and system time of the process, all threads.
    """

    n: int
    fastest: float
    median: float
    slowest: float
    cpu: float

    @classmethod
    def of(cls, walls: Sequence[float], cpus: Sequence[float]) -> "Times":
        """Return what single measurements come to."""
        figures = (min(walls), statistics.median(walls), max(walls), statistics.median(cpus))
        return cls(len(walls), *(round(figure, 5) for figure in figures))


class Clock:
    """Measures one thing again and again."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.cpus: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure what happens inside."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.walls.append(time.perf_counter() - wall)
        self.cpus.append(time.process_time() - cpu)

    def times(self) -> Times:
        """Return what was measured."""
        return Times.of(self.walls, self.cpus)


# --- The history ---


def first_day(name: str, n_features: int) -> Assessment:
    """Return a day of a monitor, every tenth feature of which is categorical."""
    rng = np.random.default_rng([20_261_123, n_features])
    names = [f"feature_{i:04}" for i in range(n_features)]
    monitor = Monitor.model_validate(
        {
            "name": name,
            "baseline": "baseline.parquet",
            "current": "days/{partition}.parquet",
            "features": names,
            "partitions": {"start": "2020-01-01"},
        }
    )
    baseline: dict[str, NumericProfile | CategoricalProfile] = {}
    current: dict[str, NumericProfile | CategoricalProfile] = {}
    for i, feature in enumerate(names):
        if i % 10 == 9:
            counts = {f"category {k}": BASELINE_ROWS // (k + 2) for k in range(12)}
            categories = CategoricalBinning.fit(counts)
            baseline[feature] = CategoricalProfile.of(counts, categories)
            day = {label: int(n * rng.uniform(0.4, 0.6)) for label, n in counts.items()}
            current[feature] = CategoricalProfile.of(day, categories)
        else:
            values = rng.normal(0.0, 1.0, BASELINE_ROWS)
            grid = NumericBinning.fit(values)
            baseline[feature] = NumericProfile.of(values, grid)
            moved = rng.normal(0.1 * (i % 5), 1.0, DAY_ROWS)
            current[feature] = NumericProfile.of(moved, grid, n_missing=i % 3)
    return assess(monitor, Baseline(BASELINE_ROWS, baseline), DatasetProfile(DAY_ROWS, current))


def another_day(found: Assessment, generator: np.random.Generator) -> Assessment:
    """Return a day like ``found``, each measurement moved by up to a fifth."""

    def move(feature: FeatureResult) -> FeatureResult:
        moved = {
            name: replace(one, value=one.value * float(generator.uniform(0.8, 1.2)))
            for name, one in feature.measurements.items()
        }
        return replace(feature, measurements=moved)

    return replace(found, features=tuple(move(feature) for feature in found.features))


def record(history: History, found: Assessment, day: date) -> None:
    """Record a day as a run does."""
    history.record(
        found,
        partition=day,
        fingerprint=f"{found.monitor} {day}",
        run_id=f"{found.monitor} {day}",
        inputs=[InputFile(f"days/{day}.parquet", 10_000_000, MODIFIED)],
    )


def copy_days(history: History, template: date, days: Sequence[date]) -> None:
    """Add days with the rows of every monitor's day ``template``, each number moved a little."""
    with history.session() as connection:
        connection.begin()
        connection.execute("SELECT setseed(0.5)")
        for table in ("evaluations", "feature_drift", "feature_profiles", "inputs"):
            columns = connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? "
                "AND database_name = current_database() ORDER BY column_index",
                [table],
            ).fetchall()
            chosen = ", ".join(f'{_moved(name, kind)} AS "{name}"' for name, kind in columns)
            for day in days:
                connection.execute(
                    f"INSERT INTO {table} BY NAME SELECT {chosen} FROM {table} AS t, "  # noqa: S608  # our own names
                    "(SELECT ?::DATE AS day) AS d WHERE t.partition = ?",
                    [day, template],
                )
        connection.commit()


def _moved(name: str, kind: str) -> str:
    """Return the expression of one column of a copied row."""
    special = {
        "partition": "d.day",
        "run_id": "t.monitor || ' ' || d.day",
        "fingerprint": "t.monitor || ' ' || d.day",
        "evaluated_at": "t.evaluated_at + to_days(d.day - t.partition)",
        "path": "'days/' || d.day || '.parquet'",
        "reason": "regexp_replace(t.reason, '= [0-9.]+', '= ' || round(random(), 3))",
        "current_counts": (
            "list_transform(t.current_counts, lambda n: (n * (0.8 + 0.4 * random()))::BIGINT)"
        ),
    }
    if name in special:
        return special[name]
    judged = name.startswith(("threshold", "baseline", "importance", "family", "drift_share"))
    if kind == "DOUBLE" and not judged:
        return f't."{name}" * (0.8 + 0.4 * random())'
    return f't."{name}"'


def build(
    home: Path, *, monitors: int, features: int, days: int, recorded: int
) -> tuple[History, Times]:
    """Return a history of so many days, and how long each of the last ones took to record."""
    history = History(home / "history.duckdb", publishes=False)
    found = first_day("monitor_0", features)
    first = LAST - timedelta(days=days - 1)
    every = [
        replace(found, monitor=f"monitor_{n}", baseline_id=f"{n}{found.baseline_id[1:]}")
        for n in range(monitors)
    ]
    for one in every:
        record(history, one, first)
    recorded = min(recorded, days - 1)
    copied = [first + timedelta(days=n) for n in range(1, days - recorded)]
    for start in range(0, len(copied), CHUNK_DAYS):
        copy_days(history, first, copied[start : start + CHUNK_DAYS])
    generator = np.random.default_rng(days)
    clock = Clock()
    for n in range(days - recorded, days):
        for one in every:
            another = another_day(one, generator)
            with clock.running():
                record(history, another, first + timedelta(days=n))
    return history, clock.times()


# --- Questions ---


def questions(features: int) -> Mapping[str, tuple[str, str]]:
    """Return each question as people ask it, and as whoever knows the tables would."""
    one = f"WHERE monitor = 'monitor_1' AND feature = 'feature_{features // 2:04}'"
    moved = "SELECT partition, psi, ks, js_divergence, verdict FROM"
    worst = "SELECT monitor, feature, max(psi) AS psi, arg_max(partition, psi) AS day FROM"
    twenty = "GROUP BY monitor, feature ORDER BY psi DESC NULLS LAST LIMIT 20"
    since = f"DATE '{LAST - timedelta(days=29)}'"
    month = "(SELECT max(partition) - 30 FROM evaluations)"
    drifted = "SELECT monitor, feature, verdict, reason FROM"
    judged = "verdict IN ('breach', 'warn') ORDER BY monitor, psi DESC"
    last = f"WHERE partition = DATE '{LAST}'"
    return {
        "trend of one feature": (
            f"{moved} drift_history {one} ORDER BY partition",
            f"{moved} feature_drift {one} ORDER BY partition",
        ),
        "worst 20 of 30 days": (
            f"{worst} drift_history WHERE partition > {month} {twenty}",
            f"{worst} feature_drift WHERE partition >= {since} {twenty}",
        ),
        "drift_latest, what drifted": (
            f"{drifted} drift_latest WHERE {judged}",
            f"{drifted} feature_drift {last} AND {judged}",
        ),
        "drift_latest, all columns": ("FROM drift_latest", f"FROM feature_drift {last}"),
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question cost: of the view, by hand, and with opening the copy and all checks."""

    n_rows: int
    view: Times
    by_hand: Times
    whole: Times

    @property
    def ratio(self) -> float:
        """CPU of the view over CPU by hand."""
        return self.view.cpu / max(self.by_hand.cpu, 1e-4)


def ask(history: History, features: int, repeat: int) -> dict[str, Answer]:
    """Return what each question cost on the published copy, asked once before to warm it."""
    history.publish()
    found = {}
    for title, (view, by_hand) in questions(features).items():
        clocks = Clock(), Clock(), Clock()
        with history.copy() as connection:
            asked: list[Callable[[], int]] = [
                lambda: connection.execute(view).to_arrow_table().num_rows,  # noqa: B023
                lambda: connection.execute(by_hand).to_arrow_table().num_rows,  # noqa: B023
                lambda: history.query(view).table.num_rows,  # noqa: B023
            ]
            counts = {one() for one in asked}
            if len(counts) != 1:
                raise ValueError(f"{title}: found {counts} rows, expected the same each way")
            for _ in range(repeat):
                for one, clock in zip(asked, clocks, strict=True):
                    with clock.running():
                        one()
        found[title] = Answer(counts.pop(), *(clock.times() for clock in clocks))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the history, ask it, print the table, and remove it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--days", type=int, default=1_095)
    parser.add_argument("--features", type=int, default=1_000)
    parser.add_argument("--monitors", type=int, default=5)
    parser.add_argument("--recorded", type=int, default=12, help="last days, not copied")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--data", type=Path, help="where, for as long as it runs; 5 GB")
    parser.add_argument("--output", type=Path, help="write all figures as JSON")
    options = parser.parse_args(arguments)
    at_start = machine()
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        clock = Clock()
        with clock.running():
            history, appended = build(
                Path(folder),
                monitors=options.monitors,
                features=options.features,
                days=options.days,
                recorded=options.recorded,
            )
        rows = options.days * options.monitors * options.features
        n_bytes = history.path.stat().st_size
        print(
            f"{options.days:,} days x {options.monitors} monitors x {options.features:,} features: "
            f"{rows:,} rows, {n_bytes / 2**20:,.0f} MiB, {n_bytes / rows:,.0f} bytes a "
            f"feature-day; built in {clock.walls[0]:,.0f} s, {clock.cpus[0]:,.0f} CPU s"
        )
        print(
            f"recording a day of {options.features:,} features, {appended.n} times: fastest "
            f"{appended.fastest:.3f} s, median {appended.median:.3f} s, slowest "
            f"{appended.slowest:.3f} s; median {appended.cpu:.3f} CPU s\n"
        )
        print(f"{'ms, warm':28}{'rows':>7}{'view':>9}{'CPU':>8}{'by hand':>9}{'CPU':>8}", end="")
        print(f"{'CPU ratio':>11}{'whole query':>13}")
        answers = ask(history, options.features, options.repeat)
        for title, answer in answers.items():
            print(
                f"{title:28}{answer.n_rows:7,}{answer.view.fastest * 1000:9.1f}"
                f"{answer.view.cpu * 1000:8.1f}{answer.by_hand.fastest * 1000:9.1f}"
                f"{answer.by_hand.cpu * 1000:8.1f}{answer.ratio:11.2f}"
                f"{answer.whole.fastest * 1000:13.1f}"
            )
    if options.output is not None:
        report = {
            "machine": at_start,
            "duckdb": duckdb.__version__,
            "rows": rows,
            "bytes": n_bytes,
            "recording": asdict(appended),
            "questions": {
                title: asdict(answer) | {"ratio": round(answer.ratio, 2)}
                for title, answer in answers.items()
            },
        }
        options.output.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
