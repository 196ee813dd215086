"""Simulation: small days judged again, worked by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from drift_assets.cli.simulate import PRESET_NAMES
from drift_assets.errors import ConfigurationError
from drift_assets.learned import LearnedThreshold, Scale
from drift_assets.simulation import (
    KeptColumn,
    KeptDay,
    ReplayedDay,
    Rule,
    Settings,
    Spell,
    simulate,
)
from drift_assets.stats import Measurement
from drift_assets.stats.jensen_shannon import js_divergence
from drift_assets.stats.permutation import permutation_p_value
from drift_assets.stats.psi import psi, psi_terms
from drift_assets.verdicts import Case, Persistence, Verdict, guarded_rule
from drift_assets.watch import PRESETS, THRESHOLD_FIELDS, Thresholds
from drift_assets_tests.taught import taught

OK, WARN, BREACH, SILENT = Verdict.OK, Verdict.WARN, Verdict.BREACH, Verdict.NOT_EVALUATED
FIRST = date(2026, 1, 1)
# Values and p-values of a column far away, and of one where nothing moved.
FAR: Mapping[str, tuple[float, float | None]] = {
    "psi": (0.4, None),
    "ks": (0.3, 1e-9),
    "missing_rate": (0.0, 1.0),
}
NEAR: Mapping[str, tuple[float, float | None]] = {
    "psi": (0.01, None),
    "ks": (0.02, 0.9),
    "missing_rate": (0.0, 1.0),
}


def column(  # noqa: PLR0913  # all by keyword, each with a default
    figures: Mapping[str, tuple[float, float | None]] = NEAR,
    *,
    name: str = "x",
    verdict: Verdict = OK,
    importance: float = 1.0,
    thresholds: Thresholds = PRESETS["balanced"],
    alert_after: Persistence = Persistence(),  # noqa: B008  # it is frozen
    counts: tuple[list[int], list[int]] | None = None,
    js_counts: tuple[list[int], list[int]] | None = None,
    by_hand: frozenset[str] = frozenset(),
    family: Mapping[str, float] | None = None,
    baseline_id: str = "b",
) -> KeptColumn:
    return KeptColumn(
        name=name,
        role="feature",
        baseline_id=baseline_id,
        verdict=verdict,
        rule_verdict=verdict,
        importance=importance,
        alert_after=alert_after,
        thresholds=thresholds,
        measurements={s: Measurement(s, v, p, 1_000, 500) for s, (v, p) in figures.items()},
        family=family or {},
        by_hand=by_hand,
        counts=None if counts is None else (np.array(counts[0]), np.array(counts[1])),
        js_counts=None if js_counts is None else (np.array(js_counts[0]), np.array(js_counts[1])),
    )


def days(*columns: KeptColumn | list[KeptColumn], rule: Rule = "guarded") -> list[KeptDay]:
    """Return a day for each argument, in order."""
    return [
        KeptDay(
            partition=FIRST + timedelta(days=number),
            rule=rule,
            family_alpha=0.02 if rule == "guarded" else None,
            verdict=OK,
            dataset_verdict=OK,
            drift_share_threshold=0.5,
            columns=tuple(one if isinstance(one, list) else [one]),
        )
        for number, one in enumerate(columns)
    ]


def only(day: ReplayedDay) -> Verdict:
    (one,) = day.columns
    return one.verdict


def test_a_threshold_that_is_given_replaces_that_of_every_column() -> None:
    own = column(FAR, thresholds=Thresholds(psi_breach=0.9, ks_min_statistic=0.9))
    kept = days(own)
    assert only(simulate(kept, Settings()).days[0]) is WARN
    assert only(simulate(kept, Settings(psi_breach=0.4)).days[0]) is BREACH
    assert only(simulate(kept, Settings(preset="balanced")).days[0]) is BREACH


def test_the_presets_of_the_command_are_those_that_there_are() -> None:
    assert set(PRESET_NAMES) == set(PRESETS)


def test_guards_can_be_switched_on_and_off() -> None:
    # KS says 0.03, which the plain rule takes and 0.02 does not; D is small.
    slight = column({**NEAR, "ks": (0.05, 0.03)})
    assert only(simulate(days(slight), Settings(guards=False)).days[0]) is BREACH
    assert only(simulate(days(slight, rule="plain"), Settings()).days[0]) is BREACH
    assert only(simulate(days(slight, rule="plain"), Settings(guards=True)).days[0]) is OK


def test_the_level_of_a_plain_day_is_the_one_most_columns_had() -> None:
    loose = Thresholds(family_alpha=0.3)
    both = [
        column({**FAR, "ks": (0.3, 0.1)}, thresholds=loose),
        column(name="y", thresholds=loose),
        column(name="z"),
    ]
    # Of six tests that of x is the smallest: 6 x 0.1 > 0.3, and PSI is not known.
    (day,) = days(both, rule="plain")
    assert Settings().level(day) == 0.3
    assert Settings(preset="conservative").level(day) == 0.005
    assert Settings(preset="conservative", family_alpha=0.01).level(day) == 0.01


def test_learned_thresholds_stand_unless_a_rule_is_asked_for() -> None:
    kept = days(column(FAR), column(NEAR, verdict=BREACH), rule="learned")
    stands = simulate(kept, Settings(psi_breach=0.1))
    assert [only(day) for day in stands.days] == [OK, BREACH]
    assert stands.n_learned == 2
    judged = simulate(kept, Settings(guards=True))
    assert [only(day) for day in judged.days] == [BREACH, OK]
    assert judged.n_learned == 0


# In units of 0.0001: of further days 0.01 have a D beyond 0.0198, 0.05 beyond 0.0190, 0.2 beyond
# 0.0160.
TAUGHT = taught(
    {
        "x": tuple(
            LearnedThreshold(name, None, 0.0198, 0.0198, 0.0198, 2.0, 400, Scale(0.0, 1e-4, 0.0))
            for name in ("ks", "missing_rate")
        )
    }
)
BETWEEN: Mapping[str, tuple[float, float | None]] = {
    "psi": (0.9, None),
    "ks": (0.0195, None),
    "missing_rate": (0.0, 1.0),
}


def test_learned_thresholds_are_moved_to_the_rate_that_is_asked_for() -> None:
    kept = days(column(BETWEEN), column({**BETWEEN, "ks": (0.0185, None)}), rule="learned")

    def at(rate: float) -> list[Verdict]:
        found = simulate(kept, Settings(false_alarms=rate), learned={"b": TAUGHT})
        assert found.standing == {}
        return [only(day) for day in found.days]

    # The PSI of 0.9 has no learned threshold, and judges nothing.
    assert at(0.01) == [OK, OK]
    assert at(0.05) == [BREACH, OK]
    assert at(0.2) == [BREACH, BREACH]


def test_what_is_set_by_hand_stays_at_another_rate() -> None:
    loose = Thresholds(psi_breach=1.0, ks_min_statistic=0.03)
    by_hand = frozenset({"ks_min_statistic"})
    rate = Settings(false_alarms=0.05)
    kept = days(column(BETWEEN, thresholds=loose, by_hand=by_hand), rule="learned")
    assert only(simulate(kept, rate, learned={"b": TAUGHT}).days[0]) is OK
    number = Settings(false_alarms=0.05, psi_breach=0.8)
    assert only(simulate(kept, number, learned={"b": TAUGHT}).days[0]) is BREACH


def test_a_small_day_has_its_noise_at_another_rate_too() -> None:
    # At 500 rows the threshold holds; at 100 rows it grows by
    # 2 * (sqrt(1/1000 + 1/100) - sqrt(1/1000 + 1/400)) = 0.0915.
    small = replace(column(BETWEEN), measurements={"ks": Measurement("ks", 0.1, None, 1_000, 100)})
    far = replace(small, measurements={"ks": Measurement("ks", 0.12, None, 1_000, 100)})
    found = simulate(
        days(small, far, rule="learned"), Settings(false_alarms=0.05), learned={"b": TAUGHT}
    )
    assert [only(day) for day in found.days] == [OK, BREACH]


def test_where_another_rate_says_nothing_it_is_said_why() -> None:
    every = frozenset(THRESHOLD_FIELDS)
    kept = days(
        [
            column(FAR, verdict=BREACH, baseline_id="gone"),
            column(FAR, name="y", verdict=BREACH),
            column(FAR, name="z", verdict=WARN, by_hand=every),
            column({}, name="silent", verdict=SILENT),
        ],
        rule="learned",
    )
    old = replace(TAUGHT, largest=())
    rate = Settings(false_alarms=0.05)
    for learned in ({"b": TAUGHT}, {"b": TAUGHT, "gone": old}):
        found = simulate(kept, rate, learned=learned)
        assert [c.verdict for c in found.days[0].columns] == [BREACH, BREACH, WARN, SILENT]
        assert found.standing == {
            "what the days of baseline gone teach for other rates is not kept": {"x": 1},
            "nothing could be learned of its values": {"y": 1},
            "it has a preset of its own": {"z": 1},
        }


def test_days_of_another_rule_are_left_to_it() -> None:
    found = simulate(days(column(FAR)), Settings(false_alarms=0.05), learned={"b": TAUGHT})
    assert only(found.days[0]) is BREACH
    assert found.standing == {"not judged by learned thresholds": {"x": 1}}


@pytest.mark.parametrize("other", [{"guards": True}, {"guards": False}, {"preset": "balanced"}])
def test_learned_and_fixed_thresholds_cannot_be_asked_for_at_once(other: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"false_alarms 0\.05 beside (guards|preset)"):
        Settings(false_alarms=0.05, **other)


def test_persistence_counts_evaluated_days_of_one_baseline() -> None:
    silent = column({}, verdict=SILENT)
    kept = days(
        column(FAR),
        silent,
        column(FAR),
        column(NEAR),
        column(FAR, baseline_id="c"),
        column(FAR, baseline_id="c"),
    )
    found = simulate(kept, Settings(alert_after=Persistence(2, 2)))
    assert [only(day) for day in found.days] == [WARN, SILENT, BREACH, OK, WARN, BREACH]
    late = simulate(kept, Settings(alert_after=Persistence(2, 2)), first=FIRST + timedelta(days=2))
    assert [only(day) for day in late.days] == [BREACH, OK, WARN, BREACH]


def test_a_psi_that_must_decide_alone_is_simulated_from_the_counts() -> None:
    before, after = [250, 250, 250, 250], [180, 70, 180, 70]
    value = psi(before, after)
    alone = column({**NEAR, "psi": (value, None)}, counts=(before, after))
    exact = permutation_p_value(psi_terms, np.array(before), np.array(after), smallest=0.02 / 3)
    assert exact * 3 < 0.02
    assert only(simulate(days(alone), Settings(psi_breach=value)).days[0]) is BREACH
    assert only(simulate(days(alone), Settings(psi_breach=value + 0.01)).days[0]) is OK


@pytest.mark.parametrize("seed", range(12))
def test_a_simulation_that_spares_draws_says_what_all_draws_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    found = []
    for number in range(8):
        # Some columns did not move, some a little, one surely; KS confirms hardly any.
        shares = np.full(10, 0.1) + random.choice([0.0, 0.02, 0.035]) * np.tile([1, -1], 5)
        before = random.multinomial(1_000, np.full(10, 0.1))
        now = random.multinomial(200, shares)
        figures = {
            "psi": (psi(before, now), None),
            "ks": (0.05, float(random.random())),
            "missing_rate": (0.0, 1.0),
        }
        counts = (before.tolist(), now.tolist())
        found.append(column(figures, name=f"c{number}", counts=counts))
    settings = Settings(psi_breach=0.06)
    (day,) = simulate(days(found), settings).days

    def all_draws(kept: KeptColumn) -> Case:
        assert kept.counts is not None
        before, now = kept.counts
        thresholds = settings.thresholds(kept.thresholds)
        return Case(
            kept.name,
            kept.measurements,
            thresholds.by_statistic(),
            thresholds.ks_min_statistic,
            lambda _, smallest: permutation_p_value(psi_terms, before, now, smallest=smallest),
        )

    exact = guarded_rule([all_draws(c) for c in found], family_alpha=0.02)
    assert {c.kept.name: c.verdict for c in day.columns} == {
        name: ruling.verdict for name, ruling in exact.items()
    }


def test_a_js_that_must_decide_alone_is_simulated_from_its_counts() -> None:
    before, after = [250, 250, 250, 250], [400, 20, 60, 20]
    value = js_divergence(before, after)
    figures = {**NEAR, "psi": (0.05, None), "js_divergence": (value, None)}
    kept = days(column(figures, js_counts=(before, after)))
    found = simulate(kept, Settings()).days[0]
    assert (only(found), found.not_known) == (BREACH, ())
    # Shares that chance moves as far: 4 rows against 1,000.
    chance = days(column(figures, js_counts=(before, [3, 0, 1, 0])))
    assert only(simulate(chance, Settings()).days[0]) is OK


def test_a_p_value_that_cannot_be_had_decides_nothing_and_is_said() -> None:
    figures = {**NEAR, "js_divergence": (0.3, None)}
    lost = simulate(days(column(figures)), Settings()).days[0]
    assert (only(lost), lost.not_known) == (OK, ("x",))
    kept = simulate(days(column(figures, family={"js_divergence": 0.0001})), Settings()).days[0]
    assert (only(kept), kept.not_known) == (BREACH, ())


def test_a_lost_p_value_that_decides_for_another_column_is_said_there() -> None:
    # Five tests at 0.02. Of "near" the JS would have to decide; "far" has p = 0.005: second of
    # five with a small JS p (0.005 * 5 / 2 <= 0.02), alone it is 0.005 * 5 > 0.02.
    near = column(
        {**NEAR, "psi": (0.05, None), "ks": (0.05, 0.3), "js_divergence": (0.08, None)}, name="near"
    )
    far = column({**NEAR, "psi": (0.05, None), "ks": (0.2, 0.005)}, name="far")
    kept = days([near, far])
    assert simulate(kept, Settings()).days[0].not_known == ()
    settings = Settings(js_breach=0.07)
    (day,) = simulate(kept, settings).days
    assert day.not_known == ("near", "far")

    def truth(js_p_value: float) -> list[Verdict]:
        cases = []
        for one in (near, far):
            by = settings.thresholds(one.thresholds)
            cases.append(
                Case(
                    one.name,
                    one.measurements,
                    by.by_statistic(),
                    by.ks_min_statistic,
                    lambda *_: js_p_value,
                )
            )
        return [r.verdict for r in guarded_rule(cases, family_alpha=0.02).values()]

    assert truth(1e-4) == [BREACH, BREACH]
    assert truth(0.5) == [OK, OK]


def test_a_lost_p_value_that_changes_nothing_leaves_everything_known() -> None:
    # The missing rate breaches by itself, whatever JS would say.
    figures = {**NEAR, "js_divergence": (0.3, None), "missing_rate": (0.2, 1e-9)}
    (day,) = simulate(days(column(figures)), Settings()).days
    assert (only(day), day.not_known) == (BREACH, ())


def test_what_persistence_makes_of_a_lost_p_value_is_not_known_either() -> None:
    lost = column({**NEAR, "js_divergence": (0.3, None)})
    found = simulate(days(lost, column(FAR)), Settings(alert_after=Persistence(2, 2)))
    assert [only(day) for day in found.days] == [OK, WARN]
    assert [day.not_known for day in found.days] == [("x",), ("x",)]


def test_the_data_set_is_judged_again_too() -> None:
    kept = days([column(FAR, importance=1.0), column(name="y", importance=3.0)])
    assert simulate(kept, Settings()).days[0].dataset.verdict is OK
    quarter = simulate(kept, Settings(drift_share_threshold=0.25)).days[0].dataset
    assert (quarter.verdict, quarter.drift_share) == (BREACH, 0.25)


def test_the_breaching_days_of_a_column_make_spells() -> None:
    kept = days(
        column(FAR, verdict=BREACH),
        column(NEAR),
        column(FAR, verdict=BREACH),
        column({}, verdict=SILENT),
        column(FAR, verdict=BREACH),
    )
    simulation = simulate(kept, Settings())
    day = [FIRST + timedelta(days=n) for n in range(5)]
    spell = Spell(days=3, first=day[0], last=day[4], since=day[2])
    assert simulation.columns == {"x": (spell, spell)}
    quiet = simulate(kept, Settings(psi_breach=0.9, alert_after=Persistence(2, 2)))
    assert quiet.columns["x"][1] == Spell(days=1, first=day[4], last=day[4], since=day[4])
    assert [(d, a, b) for d, _, a, b in quiet.differences] == [
        (day[0], BREACH, WARN),
        (day[2], BREACH, WARN),
    ]


def test_a_column_that_never_breaches_is_not_listed() -> None:
    assert simulate(days(column(), column()), Settings()).columns == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), ""),
        (Settings(guards=False, psi_breach=0.3), "psi_breach 0.3, guards off"),
        (
            Settings(preset="conservative", alert_after=Persistence(2, 3)),
            "preset conservative, alert_after 2 of 3",
        ),
    ],
)
def test_settings_in_words(settings: Settings, words: str) -> None:
    assert settings.words == words
