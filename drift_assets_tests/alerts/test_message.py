"""The digest: five columns named, the others counted, strangers' text on one line."""

import json
from datetime import date

import numpy as np

from drift_assets.alerts import breach_message
from drift_assets.assessment import Assessment, assess
from drift_assets.monitors import Monitor
from drift_assets.profiles import Baseline, DatasetProfile, NumericBinning, NumericProfile

DAY = date(2026, 1, 2)


def assessment(names: list[str], shifts: list[float]) -> Assessment:
    """Return one of columns that are normal, each moved by so many standard deviations."""
    random = np.random.default_rng(0)
    before = {}
    for name in names:
        values = random.normal(size=2000)
        before[name] = NumericProfile.of(values, NumericBinning.fit(values))
    after = {
        name: NumericProfile.of(random.normal(shift, size=1000), before[name].binning)
        for name, shift in zip(names, shifts, strict=True)
    }
    monitor = Monitor.model_validate(
        {
            "name": "churn",
            "baseline": "b",
            "current": "{partition}",
            "features": names,
            "partitions": {"start": "2026-01-01"},
        }
    )
    return assess(monitor, Baseline(2000, before), DatasetProfile(1000, after))


def test_a_quiet_day_has_nothing_to_tell() -> None:
    assert breach_message(assessment(["a", "b"], [0, 0]), partition=DAY) is None


def test_the_columns_that_moved_most_come_first_with_reason_and_bins() -> None:
    message = breach_message(assessment(["a", "b", "c"], [0, 1, 2]), partition=DAY)
    assert message is not None
    assert message.title == "churn 2026-01-02: 2 of 3 columns breach: c, b"
    lines = message.text.splitlines()
    assert lines[1].startswith("- c: PSI = ")
    assert " -> " in lines[2]
    assert [b["column"] for b in message.payload["breaches"]] == ["c", "b"]


def test_a_data_set_that_drifts_as_a_whole_is_said_beside_its_columns() -> None:
    whole = breach_message(assessment(["a", "b"], [1, 0]), partition=DAY)
    assert whole is not None
    assert "the data set as a whole drifts: 1 of 2 features drifts, 50.0% >= 50.0%" in whole.text
    assert (whole.payload["dataset_verdict"], whole.payload["drift_share"]) == ("breach", 0.5)
    part = breach_message(assessment(["a", "b", "c"], [1, 0, 0]), partition=DAY)
    assert part is not None
    assert "as a whole" not in part.text
    assert part.payload["dataset_verdict"] == "ok"


def test_of_forty_columns_five_are_named_and_the_rest_counted() -> None:
    names = [f"f{i}" for i in range(40)]
    message = breach_message(assessment(names, [1.0] * 40), partition=DAY)
    assert message is not None
    assert message.title.endswith(" and 35 more")
    assert len(message.payload["breaches"]) == 5
    assert message.payload["breached_columns"] == 40
    assert len(message.text) < 3000


def test_a_strangers_name_stays_on_one_line() -> None:
    name = "a\nSubject: forged\r\x1b[31m" + "x" * 200
    message = breach_message(assessment([name], [2.0]), partition=DAY)
    assert message is not None
    assert "\n" not in message.title
    assert "\x1b" not in message.text
    assert max(len(line) for line in message.text.splitlines()) < 500
    assert json.loads(json.dumps(message.payload, allow_nan=False))["monitor"] == "churn"
