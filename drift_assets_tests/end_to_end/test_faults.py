"""Each named fault through the real sensor and the real daily job, and the day healed after it."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from drift_assets.declarations import Declaration
from drift_assets.monitors import Monitor
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.due import FINGERPRINT_TAG
from drift_assets.orchestration.jobs import daily_job
from drift_assets.orchestration.runs import Ending, Outcome, Runner
from drift_assets.orchestration.sensors import arrival_sensor
from drift_assets.store import History
from drift_assets.verdicts import Verdict
from drift_assets_tests.end_to_end.faults import FAULTS, HOSTILE, Fault, Scene, Seen, good_rows

FIRST = datetime.now(UTC).date() - timedelta(days=400)
"""Each monitor's first day, and before it three more that make the usual."""
BEFORE = [FIRST + timedelta(days=n) for n in range(3)]
DAYS = {fault.name: BEFORE[-1] + timedelta(days=1 + n) for n, fault in enumerate(FAULTS)}


@dataclass
class Desk:
    """One home with some monitors, their sensors and their daily jobs."""

    root: Path
    instance: dg.DagsterInstance
    runners: dict[str, Runner]
    declared: dict[str, Declaration]
    kept: tuple[Path, ...] = ()
    """What Dagster keeps among the temporary files."""

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    @property
    def home(self) -> Path:
        return self.root / "drift_home"

    @property
    def history(self) -> History:
        return History(self.home / "history.duckdb")

    def look(self, monitor: str, *, cursor: str | None = None) -> tuple[dict[date, str], str]:
        """Return the days that a tick of the sensor asks for, and what else it says."""
        declared = self.declared[monitor]
        sensor = arrival_sensor(workplace_of(declared), daily_job(declared.monitor))
        found = sensor(dg.build_sensor_context(self.instance, cursor))
        assert isinstance(found, dg.SensorResult)
        asked = {
            date.fromisoformat(str(one.partition_key)): one.tags[FINGERPRINT_TAG]
            for one in found.run_requests or ()
        }
        said = found.skip_reason.skip_message if found.skip_reason else ""
        return asked, f"{said} {found.cursor}"

    def run(self, monitor: str, day: date) -> Outcome:
        return self.runners[monitor].run(day)

    def folder(self, monitor: str, day: date) -> Path:
        below = self.root / "data" / monitor
        return below if monitor == "dated" else below / str(day)

    def remove(self, monitor: str, day: date) -> None:
        """Take away whatever a day has."""
        if monitor == "dated":
            (self.folder(monitor, day) / f"{day}.csv").unlink(missing_ok=True)
        else:
            shutil.rmtree(self.folder(monitor, day), ignore_errors=True)

    def deliver(self, monitor: str, day: date) -> None:
        """Deliver the day's own good files in the place of whatever is there."""
        folder = self.folder(monitor, day)
        scene = Scene(day, folder, folder, pytest.MonkeyPatch())
        if monitor == "dated":
            scene.csv(scene.rows.assign(taken_at=str(day)), f"{day}.csv", age=30)
            return
        self.remove(monitor, day)
        frame = good_rows(day)
        if monitor == "scored":
            frame = frame.assign(id=range(len(frame)))
            scores = frame[["id"]].assign(score=[n / len(frame) for n in range(len(frame))])
            scene.csv(scores, "scores.csv", age=30)
        scene.csv(frame, "good.csv" if monitor != "scored" else "rows.csv", age=30)

    def rows_of(self, monitor: str, day: date) -> dict[str, int]:
        """Return how many rows each table of the history has of a day."""
        with duckdb.connect(str(self.history_path), read_only=True) as connection:
            return {
                table: connection.execute(
                    f"SELECT count(*) FROM {table} WHERE monitor = ? AND partition = ?",  # noqa: S608
                    [monitor, day],
                ).fetchall()[0][0]
                for table in self.tables(connection)
            }

    @property
    def history_path(self) -> Path:
        return self.home / "history.duckdb"

    @staticmethod
    def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
        found = connection.execute(
            "SELECT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) "
            # An alert tells of a trouble that lasts, over days.
            "WHERE column_name = 'partition' AND table_name NOT IN ('alerts', 'deliveries') "
            "ORDER BY 1"
        ).fetchall()
        return [name for (name,) in found]

    def of_others(self, monitor: str, day: date) -> str:
        """Return a hash of all that is kept of other days and monitors."""
        digest = hashlib.sha256()
        with duckdb.connect(str(self.history_path), read_only=True) as connection:
            for table in self.tables(connection):
                [found] = connection.execute(
                    f"SELECT count(*), bit_xor(hash(t)) FROM {table} t "  # noqa: S608
                    "WHERE NOT (monitor = ? AND partition = ?)",
                    [monitor, day],
                ).fetchall()
                digest.update(repr((table, found)).encode())
        for path in sorted((self.home / "reports").rglob("*")):
            if path.is_file() and (path.parent.name, path.stem) != (monitor, str(day)):
                digest.update(f"{path}{path.stat().st_mtime_ns}".encode())
        return digest.hexdigest()

    def unfinished(self) -> list[Path]:
        """Return what somebody seems to have begun to write."""
        ends = (".tmp", ".part", ".wal")
        begun = [path for path in self.home.rglob("*") if path.name.endswith(ends)]
        return [*begun, *(path for path in self.temporary.iterdir() if path not in self.kept)]

    def reports(self, monitor: str, day: date) -> list[str]:
        return sorted(path.name for path in (self.home / "reports" / monitor).glob(f"{day}.*"))


