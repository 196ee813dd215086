"""The dashboard on this machine alone: reads two folders, answers GET, knows nothing else."""

import posixpath
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, Self
from urllib.parse import unquote, urlsplit

from drift_assets.dashboard.site import FOLDER, MANIFEST

HOST: Final = "127.0.0.1"
_SHOWN: Final = {FOLDER: frozenset({".html", ".css", ".js"}), "reports": frozenset({".html"})}
"""What of the drift home may be seen: nobody asks for a password here."""


class Served:
    """A server of one drift home's dashboard and report pages.

    Examples
    --------
    ``with Served(home, port=8765) as served: served.wait(2.0, look)``
    """

    def __init__(self, home: Path, *, port: int) -> None:
        """Listen on this machine.

        Parameters
        ----------
        home
            The drift home.
        port
            Where; 0 takes one that is free.

        Raises
        ------
        OSError
            If the port is taken or not allowed.
        """
        names = {f"{HOST}:", "localhost:"}

        class Handler(_Handler):
            root = home.resolve()
            hosts = frozenset(names)

        self._server = ThreadingHTTPServer((HOST, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """Where the dashboard is."""
        return f"http://{HOST}:{self._server.server_address[1]}/{FOLDER}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float, look: Callable[[], None]) -> None:
        """Look again and again, with a pause between, for ever: until it is interrupted."""
        pause = threading.Event()
        while not pause.wait(seconds):
            look()


class _Handler(SimpleHTTPRequestHandler):
    """Answers for files of the two folders, and only to who asks for this machine by name."""

    root: Path
    hosts: frozenset[str]
    server_version = "drift-assets"
    sys_version = ""

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Send the head of an answer, and return the file that is its body."""
        # A page elsewhere may give its own name this machine's number; its script must not read.
        host = self.headers.get("Host", "").rpartition(":")[0]
        if f"{host}:" not in self.hosts:
            self.send_error(HTTPStatus.FORBIDDEN, "Ask for 127.0.0.1")
            return None
        path = urlsplit(self.path).path
        if path in {"/", f"/{FOLDER}"}:
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", f"/{FOLDER}/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        if not self._is_shown(path):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """End the head with what holds for every answer."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def translate_path(self, path: str) -> str:
        """Return the file that an address means."""
        wanted = self._wanted(urlsplit(path).path)
        return str(self.root / (wanted if Path(wanted).suffix else f"{wanted}/index.html"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401  # as the library has it
        """Say nothing of every request."""

    def _wanted(self, path: str) -> str:
        return posixpath.normpath(unquote(path)).lstrip("/")

    def _is_shown(self, path: str) -> bool:
        wanted = self._wanted(path)
        if wanted == FOLDER:
            return True
        folder, _, rest = wanted.partition("/")
        if "\0" in wanted or ".." in wanted.split("/") or Path(rest).name == MANIFEST:
            return False
        file = (self.root / wanted).resolve()
        return (
            file.suffix in _SHOWN.get(folder, frozenset())
            and file.is_relative_to(self.root / folder)
            and file.is_file()
        )
