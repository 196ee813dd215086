"""The heartbeat: an address that is called as long as monitoring is alive."""

from drift_assets.alerts.http import refuse_bad_answer
from drift_assets.errors import DeliveryError

TIMEOUT_SECONDS = 5.0


def beat(url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Call the address once, by GET.

    Raises
    ------
    DeliveryError
        If it does not answer 2xx in time. The text does not show the address.
    """
    import requests  # noqa: PLC0415  # a tenth of a second that others do not need

    try:
        answer = requests.get(url, timeout=timeout_seconds, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        # The exception's text quotes the address: only its kind is passed on.
        raise DeliveryError(
            f"The heartbeat's address did not answer ({type(error).__name__}); expected a 2xx "
            f"answer within {timeout_seconds:g} s: check the address and its watchdog."
        ) from None
    refuse_bad_answer("The heartbeat's address", answer.status_code, answer.headers)
