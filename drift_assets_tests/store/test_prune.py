"""Old days leave, and nothing goes with them that anything still needs."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from drift_assets.assessment import assess
from drift_assets.errors import HistoryError
from drift_assets.store import History, InputFile, NewAlert, prune
from drift_assets.store.check import check_history
from drift_assets.store.compact import compact
from drift_assets.store.migrations import migrate
from drift_assets.store.prune import KEPT, OF_A_DAY
from drift_assets_tests.store.samples import (
    DAY,
    NOON,
    assessment,
    baseline,
    day_of_data,
    monitor,
)
from drift_assets_tests.store.taking import take


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Ten days of loans: four by one baseline, six by another; two of a monitor that stopped."""
    history = History(tmp_path / "history.duckdb")
    first, second = baseline(), baseline(n=1200)
    for n, frozen in enumerate((first, second, baseline(n=1300))):
        history.record_baseline(
            "loans", frozen, source=f"{n}.csv", frozen_at=NOON + timedelta(days=4 * n)
        )
    for day in range(10):
        frozen = first if day < 4 else second
        history.record(
            assess(monitor(), frozen, day_of_data(frozen)),
            partition=DAY + timedelta(days=day),
            fingerprint="f",
            run_id="r",
            inputs=[InputFile(f"{day}.csv", 1, NOON)],
            alerts=[NewAlert(f"cause {day}", "", "", ends="own_day")] if day < 3 else [],
        )
        if day < 2:
            ((_, due),) = take(history.outbox)
            if day == 0:
                history.outbox.sent(due, now=NOON)
            else:
                history.outbox.failed(due, detail="", again_at=None, now=NOON)
    for day in (-101, -100):
        history.record(
            assessment("stopped"),
            partition=DAY + timedelta(days=day),
            fingerprint="f",
            run_id="r",
        )
    return history


def days_of(history: History, table: str, name: str = "loans") -> list[int]:
    found = history.query(
        f"SELECT DISTINCT partition FROM {table} WHERE monitor = '{name}' ORDER BY 1"  # noqa: S608  # our own names
    ).rows
    return [(day - DAY).days for (day,) in found]


def test_only_the_last_days_of_each_monitor_stay(history: History) -> None:
    pruned = history.prune(keep_days=5)
    for table in ("evaluations", "feature_drift", "feature_profiles", "inputs"):
        assert days_of(history, table) == [5, 6, 7, 8, 9]
    for table in OF_A_DAY:
        assert set(days_of(history, table)) <= {5, 6, 7, 8, 9}
    # Counted from its own last day, or a monitor that stopped would lose everything.
    assert days_of(history, "evaluations", "stopped") == [-101, -100]
    assert pruned.n_days == 5
    assert pruned.n_rows["evaluations"] == pruned.n_rows["inputs"] == 5
    assert pruned.n_rows["feature_drift"] == pruned.n_rows["feature_profiles"] == 15
    assert check_history(history.path, wait_seconds=10.0).healthy


def test_alerts_that_nobody_received_stay(history: History) -> None:
    pruned = history.prune(keep_days=5)
    assert (pruned.n_rows["alerts"], pruned.n_open_alerts) == (1, 2)
    assert days_of(history, "alerts") == [1, 2]
    states = history.query("SELECT state FROM alert_history ORDER BY partition").rows
    assert states == [("failed",), ("pending",)]


def test_bins_stay_while_a_day_or_a_monitor_may_need_them(history: History) -> None:
    history.record_subset(
        assessment(), partition=DAY + timedelta(days=9), fingerprint="f", run_id="by hand"
    )
    question = (
        "SELECT DISTINCT b.source FROM baselines AS b JOIN baseline_profiles USING (baseline_id) "
        "ORDER BY 1"
    )
    # The first is still of use to the day that was run by hand; the last has no day yet.
    history.prune(keep_days=5)
    assert history.query(question).rows == [("0.csv",), ("1.csv",), ("2.csv",)]
    with history.session() as connection:
        connection.execute("DELETE FROM feature_drift WHERE run_id = 'by hand'")
        connection.execute("DELETE FROM feature_drift WHERE monitor = 'stopped'")
        connection.execute("DELETE FROM evaluations WHERE monitor = 'stopped'")
    history.prune(keep_days=5)
    assert history.query(question).rows == [("1.csv",), ("2.csv",)]
    # Who asks which baselines there were still gets an answer.
    assert history.query("SELECT count(*) FROM baselines").rows == [(3,)]


def test_a_dry_run_says_the_same_and_changes_nothing(history: History) -> None:
    said = history.prune(keep_days=5, dry_run=True)
    assert days_of(history, "feature_drift") == list(range(10))
    assert history.query("SELECT count(*) FROM alerts").rows == [(3,)]
    assert history.prune(keep_days=5) == said


def test_nothing_goes_while_nothing_is_old(history: History) -> None:
    pruned = history.prune(keep_days=400)
    assert (pruned.n_days, set(pruned.n_rows.values())) == (0, {0})


def test_an_error_in_the_middle_deletes_nothing(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "_UNUSED_BINS", "no_such_column")
    with pytest.raises(HistoryError, match="cannot be written"):
        history.prune(keep_days=5)
    assert days_of(history, "feature_drift") == list(range(10))
    assert history.query("SELECT count(*) FROM alerts").rows == [(3,)]


def test_every_table_is_pruned_or_kept_on_purpose() -> None:
    with duckdb.connect() as connection:
        migrate(connection)
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        views = connection.execute("SELECT view_name FROM duckdb_views()").fetchall()
    expected = {*OF_A_DAY, *KEPT, "alerts", "baseline_profiles", "deliveries"}
    assert tables - {name for (name,) in views} == expected


def test_compacting_keeps_every_row_comment_and_key_and_gives_room_back(
    history: History, tmp_path: Path
) -> None:
    with history.session() as connection:
        connection.execute(
            "INSERT INTO inputs SELECT 'loans', '2020-01-01', concat(hash(i), hash(i + 1)), i, "
            "now(), NULL FROM range(300000) AS r(i)"
        )
        connection.execute("DELETE FROM inputs WHERE partition < '2021-01-01'")
    described = (
        "SELECT table_name, column_name, data_type, comment, is_nullable FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = 'history' ORDER BY ALL"
    )
    questions = (described, "FROM drift_history ORDER BY ALL", "FROM alert_history ORDER BY ALL")
    asked = [history.query(question).rows for question in questions]
    before, after = compact(history.path, wait_seconds=10.0)
    assert (before, after) == (before, history.path.stat().st_size)
    assert after < before
    assert [history.query(question).rows for question in questions] == asked
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "history.duckdb",
        "history.duckdb.lock",
        "published",
    ]
    with history.session() as connection, pytest.raises(duckdb.ConstraintException):
        connection.execute("INSERT INTO evaluations FROM evaluations")


def test_a_damaged_history_is_not_compacted_but_left_alone(history: History) -> None:
    content = bytearray(history.path.read_bytes())
    content[12288:] = bytes(len(content) - 12288)
    history.path.write_bytes(content)
    with pytest.raises(HistoryError, match="it is as it was"):
        compact(history.path, wait_seconds=10.0)
    assert history.path.read_bytes() == content
