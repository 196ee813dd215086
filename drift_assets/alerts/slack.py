"""Slack: by an incoming webhook, or by a bot in a channel."""

from dataclasses import dataclass, field
from typing import Any, Final

from drift_assets.alerts.http import in_time, refuse_bad_answer, retry_after_seconds
from drift_assets.alerts.outgoing import Outgoing, cut, one_line
from drift_assets.errors import DeliveryError

API: Final = "https://slack.com/api/"
HEADER_LENGTH: Final = 150
TEXT_LENGTH: Final = 3000
FALLBACK_LENGTH: Final = 4000
PERMANENT: Final = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "invalid_blocks",
        "is_archived",
        "missing_scope",
        "msg_too_long",
        "no_permission",
        "not_authed",
        "not_in_channel",
        "token_expired",
        "token_revoked",
    }
)
"""Refusals that stay until a person changes something."""


@dataclass(frozen=True, slots=True)
class SlackWebhookChannel:
    """Posts to the one channel that an incoming webhook belongs to."""

    url: str = field(repr=False)
    timeout_seconds: float = 10.0
    name: str = "slack"

    def send(self, message: Outgoing) -> None:
        """Deliver a message.

        Raises
        ------
        DeliveryError
            If Slack cannot be reached in time or does not accept the message.
        """
        from slack_sdk.webhook import WebhookClient  # noqa: PLC0415  # most days send nothing

        client = WebhookClient(self.url, timeout=_seconds(self.timeout_seconds), retry_handlers=[])
        try:
            answer = in_time(
                lambda: client.send(
                    text=_fallback(message),
                    blocks=blocks(message),
                    unfurl_links=False,
                    unfurl_media=False,
                ),
                2 * _seconds(self.timeout_seconds),
            )
        except Exception as error:  # noqa: BLE001  # of any sort, and its text may hold the address
            raise _no_answer(error, self.timeout_seconds) from None
        refuse_bad_answer("Slack", answer.status_code, answer.headers)


@dataclass(frozen=True, slots=True)
class SlackBotChannel:
    """Posts as a bot to a channel that it has been invited to.

    References
    ----------
    Slack, method ``chat.postMessage``.
    """

    token: str = field(repr=False)
    channel: str
    url: str = API
    timeout_seconds: float = 10.0
    name: str = "slack"

    def send(self, message: Outgoing) -> None:
        """Deliver a message.

        Raises
        ------
        DeliveryError
            If Slack cannot be reached in time or does not accept the message.
        """
        from slack_sdk import WebClient  # noqa: PLC0415  # most days send nothing
        from slack_sdk.errors import SlackApiError  # noqa: PLC0415

        client = WebClient(
            self.token,
            base_url=self.url,
            timeout=_seconds(self.timeout_seconds),
            retry_handlers=[],
        )
        try:
            in_time(
                lambda: client.chat_postMessage(
                    channel=self.channel,
                    text=_fallback(message),
                    blocks=blocks(message),
                    mrkdwn=False,
                    unfurl_links=False,
                    unfurl_media=False,
                ),
                2 * _seconds(self.timeout_seconds),
            )
        except SlackApiError as error:
            raise _refusal(error.response) from None
        except Exception as error:  # noqa: BLE001  # of any sort, and its text may hold the address
            raise _no_answer(error, self.timeout_seconds) from None


def blocks(message: Outgoing) -> list[dict[str, Any]]:
    """Return the message as Slack's blocks; text from strangers is plain, and so does nothing."""
    body = (
        message.text.partition("\n")[2] if message.text.startswith(message.title) else message.text
    )
    found: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(cut(one_line(message.title), HEADER_LENGTH))}
    ]
    if body.strip():
        found.append({"type": "section", "text": _plain(cut(body.strip("\n"), TEXT_LENGTH))})
    if message.links:
        listed = " | ".join(
            f"<{_escaped(href, link=True)}|{_escaped(name)}>"
            for name, href in message.links.items()
        )
        text = {"type": "mrkdwn", "text": cut(listed, TEXT_LENGTH), "verbatim": True}
        found.append({"type": "context", "elements": [text]})
    return found


def _seconds(timeout_seconds: float) -> int:
    # The client counts in whole seconds, and takes 0 for none at all.
    return max(1, round(timeout_seconds))


def _fallback(message: Outgoing) -> str:
    # Shown in notifications; Slack reads marks in it, so that none may be left.
    return _escaped(cut(one_line(message.title), FALLBACK_LENGTH))


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str, *, link: bool = False) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("|", "%7C") if link else text


def _refusal(answer: Any) -> DeliveryError:  # noqa: ANN401  # the client leaves it untyped
    status, headers = int(answer.status_code), answer.headers or {}
    lowered = {name.lower(): value for name, value in headers.items()}
    known = answer.data if isinstance(answer.data, dict) else {}
    reason = str(known.get("error", "")) or f"status {status}"
    return DeliveryError(
        f"Slack refused the message ({cut(one_line(reason), 80)}), expected ok: check the token, "
        "its scope chat:write, and that the bot is in the channel.",
        retry_after_seconds=retry_after_seconds(str(lowered.get("retry-after", ""))),
        is_permanent=reason in PERMANENT,
    )


def _no_answer(error: Exception, timeout_seconds: float) -> DeliveryError:
    # The exception's text may quote the address: only its kind is passed on.
    return DeliveryError(
        f"Slack did not answer ({type(error).__name__}); expected an answer within "
        f"{timeout_seconds:g} s: check the address and the network.",
        is_permanent=isinstance(error, ValueError),
    )
