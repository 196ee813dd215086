"""Rows by day: every way of keeping rows gives the profiles of the days' own rows."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drift_assets.monitors import Monitor
from drift_assets.profiles import CategoricalProfile, NumericProfile, Unprofiled
from drift_assets.scan import by_day, fit_baseline, profile_rows, rows_from_files
from drift_assets.scan.by_day import profile_days

NAMES = ("amount", "code", "state", "flag", "when", "empty")


def frame(seed: int = 0, n: int = 900) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    day = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 30, n), unit="D")
    rows = pd.DataFrame(
        {
            "day": day.strftime("%Y-%m-%d"),
            "amount": np.where(random.random(n) < 0.1, np.nan, random.normal(size=n).round(2)),
            "code": random.choice([1, 2, 30], n),
            "state": pd.Series(random.choice(["north", "south"], n)).where(random.random(n) < 0.8),
            "flag": random.choice([True, False], n),
            "when": day + pd.to_timedelta(random.integers(0, 5, n), unit="h"),
            "empty": [None] * n,
        }
    )
    # Rows without a date belong to no day.
    rows.loc[:3, "day"] = None
    return rows


def monitor() -> Monitor:
    return Monitor.model_validate(
        {
            "name": "loans",
            "baseline": {"path": "x.csv", "date_column": "day"},
            "current": "data/{partition}.csv",
            "features": [{"column": "code", "kind": "categorical"}, *(set(NAMES) - {"code"})],
            "partitions": {"start": "2026-01-01"},
        }
    )


def written(folder: Path, suffix: str, rows: pd.DataFrame) -> list[Path]:
    """Write the rows into two files, in no order of days."""
    paths = []
    for number, part in enumerate((rows.iloc[:500], rows.iloc[500:])):
        path = folder / f"{number}{suffix}"
        if suffix == ".parquet":
            part.to_parquet(path, row_group_size=200)
        elif suffix == ".csv":
            part.to_csv(path, index=False)
        else:
            part.to_json(path, orient="records", lines=True, date_format="iso")
        paths.append(path)
    return paths


@pytest.mark.parametrize("at_a_time", [1, 1 << 24])
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_each_day_is_profiled_as_if_it_came_alone(
    tmp_path: Path, suffix: str, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_day, "VALUES_AT_A_TIME", at_a_time)
    rows = frame()
    paths = written(tmp_path, suffix, rows)
    start, end = date(2026, 1, 3), date(2026, 1, 25)
    kept = rows_from_files(paths, date_column="day", start=start, end=end)
    baseline = fit_baseline(kept, monitor())
    found = dict(profile_days(paths, baseline, date_column="day", start=start, end=end))
    assert set(found) == set(NAMES) - {"empty"}
    days = found["amount"].days
    assert (days[0], days[-1]) == (start, end)
    for position, day in enumerate(days):
        alone = profile_rows(
            rows_from_files(paths, date_column="day", start=day, end=day), baseline
        )
        for name, column in found.items():
            assert column.days == days
            mine, theirs = column.profile(position), alone.columns[name]
            assert not isinstance(theirs, Unprofiled)
            assert mine.n_missing == theirs.n_missing
            if isinstance(mine, NumericProfile):
                assert isinstance(theirs, NumericProfile)
                assert (mine.cells == theirs.cells).all()
                assert mine.mean == pytest.approx(theirs.mean)
                assert mine.squares == pytest.approx(theirs.squares, rel=1e-9)
            else:
                assert isinstance(theirs, CategoricalProfile)
                assert (mine.counts == theirs.counts).all()
    for name, column in found.items():
        total, whole = column.total(range(len(days))), baseline.columns[name]
        assert (total.psi_counts == whole.psi_counts).all()
        assert (total.js_counts == whole.js_counts).all()
        assert total.n_missing == whole.n_missing


def test_values_without_a_common_type_are_counted_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "mixed.json"
    records = [{"day": "2026-01-01", "x": 1}, {"day": "2026-01-02", "x": "a"}]
    path.write_text(json.dumps([*records, {"day": "2026-01-02", "x": None}] * 3))
    declared = Monitor.model_validate(
        monitor().model_dump(by_alias=True) | {"features": [{"column": "x", "kind": "categorical"}]}
    )
    kept = rows_from_files([path], date_column="day", start=date(2026, 1, 1))
    baseline = fit_baseline(kept, declared)
    ((name, column),) = profile_days([path], baseline, date_column="day")
    assert name == "x"
    profile = column.profile(1)
    assert (profile.n, profile.n_missing) == (3, 3)
