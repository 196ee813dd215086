"""Delivery, from a real history to real servers: who is told, when, and what becomes of it."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from drift_assets.alert_settings import Alerts
from drift_assets.monitors import Monitor
from drift_assets.orchestration.delivery import Delivered, deliver, troubles_of
from drift_assets.store import Alert, Delivery, History, NewAlert
from drift_assets_tests.alerts.remote import SECRET, Receiver, receiver
from drift_assets_tests.store.samples import assessment

# Tomorrow: the history writes by the real clock, and ours must not be behind it.
DAY = datetime.now(UTC).date() + timedelta(days=1)
LOGGER = logging.getLogger("loans")
BREACH = NewAlert("breach", "loans drifted", "loans drifted\nx", {}, "error", {"income": 1.2})
HOUR = timedelta(hours=1)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime.combine(DAY, time(12), tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Office:
    """A monitor, its history, and two receivers: a hook, and one that plays PagerDuty."""

    def __init__(self, home: Path, hook: Receiver, duty: Receiver) -> None:
        self.history = History(home / "history.duckdb", publishes=False)
        self.hook, self.duty = hook, duty
        self.clock = Clock()
        self.environment = {"HOOK": hook.url, "KEY": SECRET}

    def settings(self, **changes: Any) -> Alerts:  # noqa: ANN401
        channels = {
            "webhook": {"url_env": "HOOK"},
            "pagerduty": {"routing_key_env": "KEY", "url": self.duty.url},
        }
        return Alerts.model_validate(channels | changes)

    def record(self, number: int, alert: NewAlert | None = BREACH) -> None:
        self.history.record(
            assessment(shift=0.0 if alert is None else 300.0),
            partition=DAY + timedelta(days=number),
            fingerprint="f",
            run_id="r",
            alerts=[] if alert is None else [alert],
        )

    def deliver(
        self,
        alerts: Alerts | None = None,
        *,
        later: timedelta = timedelta(0),
        environment: Mapping[str, str] | None = None,
        budget_seconds: float | None = None,
    ) -> Delivered:
        self.clock.now += later
        return deliver(
            monitor(),
            alerts or self.settings(),
            self.history.outbox,
            LOGGER,
            environment=self.environment if environment is None else environment,
            now=self.clock,
            budget_seconds=budget_seconds,
        )

    def told(self, cause: str = "breach", number: int = 0) -> dict[str, Delivery]:
        """Return what became of telling each channel of an alert."""
        alert = self.alert(cause, number)
        found = self.history.outbox.deliveries(alert)
        return {one.channel: one for one in found if one.event == "trigger"}

    def alert(self, cause: str = "breach", number: int = 0) -> Alert:
        return self.history.outbox.alert("loans", DAY + timedelta(days=number), cause)

    def state(self) -> str:
        (row,) = self.history.query("SELECT state FROM alert_history WHERE cause = 'breach'").rows
        return str(row[0])


def monitor(**changes: object) -> Monitor:
    return Monitor.model_validate(
        {
            "name": "loans",
            "baseline": "b.csv",
            "current": "{partition}.csv",
            "features": [
                {"column": "income", "group": "risk", "owner": "ana"},
                {"column": "state", "group": "sales", "owner": "bob"},
            ],
            "predictions": ["score"],
            "partitions": {"start": "2026-01-01"},
        }
        | changes
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with receiver() as hook, receiver() as duty:
        duty.status, duty.answer = 202, b'{"status": "success"}'
        yield Office(tmp_path, hook, duty)


def events(there: Receiver) -> list[str]:
    return [one.json.get("event_action") or one.json["event"] for one in there.received]


def test_everybody_is_told_once_and_the_incident_is_resolved_by_its_own_key(office: Office) -> None:
    for number in range(3):
        office.record(number)
        office.deliver(later=timedelta(days=bool(number)))
        office.deliver()
    assert events(office.hook) == events(office.duty) == ["trigger"]
    office.record(3, None)
    office.deliver()
    assert events(office.hook) == events(office.duty) == ["trigger", "resolve"]
    keys = {one.json["dedup_key"] for one in office.duty.received}
    assert keys == {f"loans:{DAY}:breach"}
    last = office.hook.received[-1].json
    assert last["title"] == f"loans: breach is over, it was so on 3 days since {DAY}"
    assert len({one.headers["idempotency-key"] for one in office.hook.received}) == 2


def test_a_receiver_that_fails_is_tried_later_and_the_others_hear_once(office: Office) -> None:
    office.record(0)
    office.hook.status = 500
    assert len(office.deliver().failures) == 1
    failed = office.told()["webhook"]
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert failed.next_attempt_at is not None
    # A minute, and up to a quarter of one.
    wait = (failed.next_attempt_at - office.clock.now).total_seconds()
    assert 60 <= wait <= 75
    office.deliver(later=timedelta(seconds=59))
    assert len(office.hook.received) == 1
    office.hook.status = 200
    office.deliver(later=timedelta(seconds=20))
    assert office.state() == "delivered"
    assert (len(office.hook.received), len(office.duty.received)) == (2, 1)
    # The same message, and so the same key.
    assert len({one.headers["idempotency-key"] for one in office.hook.received}) == 1


def test_who_asks_to_be_left_alone_is(office: Office) -> None:
    office.record(0)
    office.hook.status, office.hook.headers = 429, {"Retry-After": "7200"}
    office.deliver()
    office.deliver(later=timedelta(minutes=119))
    assert len(office.hook.received) == 1
    office.deliver(later=timedelta(minutes=40))
    assert len(office.hook.received) == 2


def test_a_refusal_for_good_is_not_tried_again_but_by_hand(office: Office) -> None:
    office.record(0)
    office.hook.status = 400
    office.deliver()
    failed = office.told()["webhook"]
    assert (failed.state, failed.next_attempt_at) == ("failed", None)
    assert SECRET not in failed.detail
    office.deliver(later=timedelta(days=3))
    assert len(office.hook.received) == 1
    office.hook.status = 200
    office.history.outbox.resend(now=office.clock.now)
    office.deliver()
    assert office.told()["webhook"].state == "sent"


def test_a_channel_that_fails_now_is_not_asked_for_every_message(office: Office) -> None:
    for number in range(12):
        office.history.outbox.post("loans", DAY, NewAlert(f"cause {number}", "t", "t"))
    office.hook.status = 503
    found = office.deliver()
    assert len(office.hook.received) == len(found.failures) == 1
    assert len(office.duty.received) == 12
    office.hook.status = 200
    office.deliver(later=2 * HOUR)
    assert len(office.hook.received) == 13


def test_no_more_is_begun_when_the_time_is_up(office: Office) -> None:
    office.record(0)
    office.deliver(budget_seconds=0.0)
    assert office.hook.received == []
    office.deliver()
    assert len(office.hook.received) == 1


def test_a_channel_that_failed_for_an_hour_is_told_of_by_the_others(office: Office) -> None:
    office.record(0)
    office.hook.status = 500
    office.deliver()
    assert [a.cause for a in office.history.outbox.alerts()] == ["breach"]
    office.deliver(later=2 * HOUR)
    told = office.told("channel_failing")
    assert (told["pagerduty"].state, told["webhook"].state) == ("sent", "suppressed")
    assert "nobody is reached by webhook" in office.duty.received[-1].json["payload"]["summary"]
    # It is said once, and that it is over when it is.
    office.deliver(later=2 * HOUR)
    assert len(office.duty.received) == 2
    office.hook.status = 200
    office.deliver(later=12 * HOUR)
    assert events(office.duty) == ["trigger", "trigger", "resolve"]
    assert office.history.outbox.troubles() == []


def test_a_channel_that_refuses_for_good_is_told_of_at_once(office: Office) -> None:
    office.record(0)
    office.hook.status = 403
    office.deliver()
    assert office.told("channel_failing")["pagerduty"].state == "sent"


def test_nobody_hears_a_word_while_muted_and_the_log_does(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.record(0)
    office.history.outbox.mute("loans", until=DAY + timedelta(days=2), reason="known")
    with caplog.at_level(logging.INFO):
        office.deliver()
    assert office.hook.received == []
    assert "loans drifted" in caplog.text
    assert office.alert().why == f"muted until {DAY + timedelta(days=2)}"
    assert office.state() == "suppressed"
    office.record(2)
    office.deliver(later=timedelta(days=2))
    # It has lasted since before.
    assert office.hook.received[0].json["episode"]["days"] == 2


def test_muting_stops_what_is_being_tried(office: Office) -> None:
    office.record(0)
    office.hook.status = 500
    office.deliver()
    office.history.outbox.mute("loans", until=DAY + timedelta(days=9))
    office.deliver(later=2 * HOUR)
    assert office.told()["webhook"].state == "suppressed"


def test_who_heard_nothing_because_of_a_mute_hears_of_the_next_bad_day(office: Office) -> None:
    office.hook.status = office.duty.status = 503
    office.record(0)
    office.deliver()
    office.history.outbox.mute("loans", until=DAY + timedelta(days=1))
    office.deliver(later=HOUR)
    office.hook.status, office.duty.status = 200, 202
    office.hook.received.clear()
    office.duty.received.clear()
    for number in (1, 2):
        office.record(number)
        office.deliver(later=24 * HOUR)
    assert (len(office.hook.received), len(office.duty.received)) == (1, 1)
    assert office.alert(number=1).status == "new"
    assert office.alert(number=2).why == (
        f"as told on {DAY + timedelta(days=1)}; told again from {DAY + timedelta(days=8)} on"
    )


def test_who_heard_nothing_because_of_a_mute_hears_of_the_same_day_when_it_runs_again(
    office: Office,
) -> None:
    office.hook.status = office.duty.status = 503
    office.record(0)
    office.deliver()
    office.history.outbox.mute("loans", until=DAY + timedelta(days=1))
    office.deliver(later=HOUR)
    office.hook.status, office.duty.status = 200, 202
    office.record(0)
    office.deliver(later=24 * HOUR)
    assert {office.told()[name].state for name in ("webhook", "pagerduty")} == {"sent"}


def test_a_channel_that_was_off_for_a_day_hears_of_the_next_bad_day(office: Office) -> None:
    only = office.settings(pagerduty=[])
    office.record(0)
    office.deliver(only, environment={})
    office.record(1)
    office.deliver(only, environment={}, later=25 * HOUR)
    assert office.alert(number=1).why.startswith("as told")
    office.record(2)
    office.deliver(only, later=24 * HOUR)
    assert office.alert(number=2).status == "new"
    assert len(office.hook.received) == 1


def test_sent_again_by_hand_it_goes_to_those_alone_whom_it_is_for(office: Office) -> None:
    settings = office.settings(webhook={"url_env": "HOOK", "only": {"owners": "somebody-else"}})
    office.record(0)
    office.deliver(settings)
    office.history.outbox.resend(office.alert(), now=office.clock.now)
    office.deliver(settings)
    assert (len(office.hook.received), len(office.duty.received)) == (0, 2)
    assert office.told()["webhook"].detail == "for the owners somebody-else only"


def test_data_that_come_late_by_design_are_heard_of(office: Office) -> None:
    """Ten days after its day a day's data are due: eight days more would be old."""
    late = monitor(deadline={"at": "09:00", "days_later": 10})
    for number in (-10, -18):
        office.record(number)
    office.history.outbox.post(
        "loans", DAY - timedelta(days=40), NewAlert("data_missing", "t", "t")
    )
    deliver(
        *(late, office.settings(), office.history.outbox, LOGGER),
        environment=office.environment,
        now=office.clock,
    )
    assert office.alert(number=-10).status == "new"
    assert office.alert(number=-18).why == "old day: of 8 days ago, told are 7"
    assert office.alert("data_missing", -40).status == "new"


