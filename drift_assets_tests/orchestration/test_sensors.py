"""The file sensor, look by look: whatever the files do, each day runs once for what it holds."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.monitors import Monitor
from drift_assets.orchestration import due
from drift_assets.orchestration.day import Workplace
from drift_assets.orchestration.due import FINGERPRINT_TAG, MAX_REQUESTS
from drift_assets.orchestration.jobs import daily_job
from drift_assets.orchestration.sensors import arrival_sensor
from drift_assets.sources import Place
from drift_assets_tests.store.samples import assessment

TODAY = datetime.now(UTC).date()
FIRST = TODAY - timedelta(days=400)
DAY, NEXT = FIRST + timedelta(days=10), FIRST + timedelta(days=11)


@dataclass
class Desk:
    """A monitor whose runs are only written down, never computed."""

    workplace: Workplace
    instance: dg.DagsterInstance
    cursor: str | None = None
    n_runs: int = 0

    def drop(self, name: str, text: str = "a\n1\n", *, age: float = 60) -> Path:
        """Deliver a file as if it had been written ``age`` seconds ago."""
        path = self.workplace.place.root / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    def look(self) -> list[dg.RunRequest]:
        """Return what one tick of the sensor asks for."""
        sensor = arrival_sensor(self.workplace, daily_job(self.workplace.monitor))
        found = sensor(dg.build_sensor_context(self.instance, self.cursor))
        assert isinstance(found, dg.SensorResult)
        self.cursor = found.cursor
        return list(found.run_requests or ())

    def start(self, request: dg.RunRequest) -> str:
        """Start a run, as the daemon does; it never ends by itself."""
        self.n_runs += 1
        run_id = f"run-{self.n_runs}"
        tags = {**request.tags, "dagster/partition": str(request.partition_key)}
        self.instance.add_run(
            dg.DagsterRun(
                job_name="churn__daily",
                run_id=run_id,
                tags=tags,
                status=dg.DagsterRunStatus.STARTED,
            )
        )
        return run_id

    def finish(self, request: dg.RunRequest) -> None:
        """Have a day reported with the data that the request was made for."""
        self.workplace.history.record(
            assessment("churn"),
            partition=date.fromisoformat(str(request.partition_key)),
            fingerprint=request.tags[FINGERPRINT_TAG],
            run_id=f"done-{self.n_runs}",
        )

    def work(self) -> list[str]:
        """Look and run until nothing is asked for; return the days that ran, in order."""
        ran: list[str] = []
        while requests := self.look():
            assert len(requests) <= MAX_REQUESTS
            for request in requests:
                self.finish(request)
                ran.append(str(request.partition_key))
        return ran


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    monitor = Monitor.model_validate(
        {
            "name": "churn",
            "baseline": "baseline.csv",
            "current": "in/{partition}/*.csv",
            "features": ["a"],
            "partitions": {"start": FIRST},
        }
    )
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        yield Desk(Workplace(monitor, Place(tmp_path, tmp_path / "home")), instance)


def test_files_that_arrive_out_of_order_each_run_once(desk: Desk) -> None:
    desk.drop(f"{NEXT}/a.csv")
    assert desk.work() == [str(NEXT)]
    desk.drop(f"{DAY}/a.csv")
    assert desk.work() == [str(DAY)]
    assert desk.work() == []


def test_a_late_second_file_runs_its_day_again(desk: Desk) -> None:
    desk.drop(f"{DAY}/a.csv")
    assert desk.work() == [str(DAY)]
    desk.drop(f"{DAY}/b.csv")
    assert desk.work() == [str(DAY)]


def test_the_same_file_delivered_twice_runs_once_if_nothing_tells_it_apart(desk: Desk) -> None:
    path = desk.drop(f"{DAY}/a.csv")
    status = path.stat()
    assert desk.work() == [str(DAY)]
    desk.drop(f"{DAY}/a.csv")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert desk.work() == []
    desk.drop(f"{DAY}/a.csv", age=30)
    assert desk.work() == [str(DAY)]


def test_a_renamed_file_runs_the_day_again(desk: Desk) -> None:
    path = desk.drop(f"{DAY}/a.csv")
    assert desk.work() == [str(DAY)]
    path.rename(path.with_name("b.csv"))
    assert desk.work() == [str(DAY)]


def test_a_file_moved_to_another_day_runs_only_that_day(desk: Desk) -> None:
    path = desk.drop(f"{DAY}/a.csv")
    assert desk.work() == [str(DAY)]
    (path.parents[1] / str(NEXT)).mkdir()
    path.rename(path.parents[1] / str(NEXT) / "a.csv")
    # The report of the first day stands: its data are gone, not other.
    assert desk.work() == [str(NEXT)]


def test_a_deleted_file_runs_what_is_left_of_the_day_and_nothing_if_nothing_is(
    desk: Desk,
) -> None:
    paths = [desk.drop(f"{DAY}/{name}.csv") for name in "ab"]
    assert desk.work() == [str(DAY)]
    paths[0].unlink()
    assert desk.work() == [str(DAY)]
    paths[1].unlink()
    assert desk.work() == []


def test_a_file_that_grows_for_an_hour_runs_once_it_has_come_to_rest(desk: Desk) -> None:
    for n in range(1, 13):
        desk.drop(f"{DAY}/a.csv", "a\n" + "1\n" * n, age=0)
        assert desk.look() == []
    desk.drop(f"{DAY}/a.csv", "a\n" + "1\n" * 13, age=6)
    assert desk.work() == [str(DAY)]


def test_a_file_that_grows_by_bursts_runs_again_and_is_never_lost(desk: Desk) -> None:
    for n in range(1, 4):
        desk.drop(f"{DAY}/a.csv", "a\n" + "1\n" * n, age=100 - n)
        assert desk.work() == [str(DAY)]


def test_a_file_under_its_working_name_has_not_arrived(desk: Desk) -> None:
    path = desk.drop(f"{DAY}/a.csv.part")
    assert desk.work() == []
    path.rename(path.with_name("a.csv"))
    assert desk.work() == [str(DAY)]


def test_a_change_during_a_run_causes_one_more(desk: Desk) -> None:
    desk.drop(f"{DAY}/a.csv")
    [first] = desk.look()
    desk.start(first)
    assert desk.look() == []
    desk.drop(f"{DAY}/a.csv", "a\n2\n", age=30)
    [second] = desk.look()
    assert second.run_key != first.run_key
    desk.start(second)
    assert desk.look() == []


def test_a_cursor_that_is_reset_repeats_nothing(desk: Desk) -> None:
    desk.drop(f"{DAY}/a.csv")
    [request] = desk.look()
    desk.start(request)
    for cursor in (None, "", "{", "of an older version"):
        desk.cursor = cursor
        assert desk.look() == []
    desk.finish(request)
    desk.cursor = None
    assert desk.look() == []


def test_a_tick_that_died_before_its_runs_began_is_repeated_with_the_same_keys(
    desk: Desk,
) -> None:
    desk.drop(f"{DAY}/a.csv")
    # Dagster starts a key once: who asks twice gets one run.
    assert [r.run_key for r in desk.look()] == [r.run_key for r in desk.look()]


def test_a_sensor_that_was_off_for_a_week_catches_up(desk: Desk) -> None:
    desk.drop(f"{DAY}/a.csv")
    assert desk.work() == [str(DAY)]
    week = [DAY + timedelta(days=n) for n in range(1, 8)]
    for day in reversed(week):
        desk.drop(f"{day}/a.csv", age=7 * 86_400)
    assert desk.work() == list(map(str, week))


def test_a_year_at_once_comes_in_ticks_of_fifty_and_none_is_missed(desk: Desk) -> None:
    days = [FIRST + timedelta(days=n) for n in range(365)]
    for day in days:
        desk.drop(f"{day}/a.csv")
    ticks = []
    while requests := desk.look():
        ticks.append(len(requests))
        for request in requests:
            desk.start(request)
    assert ticks == [50] * 7 + [15]


def test_files_of_no_day_keep_no_other_waiting_and_the_cursor_stays_small(desk: Desk) -> None:
    for n in range(300):
        desk.drop(f"someday-{n}/a.csv")
    desk.drop(f"{DAY}/a.csv")
    assert desk.work() == [str(DAY)]
    assert desk.cursor is not None
    assert len(desk.cursor) < 5_000
    assert '"n_unknown": 300' in desk.cursor


def test_a_look_at_many_files_lists_each_folder_once_and_asks_dagster_little(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a look costs grows with the files, not with files times days or runs."""
    n_days, n_files = 200, 5
    for n in range(n_days):
        for name in range(n_files):
            desk.drop(f"{FIRST + timedelta(days=n)}/{name}.csv")
    counted = {"scandir": 0, "stat": 0, "questions": 0}
    scandir, stat, count = os.scandir, Path.stat, desk.instance.get_runs_count

    def counting_scandir(*args: object) -> object:
        counted["scandir"] += 1
        return scandir(*args)  # type: ignore[call-overload]  # as it comes

    def counting_stat(self: Path, **settings: bool) -> os.stat_result:
        counted["stat"] += 1
        return stat(self, **settings)

    def counting_questions(*args: object) -> int:
        counted["questions"] += 1
        return count(*args)  # type: ignore[arg-type]  # as it comes

    monkeypatch.setattr(os, "scandir", counting_scandir)
    monkeypatch.setattr(Path, "stat", counting_stat)
    monkeypatch.setattr(desk.instance, "get_runs_count", counting_questions)
    requests = due.requests_for(
        due.find_due(desk.workplace, now=datetime.now(UTC)),
        desk.workplace,
        desk.instance,
        job_name="churn__daily",
        retry_failed=False,
    )
    assert len(requests) == MAX_REQUESTS
    assert counted["scandir"] <= n_days + 10
    # Once for the fingerprint, once for the age.
    assert counted["stat"] <= 2 * n_days * n_files + 50
    assert counted["questions"] == 0
