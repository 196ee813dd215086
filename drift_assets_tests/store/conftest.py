"""The three homes of a history: a file, PostgreSQL, and a DuckLake with its books there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drift_assets.store import History
from drift_assets.store.server import Server, disconnect
from drift_assets_tests.postgres import Cluster, running_cluster, why_not

MakeHistory = Callable[[Path], History]

SCHEMES = {"postgres": "postgres:", "ducklake": "ducklake:postgres:"}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start a PostgreSQL that runs for as long as the tests do."""
    if reason := why_not():
        pytest.skip(reason)
    with running_cluster() as found:
        yield found
        disconnect()


@pytest.fixture(
    scope="session",
    # Where there is no server, test_server.py says so once, instead of every test.
    params=["file"] if why_not() else ["file", *SCHEMES],
)
def make_history(request: pytest.FixtureRequest) -> MakeHistory:
    """Return a function that makes the history of a drift home, in one of three ways."""
    if request.param == "file":
        return lambda home: History(home / "history.duckdb")
    cluster: Cluster = request.getfixturevalue("cluster")

    def make(home: Path) -> History:
        # One test's connections are of no use to the next.
        disconnect()
        address = SCHEMES[request.param] + cluster.database()
        server = Server.from_setting(address, files=home / "lake")
        return History(home / "history.duckdb", server=server)

    return make
