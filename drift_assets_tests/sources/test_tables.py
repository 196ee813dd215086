"""Tables and queries as sources: a DuckDB file, and a real PostgreSQL on 127.0.0.1."""

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from drift_assets.errors import (
    ColumnError,
    ConfigurationError,
    DriftAssetsError,
    NoDataError,
    UnreadableFileError,
)
from drift_assets.monitors import Monitor
from drift_assets.scan.columns import CategoryColumn, MissingColumn, NumberColumn
from drift_assets.sources import (
    Place,
    TableRows,
    arrivals,
    baseline_files,
    current_files,
    fingerprint,
    read_baseline,
    read_current,
    undated_rows,
)
from drift_assets_tests.postgres import Cluster, program, running_cluster
from drift_assets_tests.sources.conftest import monitor_of

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)
HOSTILE = '"; DROP TABLE measurements; --'

if find_spec("adbc_driver_postgresql") is None:
    WHY_NOT = "no driver of PostgreSQL: pip install 'drift-assets[postgres-source]'"
elif program("initdb") is None:
    if "CI" in os.environ:
        message = "PostgreSQL is not installed, and .ci/run should have done that."
        raise RuntimeError(message)
    WHY_NOT = "PostgreSQL is not installed: apt-get install postgresql"
else:
    WHY_NOT = ""

MEASUREMENTS = '''
CREATE TABLE measurements (
    taken_at TIMESTAMP, "day" DATE, instant TIMESTAMPTZ, x DOUBLE PRECISION, n NUMERIC(10, 2),
    label TEXT, """; DROP TABLE measurements; --" INTEGER, updated_at TIMESTAMPTZ
);
INSERT INTO measurements VALUES
    ('2026-11-23 00:00:00', '2026-11-23', '2026-11-23 23:30:00+00', 1.5, 10.25, 'a', 7,
     '2026-11-23 01:00:00+00'),
    ('2026-11-23 23:59:59', '2026-11-23', '2026-11-23 12:00:00+00', NULL, 11.5, 'b', 8,
     '2026-11-23 02:00:00+00'),
    ('2026-11-24 00:00:00', '2026-11-24', '2026-11-24 12:00:00+00', 2.5, NULL, NULL, 9,
     '2026-11-24 01:00:00+00'),
    (NULL, NULL, NULL, 99, 99, 'z', 99, NULL);
'''


@dataclass(frozen=True)
class Database:
    """A database with the measurements: its address in YAML, and how to change it."""

    address: str
    run: Callable[[str], Any]
    place: Place

    def monitor(self, source: dict[str, object], **settings: object) -> Monitor:
        return monitor_of({"database": self.address, **source}, **settings)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if WHY_NOT:
        pytest.skip(WHY_NOT)
    with running_cluster() as found:
        yield found


@pytest.fixture(params=["duckdb", "postgres"])
def database(
    request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch
) -> Database:
    def run_duckdb(sql: str) -> None:
        with duckdb.connect(place.root / "warehouse.duckdb") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(sql)

    if request.param == "duckdb":
        found = Database("warehouse.duckdb", run_duckdb, place)
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        target = cluster.database()
        monkeypatch.setenv("WAREHOUSE", target)

        def run_postgres(sql: str) -> None:
            cluster.psql(target, f"SET TIME ZONE 'UTC'; {sql}")

        found = Database("postgres:${WAREHOUSE}", run_postgres, place)
    found.run(MEASUREMENTS)
    return found


TABLE: dict[str, object] = {"table": "measurements", "date_column": "day"}


def test_a_table_serves_all_days(database: Database) -> None:
    watched = database.monitor(TABLE)
    found = arrivals(watched, database.place)
    assert list(found.days) == [DAY, NEXT]
    [one] = found.days[DAY]
    assert isinstance(one, TableRows)
    assert (str(one), one.n_rows) == (f"table measurements in {database.address}", 2)
    assert current_files(watched, database.place, DAY) == [one]
    with pytest.raises(NoDataError, match="no row of 2026-11-25 in table measurements"):
        current_files(watched, database.place, date(2026, 11, 25))


