"""The heartbeat: an address that is called as long as monitoring is alive."""

from drift_assets.alerts.http import refuse_bad_answer, request

TIMEOUT_SECONDS = 5.0


def beat(url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Call the address once, by GET.

    Raises
    ------
    DeliveryError
        If it does not answer 2xx in time. The text does not show the address.
    """
    who = "The heartbeat's address"
    status, headers = request(who, "GET", url, timeout_seconds=timeout_seconds)
    refuse_bad_answer(who, status, headers)
