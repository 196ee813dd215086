"""A PostgreSQL of the tests' own: on 127.0.0.1, in a folder that goes with it."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import duckdb

USER = "drift"
# The server does not run as root; Debian's package brings the user.
NOBODY_SPECIAL = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs, all of one version if Debian has it."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=str(places[0])) if places else shutil.which(name)


def why_not() -> str:
    """Return why there can be no history on a server here; empty if there can."""
    for name in ("postgres_scanner", "ducklake"):
        package = find_spec(f"duckdb_extension_{name}")
        folders = [] if package is None else list(package.submodule_search_locations or ())
        file = f"extensions/v{duckdb.__version__}/{name}.duckdb_extension"
        if not any((Path(folder) / file).exists() for folder in folders):
            return (
                f"DuckDB {duckdb.__version__} has no extension {name} here: "
                "pip install 'drift-assets[postgres]'"
            )
    if program("initdb") is None:
        if "CI" in os.environ:
            raise RuntimeError("PostgreSQL is not installed, and .ci/run should have done that.")
        return "PostgreSQL is not installed: apt-get install postgresql"
    return ""


@dataclass(frozen=True)
class Cluster:
    """A running server, whose one user has a password.

    ``passwords`` is the file of it, which only libpq reads.
    """

    port: int
    passwords: Path
    password: str
    _numbers: Iterator[int] = field(default_factory=count)

    def database(self) -> str:
        """Make an empty database and return where it is, as libpq wants it; with no password."""
        name = f"d{next(self._numbers)}"
        self.psql("postgres", f"CREATE DATABASE {name}")
        return f"{self.conninfo} dbname={name}"

    @property
    def conninfo(self) -> str:
        """How libpq reaches the server, but for the database."""
        return f"host=127.0.0.1 port={self.port} user={USER} passfile={self.passwords}"

    def psql(self, database: str, sql: str) -> str:
        """Return what PostgreSQL's own client prints, a row a line, unaligned."""
        found = program("psql")
        assert found is not None
        target = database if "=" in database else f"{self.conninfo} dbname={database}"
        words = [found, target, "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a server, and stop and delete it whatever happens."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    assert initdb is not None
    assert pg_ctl is not None
    # Not below pytest's folder: that one is closed to every other user.
    folder = Path(tempfile.mkdtemp(prefix="drift_assets_postgres_"))
    try:
        password = secrets.token_hex(8)
        passwords, given, data = folder / "pgpass", folder / "given", folder / "data"
        given.write_text(password)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        if NOBODY_SPECIAL:
            for path in (folder, given):
                shutil.chown(path, **NOBODY_SPECIAL)
        run(
            [
                *(initdb, "-D", str(data), "-U", USER, f"--pwfile={given}", "--no-sync"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            folder,
        )
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "max_connections": 300,
            # Nobody pulls the plug of a test.
            "fsync": "off",
        }
        with (data / "postgresql.conf").open("a") as lines:
            lines.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        log = folder / "log"
        run([pg_ctl, "-D", str(data), "-l", str(log), "-w", "-s", "start"], folder)
        try:
            passwords.write_text(f"127.0.0.1:{port}:*:{USER}:{password}\n")
            passwords.chmod(0o600)
            yield Cluster(port, passwords, password)
        finally:
            run([pg_ctl, "-D", str(data), "-m", "immediate", "-w", "-s", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(words: list[str], folder: Path) -> None:
    """Run one of the server's programs as a user who may."""
    subprocess.run(
        words,
        check=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        **NOBODY_SPECIAL,  # type: ignore[call-overload]  # user and group
    )
