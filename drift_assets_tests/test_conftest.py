import os
import socket
import urllib.request
from pathlib import Path

import pytest

from drift_assets_tests.conftest import is_this_machine


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "::1", b"127.0.0.1", "localhost", "", None]
)
def test_the_loopback_interface_is_this_machine(host: str | bytes | None) -> None:
    assert is_this_machine(host)


# 192.0.2.0/24 and 2001:db8::/32 are set aside for documentation, .invalid for never being found.
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "0.0.0.0", "example.invalid"])  # noqa: S104  # compared, not bound
def test_every_other_address_is_outside(host: str) -> None:
    assert not is_this_machine(host)


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as outgoing, pytest.raises(Exception, match=r"192\.0\.2\.1' refused"):
        outgoing.connect(("192.0.2.1", 9))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as outgoing,
        pytest.raises(Exception, match=r"192\.0\.2\.1' refused"),
    ):
        outgoing.sendto(b"", ("192.0.2.1", 9))


def test_a_library_cannot_look_up_a_name_outside() -> None:
    with pytest.raises(Exception, match=r"example\.invalid' refused"):
        urllib.request.urlopen("http://example.invalid/")


def test_a_connection_within_this_machine_is_let_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_a_unix_socket_is_let_through(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


def test_no_home_or_proxy_of_the_person_reaches_the_tests() -> None:
    assert "DAGSTER_HOME" not in os.environ
    assert "DRIFT_ASSETS_HOME" not in os.environ
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]
