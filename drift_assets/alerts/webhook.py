"""A generic webhook: the message as JSON, signed if there is a secret."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drift_assets.alerts.http import post
from drift_assets.alerts.outgoing import Outgoing

SIGNATURE: Final = "X-Drift-Assets-Signature"
TIMESTAMP: Final = "X-Drift-Assets-Timestamp"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """POSTs the message as JSON; any 2xx answer counts as accepted.

    With a secret each request is signed, so that the receiver knows the sender:
    ``X-Drift-Assets-Signature: sha256=<hex>`` is the HMAC-SHA256 of the value of
    ``X-Drift-Assets-Timestamp`` (seconds since 1970), a full stop, and the body.
    """

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    timeout_seconds: float = 10.0
    name: str = "webhook"

    def send(self, message: Outgoing) -> None:
        """Deliver a message.

        Raises
        ------
        DeliveryError
            If the receiver cannot be reached in time or does not answer 2xx.
        """
        document = {
            **message.payload,
            "event": message.event,
            "severity": message.severity,
            "key": message.key,
            "id": message.id or message.key,
            "title": message.title,
            "text": message.text,
            "links": dict(message.links),
        }
        post_signed(
            "The webhook",
            self.url,
            document,
            key=message.id or message.key,
            secret=self.secret,
            timeout_seconds=self.timeout_seconds,
        )


def post_signed(
    who: str,
    url: str,
    document: Mapping[str, Any],
    *,
    key: str,
    secret: str = "",
    timeout_seconds: float,
) -> None:
    """POST a document as JSON, signed if there is a secret.

    Parameters
    ----------
    who
        The receiver as errors name it.
    url, document
        Where, and what.
    key
        The same whenever the same is sent; goes as ``Idempotency-Key``.
    secret
        Key of the signature.
    timeout_seconds
        How long to wait for an answer.

    Raises
    ------
    DeliveryError
        If the receiver cannot be reached in time or does not answer 2xx.
    """
    body = json.dumps(document, allow_nan=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if secret:
        now = str(int(time.time()))
        headers |= {TIMESTAMP: now, SIGNATURE: signature(secret, now, body)}
    post(who, url, body=body, headers=headers, timeout_seconds=timeout_seconds)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of the signature's header for a body.

    Examples
    --------
    >>> signature("key", "0", b"{}")[:20]
    'sha256=7314351dd949a'
    """
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"
