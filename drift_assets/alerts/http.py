"""One request, and what its answer means for an alert."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal, TypeVar

from drift_assets.errors import DeliveryError

Answer = TypeVar("Answer")

MOST_RETRY_SECONDS: Final = 24 * 3600.0
"""No receiver may silence an alert for longer than a day by its Retry-After."""

REPEATABLE: Final = frozenset({408, 425, 429})
"""Answers below 500 that say nothing against the message itself."""


def post(
    who: str, url: str, *, body: bytes, headers: Mapping[str, str], timeout_seconds: float
) -> None:
    """Return when a POST was answered 2xx.

    Parameters
    ----------
    who
        The receiver as errors name it; they never show the address, which may be a secret.
    url, body, headers
        The request.
    timeout_seconds
        To connect, and to wait for the answer.

    Raises
    ------
    DeliveryError
        If the receiver cannot be reached in time or does not answer 2xx.
    """
    status, answered = request(
        *(who, "POST", url), body=body, headers=headers, timeout_seconds=timeout_seconds
    )
    refuse_bad_answer(who, status, answered)


def request(
    who: str,
    method: Literal["GET", "POST"],
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float,
) -> tuple[int, Mapping[str, str]]:
    """Return status and headers of the answer to a request; its body is not waited for.

    Redirects are not followed: an address that moved is for a person to correct.

    Parameters
    ----------
    who, url, body, headers, timeout_seconds
        As `post`.
    method
        How it is asked.

    Raises
    ------
    DeliveryError
        If the receiver cannot be reached in time.
    """
    import requests  # noqa: PLC0415  # a tenth of a second that most days do not need

    def ask() -> tuple[int, Mapping[str, str]]:
        with requests.request(
            method,
            url,
            data=body,
            headers=dict(headers or {}),
            timeout=timeout_seconds,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return answer.status_code, answer.headers

    try:
        return in_time(ask, 2 * timeout_seconds)
    except (requests.RequestException, ValueError, TimeoutError) as error:
        # The exception's text quotes the address: only its kind is passed on.
        raise DeliveryError(
            f"{who} did not answer ({type(error).__name__}); expected a 2xx answer within "
            f"{timeout_seconds:g} s: check the address and the receiver.",
            is_permanent=isinstance(error, (requests.exceptions.InvalidURL, ValueError))
            and not isinstance(error, requests.ConnectionError),
        ) from None


def in_time(ask: Callable[[], Answer], seconds: float) -> Answer:
    """Return what a call returns, or stop waiting for it.

    The time limits of clients are for each piece of an answer: one that comes drop by drop
    would hold a day's run for as long as it lasts.

    Raises
    ------
    TimeoutError
        If it takes longer; it is left alone, and its answer unheard.
    """
    answers: list[Answer] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:  # noqa: BLE001  # raised again by who waits
            problems.append(error)

    # A daemon: it keeps no process from ending.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if problems:
        raise problems[0]
    if not answers:
        raise TimeoutError
    return answers[0]


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
