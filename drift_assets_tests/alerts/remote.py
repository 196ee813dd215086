"""Real servers on this machine that play the receivers of alerts."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from drift_assets.alerts import Outgoing

SECRET = "s3cret"  # noqa: S105  # stands for one in an address
HOSTILE = "<!channel> @here <img src=x onerror=alert(1)> </script>\r\nBcc: all@example.com"
"""What a column may be called by somebody who wishes us ill."""


def outgoing(event: str = "trigger", **changes: Any) -> Outgoing:  # noqa: ANN401
    """Return a message as the platform sends it."""
    values: dict[str, Any] = {
        "event": event,
        "severity": "error",
        "key": "churn:breach:2026-01-02",
        "title": "churn 2026-01-02: 1 of 3 columns breach: income",
        "text": "churn 2026-01-02: 1 of 3 columns breach: income\n- income: PSI 0.31 >= 0.2",
        "payload": {"monitor": "churn", "cause": "breach"},
        "links": {},
    }
    return Outgoing(**values | changes)


@dataclass
class Received:
    """One request: where it went, its headers in lower case, its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


@dataclass
class Receiver:
    """A web server that answers as it is told and keeps what it was sent."""

    port: int = 0
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drips: float = 0.0
    """Seconds between the bytes of an answer's body, which then has no end."""
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/{SECRET}"


@contextmanager
def receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a web server, over TLS if there is a context."""
    kept = Receiver()
    closed = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.received.append(Received(self.path, headers, body))
            time.sleep(kept.delay)
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            if 300 <= kept.status < 400:
                self.send_header("Location", "http://192.0.2.1/")
            self.send_header("Content-Length", str(1 << 20 if kept.drips else len(kept.answer)))
            self.end_headers()
            while kept.drips and not closed.wait(kept.drips):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return
            self.wfile.write(kept.answer)

        do_GET = do_POST  # noqa: N815  # as http.server names it

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        if context is not None:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kept
        closed.set()
        server.shutdown()


@dataclass
class Mailbox:
    """What a mail server accepted, and what it is told to refuse."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Answer to a recipient, such as ``550 no such user``."""
    answer: str = "250 accepted"

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd names it
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(  # noqa: N802
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        if self.answer.startswith("250"):
            self.mails.append(envelope)
        return self.answer


@contextmanager
def mail_server(**options: Any) -> Iterator[Mailbox]:  # noqa: ANN401
    """Run a mail server; the options are aiosmtpd's."""
    kept = Mailbox()

    def authenticate(*arguments: Any) -> AuthResult:  # noqa: ANN401
        data = arguments[-1]
        assert isinstance(data, LoginPassword)
        kept.logins.append((data.login, data.password))
        return AuthResult(success=data.password == SECRET.encode(), handled=False)

    # The controller connects to its own server once, and so must know the port beforehand.
    with socket.create_server(("127.0.0.1", 0)) as free:
        kept.port = free.getsockname()[1]
    server = Controller(
        kept, hostname="127.0.0.1", port=kept.port, authenticator=authenticate, **options
    )
    server.start()
    try:
        yield kept
    finally:
        server.stop()
