import sys

import pytest

from drift_assets.cli.terminal import wants_colours


@pytest.mark.parametrize(
    ("terminal", "settings", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        # Empty is as good as absent.
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_unless_somebody_objects(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, settings: dict[str, str], expected: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert wants_colours() is expected