def monitor_called(name: str, features: Sequence[object], **changes: object) -> Monitor:
    settings = {
        "name": name,
        "baseline": "data/baseline.csv",
        "current": f"data/{name}/{{partition}}/*",
        "features": features,
        "partitions": {"start": FIRST},
        "trend": False,
        "data_checks": {"duplicates": {"key": ["amount", HOSTILE]}},
    }
    return Monitor.model_validate({**settings, **changes})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    root = tmp_path_factory.mktemp("faults")
    (root / "data").mkdir()
    baseline = good_rows(date(2000, 1, 1), 2000)
    baseline.assign(id=range(2000), score=[n / 2000 for n in range(2000)]).to_csv(
        root / "data" / "baseline.csv", index=False
    )
    predicted = {
        "path": "data/scored/{partition}/rows.csv",
        "predictions": {"path": "data/scored/{partition}/scores.csv", "key": "id"},
    }
    monitors = [
        monitor_called("plain", ["amount", "region", HOSTILE]),
        monitor_called("careful", ["amount"], on_bad_file="quarantine"),
        monitor_called(
            "dated", ["amount"], current={"path": "data/dated/*.csv", "date_column": "taken_at"}
        ),
        monitor_called("scored", ["amount"], predictions=["score"], current=predicted),
    ]
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.delenv("DRIFT_ASSETS_HOME", raising=False)
        (root / "temporary").mkdir()
        patch.setattr(tempfile, "tempdir", str(root / "temporary"))
        declared = {m.name: Declaration(m, root / "defs.yaml", 1, root) for m in monitors}
        runners = {name: Runner(one, instance) for name, one in declared.items()}
        made = Desk(root, instance, runners, declared)
        for name in declared:
            for day in BEFORE if name == "plain" else BEFORE[:1]:
                made.deliver(name, day)
                assert made.run(name, day).ending is Ending.COMPLETED
        made.kept = tuple(made.temporary.iterdir())
        yield made


def told(desk: Desk, outcome: Outcome, monitor: str) -> str:
    """Return all that people are told of a day that is no good news."""
    found = [outcome.error]
    if outcome.assessment is not None:
        found += [
            f"{one.feature}: {one.reason}"
            for one in outcome.assessment.features
            if one.verdict is not Verdict.OK
        ]
    of_day = f"monitor = '{monitor}' AND partition = '{outcome.partition}'"
    for question in (
        "SELECT check_name || ': ' || reason FROM data_check_history WHERE state <> 'passed' AND ",
        "SELECT quarantine FROM inputs WHERE quarantine IS NOT NULL AND ",
    ):
        found += [str(row[0]) for row in desk.history.query(question + of_day).rows]
    return "\n".join(found)


def is_slow(position: int, fault: Fault) -> bool:
    """Return whether only the long part makes it: what runs to its end, and each second."""
    return fault.slow or (position > 0 and (fault.verdict is not None or position % 2 == 1))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.name, marks=[pytest.mark.slow] if is_slow(n, fault) else [])
        for n, fault in enumerate(FAULTS)
    ],
)
def test_a_fault_is_told_harms_no_other_day_and_heals(desk: Desk, fault: Fault) -> None:
    monitor, day = fault.monitor, DAYS[fault.name]
    before = desk.of_others(monitor, day)
    try:
        with pytest.MonkeyPatch.context() as patch:
            earlier = desk.folder("plain", BEFORE[-1])
            scene = Scene(day, desk.folder(monitor, day), earlier, patch)
            fault.make(scene)
            said = what_comes_of_it(desk, fault, day)
        missing = [words for words in fault.says if words not in said]
        assert not missing, said
        assert desk.of_others(monitor, day) == before
        assert desk.unfinished() == []
        if fault.verdict is None:
            assert set(desk.rows_of(monitor, day).values()) == {0}
            assert bool(desk.reports(monitor, day)) == fault.reported

        desk.deliver(monitor, day)
        asked, said = desk.look(monitor)
        assert list(asked) == [day], said
        outcome = desk.run(monitor, day)
        assert outcome.ending is Ending.COMPLETED, told(desk, outcome, monitor)
        assert desk.reports(monitor, day) == [f"{day}.html", f"{day}.json"]
        assert desk.rows_of(monitor, day)["evaluations"] == 1
        assert desk.look(monitor)[0] == {}
        assert desk.of_others(monitor, day) == before
    except BaseException:
        # One that fails must not make the next one fail.
        desk.remove(monitor, day)
        raise


