"""What a channel is asked to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

Event = Literal["trigger", "resolve", "test"]
"""``trigger`` something is wrong, ``resolve`` it is over, ``test`` somebody tries the channel."""

Severity = Literal["critical", "error", "warning", "info"]
"""How grave it is, in PagerDuty's words."""

SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "error", "critical")
"""From the least to the gravest."""


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
    """

    event: Event
    severity: Severity
    key: str
    title: str
    text: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


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
