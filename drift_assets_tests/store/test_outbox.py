"""What gives cause to tell people: alerts, their episodes, and what became of telling a channel."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from drift_assets.assessment import assess
from drift_assets.errors import HistoryError
from drift_assets.store import History, NewAlert, Plan, Wait
from drift_assets_tests.store.conftest import MakeHistory
from drift_assets_tests.store.samples import DAY, assessment, baseline, day_of_data, monitor
from drift_assets_tests.store.taking import deliver, now, take

BREACH = NewAlert("breach", "loans drifted", "income: PSI", {"a": 1}, "error", {"income": 1.5})
LATE = NewAlert("late", "no data", "no data", ends="own_day")
KEY = f"loans:{DAY}:breach"


@pytest.fixture
def history(make_history: MakeHistory, tmp_path: Path) -> History:
    return make_history(tmp_path)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def record(
    history: History,
    number: int = 0,
    alerts: Sequence[NewAlert] = (),
    *,
    silent: Sequence[str] = (),
    standing: Sequence[str] = (),
) -> None:
    history.record(
        assessment(shift=300.0 if alerts else 0.0),
        partition=day(number),
        fingerprint="f",
        run_id=f"run {number}",
        alerts=alerts,
        silent=silent,
        standing_causes=standing,
    )


def states(history: History) -> list[tuple[str, str, str]]:
    """Return day, cause and state of every alert, as people see them."""
    found = history.query(
        "SELECT partition, cause, state FROM alert_history ORDER BY partition, cause"
    )
    return [(str(partition), cause, state) for partition, cause, state in found.rows]


def test_an_alert_waits_until_it_is_delivered(history: History) -> None:
    record(history, alerts=[BREACH])
    assert history.outbox.is_due("loans", now=now())
    assert states(history) == [(str(DAY), "breach", "pending")]
    ((alert, due),) = take(history.outbox)
    assert (alert.title, alert.payload, alert.sizes) == ("loans drifted", {"a": 1}, {"income": 1.5})
    assert (alert.severity, alert.key, alert.days, alert.run_id) == ("error", KEY, 1, "run 0")
    history.outbox.failed(due, detail="no answer", again_at=now(hours=1), now=now())
    (row,) = history.query("SELECT state, attempts, detail, delivered_at FROM alert_history").rows
    assert row == ("failed", 1, "hook: no answer", None)
    assert take(history.outbox) == []
    ((_, due),) = take(history.outbox, at=now(hours=100))
    then = now(hours=100)
    history.outbox.sent(due, now=then)
    (row,) = history.query(
        "SELECT state, attempts, detail, delivered_to, day_verdict, delivered_at FROM alert_history"
    ).rows
    assert row[:-1] == ("delivered", 2, "", ["hook"], "breach")
    assert row[-1] == then
    assert not history.outbox.is_due("loans", now=now(hours=900))


def test_what_one_has_taken_another_gets_only_after_a_quarter_of_an_hour(history: History) -> None:
    record(history, alerts=[BREACH])
    assert len(take(history.outbox)) == 1
    assert take(history.outbox) == []
    ((_, due),) = take(history.outbox, at=now(minutes=16))
    assert due.attempts == 1


def test_what_was_taken_and_not_tried_counts_as_no_attempt(history: History) -> None:
    record(history, alerts=[BREACH])
    ((_, due),) = take(history.outbox)
    history.outbox.give_back([due], at=now(hours=1), now=now())
    assert take(history.outbox) == []
    ((_, due),) = take(history.outbox, at=now(hours=100))
    assert due.attempts == 0


def test_a_repeated_run_updates_an_alert_and_does_not_tell_it_again(history: History) -> None:
    record(history, alerts=[BREACH])
    assert deliver(history) == [("trigger", str(DAY), KEY)]
    record(history, alerts=[NewAlert("breach", "new title", "new text", severity="error")])
    assert deliver(history) == []
    (alert,) = history.outbox.alerts("loans")
    assert (alert.title, alert.status) == ("new title", "new")


def test_days_without_a_good_one_in_between_are_one_episode_and_its_end_is_told(
    history: History,
) -> None:
    for number in range(3):
        record(history, number, [BREACH])
        deliver(history)
    assert [a.days for a in history.outbox.alerts("loans")] == [3, 2, 1]
    assert {a.key for a in history.outbox.alerts("loans")} == {KEY}
    record(history, 3)
    assert deliver(history) == [("resolve", str(day(2)), KEY)]
    assert {state for *_, state in states(history)} == {"resolved"}
    # What comes after a good day is another trouble, with a key of its own.
    record(history, 4, [BREACH])
    assert deliver(history) == [("trigger", str(day(4)), f"loans:{day(4)}:breach")]
    first, second = sorted(history.outbox.episodes("loans"), key=lambda e: e.since)
    assert (first.since, first.last_partition, first.n_days) == (DAY, day(2), 3)
    assert (first.state, first.severity, first.n_told) == ("resolved", "error", 1)
    assert (second.state, second.n_days, second.since) == ("open", 1, day(4))
    found = assessment(shift=300.0)
    assert second.baseline_id == found.baseline_id
    assert second.drift_share == pytest.approx(found.dataset.drift_share)
    assert history.outbox.episodes("loans", open_only=True) == [second]


def test_a_day_that_says_nothing_of_the_columns_neither_ends_nor_extends_an_episode(
    history: History,
) -> None:
    record(history, 0, [BREACH])
    deliver(history)
    record(history, 1, silent=["income"])
    assert deliver(history) == []
    record(history, 2, [BREACH])
    assert {(a.key, a.days) for a in history.outbox.alerts("loans")} == {(KEY, 1), (KEY, 2)}
    # Another column that cannot be evaluated says nothing for or against it.
    record(history, 3, silent=["state"])
    assert deliver(history) == [("resolve", str(day(2)), KEY)]


def test_a_cause_that_stands_is_not_over(history: History) -> None:
    record(history, 0, [NewAlert("trend", "creeps", "creeps")])
    deliver(history)
    record(history, 1, standing=["trend"])
    assert deliver(history) == []
    record(history, 2)
    assert [event for event, *_ in deliver(history)] == ["resolve"]


def test_what_its_own_day_takes_back_before_it_was_told_is_told_to_nobody(history: History) -> None:
    record(history, alerts=[BREACH])
    record(history)
    assert deliver(history) == []
    assert states(history) == [(str(DAY), "breach", "resolved")]
    (alert,) = history.outbox.alerts("loans")
    assert (alert.status, alert.why) == ("suppressed", "gone before it was told")


def test_what_may_have_been_heard_is_told_to_be_over(history: History) -> None:
    """The receiver may have accepted what nobody heard an answer to."""
    record(history, alerts=[BREACH])
    ((_, due),) = take(history.outbox)
    history.outbox.failed(due, detail="time-out", again_at=now(hours=1), now=now())
    record(history)
    assert deliver(history, at=now(hours=2)) == [("resolve", str(DAY), KEY)]


def test_a_cause_that_is_back_on_its_own_day_begins_anew(history: History) -> None:
    record(history, alerts=[BREACH])
    deliver(history)
    record(history)
    assert [event for event, *_ in deliver(history)] == ["resolve"]
    record(history, alerts=[BREACH])
    assert states(history) == [(str(DAY), "breach", "pending")]
    assert [event for event, *_ in deliver(history)] == ["trigger"]
    record(history)
    assert [event for event, *_ in deliver(history)] == ["resolve"]


def test_a_day_that_runs_again_before_a_good_one_is_no_news(history: History) -> None:
    record(history, 0, [BREACH])
    deliver(history)
    record(history, 1)
    assert [event for event, *_ in deliver(history)] == ["resolve"]
    record(history, 0, [NewAlert("breach", "new title", "t", {}, "error", {"income": 9.0})])
    assert deliver(history) == []
    (alert,) = history.outbox.alerts("loans")
    assert (alert.state, alert.title, alert.sizes) == ("resolved", "new title", {"income": 9.0})


def test_an_end_that_waits_outlives_another_run_of_its_day(history: History) -> None:
    for number in range(2):
        record(history, number, [BREACH])
        deliver(history)
    record(history, 2)
    record(history, 1, [BREACH])
    assert deliver(history) == [("resolve", str(day(1)), KEY)]
    assert {alert.state for alert in history.outbox.alerts("loans")} == {"resolved"}


def test_a_bad_day_that_comes_after_a_good_one_was_reported_is_told_to_nobody(
    history: History,
) -> None:
    # Days 1 and 4 are bad, 2 and 3 good; 0, which is bad too, comes last.
    for number, alerts in enumerate([[BREACH], [], [], [BREACH]], start=1):
        record(history, number, alerts)
        deliver(history)
    record(history, 0, [BREACH])
    assert deliver(history) == []
    late = history.outbox.alert("loans", DAY, "breach")
    assert (late.state, late.status, late.why) == ("resolved", "suppressed", "a later day is good")
    # It belongs to the trouble of day 1, and not to the one behind the good days.
    assert late.key == f"loans:{day(1)}:breach"
    assert history.outbox.alert("loans", day(4), "breach").key == f"loans:{day(4)}:breach"


def test_a_day_that_comes_late_joins_no_trouble_behind_a_good_day(history: History) -> None:
    # Day 2 is bad, 1 and 3 are good; 0, which is bad too, comes last.
    for number in (2, 3, 1, 0):
        record(history, number, [] if number % 2 else [BREACH])
        deliver(history)
    assert {(alert.key, alert.days) for alert in history.outbox.alerts("loans")} == {
        (f"loans:{day(2)}:breach", 1),
        (KEY, 1),
    }


def test_a_later_day_that_says_nothing_of_the_column_is_no_good_one(history: History) -> None:
    frozen = baseline()
    found = assess(monitor(), frozen, day_of_data(frozen, absent="income"))
    assert [one.feature for one in found.not_evaluated] == ["income"]
    history.record(found, partition=day(1), fingerprint="f", run_id="r", silent=["income"])
    record(history, 0, [BREACH])
    assert deliver(history) == [("trigger", str(DAY), KEY)]
    assert history.outbox.alert("loans", DAY, "breach").state == "open"


def test_what_is_back_before_its_end_was_told_leaves_that_end_to_the_rest_of_its_episode(
    history: History,
) -> None:
    for number in range(2):
        record(history, number, [BREACH])
        deliver(history)
    record(history, 1)
    record(history, 1, [BREACH])
    assert sorted(deliver(history)) == [("trigger", str(day(1)), f"loans:{day(1)}:breach")]
    assert deliver(history) == [("resolve", str(DAY), KEY)]


def test_what_is_back_before_anybody_heard_that_it_was_over_goes_on(history: History) -> None:
    record(history, alerts=[BREACH])
    deliver(history)
    record(history)
    record(history, alerts=[BREACH])
    assert deliver(history) == []
    assert history.outbox.alert("loans", DAY, "breach").state == "open"
    record(history, 1)
    assert deliver(history) == [("resolve", str(DAY), KEY)]


def test_the_end_waits_for_a_beginning_that_somebody_is_sending(history: History) -> None:
    record(history, alerts=[BREACH])
    ((_, due),) = take(history.outbox)
    # The day runs again, and is good, while the receiver takes its time.
    record(history)
    assert take(history.outbox) == []
    history.outbox.sent(due, now=now())
    assert deliver(history) == [("resolve", str(DAY), KEY)]
    assert deliver(history, at=now(hours=9)) == []


@pytest.mark.parametrize("how", ["refused", "given back", "killed"])
def test_the_end_waits_no_longer_than_that(history: History, how: str) -> None:
    record(history, alerts=[BREACH])
    ((_, due),) = take(history.outbox)
    record(history)
    if how == "refused":
        history.outbox.failed(due, detail="503", again_at=now(hours=1), now=now())
    elif how == "given back":
        history.outbox.give_back([due], at=now(hours=1), now=now())
    later = now(minutes=16 if how == "killed" else 0)
    assert deliver(history, at=later) == [("resolve", str(DAY), KEY)]
    assert not history.outbox.is_due("loans", now=now(hours=9))


def test_what_was_accepted_is_not_noted_of_the_message_that_replaced_it(history: History) -> None:
    record(history, alerts=[BREACH])
    ((_, old),) = take(history.outbox)
    record(history, alerts=[NewAlert("breach", "worse", "t", {}, "critical", {"income": 9.0})])
    ((_, new),) = history.outbox.take(
        "loans",
        decide=lambda *_: Plan("worse", "critical, error before", {"hook": ""}),
        look=lambda *_: None,
        now=now(),
        most=9,
    )
    history.outbox.failed(new, detail="503", again_at=now(hours=1), now=now())
    history.outbox.sent(old, now=now())
    assert deliver(history, at=now(hours=2)) == [("trigger", str(DAY), KEY)]


def test_who_took_too_long_has_no_say_in_what_another_has_taken(history: History) -> None:
    record(history, alerts=[BREACH])
    ((_, slow),) = take(history.outbox)
    later = now(minutes=16)
    ((_, fast),) = take(history.outbox, at=later)
    history.outbox.failed(slow, detail="time-out", again_at=later, now=later)
    history.outbox.give_back([slow], at=later, now=later)
    assert take(history.outbox, at=later) == []
    history.outbox.sent(fast, now=later)
    assert not history.outbox.is_due("loans", now=now(hours=9))


def test_the_end_waits_for_the_beginning(history: History) -> None:
    record(history, 0, [BREACH])
    ((_, due),) = take(history.outbox)
    history.outbox.failed(due, detail="busy", again_at=now(hours=1), now=now())
    record(history, 1)
    assert deliver(history) == []
    assert [e for e, *_ in deliver(history, at=now(hours=2))] == ["trigger"]
    assert [e for e, *_ in deliver(history, at=now(hours=2))] == ["resolve"]


def test_an_alert_that_nobody_decided_on_is_told_although_it_is_over(history: History) -> None:
    """The run was killed between its report and its alert; the next day is a good one."""
    record(history, 0, [BREACH])
    record(history, 1)
    assert [e for e, *_ in deliver(history)] == ["trigger"]
    assert [e for e, *_ in deliver(history)] == ["resolve"]
    assert deliver(history) == []


def test_data_that_did_not_arrive_end_with_their_own_day_alone(history: History) -> None:
    for number in (1, 2):
        history.outbox.post("loans", day(number), LATE)
    deliver(history)
    assert {a.key for a in history.outbox.alerts("loans")} == {f"loans:{day(1)}:late"}
    record(history, 2)
    assert deliver(history) == []
    record(history, 1)
    assert deliver(history) == [("resolve", str(day(2)), f"loans:{day(1)}:late")]


def test_posting_one_cause_leaves_the_others_as_they_are(history: History) -> None:
    record(history, alerts=[BREACH])
    history.outbox.post("loans", DAY, LATE)
    assert [a.state for a in history.outbox.alerts("loans")] == ["open", "open"]


def test_a_day_that_comes_late_joins_the_episode_of_the_days_after_it(history: History) -> None:
    record(history, 1, [BREACH])
    deliver(history)
    record(history, 0, [BREACH])
    alerts = history.outbox.alerts("loans")
    assert {a.key for a in alerts} == {f"loans:{day(1)}:breach"}
    assert {a.since for a in alerts} == {DAY}
    # And a good day before them is none that ends it.
    record(history, -1)
    assert deliver(history) == []
    assert {a.state for a in history.outbox.alerts("loans")} == {"open"}


def test_who_acknowledges_takes_on_the_whole_episode(history: History) -> None:
    for number in range(2):
        record(history, number, [BREACH])
        deliver(history)
    alert = history.outbox.alert("loans", DAY, "breach")
    assert history.outbox.acknowledge(alert, by="ana", now=now()) == 2
    assert {state for *_, state in states(history)} == {"acknowledged"}
    assert deliver(history) == [("acknowledge", str(day(1)), KEY)]
    assert history.outbox.acknowledge(alert, by="bob") == 0
    assert history.outbox.alert("loans", DAY, "breach").acknowledged_by == "ana"
    record(history, 2)
    assert [e for e, *_ in deliver(history)] == ["resolve"]


def test_who_resolves_by_hand_ends_one_episode(history: History) -> None:
    for number in range(2):
        record(history, number, [BREACH])
        deliver(history)
    assert history.outbox.end("loans", "breach", episode=DAY) == 2
    assert history.outbox.end("loans", "breach") == 0
    assert [e for e, *_ in deliver(history)] == ["resolve"]
    record(history, 2, [BREACH])
    assert deliver(history) == [("trigger", str(day(2)), f"loans:{day(2)}:breach")]


def test_sending_again_makes_what_failed_due_and_one_alert_whole(history: History) -> None:
    record(history, alerts=[BREACH])
    ((_, due),) = take(history.outbox)
    history.outbox.failed(due, detail="refused for good", again_at=None, now=now())
    assert take(history.outbox, at=now(hours=100)) == []
    (trouble,) = history.outbox.troubles()
    assert (trouble.channel, trouble.count, trouble.is_given_up) == ("hook", 1, True)
    assert history.outbox.resend(now=now()) == 1
    assert len(deliver(history)) == 1
    assert history.outbox.troubles() == []
    assert history.outbox.resend(now=now()) == 0
    assert history.outbox.resend(history.outbox.alert("loans", DAY, "breach"), now=now()) == 1
    assert len(deliver(history)) == 1


def test_what_must_wait_says_why(history: History) -> None:
    record(history, alerts=[BREACH])

    def look(until: Wait) -> int:
        taken = history.outbox.take(
            "loans",
            decide=lambda *_: Plan("new", "", {"hook": "", "other": "not for it"}),
            look=lambda *_: until,
            now=now(),
            most=9,
        )
        return len(taken)

    assert look(Wait(now(hours=1), "quiet until 7")) == 0
    (alert,) = history.outbox.alerts("loans")
    assert [(d.channel, d.state, d.detail) for d in history.outbox.deliveries(alert)] == [
        ("hook", "pending", "quiet until 7"),
        ("other", "suppressed", "not for it"),
    ]
    assert not history.outbox.is_due("loans", now=now())
    assert history.outbox.is_due("loans", now=now(hours=2))


def test_a_monitor_is_muted_by_command_and_heard_again(history: History) -> None:
    record(history)
    history.outbox.mute("loans", until=day(3), reason="holiday")
    history.outbox.mute("loans", until=day(2))
    assert history.outbox.muted_until("loans") == day(2)
    assert history.outbox.muted_until("others") is None
    history.outbox.mute("loans", until=None)
    assert history.outbox.muted_until("loans") is None


def test_an_alert_that_is_not_there_is_named_with_those_that_are(history: History) -> None:
    record(history, alerts=[BREACH])
    with pytest.raises(HistoryError, match=f"Found no alert 'loans:{DAY}:late'.*{KEY}"):
        history.outbox.alert("loans", DAY, "late")


def test_hostile_details_are_kept_as_they_are(history: History) -> None:
    record(history, alerts=[BREACH])
    ((_, due),) = take(history.outbox)
    history.outbox.failed(due, detail='it\'s "<b>" %s $1 ?', again_at=None, now=now())
    (alert,) = history.outbox.alerts("loans")
    (told,) = history.outbox.deliveries(alert)
    assert told.detail == 'it\'s "<b>" %s $1 ?'
