"""What the history keeps is enough to judge every day again, and to be the past of a day."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from drift_assets.assessment import Assessment, assess
from drift_assets.learned import LearnedThresholds, Scores, learn
from drift_assets.monitors import Monitor
from drift_assets.simulation import Settings, Simulation, simulate
from drift_assets.store import History
from drift_assets.verdicts import Persistence, Verdict
from drift_assets_tests.store.samples import DAY, baseline, day_of_data
from drift_assets_tests.store.samples import monitor as loans
from drift_assets_tests.store.sixty_days import DAYS, frozen, monitor, profile_of_day, report

BREACH, WARN, OK = Verdict.BREACH, Verdict.WARN, Verdict.OK
SILENT = Verdict.NOT_EVALUATED


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, list[Assessment]]:
    """Sixty days as runs report them, and what was said of each."""
    history = History(tmp_path_factory.mktemp("home") / "history.duckdb", publishes=False)
    return history, [report(history, day) for day in range(len(DAYS))]


def replayed(history: History, settings: Settings, *, first: date | None = None) -> Simulation:
    days = history.kept_days("loans", first=first, settings=settings)
    return simulate(days, settings, first=first)


def said(simulation: Simulation) -> dict[tuple[date, str], tuple[Verdict, Verdict]]:
    return {
        (day.kept.partition, column.kept.name): (column.rule_verdict, column.verdict)
        for day in simulation.days
        for column in day.columns
    }


def judged_anew(watch: Monitor) -> dict[tuple[date, str], tuple[Verdict, Verdict]]:
    """Return what a monitor says of the sixty days themselves, its past kept at hand."""
    past: dict[str, list[Verdict]] = {}
    found = {}
    for number, day in enumerate(DAYS):
        assessment = assess(watch, frozen(), profile_of_day(number, frozen()), earlier=past)
        for f in assessment.features:
            found[day, f.feature] = (f.rule_verdict, f.verdict)
            if f.rule_verdict is not SILENT:
                past.setdefault(f.feature, []).insert(0, f.rule_verdict)
    return found


def test_the_settings_that_days_were_judged_by_say_what_was_said(
    reported: tuple[History, list[Assessment]],
) -> None:
    history, assessments = reported
    simulation = replayed(history, Settings())
    assert simulation.differences == []
    assert said(simulation) == {
        (day, f.feature): (f.rule_verdict, f.verdict)
        for day, assessment in zip(DAYS, assessments, strict=True)
        for f in assessment.features
    }
    assert [d.verdict for d in simulation.days] == [a.verdict for a in assessments]
    assert [d.dataset for d in simulation.days] == [a.dataset for a in assessments]
    # The days put the law to the test: every verdict, held back ones, and a simulated p-value.
    verdicts = set(said(simulation).values())
    assert verdicts >= {(OK, OK), (BREACH, BREACH), (BREACH, WARN), (SILENT, SILENT)}
    assert {f for a in assessments for r in a.features for f in r.family} > {"psi", "ks"}


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        (Settings(guards=False), {"guards": False}),
        (
            Settings(alert_after=Persistence(1, 1)),
            {"alert_after": "1 of 1"},
        ),
        (
            Settings(psi_breach=0.1, family_alpha=0.2, alert_after=Persistence(3, 4)),
            # No column keeps what it had for itself.
            {
                "features": ["steady", "ramp", "comb", "gaps", "weekly", "state", "absent"],
                "thresholds": {"psi_breach": 0.1, "family_alpha": 0.2},
                "alert_after": "3 of 4",
            },
        ),
        # JS decides alone where it had no need to when the days were reported.
        (
            Settings(psi_breach=9.0, js_breach=0.03),
            {
                "features": [
                    *("steady", {"column": "ramp", "importance": 3}, "comb"),
                    *({"column": "gaps", "alert_after": "1 of 1"}, "weekly", "state", "absent"),
                ],
                "thresholds": {"psi_breach": 9.0, "js_breach": 0.03},
            },
        ),
        (
            Settings(preset="conservative", js_breach=0.9),
            {"thresholds": {"preset": "conservative", "js_breach": 0.9}},
        ),
    ],
    ids=["plain", "at once", "numbers", "JS", "preset"],
)
def test_other_settings_say_what_a_monitor_of_those_settings_says_of_the_data(
    reported: tuple[History, list[Assessment]],
    settings: Settings,
    changes: Mapping[str, object],
) -> None:
    simulation = replayed(reported[0], settings)
    unknown = {(d.kept.partition, name) for d in simulation.days for name in d.not_known}
    expected = judged_anew(monitor(**changes))
    found = said(simulation)
    assert found.keys() == expected.keys()
    assert not unknown
    assert {k: v for k, v in found.items() if v != expected[k]} == {}


def taught(assessments: Sequence[Assessment]) -> LearnedThresholds:
    """Return what these days would teach if they were a baseline's, of which none repeats."""
    values = {
        (f.feature, statistic): [
            abs(found.value(statistic) or 0.0)
            for found in (a.feature(f.feature) for a in assessments)
        ]
        for f in assessments[-1].features
        for statistic in ("psi", "js_divergence", "ks", "total_variation", "missing_rate")
        if statistic in f.measurements
    }
    scores = [
        # More rows than any day has: all have noise of their own.
        Scores(name, statistic, np.array(found), 0.02, 100_000)
        for (name, statistic), found in values.items()
    ]
    return learn(scores, DAYS[: len(assessments)])