def what_comes_of_it(desk: Desk, fault: Fault, day: date) -> str:
    """Look as the sensor does, run what it asks for, and return all that is said of it."""
    asked, said = desk.look(fault.monitor)
    if fault.seen is not Seen.DUE:
        assert asked == {}
        return said
    assert list(asked) == [day], said
    outcome = desk.run(fault.monitor, day)
    said = told(desk, outcome, fault.monitor)
    verdict = outcome.assessment.verdict if outcome.assessment is not None else None
    assert verdict == fault.verdict, said
    if fault.says and verdict is None:
        assert "xpected " in outcome.error, said
    # The sensor tries the same data once, whatever came of it.
    assert desk.look(fault.monitor)[0] == {} or fault.again
    return said


AFTER = BEFORE[-1] + timedelta(days=1 + len(FAULTS))
"""The first of the days that no named fault has."""


def test_days_that_come_out_of_order_twice_and_in_parts_run_once_for_what_they_hold(
    desk: Desk,
) -> None:
    first, second = AFTER, AFTER + timedelta(days=1)
    desk.deliver("plain", second)
    assert list(desk.look("plain")[0]) == [second]
    assert desk.run("plain", second).ending is Ending.COMPLETED
    desk.deliver("plain", first)
    assert list(desk.look("plain")[0]) == [first]
    assert desk.run("plain", first).ending is Ending.COMPLETED
    # The same content once more, told apart by its time alone.
    path = desk.folder("plain", first) / "good.csv"
    os.utime(path, (1e9, 1e9))
    assert list(desk.look("plain")[0]) == [first]
    assert desk.run("plain", first).ending is Ending.COMPLETED
    # A second file of a day that was reported.
    part = desk.folder("plain", second) / "more.csv"
    shutil.copy2(path, part)
    assert list(desk.look("plain")[0]) == [second]
    outcome = desk.run("plain", second)
    assert outcome.assessment is not None
    assert outcome.assessment.n_current == 400
    assert desk.rows_of("plain", second)["evaluations"] == 1
    assert desk.look("plain")[0] == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("2026-02-30", "expected one such as"),
        ("latest", "expected one such as"),
        ("'; DROP TABLE evaluations; --", "expected one such as"),
        ("2026-01-02\n", "expected one such as"),
        ("1999-12-31", "before the first day"),
        ("2999-01-01", "after the last day"),
    ],
)
def test_a_day_that_does_not_exist_is_told_and_keeps_none_waiting(
    desk: Desk, name: str, reason: str
) -> None:
    folder = desk.root / "data" / "plain" / name
    try:
        Scene(FIRST, folder, folder, pytest.MonkeyPatch()).csv(good_rows(FIRST), "strange.csv")
        asked, said = desk.look("plain")
    finally:
        shutil.rmtree(folder)
    assert asked == {}
    assert reason in said


def test_a_week_without_a_sensor_and_a_cursor_that_is_no_json_lose_nothing(desk: Desk) -> None:
    week = [AFTER + timedelta(days=10 + n) for n in range(7)]
    try:
        for day in reversed(week):
            desk.deliver("plain", day)
        assert list(desk.look("plain", cursor="{")[0]) == week
        # A tick that died before its runs began is repeated.
        assert list(desk.look("plain")[0]) == week
    finally:
        for day in week:
            desk.remove("plain", day)


def test_a_run_that_is_killed_leaves_nothing_half_written_and_its_day_due(desk: Desk) -> None:
    day = AFTER + timedelta(days=20)
    desk.deliver("plain", day)
    before = desk.of_others("plain", day)
    process = os.fork()
    if process == 0:
        with pytest.MonkeyPatch.context() as patch:
            # As the history is about to be written.
            patch.setattr(History, "record", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
            desk.run("plain", day)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status)
    assert set(desk.rows_of("plain", day).values()) == {0}
    assert desk.of_others("plain", day) == before
    assert desk.unfinished() == []
    assert list(desk.look("plain")[0]) == [day]
    assert desk.run("plain", day).ending is Ending.COMPLETED


def test_a_history_that_another_process_holds_is_waited_for(desk: Desk) -> None:
    day = AFTER + timedelta(days=21)
    desk.deliver("plain", day)
    code = (
        "import sys, filelock\n"
        f"with filelock.FileLock({str(desk.history_path) + '.lock'!r}):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        timer = threading.Timer(2.0, process.stdin.close)
        timer.start()
        outcome = desk.run("plain", day)
        timer.join()
    assert outcome.ending is Ending.COMPLETED, outcome.error


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_frozen_baseline_that_is_damaged_stops_the_day_and_one_that_is_back_heals_it(
    desk: Desk, damage: str
) -> None:
    day = AFTER + timedelta(days=22 + (damage == "gone"))
    desk.deliver("careful", day)
    [frozen] = (desk.home / "baselines" / "careful").glob("*.npz")
    content = frozen.read_bytes()
    if damage == "cut":
        frozen.write_bytes(content[: len(content) // 2])
    else:
        frozen.unlink()
    try:
        outcome = desk.run("careful", day)
    finally:
        frozen.write_bytes(content)
    assert outcome.ending is Ending.FAILED
    assert "expected" in outcome.error
    assert "freeze the baseline again" in outcome.error
    assert set(desk.rows_of("careful", day).values()) == {0}
    assert desk.run("careful", day).ending is Ending.COMPLETED