def test_quiet_hours_keep_what_is_not_critical_until_they_are_over(office: Office) -> None:
    quiet = {"start": "11:00", "end": "14:00"}
    office.record(0)
    office.deliver(office.settings(quiet_hours=quiet))
    waiting = office.told()["webhook"]
    assert (waiting.state, waiting.detail) == ("pending", f"quiet until {DAY} 14:00 UTC")
    office.deliver(office.settings(quiet_hours=quiet), later=2 * HOUR)
    assert len(office.hook.received) == 1
    office.clock.now -= HOUR
    grave = NewAlert("other", "t", "t", severity="critical")
    office.history.outbox.post("loans", DAY, grave)
    office.deliver(office.settings(quiet_hours=quiet))
    assert len(office.hook.received) == 2


def test_each_channel_hears_what_it_is_for(office: Office) -> None:
    hooks = [
        {"name": "risk", "url_env": "HOOK", "only": {"groups": ["risk"]}},
        {"name": "bob", "url_env": "HOOK", "only": {"owners": "bob"}},
        {"name": "grave", "url_env": "HOOK", "only": {"min_severity": "critical"}},
        {"name": "late", "url_env": "HOOK", "only": {"causes": ["late"]}},
    ]
    office.record(0)
    office.deliver(office.settings(webhook=hooks))
    found = {name: one.state for name, one in office.told().items()}
    assert found == {
        "log": "sent",
        "pagerduty": "sent",
        "risk": "sent",
        **dict.fromkeys(("bob", "grave", "late"), "suppressed"),
    }
    assert office.told()["bob"].detail == "for the owners bob only"


