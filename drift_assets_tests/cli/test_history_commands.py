"""The history looked after on the command line."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from drift_assets.store import History, publish
from drift_assets_tests.cli.calling import call
from drift_assets_tests.store.samples import DAY, assessment


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "drift_home"
    for day in range(4):
        record(home, day)
    return home


def record(home: Path, day: int) -> None:
    History(home / "history.duckdb").record(
        assessment(), partition=DAY + timedelta(days=day), fingerprint="f", run_id="r"
    )


def test_check_names_what_is_wrong_and_leaves_with_status_1(home: Path) -> None:
    result = call("history", "check", "--home", home)
    assert result.exit_code == 0, result.output
    assert "feature_drift                    12 rows" in result.output
    with History(home / "history.duckdb").session() as connection:
        connection.execute("INSERT INTO feature_drift FROM feature_drift LIMIT 1")
    result = call("history", "check", "--home", home, "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert not found["healthy"]
    assert found["n_rows"]["feature_drift"] == 13


def test_a_back_up_comes_back_and_the_history_before_it_is_kept(home: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.duckdb"
    assert call("history", "backup", saved, "--home", home).exit_code == 0
    assert "--force" in call("history", "backup", saved, "--home", home).output
    record(home, 4)
    refused = call("history", "restore", saved, "--home", home)
    assert (refused.exit_code, "--force" in refused.output) == (2, True)
    result = call("history", "restore", saved, "--home", home, "--force")
    assert result.exit_code == 0, result.output
    assert "The history before it is" in result.output
    query = "SELECT count(*) AS n FROM evaluations"
    printed = call("sql", query, "--home", home, "--format", "csv")
    assert printed.output.split() == ["n", "4"]


def test_prune_says_first_and_does_then(home: Path) -> None:
    asked = ("history", "prune", "--keep", "2d", "--home", home)
    said = call(*asked, "--dry-run").output
    assert "2 days older than 2 days of their monitors: would go" in said
    found = json.loads(call(*asked, "--compact", "--json").output)
    assert (found["n_days"], found["n_rows"]["evaluations"]) == (2, 2)
    assert found["n_bytes_after"] > 0
    assert "0 days older" in call(*asked).output


@pytest.mark.parametrize("keep", ["0d", "-1d", "400y", "", "1e3"])
def test_what_is_no_number_of_days_is_refused(home: Path, keep: str) -> None:
    result = call("history", "prune", f"--keep={keep}", "--home", home)
    assert result.exit_code == 2
    assert "expected days such as 400d" in result.output


def test_export_and_publish_say_what_they_wrote(home: Path, tmp_path: Path) -> None:
    result = call("history", "export", tmp_path / "out", "--home", home)
    assert f"{tmp_path / 'out' / 'evaluations.parquet'}  4 rows" in result.output
    result = call("history", "publish", "--home", home)
    assert str(home / "published" / "history.duckdb") in result.output


def test_without_a_history_each_says_so(tmp_path: Path) -> None:
    for command in (
        ["check"],
        ["backup", "b"],
        ["export", "e"],
        ["publish"],
        ["prune", "--keep=1"],
    ):
        result = call("history", *command, "--home", tmp_path)
        assert (result.exit_code, "Found no history" in result.output) == (2, True), command
    assert not list(tmp_path.iterdir())


def test_sql_says_of_when_the_rows_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = ("sql", "SELECT count(*) AS n FROM evaluations", "--home", home)
    assert "1 row, as of " in call(*query).output
    assert json.loads(call(*query, "--format", "json").output) == [{"n": 4}]
    monkeypatch.setattr(publish, "SMALL_BYTES", 1)
    record(home, 4)
    assert "s ago; more has been written since" in call(*query).output
    result = call(*query, "--format", "json")
    assert json.loads(result.stdout) == [{"n": 4}]
    assert "Note: the rows are as of" in result.stderr
