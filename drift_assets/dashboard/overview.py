"""What the dashboard says of all monitors, by few questions that are of all of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from drift_assets.dashboard.month import CODES
from drift_assets.figures import show, show_share
from drift_assets.report.escaping import visible
from drift_assets.report.wording import VERDICT_LABELS
from drift_assets.stats import LABELS
from drift_assets.store import Ask
from drift_assets.verdicts import Verdict

DAYS: Final = 365
"""Days that the dashboard looks back on, from the last reported one of each monitor."""
STRIP: Final = 90
"""Days of the strip that the index has of each monitor."""
MOST: Final = 100
"""Rows of a list, such as the alerts of one monitor; the history has all of them."""

_GRAVE: Final = {verdict.value: rank for rank, verdict in enumerate(VERDICT_LABELS)}
OTHERS: Final = ("alerts", "checks", "baselines")
"""What there may be of a monitor that has no report yet."""

_ALERT_STATES: Final = ("failed", "pending", "delivered", "suppressed", "acknowledged")


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of one monitor beside its months.

    Attributes
    ----------
    monitor
        Its name as it is in the history.
    line
        What the index says of it, as plain JSON types.
    head
        What its own page says of it.
    months
        The first day of each month in which it has rows, and what changes when they do.
    """

    monitor: str
    line: dict[str, Any]
    head: dict[str, Any]
    months: Mapping[date, str]


def read_overviews(ask: Ask) -> list[Overview]:
    """Return what the history says of each monitor that it knows, by name."""
    days = _by_monitor(
        ask(
            "SELECT monitor, partition, verdict, n_breach, n_warn, n_not_evaluated, n_columns, "
            "drift_share, n_current, baseline_id, method_version, evaluated_at, rule "
            "FROM evaluations ORDER BY monitor, partition"
        )
    )
    parts = {
        "months": _months(ask),
        "columns": _columns(ask),
        "trends": _trends(ask),
        "alerts": _alerts(ask),
        "checks": _checks(ask),
        "actions": _actions(ask),
        "baselines": _baselines(ask),
    }
    # One whose data never came has no report, but maybe alerts and checks.
    names = sorted({*days, *(name for part in OTHERS for name in parts[part])})
    return [
        _overview(
            monitor,
            days.get(monitor, []),
            {name: of.get(monitor, []) for name, of in parts.items()},
        )
        for monitor in names
    ]


def _overview(monitor: str, rows: list[Any], parts: Mapping[str, list[Any]]) -> Overview:
    common: dict[str, Any] = {"name": visible(monitor), "code": "-", "headline": "Never reported."}
    end = first = None
    if rows:
        end = rows[-1][0]
        first = max(rows[0][0], end - timedelta(days=DAYS - 1))
        common |= _last_day(rows)
    columns = _ordered(parts["columns"], {row[0]: row for row in parts["trends"]})
    checks = [row for row in parts["checks"] if end is None or row[0] >= str(end)]
    common |= {
        "leading": [row[0] for row in columns if row[3] in "bw"][:3],
        "alerts": {
            state: n
            for state in _ALERT_STATES
            if (n := sum(row[3] == state for row in parts["alerts"]))
        },
        "failing": [row[1] for row in checks if row[2] == "failed"],
        "n_checks": len(checks),
        "creeping": [sum(row[1] == code for row in parts["trends"]) for code in "bw"],
        "actions": [
            sum(row[3] == state for row in parts["actions"]) for state in ("pending", "failed")
        ],
    }
    line, head = dict(common), dict(common)
    if first is not None and end is not None:
        line |= _strip(rows, max(first, end - timedelta(days=STRIP - 1)), end)
        head |= _days(rows, first)
    head |= {
        "columns": columns,
        "trends": [row for row in parts["trends"] if row[1] in "bw" or "stepped" in row[3]],
        "n_trends": len(parts["trends"]),
        "n_judged_trends": sum(row[1] != CODES["not_evaluated"] for row in parts["trends"]),
        "alert_list": parts["alerts"],
        "checks": parts["checks"],
        "action_list": parts["actions"],
        "baselines": parts["baselines"],
    }
    months = {
        month: stamp
        for month, stamp in parts["months"]
        if first is not None and end is not None and first.replace(day=1) <= month <= end
    }
    return Overview(monitor, line, head, months)


