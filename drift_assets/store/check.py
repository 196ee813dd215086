"""Whether a history is whole: every column of every table is read, and the rows fit together."""

import glob
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from drift_assets.errors import HistoryError
from drift_assets.store.migrations import missing_steps
from drift_assets.store.publish import open_copy, take_copy
from drift_assets.store.query import lock_down
from drift_assets.store.session import SETTINGS, first_line, quoted

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "actions": ("monitor", "action", "baseline_id", "cause"),
    "alert_mutes": ("monitor",),
    "alerts": ("monitor", "partition", "cause"),
    "baseline_profiles": ("baseline_id", "feature"),
    "baseline_events": ("monitor", "happened_at", "event", "baseline_id"),
    "baselines": ("monitor", "baseline_id"),
    "data_checks": ("monitor", "partition", "check_name"),
    "deliveries": ("monitor", "partition", "cause", "event", "channel"),
    "evaluations": ("monitor", "partition"),
    "feature_drift": ("monitor", "partition", "segment", "feature"),
    "feature_profiles": ("monitor", "partition", "segment", "feature"),
    "learned_thresholds": ("monitor", "baseline_id", "feature", "statistic", "weekday"),
    "feature_trends": ("monitor", "partition", "feature", "statistic"),
    "inputs": ("monitor", "partition", "path"),
    "schema_migrations": ("name",),
}
"""Columns by which a row of each table is the only one of its kind."""

_A_DAY: Final = 86_400.0

_ORPHANS: Final[Mapping[str, str]] = {
    "bin counts of a column that was not measured": """
        SELECT monitor, partition, feature FROM feature_profiles AS p
        WHERE NOT EXISTS (FROM feature_drift AS f WHERE f.monitor = p.monitor
            AND f.partition = p.partition AND f.segment = p.segment AND f.feature = p.feature)
    """,
    "bin counts whose bins are not there": """
        SELECT monitor, partition, feature FROM feature_profiles AS p
        WHERE NOT EXISTS (FROM baseline_profiles AS b
            WHERE b.baseline_id = p.baseline_id AND b.feature = p.feature)
    """,
    "reports that lack a column": """
        SELECT monitor, partition, e.n_columns - count(f.feature) AS n_absent
        FROM evaluations AS e
        LEFT JOIN feature_drift AS f USING (monitor, partition)
        WHERE coalesce(f.segment, '') = ''
        GROUP BY monitor, partition, e.n_columns
        HAVING count(f.feature) < e.n_columns
    """,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and whether it is well."""

    healthy: bool
    text: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found of a history.

    Attributes
    ----------
    findings
        What was looked at, in order.
    n_rows
        Rows by table.
    n_bytes
        Size of the file.
    n_free_bytes
        How much of it holds nothing; new rows go there first.
    """

    findings: tuple[Finding, ...]
    n_rows: Mapping[str, int] = field(default_factory=dict)
    n_bytes: int = 0
    n_free_bytes: int = 0

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.healthy for finding in self.findings)

    @property
    def faults(self) -> str:
        """What is wrong, in one line."""
        return " ".join(finding.text for finding in self.findings if not finding.healthy)


def check_history(path: Path, *, wait_seconds: float) -> Examination:
    """Return what is found of the history in use at ``path``; writers wait only for a copy of it.

    Raises
    ------
    HistoryBusyError
        If another process held it for all that time.
    HistoryError
        If there is none, or there is no room for a second file of that size beside it.
    """
    _sweep(path)
    # A name of its own, so that two checks at once do not write to the same file.
    copy = path.with_name(f"{path.name}.checked-{secrets.token_hex(4)}")
    try:
        take_copy(path, copy, wait_seconds=wait_seconds)
        return examine(copy)
    except OSError as error:
        raise HistoryError(
            f"The history {path} cannot be copied to be checked: {error.strerror or error}. "
            "Expected a folder in which this user may write, with room for a second file of that "
            "size."
        ) from error
    finally:
        with suppress(OSError):
            copy.unlink()


