"""What was done with baselines is kept in order, with who and why; data checks with their day."""

from datetime import timedelta
from pathlib import Path

import pytest

from drift_assets.data_checks import CheckResult
from drift_assets.store import History
from drift_assets.store.baseline_events import BaselineEvent
from drift_assets_tests.store.samples import DAY, NOON, assessment, baseline


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.duckdb")


def test_acts_come_back_as_they_were_written_and_in_order(history: History) -> None:
    later = BaselineEvent("loans", NOON + timedelta(hours=1), "promoted", "b", "a", "ann", "why")
    first = BaselineEvent("loans", NOON, "frozen", "b", who="\udce9mile", detail="x.csv")
    other = BaselineEvent("churn", NOON, "frozen", "c")
    for event in (later, first, other):
        history.record_event(event)
    found = history.baseline_events("loans")
    assert [e.event for e in found] == ["frozen", "promoted"]
    assert found[1] == later
    assert found[0].who == "?mile"
    assert History(history.path.with_name("none.duckdb")).baseline_events("loans") == []


def test_a_baseline_is_known_with_the_days_that_it_judged(history: History) -> None:
    frozen = baseline()
    act = BaselineEvent("loans", NOON, "declared", frozen.id)
    history.record_baseline("loans", frozen, source="a.csv", frozen_at=NOON, event=act)
    for n in range(2):
        history.record(assessment(), partition=DAY + timedelta(days=n), fingerprint="f", run_id="r")
    (known,) = history.known_baselines("loans")
    assert (known.baseline_id, known.source, known.n_rows) == (frozen.id, "a.csv", 1000)
    assert known.n_days_judged == 2
    assert history.baseline_events("loans") == [act]


def test_the_checks_of_a_day_are_replaced_with_its_report(history: History) -> None:
    missing = CheckResult("data_arrived", "error", "failed", "nothing has come")
    history.record_checks("loans", DAY, [missing], checked_at=NOON)
    assert history.failed_days("loans", "data_arrived", first=DAY) == (DAY,)
    assert history.checks("loans", DAY) == [missing]
    stale = CheckResult("stale", "warn", "passed", "new", content="abc", columns=("x", "y"))
    history.record(
        assessment(), partition=DAY, fingerprint="f", run_id="r", checks=[stale], evaluated_at=NOON
    )
    assert history.checks("loans", DAY) == [stale]
    past = history.past_of("loans", DAY + timedelta(days=1), days=14)
    assert past.contents == {"abc": DAY}
    assert past.rows == (assessment().n_current,)
    # What lies more than a week back, or is the day itself, is no past.
    assert history.past_of("loans", DAY + timedelta(days=8), days=14).contents == {}
    assert history.past_of("loans", DAY, days=14).rows == ()
