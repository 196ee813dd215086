"""Trends as the rows that the history keeps of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.store.series import Seen, see
from drift_assets.store.tables import storable_text
from drift_assets.trends import Step, TrendResult
from drift_assets.verdicts import Verdict

_TEXTS: Final = ("monitor", "feature", "role", "statistic", "verdict", "reason")
_DATES: Final = (
    *("partition", "first_partition", "last_partition"),
    *("reached_on", "reached_earliest", "reached_latest", "step_on"),
)
_NUMBERS: Final = (
    *("threshold", "level", "slope", "slope_low", "slope_high", "rise"),
    *("p_value", "adjusted_p_value", "autocorrelation"),
    *("step_before", "step_after", "step_p_value", "regression_slope", "regression_p_value"),
)
_TYPES: Final = {
    **dict.fromkeys((*_TEXTS, "baseline_id", "run_id"), pa.string()),
    **dict.fromkeys(_DATES, pa.date32()),
    **dict.fromkeys(_NUMBERS, pa.float64()),
    **dict.fromkeys(("window_days", "n_partitions"), pa.int32()),
    "regression_rises": pa.bool_(),
}
_SAME: Final = (
    *("feature", "role", "statistic", "reason", "n_partitions", "first_partition"),
    *("last_partition", "threshold", "level", "slope", "slope_low", "slope_high", "rise"),
    *("p_value", "adjusted_p_value", "autocorrelation", "reached_on", "reached_earliest"),
    *("reached_latest", "regression_slope", "regression_p_value", "regression_rises"),
)
"""Columns that are called like the fields of a result."""


@dataclass(frozen=True, slots=True)
class JudgedTrends:
    """Results by day, and the reports that they rest on."""

    by_day: Mapping[date, Sequence[TrendResult]]
    seen: Seen


def write_trends(
    connection: duckdb.DuckDBPyConnection, monitor: str, judged: JudgedTrends, *, run_id: str
) -> bool:
    """Replace the rows of the judged days; return whether they are those of the present reports.

    If another run has reported a day meanwhile, the rows of the days are deleted and none is
    written: they are to be judged again.
    """
    for day in judged.by_day:
        connection.execute(
            "DELETE FROM feature_trends WHERE monitor = ? AND partition = ?", [monitor, day]
        )
    seen = judged.seen
    present = see(
        connection,
        monitor,
        baseline_id=seen.baseline_id,
        first=seen.first,
        last=seen.last,
        apart=seen.apart,
    )
    if present != seen:
        return False
    connection.register("incoming", _rows(monitor, judged, run_id))
    connection.execute("INSERT INTO feature_trends BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")
    return True


def read_trends(
    connection: duckdb.DuckDBPyConnection,
    monitor: str,
    partition: date,
    *,
    run_id: str | None = None,
) -> tuple[TrendResult, ...]:
    """Return the results of a day in the order of columns and statistics; none is no error.

    Parameters
    ----------
    connection
        To the history.
    monitor, partition
        Of what.
    run_id
        Only those that this run judged; by default whoever did.
    """
    steps = ("step_on", "step_before", "step_after", "step_p_value")
    columns = ("verdict", "window_days", *_SAME, *steps)
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM feature_trends "  # noqa: S608  # our own names
        "WHERE monitor = $monitor AND partition = $partition "
        "AND ($run_id::VARCHAR IS NULL OR run_id = $run_id::VARCHAR) ORDER BY feature, statistic",
        {"monitor": monitor, "partition": partition, "run_id": run_id},
    ).fetchall()
    return tuple(_result(dict(zip(columns, row, strict=True))) for row in rows)


def recently_breached(
    connection: duckdb.DuckDBPyConnection, monitor: str, *, first: date, before: date
) -> frozenset[str]:
    """Return the columns whose trend breached on a day from ``first`` up to the day before."""
    rows = connection.execute(
        "SELECT DISTINCT feature FROM feature_trends "
        "WHERE monitor = ? AND partition >= ? AND partition < ? AND verdict = 'breach'",
        [monitor, first, before],
    ).fetchall()
    return frozenset(name for (name,) in rows)


def _rows(monitor: str, judged: JudgedTrends, run_id: str) -> pa.Table:
    rows = []
    for day, results in judged.by_day.items():
        for result in results:
            row: dict[str, Any] = {name: getattr(result, name) for name in _SAME}
            row |= {
                "monitor": monitor,
                "partition": day,
                "verdict": result.verdict.value,
                "window_days": result.window,
                "baseline_id": judged.seen.baseline_id,
                "run_id": run_id,
            }
            if result.step is not None:
                row |= {
                    "step_on": result.step.since,
                    "step_before": result.step.before,
                    "step_after": result.step.after,
                    "step_p_value": result.step.p_value,
                }
            rows.append(
                {
                    name: storable_text(value) if isinstance(value, str) else value
                    for name, value in row.items()
                }
            )
    return pa.Table.from_pylist(rows, schema=pa.schema(list(_TYPES.items())))


def _result(row: dict[str, Any]) -> TrendResult:
    since = row.pop("step_on")
    figures = [row.pop(name) for name in ("step_before", "step_after", "step_p_value")]
    return TrendResult(
        verdict=Verdict(row.pop("verdict")),
        window=row.pop("window_days"),
        step=Step(since, *figures) if since is not None else None,
        **row,
    )
