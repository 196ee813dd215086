"""A small monitor, its baseline and days of data, for the tests of the history."""

from datetime import UTC, date, datetime

import numpy as np

from drift_assets.assessment import Assessment, assess
from drift_assets.monitors import Monitor
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Unprofiled,
)

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def monitor(
    name: str = "loans", *, number: str = "income", text: str = "state", guards: bool = True
) -> Monitor:
    """Return a monitor of a number, a text and a score."""
    return Monitor.model_validate(
        {
            "name": name,
            "baseline": "baseline.csv",
            "current": "data/{partition}.csv",
            "features": [number, text],
            "predictions": ["score"],
            "guards": guards,
            # The smallest shift of the tests is to be one that does not breach.
            "thresholds": {"ks_min_statistic": 0.1, "novel_rate_change": 0.1},
            "statistics": ["anderson_darling", "hellinger", "unseen_rate"],
            "partitions": {"start": "2026-01-01"},
        }
    )


def baseline(*, number: str = "income", text: str = "state", n: int = 1000) -> Baseline:
    """Return the baseline of that monitor."""
    income = np.linspace(0.0, 1000.0, n)
    score = np.linspace(0.0, 1.0, n)
    states = {"CA": n - n // 4, "NY": n // 4}
    return Baseline(
        n,
        {
            number: NumericProfile.of(income, NumericBinning.fit(income)),
            text: CategoricalProfile.of(states, CategoricalBinning.fit(states)),
            "score": NumericProfile.of(score, NumericBinning.fit(score, include=[0.5])),
        },
    )


def day_of_data(
    frozen: Baseline, *, shift: float = 0.0, n: int = 400, absent: str | None = None
) -> DatasetProfile:
    """Return a day whose number has moved by ``shift`` and that has an unseen category."""
    values = {"score": np.linspace(0.0, 1.0, n)}
    columns: dict[str, NumericProfile | CategoricalProfile | Unprofiled] = {}
    for name, profile in frozen.columns.items():
        if name == absent:
            columns[name] = Unprofiled("column absent from the current data")
        elif isinstance(profile, NumericProfile):
            numbers = values.get(name, np.linspace(0.0, 1000.0, n) + shift)
            columns[name] = NumericProfile.of(numbers[2:], profile.binning, n_missing=2)
        else:
            counts = {"CA": n - n // 4 - 3, "NY": n // 4, "TX": 3}
            columns[name] = CategoricalProfile.of(counts, profile.binning)
    return DatasetProfile(n, columns, ("remark",))


def assessment(name: str = "loans", *, shift: float = 0.0, guards: bool = True) -> Assessment:
    """Return what is said of such a day."""
    frozen = baseline()
    return assess(monitor(name, guards=guards), frozen, day_of_data(frozen, shift=shift))
