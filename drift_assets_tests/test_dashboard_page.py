"""docs/dashboard.md: its commands, options and figures are those of the code."""

import re
import shlex
from pathlib import Path

import pytest

import drift_assets
from drift_assets.cli import main
from drift_assets.cli.dashboard import PORT
from drift_assets.dashboard import FOLDER
from drift_assets.dashboard.month import PART
from drift_assets.dashboard.overview import DAYS, MOST, STRIP

ROOT = Path(drift_assets.__file__).parent.parent
PAGE = (ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / "drift_assets" / "dashboard" / "web" / "dashboard.js").read_text(encoding="utf-8")


def test_every_command_is_understood() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("drift-assets ")]
    assert lines
    for line in lines:
        name, *rest = shlex.split(line)[1:]
        main.commands[name].make_context(name, rest)


def test_every_option_is_told_and_understood() -> None:
    told = re.findall(r"^\| `(--[^`]+)` \|", PAGE, flags=re.MULTILINE)
    command = main.commands["dashboard"]
    command.make_context("dashboard", [word for one in told for word in one.split()])
    options = {option for parameter in command.params for option in parameter.opts}
    assert options - {one.split()[0] for one in told} == {"--home"}


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        (f"127.0.0.1:{PORT}/{FOLDER}/", True),
        (f"the last {STRIP} days", True),
        ("It looks back on a year", DAYS == 365),
        ("Each list has a hundred rows at most", MOST == 100),
        (f"the figures of {PART} columns", True),
        ("not measured for 48 hours", "STALE_HOURS = 48;" in SCRIPT),
        ("looks for news every 20 seconds", "LOOK_SECONDS = 20;" in SCRIPT),
    ],
)
def test_the_figures_of_the_page_are_those_of_the_code(phrase: str, *, meant: bool) -> None:
    assert phrase in " ".join(PAGE.split())
    assert meant
