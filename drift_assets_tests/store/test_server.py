"""A history on a server keeps what one in a file promises, and lets nobody past it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest

from drift_assets.errors import (
    ConfigurationError,
    HistoryBusyError,
    HistoryError,
    HistoryVersionError,
    QueryError,
)
from drift_assets.store import History, NewAlert, open_history
from drift_assets.store.export import export_parquet
from drift_assets.store.migrations import STEPS, apply_steps
from drift_assets.store.server import SETTING, Server, disconnect, make_tables
from drift_assets.store.tables import Stamp, feature_drift, insert
from drift_assets_tests.postgres import USER, Cluster, why_not
from drift_assets_tests.store.conftest import SCHEMES, MakeHistory
from drift_assets_tests.store.samples import DAY, NOON, assessment
from drift_assets_tests.store.taking import take

needs_server = pytest.mark.skipif(bool(why_not()), reason=why_not())

CLAIMING = """
import sys
from pathlib import Path
from drift_assets.store import open_history
from drift_assets_tests.store.taking import take
history = open_history(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with open(sys.argv[2], "w") as claimed:
    for _ in range(4):
        for alert, _ in take(history.outbox, most=20):
            print(alert.cause, file=claimed)
"""
HOLDING = """
import sys
from pathlib import Path
from drift_assets.store import open_history
with open_history(Path(sys.argv[1])).session() as connection:
    connection.begin()
    connection.execute("DELETE FROM evaluations")
    print("inside", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=list(SCHEMES))
def history(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> History:
    disconnect()
    address = SCHEMES[request.param] + cluster.database()
    server = Server.from_setting(address, files=tmp_path / "lake")
    return History(tmp_path / "history.duckdb", server=server)


@pytest.fixture(scope="module", params=list(SCHEMES))
def recorded(
    request: pytest.FixtureRequest, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> History:
    disconnect()
    folder = tmp_path_factory.mktemp("recorded")
    address = SCHEMES[request.param] + cluster.database()
    server = Server.from_setting(address, files=folder / "lake")
    history = History(folder / "history.duckdb", server=server)
    record(history)
    return history


@pytest.fixture
def postgres(cluster: Cluster, tmp_path: Path) -> History:
    disconnect()
    server = Server.from_setting(f"postgres:{cluster.database()}", files=tmp_path / "lake")
    return History(tmp_path / "history.duckdb", server=server)


def record(history: History, *, alerts: tuple[NewAlert, ...] = (), fingerprint: str = "f") -> None:
    history.record(
        assessment(shift=300.0),
        partition=DAY,
        fingerprint=fingerprint,
        run_id="r",
        alerts=alerts,
        evaluated_at=NOON,
    )


def environment_of(history: History) -> dict[str, str]:
    return dict(os.environ) | ({SETTING: history.address} if history.server else {})


def database_of(history: History) -> str:
    assert history.server is not None
    return history.server.address.removeprefix("ducklake:").removeprefix("postgres:")


# --- The setting ------------------------------------------------------------------------------


def test_the_history_is_a_file_unless_a_server_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, " ")
    assert open_history(tmp_path) == History(tmp_path / "history.duckdb")
    monkeypatch.setenv(SETTING, "postgres:host=db dbname=drift")
    found = open_history(tmp_path)
    assert found.address == "postgres:host=db dbname=drift"
    assert found.server is not None
    assert not found.server.is_lake
    monkeypatch.setenv(SETTING, "ducklake:postgres:postgresql://drift@db/drift")
    lake = open_history(tmp_path).server
    assert lake is not None
    assert (lake.is_lake, lake.files) == (True, tmp_path / "lake")


@pytest.mark.parametrize(
    "address",
    [
        "postgres:host=db password=hunter2 dbname=drift",
        "postgres:host=db PassWord = 'hunter2'",
        "postgres:postgresql://drift:hunter2@db/drift",
        "postgres://drift:hunter2@db/drift",
        "ducklake:postgres:postgresql://db/drift?password=hunter2",
        "postgres:host=db sslpassword=hunter2",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(SETTING, address)
    with pytest.raises(ConfigurationError, match="PGPASSWORD") as caught:
        open_history(tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", ["mysql:host=db", "history.duckdb", "ducklake:books.ducklake"])
def test_an_address_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(SETTING, address)
    with pytest.raises(ConfigurationError, match="expected an address that begins with postgres:"):
        open_history(tmp_path)


@pytest.mark.skipif(not why_not(), reason="the extensions are here")
def test_without_the_extension_the_error_says_what_to_install(tmp_path: Path) -> None:
    server = Server.from_setting("postgres:host=127.0.0.1 port=9", files=tmp_path)
    with pytest.raises(HistoryError, match=r"pip install 'drift-assets\[postgres\]'"):
        History(tmp_path / "history.duckdb", server=server).reported("loans")


@needs_server
def test_a_server_that_does_not_answer_is_an_error_in_words(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    for target, said in (
        ("host=127.0.0.1 port=9", "refused"),
        (f"host=127.0.0.1 port={cluster.port} user={USER} dbname=postgres", "password"),
    ):
        history = History(
            tmp_path / "history.duckdb",
            server=Server.from_setting(f"postgres:{target}", files=tmp_path),
        )
        with pytest.raises(HistoryError, match=f"{said}.*check the address") as caught:
            record(history)
        assert target in str(caught.value)
        assert "hunter2" not in str(caught.value) + repr(history)


# --- What holds -------------------------------------------------------------------------------


@needs_server
def test_before_the_first_write_there_is_nothing_and_readers_make_nothing(
    history: History, cluster: Cluster
) -> None:
    assert history.reported("loans") == {}
    assert not history.exists()
    with pytest.raises(HistoryError, match="run a monitor first"):
        history.query("SELECT 1")
    with pytest.raises(HistoryError, match="run a monitor first"):
        history.prune(keep_days=1)
    made = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'drift_assets')"
    assert cluster.psql(database_of(history), made) == "0\n"
    record(history)
    assert history.exists()
    assert history.reported("loans") == {DAY: "f"}


@needs_server
def test_postgres_own_client_finds_rows_and_comments(postgres: History, cluster: Cluster) -> None:
    record(postgres, alerts=(NewAlert("breach", "it drifted", "", {"columns": ["income"]}),))
    question = "SELECT monitor, partition, verdict, extra_columns FROM drift_assets.evaluations"
    assert cluster.psql(database_of(postgres), question) == f"loans|{DAY}|breach|{{remark}}\n"
    expected = assessment(shift=300.0).feature("income")
    question = (
        "SELECT psi, (other_statistics->>'hellinger')::float8 "
        "FROM drift_assets.feature_drift WHERE feature = 'income'"
    )
    psi, hellinger = cluster.psql(database_of(postgres), question).strip().split("|")
    assert float(psi) == expected.value("psi")
    assert float(hellinger) == expected.value("hellinger")
    question = "SELECT payload->'columns'->>0 FROM drift_assets.alerts"
    assert cluster.psql(database_of(postgres), question) == "income\n"
    question = "SELECT obj_description('drift_assets.alerts'::regclass)"
    assert cluster.psql(database_of(postgres), question).startswith("The outbox: one row per")


@needs_server
def test_the_session_describes_what_a_file_describes(history: History, tmp_path: Path) -> None:
    record(history)
    file = History(tmp_path / "file" / "history.duckdb")
    record(file)
    question = (
        "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE database_name = 'history' ORDER BY ALL"
    )
    assert history.query(question).rows == file.query(question).rows
    assert history.query("SHOW TABLES").rows == file.query("SHOW TABLES").rows


@needs_server
def test_a_busy_server_names_the_process_that_holds_it(history: History) -> None:
    record(history)
    with (
        subprocess.Popen(
            [sys.executable, "-c", HOLDING, str(history.path.parent)],
            env=environment_of(history),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        with (
            pytest.raises(HistoryBusyError, match=f"held by drift_assets {process.pid} "),
            history.session(wait_seconds=0.2),
        ):
            pass
        # Who reads waits for nobody, and sees nothing that is not committed.
        assert history.reported("loans") == {DAY: "f"}
        # Killed in the middle: nothing of it is kept, and nobody has to wait for it.
        process.send_signal(signal.SIGKILL)
    with history.session(wait_seconds=30.0) as connection:
        assert connection.execute("SELECT count(*) FROM evaluations").fetchall() == [(1,)]


@needs_server
def test_who_waits_gets_in_once_the_holder_leaves(history: History) -> None:
    record(history)
    entered = threading.Event()

    def wait() -> None:
        with history.session(wait_seconds=60.0):
            entered.set()

    with history.session():
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        assert not entered.is_set()
    waiting.join()
    assert entered.is_set()


@needs_server
def test_an_error_inside_leaves_nothing_behind_and_nobody_outside(history: History) -> None:
    record(history)

    def fail() -> None:
        with history.session() as connection:
            connection.begin()
            connection.execute("DELETE FROM evaluations")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert history.reported("loans") == {DAY: "f"}
    record(history, fingerprint="g")
    assert history.reported("loans") == {DAY: "g"}


def test_no_alert_is_handed_to_two_workers(make_history: MakeHistory, tmp_path: Path) -> None:
    history = make_history(tmp_path)
    causes = [f"cause {n}" for n in range(60)]
    # Ended by nobody: what a later day ends is told to be over as well.
    record(history, alerts=tuple(NewAlert(cause, "", "", ends="own_day") for cause in causes))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, str(tmp_path), str(tmp_path / f"worker {n}")],
            env=environment_of(history),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(6)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    # All at once, while days are recorded that add to what is to be claimed.
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    for n in range(1, 4):
        history.record(
            assessment(shift=300.0),
            partition=DAY + timedelta(days=n),
            fingerprint="f",
            run_id="r",
            alerts=[NewAlert(f"day {n}", "", "", ends="own_day")],
        )
    claimed: list[str] = []
    for n, worker in enumerate(workers):
        worker.communicate()
        assert worker.returncode == 0
        claimed += (tmp_path / f"worker {n}").read_text().splitlines()
    claimed += [alert.cause for alert, _ in take(history.outbox)]
    assert Counter(claimed) == Counter([*causes, "day 1", "day 2", "day 3"])


@needs_server
def test_a_connection_that_the_server_ended_is_made_anew(
    history: History, cluster: Cluster
) -> None:
    record(history)
    assert history.query("SELECT count(*) FROM drift_latest").rows == [(3,)]
    cluster.psql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    assert history.query("SELECT count(*) FROM drift_latest").rows == [(3,)]
    record(history, fingerprint="g")
    assert history.reported("loans") == {DAY: "g"}


@needs_server
@pytest.mark.parametrize("scheme", ["postgres", "ducklake:postgres", "postgres:postgresql"])
def test_an_address_may_be_a_uri(cluster: Cluster, tmp_path: Path, scheme: str) -> None:
    name = cluster.database().rpartition("dbname=")[2]
    place = f"//{USER}@127.0.0.1:{cluster.port}/{name}?passfile={cluster.passwords}"
    server = Server.from_setting(f"{scheme}:{place}", files=tmp_path / "lake")
    history = History(tmp_path / "history.duckdb", server=server)
    record(history)
    assert history.query("SELECT count(*) FROM drift_latest").rows == [(3,)]


@needs_server
def test_what_another_machine_writes_is_seen_at_once(history: History, tmp_path: Path) -> None:
    record(history)
    assert history.query("SELECT fingerprint FROM evaluations").rows == [("f",)]
    writing = [sys.executable, "-m", "drift_assets_tests.store.writing", str(tmp_path), "a", "2"]
    subprocess.run(writing, check=True, env=environment_of(history), stdout=subprocess.DEVNULL)
    assert history.query(
        "SELECT monitor, count(*) FROM drift_history GROUP BY ALL ORDER BY ALL"
    ).rows == [("a", 6), ("loans", 3)]


@needs_server
def test_a_user_who_may_only_read_can_ask_and_cannot_write(
    postgres: History, cluster: Cluster
) -> None:
    record(postgres)
    target = database_of(postgres)
    cluster.psql(
        target,
        f"CREATE ROLE reader; GRANT reader TO {USER}; "
        "GRANT USAGE ON SCHEMA drift_assets TO reader; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA drift_assets TO reader",
    )
    disconnect()
    server = Server.from_setting(f"postgres:{target} options='-c role=reader'", files=Path())
    reader = History(postgres.path, server=server)
    assert reader.query("SELECT count(*) FROM drift_latest").rows == [(3,)]
    with pytest.raises(HistoryError, match="permission denied"):
        record(reader)


@needs_server
def test_a_character_that_postgres_cannot_keep_is_refused_in_words(postgres: History) -> None:
    for alert in (NewAlert("breach", "a\0b", ""), NewAlert("a\0b", "", "")):
        with pytest.raises(HistoryError, match=r"cannot be written.*Nothing of this was kept"):
            record(postgres, alerts=(alert,))
    assert postgres.reported("loans") == {}


@needs_server
def test_a_lake_moves_its_rows_to_files_when_it_is_pruned(cluster: Cluster, tmp_path: Path) -> None:
    server = Server.from_setting(f"ducklake:postgres:{cluster.database()}", files=tmp_path / "lake")
    history = History(tmp_path / "history.duckdb", server=server)
    for n in range(3):
        history.record(
            assessment(shift=300.0),
            partition=DAY + timedelta(days=n),
            fingerprint="f",
            run_id="r",
        )
    assert not list((tmp_path / "lake").rglob("*.parquet"))
    pruned = history.prune(keep_days=2)
    assert (pruned.n_days, pruned.n_rows["feature_drift"]) == (1, 3)
    assert list((tmp_path / "lake").rglob("*.parquet"))
    later = [DAY + timedelta(days=n) for n in (1, 2)]
    question = "SELECT partition, count(*) FROM drift_history GROUP BY ALL ORDER BY ALL"
    # The folder is the lake's only door to the disk.
    assert history.query(question).rows == [(day, 3) for day in later]
    with pytest.raises(QueryError):
        history.query(f"EXPLAIN ANALYZE COPY evaluations TO '{tmp_path}/lake/x.csv'")
    assert not (tmp_path / "lake" / "x.csv").exists()


@needs_server
def test_all_of_it_can_be_exported(recorded: History, tmp_path: Path) -> None:
    with recorded.copy() as connection:
        rows = export_parquet(connection, tmp_path / "out")
    assert sorted(f"{name}.parquet" for name in rows) == sorted(
        file.name for file in (tmp_path / "out").iterdir()
    )
    assert (rows["drift_history"], rows["feature_drift"], rows["evaluations"]) == (3, 3, 1)
    kept = pq.read_table(tmp_path / "out" / "feature_drift.parquet", columns=["family_p_values"])
    found = [dict(family) for family in kept["family_p_values"].to_pylist()]
    expected = [dict(feature.family) for feature in assessment(shift=300.0).features]
    assert found == expected


# --- Steps ------------------------------------------------------------------------------------


@needs_server
@pytest.mark.parametrize("n_steps", range(1, len(STEPS)))
def test_an_older_history_is_brought_up_to_date_with_its_rows(
    history: History, n_steps: int
) -> None:
    assert history.server is not None
    old = DAY - timedelta(days=1)
    with duckdb.connect() as blank, history.session() as connection:
        for (table,) in connection.execute("SHOW TABLES").fetchall():
            connection.execute(f"DROP TABLE {table}")
        apply_steps(blank, STEPS[:n_steps])
        known = {name for name, *_ in blank.execute("DESCRIBE feature_drift").fetchall()}
        rows = feature_drift(assessment(), Stamp(old, "f", "r", NOON))
        later = [name for name in rows.column_names if name not in known]
        insert(blank, "feature_drift", rows.drop_columns(later))
        connection.begin()
        make_tables(history.server, connection, blank)
        connection.commit()
    disconnect()
    # A reader brings it up to date too.
    assert history.query(
        "SELECT feature, psi, family_p_values FROM drift_history ORDER BY feature"
    ).rows == [
        (f.feature, f.value("psi"), dict(f.family))
        for f in sorted(assessment().features, key=lambda f: f.feature)
    ]
    record(history)
    question = "SELECT partition, count(*) FROM feature_drift GROUP BY ALL ORDER BY ALL"
    assert history.query(question).rows == [(old, 3), (DAY, 3)]
    names = history.query("SELECT name FROM schema_migrations ORDER BY name").rows
    assert names == [(step,) for step in STEPS]


@needs_server
def test_a_newer_history_is_refused_for_reading_and_for_writing(history: History) -> None:
    with history.session() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    disconnect()
    with pytest.raises(HistoryVersionError, match=r"9999_future.*upgrade"):
        history.reported("loans")
    with pytest.raises(HistoryVersionError, match=r"9999_future.*upgrade"):
        record(history)


# --- Questions --------------------------------------------------------------------------------


@needs_server
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM postgres_query('server', 'SELECT 1 AS hush')",
        "SELECT * FROM postgres_query('server', 'SELECT pg_read_file(''PG_VERSION'')')",
        "SELECT * FROM \"POSTGRES_query\"('server', 'SELECT 1')",
        "SELECT * FROM system.main.postgres_query('server', 'SELECT 1')",
        "EXPLAIN ANALYZE SELECT * FROM postgres_query('server', 'SELECT 1')",
        "/* a */ EXPLAIN ANALYZE SELECT * FROM postgres_query('server', 'SELECT 1')",
        "DESCRIBE SELECT * FROM postgres_query('server', 'SELECT 1')",
        "SUMMARIZE SELECT * FROM postgres_query('server', 'SELECT 1')",
        "WITH a AS (SELECT * FROM postgres_query('server', 'SELECT 1')) SELECT * FROM a",
        "SELECT (SELECT count(*) FROM postgres_query('server', 'SELECT 1'))",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM postgres_query('server', 'SELECT 1'))",
        "SELECT * FROM query('SELECT * FROM postgres_query(''server'', ''SELECT 1'')')",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        "CALL postgres_execute('server', 'DELETE FROM drift_assets.evaluations')",
        "SELECT * FROM postgres_execute('server', 'DELETE FROM drift_assets.evaluations')",
        "SELECT * FROM postgres_scan('{target}', 'drift_assets', 'evaluations')",
        "SELECT * FROM postgres_attach('{target}')",
        "CALL postgres_attach('{target}')",
        "ATTACH '{target}' AS again (TYPE postgres)",
        "ATTACH 'ducklake:postgres:{target}' AS again",
        "SELECT * FROM ducklake_snapshots('server')",
        "SELECT * FROM ducklake_expire_snapshots('server', older_than => now())",
        "SELECT * FROM pg_clear_cache()",
        "SELECT * FROM read_postgres_binary('{folder}/secret.csv', columns = {'a': 'INTEGER'})",
        "SELECT * FROM server.snapshots()",
        "DELETE FROM server.drift_assets.evaluations",
        "DROP TABLE server.drift_assets.evaluations",
        "CREATE TABLE server.drift_assets.t AS SELECT 1",
        "CREATE SECRET (TYPE postgres, HOST '127.0.0.1')",
        "USE server",
    ],
)
def test_no_question_gets_past_the_tables_of_the_history(
    recorded: History, tmp_path: Path, sql: str
) -> None:
    (tmp_path / "secret.csv").write_text("hush\n1\n")
    asked = sql.replace("{folder}", str(tmp_path)).replace("{target}", database_of(recorded))
    with pytest.raises(QueryError) as caught:
        recorded.query(asked)
    assert "hush" not in str(caught.value)
    assert recorded.query("SELECT verdict FROM evaluations").rows == [("breach",)]


@needs_server
def test_no_password_can_be_asked_for(recorded: History, cluster: Cluster) -> None:
    for sql in (
        "SELECT * FROM duckdb_tables()",
        "SELECT * FROM information_schema.schemata",
        "SHOW ALL TABLES",
        "SHOW DATABASES",
    ):
        assert cluster.password not in str(recorded.query(sql).rows)
    assert cluster.password not in repr(recorded)
