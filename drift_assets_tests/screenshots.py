"""The pictures of the README, from the demo: ``python -m drift_assets_tests.screenshots [HOME]``.

They take a minute and a browser; less with a drift home in which the demo has just run. What
they were made from is noted beside them, so that a test can say when they are out of date.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import drift_assets
from drift_assets import demo
from drift_assets.dashboard import FOLDER
from drift_assets_tests.browser import Browser, browser

PACKAGE = Path(drift_assets.__file__).parent
IMAGES = PACKAGE.parent / "docs" / "images"
NOTE = IMAGES / "made_from.json"


def inputs() -> dict[str, str]:
    """Return the hash of each file that the pictures show: the page's, and the demo's."""
    shown = [
        *sorted((PACKAGE / "report" / "web").iterdir()),
        *sorted((PACKAGE / "dashboard" / "web").iterdir()),
        PACKAGE / "demo.py",
        PACKAGE / "defs" / "flights" / "defs.yaml",
    ]
    return {
        path.relative_to(PACKAGE.parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shown
    }


def main() -> None:
    """Run the demo, look at its last day, and write what is seen."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        if len(sys.argv) == 1:
            command = "from drift_assets.cli import main; main()"
            subprocess.run([sys.executable, "-c", command, "demo", "--home", home], check=True)
        page = home / "reports" / "flights" / f"{demo.DAYS[-1]}.html"
        with browser(Path(folder)) as seen:
            _look(seen, page, "report.png", width=1120, height=1500)
            _look(seen, page, "report-dark.png", width=1120, height=1500, scheme="dark")
            _look(seen, page, "report-phone.png", width=390, height=844)
            dashboard = home / FOLDER / "index.html"
            _look(seen, dashboard, "dashboard.png", width=1280, height=960, place="#/flights")
    NOTE.write_text(json.dumps(inputs(), indent=2) + "\n", encoding="utf-8")


def _look(
    seen: Browser,
    page: Path,
    name: str,
    *,
    width: int,
    height: int,
    scheme: str = "light",
    place: str = "",
) -> None:
    seen.media(scheme=scheme)
    seen.open("about:blank")
    seen.open(page.as_uri() + place, width=width, height=height)
    # What is read beside the page comes after it.
    while place and not seen.run("document.querySelector('.heat .cells > svg') !== null"):
        seen.settle()
    seen.settle()
    seen.screenshot(IMAGES / name)


if __name__ == "__main__":
    main()
