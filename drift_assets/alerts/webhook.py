"""A generic webhook: the message as JSON, signed if there is a secret."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Final

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
            "title": message.title,
            "text": message.text,
            "links": dict(message.links),
        }
        body = json.dumps(document, allow_nan=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if self.secret:
            now = str(int(time.time()))
            headers |= {TIMESTAMP: now, SIGNATURE: signature(self.secret, now, body)}
        post(
            "The webhook",
            self.url,
            body=body,
            headers=headers,
            timeout_seconds=self.timeout_seconds,
        )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of the signature's header for a body.

    Examples
    --------
    >>> signature("key", "0", b"{}")[:20]
    'sha256=7314351dd949a'
    """
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"