def _last_day(rows: Sequence[Any]) -> dict[str, Any]:
    """Return what was said of the last reported day, and since when."""
    last = rows[-1]
    since, n_since = _since(rows)
    return {
        "code": CODES[last[1]],
        "headline": headline(*last[1:6]),
        "since": str(since),
        "n_since": n_since,
        "last": str(last[0]),
        "measured": _instant(last[10]),
        "n_columns": last[5],
        "n_breach": last[2],
        "n_warn": last[3],
        "n_silent": last[4],
    }


def _strip(rows: Sequence[Any], first: date, last: date) -> dict[str, Any]:
    """Return a letter a day."""
    codes = {row[0]: CODES[row[1]] for row in rows}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {"strip_from": str(first), "strip": "".join(codes.get(day, "-") for day in days)}


def _days(rows: Sequence[Any], first: date) -> dict[str, Any]:
    """Return the reported days, each with what judged it."""
    seen = [row for row in rows if row[0] >= first]
    judged_by = list(dict.fromkeys((row[8], row[9]) for row in seen))
    return {
        "first": str(first),
        "days": [
            [
                *(str(row[0]), CODES[row[1]], *row[2:6]),
                "" if row[6] is None else show_share(row[6]),
                f"{row[7]:,}",
                judged_by.index((row[8], row[9])),
            ]
            for row in seen
        ],
        "judged_by": [[name, method] for name, method in judged_by],
        "rule": rows[-1][11],
    }


def headline(verdict: str, n_breach: int, n_warn: int, n_silent: int, n_columns: int) -> str:
    """Return the verdict of a day as one sentence, in the words of its report.

    Examples
    --------
    >>> headline("breach", 1, 0, 1, 8)
    'Drift: 1 of 8 columns drifts; 1 column could not be evaluated.'
    """
    if n_columns == n_silent:
        return f"No verdict: none of {_count(n_columns)} could be evaluated."
    rest = f"; {_count(n_silent)} could not be evaluated" if n_silent else ""
    if n_breach:
        verb = "drifts" if n_breach == 1 else "drift"
        return f"Drift: {n_breach} of {_count(n_columns)} {verb}{rest}."
    if verdict == "warn" or n_warn:
        verb = "warns" if n_warn == 1 else "warn"
        return f"No drift, but {n_warn} of {_count(n_columns)} {verb}{rest}."
    n = n_columns - n_silent
    return f"No drift in {n:,} evaluated column{'s' * (n != 1)}{rest}."


def _since(rows: Sequence[Any]) -> tuple[date, int]:
    """Return since when the last verdict is what it is, and on how many reported days.

    Days without an answer are passed over, unless the last is one.
    """
    verdict = rows[-1][1]
    since, n = rows[-1][0], 0
    for row in reversed(rows):
        if row[1] == Verdict.NOT_EVALUATED.value != verdict:
            continue
        if row[1] != verdict:
            break
        since, n = row[0], n + 1
    return since, n


def _months(ask: Ask) -> dict[str, list[Any]]:
    rows = ask(
        "SELECT monitor, date_trunc('month', partition)::DATE, count(*), "
        "max(evaluated_at), sum(epoch_us(evaluated_at))::VARCHAR "
        "FROM feature_drift WHERE segment = '' GROUP BY ALL ORDER BY ALL"
    )
    return _by_monitor(
        [(name, month, f"{n} {_instant(last)} {total}") for name, month, n, last, total in rows]
    )


def _columns(ask: Ask) -> dict[str, list[Any]]:
    return _by_monitor(
        ask(
            "SELECT monitor, feature, role, kind, verdict, psi, threshold_psi_breach, reason "
            "FROM drift_latest WHERE segment = '' ORDER BY monitor, feature"
        )
    )


def _ordered(rows: Sequence[Any], trends: Mapping[str, Any]) -> list[list[Any]]:
    """Return name, role, kind, verdict, PSI, threshold, reason and trend, the gravest first."""

    def weight(row: Any) -> tuple[int, float]:  # noqa: ANN401  # a row
        _, _, _, verdict, psi, threshold, _ = row
        return _GRAVE[verdict], -(psi or 0.0) / (threshold or 1.0)

    found = []
    for feature, role, kind, verdict, psi, threshold, reason in sorted(rows, key=weight):
        name = visible(feature)
        trend = trends.get(name)
        found.append(
            [
                *(name, role, kind, CODES[verdict]),
                "" if psi is None else show(psi, against=threshold),
                *(show(threshold, against=threshold), visible(reason)),
                "-" if trend is None else trend[1],
            ]
        )
    return found


