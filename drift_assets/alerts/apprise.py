"""Apprise: any of its services, by the addresses that it defines."""

from dataclasses import dataclass, field

from drift_assets.alerts.outgoing import Outgoing, one_line
from drift_assets.errors import ConfigurationError, DeliveryError


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
            If it does not know an address, or any service did not accept the message.
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
        for service in services:
            # Whole, it would be refused by services that take less; split, it would be many.
            service.overflow_mode = apprise.OverflowMode.TRUNCATE
        kind = (
            apprise.NotifyType.WARNING if message.event == "trigger" else apprise.NotifyType.SUCCESS
        )
        accepted = services.notify(
            title=one_line(message.title),
            body=message.text,
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
            # What strangers wrote is not to be read as escapes.
            interpret_escapes=False,
        )
        if not accepted:
            raise DeliveryError(
                "Apprise could not hand the message to all of its services, expected them to "
                "accept it: check the addresses and the services."
            )
