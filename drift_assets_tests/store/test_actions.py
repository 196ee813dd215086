"""Actions in the history: decided with their day, started once, never forgotten."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from drift_assets.actions import DayVerdict, Event
from drift_assets.errors import UnknownNameError
from drift_assets.store import History, KeptAction, NewAction
from drift_assets.store.actions import ActionKind, claim, note
from drift_assets.verdicts import Verdict
from drift_assets_tests.store.samples import DAY, assessment

BASELINE = assessment().baseline_id


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.duckdb", publishes=False)


def new(
    day: date = DAY,
    *,
    action: str = "retrain",
    kind: ActionKind = "webhook",
    baseline_id: str = BASELINE,
    cool_down_days: int = 0,
) -> NewAction:
    event = Event(
        monitor="loans",
        partition=day.isoformat(),
        baseline_id=baseline_id,
        cause="drift",
        action=action,
        reason='breach "of" <b>1</b> of the last 1 day',
        verdict="breach",
        drift_share=0.5,
        columns=('"; DROP TABLE actions; --',),
        since=day.isoformat(),
        report="r.json",
    )
    return NewAction(event, kind, cool_down_days)


def record(history: History, day: date, *actions: NewAction) -> None:
    history.record(
        assessment(shift=300.0), partition=day, fingerprint="f", run_id="r", actions=actions
    )


def days_of(history: History) -> list[tuple[str, date, str]]:
    return [(one.action, one.partition, one.state) for one in history.actions("loans")]


def test_an_action_is_decided_once_for_a_baseline_and_cause(history: History) -> None:
    for number in range(5):
        record(history, DAY + timedelta(days=number), new(DAY + timedelta(days=number)))
    assert days_of(history) == [("retrain", DAY, "pending")]
    other = DAY + timedelta(days=5)
    record(history, other, new(other, baseline_id="another"))
    assert days_of(history) == [("retrain", other, "pending"), ("retrain", DAY, "pending")]


def test_a_cool_down_holds_across_baselines(history: History) -> None:
    record(history, DAY, new())
    for number, starts in ((6, False), (7, True)):
        day = DAY + timedelta(days=number)
        record(history, day, new(day, baseline_id=f"b{number}", cool_down_days=7))
        assert (("retrain", day, "pending") in days_of(history)) is starts


def test_what_was_withdrawn_cools_nothing_down(history: History) -> None:
    record(history, DAY, new())
    record(history, DAY)
    day = DAY + timedelta(days=1)
    record(history, day, new(day, baseline_id="another", cool_down_days=7))
    assert days_of(history) == [("retrain", day, "pending"), ("retrain", DAY, "withdrawn")]


def test_what_has_no_cause_any_more_is_withdrawn_unless_it_was_started(history: History) -> None:
    record(history, DAY, new(), new(action="tell"))
    (taken,) = [one for one in history.claim_actions("loans") if one.action == "tell"]
    history.note_action(taken, "done", detail="")
    history.start_again("loans", "retrain")
    record(history, DAY)
    assert sorted(days_of(history)) == [("retrain", DAY, "withdrawn"), ("tell", DAY, "done")]
    # Back again, it is pending again.
    record(history, DAY, new(), new(action="tell"))
    assert sorted(days_of(history)) == [("retrain", DAY, "pending"), ("tell", DAY, "done")]


def test_what_one_run_has_taken_no_other_takes(history: History) -> None:
    record(history, DAY, new(), new(action="train", kind="job"), new(action="f", kind="call"))
    assert sorted(one.action for one in history.claim_actions("loans")) == ["f", "retrain"]
    assert history.claim_actions("loans") == []


def test_a_webhook_that_fails_is_tried_five_times_ever_later_and_a_function_once(
    history: History,
) -> None:
    record(history, DAY, new(), new(action="f", kind="call"))
    tries: dict[str, list[int]] = {"retrain": [], "f": []}
    start = datetime.now(UTC) + timedelta(minutes=1)
    for minute in range(400):
        now = start + timedelta(minutes=minute)
        with history.session() as connection:
            for one in claim(connection, "loans", now=now):
                tries[one.action].append(minute)
                note(connection, one, "failed", detail="no answer", now=now, is_attempt=True)
    # Ten minutes after the first, then twenty, forty and eighty.
    assert tries == {"retrain": [0, 10, 30, 70, 150], "f": [0]}
    history.start_again("loans", "f")
    assert [one.action for one in history.claim_actions("loans")] == ["f"]


def test_what_was_never_tried_is_due_at_once_again(history: History) -> None:
    record(history, DAY, new(action="f", kind="call"))
    for _ in range(9):
        (one,) = history.claim_actions("loans")
        history.note_action(one, "failed", detail="the function cannot be imported")


def test_a_webhook_whose_process_was_killed_is_taken_again_and_a_function_is_not(
    history: History,
) -> None:
    record(history, DAY, new(), new(action="f", kind="call"))
    now = datetime.now(UTC) + timedelta(minutes=1)
    for minutes, names in ((0, ["f", "retrain"]), (14, []), (15, ["retrain"]), (16, [])):
        with history.session() as connection:
            taken = claim(connection, "loans", now=now + timedelta(minutes=minutes))
        assert sorted(one.action for one in taken) == names


def test_what_was_withdrawn_meanwhile_is_not_started(history: History) -> None:
    record(history, DAY, new(action="train", kind="job"))
    (seen,) = history.actions("loans")
    record(history, DAY)
    assert not history.note_action(seen, "started", detail="asked for", is_attempt=True)
    assert [one.state for one in history.actions("loans")] == ["withdrawn"]


def test_texts_and_instants_come_back_as_they_were(history: History) -> None:
    before = datetime.now(UTC)
    record(history, DAY, new())
    (one,) = history.actions()
    assert isinstance(one, KeptAction)
    assert one.reason == 'breach "of" <b>1</b> of the last 1 day'
    assert one.payload["columns"] == ['"; DROP TABLE actions; --']
    assert before <= one.created_at <= datetime.now(UTC)
    assert one.key == f"loans:retrain:{BASELINE[:16]}:drift"
    assert history.query("SELECT action, state, day_verdict FROM action_history").rows == [
        ("retrain", "pending", "breach")
    ]


def test_what_was_never_decided_cannot_be_started_again(history: History) -> None:
    assert history.actions() == []
    assert history.claim_actions("loans") == []
    record(history, DAY, new())
    with pytest.raises(UnknownNameError, match="Did you mean 'retrain'"):
        history.start_again("loans", "retain")


def test_a_run_that_ends_late_starts_nothing(history: History) -> None:
    record(history, DAY)
    early = datetime.now(UTC) - timedelta(hours=1)
    stands = history.record(
        assessment(shift=300.0),
        partition=DAY,
        fingerprint="f",
        run_id="late",
        evaluated_at=early,
        actions=[new()],
    )
    assert not stands
    assert history.actions() == []


def test_earlier_days_are_those_of_the_same_baseline_the_latest_first(history: History) -> None:
    for number in range(4):
        shift = 300.0 if number % 2 else 0.0
        history.record(
            assessment(shift=shift),
            partition=DAY + timedelta(days=number),
            fingerprint="f",
            run_id="r",
        )
    found = history.day_verdicts("loans", DAY + timedelta(days=3), baseline_id=BASELINE, days=2)
    # Of two features, one breaches on every second day.
    assert found == [
        DayVerdict(DAY + timedelta(days=2), Verdict.OK, 0.0),
        DayVerdict(DAY + timedelta(days=1), Verdict.BREACH, 0.5),
    ]
    assert history.day_verdicts("loans", DAY, baseline_id="other", days=9) == []
