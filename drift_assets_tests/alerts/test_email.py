"""Email, against real SMTP servers with and without encryption."""

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import Envelope

from drift_assets.alerts.email import EmailChannel, html
from drift_assets.errors import DeliveryError
from drift_assets_tests.alerts.remote import HOSTILE, SECRET, mail_server, outgoing

WRONG = "wr0ng"
BREACHES: dict[str, Any] = {
    "monitor": "churn",
    "breaches": [
        {
            "column": HOSTILE,
            "reason": "PSI 0.31 >= 0.2",
            "bins": [{"bin": "(1, 2]", "baseline_share": 0.1, "current_share": 0.4}],
        }
    ],
}


def channel(port: int, **changes: Any) -> EmailChannel:  # noqa: ANN401
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "drift@example.com",
        "recipients": ("a@example.com", "b@example.com"),
        "security": "none",
        "timeout_seconds": 5.0,
    }
    return EmailChannel(**values | changes)


def read(envelope: Envelope) -> EmailMessage:
    content = envelope.content
    assert isinstance(content, bytes)
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    made = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.1").configure_cert(context)
    trusted = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(trusted)
    return context, trusted


def test_a_mail_reaches_everybody_as_text_and_as_html() -> None:
    with mail_server() as there:
        channel(there.port).send(outgoing(payload=BREACHES, links={"report": "https://r/1"}))
    (envelope,) = there.mails
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    mail = read(envelope)
    assert mail["Subject"] == "churn 2026-01-02: 1 of 3 columns breach: income"
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert "- income: PSI 0.31 >= 0.2" in plain.get_content()
    assert "report: https://r/1" in plain.get_content()
    assert "10.0% to 40.0%" in rich.get_content()


def test_two_messages_on_one_trouble_are_one_thread() -> None:
    with mail_server() as there:
        channel(there.port).send(outgoing())
        channel(there.port).send(outgoing("resolve"))
    first, second = map(read, there.mails)
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_hostile_name_adds_no_header_and_no_element() -> None:
    with mail_server() as there:
        channel(there.port).send(outgoing(title=HOSTILE, payload=BREACHES))
    mail = read(there.mails[0])
    assert mail["Bcc"] is None
    assert "\n" not in str(mail["Subject"])
    seen: set[str] = set()

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.add(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

    Elements().feed(html(outgoing(title=HOSTILE, payload=BREACHES)))
    assert not seen & {"img", "script"}
    assert "h3" in seen


def test_starttls_with_login(authority: tuple[ssl.SSLContext, Path]) -> None:
    context, trusted = authority
    with mail_server(tls_context=context, require_starttls=True, auth_required=True) as there:
        channel(
            there.port,
            security="starttls",
            username="drift",
            password=SECRET,
            certificates=str(trusted),
        ).send(outgoing())
    assert there.logins == [(b"drift", SECRET.encode())]
    assert len(there.mails) == 1


def test_tls_from_the_start(authority: tuple[ssl.SSLContext, Path]) -> None:
    context, trusted = authority
    with mail_server(ssl_context=context) as there:
        channel(there.port, security="tls", certificates=str(trusted)).send(outgoing())
    assert len(there.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    authority: tuple[ssl.SSLContext, Path],
) -> None:
    with mail_server(tls_context=authority[0]) as there:
        with pytest.raises(DeliveryError, match="SSLCertVerificationError") as caught:
            channel(there.port, security="starttls").send(outgoing())
        assert not there.mails
    assert caught.value.is_permanent


def test_no_password_goes_over_an_open_line() -> None:
    with mail_server(auth_require_tls=False) as there:
        with pytest.raises(DeliveryError, match="starttls"):
            channel(there.port, security="starttls", username="drift", password=SECRET).send(
                outgoing()
            )
        assert there.logins == []


def test_a_wrong_password_is_not_tried_again_and_shows_nowhere(
    authority: tuple[ssl.SSLContext, Path],
) -> None:
    context, trusted = authority
    with mail_server(tls_context=context, auth_required=True) as there:
        wrong = channel(
            there.port,
            security="starttls",
            username="drift",
            password=WRONG,
            certificates=str(trusted),
        )
        with pytest.raises(DeliveryError, match="535") as caught:
            wrong.send(outgoing())
    assert caught.value.is_permanent
    assert WRONG not in str(caught.value) + repr(wrong)


def test_a_mail_that_is_refused_for_now_is_tried_again() -> None:
    with mail_server() as there:
        there.answer = "451 try again later"
        with pytest.raises(DeliveryError, match="451") as caught:
            channel(there.port).send(outgoing())
    assert not caught.value.is_permanent


def test_one_refused_recipient_does_not_repeat_the_mail_to_the_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with mail_server() as there:
        there.refused = {"b@example.com": "550 no such user"}
        channel(there.port).send(outgoing())
    assert [envelope.rcpt_tos for envelope in there.mails] == [["a@example.com"]]
    assert "refused 1 of 2 recipients" in caplog.text


def test_a_mail_that_nobody_may_have_is_a_failed_delivery() -> None:
    with mail_server() as there:
        there.refused = dict.fromkeys(("a@example.com", "b@example.com"), "550 no such user")
        with pytest.raises(DeliveryError, match=r"every recipient \(550\)") as caught:
            channel(there.port).send(outgoing())
    assert caught.value.is_permanent


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(DeliveryError, match="ConnectionRefusedError") as caught:
        channel(9).send(outgoing())
    assert not caught.value.is_permanent
