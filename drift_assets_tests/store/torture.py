"""Many processes on one history, and processes that are killed: nothing may be lost or torn.

``python -m drift_assets_tests.store.torture`` does both, prints what it found, and leaves with
status 1 if anything was lost; ``--output FILE.json`` keeps every figure.

- crowd: 16 processes record 50 days each while 4 ask questions and one has the published copy
  open; with a copy wanted after every write, and without publishing.
- killings: 200 processes that write, migrate, publish or prune end by ``kill -9`` at a random
  moment; after each the history is opened, checked, and compared with what was confirmed.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final, Self

import duckdb

from drift_assets.assessment import Assessment
from drift_assets.store import History, migrations
from drift_assets.store.check import check_history, examine
from drift_assets.store.migrations import STEPS
from drift_assets.store.publish import published_path
from drift_assets_tests.store.samples import DAY, assessment

COLUMNS: Final = 3
N_PRUNED, N_KEPT = 6, 3
TORN: Final = """
    SELECT count(*) FROM (
        SELECT monitor, partition
        FROM feature_drift FULL JOIN evaluations USING (monitor, partition)
        GROUP BY ALL HAVING count(feature) <> 3
    )
"""


@dataclass
class Worker:
    """A process of ours, and what it says."""

    pid: int
    said: int

    @classmethod
    def start(cls, work: Callable[[Callable[[object], None]], None]) -> Self:
        """Return a process that does ``work``, which is given a function to say something."""
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid:
            os.close(theirs)
            return cls(pid, ours)
        status = 1
        try:
            os.close(ours)
            work(lambda what: _say(theirs, what))
            status = 0
        except BaseException:  # noqa: BLE001  # the process ends here
            _say(theirs, {"failed": traceback.format_exc()})
        finally:
            os._exit(status)

    def end(self, *, kill: bool = False) -> list[object]:
        """Return everything that it said; what was cut off by its death is not counted."""
        if kill:
            os.kill(self.pid, signal.SIGKILL)
        with os.fdopen(self.said, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        os.waitpid(self.pid, 0)
        return [json.loads(line) for line in lines]


def _say(pipe: int, what: object) -> None:
    os.write(pipe, f"{json.dumps(what)}\n".encode())


def failures(said: Sequence[object]) -> list[str]:
    """Return the errors among what was said."""
    return [str(one["failed"]) for one in said if isinstance(one, dict) and "failed" in one]


def figures(said: Sequence[object]) -> list[float]:
    """Return the numbers among what was said."""
    return [float(one) for one in said if isinstance(one, int | float)]


def asked_apart(question: Callable[[], object]) -> object:
    """Return an answer from a process of its own: this one opens no database, so it can fork."""
    said = Worker.start(lambda say: say(question())).end()
    if failures(said):
        raise RuntimeError(failures(said)[0])
    return said[0]


# --- A crowd ---


@dataclass
class Crowd:
    """What came of many processes at once; seconds, and everything that went wrong."""

    publishing: bool
    n_writes: int
    n_reads: int
    n_copies: int
    seconds: float
    longest_write: float
    median_write: float
    longest_read: float
    wrong: list[str]


def crowd(
    home: Path, *, publishing: bool, n_writers: int = 16, n_days: int = 50, n_readers: int = 4
) -> Crowd:
    """Return what came of writers and readers on a new history, one of them never letting go."""
    path = home / "history.duckdb"
    stop = home / "stop"
    history = History(path, publishes=False)
    asked_apart(lambda: _begin(history))

    def write(monitor: str) -> Callable[[Callable[[object], None]], None]:
        def work(say: Callable[[object], None]) -> None:
            found = assessment(monitor, shift=300.0)
            for day in range(n_days):
                began = time.monotonic()
                _record(history, found, day)
                say(time.monotonic() - began)
                if publishing:
                    history.publish_if_due()

        return work

    def read(say: Callable[[object], None]) -> None:
        copies = set()
        while not stop.exists():
            began = time.monotonic()
            if publishing:
                ((torn,),) = history.query(TORN).rows
                copies.add(published_path(path).stat().st_ino)
                assert torn == 0
            else:
                with history.session(read_only=True) as connection:
                    assert connection.execute(TORN).fetchall() == [(0,)]
            say(time.monotonic() - began)
            # Without it they only show what two processors bear.
            time.sleep(0.1)
        say({"copies": len(copies)})

    def hold(say: Callable[[object], None]) -> None:
        with history.copy() as connection:
            before = connection.execute("FROM evaluations").fetchall()
            say(0)
            while not stop.exists():
                time.sleep(0.1)
            assert connection.execute("FROM evaluations").fetchall() == before

    holder = Worker.start(hold)
    readers = [Worker.start(read) for _ in range(n_readers)]
    began = time.monotonic()
    writers = [Worker.start(write(f"monitor_{n}")) for n in range(n_writers)]
    written = [writer.end() for writer in writers]
    seconds = time.monotonic() - began
    stop.touch()
    found = [reader.end() for reader in readers]
    said = [*written, *found, holder.end()]
    wrong = [text for one in said for text in failures(one)]
    copies = max(w["copies"] for one in found for w in one if isinstance(w, dict) and "copies" in w)
    wrong += _compared(history, {f"monitor_{n}": n_days for n in range(n_writers)} | {"first": 1})
    writes = sorted(number for one in written for number in figures(one))
    reads = [number for one in found for number in figures(one)]
    return Crowd(
        publishing,
        len(writes),
        len(reads),
        int(copies),
        round(seconds, 2),
        round(writes[-1], 3),
        round(writes[len(writes) // 2], 3),
        round(max(reads, default=0.0), 3),
        wrong,
    )


def _begin(history: History) -> None:
    _record(history, assessment("first"), 0)
    history.publish()


def _timed(history: History) -> float:
    """Return how long it takes to begin, which is a write and a copy."""
    began = time.monotonic()
    _begin(history)
    return time.monotonic() - began


def _record(history: History, found: Assessment, day: int, *, fingerprint: str = "f") -> None:
    partition = DAY + timedelta(days=day)
    history.record(found, partition=partition, fingerprint=fingerprint, run_id="r")


def _compared(history: History, expected: Mapping[str, int]) -> list[str]:
    """Return what differs from the days that were recorded, in the history and in its copy."""

    def look() -> list[str]:
        wrong = []
        examined = check_history(history.path, wait_seconds=60.0)
        if not examined.healthy:
            wrong.append(examined.faults)
        history.publish()
        rows = history.query(
            "SELECT monitor, count(*), count(DISTINCT (partition, feature)) FROM feature_drift "
            "GROUP BY monitor"
        ).rows
        kept = {monitor: (n, distinct) for monitor, n, distinct in rows}
        wanted = {monitor: (n * COLUMNS, n * COLUMNS) for monitor, n in expected.items()}
        if kept != wanted:
            wrong.append(f"rows: found {kept}, expected {wanted}")
        return wrong

    found = asked_apart(look)
    assert isinstance(found, list)
    return found


# --- Killings ---


@dataclass
class Killings:
    """What came of processes that were killed; everything that went wrong."""

    n_killed: dict[str, int]
    n_in_the_middle: int
    n_days_confirmed: int
    n_days_kept_unconfirmed: int
    n_left_to_be_added: int
    seconds: float
    wrong: list[str]


def killings(home: Path, *, n_killed: int = 200, seed: int = 2026) -> Killings:
    """Return what came of ``n_killed`` processes that ended at a random moment."""
    generator = random.Random(seed)
    history = History(home / "history.duckdb", publishes=False)
    old = home / "old.duckdb"
    asked_apart(lambda: make_old(old))
    patience = asked_apart(lambda: _timed(history))
    assert isinstance(patience, float)
    total = Killings({}, 0, 0, 0, 0, 0.0, [])
    began = time.monotonic()
    for turn in range(n_killed):
        action = (_write, _migrate, _publish, _prune)[turn % 4]
        name = action.__name__.removeprefix("_")
        total.n_killed[name] = total.n_killed.get(name, 0) + 1
        target = History(home / f"migrated_{turn}.duckdb") if action is _migrate else history
        if action is _migrate:
            shutil.copy(old, target.path)
        worker = Worker.start(lambda say: action(target, f"m{turn}", say))  # noqa: B023  # it ends in this turn
        # The first line says that it is about to begin.
        first = os.read(worker.said, 1)
        while first != b"\n":
            first = os.read(worker.said, 1)
        # As long as a few writes take here, whatever else the machine has to do.
        time.sleep(generator.uniform(0.0, 3 * patience))
        said = worker.end(kill=True)
        total.wrong += failures(said)
        total.n_in_the_middle += not said or said[-1] != "done"
        log = target.path.with_name(f"{target.path.name}.wal")
        total.n_left_to_be_added += log.exists()
        days = [one for one in said if isinstance(one, int)]
        answer = asked_apart(lambda: _look(target, f"m{turn}", name))  # noqa: B023  # it ends in this turn
        assert isinstance(answer, dict)
        total.wrong += [f"turn {turn}, {name}: {text}" for text in answer["wrong"]]
        if name == "write":
            kept = set(answer["days"])
            total.n_days_confirmed += len(days)
            total.n_days_kept_unconfirmed += len(kept - set(days))
            if not set(days) <= kept or len(kept - set(days)) > 1:
                total.wrong.append(f"turn {turn}: confirmed {days}, kept {sorted(kept)}")
        if name == "migrate":
            for file in home.glob(f"migrated_{turn}.*"):
                file.unlink()
    total.seconds = round(time.monotonic() - began, 1)
    return total


def make_old(path: Path) -> None:
    """Make a history as the first version left it, with rows."""
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE schema_migrations (name VARCHAR, applied_at TIMESTAMPTZ)")
        connection.execute((files(migrations) / f"{STEPS[0]}.sql").read_text(encoding="utf-8"))
        connection.execute("INSERT INTO schema_migrations VALUES (?, now())", [STEPS[0]])
        connection.execute(
            "INSERT INTO inputs SELECT 'loans', DATE '2026-01-01' + i::INTEGER, 'a.csv', i, now() "
            "FROM range(2000) AS r(i)"
        )


def _write(history: History, monitor: str, say: Callable[[object], None]) -> None:
    found = assessment(monitor)
    say("begins")
    for day in range(1000):
        _record(history, found, day)
        say(day)


def _migrate(history: History, _: str, say: Callable[[object], None]) -> None:
    say("begins")
    with history.session():
        pass
    say("done")


def _publish(history: History, _: str, say: Callable[[object], None]) -> None:
    found = assessment("published")
    say("begins")
    for turn in range(1000):
        _record(history, found, 0, fingerprint=str(turn))
        history.publish()


def _prune(history: History, monitor: str, say: Callable[[object], None]) -> None:
    found = assessment(monitor)
    for day in range(N_PRUNED):
        _record(history, found, day)
    say("begins")
    history.prune(keep_days=N_KEPT)
    say("done")


def _look(history: History, monitor: str, action: str) -> dict[str, object]:
    """Return the days of a monitor after a killing, and what is not as it must be."""
    wrong = []
    if action == "migrate":
        found = (
            examine(history.path)
            if not history.path.with_name(f"{history.path.name}.wal").exists()
            else None
        )
        if found is not None and not found.healthy:
            wrong.append(found.faults)
        with history.session() as connection:
            if connection.execute("SELECT count(*), sum(n_bytes) FROM inputs").fetchall() != [
                (2000, 1999000)
            ]:
                wrong.append("rows were lost")
            names = connection.execute("SELECT name FROM schema_migrations").fetchall()
        if sorted(name for (name,) in names) != list(STEPS):
            wrong.append(f"steps: {names}")
        return {"wrong": wrong, "days": []}
    copy = published_path(history.path)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{copy}' AS copy (READ_ONLY)")
        connection.execute("USE copy")
        if connection.execute(TORN).fetchall() != [(0,)]:
            wrong.append("the published copy has half a day")
    examined = check_history(history.path, wait_seconds=60.0)
    if not examined.healthy:
        wrong.append(examined.faults)
    with history.session() as connection:
        if connection.execute(TORN).fetchall() != [(0,)]:
            wrong.append("there is half a day")
    days = sorted((day - DAY).days for day in history.reported(monitor))
    whole, pruned = list(range(N_PRUNED)), list(range(N_PRUNED - N_KEPT, N_PRUNED))
    if action == "prune" and days not in (whole, pruned):
        wrong.append(f"half of a pruning: {days}")
    return {"wrong": wrong, "days": days}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do both, print what was found, and return the exit status."""
    parser = argparse.ArgumentParser(prog="torture", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--killings", type=int, default=200)
    parser.add_argument("--output", type=Path, help="Keep every figure in this JSON file.")
    asked = parser.parse_args(arguments)
    found: list[Crowd | Killings] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, publishing in enumerate((False, True)):
            home = Path(folder) / str(number)
            home.mkdir()
            found.append(
                crowd(
                    home,
                    publishing=publishing,
                    n_writers=asked.writers,
                    n_days=asked.days,
                    n_readers=asked.readers,
                )
            )
        home = Path(folder) / "killings"
        home.mkdir()
        found.append(killings(home, n_killed=asked.killings))
    for one in found:
        print(type(one).__name__)  # noqa: T201  # a command
        for name, value in asdict(one).items():
            print(f"  {name:<24} {value}")  # noqa: T201  # a command
    if asked.output:
        content = json.dumps([{type(one).__name__: asdict(one)} for one in found], indent=2)
        asked.output.write_text(content, encoding="utf-8")
    return 1 if any(one.wrong for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
