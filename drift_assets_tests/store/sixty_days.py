"""Sixty days of a monitor of eight columns, quiet and drifting, as the history keeps them."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
from scipy.special import ndtri

from drift_assets.assessment import Assessment, assess
from drift_assets.monitors import Monitor
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Profile,
    Unprofiled,
)
from drift_assets.profiles.binning import FloatArray
from drift_assets.store import History

FIRST = date(2026, 1, 1)
DAYS = tuple(FIRST + timedelta(days=n) for n in range(60))
NUMBERS = ("steady", "ramp", "comb", "gaps", "weekly", "score")
LETTERS = ("A", "B", "C", "D")
PROFILES = (0.5, 0.3, 0.15, 0.05)


def monitor(**changes: object) -> Monitor:
    """Return the monitor, judged by persistence and with features of different importance."""
    settings: dict[str, Any] = {
        "name": "loans",
        "baseline": "baseline.csv",
        "current": "data/{partition}.csv",
        "features": [
            "steady",
            {"column": "ramp", "importance": 3},
            "comb",
            {"column": "gaps", "alert_after": "1 of 1"},
            "weekly",
            {"column": "state", "thresholds": {"psi_breach": 0.3}},
            "absent",
        ],
        "predictions": ["score"],
        "alert_after": "2 of 3",
        "drift_share_threshold": 0.3,
        "partitions": {"start": "2026-01-01"},
    }
    return Monitor.model_validate(settings | changes)


@cache
def frozen(seed: int = 0) -> Baseline:
    """Return a baseline of 2,000 rows."""
    random = np.random.default_rng(seed)
    columns: dict[str, Profile] = {}
    for name in (*NUMBERS, "absent"):
        values = random.normal(size=2_000) if name != "score" else random.random(2_000)
        columns[name] = NumericProfile.of(values, NumericBinning.fit(values, include=[0.5]))
    counts = dict(zip(LETTERS, (1_000, 600, 300, 100), strict=True))
    columns["state"] = CategoricalProfile.of(counts, CategoricalBinning.fit(counts))
    return Baseline(2_000, columns)


def numbers(name: str, day: int, random: np.random.Generator, n: int) -> FloatArray:
    """Return a column's values on a day: some never move, some slowly, some now and then."""
    values = random.random(n) if name == "score" else random.normal(size=n)
    if name == "ramp":
        values = values + max(day - 30, 0) / 30
    elif name == "comb" and day % 9 == 4:
        # Every other decile loses rows to the next: far for PSI, near for KS.
        shares = random.random(n)
        moves = (np.floor(10 * shares) % 2 == 1) & (shares < 0.8) & (random.random(n) < 0.6)
        values = ndtri(shares + 0.1 * moves)
    elif name == "weekly" and day % 7 == 6:
        values = values * 0.4
    elif name == "score" and day > 40:
        values = values**0.5
    return values


def profile_of_day(day: int, baseline: Baseline, *, n: int = 250) -> DatasetProfile:
    """Return what a day looks like; the same day is always the same."""
    random = np.random.default_rng(1_000 + day)
    columns: dict[str, Profile | Unprofiled] = {}
    for name, profile in baseline.columns.items():
        if isinstance(profile, CategoricalProfile):
            shares = (0.1, 0.3, 0.15, 0.45) if 20 <= day < 25 else PROFILES
            drawn = random.multinomial(n, shares)
            counts = {letter: int(c) for letter, c in zip(LETTERS, drawn, strict=True)}
            columns[name] = CategoricalProfile.of(counts, profile.binning)
        else:
            missing = n // 10 if name == "gaps" and 30 <= day < 33 else 0
            values = numbers(name, day, random, n - missing)
            columns[name] = NumericProfile.of(values, profile.binning, n_missing=missing)
    if day % 10 < 5:
        columns["absent"] = Unprofiled("column absent from the current data")
    return DatasetProfile(n, columns)


def report(
    history: History,
    day: int,
    *,
    watch: Monitor | None = None,
    baseline: Baseline | None = None,
    run_id: str = "run",
) -> Assessment:
    """Judge a day as a run does, its past from the history, and keep it there."""
    watch = watch or monitor()
    baseline = baseline or frozen()
    columns = watch.watched(baseline.columns)
    found = assess(
        watch,
        baseline,
        profile_of_day(day, baseline),
        earlier=history.earlier_verdicts(
            watch.name,
            DAYS[day],
            baseline_id=baseline.id,
            days=max(c.alert_after.of for c in columns) - 1,
        ),
    )
    history.record(found, partition=DAYS[day], fingerprint=f"{day}", run_id=run_id)
    return found


def stored(history: History, what: str = "rule_verdict, verdict") -> Mapping[Any, Any]:
    """Return what the history has of each day and column."""
    rows = history.query(f"SELECT partition, feature, {what} FROM drift_history").rows  # noqa: S608  # our own names
    return {row[:2]: row[2:] for row in rows}
