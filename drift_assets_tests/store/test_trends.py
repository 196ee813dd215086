"""Series out of the history, and trends into it: by baseline, by day, and never half."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstwobign

from drift_assets.assessment import Assessment, assess
from drift_assets.profiles import Baseline
from drift_assets.stats.sampling_noise import expected_psi
from drift_assets.store import History, JudgedTrends
from drift_assets.trends import Series, Step, TrendResult
from drift_assets.verdicts import Verdict
from drift_assets_tests.store.samples import DAY, NOON, baseline, day_of_data, monitor

STATISTICS = ("psi", "ks", "missing_rate", "positive_rate")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.duckdb")


def report(
    history: History,
    number: int,
    *,
    frozen: Baseline | None = None,
    shift: float = 0.0,
    absent: str | None = None,
    at: datetime = NOON,
    trends: JudgedTrends | None = None,
) -> Assessment:
    """Record a day, ``number`` days after the first, and return what was recorded."""
    by = frozen or baseline()
    assessment = assess(monitor(), by, day_of_data(by, shift=shift, absent=absent))
    history.record(
        assessment,
        partition=DAY + timedelta(days=number),
        fingerprint=str(number),
        run_id=f"run {number}",
        evaluated_at=at,
        trends=trends,
    )
    return assessment


def series_of(history: History, baseline_id: str, days: int = 9) -> dict[tuple[str, str], Series]:
    found, _ = history.series(
        "loans",
        baseline_id=baseline_id,
        first=DAY,
        last=DAY + timedelta(days=days),
        statistics=STATISTICS,
    )
    return {(one.feature, one.statistic): one for one in found}


def result(feature: str = "income", **changes: object) -> TrendResult:
    """Return a result with every field set, so that none is lost on the way."""
    values: dict[str, object] = {
        "feature": feature,
        "role": "feature",
        "statistic": "psi",
        "verdict": Verdict.BREACH,
        "reason": "rises",
        "window": 90,
        "n_partitions": 40,
        "first_partition": DAY - timedelta(days=50),
        "last_partition": DAY,
        "threshold": 0.2,
        "level": 0.12,
        "slope": 0.002,
        "slope_low": 0.001,
        "slope_high": 0.003,
        "rise": 0.1,
        "p_value": 1e-6,
        "adjusted_p_value": 1e-5,
        "autocorrelation": 0.2,
        "reached_on": DAY + timedelta(days=40),
        "reached_earliest": DAY + timedelta(days=27),
        "reached_latest": None,
        "step": Step(DAY - timedelta(days=60), 0.01, 0.05, 0.001),
        "regression_slope": 0.0021,
        "regression_p_value": 1e-9,
        "regression_rises": False,
    }
    return TrendResult(**values | changes)  # type: ignore[arg-type]  # by name


def test_a_series_is_what_was_measured_on_the_reported_days(history: History) -> None:
    days = [report(history, number, shift=20.0 * number) for number in (0, 1, 3)]
    found = series_of(history, days[0].baseline_id)
    psi = found["income", "psi"]
    assert [date.fromordinal(int(day)) for day in psi.days] == [
        DAY + timedelta(days=number) for number in (0, 1, 3)
    ]
    assert psi.values.tolist() == [a.feature("income").value("psi") for a in days]
    # The day's unseen category has no row in the baseline: its bin makes no noise.
    measured = days[0].feature("state")
    used = [b.n_baseline for b in measured.bins if b.n_baseline]
    assert len(used) < len(measured.bins)
    assert found["state", "psi"].noise[0] == pytest.approx(expected_psi(used, 1000, 400)[0])
    assert found["income", "ks"].noise[0] == pytest.approx(
        kstwobign.median() * np.sqrt(1 / 1000 + 1 / 398), rel=0.05
    )
    assert ("state", "ks") not in found
    assert ("income", "positive_rate") not in found
    assert found["score", "positive_rate"].role == "prediction"


def test_days_not_evaluated_and_of_another_baseline_are_left_out(history: History) -> None:
    other = baseline(n=1200)
    first = report(history, 0, absent="income")
    report(history, 1)
    second = report(history, 2, frozen=other)
    assert len(series_of(history, first.baseline_id)["income", "psi"].days) == 1
    assert len(series_of(history, first.baseline_id)["state", "psi"].days) == 2
    assert len(series_of(history, second.baseline_id)["state", "psi"].days) == 1


def test_a_column_run_alone_on_a_day_without_a_report_is_no_part_of_it(history: History) -> None:
    assessment = report(history, 0)
    history.record_subset(
        assessment, partition=DAY + timedelta(days=1), fingerprint="f", run_id="r"
    )
    assert len(series_of(history, assessment.baseline_id)["income", "psi"].days) == 1


def test_trends_come_back_as_they_were(history: History) -> None:
    assessment = report(history, 0)
    _, seen = history.series(
        "loans",
        baseline_id=assessment.baseline_id,
        first=DAY,
        last=DAY,
        statistics=STATISTICS,
    )
    young = TrendResult(
        "state", "feature", "psi", Verdict.NOT_EVALUATED, "1 partition", 90, 1, DAY, DAY, 0.2
    )
    written = (result(), young)
    assert history.record_trends("loans", JudgedTrends({DAY: written}, seen), run_id="run 0")
    assert history.trends("loans", DAY) == written
    assert history.trends("loans", DAY, run_id="another") == ()
    assert history.last_trend("loans") == DAY
    rows = history.query("SELECT feature, verdict, step_on, run_id FROM trend_latest ORDER BY 1")
    assert rows.rows == [
        ("income", "breach", DAY - timedelta(days=60), "run 0"),
        ("state", "not_evaluated", None, "run 0"),
    ]


def test_a_day_and_its_trends_are_recorded_together(history: History) -> None:
    identity = report(history, 0).baseline_id
    _, seen = history.series(
        "loans",
        baseline_id=identity,
        first=DAY,
        last=DAY + timedelta(days=1),
        statistics=STATISTICS,
        apart=DAY + timedelta(days=1),
    )
    judged = JudgedTrends({DAY + timedelta(days=1): (result(),)}, seen)
    report(history, 1, trends=judged)
    assert history.trends("loans", DAY + timedelta(days=1), run_id="run 1") == (result(),)
    # Reported again without: nothing old is left beside the new day.
    report(history, 1, trends=JudgedTrends({DAY + timedelta(days=1): ()}, seen))
    assert history.trends("loans", DAY + timedelta(days=1)) == ()


def test_trends_are_not_written_when_another_day_was_reported_meanwhile(history: History) -> None:
    identity = report(history, 0).baseline_id
    day = DAY + timedelta(days=1)
    _, seen = history.series(
        "loans", baseline_id=identity, first=DAY, last=day, statistics=STATISTICS, apart=day
    )
    later = datetime(2026, 11, 24, tzinfo=UTC)
    report(history, 0, at=later)
    report(history, 1, trends=JudgedTrends({day: (result(),)}, seen))
    assert history.trends("loans", day) == ()
    assert not history.record_trends("loans", JudgedTrends({day: (result(),)}, seen), run_id="r")


def test_who_was_told_of_is_known_for_a_while(history: History) -> None:
    identity = report(history, 0).baseline_id
    _, seen = history.series(
        "loans", baseline_id=identity, first=DAY, last=DAY, statistics=STATISTICS
    )
    quiet = result("state", verdict=Verdict.WARN)
    history.record_trends("loans", JudgedTrends({DAY: (result(), quiet)}, seen), run_id="r")
    later = DAY + timedelta(days=20)
    assert history.recent_trends("loans", first=DAY, before=later) == {"income"}
    assert history.recent_trends("loans", first=DAY + timedelta(days=1), before=later) == set()
    assert history.recent_trends("loans", first=DAY, before=DAY) == set()


def test_without_a_history_there_is_nothing(history: History) -> None:
    assert history.trends("loans", DAY) == ()
    assert history.last_trend("loans") is None
    assert history.recent_trends("loans", first=DAY, before=DAY) == set()
    found, seen = history.series(
        "loans", baseline_id="b", first=DAY, last=DAY, statistics=STATISTICS
    )
    assert (found, seen.n) == ((), 0)
