"""Trends of days in whatever order they come, and the checks that show them."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from drift_assets.assessment import assess
from drift_assets.learned import LearnedThreshold
from drift_assets.orchestration.day import Day, Workplace
from drift_assets.orchestration.trend import renew, reported_series, trend_check, trends_of
from drift_assets.sources import Place
from drift_assets.store import JudgedTrends
from drift_assets.trends import TrendResult, by_feature
from drift_assets.verdicts import Verdict
from drift_assets_tests.store.samples import DAY, baseline, day_of_data, monitor
from drift_assets_tests.taught import taught

N_DAYS = 16


def workplace(root: Path) -> Workplace:
    return Workplace(monitor(), Place(root=root, home=root / "home"))


def measured(number: int, *, run: str = "run", slope: float = 8.0) -> Day:
    """Return a day whose income has moved ``number`` times the slope."""
    frozen = baseline()
    noise = float(np.random.default_rng(number).normal(0, 5))
    current = day_of_data(frozen, shift=slope * number + noise)
    return Day(
        assess(monitor(), frozen, current),
        DAY + timedelta(days=number),
        str(number),
        (),
        f"{run} {number}",
        datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=number),
    )


def judged(place: Workplace, day: Day) -> JudgedTrends | None:
    return trends_of(place.monitor, day, reported_series(place.history, place.monitor, day))


def run(place: Workplace, day: Day) -> tuple[TrendResult, ...]:
    """Report a day and renew trends, as the assets do."""
    place.history.record(
        day.assessment,
        partition=day.partition,
        fingerprint=day.fingerprint,
        run_id=day.run_id,
        evaluated_at=day.evaluated_at,
        trends=judged(place, day),
    )
    return renew(place, day)


def kept(place: Workplace) -> dict[date, tuple[TrendResult, ...]]:
    days = [DAY + timedelta(days=number) for number in range(N_DAYS)]
    return {day: place.history.trends("loans", day) for day in days}


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    place = workplace(tmp_path_factory.mktemp("ordered"))
    for number in range(N_DAYS):
        run(place, measured(number))
    return place


def test_a_column_that_creeps_is_found_and_the_others_are_not(in_order: Workplace) -> None:
    found = by_feature(in_order.history.trends("loans", DAY + timedelta(days=N_DAYS - 1)))
    assert list(found) == ["income", "score", "state"]
    (psi,) = [r for r in found["income"] if r.statistic == "psi"]
    assert psi.n_partitions == N_DAYS
    assert psi.slope is not None
    assert psi.slope > 0
    assert {r.verdict for r in found["state"]} == {Verdict.OK}
    assert [r.statistic for r in found["score"]] == ["ks", "missing_rate", "positive_rate", "psi"]
    young = in_order.history.trends("loans", DAY + timedelta(days=3))
    assert {r.verdict for r in young} == {Verdict.NOT_EVALUATED}


def test_days_in_any_order_end_with_the_same_rows(in_order: Workplace, tmp_path: Path) -> None:
    place = workplace(tmp_path)
    numbers = list(range(N_DAYS))
    random.Random(5).shuffle(numbers)
    for number in numbers:
        run(place, measured(number))
    assert kept(place) == kept(in_order)


def judged_by_learned(number: int) -> Day:
    """Return a day judged by a threshold of its weekday, raised for its rows if they are few."""
    frozen, partition = baseline(), DAY + timedelta(days=number)
    psi = tuple(
        LearnedThreshold("psi", weekday, 0.1 * (1 + weekday), 0.1, 0.9, 5.0, 100)
        for weekday in range(7)
    )
    learned = taught(dict.fromkeys(frozen.columns, psi))
    current = day_of_data(frozen, shift=8.0 * number)
    day = measured(number)
    return replace(
        day, assessment=assess(monitor(), frozen, current, day=partition, learned=learned)
    )


def test_each_day_keeps_the_learned_threshold_of_its_own_weekday_in_any_order(
    tmp_path: Path,
) -> None:
    ordered, mixed = workplace(tmp_path / "ordered"), workplace(tmp_path / "mixed")
    numbers = list(range(8))
    for number in numbers:
        run(ordered, judged_by_learned(number))
    random.Random(6).shuffle(numbers)
    for number in numbers:
        run(mixed, judged_by_learned(number))
    assert kept(mixed) == kept(ordered)
    for number in numbers:
        day = DAY + timedelta(days=number)
        found = mixed.history.trends("loans", day)
        (psi,) = [r for r in found if (r.feature, r.statistic) == ("income", "psi")]
        assert psi.threshold == pytest.approx(0.1 * (1 + day.weekday()))


def test_a_day_reported_again_renews_the_days_after_it(in_order: Workplace, tmp_path: Path) -> None:
    place = workplace(tmp_path)
    for number in range(N_DAYS):
        run(place, measured(number, slope=40.0 if number == 4 else 8.0))
    assert kept(place) != kept(in_order)
    run(place, measured(4, run="again"))
    assert kept(place) == kept(in_order)


def test_a_run_that_read_before_another_reported_judges_again(
    in_order: Workplace, tmp_path: Path
) -> None:
    place = workplace(tmp_path)
    for number in range(N_DAYS - 2):
        run(place, measured(number))
    late, last = measured(N_DAYS - 2), measured(N_DAYS - 1)
    # Both read the history before either reported its day.
    read = {day.partition: judged(place, day) for day in (late, last)}
    for day in (late, last):
        place.history.record(
            day.assessment,
            partition=day.partition,
            fingerprint=day.fingerprint,
            run_id=day.run_id,
            evaluated_at=day.evaluated_at,
            trends=read[day.partition],
        )
    for day in (last, late):
        renew(place, day)
    assert kept(place) == kept(in_order)


def test_trends_can_be_switched_off(tmp_path: Path) -> None:
    off = monitor().model_copy(update={"trend": None})
    place = replace(workplace(tmp_path), monitor=off)
    assert judged(place, measured(0)) is None
    assert run(place, measured(0)) == ()


def result(**changes: object) -> TrendResult:
    values: dict[str, object] = {
        "feature": "income",
        "role": "feature",
        "statistic": "psi",
        "verdict": Verdict.BREACH,
        "reason": "PSI rises",
        "window": 90,
        "n_partitions": 40,
        "first_partition": DAY,
        "last_partition": DAY,
        "threshold": 0.2,
        "slope": 0.001,
        "reached_on": DAY,
    }
    return TrendResult(**values | changes)  # type: ignore[arg-type]  # by name


KEY = dg.AssetKey(["loans", "drift_trend"])


@pytest.mark.parametrize(
    ("verdict", "passed", "severity"),
    [
        (Verdict.OK, True, dg.AssetCheckSeverity.WARN),
        (Verdict.WARN, False, dg.AssetCheckSeverity.WARN),
        (Verdict.NOT_EVALUATED, False, dg.AssetCheckSeverity.WARN),
        (Verdict.BREACH, False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_only_a_breach_is_an_error_and_no_answer_is_no_pass(
    verdict: Verdict, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    check = trend_check(KEY, "income", [result(verdict=verdict)])
    assert (check.passed, check.severity) == (passed, severity)
    assert check.description == f"{verdict.value}: PSI rises"
    assert check.metadata["threshold reached about"].value == str(DAY)


def test_a_check_tells_of_a_second_statistic_that_is_not_ok() -> None:
    also = result(statistic="missing_rate", verdict=Verdict.WARN, reason="missing rate rises")
    check = trend_check(KEY, "income", [result(), also])
    assert check.description == ("breach: PSI rises; missing_rate: warn: missing rate rises")
    assert not trend_check(KEY, "income", []).passed
