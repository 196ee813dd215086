"""The schema comes to be by named steps, forwards only."""

from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from drift_assets.alert_policy import Told
from drift_assets.errors import HistoryError, HistoryVersionError
from drift_assets.simulation import Settings, simulate
from drift_assets.store import Alert, History, NewAlert, Plan, migrations
from drift_assets.store.check import check_history
from drift_assets.store.migrations import STEPS, VIEWS, apply_steps, migrate, missing_steps
from drift_assets.store.tables import Stamp, evaluation, feature_drift
from drift_assets_tests.store.samples import DAY, NOON, assessment
from drift_assets_tests.store.taking import take

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
"""Each schema that was ever released, with two days that the package of then recorded in it."""


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.duckdb")


def catalogue(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that a schema consists of, comments included."""
    parts = {
        "tables": "SELECT table_name, comment FROM duckdb_tables()",
        "views": "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal",
        "columns": "SELECT table_name, column_index, column_name, data_type, is_nullable, comment "
        "FROM duckdb_columns() WHERE NOT internal",
        "keys": "SELECT table_name, constraint_text FROM duckdb_constraints()",
    }
    return {
        name: connection.execute(f"{sql} ORDER BY ALL").fetchall() for name, sql in parts.items()
    }


def test_every_step_is_a_file_and_every_file_a_step() -> None:
    found = {f.name for f in files(migrations).iterdir() if f.name.endswith(".sql")}
    assert found == {f"{step}.sql" for step in STEPS}
    assert list(STEPS) == sorted(STEPS)


def test_a_blank_file_gets_every_step_once() -> None:
    with duckdb.connect() as connection:
        assert missing_steps(connection) == STEPS
        assert migrate(connection) == STEPS
        assert migrate(connection) == ()
        names = connection.execute("SELECT name FROM schema_migrations").fetchall()
    assert names == [(step,) for step in STEPS]


def test_a_blank_file_is_brought_up_to_date_even_for_a_reader(history: History) -> None:
    duckdb.connect(history.path).close()
    assert history.query("SELECT count(*) FROM drift_history").rows == [(0,)]


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_every_released_schema_becomes_that_of_a_blank_file_with_its_rows(
    history: History, released: Path
) -> None:
    tables = (
        # Of alerts, the view that people ask.
        *("alert_history", "baseline_profiles", "baselines", "evaluations"),
        *("feature_drift", "feature_profiles", "inputs"),
    )
    with duckdb.connect(history.path) as connection:
        connection.execute(released.read_text(encoding="utf-8"))
        columns = {
            table: ", ".join(
                name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()
            )
            for table in tables
        }
        before = {
            table: connection.table(table).select(names).order("ALL").fetchall()
            for table, names in columns.items()
        }
        missing = missing_steps(connection)
    assert STEPS[STEPS.index(released.stem) + 1 :] == missing
    assert {table: len(rows) for table, rows in before.items()} == {
        **dict.fromkeys(("baseline_profiles",), 3),
        **dict.fromkeys(("alert_history", "baselines"), 1),
        **dict.fromkeys(("evaluations", "inputs"), 2),
        **dict.fromkeys(("feature_drift", "feature_profiles"), 6),
    }
    with history.session() as connection, duckdb.connect() as blank:
        migrate(blank)
        assert catalogue(connection) == catalogue(blank)
        after = {
            table: connection.table(table).select(names).order("ALL").fetchall()
            for table, names in columns.items()
        }
    assert after == before
    assert check_history(history.path, wait_seconds=10.0).healthy
    history.record(assessment(), partition=DAY, fingerprint="again", run_id="r")
    assert history.reported("loans") == {DAY: "again", DAY + timedelta(days=1): "fingerprint 1"}


def test_a_newer_history_is_refused_for_reading_and_for_writing(history: History) -> None:
    with history.session() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    with pytest.raises(HistoryVersionError, match=r"9999_future.*upgrade"):
        history.reported("loans")
    with pytest.raises(HistoryVersionError, match=r"9999_future.*upgrade"):
        history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")


def test_somebody_elses_file_is_refused_and_left_as_it_was(history: History) -> None:
    with duckdb.connect(history.path) as connection:
        connection.execute("CREATE TABLE alerts (mine INTEGER)")
    with pytest.raises(HistoryError, match="give the history another path"):
        history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")
    with duckdb.connect(history.path) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("alerts",)]


def test_every_table_view_and_column_is_commented() -> None:
    with duckdb.connect() as connection:
        migrate(connection)
        bare = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal UNION ALL "
            "SELECT table_name || '.' || column_name FROM duckdb_columns() "
            "WHERE comment IS NULL AND NOT internal"
        ).fetchall()
    assert bare == []


def test_a_history_of_the_first_step_keeps_its_rows_and_takes_new_ones(history: History) -> None:
    first = (files(migrations) / "0001_history.sql").read_text(encoding="utf-8")
    row = assessment()
    stamp = Stamp(DAY - timedelta(days=1), "f", "r", NOON)
    old = feature_drift(row, stamp)
    with duckdb.connect(history.path) as connection:
        connection.execute(
            "CREATE TABLE schema_migrations "
            "(name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"
        )
        connection.execute("COMMENT ON TABLE schema_migrations IS 'Steps.'")
        connection.execute(first)
        connection.execute("INSERT INTO schema_migrations VALUES ('0001_history', now())")
        for table, rows in (("feature_drift", old), ("evaluations", evaluation(row, stamp))):
            described = connection.execute(f"DESCRIBE {table}").fetchall()
            connection.register("incoming", rows.select([name for name, *_ in described]))
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608  # our own names
    assert history.query(
        "SELECT count(*), count(psi), sum(cardinality(other_statistics)) FROM drift_history"
    ).rows == [(3, 3, 0)]
    # Every breach counted at once and every feature alike; the data set had no verdict.
    assert history.query(
        "SELECT DISTINCT rule_verdict = verdict, alert_after_breaches, alert_after_days, "
        "importance FROM drift_history ORDER BY importance"
    ).rows == [(True, 1, 1, 0.0), (True, 1, 1, 1.0)]
    (day,) = history.kept_days("loans", settings=Settings())
    assert (day.dataset_verdict, day.drift_share_threshold) == (None, 0.5)
    assert simulate([day], Settings()).differences == []
    history.record(row, partition=DAY, fingerprint="f", run_id="r")
    found = history.query(
        "SELECT partition, count(*), count(*) FILTER (statistic = 'hellinger') FROM drift_long "
        "GROUP BY partition ORDER BY partition"
    ).rows
    measured = sum(len(f.measurements) for f in row.features)
    others = sum(len(f) for f in old["other_statistics"].to_pylist())
    assert found == [(DAY - timedelta(days=1), measured - others, 0), (DAY, measured, 3)]


def test_p_values_and_error_bounds_of_named_statistics_are_kept(history: History) -> None:
    row = assessment(shift=20.0)
    history.record(row, partition=DAY, fingerprint="f", run_id="r")
    kept = history.query(
        "SELECT value, p_value FROM drift_long "
        "WHERE feature = 'income' AND statistic = 'anderson_darling'"
    ).rows
    measured = row.feature("income").measurements["anderson_darling"]
    assert kept == [(measured.value, measured.p_value)]
    assert history.query("SELECT p_value FROM drift_long WHERE statistic = 'unseen_rate'").rows == [
        (None,)
    ]
    bounds = history.query(
        "SELECT map_extract_value(other_error_bounds, 'anderson_darling') FROM drift_history "
        "WHERE feature = 'income'"
    ).rows
    assert bounds == [(measured.error_bound or None,)]


def test_views_that_change_come_with_a_step_which_brings_them_to_every_file() -> None:
    """Views are made anew only after a step: without one, files that exist would keep the old.

    After a change add a step, or none if the newest has not been released, and note its name
    and the hash of the views here.
    """
    noted = (Path(__file__).parent / "views_by_step.txt").read_text(encoding="utf-8").split()
    assert [STEPS[-1], sha256(VIEWS.read_bytes()).hexdigest()] == noted


def test_alerts_of_before_keep_what_became_of_them_and_those_that_wait_go_out(
    history: History,
) -> None:
    sixth = STEPS[: STEPS.index("0006_deliveries") + 1]
    kept = {
        "pending": [],
        "delivering": ["log"],
        "failed": ["log"],
        "delivered": ["log", "hook"],
        "resolved": ["log", "hook"],
    }
    with duckdb.connect(history.path) as connection:
        apply_steps(connection, sixth)
        for number, (state, told) in enumerate(kept.items()):
            connection.execute(
                "INSERT INTO alerts VALUES ('loans', ?, 'breach', 't', 't', '{}', ?, '', 1, $3, "
                "$3, NULL, NULL, ?)".replace("$3", f"'{NOON}'"),
                [DAY + timedelta(days=number), state, told],
            )
    found = history.query("SELECT state, delivered_to FROM alert_history ORDER BY partition").rows
    assert found == [
        ("pending", None),
        ("pending", ["log"]),
        ("pending", ["log"]),
        ("delivered", ["hook", "log"]),
        ("resolved", ["hook", "log"]),
    ]
    # The hook alone lacks two of them; both days are decided on, one after the other.
    taken = take(history.outbox, channels=("log", "hook"))
    assert [(str(alert.partition), due.channel) for alert, due in taken] == [
        (str(DAY), "hook"),
        (str(DAY), "log"),
        (str(DAY + timedelta(days=1)), "hook"),
        (str(DAY + timedelta(days=2)), "hook"),
    ]
    for _, due in taken:
        history.outbox.sent(due, now=NOON)
    # A good day ends what waited, and says nothing of what was told by the old version.
    history.record(assessment(), partition=DAY + timedelta(days=9), fingerprint="f", run_id="r")
    ended = {str(alert.partition) for alert, _ in take(history.outbox)}
    assert ended == {str(DAY + timedelta(days=n)) for n in range(3)}


def test_what_the_version_before_has_told_names_no_columns(history: History) -> None:
    """So that no column looks new when the day runs again."""
    sixth = STEPS[: STEPS.index("0006_deliveries") + 1]
    with duckdb.connect(history.path) as connection:
        apply_steps(connection, sixth)
        connection.execute(
            "INSERT INTO alerts VALUES ('loans', $1, 'breach', 't', 't', '{}', 'delivered', '', 1, "
            "$2, $2, $2, NULL, ['log', 'hook'])",
            [DAY, NOON],
        )
    breach = NewAlert("breach", "t", "t", {}, "error", {"income": 1.2})
    history.record(
        assessment(shift=300.0), partition=DAY, fingerprint="f", run_id="r", alerts=[breach]
    )
    heard: list[Told | None] = []

    def decide(_: Alert, told: Told | None, __: date | None) -> Plan:
        heard.append(told)
        return Plan(None, "", {})

    history.outbox.take("loans", decide=decide, look=lambda *_: None, now=NOON, most=9)
    assert heard == [Told(DAY, "error", None)]
