"""Apprise: any of its services, by the addresses that it defines."""

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from drift_assets.alerts.http import in_time
from drift_assets.alerts.outgoing import Outgoing, one_line
from drift_assets.errors import ConfigurationError, DeliveryError

DEADLINE_SECONDS: Final = 30.0
"""For each service; a part of its answer has a time limit of Apprise's own."""

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Hands the message to apprise, the optional extra ``drift-assets[apprise]``.

    Attributes
    ----------
    urls
        Apprise's addresses, separated by white space; they hold secrets.
    """

    urls: str = field(repr=False)
    name: str = "apprise"

    def send(self, message: Outgoing) -> None:
        """Deliver a message to every address.

        Raises
        ------
        ConfigurationError
            If apprise is not installed.
        DeliveryError
            If it does not know an address, or no service accepted the message. Where
            only some did not, the others have it, and the log says how many have not.
        """
        try:
            import apprise  # noqa: PLC0415  # an extra, that most do not have
        except ImportError as error:
            raise ConfigurationError(
                "Found a channel of apprise, but the package is not installed, expected it to be: "
                "pip install 'drift-assets[apprise]'."
            ) from error
        services = apprise.Apprise()
        for position, url in enumerate(self.urls.split(), start=1):
            if not services.add(url):
                raise DeliveryError(
                    f"Apprise does not know its address {position}, expected one as its "
                    "documentation has them: correct the environment variable.",
                    is_permanent=True,
                )
        kind = (
            apprise.NotifyType.WARNING if message.event == "trigger" else apprise.NotifyType.SUCCESS
        )

        def accepts(service: apprise.NotifyBase) -> bool:
            # Whole, it would be refused by services that take less; split, it would be many.
            service.overflow_mode = apprise.OverflowMode.TRUNCATE
            alone = apprise.Apprise()
            alone.add(service)
            return bool(
                alone.notify(
                    title=one_line(message.title),
                    body=message.text,
                    notify_type=kind,
                    body_format=apprise.NotifyFormat.TEXT,
                    # What strangers wrote is not to be read as escapes.
                    interpret_escapes=False,
                )
            )

        refused = 0
        for service in services:
            try:
                refused += not in_time(partial(accepts, service), DEADLINE_SECONDS)
            except TimeoutError:
                refused += 1
        if refused == len(services):
            raise DeliveryError(
                "Apprise could hand the message to none of its services, expected them to "
                "accept it: check the addresses and the services."
            )
        if refused:
            # The others have it: a failure would send it to them again.
            _LOG.warning(
                "%d of %d services of %s did not accept the message: check the addresses",
                *(refused, len(services), self.name),
            )
