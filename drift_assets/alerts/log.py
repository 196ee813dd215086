"""The log: the channel that is always there."""

import logging
from dataclasses import dataclass

from drift_assets.alerts.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class LogChannel:
    """Writes the message to a logger: a warning, or for good news an info."""

    logger: logging.Logger
    name: str = "log"

    def send(self, message: Outgoing) -> None:
        """Log the text."""
        level = logging.WARNING if message.event == "trigger" else logging.INFO
        self.logger.log(level, "%s", message.text)
