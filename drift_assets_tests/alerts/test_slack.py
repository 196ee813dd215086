"""Slack by webhook and by bot, against a web server that plays it."""

import json

import pytest

from drift_assets.alerts.slack import SlackBotChannel, SlackWebhookChannel, blocks
from drift_assets.errors import DeliveryError
from drift_assets_tests.alerts.remote import HOSTILE, SECRET, outgoing, receiver


def test_a_webhook_gets_the_title_the_text_and_the_links() -> None:
    with receiver() as there:
        SlackWebhookChannel(there.url).send(outgoing(links={"report": "https://r/a|b.html"}))
    body = there.received[0].json
    header, section, context = body["blocks"]
    assert header["text"]["text"] == "churn 2026-01-02: 1 of 3 columns breach: income"
    assert section["text"]["text"] == "- income: PSI 0.31 >= 0.2"
    assert context["elements"][0]["text"] == "<https://r/a%7Cb.html|report>"
    assert body["text"] == "churn 2026-01-02: 1 of 3 columns breach: income"


def test_text_from_strangers_calls_nobody() -> None:
    found = blocks(outgoing(title=HOSTILE, text=f"{HOSTILE}\n- {HOSTILE}"))
    # Slack reads marks in mrkdwn only; in plain text they are letters.
    assert {block["text"]["type"] for block in found} == {"plain_text"}
    assert all(block["text"]["emoji"] is False for block in found)
    with receiver() as there:
        SlackWebhookChannel(there.url).send(outgoing(title=HOSTILE))
    assert "<!channel>" not in there.received[0].json["text"]
    assert "&lt;!channel&gt;" in there.received[0].json["text"]


def test_a_storm_stays_below_slacks_limits() -> None:
    found = blocks(outgoing(title="t" * 5000, text="t" * 5000 + "\n" + "feature\n" * 10_000))
    assert [len(block["text"]["text"]) for block in found] == [150, 3000]


@pytest.mark.parametrize(
    ("status", "is_permanent"), [(400, True), (403, True), (404, True), (429, False), (500, False)]
)
def test_a_refused_webhook_says_whether_to_try_again(status: int, *, is_permanent: bool) -> None:
    with receiver() as there:
        there.status, there.headers = status, {"Retry-After": "7"}
        with pytest.raises(DeliveryError, match=str(status)) as caught:
            SlackWebhookChannel(there.url).send(outgoing())
    assert (caught.value.is_permanent, caught.value.retry_after_seconds) == (is_permanent, 7)
    assert SECRET not in str(caught.value)


def test_an_address_that_nobody_answers_is_tried_again() -> None:
    with pytest.raises(DeliveryError) as caught:
        SlackWebhookChannel(f"http://127.0.0.1:9/{SECRET}").send(outgoing())
    assert not caught.value.is_permanent
    assert SECRET not in str(caught.value)


def test_a_bot_posts_to_its_channel_with_its_token() -> None:
    with receiver() as there:
        there.answer = b'{"ok": true}'
        url = f"http://127.0.0.1:{there.port}/api/"
        SlackBotChannel(SECRET, "#drift", url).send(outgoing())
    (one,) = there.received
    assert one.path == "/api/chat.postMessage"
    assert one.headers["authorization"] == f"Bearer {SECRET}"
    assert one.json["channel"] == "#drift"
    assert one.json["blocks"][0]["type"] == "header"


@pytest.mark.parametrize(
    ("error", "is_permanent"),
    [("invalid_auth", True), ("channel_not_found", True), ("ratelimited", False)],
)
def test_a_bots_refusal_names_slacks_reason(error: str, *, is_permanent: bool) -> None:
    with receiver() as there:
        there.answer = json.dumps({"ok": False, "error": error}).encode()
        url = f"http://127.0.0.1:{there.port}/api/"
        with pytest.raises(DeliveryError, match=error) as caught:
            SlackBotChannel(SECRET, "#drift", url).send(outgoing())
    assert caught.value.is_permanent == is_permanent
    assert SECRET not in str(caught.value) + repr(SlackBotChannel(SECRET, "#drift"))


def test_a_bot_that_is_told_to_wait_waits() -> None:
    with receiver() as there:
        there.status, there.headers = 429, {"Retry-After": "30"}
        there.answer = b'{"ok": false, "error": "ratelimited"}'
        url = f"http://127.0.0.1:{there.port}/api/"
        with pytest.raises(DeliveryError) as caught:
            SlackBotChannel(SECRET, "#drift", url).send(outgoing())
    assert (caught.value.is_permanent, caught.value.retry_after_seconds) == (False, 30)


@pytest.mark.parametrize("address", [f"http://127.0.0.1/{SECRET} x", f"ftp://h/{SECRET}", SECRET])
def test_an_address_that_is_none_shows_nowhere(address: str) -> None:
    for channel in (SlackWebhookChannel(address), SlackBotChannel(SECRET, "#drift", address)):
        with pytest.raises(DeliveryError) as caught:
            channel.send(outgoing())
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None


def test_an_answer_that_drips_is_not_waited_for() -> None:
    with receiver() as there:
        there.drips = 0.1
        url = f"http://127.0.0.1:{there.port}/{SECRET}/"
        for channel in (
            SlackWebhookChannel(url, timeout_seconds=1.0),
            SlackBotChannel(SECRET, "#drift", url, timeout_seconds=1.0),
        ):
            with pytest.raises(DeliveryError, match="Timeout") as caught:
                channel.send(outgoing())
            assert not caught.value.is_permanent
            assert SECRET not in str(caught.value)