def test_an_old_day_is_recorded_and_told_to_nobody(office: Office) -> None:
    office.record(-8)
    office.deliver()
    assert office.hook.received == []
    assert office.alert(number=-8).why == "old day: of 8 days ago, told are 7"


def test_a_channel_whose_variable_is_missing_here_is_told_by_who_has_it(office: Office) -> None:
    office.record(0)
    found = office.deliver(environment={"KEY": SECRET})
    assert found.off == ("webhook (HOOK is not set)",)
    waiting = office.told()["webhook"]
    assert (waiting.state, waiting.detail) == ("suppressed", "off: webhook (HOOK is not set)")
    assert office.state() == "delivered"
    office.hook.status = 500
    office.deliver(later=HOUR)
    assert (office.told()["webhook"].state, office.state()) == ("failed", "failed")
    office.hook.status = 200
    office.deliver(later=HOUR)
    assert office.told()["webhook"].state == "sent"


def test_a_channel_that_stays_off_is_not_flooded_when_it_is_set(office: Office) -> None:
    office.record(0)
    office.deliver(environment={"KEY": SECRET})
    office.deliver(environment={"KEY": SECRET}, later=25 * HOUR)
    office.deliver(later=HOUR)
    assert office.hook.received == []


def test_a_channel_that_is_removed_is_not_waited_for(office: Office) -> None:
    office.record(0)
    office.hook.status = 500
    office.deliver()
    office.deliver(office.settings(webhook=[]), later=2 * HOUR)
    assert office.told()["webhook"].state == "suppressed"
    assert office.history.outbox.troubles() == []