def test_another_rate_says_what_a_monitor_of_that_rate_says_of_the_data(
    tmp_path: Path, reported: tuple[History, list[Assessment]]
) -> None:
    # Before anything creeps.
    learned = taught(reported[1][:30])
    # The state has a number of its own, the score a preset, and every day is alone.
    watch = monitor(
        thresholds={"missing_rate_change": 0.3},
        predictions=[{"column": "score", "thresholds": "aggressive"}],
        alert_after="1 of 1",
    )
    history = History(tmp_path / "history.duckdb", publishes=False)
    days = [(day, profile_of_day(number, frozen())) for number, day in enumerate(DAYS)][25:]
    for day, current in days:
        history.record(
            assess(watch, frozen(), current, day=day, learned=learned),
            partition=day,
            fingerprint="f",
            run_id="r",
        )
    n_breaches = []
    for rate in (0.01, 0.1, 0.3):
        at = learned.at(rate)
        simulation = simulate(
            history.kept_days("loans", settings=Settings(false_alarms=rate)),
            Settings(false_alarms=rate),
            learned={frozen().id: learned},
        )
        assert said(simulation) == {
            (day, f.feature): (f.rule_verdict, f.verdict)
            for day, current in days
            for f in assess(watch, frozen(), current, day=day, learned=at).features
        }
        assert {name for of in simulation.standing.values() for name in of} == {"score"}
        n_breaches.append(
            sum(
                verdict is BREACH
                for (_, name), (_, verdict) in said(simulation).items()
                if name != "score"
            )
        )
    assert n_breaches == sorted(set(n_breaches))
    by_hand = history.query(
        "SELECT DISTINCT feature, thresholds_by_hand FROM drift_history "
        "WHERE feature IN ('state', 'comb') ORDER BY 1"
    ).rows
    assert by_hand == [
        ("comb", ["missing_rate_change"]),
        ("state", ["missing_rate_change", "psi_breach"]),
    ]


