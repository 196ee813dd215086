"""What holds for every test: no network beyond this machine, no settings of the person's own."""

import ipaddress
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is not a fault, so nothing is timed; CI tries the same examples every time.
settings.register_profile(
    "drift_assets",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("drift_assets")

OUTGOING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


class OutsideRefusedError(Exception):
    """A test reached for another machine."""


def is_this_machine(host: object) -> bool:
    """Return whether a host, by name or number, is the loopback interface."""
    text = host.decode() if isinstance(host, bytes) else host
    if not isinstance(text, str):
        return text is None
    if text in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_the_outside(event: str, arguments: tuple[object, ...]) -> None:
    """Raise before any connection, datagram or name look-up that would leave this machine."""
    host: object = None
    if event in OUTGOING:
        address = arguments[1]
        # Unix sockets have a path for an address.
        host = address[0] if isinstance(address, tuple) else None
    elif event in LOOKUPS:
        host = arguments[0]
    if not is_this_machine(host):
        message = f"{event} to {host!r} refused: tests reach 127.0.0.1, ::1 and Unix sockets only."
        raise OutsideRefusedError(message)


# An audit hook also sees sockets that libraries open below Python's own classes.
sys.addaudithook(refuse_the_outside)


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> Iterator[None]:
    """Keep a person's homes and proxies out of the tests, and the tests out of those homes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("DAGSTER_", "DRIFT_ASSETS_")) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
        yield


@pytest.fixture(autouse=True)
def _environment_as_it_was() -> Iterator[None]:
    """Undo what a test, or a command that it called, set in the environment."""
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)