def _trends(ask: Ask) -> dict[str, list[Any]]:
    """Return what is said of each column's gradual drift, the gravest first."""
    rows = ask(
        "SELECT monitor, feature, verdict, statistic, reason, slope, reached_on, "
        "reached_earliest, reached_latest, threshold, level, last_partition "
        "FROM trend_latest QUALIFY row_number() OVER ("
        "PARTITION BY monitor, feature ORDER BY "
        "list_position(['breach', 'warn', 'ok', 'not_evaluated'], verdict), "
        "coalesce(adjusted_p_value, 1), statistic, window_days DESC) = 1 "
        "ORDER BY monitor, list_position(['breach', 'warn', 'ok', 'not_evaluated'], verdict), "
        "feature"
    )
    found = []
    for monitor, feature, verdict, statistic, reason, slope, *rest in rows:
        on, earliest, latest, threshold, level, last = rest
        told = verdict in {"breach", "warn"}
        found.append(
            (
                monitor,
                visible(feature),
                CODES[verdict],
                LABELS.get(statistic, visible(statistic)),
                visible(reason),
                "" if slope is None else show(slope),
                *(("" if day is None or not told else str(day)) for day in (on, earliest, latest)),
                # What the line of the forecast is drawn by.
                [level, slope, threshold, str(last)] if told and None not in (level, slope) else [],
            )
        )
    return _by_monitor(found)


def _alerts(ask: Ask) -> dict[str, list[Any]]:
    rows = ask(
        "SELECT monitor, partition, cause, title, state, severity, since, why, "
        "acknowledged_by, detail, delivered_to FROM alert_history "
        "QUALIFY row_number() OVER (PARTITION BY monitor "
        "ORDER BY state = 'resolved', partition DESC, cause) <= $most "
        "ORDER BY monitor, state = 'resolved', partition DESC, cause",
        {"most": MOST},
    )
    return _by_monitor(
        [
            (
                *(row[0], str(row[1]), visible(row[2]), visible(row[3]), row[4]),
                *(_text(row[5]), str(row[6] or row[1]), _text(row[7]), _text(row[8])),
                *(_text(row[9]), ", ".join(visible(one) for one in row[10] or ())),
            )
            for row in rows
        ]
    )


def _checks(ask: Ask) -> dict[str, list[Any]]:
    """Return those of the last day, and what failed before it."""
    rows = ask(
        "SELECT monitor, partition, check_name, state, severity, reason FROM data_check_history "
        "WHERE state <> 'passed' OR (monitor, partition) IN "
        "(SELECT (monitor, max(partition)) FROM evaluations GROUP BY monitor) "
        "QUALIFY row_number() OVER (PARTITION BY monitor ORDER BY partition DESC, check_name) "
        "<= $most ORDER BY monitor, partition DESC, state = 'passed', check_name",
        {"most": MOST},
    )
    return _by_monitor(
        [
            (name, str(day), visible(check).replace("_", " "), state, severity, visible(reason))
            for name, day, check, state, severity, reason in rows
        ]
    )


def _actions(ask: Ask) -> dict[str, list[Any]]:
    rows = ask(
        "SELECT monitor, partition, action, kind, state, reason, detail, updated_at "
        "FROM action_history QUALIFY row_number() OVER (PARTITION BY monitor "
        "ORDER BY created_at DESC, action) <= $most "
        "ORDER BY monitor, created_at DESC, action",
        {"most": MOST},
    )
    return _by_monitor(
        [
            (
                *(name, str(day), visible(action), kind, state, visible(reason)),
                *(visible(detail), _instant(at)),
            )
            for name, day, action, kind, state, reason, detail, at in rows
        ]
    )


def _baselines(ask: Ask) -> dict[str, list[Any]]:
    rows = ask(
        "SELECT monitor, happened_at, event, baseline_id, previous_id, who, reason, detail, "
        "n_rows FROM baseline_history QUALIFY row_number() OVER (PARTITION BY monitor "
        "ORDER BY happened_at DESC) <= $most ORDER BY monitor, happened_at DESC",
        {"most": MOST},
    )
    return _by_monitor(
        [
            (
                *(row[0], _instant(row[1]), visible(row[2]), visible(row[3]), _text(row[4])),
                *(_text(row[5]), _text(row[6]), _text(row[7])),
                "" if row[8] is None else f"{row[8]:,}",
            )
            for row in rows
        ]
    )


def _by_monitor(rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return rows, which come in the order of monitors, by monitor and without it."""
    return {
        monitor: [row[1:] for row in of_it] for monitor, of_it in groupby(rows, key=itemgetter(0))
    }


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(text: str | None) -> str:
    return visible(text or "")


def _count(n: int) -> str:
    return f"{n:,} column{'s' * (n != 1)}"
