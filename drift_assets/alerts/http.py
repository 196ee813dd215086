"""One POST, and what its answer means for an alert."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from drift_assets.errors import DeliveryError

if TYPE_CHECKING:
    import requests

MOST_RETRY_SECONDS: Final = 24 * 3600.0
"""No receiver may silence an alert for longer than a day by its Retry-After."""

REPEATABLE: Final = frozenset({408, 425, 429})
"""Answers below 500 that say nothing against the message itself."""


def post(
    who: str, url: str, *, body: bytes, headers: Mapping[str, str], timeout_seconds: float
) -> "requests.Response":
    """Return the 2xx answer to a POST.

    Redirects are not followed: an address that moved is for a person to correct.

    Parameters
    ----------
    who
        The receiver as errors name it; they never show the address, which may be a secret.
    url, body, headers
        The request.
    timeout_seconds
        To connect, and to wait for each part of the answer.

    Raises
    ------
    DeliveryError
        If the receiver cannot be reached in time or does not answer 2xx.
    """
    import requests  # noqa: PLC0415  # a tenth of a second that most days do not need

    try:
        answer = requests.post(
            url,
            data=body,
            headers=dict(headers),
            timeout=timeout_seconds,
            allow_redirects=False,
        )
    except (requests.RequestException, ValueError) as error:
        # The exception's text quotes the address: only its kind is passed on.
        raise DeliveryError(
            f"{who} did not answer ({type(error).__name__}); expected a 2xx answer within "
            f"{timeout_seconds:g} s: check the address and the receiver.",
            is_permanent=isinstance(error, (requests.exceptions.InvalidURL, ValueError))
            and not isinstance(error, requests.ConnectionError),
        ) from None
    refuse_bad_answer(who, answer.status_code, answer.headers)
    return answer


def refuse_bad_answer(who: str, status: int, headers: Mapping[str, str]) -> None:
    """Raise unless the status is 2xx; say whether and when another attempt makes sense.

    Raises
    ------
    DeliveryError
        For every status that is not 2xx.
    """
    if 200 <= status < 300:
        return
    lowered = {name.lower(): value for name, value in headers.items()}
    raise DeliveryError(
        f"{who} answered {status}, expected 2xx: check the address and the receiver.",
        retry_after_seconds=retry_after_seconds(lowered.get("retry-after", "")),
        is_permanent=300 <= status < 500 and status not in REPEATABLE,
    )


def retry_after_seconds(text: str, *, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most a day; None if it is none.

    It holds seconds or a date (RFC 9110, section 10.2.3).

    Examples
    --------
    >>> retry_after_seconds("30"), retry_after_seconds("soon"), retry_after_seconds("999999999")
    (30.0, None, 86400.0)
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> retry_after_seconds("Thu, 01 Jan 2026 00:01:00 GMT", now=at)
    60.0
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), MOST_RETRY_SECONDS)
