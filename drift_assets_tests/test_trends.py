"""Verdicts on series: what creeps, what stepped, what only wanders, and when it gets there."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.signal import lfilter
from scipy.stats import ks_2samp

from drift_assets.monitors import Trend
from drift_assets.stats.sampling_noise import BaselineBins, expected_psi
from drift_assets.trends import (
    Series,
    TrendResult,
    by_feature,
    judge_trends,
    leading,
    verdict_of,
)
from drift_assets.verdicts import Verdict
from drift_assets.watch import Thresholds

FIRST = date(2026, 1, 1)


def series(
    values: ArrayLike,
    *,
    feature: str = "income",
    statistic: str = "psi",
    days: Sequence[int] | None = None,
    noise: ArrayLike = 0.0,
) -> Series:
    """Return a series that begins on the first of January, a value a day unless ``days`` say."""
    found = np.asarray(values, dtype=float)
    at = np.arange(len(found)) if days is None else np.asarray(days)
    return Series(
        feature,
        "feature",
        statistic,
        at.astype(np.int64) + FIRST.toordinal(),
        found,
        np.broadcast_to(np.asarray(noise, dtype=float), found.shape).copy(),
    )


def judged(
    *all_of_it: Series, day: int | None = None, guards: bool = True, **settings: object
) -> tuple[TrendResult, ...]:
    """Return the results on a day, by default the last of the first series."""
    last = int(all_of_it[0].days[-1]) if day is None else FIRST.toordinal() + day
    return judge_trends(
        all_of_it,
        Trend.model_validate(settings),
        {one.feature: Thresholds() for one in all_of_it},
        partition=date.fromordinal(last),
        guards=guards,
    )


def noisy(values: ArrayLike, *, sd: float = 0.004, seed: int = 0) -> np.ndarray:
    """Return values with noise on each, such as a thousand rows a day make of PSI."""
    found = np.asarray(values, dtype=float)
    return found + np.random.default_rng(seed).normal(0, sd, len(found))


def test_fewer_than_eight_partitions_are_not_evaluated() -> None:
    (result,) = judged(series(np.linspace(0, 0.19, 7)))
    assert result.verdict is Verdict.NOT_EVALUATED
    assert result.reason == "7 partitions judged by this baseline within 90 days, 8 needed"
    (result,) = judged(series(np.linspace(0, 0.19, 8)))
    assert result.verdict is not Verdict.NOT_EVALUATED


def test_a_column_never_measured_is_not_evaluated() -> None:
    (result,) = judged(Series.empty("income", "feature", "psi"), day=30)
    assert (result.verdict, result.n_partitions) == (Verdict.NOT_EVALUATED, 0)


def test_a_ramp_breaches_before_the_threshold_is_reached_and_says_when() -> None:
    # 0.002 a day from 0.0 on: 0.1 after 50 days, 0.2 after 100.
    (result,) = judged(series(noisy(0.002 * np.arange(61))))
    assert result.verdict is Verdict.BREACH
    assert result.slope == pytest.approx(0.002, rel=0.05)
    assert result.reached_on is not None
    assert result.reached_earliest is not None
    assert result.reached_latest is not None
    crossing = FIRST + timedelta(days=100)
    assert result.reached_earliest <= crossing <= result.reached_latest
    assert abs((result.reached_on - crossing).days) <= 4
    assert f"0.2 is reached about {result.reached_on} (between " in result.reason


def test_missing_days_leave_the_slope_a_day_as_it_is() -> None:
    days = [day for day in range(61) if day % 7 not in {5, 6}]
    (result,) = judged(series(noisy(0.002 * np.array(days)), days=days))
    assert result.slope == pytest.approx(0.002, rel=0.05)
    assert result.verdict is Verdict.BREACH


def test_a_slow_rise_over_a_year_warns_long_before() -> None:
    # Reaches 0.2 after three years and more.
    (result,) = judged(series(noisy(0.06 * np.arange(366) / 365)))
    assert result.verdict is Verdict.WARN
    assert (result.window, result.reached_on) == (365, None)
    assert "not reached within a year" in result.reason


def test_a_significant_but_small_rise_is_ok() -> None:
    (result,) = judged(series(noisy(0.03 * np.arange(90) / 90)))
    assert result.verdict is Verdict.OK
    assert result.adjusted_p_value is not None
    assert result.adjusted_p_value < 0.01
    assert "in all, under 0.05" in result.reason


def test_noise_alone_is_ok() -> None:
    many = [series(noisy(np.zeros(90), sd=0.04, seed=n), feature=f"f{n}") for n in range(30)]
    assert {result.verdict for result in judged(*many)} == {Verdict.OK}


def test_a_wander_that_the_regression_takes_for_a_trend_is_ok() -> None:
    random = np.random.default_rng(21)
    robust = plain = 0
    for _ in range(60):
        values = 0.3 + 0.08 * lfilter([1], [1, -0.6], random.normal(size=90))[-60:]
        (result,) = judged(series(values), family_alpha=0.05)
        robust += result.verdict is not Verdict.OK
        assert result.regression_p_value is not None
        plain += result.regression_p_value < 0.05 and result.slope is not None and result.slope > 0
    assert robust <= 5 < plain


def test_a_step_is_dated_and_is_no_trend() -> None:
    # One category vanishes on a day: PSI is 0.01 before and 0.15 after.
    values = noisy(np.where(np.arange(80) < 50, 0.01, 0.15))
    (result,) = judged(series(values))
    assert result.verdict is Verdict.OK
    assert result.step is not None
    assert result.step.since == FIRST + timedelta(days=50)
    assert (result.step.before, result.step.after) == pytest.approx((0.01, 0.15), abs=0.003)
    assert result.reason.startswith(f"PSI stepped from {result.step.before:.4g}")
    assert result.n_partitions == 30


def test_a_step_stays_known_while_it_leaves_the_short_window() -> None:
    values = noisy(np.where(np.arange(240) < 120, 0.01, 0.36), sd=0.02)
    for day in range(150, 239, 8):
        (result,) = judged(series(values), day=day)
        assert (result.verdict, result.step is not None) == (Verdict.OK, True)


def test_days_just_after_a_step_say_how_many_are_needed() -> None:
    values = noisy(np.where(np.arange(41) < 36, 0.01, 0.15), seed=3)
    (result,) = judged(series(np.concatenate([values, [0.15, 0.151]])))
    assert result.verdict is Verdict.OK
    if result.step is not None:
        assert result.reason.endswith("8 needed for a trend")


def test_a_trend_after_a_step_is_found() -> None:
    days = np.arange(120)
    values = np.where(days < 40, 0.0, 0.02 + 0.0015 * (days - 40))
    (result,) = judged(series(noisy(values)))
    assert result.verdict is Verdict.BREACH
    assert result.slope == pytest.approx(0.0015, rel=0.3)


def test_falling_back_to_the_baseline_is_ok() -> None:
    (result,) = judged(series(noisy(np.linspace(0.19, 0.0, 80))))
    assert (result.verdict, result.reached_on) == (Verdict.OK, None)
    assert "back towards the baseline" in result.reason


@pytest.mark.parametrize("sign", [1, -1])
def test_a_share_can_creep_either_way(sign: int) -> None:
    values = sign * noisy(0.0003 * np.arange(60), sd=0.001)
    (result,) = judged(series(values, statistic="missing_rate"))
    assert result.verdict is Verdict.BREACH
    assert ("rises" if sign > 0 else "falls") in result.reason
    # 0.0003 a day: 0.02 after 67 days.
    assert result.reached_on is not None
    assert abs((result.reached_on - FIRST).days - 67) <= 4
    (back,) = judged(series(values[::-1], statistic="missing_rate"))
    assert back.verdict is Verdict.OK


def test_fewer_rows_a_day_are_no_trend() -> None:
    random = np.random.default_rng(8)
    rows = np.linspace(2000, 100, 90).astype(int)
    noise = expected_psi([1_000] * 10, 10_000, rows)
    values = noise * random.chisquare(9, 90) / 9
    (result,) = judged(series(values, noise=noise))
    assert result.verdict is Verdict.OK
    (raw,) = judged(series(values))
    assert result.p_value is not None
    assert raw.p_value is not None
    assert raw.p_value < 0.001
    assert result.p_value > 0.01


@pytest.mark.parametrize("shift", [0.0, 0.06])
@pytest.mark.parametrize("rows", [(100, 5_000), (5_000, 100)])
def test_a_number_of_rows_that_changes_makes_no_trend_of_ks_on_a_0_1_column(
    shift: float, rows: tuple[int, int]
) -> None:
    # D of a 0/1 column is the difference of two shares. Static drift, or none at all.
    random = np.random.default_rng(11)
    sizes = np.geomspace(*rows, 90).astype(int)
    noise = BaselineBins([5_000, 5_000], [True, True], 2).noise("ks", 10_000, sizes)
    told = 0
    for _ in range(20):
        before = random.binomial(10_000, 0.5) / 10_000
        values = np.abs(random.binomial(sizes, 0.5 + shift) / sizes - before)
        (result,) = judged(series(values, statistic="ks", noise=noise))
        told += result.verdict is not Verdict.OK
    assert told <= 1


def test_static_drift_seen_by_ever_more_rows_is_no_trend_of_ks() -> None:
    # A normal column that stands 0.2 standard deviations off; D by scipy.
    random = np.random.default_rng(12)
    before = random.normal(size=10_000)
    sizes = np.geomspace(100, 5_000, 90).astype(int)
    noise = BaselineBins([1_000] * 10, [False] * 10).noise("ks", 10_000, sizes)
    told = 0
    for _ in range(8):
        drawn = (random.normal(0.2, 1, n) for n in sizes)
        values = [ks_2samp(before, one, method="asymp").statistic for one in drawn]
        (result,) = judged(series(values, statistic="ks", noise=noise))
        told += result.verdict is not Verdict.OK
    assert told <= 1


def test_a_d_that_creeps_is_carried_to_its_threshold_on_the_scale_of_what_is_measured() -> None:
    # Without noise on the days, but with a chance level of 0.03: D of 0.05 is sqrt(0.05^2 -
    # 0.03^2) = 0.04 off. The line of what is off reaches sqrt(0.1^2 - 0.03^2) = 0.0954.
    off = 0.04 + 0.0005 * np.arange(60)
    values = np.sqrt(off**2 + 0.03**2)
    (result,) = judged(series(values, statistic="ks", noise=0.03))
    assert result.slope == pytest.approx(0.0005)
    assert result.level == pytest.approx(values[-1])
    crossing = FIRST + timedelta(days=int(np.ceil((np.sqrt(0.1**2 - 0.03**2) - 0.04) / 0.0005)))
    assert result.reached_on == crossing
    assert result.verdict is Verdict.BREACH


def test_the_plain_rule_says_nothing_of_other_statistics_than_psi() -> None:
    rise = 0.02 * np.arange(30) + np.tile([0.0, 0.001], 15)
    psi_result, rate = judged(series(rise), series(rise, statistic="missing_rate"), guards=False)
    assert (rate.verdict, rate.reason) == (
        Verdict.NOT_EVALUATED,
        "the plain rule judges PSI alone",
    )
    assert verdict_of([psi_result, rate]) is Verdict.BREACH
    assert verdict_of([rate]) is Verdict.NOT_EVALUATED
    (young,) = judged(series(rise[:3], statistic="ks"), guards=False)
    assert young.reason == "the plain rule judges PSI alone"


def test_the_documents_regression_stays_literal_on_what_was_measured() -> None:
    # 0.02 a partition on noise that is taken off for the robust test and not here.
    values = 0.02 * np.arange(10) + np.tile([0.0, 0.001], 5)
    days = list(range(0, 30, 3))
    (result,) = judged(series(values, days=days, noise=0.01), guards=False)
    assert result.verdict is Verdict.BREACH
    assert result.regression_slope == pytest.approx(0.02, rel=0.01)
    assert result.reason.startswith("regression slope 0.02")
    assert result.reason.endswith(" > 0.01 a partition, p < 0.001")
    (quiet,) = judged(series(0.009 * np.arange(10)), guards=False)
    assert (quiet.verdict, quiet.regression_rises) == (Verdict.OK, False)


def test_the_documents_regression_knows_no_steps() -> None:
    values = noisy(np.where(np.arange(80) < 40, 0.01, 1.2))
    (robust,) = judged(series(values))
    (plain,) = judged(series(values), guards=False)
    assert (robust.verdict, plain.verdict) == (Verdict.OK, Verdict.BREACH)
    assert plain.step == robust.step
    assert "the plain rule would say breach" in robust.reason


def test_later_days_are_not_looked_at() -> None:
    values = noisy(np.concatenate([np.zeros(60), np.linspace(0, 1, 60)]))
    (then,) = judged(series(values), day=59)
    (alone,) = judged(series(values[:60]))
    assert then == alone


def test_a_day_put_in_late_gives_the_same_series() -> None:
    whole = series([0.1, 0.2, 0.3, 0.4], noise=[0.01, 0.02, 0.03, 0.04])
    day = FIRST + timedelta(days=2)
    again = whole.without_day(day).with_day(day, 0.3, 0.03)
    assert again.days.tolist() == whole.days.tolist()
    assert again.values.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert again.noise.tolist() == [0.01, 0.02, 0.03, 0.04]
    replaced = whole.with_day(day, 0.9, 0.0)
    assert replaced.values.tolist() == [0.1, 0.2, 0.9, 0.4]


def test_many_columns_make_one_family() -> None:
    ramp = series(noisy(0.0012 * np.arange(25), sd=0.008), feature="ramp")
    alone = judged(ramp)[0]
    noise = [series(noisy(np.zeros(25), seed=n), feature=f"f{n}") for n in range(1, 100)]
    among = judged(ramp, *noise)[0]
    assert alone.p_value == among.p_value
    assert alone.adjusted_p_value is not None
    assert among.adjusted_p_value is not None
    assert among.adjusted_p_value > alone.adjusted_p_value


def test_the_gravest_statistic_speaks_for_a_column() -> None:
    quiet = series(noisy(np.zeros(60)))
    ramp = series(noisy(0.0003 * np.arange(60), sd=0.001), statistic="missing_rate")
    results = judged(quiet, ramp)
    assert list(by_feature(results)) == ["income"]
    assert verdict_of(results) is Verdict.BREACH
    assert leading(results).statistic == "missing_rate"
    young = judged(quiet, Series.empty("income", "feature", "missing_rate"))
    assert verdict_of(young) is Verdict.OK