def test_rows_without_a_date_are_counted(database: Database) -> None:
    for column in ("day", "taken_at", "instant"):
        watched = database.monitor({"table": "measurements", "date_column": column})
        files = current_files(watched, database.place, DAY)
        [(one, n_rows)] = undated_rows(watched, watched.current, database.place, files)
        assert (one, n_rows) == (files[0], 1)
    asked = "SELECT * FROM measurements WHERE day IS NOT NULL"
    watched = database.monitor({"query": asked, "date_column": "day"})
    files = current_files(watched, database.place, DAY)
    assert undated_rows(watched, watched.current, database.place, files) == ()


def test_the_rows_of_a_day_are_read_with_their_types(database: Database) -> None:
    rows = read_current(database.monitor(TABLE), database.place, DAY)
    assert rows.n_rows == 2
    found = dict(rows.read(dict.fromkeys(("x", "n", "label", HOSTILE), "any")))
    x, n, label, hostile = (found[name] for name in ("x", "n", "label", HOSTILE))
    assert isinstance(x, NumberColumn)
    assert (x.numbers.tolist(), x.n_missing) == ([1.5], 1)
    assert isinstance(n, NumberColumn)
    assert sorted(n.numbers.tolist()) == [10.25, 11.5]
    assert isinstance(label, CategoryColumn)
    assert dict(label.counts) == {"a": 1, "b": 1}
    assert isinstance(hostile, NumberColumn)
    assert sorted(hostile.numbers.tolist()) == [7, 8]


@pytest.mark.parametrize(
    ("column", "timezone", "days"),
    [
        ("taken_at", "Asia/Tokyo", [(DAY, 2), (NEXT, 1)]),
        ("instant", "UTC", [(DAY, 2), (NEXT, 1)]),
        # 23:30 in London is the next day in Berlin.
        ("instant", "Europe/Berlin", [(DAY, 1), (NEXT, 2)]),
    ],
)
def test_midnight_is_where_the_partitions_say(
    database: Database, column: str, timezone: str, days: list[tuple[date, int]]
) -> None:
    partitions = {"start": "2026-01-01", "timezone": timezone}
    watched = database.monitor({**TABLE, "date_column": column}, partitions=partitions)
    found = arrivals(watched, database.place)
    assert [(day, read_current(watched, database.place, day).n_rows) for day in found.days] == days


