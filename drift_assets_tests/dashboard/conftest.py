"""Histories to show: made by `assess` and `History.record`, so that every row is a real one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from drift_assets.actions import Event
from drift_assets.assessment import assess
from drift_assets.data_checks import CheckResult
from drift_assets.monitors import Trend
from drift_assets.store import History, JudgedTrends, NewAction, NewAlert
from drift_assets.store.baseline_events import BaselineEvent
from drift_assets.trends import judge_trends
from drift_assets_tests.browser import MISSING, Browser, browser
from drift_assets_tests.store.sixty_days import frozen, monitor, profile_of_day

LAST = date(2026, 11, 22)
"""The last reported day."""
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""When people look."""

CHECKS = (
    CheckResult("row_count", "error", "failed", "250 rows, at least 400 expected", 250, 400),
    CheckResult("schema", "error", "passed", "as in the baseline"),
)


def keep(  # noqa: PLR0913  # a history has so many parts
    history: History,
    name: str,
    days: Sequence[int],
    *,
    shift: int = 0,
    last: date = LAST,
    checks: Sequence[CheckResult] = (),
    trouble: bool = False,
    promoted: int | None = None,
    trends: bool = False,
) -> None:
    """Report days of a monitor, the last of them on ``last``.

    Parameters
    ----------
    history
        Where to.
    name
        The monitor.
    days
        Which of the sixty days of `drift_assets_tests.store.sixty_days`, in order.
    shift
        By how many days the days are moved back.
    last
        On which date the last of them falls.
    checks
        Of the last day.
    trouble
        Whether the last day raises an alert and starts an action.
    promoted
        From which of them on another baseline judges.
    trends
        Whether the last day's trends are judged.
    """
    watch = monitor(name=name)
    for n in days:
        partition = last - timedelta(days=days[-1] - n + shift)
        baseline = frozen(1 if promoted is not None and n >= promoted else 0)
        earlier = history.earlier_verdicts(name, partition, baseline_id=baseline.id, days=2)
        found = assess(watch, baseline, profile_of_day(n, baseline), earlier=earlier)
        is_last = n == days[-1]
        history.record(
            found,
            partition=partition,
            fingerprint=str(n),
            run_id="run",
            evaluated_at=NOW - timedelta(hours=1 + 24 * (days[-1] - n + shift)),
            checks=checks if is_last else (),
            alerts=[NewAlert("breach", f"Drift in {name}", "text", severity="error")]
            if trouble and is_last
            else (),
            actions=[NewAction(_event(name, partition, baseline.id), "job", 7)]
            if trouble and is_last
            else (),
        )
        if n in {days[0], promoted}:
            history.record_baseline(
                name,
                baseline,
                source="baseline.csv",
                frozen_at=NOW - timedelta(days=90),
                event=BaselineEvent(
                    name,
                    NOW - timedelta(days=90 - n),
                    "declared" if n == days[0] else "promoted",
                    baseline.id,
                    None if n == days[0] else frozen(0).id,
                    who="ada",
                    reason="" if n == days[0] else "a new tariff",
                    detail="baseline.csv",
                ),
            )
    if trends:
        _judge(history, name, last - timedelta(days=shift), frozen(0 if promoted is None else 1).id)


def _event(name: str, partition: date, baseline_id: str) -> Event:
    return Event(
        monitor=name,
        partition=str(partition),
        baseline_id=baseline_id,
        cause="drift",
        action="retrain",
        reason="3 of 8 columns drift",
        verdict="breach",
        drift_share=0.3,
        columns=("ramp",),
        since=str(partition),
        report="",
    )


def _judge(history: History, name: str, partition: date, baseline_id: str) -> None:
    settings = Trend()
    series, seen = history.series(
        name,
        baseline_id=baseline_id,
        first=partition - timedelta(days=27),
        last=partition,
        statistics=("psi", "ks"),
    )
    watched = monitor(name=name).watched(frozen().columns)
    thresholds = {column.name: column.thresholds for column in watched}
    results = judge_trends(series, settings, thresholds, partition=partition)
    history.record_trends(name, JudgedTrends({partition: results}, seen), run_id="run")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a drift home with four monitors: drifting, warning, quiet, and long silent."""
    home = tmp_path_factory.mktemp("full")
    history = History(home / "history.duckdb", publishes=False)
    keep(
        history, "loans", [n for n in range(25, 55) if n not in {33, 34}],
        checks=CHECKS, trouble=True, promoted=27, trends=True,
    )  # fmt: skip
    keep(history, "churn", range(20, 29), trends=True, checks=CHECKS[1:])
    keep(history, "orders", range(3), checks=CHECKS[1:])
    keep(history, "fraud", range(3), shift=200)
    for name, days in (("loans", (LAST, LAST - timedelta(days=1))), ("churn", (LAST,))):
        for day in days:
            page = home / "reports" / name / f"{day}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(f"<!DOCTYPE html><title>{name} {day}</title>", encoding="utf-8")
    return home


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a real browser; without one the test is skipped."""
    if MISSING:
        pytest.skip("needs chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
