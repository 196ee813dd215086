"""The generic webhook, and what an answer means, against a real web server."""

import contextlib
import hashlib
import hmac
import socket
import ssl
import threading

import pytest
import trustme

from drift_assets.alerts.webhook import WebhookChannel
from drift_assets.errors import DeliveryError
from drift_assets_tests.alerts.remote import SECRET, outgoing, receiver


def test_the_message_arrives_as_json() -> None:
    payload = {"monitor": "churn", "é": [1, 2.5, None]}
    with receiver() as there:
        WebhookChannel(there.url).send(outgoing(payload=payload, links={"report": "http://x/"}))
    (one,) = there.received
    assert one.json == {
        **payload,
        "event": "trigger",
        "severity": "error",
        "key": "churn:breach:2026-01-02",
        "id": "churn:breach:2026-01-02",
        "title": "churn 2026-01-02: 1 of 3 columns breach: income",
        "text": "churn 2026-01-02: 1 of 3 columns breach: income\n- income: PSI 0.31 >= 0.2",
        "links": {"report": "http://x/"},
    }
    assert one.headers["idempotency-key"] == "churn:breach:2026-01-02"
    assert "x-drift-assets-signature" not in one.headers


def test_a_receiver_can_check_the_signature() -> None:
    with receiver() as there:
        WebhookChannel(there.url, "key").send(outgoing())
    (one,) = there.received
    signed = one.headers["x-drift-assets-timestamp"].encode() + b"." + one.body
    expected = hmac.new(b"key", signed, hashlib.sha256).hexdigest()
    assert one.headers["x-drift-assets-signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [(301, True), (400, True), (401, True), (404, True), (429, False), (500, False), (503, False)],
)
def test_any_other_answer_is_a_failed_delivery(status: int, *, is_permanent: bool) -> None:
    with receiver() as there:
        there.status = status
        with pytest.raises(DeliveryError, match=str(status)) as caught:
            WebhookChannel(there.url).send(outgoing())
    assert SECRET not in str(caught.value)
    assert caught.value.is_permanent == is_permanent


def test_the_receiver_says_when_to_come_back() -> None:
    with receiver() as there:
        there.status, there.headers = 429, {"Retry-After": "120"}
        with pytest.raises(DeliveryError) as caught:
            WebhookChannel(there.url).send(outgoing())
    assert caught.value.retry_after_seconds == 120


def test_a_receiver_that_is_too_slow_or_absent_is_tried_again() -> None:
    with receiver() as there:
        there.delay = 2.0
        with pytest.raises(DeliveryError, match="Timeout") as slow:
            WebhookChannel(there.url, timeout_seconds=0.2).send(outgoing())
    with pytest.raises(DeliveryError, match="ConnectionError") as absent:
        WebhookChannel(f"http://127.0.0.1:9/{SECRET}").send(outgoing())
    assert SECRET not in str(absent.value)
    assert absent.value.__cause__ is None
    assert (slow.value.is_permanent, absent.value.is_permanent) == (False, False)


def test_an_answer_is_its_status_however_slowly_the_rest_drips() -> None:
    with receiver() as there:
        there.drips = 0.1
        WebhookChannel(there.url, timeout_seconds=5.0).send(outgoing())
        there.status = 503
        with pytest.raises(DeliveryError, match="answered 503"):
            WebhookChannel(there.url, timeout_seconds=5.0).send(outgoing())
    assert len(there.received) == 2


def test_headers_that_drip_are_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            answer, _ = server.accept()
            with answer, contextlib.suppress(OSError):
                answer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not ended.wait(0.1):
                    answer.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        port = server.getsockname()[1]
        with pytest.raises(DeliveryError, match="Timeout") as caught:
            WebhookChannel(f"http://127.0.0.1:{port}/", timeout_seconds=0.5).send(outgoing())
        ended.set()
        thread.join()
    assert not caught.value.is_permanent


def test_an_address_that_is_none_is_not_tried_again() -> None:
    with pytest.raises(DeliveryError) as caught:
        WebhookChannel(f"nonsense {SECRET}").send(outgoing())
    assert caught.value.is_permanent
    assert SECRET not in str(caught.value)


def test_neither_address_nor_key_shows_in_the_repr() -> None:
    assert SECRET not in repr(WebhookChannel(f"http://127.0.0.1/{SECRET}", SECRET))


# Who breaks off is no error of the receiver's.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_certificate_that_nobody_vouches_for_gets_no_message() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with receiver(context) as there:
        channel = WebhookChannel(f"https://127.0.0.1:{there.port}/hook/{SECRET}", "key")
        with pytest.raises(DeliveryError, match="SSLError") as caught:
            channel.send(outgoing())
        assert not there.received
    assert SECRET not in str(caught.value)
    # Certificates are renewed: it is tried again.
    assert not caught.value.is_permanent
