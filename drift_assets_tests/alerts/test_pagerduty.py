"""PagerDuty's Events API v2, by its documented schema, against a real web server."""

import pytest

from drift_assets.alerts.pagerduty import PagerDutyChannel
from drift_assets.errors import DeliveryError
from drift_assets_tests.alerts.remote import HOSTILE, SECRET, outgoing, receiver


def test_a_breach_triggers_an_incident_with_all_that_the_schema_asks_for() -> None:
    with receiver() as there:
        there.status = 202
        PagerDutyChannel(SECRET, there.url).send(outgoing(links={"report": "https://r/1.html"}))
    event = there.received[0].json
    assert (event["routing_key"], event["event_action"]) == (SECRET, "trigger")
    assert event["dedup_key"] == "churn:breach:2026-01-02"
    payload = event["payload"]
    assert payload["summary"] == "churn 2026-01-02: 1 of 3 columns breach: income"
    assert payload["severity"] in {"critical", "error", "warning", "info"}
    assert payload["source"] == "drift_assets/churn"
    assert event["links"] == [{"href": "https://r/1.html", "text": "report"}]


def test_its_end_resolves_and_a_person_acknowledges_the_same_incident() -> None:
    with receiver() as there:
        there.status = 202
        channel = PagerDutyChannel(SECRET, there.url)
        channel.send(outgoing())
        channel.acknowledge(outgoing().key)
        channel.send(outgoing("resolve"))
    found = [(r.json["event_action"], r.json["dedup_key"]) for r in there.received]
    key = outgoing().key
    assert found == [("trigger", key), ("acknowledge", key), ("resolve", key)]


def test_long_and_hostile_texts_keep_the_limits() -> None:
    message = outgoing(title=HOSTILE + "x" * 5000, text="ä" * 600_000, key="k" * 300)
    with receiver() as there:
        there.status = 202
        PagerDutyChannel(SECRET, there.url).send(message)
    event = there.received[0].json
    assert len(event["payload"]["summary"]) == 1024
    assert "\n" not in event["payload"]["summary"]
    assert len(event["dedup_key"]) == 255
    assert len(there.received[0].body) < 512 * 1024 * 2


def test_a_refused_key_is_not_tried_again_and_shows_nowhere() -> None:
    with receiver() as there:
        there.status = 400
        with pytest.raises(DeliveryError) as caught:
            PagerDutyChannel(SECRET, there.url).send(outgoing())
    assert caught.value.is_permanent
    assert SECRET not in str(caught.value) + repr(PagerDutyChannel(SECRET))
