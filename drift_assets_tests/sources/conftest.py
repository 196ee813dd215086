"""Places, monitors and files for the tests of sources."""

from collections.abc import Callable
from pathlib import Path

import pytest

from drift_assets.monitors import Monitor
from drift_assets.sources import Place

MakeMonitor = Callable[..., Monitor]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path / "project", tmp_path / "home")
    found.root.mkdir()
    return found


def monitor_of(current: object, **settings: object) -> Monitor:
    """Return a monitor of some current data."""
    return Monitor.model_validate(
        {
            "name": "m",
            "baseline": "baseline.csv",
            "current": current,
            "partitions": {"start": "2026-01-01"},
            **settings,
        }
    )


def drop(folder: Path, *names: str, text: str = "a\n1\n") -> None:
    """Write files of one text."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
