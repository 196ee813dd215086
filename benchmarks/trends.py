"""Gradual drift by simulation: `python benchmarks/trends.py --output FILE`.

Monitors of ten features are simulated from multinomial counts over 200 cells, day by day, each
against a baseline of its own of 10,000 rows. The trend rule looks every `LOOK` days, over a year
or more every `SELDOM` days, where the daily job looks every day. Clean monitors give the share
that is ever told of a trend; ramps and steps give what is found, and when, beside the day on
which two of three days breach by themselves (PSI 0.2 or D 0.1).
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from drift_assets.monitors import Trend
from drift_assets.stats.psi import psi
from drift_assets.stats.sampling_noise import BaselineBins
from drift_assets.trends import Series, TrendResult, judge_trends
from drift_assets.verdicts import Verdict
from drift_assets.watch import Thresholds
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

BASELINE_ROWS: Final = 10_000
FEATURES: Final = 10
BINS: Final = 10
CELLS: Final = 200
MISSING: Final = 0.02
LOOK: Final = 14
SELDOM: Final = 28
START: Final = date(2024, 1, 1).toordinal()
EDGES: Final = ndtri(np.arange(1, CELLS) / CELLS)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """What is simulated.

    Attributes
    ----------
    name
        As the table has it.
    days, rows
        Days, and rows on each.
    wander, memory
        Day effects: standard deviation of each day's own mean, in units of the feature's
        standard deviation, and their autocorrelation from day to day.
    drift
        Shift of the mean of the first feature on each day, in standard deviations; None is clean.
    rows_fall
        Whether the rows per day fall to a fifth over the time.
    """

    name: str
    days: int
    rows: int
    wander: float = 0.0
    memory: float = 0.0
    drift: str = ""
    rows_fall: bool = False


DRIFTS: Final[dict[str, Callable[[Array], Array]]] = {
    "ramp": lambda day: np.clip((day - 90) / 60, 0, 1) * 0.6,
    "slow": lambda day: 0.25 * day / 365,
    "step": lambda day: np.where(day >= 120, 0.6, 0.0),
}
SETTINGS: Final = (
    Setting("clean", 365, 100),
    Setting("clean", 365, 1_000),
    Setting("clean", 365, 100_000),
    Setting("day effects 0.1 sd, memory 0.3", 365, 1_000, 0.1, 0.3),
    Setting("day effects 0.1 sd, memory 0.6", 365, 1_000, 0.1, 0.6),
    Setting("day effects 0.2 sd, memory 0.6", 365, 1_000, 0.2, 0.6),
    Setting("rows fall from 1,000 to 200", 365, 1_000, rows_fall=True),
    Setting("ramp to 0.6 sd over 60 days", 180, 1_000, drift="ramp"),
    Setting("ramp, day effects 0.1 sd, memory 0.6", 180, 1_000, 0.1, 0.6, drift="ramp"),
    Setting("0.25 sd a year for three years", 1095, 1_000, drift="slow"),
    Setting("slow, day effects 0.1 sd, memory 0.6", 1095, 1_000, 0.1, 0.6, drift="slow"),
    Setting("step of 0.6 sd", 240, 1_000, drift="step"),
)


@dataclass(frozen=True)
class Outcome:
    """What one simulated monitor was told: days from the start, None for never."""

    breach: int | None
    warn: int | None
    plain: int | None
    threshold: int | None
    step_error: int | None
    forecast_error: int | None


def series_of(setting: Setting, seed: int) -> list[Series]:
    """Return PSI, KS and the change of the missing rate of each feature of one monitor."""
    rng = np.random.default_rng(seed)
    day = np.arange(setting.days, dtype=np.float64)
    rows = np.full(setting.days, setting.rows)
    if setting.rows_fall:
        rows = np.linspace(setting.rows, setting.rows / 5, setting.days).astype(int)
    found = []
    for number in range(FEATURES):
        before = rng.multinomial(BASELINE_ROWS, np.full(CELLS, 1 / CELLS))
        shift = np.zeros(setting.days)
        if setting.wander:
            shift += wander(rng, setting.days, setting.memory) * setting.wander
        if setting.drift and number == 0:
            shift += DRIFTS[setting.drift](day)
        below = ndtr(EDGES[None, :] - shift[:, None])
        shares = np.diff(below, axis=1, prepend=0.0, append=1.0)
        counts = [rng.multinomial(n, p) for n, p in zip(rows, shares, strict=True)]
        bins = [one.reshape(BINS, -1).sum(axis=1) for one in (before, *counts)]
        known = np.cumsum(before) / BASELINE_ROWS
        measured = {
            "psi": [psi(bins[0], one) for one in bins[1:]],
            "ks": [np.abs(np.cumsum(one) / one.sum() - known).max() for one in counts],
        }
        by_chance = BaselineBins(bins[0].tolist(), [False] * BINS)
        noise = {one: by_chance.noise(one, BASELINE_ROWS, rows) for one in measured}
        days = START + np.arange(setting.days)
        name = f"f{number}"
        found += [
            Series(name, "feature", one, days, np.array(measured[one]), noise[one])
            for one in measured
        ]
        missing = rng.binomial(rows, MISSING) / rows
        missing -= rng.binomial(BASELINE_ROWS, MISSING) / BASELINE_ROWS
        found.append(Series(name, "feature", "missing_rate", days, missing, np.zeros(setting.days)))
    return found


def wander(rng: np.random.Generator, n: int, memory: float) -> Array:
    """Return a stationary AR(1) series of standard deviation 1."""
    noise = rng.normal(size=n)
    values = np.empty(n)
    values[0] = noise[0]
    for at in range(1, n):
        values[at] = memory * values[at - 1] + np.sqrt(1 - memory**2) * noise[at]
    return values


def outcome(setting: Setting, seed: int) -> Outcome:
    """Return what the rule says of one simulated monitor over its time."""
    series = series_of(setting, seed)
    thresholds = {one.feature: Thresholds() for one in series}
    settings = Trend.model_validate({})
    first: dict[str, int] = {}
    step_error = forecast_error = None
    # The guarded rule of the day breaches by D, long before PSI gets to its threshold.
    breached = (series[0].values >= 0.2) | (series[1].values >= 0.1)
    reached = np.flatnonzero(np.convolve(breached, np.ones(3), "valid") >= 2)
    threshold = int(reached[0]) + 2 if setting.drift and len(reached) else None
    look = LOOK if setting.days < 365 else SELDOM
    for at in range(look, setting.days, look):
        today = date.fromordinal(START + at)
        results = judge_trends(series, settings, thresholds, partition=today)
        # A drifting monitor is asked of the column that drifts.
        asked = [r for r in results if r.feature == "f0"] if setting.drift else list(results)
        for verdict in (Verdict.WARN, Verdict.BREACH):
            if any(r.verdict is verdict for r in asked):
                first.setdefault(verdict.value, at)
        if any(r.regression_rises for r in asked if r.statistic == "psi"):
            first.setdefault("plain", at)
        step_error = _step_error(asked, step_error)
        if first.get("breach") == at and threshold is not None:
            on = [r.reached_on for r in asked if r.verdict is Verdict.BREACH and r.reached_on]
            forecast_error = min(on).toordinal() - START - threshold if on else None
    return Outcome(
        first.get("breach"),
        first.get("warn"),
        first.get("plain"),
        threshold,
        step_error,
        forecast_error,
    )


def _step_error(results: Sequence[TrendResult], known: int | None) -> int | None:
    steps = [r.step for r in results if r.statistic == "psi" and r.step is not None]
    return known if known is not None or not steps else steps[0].since.toordinal() - START - 120


def row_of(setting: Setting, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return one line of the table."""
    n = len(outcomes)

    def share(name: str) -> float:
        return sum(getattr(one, name) is not None for one in outcomes) / n

    def typical(values: Sequence[int | None]) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.median(known)) if known else None

    warned = [o.warn if o.breach is None else min(o.warn or o.breach, o.breach) for o in outcomes]
    return {
        **asdict(setting),
        "monitors": n,
        "breach": share("breach"),
        "warn_or_breach": sum(day is not None for day in warned) / n,
        "plain": share("plain"),
        "day_of_breach": typical([o.breach for o in outcomes]),
        "day_of_warning": typical(warned),
        "day_of_daily_breach": typical([o.threshold for o in outcomes]),
        "forecast_error_days": typical([o.forecast_error for o in outcomes]),
        "step_found": share("step_error"),
        "step_error_days": typical([o.step_error for o in outcomes]),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate all settings and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--monitors",
        type=int,
        default=200,
        help="Per clean setting; a quarter of it where something drifts.",
    )
    parser.add_argument("--processes", type=int, default=2, help="At once.")
    parser.add_argument("--only", default="", help="Settings whose name contains this.")
    parser.add_argument("--output", type=Path, help="File to write the figures to.")
    chosen = parser.parse_args(arguments)
    table = []
    with ProcessPoolExecutor(chosen.processes) as pool:
        for setting in SETTINGS:
            if chosen.only not in setting.name:
                continue
            n = chosen.monitors // 4 if setting.drift else chosen.monitors
            tried = pool.map(partial(outcome, setting), range(n), chunksize=5)
            table.append(row_of(setting, list(tried)))
            sys.stdout.write(f"{json.dumps(table[-1])}\n")
            sys.stdout.flush()
    if chosen.output:
        chosen.output.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
