"""A simulation as sentences, JSON and a picture."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from drift_assets.report.simulation import (
    MOST_ROWS,
    simulation_lines,
    simulation_rows,
    simulation_to_dict,
    svg_simulation,
)
from drift_assets.simulation import KeptColumn, KeptDay, Rule, Settings, Simulation, simulate
from drift_assets.stats import Measurement
from drift_assets.verdicts import Persistence, Verdict
from drift_assets.watch import PRESETS
from drift_assets_tests.report.conftest import HOSTILE

FIRST = date(2026, 1, 1)
LOST = (
    "for which a JS would have to decide alone whose counts were not kept then; it decides "
    "nothing here"
)
SVG = "{http://www.w3.org/2000/svg}"


def kept(
    name: str, *, psi: float, js: float = 0.0, verdict: Verdict = Verdict.BREACH
) -> KeptColumn:
    figures = {"psi": (psi, None), "ks": (0.04, 0.001 if psi >= 0.2 else 0.9)}
    return KeptColumn(
        name=name,
        role="feature",
        baseline_id="b",
        verdict=verdict,
        rule_verdict=verdict,
        importance=1.0,
        alert_after=Persistence(),
        thresholds=PRESETS["balanced"],
        measurements={
            "js_divergence": Measurement("js_divergence", js, None, 1_000, 500),
            **{s: Measurement(s, v, p, 1_000, 500) for s, (v, p) in figures.items()},
        },
        family={},
    )


def simulation(
    columns: Sequence[KeptColumn],
    settings: Settings = Settings(),  # noqa: B008  # it is frozen
    *,
    n_days: int = 4,
    rule: Rule = "guarded",
) -> Simulation:
    days = [
        KeptDay(
            partition=FIRST + timedelta(days=number),
            rule=rule,
            family_alpha=0.02,
            verdict=Verdict.BREACH,
            dataset_verdict=None,
            drift_share_threshold=0.5,
            columns=tuple(columns),
        )
        for number in range(n_days)
    ]
    return simulate(days, settings)


def test_sentences_say_how_many_days_and_what_is_not_known() -> None:
    found = simulation(
        [kept("income", psi=0.25), kept("age", psi=0.01, js=0.3, verdict=Verdict.OK)],
        Settings(psi_breach=0.3),
    )
    assert simulation_lines(found, monitor="loans") == [
        "loans, 2026-01-01 to 2026-01-04: 4 reported days",
        "settings: psi_breach 0.3",
        "days with a breach: 4 (100%) as reported, 0 (0%) simulated",
        "days on which the whole data set drifts: not known as reported, 0 simulated",
        "verdicts that change: 4 of 8",
        f"not known: 4 verdicts, {LOST}",
    ]
    assert simulation_rows(found) == [("income", 4, 0, None, None, None)]
    same = simulation([kept("income", psi=0.25)])
    assert simulation_lines(same, monitor="loans")[1] == (
        "settings: those that each day was judged by"
    )
    assert simulation_rows(same) == [("income", 4, 4, FIRST, FIRST + timedelta(days=3), FIRST)]


def test_days_of_learned_thresholds_are_counted() -> None:
    lines = simulation_lines(
        simulation([kept("income", psi=0.25)], rule="learned"), monitor="loans"
    )
    assert lines[-1].startswith("judged by learned thresholds, which stand: 4 days; --false-alarms")


def test_another_rate_says_of_which_columns_it_says_nothing_and_why() -> None:
    other = Settings(false_alarms=0.05)
    found = simulation([kept("income", psi=0.25), kept("age", psi=0.1)], other, rule="learned")
    reason = "what the days of baseline b teach for other rates is not kept"
    assert simulation_lines(found, monitor="loans")[1:] == [
        "settings: false_alarms 0.05",
        "days with a breach: 4 (100%) as reported, 4 (100%) simulated",
        "days on which the whole data set drifts: not known as reported, 4 simulated",
        "verdicts that change: 0 of 8",
        f"no other rate of false alarms for income (4 days), age (4 days): {reason}",
    ]
    document = simulation_to_dict(found, monitor="loans")
    assert document["settings"]["false_alarms"] == 0.05
    first = document["days"][0]["simulated"]
    assert first["no_other_rate"] == {"income": reason, "age": reason}
    fixed = simulation([kept("income", psi=0.25)], other, n_days=1)
    assert simulation_lines(fixed, monitor="loans")[-1] == (
        "no other rate of false alarms for income (1 day): not judged by learned thresholds"
    )


def test_the_json_has_every_day_and_is_json() -> None:
    found = simulation_to_dict(simulation([kept("income", psi=0.25)]), monitor="loans")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["breaching_days"] == {"as_reported": 4, "simulated": 4}
    assert [day["partition"] for day in found["days"]] == [f"2026-01-0{n}" for n in range(1, 5)]
    assert found["days"][0]["simulated"]["breached"] == ["income"]
    assert found["columns"][0]["simulated"] == {
        "days": 4,
        "first": "2026-01-01",
        "last": "2026-01-04",
        "since": "2026-01-01",
    }


def test_the_picture_has_two_bands_a_row_one_rectangle_a_run() -> None:
    picture = svg_simulation(
        simulation([kept("income", psi=0.25)], Settings(psi_breach=0.3)), monitor="loans"
    )
    root = ET.fromstring(picture)  # noqa: S314  # our own
    paths = [p for p in root.iter(f"{SVG}path") if "fill" in p.attrib]
    # The day and the column, each as reported (breach) and simulated (not).
    assert len(paths) == 4
    assert [p.attrib["d"].count("M") for p in paths] == [1, 1, 1, 1]
    assert paths[0].attrib["fill"] == paths[2].attrib["fill"] != paths[1].attrib["fill"]
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert "income" in texts
    assert "2026-01-04" in texts


@pytest.mark.parametrize("name", [n for n in HOSTILE if "\ud800" not in n])
def test_no_name_breaks_the_picture(name: str) -> None:
    picture = svg_simulation(simulation([kept(name, psi=0.25)]), monitor=name)
    root = ET.fromstring(picture)  # noqa: S314  # our own
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "rect", "text", "path")
    }


def test_what_is_not_drawn_is_counted() -> None:
    many = [kept(f"c{n}", psi=0.25) for n in range(MOST_ROWS + 3)]
    assert ">and 3 more</text>" in svg_simulation(simulation(many), monitor="loans")
