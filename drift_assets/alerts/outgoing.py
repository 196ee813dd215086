"""What a channel is asked to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from drift_assets.alert_settings import SeverityName

Event = Literal["trigger", "resolve", "test"]
"""``trigger`` something is wrong, ``resolve`` it is over, ``test`` somebody tries the channel."""

Severity = SeverityName
"""How grave it is, in PagerDuty's words."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out.

    Attributes
    ----------
    event
        What happened.
    severity
        How grave it is.
    key
        Names the trouble it speaks of: what is said of the same trouble later,
        and a message sent twice because an answer was lost, carry the same key.
    title
        One line of plain text.
    text
        The whole message, several lines of plain text; its first is the title.
    payload
        The same as plain JSON types.
    links
        Addresses by their name, such as ``report``.
    id
        Names this message among all of its trouble; the same when it is sent again because an
        answer was lost. Empty: the key.
    """

    event: Event
    severity: Severity
    key: str
    title: str
    text: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    id: str = ""


class Channel(Protocol):
    """Carries a message out."""

    @property
    def name(self) -> str:
        """What identifies the channel in the history."""

    def send(self, message: Outgoing) -> None:
        """Return when the receiver has accepted the message.

        Raises
        ------
        DeliveryError
            If it has not. The text shows no address, key or password.
        """


@runtime_checkable
class Incidents(Protocol):
    """What a channel can do besides, if it keeps incidents."""

    def acknowledge(self, key: str) -> None:
        """Say that somebody looks after the trouble of a key.

        Raises
        ------
        DeliveryError
            If the receiver has not accepted that.
        """


def cut(text: str, length: int) -> str:
    """Return text of at most ``length`` characters, its end left out if need be.

    Examples
    --------
    >>> cut("a long line", 7)
    'a long…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"


def one_line(text: str) -> str:
    r"""Return text without line breaks and other characters that cannot be seen.

    Examples
    --------
    >>> one_line("breach\r\nBcc: all@example.com")
    'breach  Bcc: all@example.com'
    """
    return "".join(c if c.isprintable() else " " for c in text)
