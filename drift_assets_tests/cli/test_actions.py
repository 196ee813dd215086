"""``drift-assets actions`` on a small history."""

import json
from pathlib import Path

from drift_assets.store import History
from drift_assets_tests.cli.calling import call
from drift_assets_tests.store.samples import DAY
from drift_assets_tests.store.test_actions import new, record


def test_where_nothing_was_started_it_says_so(tmp_path: Path) -> None:
    result = call("actions", "list", "--home", tmp_path)
    assert (result.exit_code, result.output) == (0, "Drift has started nothing yet.\n")
    assert json.loads(call("actions", "list", "--json", "--home", tmp_path).output) == []


def test_it_lists_what_was_decided_and_names_the_sensor_that_a_job_waits_for(
    tmp_path: Path,
) -> None:
    history = History(tmp_path / "history.duckdb")
    record(history, DAY, new(), new(action="train", kind="job"))
    found = json.loads(call("actions", "list", "loans", "--json", "--home", tmp_path).output)
    assert [(one["action"], one["kind"], one["state"], one["day"]) for one in found] == [
        ("retrain", "webhook", "pending", "2026-11-23"),
        ("train", "job", "pending", "2026-11-23"),
    ]
    shown = call("actions", "list", "--home", tmp_path).output
    assert "must be on: loans__train__action_sensor" in shown
    assert "loans__retrain" not in shown


def test_retry_makes_it_pending_and_an_unknown_name_is_refused_in_words(tmp_path: Path) -> None:
    history = History(tmp_path / "history.duckdb")
    record(history, DAY, new())
    (taken,) = history.claim_actions("loans")
    history.note_action(taken, "failed", detail="no answer")
    result = call("actions", "retry", "loans", "retrain", "--home", tmp_path)
    assert result.exit_code == 0
    assert "loans retrain: failed before, pending now, for 2026-11-23" in result.output
    assert [one.state for one in history.actions("loans")] == ["pending"]
    result = call("actions", "retry", "loans", "retain", "--home", tmp_path)
    assert result.exit_code == 2
    assert "Did you mean 'retrain'" in result.output