def _sweep(path: Path) -> None:
    """Remove the copies of checks that were killed: nothing reads one for a day."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.checked-*"):
        with suppress(OSError):
            # The time of modification is that of the history.
            if left.stat().st_ctime < time.time() - _A_DAY:
                left.unlink()


def examine(path: Path, *, writable: bool = True) -> Examination:
    """Return what is found of a history in a file that nobody else has open.

    Parameters
    ----------
    path
        The file.
    writable
        Whether it is a copy of the caller's own: only then is every key looked up, for which it
        must be opened for writing, though nothing is changed.

    Raises
    ------
    HistoryVersionError
        If it was written by a newer drift_assets.
    """
    size = path.stat().st_size
    try:
        with open_copy(path) as connection:
            lock_down(connection)
            missing = missing_steps(connection)
            rows, findings = _read_tables(connection)
            if not missing:
                findings += _examine_rows(connection, rows)
            free = connection.execute(
                "SELECT free_blocks * block_size FROM pragma_database_size() "
                "WHERE database_name = 'history'"
            ).fetchone()
        if writable:
            findings += _read_keys(path)
    except HistoryError as error:
        if type(error) is not HistoryError:
            raise
        return Examination((Finding(healthy=False, text=str(error)),), n_bytes=size)
    except duckdb.Error as error:
        text = f"It cannot be read: {first_line(error)}"
        return Examination((Finding(healthy=False, text=text),), n_bytes=size)
    noun = "step" if len(missing) == 1 else "steps"
    steps = f"{len(missing)} schema {noun} to come" if missing else "schema up to date"
    first = Finding(healthy=True, text=f"It opens, {steps}.")
    return Examination((first, *findings), rows, size, int(free[0]) if free else 0)


def _read_keys(path: Path) -> list[Finding]:
    """Return what is wrong with what makes keys unique, every key looked up; nothing is changed."""
    if not path.exists():
        # To open it would make an empty one.
        raise HistoryError(f"Found no {path} any more, expected it to stay: somebody removed it.")
    findings = []
    with duckdb.connect(path, config=SETTINGS) as connection:
        lock_down(connection)
        keyed = connection.execute(
            "SELECT table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
        ).fetchall()
        for table in sorted({table for (table,) in keyed} & set(KEYS)):
            connection.begin()
            # Each row conflicts with itself, unless its key cannot be found.
            ((lost,),) = connection.execute(
                f'INSERT INTO "{table}" FROM "{table}" ON CONFLICT DO NOTHING'
            ).fetchall()
            if lost:
                text = f"{lost} rows of {table} are not found by their key."
                findings.append(Finding(healthy=False, text=text))
            # As replacing every row would, which reads more than looking them up.
            connection.execute(f'CREATE TEMP TABLE kept AS FROM "{table}"')
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608  # of the catalogue
            connection.execute(f'INSERT INTO "{table}" FROM kept')
            connection.rollback()
    return findings


def _read_tables(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, int], list[Finding]]:
    """Return the rows of each table, every value of which has been read."""
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'history' ORDER BY 1"
    ).fetchall()
    n_rows: dict[str, int] = {}
    findings = []
    for (table,) in tables:
        name = quoted(table)
        try:
            # A damaged block is noticed only by who reads it.
            connection.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {name}").fetchall()  # noqa: S608  # quoted
            ((count,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()  # noqa: S608  # quoted
        except duckdb.Error as error:
            text = f"Table {table} cannot be read: {first_line(error)}"
            findings.append(Finding(healthy=False, text=text))
        else:
            n_rows[table] = count
    if len(n_rows) == len(tables):
        text = f"Every value of {len(tables)} tables can be read, {sum(n_rows.values()):,} rows."
        findings.append(Finding(healthy=True, text=text))
    return n_rows, findings


def _examine_rows(
    connection: duckdb.DuckDBPyConnection, n_rows: Mapping[str, int]
) -> Iterator[Finding]:
    """Yield what is found of duplicates, of rows without their other half, and of the views."""
    absent = sorted(set(KEYS) - set(n_rows))
    if absent:
        yield Finding(healthy=False, text=f"There is no table {', '.join(absent)}.")
        return
    for table, key in KEYS.items():
        names = ", ".join(key)
        sql = f"SELECT {names}, count(*) FROM {table} GROUP BY {names} HAVING count(*) > 1"  # noqa: S608  # our own names
        yield from _none(connection, sql, f"rows of {table} that are there more than once")
    for what, sql in _ORPHANS.items():
        yield from _none(connection, sql, what)
    yield Finding(healthy=True, text="No row is there twice, and none without what belongs to it.")
    views = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'history' AND NOT internal"
    ).fetchall()
    for (view,) in views:
        connection.execute(f"FROM {quoted(view)} LIMIT 1").fetchall()
    yield Finding(healthy=True, text=f"Every one of {len(views)} views answers.")


def _none(connection: duckdb.DuckDBPyConnection, sql: str, what: str) -> Iterator[Finding]:
    found = connection.execute(f"SELECT *, count(*) OVER () FROM ({sql}) ORDER BY ALL").fetchone()  # noqa: S608  # our own statement
    if found is not None:
        *example, n = found
        shown = ", ".join(map(str, example))
        yield Finding(healthy=False, text=f"{n} {what}, such as: {shown}.")
