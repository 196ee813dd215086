"""Email: the message as text and as HTML, by SMTP."""

import logging
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Final, Literal

from markupsafe import Markup

from drift_assets.alerts.outgoing import Outgoing, cut, one_line
from drift_assets.errors import DeliveryError

Security = Literal["starttls", "tls", "none"]

SUBJECT_LENGTH: Final = 200
BAR_PIXELS: Final = 160

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Sends one email to all recipients.

    Attributes
    ----------
    host, port
        The SMTP server.
    sender, recipients
        Addresses.
    security
        ``starttls`` begins in the clear and must be upgraded, ``tls`` is
        encrypted from the start, ``none`` is for a relay on the same machine.
    username, password
        Empty: no login. Never sent over a connection that is not encrypted.
    certificates
        File with the certificates to trust; by default the system's.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 20.0
    certificates: str | None = None
    name: str = "email"

    def send(self, message: Outgoing) -> None:
        """Deliver a message.

        Raises
        ------
        DeliveryError
            If the server cannot be reached in time, or refuses the login, the
            sender, the text or every recipient. Where it refuses only some, the
            others have the message, and the log says how many do not.
        """
        try:
            self._send(compose(message, self.sender, self.recipients))
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            raise DeliveryError(
                f"The mail server refused every recipient ({_listed(codes)}), expected them to be "
                "accepted: check the addresses.",
                is_permanent=all(code >= 500 for code in codes),
            ) from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(
                f"The mail server answered {error.smtp_code} ({type(error).__name__}), expected "
                "the message to be accepted: check login, sender and server.",
                is_permanent=error.smtp_code >= 500,
            ) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            # The exception's text may quote what was sent: only its kind is passed on.
            raise DeliveryError(
                f"The mail server could not be used ({type(error).__name__}); expected "
                f"{self.security} at {self.host}:{self.port} within {self.timeout_seconds:g} s: "
                "check host, port and security.",
                is_permanent=isinstance(
                    error, (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)
                ),
            ) from None

    def _send(self, mail: EmailMessage) -> None:
        with self._connection() as server:
            if self.security == "starttls":
                server.starttls(context=self._context())
            if self.username:
                server.login(self.username, self.password)
            refused = server.send_message(mail)
        if refused:
            # The others have it: a failure would send it to them again.
            _LOG.warning(
                "the mail server refused %d of %d recipients of %s: check the addresses",
                len(refused),
                len(self.recipients),
                self.name,
            )

    def _connection(self) -> smtplib.SMTP:
        # Left to itself, smtplib asks the network for this machine's name.
        name = socket.gethostname()
        name = name if "." in name else "[127.0.0.1]"
        wait = self.timeout_seconds
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host, self.port, name, timeout=wait, context=self._context()
            )
        return smtplib.SMTP(self.host, self.port, name, timeout=wait)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificates)


def compose(message: Outgoing, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """Return the email: a message and those that follow it on the same trouble make one thread."""
    mail = EmailMessage()
    # A line break in a header would be read as the next header.
    mail["Subject"] = cut(one_line(message.title), SUBJECT_LENGTH)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = format_datetime(datetime.now(UTC))
    domain = sender.rpartition("@")[2] or "localhost"
    mail["Message-ID"] = make_msgid(domain=domain)
    thread = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in message.key)
    mail["References"] = f"<{thread}@drift-assets.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    links = [f"{name}: {href}" for name, href in message.links.items()]
    mail.set_content("\n".join([message.text, *(["", *links] if links else []), ""]))
    mail.add_alternative(html(message), subtype="html")
    return mail


def html(message: Outgoing) -> str:
    """Return the message as HTML, every text escaped; bars are table cells, which all draw."""
    breaches = message.payload.get("breaches") or ()
    parts = [
        Markup('<!doctype html><html><body style="font-family:sans-serif;color:#1f2430">'),
        Markup('<h2 style="font-size:18px">{}</h2>').format(message.title),
    ]
    if breaches:
        parts += [_column(one) for one in breaches]
        rest = [
            Markup("<li>{}: {}</li>").format(one["column"], one["reason"])
            for one in message.payload.get("not_evaluated") or ()
        ]
        if rest:
            parts += [Markup("<p>Not evaluated:</p><ul>"), *rest, Markup("</ul>")]
    else:
        parts.append(Markup('<pre style="white-space:pre-wrap">{}</pre>').format(message.text))
    for name, href in message.links.items():
        parts.append(Markup('<p><a href="{}">{}</a></p>').format(href, name))
    parts.append(
        Markup(
            '<p style="color:#667;font-size:12px">drift_assets. Grey: baseline, blue: current; '
            "shares of the values.</p></body></html>"
        )
    )
    return str(Markup("").join(parts))


def _column(breach: Mapping[str, Any]) -> Markup:
    bins = breach.get("bins") or ()
    most = max((max(b["baseline_share"], b["current_share"]) for b in bins), default=0.0) or 1.0
    rows = Markup("").join(
        Markup(
            '<tr><td style="padding-right:8px">{}</td><td>{}{}</td>'
            '<td style="padding-left:8px">{:.1%} to {:.1%}</td></tr>'
        ).format(
            cut(one_line(b["bin"]), 60),
            _bar(b["baseline_share"] / most, "#9aa0ab"),
            _bar(b["current_share"] / most, "#2b6cb0"),
            b["baseline_share"],
            b["current_share"],
        )
        for b in bins
    )
    heading = Markup('<h3 style="font-size:15px;margin-bottom:2px">{}</h3><p>{}</p>').format(
        cut(one_line(breach["column"]), 200), breach["reason"]
    )
    if not bins:
        return heading
    return heading + Markup('<table style="font-size:13px">{}</table>').format(rows)


def _bar(share: float, colour: str) -> Markup:
    # A cell of a table, with attributes: some mail programs know neither SVG nor the width of a
    # div, and hide attached pictures until somebody clicks.
    return Markup(
        '<table role="presentation" cellpadding="0" cellspacing="1"><tr>'
        '<td width="{}" height="7" bgcolor="{}" style="font-size:1px;line-height:7px">&nbsp;</td>'
        "</tr></table>"
    ).format(max(1, round(share * BAR_PIXELS)), colour)


def _listed(codes: Sequence[int]) -> str:
    return ", ".join(map(str, codes))
