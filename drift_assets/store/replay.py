"""What the history keeps of past days, for the rules: as the past of a day, and to be replayed."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np

from drift_assets.profiles.binning import IntArray
from drift_assets.simulation import KeptColumn, KeptDay, Settings
from drift_assets.stats import Measurement
from drift_assets.verdicts import Persistence, Verdict
from drift_assets.watch import DRIFT_SHARE_THRESHOLD, PRESETS, Thresholds

_JUDGED: Final = {
    "psi": ("psi", None),
    "ks": ("ks", "ks_p_value"),
    "chi_squared": ("chi_squared", "chi_squared_p_value"),
    "js_divergence": ("js_divergence", None),
    "missing_rate": ("missing_rate_change", "missing_rate_p_value"),
    "positive_rate": ("positive_rate_change", "positive_rate_p_value"),
    "novel_rate": ("novel_rate", "novel_rate_p_value"),
    "total_variation": ("total_variation", None),
}
"""The columns of value and p-value of each statistic that the rules ask for."""

_Counts = tuple[IntArray, IntArray] | None

_THRESHOLDS: Final = {field.name: f"f.threshold_{field.name}" for field in fields(Thresholds)} | {
    # Before it had a number of its own it had that of missing rows.
    "novel_rate_change": "coalesce(f.threshold_novel_rate_change, f.threshold_missing_rate_change)"
}
"""The column of each threshold."""

# A day that was never reported, of which single columns have been run, has no verdict to be
# compared with, and is nobody's past.
_REPORTED: Final = (
    "feature_drift AS f JOIN evaluations AS e "
    "ON e.monitor = f.monitor AND e.partition = f.partition"
)
_OWN: Final = "f.monitor = $monitor AND f.segment = ''"


def earlier_verdicts(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    *,
    baseline_id: str,
    days: int,
) -> dict[str, tuple[Verdict, ...]]:
    """Return what the rule said of each column on its last evaluated days, the latest first."""
    rows = connection.execute(
        "SELECT feature, list(rule_verdict ORDER BY partition DESC) FROM ("  # noqa: S608  # our own names
        "SELECT f.feature, f.partition, f.rule_verdict, row_number() OVER "
        f"(PARTITION BY f.feature ORDER BY f.partition DESC) AS back FROM {_REPORTED} "
        f"WHERE {_OWN} AND f.partition < $partition AND f.baseline_id = $baseline_id "
        "AND f.rule_verdict <> 'not_evaluated') WHERE back <= $days GROUP BY feature",
        {
            "monitor": monitor,
            "partition": partition,
            "baseline_id": baseline_id,
            "days": days,
        },
    ).fetchall()
    return {feature: tuple(Verdict(v) for v in verdicts) for feature, verdicts in rows}


def kept_thresholds(
    connection: duckdb.DuckDBPyConnection, monitor: str, *, first: date, last: date
) -> dict[date, dict[str, Thresholds]]:
    """Return what each reported day was judged by, by column."""
    rows = connection.execute(
        f"SELECT f.partition, f.feature, {', '.join(_THRESHOLDS.values())} "  # noqa: S608  # our own names
        f"FROM {_REPORTED} WHERE {_OWN} AND f.partition BETWEEN $first AND $last",
        {"monitor": monitor, "first": first, "last": last},
    ).fetchall()
    found: dict[date, dict[str, Thresholds]] = {}
    for partition, feature, *numbers in rows:
        found.setdefault(partition, {})[feature] = Thresholds(*numbers)
    return found


def kept_days(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    *,
    first: date | None,
    last: date | None,
    settings: Settings,
) -> list[KeptDay]:
    """Return the reported days of a monitor in order, as far as a replay by ``settings`` needs.

    Before ``first`` stand those days that its persistence looks back to.
    """
    bounds = {"monitor": monitor, "first": first or date.min, "last": last or date.max}
    start = _start(connection, bounds, settings)
    days = connection.execute(
        "SELECT partition, rule, family_alpha, verdict, dataset_verdict, drift_share_threshold "
        "FROM evaluations WHERE monitor = $monitor AND partition BETWEEN $first AND $last "
        "ORDER BY partition",
        bounds | {"first": start},
    ).fetchall()
    columns = _columns(connection, bounds | {"first": start}, settings)
    return [
        KeptDay(
            partition=partition,
            rule=rule,
            family_alpha=family_alpha,
            verdict=Verdict(verdict),
            dataset_verdict=None if dataset is None else Verdict(dataset),
            drift_share_threshold=DRIFT_SHARE_THRESHOLD if share is None else share,
            columns=tuple(columns.get(partition, ())),
        )
        for partition, rule, family_alpha, verdict, dataset, share in days
    ]


def _start(
    connection: duckdb.DuckDBPyConnection, bounds: Mapping[str, Any], settings: Settings
) -> date:
    """Return the first day that the persistence of the first one to answer for looks back to."""
    days = settings.alert_after.of if settings.alert_after is not None else None
    rows = connection.execute(
        "WITH wanted AS (SELECT f.feature, f.baseline_id, "  # noqa: S608  # our own names
        f"max(f.alert_after_days) AS days FROM {_REPORTED} "
        f"WHERE {_OWN} AND f.partition BETWEEN $first AND $last GROUP BY ALL), "
        "past AS (SELECT f.partition, coalesce($days, w.days) AS days, row_number() OVER "
        "(PARTITION BY f.feature, f.baseline_id ORDER BY f.partition DESC) AS back "
        f"FROM {_REPORTED} "
        "JOIN wanted AS w ON w.feature = f.feature AND w.baseline_id = f.baseline_id "
        f"WHERE {_OWN} AND f.partition < $first AND f.rule_verdict <> 'not_evaluated') "
        "SELECT min(partition) FROM past WHERE back < days",
        {**bounds, "days": days},
    ).fetchall()
    found = rows[0][0]
    first: date = bounds["first"]
    return first if found is None else found


def _columns(
    connection: duckdb.DuckDBPyConnection, bounds: Mapping[str, Any], settings: Settings
) -> dict[date, list[KeptColumn]]:
    values = [
        column
        for statistic, pair in _JUDGED.items()
        for column in pair
        # It has no columns of its own.
        if column is not None and statistic != "novel_rate"
    ]
    names = (
        *("partition", "feature", "role", "baseline_id", "verdict", "rule_verdict", "importance"),
        *("alert_after_breaches", "alert_after_days", "ks_error_bound", "baseline_n", "current_n"),
        *("baseline_n_missing", "current_n_missing", "thresholds_by_hand"),
        *values,
    )
    old = "f.threshold_novel_rate_change IS NULL"
    chosen = ", ".join([*(f"f.{name}" for name in names), old, *_THRESHOLDS.values()])
    rows = connection.execute(
        f"SELECT {chosen}, map_keys(f.family_p_values), "  # noqa: S608  # our own names
        "map_values(f.family_p_values), map_extract_value(f.other_statistics, 'novel_rate'), "
        f"map_extract_value(f.other_p_values, 'novel_rate') FROM {_REPORTED} "
        f"WHERE {_OWN} AND f.partition BETWEEN $first AND $last "
        "ORDER BY f.partition, f.role, f.feature",
        bounds,
    ).fetchall()
    counts = _counts(connection, bounds, settings)
    found: dict[date, list[KeptColumn]] = {}
    shared: dict[tuple[float, ...], Thresholds] = {}
    for *row, tests, p_values, novel_rate, novel_p_value in rows:
        kept = dict(zip(names, row, strict=False))
        is_old, *numbers = row[len(names) :]
        by_hand = set(kept["thresholds_by_hand"] or ())
        if is_old and "missing_rate_change" in by_hand:
            by_hand.add("novel_rate_change")
        kept |= {"novel_rate": novel_rate, "novel_rate_p_value": novel_p_value}
        of_psi, of_js = counts.get((kept["partition"], kept["feature"]), (None, None))
        found.setdefault(kept["partition"], []).append(
            KeptColumn(
                name=kept["feature"],
                role=kept["role"],
                baseline_id=kept["baseline_id"],
                verdict=Verdict(kept["verdict"]),
                rule_verdict=Verdict(kept["rule_verdict"]),
                importance=kept["importance"],
                alert_after=Persistence(kept["alert_after_breaches"], kept["alert_after_days"]),
                thresholds=shared.setdefault(tuple(numbers), Thresholds(*numbers)),
                measurements=_measurements(kept),
                family=dict(zip(tests, p_values, strict=True)),
                by_hand=frozenset(by_hand),
                counts=of_psi,
                js_counts=of_js,
            )
        )
    return found


def _measurements(kept: Mapping[str, Any]) -> dict[str, Measurement]:
    found = {}
    for statistic, (value, p_value) in _JUDGED.items():
        if kept[value] is not None:
            # Missing values are rows, and nothing else counts them.
            of_rows = statistic == "missing_rate"
            found[statistic] = Measurement(
                statistic,
                kept[value],
                None if p_value is None else kept[p_value],
                kept["baseline_n"] + kept["baseline_n_missing"] * of_rows,
                kept["current_n"] + kept["current_n_missing"] * of_rows,
                (kept["ks_error_bound"] or 0.0) if statistic == "ks" else 0.0,
            )
    return found


def _counts(
    connection: duckdb.DuckDBPyConnection, bounds: Mapping[str, Any], settings: Settings
) -> dict[tuple[date, str], tuple[_Counts, _Counts]]:
    """Return rows per PSI and per JS bin by day and column, where one may have to decide alone.

    They are bulky: for other columns nobody asks.
    """
    limits = {"psi_breach": settings.psi_breach, "js_breach": settings.js_breach}
    if settings.preset is not None:
        preset = PRESETS[settings.preset]
        limits = {n: getattr(preset, n) if one is None else one for n, one in limits.items()}
    rows = connection.execute(
        "SELECT f.partition, f.feature, "  # noqa: S608  # our own names
        "coalesce(p.comparison_counts, b.baseline_counts), p.current_counts, "
        "coalesce(p.comparison_js_counts, b.baseline_js_counts), p.current_js_counts "
        f"FROM {_REPORTED} JOIN feature_profiles AS p "
        "ON p.monitor = f.monitor AND p.partition = f.partition AND p.segment = f.segment "
        "AND p.feature = f.feature AND p.baseline_id = f.baseline_id "
        "LEFT JOIN baseline_profiles AS b "
        "ON b.baseline_id = p.baseline_id AND b.feature = p.feature "
        f"WHERE {_OWN} AND f.partition BETWEEN $first AND $last "
        "AND (f.psi >= coalesce($psi_breach, f.threshold_psi_breach) "
        "OR f.js_divergence >= coalesce($js_breach, f.threshold_js_breach))",
        {**bounds, **limits},
    ).fetchall()
    found = {}
    for partition, feature, before, now, js_before, js_now in rows:
        of_psi = _both(before, now)
        # Without bins of its own JS has those of PSI.
        of_js = of_psi if js_now == [] else _both(js_before, js_now)
        found[partition, feature] = of_psi, of_js
    return found


def _both(before: list[int] | None, now: list[int] | None) -> _Counts:
    """Return the rows of both sides; None where one was not kept, or not over the same bins."""
    if before is None or now is None or len(before) != len(now):
        return None
    return np.array(before, dtype=np.int64), np.array(now, dtype=np.int64)
