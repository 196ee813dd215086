"""A real browser for tests: headless Chromium, spoken to through a pipe."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

WAIT_SECONDS = 120.0
MISSING = shutil.which("chromium") is None

_KEYS = {"Escape": 27, "Enter": 13, "ArrowRight": 39, "ArrowLeft": 37, "Tab": 9}


class Browser:
    """One tab, with all that it complained of and asked for."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._left = b""
        self._last = 0
        self._session = ""
        self._clock: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, address: str, *, width: int = 1280, height: int = 900) -> None:
        """Open a page and wait until it has loaded."""
        self.resize(width, height)
        self.complaints.clear()
        self.requests.clear()
        self._loaded = False
        self._ask("Page.navigate", url=address)
        while not self._loaded:
            self._take()

    def set_clock(self, moment: datetime) -> None:
        """Have pages that are opened from now on take ``moment`` for the present, in UTC."""
        now = int(moment.timestamp() * 1000)
        if self._clock is not None:
            self._ask("Page.removeScriptToEvaluateOnNewDocument", identifier=self._clock)
        self._clock = self._ask(
            "Page.addScriptToEvaluateOnNewDocument",
            source="Date = class extends Date {"
            f"constructor(...parts) {{ super(...(parts.length ? parts : [{now}])); }}"
            f"static now() {{ return {now}; }} }}",
        )["identifier"]
        self._ask("Emulation.setTimezoneOverride", timezoneId="UTC")

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window a size, in pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def media(self, *, scheme: str = "light", kind: str = "") -> None:
        """Show the page as in a light or dark room, or as on paper (``print``)."""
        self._ask(
            "Emulation.setEmulatedMedia",
            media=kind,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def run(self, script: str) -> Any:  # noqa: ANN401  # whatever the script returns
        """Return what an expression is, a promise's outcome if it is one."""
        found = self._ask(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details))
        return found["result"].get("value")

    def settle(self) -> None:
        """Wait until what was asked for has been drawn."""
        self.run(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame("
            "() => setTimeout(done, 50))))"
        )

    def press(self, key: str) -> None:
        """Press and release a key, as a hand does."""
        text = key if len(key) == 1 else ""
        code = _KEYS.get(key, ord(key[0].upper()))
        common = {"key": key, "windowsVirtualKeyCode": code}
        if key == "Enter":
            text = "\r"
        self._ask("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle()

    def type(self, text: str) -> None:
        """Put text where the focus is."""
        self._ask("Input.insertText", text=text)
        self.settle()

    def click(self, selector: str) -> None:
        """Click in the middle of the first element that fits."""
        x, y = self._middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def point(self, selector: str) -> None:
        """Move the mouse to the middle of the first element that fits."""
        x, y = self._middle(selector)
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write what is seen, or the whole page, as PNG."""
        found = self._ask("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        path.write_bytes(base64.b64decode(found["data"]))

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        found = self._ask("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        return base64.b64decode(found["data"])

    def _middle(self, selector: str) -> tuple[float, float]:
        x, y = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const box = one.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        return x, y

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._last += 1
        number = self._last
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        content = json.dumps(message).encode() + b"\0"
        while content:
            content = content[os.write(self._writing, content) :]
        while True:
            answer = self._take()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found

    def _take(self) -> dict[str, Any]:
        """Return the next message, and note what it tells."""
        end = time.monotonic() + WAIT_SECONDS
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._reading], [], [], max(end - time.monotonic(), 0))
            part = os.read(self._reading, 1 << 20) if ready else b""
            if not part:
                raise AssertionError("Chromium said nothing more, expected an answer.")
            self._left += part
        text, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(told["args"]))
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])
            case "Page.javascriptDialogOpening":
                self.complaints.append(f"a dialog: {told['message']}")
                self._dismiss()
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
        return message

    def _dismiss(self) -> None:
        message = {
            "id": -1,
            "method": "Page.handleJavaScriptDialog",
            "params": {"accept": False},
            "sessionId": self._session,
        }
        os.write(self._writing, json.dumps(message).encode() + b"\0")


@contextmanager
def browser(folder: Path, *, options: Sequence[str] = ()) -> Iterator[Browser]:
    """Give a browser whose profile lies in a folder, and end it."""
    (reads, writing), (reading, writes) = os.pipe(), os.pipe()
    # Out of the way of 3 and 4, which they become.
    its_in, its_out = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (reads, writes))
    words = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--hide-scrollbars", "--force-prefers-reduced-motion", "--remote-debugging-pipe"),
        f"--user-data-dir={folder / 'profile'}",
        *options,
    ]
    started = subprocess.Popen(
        # Chromium reads from 3 and writes to 4.
        ["bash", "-c", f'exec "$@" 3<&{its_in} 4>&{its_out}', "bash", *words],
        pass_fds=(its_in, its_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for one in (reads, writes, its_in, its_out):
        os.close(one)
    try:
        yield Browser(reading, writing)
    finally:
        os.close(writing)
        with suppress(subprocess.TimeoutExpired):
            started.wait(10)
        started.kill()
        started.wait()
        os.close(reading)
