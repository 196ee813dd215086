"""The server on this machine: two folders, read-only, for whoever asks this machine by name."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from drift_assets.dashboard import FOLDER, Served


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "drift_home"
    for name, text in {
        "history.duckdb": "secret",
        "baselines/churn/a.html": "secret",
        "reports/churn/2026-11-22.html": "a report",
        "reports/churn/2026-11-22.json": "secret",
        f"{FOLDER}/index.html": "the page",
        f"{FOLDER}/data/index.js": "data",
        f"{FOLDER}/manifest.json": "secret",
        f"{FOLDER}/.lock": "",
    }.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "reports" / "out.html").symlink_to(home / "history.duckdb")
    (home / "reports" / "link.html").symlink_to(home / "baselines" / "churn" / "a.html")
    return home


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    with Served(home, port=0) as found:
        yield found


def asked(
    served: Served, path: str, *, host: str | None = None, method: str = "GET"
) -> tuple[int, str, dict[str, str]]:
    port = int(served.address.split(":")[2].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host if host is not None else f"127.0.0.1:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    connection.close()
    return found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dashboard/", "the page"),
        ("/dashboard/index.html?x=1", "the page"),
        ("/dashboard/data/index.js?v=abc", "data"),
        ("/reports/churn/2026-11-22.html", "a report"),
    ],
)
def test_the_dashboard_and_the_report_pages_are_served(
    served: Served, path: str, body: str
) -> None:
    status, found, headers = asked(served, path)
    assert (status, found) == (200, body)
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/dashboard"])
def test_the_way_to_the_dashboard_is_short(served: Served, path: str) -> None:
    status, _, headers = asked(served, path)
    assert (status, headers["Location"]) == (302, "/dashboard/")


@pytest.mark.parametrize(
    "path",
    [
        "/history.duckdb",
        "/dashboard/../history.duckdb",
        "/dashboard/%2e%2e/history.duckdb",
        "/reports/..%2fbaselines/churn/a.html",
        "/reports/churn/2026-11-22.json",
        "/reports/churn/",
        "/reports/",
        "/baselines/churn/a.html",
        "/dashboard/manifest.json",
        "/dashboard/.lock",
        "/dashboard/data/",
        "/reports/out.html",
        "/reports/link.html",
        "/dashboard/%00.html",
        "//history.duckdb",
        "/dashboard/nowhere.html",
    ],
)
def test_nothing_else_of_the_drift_home_is(served: Served, path: str) -> None:
    status, body, _ = asked(served, path)
    assert status == 404
    assert "secret" not in body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "", "127.0.0.1.evil:80"])
def test_a_name_that_somebody_else_gave_this_machine_is_refused(served: Served, host: str) -> None:
    status, body, _ = asked(served, "/dashboard/", host=host)
    assert status == 403
    assert "the page" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent(served: Served, method: str) -> None:
    assert asked(served, "/dashboard/", method=method)[0] == 501


def test_it_listens_to_this_machine_alone(served: Served) -> None:
    assert served.address.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_said(served: Served, home: Path) -> None:
    port = int(served.address.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="Address already in use"):
        Served(home, port=port)
