"""Series: what the history keeps of each column over the days, as trends are judged by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from drift_assets.profiles import COMPARABLE_SINCE, METHOD_VERSION
from drift_assets.stats.sampling_noise import BaselineBins
from drift_assets.store.tables import WHOLE
from drift_assets.trends import Series

_VALUES: Final = {
    "psi": "psi",
    "js_divergence": "js_divergence",
    "ks": "ks",
    "missing_rate": "missing_rate_change",
    "positive_rate": "positive_rate_change",
}
"""The column that keeps the values of each statistic."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Which reports a judgement rests on, so that one made meanwhile can be noticed.

    Attributes
    ----------
    baseline_id
        Of all of them.
    first, last
        The days that were looked at, both included.
    apart
        A day of them that is about to be reported by whoever looks, and does not count.
    n, reports
        How many, and a hash of which run reported which day when.
    """

    baseline_id: str
    first: date
    last: date
    apart: date | None
    n: int
    reports: str


def read_series(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    *,
    baseline_id: str,
    first: date,
    last: date,
    statistics: Sequence[str],
) -> tuple[Series, ...]:
    """Return the series of each column and statistic between two days, both included.

    Only of reported days judged by this baseline and the present formulas. Columns come by
    name, statistics in the order asked for; what was never measured has no series.
    """
    profiles = connection.execute(
        "SELECT feature, baseline_counts, bin_lower, bin_upper FROM baseline_profiles "
        "WHERE baseline_id = ?",
        [baseline_id],
    ).fetchall()
    bins = {
        feature: (counts, [a is not None and a == b for a, b in zip(lower, upper, strict=True)])
        for feature, counts, lower, upper in profiles
    }
    columns = ", ".join(f"f.{_VALUES[name]}" for name in statistics)
    rows = connection.execute(
        "SELECT f.feature, f.role, f.partition, f.baseline_n, f.current_n, "  # noqa: S608  # our own names
        f"f.baseline_n_distinct, {columns} "
        "FROM feature_drift AS f JOIN evaluations AS e "
        "ON e.monitor = f.monitor AND e.partition = f.partition "
        "WHERE f.monitor = $monitor AND f.segment = $segment AND f.verdict <> 'not_evaluated' "
        "AND f.baseline_id = $baseline_id AND e.baseline_id = $baseline_id "
        "AND f.method_version BETWEEN $since AND $method_version "
        "AND f.partition BETWEEN $first AND $last "
        "ORDER BY f.feature, f.partition",
        {
            "monitor": monitor,
            "segment": WHOLE,
            "baseline_id": baseline_id,
            "since": COMPARABLE_SINCE,
            "method_version": METHOD_VERSION,
            "first": first,
            "last": last,
        },
    ).fetchall()
    found = []
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][0] != rows[start][0]:
            found += _of_column(rows[start:end], statistics, bins.get(rows[start][0], ((), ())))
            start = end
    return tuple(found)


def see(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    *,
    baseline_id: str,
    first: date,
    last: date,
    apart: date | None = None,
) -> Seen:
    """Return which reports of a monitor there are between two days, both included."""
    ((n, reports),) = connection.execute(
        "SELECT count(*), coalesce(md5(string_agg(concat_ws(' ', partition, "
        "epoch_us(evaluated_at), run_id), '; ' ORDER BY partition)), '') "
        "FROM evaluations WHERE monitor = $monitor "
        "AND baseline_id = $baseline_id AND partition BETWEEN $first AND $last "
        "AND ($apart::DATE IS NULL OR partition <> $apart::DATE)",
        {
            "monitor": monitor,
            "baseline_id": baseline_id,
            "first": first,
            "last": last,
            "apart": apart,
        },
    ).fetchall()
    return Seen(baseline_id, first, last, apart, n, reports)


def _of_column(
    rows: Sequence[tuple[Any, ...]],
    statistics: Sequence[str],
    bins: tuple[Sequence[int], Sequence[bool]],
) -> list[Series]:
    feature, role = rows[0][:2]
    by_chance = BaselineBins(*bins, n_distinct=rows[0][5])
    days = np.array([row[2].toordinal() for row in rows], dtype=np.int64)
    found = []
    for position, statistic in enumerate(statistics, start=6):
        values = np.array([row[position] for row in rows], dtype=np.float64)
        known: NDArray[np.bool_] = ~np.isnan(values)
        if not known.any():
            continue
        noise = by_chance.noise(statistic, [row[3] for row in rows], [row[4] for row in rows])
        found.append(Series(feature, role, statistic, days[known], values[known], noise[known]))
    return found