def test_a_baseline_from_before_js_counts_were_kept_gets_them_with_its_next_day(
    history: History,
) -> None:
    run(history, 0)
    with history.session() as connection:
        before = connection.table("baseline_profiles").order("feature").fetchall()
        connection.execute("UPDATE baseline_profiles SET baseline_js_counts = NULL")
        connection.execute("UPDATE feature_profiles SET current_js_counts = NULL")
    settings = Settings(psi_breach=9.0, js_breach=0.01)
    (old,) = history.kept_days("loans", settings=settings)
    assert {c.js_counts for c in old.columns} == {None}
    run(history, 1)
    with history.session() as connection:
        assert connection.table("baseline_profiles").order("feature").fetchall() == before
    old, new = history.kept_days("loans", settings=settings)
    assert {c.js_counts for c in old.columns} == {None}
    (income,) = [c.js_counts for c in new.columns if c.name == "income"]
    assert income is not None
    assert income[0].tolist() == baseline().columns["income"].js_counts.tolist()
    # Of 400 rows two are missing.
    assert income[1].sum() == 398


def test_days_from_before_novel_rows_had_a_threshold_keep_that_of_missing_ones(
    history: History,
) -> None:
    run(history, 0, shift=0.0)
    run(history, 1)
    asked = (
        "SELECT DISTINCT partition, threshold_missing_rate_change, threshold_novel_rate_change "
        "FROM drift_history ORDER BY 1"
    )
    long = (
        "SELECT threshold, threshold_on FROM drift_long "
        "WHERE statistic = 'novel_rate' AND feature = 'income'"
    )
    first, second = DAY, DAY + timedelta(days=1)
    assert history.query(asked).rows == [(first, 0.02, 0.1), (second, 0.02, 0.1)]
    assert history.query(long).rows == [(0.1, "change")]
    with history.session() as connection:
        connection.execute(
            "UPDATE feature_drift SET threshold_novel_rate_change = NULL, "
            "threshold_missing_rate_change = 0.3, thresholds_by_hand = ['missing_rate_change'] "
            "WHERE partition = ?",
            [second],
        )
    assert history.query(asked).rows == [(first, 0.02, 0.1), (second, 0.3, 0.3)]
    assert history.query(long).rows == [(0.3, "change")]
    days = history.kept_days("loans", settings=Settings())
    found = [{(c.thresholds.novel_rate_change, c.by_hand) for c in day.columns} for day in days]
    both = frozenset({"missing_rate_change", "novel_rate_change"})
    assert found == [
        {(0.1, frozenset({"ks_min_statistic", "novel_rate_change"}))},
        {(0.3, both)},
    ]
    kept = history.thresholds("loans", first=first, last=second)
    assert [{t.novel_rate_change for t in kept[day].values()} for day in (first, second)] == [
        {0.1},
        {0.3},
    ]


def test_a_stretch_looks_back_beyond_its_first_day(
    reported: tuple[History, list[Assessment]],
) -> None:
    history, _ = reported
    whole = said(replayed(history, Settings()))
    for first in (DAYS[21], DAYS[31], DAYS[44]):
        assert said(replayed(history, Settings(), first=first)) == {
            key: value for key, value in whole.items() if key[0] >= first
        }


def test_a_column_that_was_silent_for_days_is_looked_back_for(
    reported: tuple[History, list[Assessment]],
) -> None:
    # `absent` is only there on the last five of every ten days.
    found = reported[0].earlier_verdicts("loans", DAYS[15], baseline_id=frozen().id, days=7)
    assert len(found["absent"]) == 5
    assert len(found["steady"]) == 7
    lead = reported[0].kept_days(
        "loans", first=DAYS[15], settings=Settings(alert_after=Persistence(2, 3))
    )
    assert lead[0].partition == DAYS[8]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.duckdb", publishes=False)


LASTING = loans().model_copy(
    update={
        "alert_after": Monitor.model_validate(
            {
                "name": "x",
                "baseline": "b.csv",
                "current": "{partition}.csv",
                "alert_after": "2 of 2",
                "partitions": {"start": "2026-01-01"},
            }
        ).alert_after
    }
)


