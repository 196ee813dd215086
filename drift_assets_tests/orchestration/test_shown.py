"""What people look at follows the history, and never stops what tells them."""

import logging
from pathlib import Path

import pytest

from drift_assets.dashboard import FOLDER
from drift_assets.orchestration import shown
from drift_assets.store import History
from drift_assets_tests.dashboard.conftest import keep
from drift_assets_tests.dashboard.reading import index_of


def test_without_a_history_there_is_nothing_to_show(tmp_path: Path) -> None:
    shown.refresh(History(tmp_path / "history.duckdb"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_copy_and_the_dashboard_are_made_together(tmp_path: Path) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    keep(history, "loans", [40])
    page = shown.refresh(history, tmp_path)
    assert page == tmp_path / FOLDER / "index.html"
    assert page.exists()
    assert (tmp_path / "published" / "history.duckdb").exists()
    assert index_of(tmp_path / FOLDER)["loans"]["last"] == "2026-11-22"


def fail(*_: object) -> None:
    raise KeyError("nowhere")


@pytest.mark.parametrize("what", ["in the way", "a fault"])
def test_whatever_goes_wrong_is_logged_and_no_more(
    tmp_path: Path,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    keep(history, "loans", [40])
    if what == "in the way":
        (tmp_path / FOLDER).write_text("a file")
    else:
        monkeypatch.setattr(shown, "update_dashboard", fail)
    with caplog.at_level(logging.WARNING):
        shown.refresh(history, tmp_path)
    assert "the dashboard stays as it was" in caplog.text
    # For SQL it is there all the same.
    assert (tmp_path / "published" / "history.duckdb").exists()
