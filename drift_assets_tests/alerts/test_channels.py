"""Channels, against a real HTTP server on this machine."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from drift_assets.alerts import LogChannel, WebhookChannel, channels_for
from drift_assets.errors import DeliveryError
from drift_assets.monitors import Alerts, Webhook

SECRET = "s3cret"  # noqa: S105  # stands for one in a webhook's address


@dataclass
class Receiver:
    """A server that answers as it is told and keeps what it was sent."""

    port: int = 0
    status: int = 200
    delay: float = 0.0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/{SECRET}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(kept.delay)
            self.send_response(kept.status)
            if 300 <= kept.status < 400:
                self.send_header("Location", "http://192.0.2.1/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kept
        server.shutdown()


def test_the_payload_arrives_as_json(receiver: Receiver) -> None:
    WebhookChannel(receiver.url).send("text", {"monitor": "churn", "é": [1, 2.5, None]})
    assert json.loads(receiver.bodies[0]) == {"monitor": "churn", "é": [1, 2.5, None]}


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_any_other_answer_is_a_failed_delivery(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(DeliveryError, match=str(status)) as caught:
        WebhookChannel(receiver.url).send("text", {})
    assert SECRET not in str(caught.value)


def test_a_receiver_that_is_too_slow_or_absent_is_a_failed_delivery(receiver: Receiver) -> None:
    receiver.delay = 2.0
    with pytest.raises(DeliveryError, match="Timeout"):
        WebhookChannel(receiver.url, timeout_seconds=0.2).send("text", {})
    with pytest.raises(DeliveryError, match="ConnectionError") as caught:
        WebhookChannel(f"http://127.0.0.1:9/{SECRET}").send("text", {})
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_address_does_not_show_in_the_repr() -> None:
    assert SECRET not in repr(WebhookChannel(f"http://127.0.0.1/{SECRET}"))


def test_the_log_channel_writes_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        LogChannel(logging.getLogger("churn")).send("100 % drift\nnext line", {})
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "100 % drift\nnext line")


def test_a_webhook_whose_variable_is_unset_is_off_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alerts = Alerts(webhook=Webhook(url_env="CHURN_HOOK"))
    logger = logging.getLogger("churn")
    monkeypatch.delenv("CHURN_HOOK", raising=False)
    with caplog.at_level(logging.INFO):
        assert [c.name for c in channels_for(alerts, logger)] == ["log"]
    assert "CHURN_HOOK is not set" in caplog.text
    monkeypatch.setenv("CHURN_HOOK", "http://127.0.0.1/")
    assert [c.name for c in channels_for(alerts, logger)] == ["log", "webhook"]
