"""The timeline of a monitor: its last reported days and columns, as the history keeps them."""

from datetime import date

import duckdb

from drift_assets.store.tables import WHOLE
from drift_assets.timeline import Moment, Timeline
from drift_assets.verdicts import Verdict


def read_timeline(
    connection: duckdb.DuckDBPyConnection, monitor: str, *, first: date, last: date
) -> Timeline:
    """Return what was reported between two days, both included."""
    bounds = {"monitor": monitor, "first": first, "last": last}
    reported = connection.execute(
        "SELECT partition, verdict, n_breach, baseline_id, method_version FROM evaluations "
        "WHERE monitor = $monitor AND partition BETWEEN $first AND $last ORDER BY partition",
        bounds,
    ).fetchall()
    places = {row[0]: place for place, row in enumerate(reported)}
    # All columns at once: a question for each would take as many scans.
    rows = connection.execute(
        "SELECT f.feature, f.partition, f.verdict, f.psi, f.threshold_psi_warn, "
        "f.threshold_psi_breach, "
        "f.current_n_missing / nullif(f.current_n + f.current_n_missing, 0), "
        "f.current_positive_rate "
        "FROM feature_drift AS f WHERE f.monitor = $monitor AND f.segment = $segment "
        "AND f.partition BETWEEN $first AND $last",
        {**bounds, "segment": WHOLE},
    ).fetchall()
    verdicts = {verdict.value: verdict for verdict in Verdict}
    columns: dict[str, list[Moment | None]] = {}
    for feature, partition, verdict, *numbers in rows:
        place = places.get(partition)
        if place is None:
            # A day of which only single columns have been run.
            continue
        moments = columns.setdefault(feature, [None] * len(reported))
        moments[place] = Moment(verdicts[verdict], *numbers)
    return Timeline(
        days=tuple(row[0] for row in reported),
        verdicts=tuple(verdicts[row[1]] for row in reported),
        breached=tuple(row[2] for row in reported),
        baselines=tuple(row[3] for row in reported),
        methods=tuple(row[4] for row in reported),
        columns=columns,
    )
