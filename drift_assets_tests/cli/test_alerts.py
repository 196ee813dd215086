"""Alerts on the command line, against real receivers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift_assets.store import History, NewAlert
from drift_assets_tests.alerts.remote import HOSTILE, SECRET, Receiver, receiver
from drift_assets_tests.cli.calling import call
from drift_assets_tests.end_to_end.project import Project, make_project
from drift_assets_tests.store.samples import assessment

TODAY = datetime.now(UTC).date()
ALERT = f"churn:{TODAY}:breach"
BREACH = NewAlert("breach", "churn drifted", "churn drifted\nincome", {}, "error", {"income": 1.2})


class Office:
    """A project, its receivers, and an alert of today."""

    def __init__(self, project: Project, hook: Receiver, duty: Receiver) -> None:
        self.project, self.hook, self.duty = project, hook, duty
        self.history = History(project.home / "history.duckdb")
        self.history.record(
            assessment("churn", shift=300.0),
            partition=TODAY,
            fingerprint="f",
            run_id="r",
            alerts=[BREACH],
        )


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    for name in ("DAGSTER_HOME", "DRIFT_ASSETS_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    with receiver() as hook, receiver() as duty:
        monkeypatch.setenv("HOOK", hook.url)
        monkeypatch.setenv("KEY", SECRET)
        made = make_project(
            tmp_path / "project",
            alerts={
                "webhook": {"url_env": "HOOK"},
                "pagerduty": {"routing_key_env": "KEY", "url": duty.url},
                "slack": {"webhook_url_env": "NOT_SET"},
            },
        )
        monkeypatch.chdir(made.root)
        yield Office(made, hook, duty)


def events(there: Receiver) -> list[str]:
    return [one.json.get("event_action") or one.json["event"] for one in there.received]


@pytest.mark.usefixtures("office")
def test_list_names_what_is_open_and_show_tells_of_one() -> None:
    listed = call("alerts", "list").output
    assert ALERT in listed
    assert "pending" in listed
    assert call("alerts", "resend", ALERT).exit_code == 2
    assert call("alerts", "resend").exit_code == 0
    shown = call("alerts", "show", ALERT)
    assert shown.exit_code == 0
    assert "churn drifted\nincome" in shown.output
    assert "off: slack (NOT_SET is not set)" in shown.output
    (found,) = json.loads(call("alerts", "list", "--json").output)
    assert (found["id"], found["state"], found["severity"]) == (ALERT, "delivered", "error")
    document = json.loads(call("alerts", "show", ALERT, "--json").output)
    assert {one["channel"]: one["state"] for one in document["deliveries"]} == {
        "log": "sent",
        "pagerduty": "sent",
        "slack": "suppressed",
        "webhook": "sent",
    }
    assert call("alerts", "list", "--monitor", "others").output == "No open alert.\n"


def test_ack_reaches_the_incident_and_resolve_closes_it(office: Office) -> None:
    call("alerts", "resend")
    result = call("alerts", "ack", ALERT, "--by", "ana")
    assert (result.exit_code, result.output.splitlines()[0]) == (
        0,
        f"{ALERT}: 1 day acknowledged",
    )
    assert "acknowledged by ana" in call("alerts", "show", ALERT).output
    again = call("alerts", "ack", ALERT, "--by", "bob")
    assert again.output.splitlines()[0] == f"{ALERT}: acknowledged already, by ana"
    assert call("alerts", "resolve", ALERT).exit_code == 0
    # Of what is over nothing can be looked after, and to say so twice is no mistake.
    late = call("alerts", "ack", ALERT)
    assert late.exit_code == 2
    assert f"Found {ALERT} resolved, expected an alert that is open" in late.output
    assert call("alerts", "resolve", ALERT).output.startswith(f"{ALERT}: resolved already\n")
    assert events(office.duty) == ["trigger", "acknowledge", "resolve"]
    assert call("alerts", "list").output == "No open alert.\n"
    assert ALERT in call("alerts", "list", "--all").output


def test_what_a_channel_does_not_take_is_status_1(office: Office) -> None:
    office.hook.status = 400
    result = call("alerts", "resend")
    assert result.exit_code == 1
    assert "failed" in result.output
    office.hook.status = 200
    assert call("alerts", "resend").exit_code == 0
    # One alert goes to all of its channels again.
    before = len(office.duty.received)
    assert call("alerts", "resend", ALERT).exit_code == 0
    assert len(office.duty.received) == before + 1


def test_mute_keeps_everybody_quiet_until_a_day(office: Office) -> None:
    until = TODAY + timedelta(days=3)
    result = call("alerts", "mute", "churn", "--until", until, "--reason", "known")
    assert result.output == f"churn: muted until {until}\n"
    call("alerts", "resend")
    assert office.hook.received == []
    assert f"muted until {until}" in call("alerts", "show", ALERT).output
    assert call("alerts", "mute", "churn", "--off").output == "churn: people are told again\n"
    assert office.history.outbox.muted_until("churn") is None


def test_a_channel_is_tried_and_leaves_no_incident_open(office: Office) -> None:
    result = call("alerts", "test", "webhook")
    assert (result.exit_code, result.output) == (0, "webhook: accepted\n")
    assert events(office.hook) == ["test"]
    assert call("alerts", "test", "pagerduty", "--monitor", "churn").exit_code == 0
    assert events(office.duty) == ["trigger", "resolve"]
    assert call("alerts", "test", "log").exit_code == 0
    office.hook.status = 500
    refused = call("alerts", "test", "webhook")
    assert refused.exit_code == 1
    assert SECRET not in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "churn"), "expected MONITOR:DAY:CAUSE"),
        (("show", "churn:yesterday:breach"), "expected MONITOR:DAY:CAUSE"),
        (("ack", f"churn:{TODAY}:late"), "Found no alert"),
        (("mute", "chrun", "--until", "2030-01-01"), "Did you mean 'churn'?"),
        (("mute", "churn"), "both or none of --until and --off"),
        (("mute", "churn", "--until", "soon"), "expected a day such as 2026-11-23"),
        (("test", "webhok"), "Did you mean 'webhook'?"),
        (("test", "slack"), "NOT_SET is not set"),
    ],
)
def test_mistakes_are_said_in_words_with_status_2(
    office: Office, arguments: tuple[str, ...], said: str
) -> None:
    result = call("alerts", *arguments)
    assert office.hook.received == []
    assert result.exit_code == 2
    assert said in result.output


def test_a_strangers_text_moves_no_cursor(office: Office) -> None:
    hostile = f"\x1b[2J{HOSTILE}"
    office.history.outbox.post("churn", TODAY, NewAlert("late", hostile, hostile))
    assert "\x1b" not in call("alerts", "list").output
    assert "\x1b" not in call("alerts", "show", f"churn:{TODAY}:late").output


def test_without_a_history_nothing_is_open(tmp_path: Path) -> None:
    assert call("alerts", "list", "--home", tmp_path).output == "No open alert.\n"


def test_health_sends_what_is_due_and_names_the_channel_that_takes_nothing(
    office: Office,
) -> None:
    office.hook.status = 403
    found = call("health", "--no-daemon", "--max-age-hours", "100000")
    assert found.exit_code == 1
    assert "FAIL  churn: 1 message(s) not taken by webhook since" in found.output
    assert "not tried again: The webhook answered 403" in found.output
    # The others have it, and hear of the one that has not.
    assert events(office.duty) == ["trigger", "trigger"]
    office.hook.status = 200
    call("alerts", "resend")
    found = call("health", "--no-daemon", "--max-age-hours", "100000")
    assert found.exit_code == 0, found.output
