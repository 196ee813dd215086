"""What people look at, asked question after question, wherever the history is."""

from pathlib import Path

import pytest

from drift_assets.dashboard import FOLDER, update_dashboard
from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets_tests.dashboard.conftest import CHECKS, keep
from drift_assets_tests.dashboard.reading import index_of, taken
from drift_assets_tests.store.conftest import MakeHistory


def test_questions_are_asked_with_names_for_values(
    make_history: MakeHistory, tmp_path: Path
) -> None:
    history = make_history(tmp_path)
    keep(history, "loans", [0, 1])
    with history.published() as ask:
        sql = "SELECT count(*) FROM evaluations WHERE monitor = $monitor"
        assert ask(sql, {"monitor": "loans"}) == [(2,)]
        assert ask(sql, {"monitor": "churn"}) == [(0,)]
        assert ask("SELECT monitor FROM drift_latest LIMIT 1") == [("loans",)]


def test_a_question_that_cannot_be_answered_is_said(tmp_path: Path) -> None:
    history = History(tmp_path / "history.duckdb", publishes=False)
    keep(history, "loans", [0])
    with history.published() as ask, pytest.raises(HistoryError, match="cannot be read"):
        ask("FROM nowhere")


def test_its_state_is_another_one_when_something_was_written(
    make_history: MakeHistory, tmp_path: Path
) -> None:
    history = make_history(tmp_path)
    assert history.published_state() == ""
    keep(history, "loans", [0])
    history.publish()
    before = history.published_state()
    assert before
    assert history.published_state() == before
    keep(history, "loans", [0, 1])
    history.publish()
    assert history.published_state() not in {"", before}


def test_the_dashboard_is_the_same_wherever_the_history_is(
    make_history: MakeHistory, tmp_path: Path
) -> None:
    history = make_history(tmp_path)
    keep(history, "loans", range(25, 42), checks=CHECKS, trouble=True, promoted=27, trends=True)
    keep(history, "churn", [3])
    assert update_dashboard(history, tmp_path).n_written == 11
    assert update_dashboard(history, tmp_path).n_written == 0
    lines = index_of(tmp_path / FOLDER)
    assert {name: line["code"] for name, line in lines.items()} == {"loans": "b", "churn": "n"}
    head = taken(tmp_path / FOLDER / "data" / "loans" / "head.js")
    assert (head["leading"], head["failing"]) == (
        ["ramp", "weekly", "score"],
        ["row count"],
    )
    assert head["alerts"] == {"pending": 1}
    assert head["n_trends"] == 8
    assert [row[1] for row in head["baselines"]] == ["promoted", "declared"]
