"""Which days start an action: tables of days, worked by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from drift_assets.action_settings import Action
from drift_assets.actions import DayVerdict, Event, event_of, events_of, longest_memory
from drift_assets.assessment import Assessment
from drift_assets.trends import TrendResult
from drift_assets.verdicts import DatasetRuling, Verdict
from drift_assets_tests.store.samples import DAY, assessment


def action(when: Mapping[str, Any] | None = None, **changes: Any) -> Action:  # noqa: ANN401
    values: dict[str, Any] = {"name": "retrain", "job": "retrain_model", "when": when or {}}
    return Action.model_validate(values | changes)


def breaching(share: float = 0.5) -> Assessment:
    ruling = DatasetRuling(Verdict.BREACH, "made up", share, 0.5)
    return replace(assessment(shift=300.0), dataset=ruling)


def earlier(*verdicts: str, share: float = 0.5) -> list[DayVerdict]:
    """Return days before `DAY`, the latest first: b, w and o for breach, warn and ok."""
    meant = {"b": Verdict.BREACH, "w": Verdict.WARN, "o": Verdict.OK}
    return [
        DayVerdict(DAY - timedelta(days=n), meant[v], share if v == "b" else 0.0)
        for n, v in enumerate(verdicts, 1)
    ]


def started(
    asked: Action, before: list[DayVerdict], today: Assessment | None = None
) -> list[Event]:
    found = today if today is not None else breaching()
    return events_of([asked], found, partition=DAY, earlier=before, today=DAY, report="r.json")


@pytest.mark.parametrize(
    ("when", "before", "since"),
    [
        # By itself one day is enough.
        ({}, "", 0),
        ({}, "ooo", 0),
        # Two of three: today and one of the two before.
        ({"days": "2 of 3"}, "o", None),
        ({"days": "2 of 3"}, "ob", 2),
        ({"days": "2 of 3"}, "bb", 2),
        ({"days": "2 of 3"}, "oob", None),
        # A warning counts only where it is asked for.
        ({"days": "2 of 2"}, "w", None),
        ({"days": "2 of 2", "verdict": "warn"}, "w", 1),
        # The share of each day counts, not only today's.
        ({"days": "2 of 2", "drift_share": 0.5}, "b", 1),
        ({"days": "2 of 2", "drift_share": 0.51}, "b", None),
    ],
)
def test_a_condition_looks_at_as_many_days_as_it_says(
    when: dict[str, Any], before: str, since: int | None
) -> None:
    found = started(action(when), earlier(*before))
    if since is None:
        assert found == []
    else:
        (event,) = found
        assert event.since == str(DAY - timedelta(days=since))


def test_a_day_that_is_well_starts_nothing_however_bad_the_days_before() -> None:
    assert started(action({"days": "1 of 3"}), earlier("b", "b"), assessment()) == []


def test_the_event_says_what_happened_and_comes_back_from_json_as_it_was() -> None:
    (event,) = started(action({"days": "2 of 3"}), earlier("b"))
    assert event.reason == "breach on 2 of the last 3 days, 50.0% of the features drift"
    assert (event.monitor, event.partition, event.cause) == ("loans", "2026-11-23", "drift")
    assert (event.verdict, event.columns, event.report) == ("breach", ("income",), "r.json")
    assert event.key == f"loans:retrain:{breaching().baseline_id[:16]}:drift"
    assert event_of(event.to_dict()) == event


def test_old_days_start_nothing_unless_they_may() -> None:
    for latest, age, starts in ((7, 7, True), (7, 8, False), (None, 5000, True)):
        found = events_of(
            [action(latest_days=latest)],
            breaching(),
            partition=DAY,
            earlier=[],
            today=DAY + timedelta(days=age),
        )
        assert bool(found) is starts


def test_a_trend_starts_what_waits_for_trends_and_nothing_else() -> None:
    creeping = _trend("income", Verdict.BREACH), _trend("state", Verdict.WARN)
    for trends, columns in ((creeping, ("income",)), (creeping[1:], None)):
        found = events_of(
            [action({"cause": "trend"}), action(name="other")],
            assessment(),
            partition=DAY,
            earlier=[],
            trends=trends,
            today=DAY,
        )
        assert [event.columns for event in found] == ([] if columns is None else [columns])
    assert (
        "1 column"
        in events_of(
            [action({"cause": "trend"})],
            assessment(),
            partition=DAY,
            earlier=[],
            trends=creeping,
            today=DAY,
        )[0].reason
    )


def test_the_longest_memory_is_that_of_the_action_that_looks_back_farthest() -> None:
    assert longest_memory([]) == 0
    assert longest_memory([action(), action({"days": "3 of 9"})]) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"job": None}, "found nothing to start, expected exactly one of job, webhook_env, call"),
        ({"call": "a:b"}, "found job and call"),
        ({"job": None, "call": "a.b"}, "expected a function such as my_project.models:retrain"),
        ({"job": None, "webhook_env": "https://x.example"}, "environment variable in capitals"),
        ({"secret_env": "KEY"}, "secret_env goes with webhook_env"),
        ({"when": {"days": "3 of 2"}}, "no more breaches than days"),
        ({"when": {"cause": "trend", "drift_share": 0.2}}, "found drift_share with cause: trend"),
        ({"name": "two words"}, "should match pattern"),
        ({"cool_down_days": -1}, "greater than or equal to 0"),
    ],
)
def test_mistakes_are_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        action(**changes)


def _trend(feature: str, verdict: Verdict) -> TrendResult:
    return TrendResult(
        feature=feature,
        role="feature",
        statistic="psi",
        verdict=verdict,
        reason="made up",
        window=60,
        n_partitions=30,
        first_partition=date(2026, 10, 1),
        last_partition=DAY,
        threshold=0.2,
    )