def run(history: History, number: int, *, shift: float = 300.0, n: int = 1000) -> Verdict:
    """Judge a shifted day as a run does, keep it, and return what is said of the column."""
    ruler = baseline(n=n)
    day = DAY + timedelta(days=number)
    assessment = assess(
        LASTING,
        ruler,
        day_of_data(ruler, shift=shift),
        earlier=history.earlier_verdicts("loans", day, baseline_id=ruler.id, days=1),
    )
    history.record(assessment, partition=day, fingerprint="f", run_id="r")
    return assessment.feature("income").verdict


def test_a_breach_warns_first_and_counts_when_it_has_lasted(history: History) -> None:
    assert [run(history, 0), run(history, 1), run(history, 2)] == [WARN, BREACH, BREACH]
    assert run(history, 3, shift=0.0) is OK
    assert run(history, 4) is WARN


def test_a_repeated_day_does_not_count_itself(history: History) -> None:
    assert [run(history, 0), run(history, 0), run(history, 0)] == [WARN] * 3


def test_a_day_filled_in_later_changes_later_days_only_when_they_run_again(
    history: History,
) -> None:
    assert run(history, 1) is WARN
    assert run(history, 0) is WARN
    found = replayed(history, Settings())
    assert [d.kept.verdict for d in found.days] == [WARN, WARN]
    # The replay has what the run could not have: the day before.
    assert [d.verdict for d in found.days] == [WARN, BREACH]
    assert [(day, name) for day, name, *_ in found.differences] == [
        (DAY + timedelta(days=1), "income")
    ]
    assert run(history, 1) is BREACH


def test_a_new_baseline_starts_the_count_anew(history: History) -> None:
    assert [run(history, 0), run(history, 1), run(history, 2, n=1200)] == [WARN, BREACH, WARN]
    assert run(history, 3, n=1200) is BREACH
    assert replayed(history, Settings()).differences == []


def test_a_day_of_which_only_single_columns_were_run_is_nobodys_past(history: History) -> None:
    ruler = baseline()
    single = assess(
        LASTING, ruler, day_of_data(ruler, shift=300.0), only=["income"], other_p_values=[]
    )
    history.record_subset(single, partition=DAY, fingerprint="f", run_id="r")
    assert (
        history.earlier_verdicts("loans", DAY + timedelta(days=1), baseline_id=ruler.id, days=5)
        == {}
    )
    assert history.kept_days("loans", settings=Settings()) == []
    assert run(history, 1) is WARN


def test_counts_are_those_that_were_compared(history: History) -> None:
    run(history, 0)
    (day,) = history.kept_days("loans", settings=Settings())
    counts = {c.name: c.counts for c in day.columns}
    assert counts["income"] is not None
    before, now = counts["income"]
    # Deciles of a thousand rows; of the 398 values of the day the lowest deciles have none.
    assert before.tolist() == [100] * 10
    assert now.sum() == 398
    # Where PSI is under its threshold nobody asks.
    assert counts["state"] is None
    with history.session() as connection:
        connection.execute(
            "UPDATE feature_profiles SET comparison_counts = list_transform(current_counts, x -> 7)"
        )
    (day,) = history.kept_days("loans", settings=Settings())
    counts = {c.name: c.counts for c in day.columns}
    assert counts["income"] is not None
    assert counts["income"][0].tolist() == [7] * 10


def test_without_a_history_there_is_no_past(history: History) -> None:
    assert history.earlier_verdicts("loans", DAY, baseline_id="x", days=3) == {}
    assert history.kept_days("loans", settings=Settings()) == []


def test_days_come_in_order_and_within_their_bounds(
    reported: tuple[History, list[Assessment]],
) -> None:
    days = reported[0].kept_days(
        "loans", first=DAYS[10], last=DAYS[20], settings=Settings(alert_after=Persistence(1, 1))
    )
    assert [d.partition for d in days] == list(DAYS[10:21])
    assert all(a.partition < b.partition for a, b in pairwise(days))