def test_a_channel_that_refused_for_good_and_was_removed_fails_no_more(office: Office) -> None:
    office.record(0)
    office.duty.status = 400
    office.deliver()
    assert office.told("channel_failing")["webhook"].state == "sent"
    assert [
        one.channel for one in troubles_of(monitor(), office.settings(), office.history.outbox)
    ] == ["pagerduty"]
    without = office.settings(pagerduty=[])
    office.record(1)
    office.deliver(without, later=24 * HOUR)
    assert troubles_of(monitor(), without, office.history.outbox) == []
    assert events(office.hook) == ["trigger", "trigger", "resolve"]
    office.record(2, None)
    office.deliver(without, later=24 * HOUR)
    assert events(office.hook)[-1] == "resolve"
    assert not office.history.outbox.alerts(open_only=True)


def test_who_acknowledges_stops_the_incident_and_the_repeats(office: Office) -> None:
    office.record(0)
    office.deliver()
    office.history.outbox.acknowledge(office.alert(), by="ana", now=office.clock.now)
    office.deliver()
    assert events(office.duty) == ["trigger", "acknowledge"]
    assert events(office.hook) == ["trigger"]
    office.record(7)
    office.deliver(later=timedelta(days=7))
    assert events(office.duty) == ["trigger", "acknowledge"]
    worse = NewAlert("breach", "t", "t", {}, "error", {"income": 1.2, "state": 1.0})
    office.record(8, worse)
    office.deliver(later=timedelta(days=1))
    assert events(office.duty) == ["trigger", "acknowledge", "trigger"]


def test_a_day_that_gets_worse_when_it_runs_again_is_told_again(office: Office) -> None:
    office.record(0)
    office.deliver()
    office.record(0)
    office.deliver()
    assert len(office.hook.received) == 1
    office.record(0, NewAlert("breach", "t", "t", {}, "error", {"income": 1.2, "state": 1.0}))
    office.deliver()
    assert len(office.hook.received) == 2
    first, second = office.hook.received
    assert first.json["key"] == second.json["key"]
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_the_end_is_not_told_to_who_does_not_want_it_but_closes_the_incident(
    office: Office,
) -> None:
    settings = office.settings(tell_resolved=False)
    office.record(0)
    office.deliver(settings)
    office.record(1, None)
    office.deliver(settings, later=timedelta(days=1))
    assert events(office.hook) == ["trigger"]
    assert events(office.duty) == ["trigger", "resolve"]


def test_an_error_that_nobody_foresaw_shows_its_kind_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(office.hook.url)

    office.record(0)
    monkeypatch.setattr("drift_assets.alerts.webhook.WebhookChannel.send", broken)
    found = office.deliver()
    assert found.failures == ("webhook: failed (RuntimeError)",)
    assert SECRET not in office.told()["webhook"].detail
    assert office.told()["pagerduty"].state == "sent"
