"""Where messages go: the log, and a generic webhook."""

import logging
import os
from dataclasses import dataclass, field
from typing import Any, Protocol

from drift_assets.errors import DeliveryError
from drift_assets.monitors import Alerts


class Channel(Protocol):
    """Carries a message out.

    ``send`` takes the message's text and its JSON payload, and returns when
    the receiver has accepted it, or raises `DeliveryError`.
    """

    @property
    def name(self) -> str:
        """What identifies the channel in the history."""

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Deliver a message."""


@dataclass(frozen=True, slots=True)
class LogChannel:
    """Writes the message to a logger, as a warning."""

    logger: logging.Logger
    name: str = "log"

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Log the text; the payload is not needed here."""
        del payload
        self.logger.warning("%s", text)


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """POSTs the payload as JSON; any 2xx answer counts as accepted.

    Redirects are not followed: an address that moved is for a person to
    correct. The address may hold a secret, so that no error or ``repr`` shows it.
    """

    url: str = field(repr=False)
    timeout_seconds: float = 10.0
    name: str = "webhook"

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Deliver the payload.

        Raises
        ------
        DeliveryError
            If the receiver cannot be reached in time or does not answer 2xx.
        """
        import requests  # noqa: PLC0415  # a tenth of a second that most days do not need

        del text
        try:
            answer = requests.post(
                self.url, json=payload, timeout=self.timeout_seconds, allow_redirects=False
            )
        except (requests.RequestException, ValueError) as error:
            # The exception's text quotes the address: only its kind is passed on.
            raise DeliveryError(
                f"The webhook did not answer ({type(error).__name__}); expected a 2xx answer "
                f"within {self.timeout_seconds:g} s: check the address and the receiver."
            ) from None
        if not 200 <= answer.status_code < 300:
            raise DeliveryError(
                f"The webhook answered {answer.status_code}, expected 2xx: "
                "check the address and the receiver."
            )


def channels_for(alerts: Alerts, logger: logging.Logger) -> list[Channel]:
    """Return the channels of a monitor: the log, and the webhook if its variable is set."""
    channels: list[Channel] = [LogChannel(logger)]
    if alerts.webhook is not None:
        url = os.environ.get(alerts.webhook.url_env, "").strip()
        if url:
            channels.append(WebhookChannel(url, alerts.webhook.timeout_seconds))
        else:
            logger.info(
                "webhook is off: the environment variable %s is not set", alerts.webhook.url_env
            )
    return channels