CHANGES = {
    "a value": ("UPDATE measurements SET x = 3 WHERE label = 'a'", True),
    "a row more": ("INSERT INTO measurements (day, x) VALUES ('2026-11-23', 1)", True),
    "a row less": ("DELETE FROM measurements WHERE label = 'a'", True),
    "missing instead": ("UPDATE measurements SET x = NULL WHERE label = 'a'", True),
    "values swapped": (
        "UPDATE measurements SET x = CASE label WHEN 'b' THEN 1.5 END WHERE day = '2026-11-23'",
        True,
    ),
    "another day": ("UPDATE measurements SET x = 3 WHERE day = '2026-11-24'", False),
    "no day": ("DELETE FROM measurements WHERE day IS NULL", False),
    "the order of rows": (
        """CREATE TABLE other AS SELECT * FROM measurements ORDER BY label DESC;
        DROP TABLE measurements; ALTER TABLE other RENAME TO measurements""",
        False,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fingerprint_follows_the_rows_of_its_day(database: Database, change: str) -> None:
    sql, is_seen = CHANGES[change]
    watched = database.monitor(TABLE)

    def mark() -> str:
        files = current_files(watched, database.place, DAY)
        return fingerprint(watched, database.place, DAY, files)

    before = mark()
    assert mark() == before
    database.run(sql)
    assert (mark() != before) == is_seen


def test_only_watched_columns_count(database: Database) -> None:
    watched = database.monitor(TABLE, features=["x"])
    before = arrivals(watched, database.place).days
    database.run("UPDATE measurements SET label = 'other'")
    assert arrivals(watched, database.place).days == before


def test_a_column_of_changes_spares_reading_the_rows(database: Database) -> None:
    watched = database.monitor({**TABLE, "changed_column": "updated_at"})

    def marks() -> list[str]:
        days = arrivals(watched, database.place).days
        return [fingerprint(watched, database.place, day, days[day]) for day in days]

    before = marks()
    # By its own word nothing has changed.
    database.run("UPDATE measurements SET x = 3 WHERE day = '2026-11-23'")
    assert marks() == before
    database.run("UPDATE measurements SET updated_at = '2026-11-25' WHERE label = 'a'")
    after = marks()
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)
    database.run("INSERT INTO measurements (day) VALUES ('2026-11-24')")
    assert marks()[1] != before[1]


@pytest.mark.parametrize("end", ["", ";", " -- whose label is not b"])
def test_a_query_is_a_source(database: Database, end: str) -> None:
    query = "SELECT x * 2 AS twice, taken_at AS at FROM measurements WHERE label <> 'b'"
    watched = database.monitor({"query": f"{query}{end}", "date_column": "at"})
    assert [str(one) for one in current_files(watched, database.place, DAY)] == [
        f"a query in {database.address}"
    ]
    rows = read_current(watched, database.place, DAY)
    assert (rows.columns, rows.n_rows) == (("twice", "at"), 1)


def test_a_baseline_is_a_table_with_or_without_days(database: Database) -> None:
    for dates, n_rows in (
        ({}, 4),
        ({"date_column": "day"}, 4),
        ({"date_column": "day", "start": "2026-11-24"}, 1),
        ({"date_column": "day", "end": "2026-11-23"}, 2),
    ):
        baseline = {"database": database.address, "table": "measurements", **dates}
        watched = database.monitor(TABLE, baseline=baseline)
        [one] = baseline_files(watched, database.place)
        assert isinstance(one, TableRows)
        assert one.n_rows == n_rows
        assert read_baseline(watched, database.place).n_rows == n_rows


def test_names_are_data(database: Database) -> None:
    quoted = HOSTILE.replace('"', '""')
    database.run(
        f'CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."{quoted}" AS '  # noqa: S608  # hostile names
        f'SELECT "day" AS "{quoted}", x FROM measurements'
    )
    table = f'"a.b"."{quoted}"'
    watched = database.monitor({"table": table, "date_column": HOSTILE})
    assert read_current(watched, database.place, DAY).n_rows == 2
    assert list(arrivals(database.monitor(TABLE), database.place).days) == [DAY, NEXT]


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ({"table": "nowhere", "date_column": "day"}, UnreadableFileError, "nowhere"),
        ({**TABLE, "date_column": "Day"}, ColumnError, "no column 'Day'.*'day'"),
        ({**TABLE, "changed_column": "gone"}, ColumnError, "no column 'gone'"),
        ({**TABLE, "date_column": "label"}, ColumnError, "DATE or TIMESTAMP: convert it"),
        ({**TABLE, "table": "a..b"}, ConfigurationError, "a name such as measurements"),
        ({**TABLE, "table": 'a"b'}, ConfigurationError, "dots between"),
        ({"query": "SELEC 1", "date_column": "d"}, DriftAssetsError, "SELEC|syntax error"),
        (
            {"query": "DELETE FROM measurements", "date_column": "d"},
            DriftAssetsError,
            "SELECT|syntax error",
        ),
        (
            {"query": "SELECT 1) AS q; DROP TABLE measurements; --", "date_column": "d"},
            DriftAssetsError,
            "query",
        ),
        (
            {"query": "SELECT 1 AS d; DROP TABLE measurements", "date_column": "d"},
            DriftAssetsError,
            "query",
        ),
    ],
)
def test_what_cannot_be_asked_is_an_error_in_words(
    database: Database, source: dict[str, object], error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        arrivals(database.monitor(source), database.place)
    assert list(arrivals(database.monitor(TABLE), database.place).days) == [DAY, NEXT]


def test_a_query_sees_no_other_file_of_this_machine(place: Place, tmp_path: Path) -> None:
    duckdb.connect(place.root / "warehouse.duckdb").close()
    secret = tmp_path / "secret.csv"
    secret.write_text("d\n2026-11-23\n", encoding="utf-8")
    source = {"database": "warehouse.duckdb", "query": f"FROM '{secret}'", "date_column": "d"}
    with pytest.raises(UnreadableFileError, match="disabled"):
        arrivals(monitor_of(source), place)


def test_a_variable_that_is_not_set_is_named(place: Place) -> None:
    watched = monitor_of({"database": "postgres:${NO_SUCH_VARIABLE}", **TABLE})
    with pytest.raises(ConfigurationError, match="no environment variable NO_SUCH_VARIABLE"):
        arrivals(watched, place)


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize(
    "address",
    [
        "postgres:host=127.0.0.1 port=1 password={}",
        "postgres:what is {}",
        "postgres:{}",
        "postgres:postgres://ana:{}@127.0.0.1:1/x",
        "postgres://ana:{}@127.0.0.1:1/x",
        "postgresql://ana:{}@127.0.0.1:1/x",
        "postgres://ana:an@{}@127.0.0.1:1/x",
        "postgres://ana:{}/@127.0.0.1:1/x",
    ],
)
def test_no_message_repeats_a_secret(
    place: Place, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("WAREHOUSE", address.format("geheim"))
    watched = monitor_of({"database": "${WAREHOUSE}", **TABLE})
    with pytest.raises(UnreadableFileError, match="cannot be read") as caught:
        arrivals(watched, place)
    # Nor does what caused it, which Dagster keeps and shows.
    assert "geheim" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize("scheme", ["postgres://", "postgresql://", "postgres:postgres://"])
def test_an_address_is_passed_on_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("WAREHOUSE", f"{scheme}ana:x@127.0.0.1:1/x")
    with pytest.raises(UnreadableFileError, match=r'server at "127\.0\.0\.1", port 1'):
        arrivals(monitor_of({"database": "${WAREHOUSE}", **TABLE}), place)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"database": "postgres:host=h password=x", **TABLE}, "found a password in the address"),
        ({"database": "postgresql://me:x@host/db", **TABLE}, "found a password in the address"),
        ({"database": "w.duckdb", "table": "t", "query": "q"}, "found table and query"),
        ({"database": "w.duckdb"}, "found none of them"),
        ({"database": "w.duckdb", "path": "x.csv"}, "found path and database"),
        ({"table": "t", "date_column": "d"}, "found table without database"),
        ({"path": "{partition}.csv", "changed_column": "c"}, "changed_column belongs to"),
        ({"database": "w.duckdb", "table": "t"}, "expected a date_column beside it"),
        ({"database": "${a b}", **TABLE}, "with the name of an environment variable"),
    ],
)
def test_mistakes_are_found_when_the_monitor_is_loaded(
    source: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        monitor_of(source)
    assert reason in str(caught.value)


def test_the_history_itself_is_no_source(place: Place) -> None:
    watched = monitor_of({"database": "{home}/history.duckdb", **TABLE})
    with pytest.raises(ConfigurationError, match="opened by drift_assets alone"):
        arrivals(watched, place)


def test_a_file_that_is_no_database_is_an_error_in_words(place: Place) -> None:
    path = place.root / "warehouse.duckdb"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        arrivals(monitor_of({"database": "warehouse.duckdb", **TABLE}), place)
    path.unlink()
    with pytest.raises(UnreadableFileError, match="Found no DuckDB file for table measurements"):
        arrivals(monitor_of({"database": "warehouse.duckdb", **TABLE}), place)


WRITING = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_database_that_another_process_writes_to_is_an_error_in_words(place: Place) -> None:
    path = place.root / "warehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(MEASUREMENTS)
    watched = monitor_of({"database": "warehouse.duckdb", **TABLE})
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        with pytest.raises(UnreadableFileError, match=r"cannot be read: .*lock"):
            arrivals(watched, place)
        writer.communicate("\n")
    assert list(arrivals(watched, place).days) == [DAY, NEXT]


def test_columns_of_every_type_can_be_read(database: Database) -> None:
    database.run(
        "CREATE TABLE odd AS SELECT DATE '2026-11-23' AS day, INTERVAL '1 day' AS i, "
        "TIME '12:00:00' AS t, true AS b, CAST(1 AS SMALLINT) AS s, "
        "CAST('00000000-0000-0000-0000-000000000001' AS UUID) AS u"
    )
    watched = database.monitor({"table": "odd", "date_column": "day"})
    rows = read_current(watched, database.place, DAY)
    assert {"i", "t", "b", "s", "u"} < set(rows.columns)
    assert {"b", "s", "u"} <= set(rows.watchable)
    assert not any(
        isinstance(found, MissingColumn) for _, found in rows.read(dict.fromkeys("bsu", "any"))
    )
