"""PagerDuty: an incident per trouble, by the Events API v2."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from drift_assets.alerts.http import post
from drift_assets.alerts.outgoing import Outgoing, cut, one_line

ADDRESS: Final = "https://events.pagerduty.com/v2/enqueue"
KEY_LENGTH: Final = 255
SUMMARY_LENGTH: Final = 1024
TEXT_LENGTH: Final = 100_000
"""An event may have 512 KB; in UTF-8 a character takes up to four bytes."""


@dataclass(frozen=True, slots=True)
class PagerDutyChannel:
    """Triggers, acknowledges and resolves incidents, told apart by their deduplication key.

    References
    ----------
    PagerDuty, "Send an Alert Event", Events API v2.
    """

    routing_key: str = field(repr=False)
    url: str = ADDRESS
    timeout_seconds: float = 10.0
    name: str = "pagerduty"

    def send(self, message: Outgoing) -> None:
        """Deliver a message.

        Raises
        ------
        DeliveryError
            If PagerDuty cannot be reached in time or does not accept the event.
        """
        self._post(
            {"event_action": "resolve"} if message.event == "resolve" else _trigger(message),
            message.key,
        )

    def acknowledge(self, key: str) -> None:
        """Say that somebody looks after the incident.

        Raises
        ------
        DeliveryError
            If PagerDuty cannot be reached in time or does not accept the event.
        """
        self._post({"event_action": "acknowledge"}, key)

    def _post(self, event: dict[str, Any], key: str) -> None:
        event |= {"routing_key": self.routing_key, "dedup_key": cut(key, KEY_LENGTH)}
        post(
            "PagerDuty",
            self.url,
            body=json.dumps(event, allow_nan=False).encode(),
            headers={"Content-Type": "application/json"},
            timeout_seconds=self.timeout_seconds,
        )


def _trigger(message: Outgoing) -> dict[str, Any]:
    payload = message.payload
    return {
        "event_action": "trigger",
        "client": "drift_assets",
        "payload": {
            "summary": cut(one_line(message.title), SUMMARY_LENGTH),
            "source": f"drift_assets/{payload.get('monitor', 'drift_assets')}",
            "severity": message.severity,
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "component": str(payload.get("monitor", "")),
            "class": str(payload.get("cause", message.event)),
            "custom_details": {"text": cut(message.text, TEXT_LENGTH)},
        },
        "links": [{"href": href, "text": name} for name, href in message.links.items()],
    }
