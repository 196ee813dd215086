"""The digest: five columns named, the others counted, strangers' text on one line."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import (
    Outgoing,
    breach_message,
    check_message,
    outgoing_of,
    quarantine_message,
    severity_of,
)
from drift_assets.alerts.email import compose, html
from drift_assets.alerts.message import how_far
from drift_assets.alerts.pagerduty import PagerDutyChannel
from drift_assets.alerts.slack import SlackWebhookChannel, blocks
from drift_assets.alerts.webhook import WebhookChannel
from drift_assets.assessment import Assessment, assess
from drift_assets.data_checks import CheckResult
from drift_assets.monitors import Monitor
from drift_assets.profiles import Baseline, DatasetProfile, NumericBinning, NumericProfile
from drift_assets_tests.alerts.remote import HOSTILE, receiver

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


def test_what_matters_more_comes_before_what_moved_further() -> None:
    found = assessment(["a", "b", "c"], [1, 2, 3])
    weighed = replace(
        found,
        features=tuple(
            replace(f, importance=9.0) if f.feature == "a" else f for f in found.features
        ),
    )
    message = breach_message(weighed, partition=DAY)
    assert message is not None
    assert [b["column"] for b in message.payload["breaches"]] == ["a", "c", "b"]
    # A prediction counts as much as the most important feature.
    predicted = replace(
        weighed,
        features=tuple(
            replace(f, role="prediction", importance=0.0) if f.feature == "b" else f
            for f in weighed.features
        ),
    )
    message = breach_message(predicted, partition=DAY)
    assert message is not None
    assert [b["column"] for b in message.payload["breaches"]] == ["b", "a", "c"]


def test_how_far_a_column_moved_is_in_units_of_its_threshold() -> None:
    found = assessment(["a"], [1.0]).feature("a")
    d = found.value("ks")
    psi, js = found.value("psi"), found.value("js_divergence")
    assert d is not None
    assert psi is not None
    assert js is not None
    # The balanced thresholds of PSI and JS; that of D is the guard's.
    reached = (d / found.thresholds.ks_min_statistic, psi / 0.2, js / 0.1)
    assert how_far(found) == pytest.approx(max(reached), abs=1e-4)


STORM = [f"{HOSTILE} {n} {'x' * 3000}" for n in range(1000)]


@pytest.fixture(scope="module")
def storm() -> Outgoing:
    """Return a message of a thousand columns, each with a long and hostile name."""
    message = breach_message(assessment(STORM, [1.0] * 1000), partition=DAY)
    assert message is not None
    return outgoing_of(message, Alerts())


def test_a_storm_is_one_message_within_the_limits_of_every_channel(storm: Outgoing) -> None:
    assert "1000 of 1000 columns breach" in storm.title
    (header, section) = blocks(storm)
    # By Slack's reference of blocks: 150 characters in a header, 3,000 in a section.
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3000
    with receiver() as there:
        PagerDutyChannel("k", there.url).send(storm)
        WebhookChannel(there.url).send(storm)
        SlackWebhookChannel(there.url).send(storm)
    events, hook, slack = there.received
    # PagerDuty takes 512 KB, and 1,024 characters of summary.
    assert len(events.body) < 512 * 1024
    assert len(events.json["payload"]["summary"]) <= 1024
    assert len(hook.body) < 64 * 1024
    assert len(slack.json["text"]) <= 4000 * 4
    assert len(html(storm)) < 100_000


def test_a_storm_of_hostile_names_is_inert_everywhere(storm: Outgoing) -> None:
    assert "\n" not in storm.title
    assert all(block["text"]["type"] == "plain_text" for block in blocks(storm))
    with receiver() as there:
        SlackWebhookChannel(there.url).send(storm)
    # The fallback is read as Slack's own marks.
    assert "<!channel>" not in there.received[0].json["text"]
    mail = compose(storm, "a@example.com", ["b@example.com"])
    assert mail["Bcc"] is None
    assert "<img" not in html(storm)


def test_failed_checks_are_told_with_what_was_found_and_expected() -> None:
    few = CheckResult("row_count", "error", "failed", "300 rows, expected 600 to 2,400", 300.0)
    gone = CheckResult("schema", "warn", "failed", "'age': not there")
    fine = CheckResult("stale", "error", "passed", "not the content of a day before")
    message = check_message("churn", [gone, fine, few], partition=DAY)
    assert message is not None
    assert message.cause == "data_check"
    assert message.text.splitlines() == [
        "churn 2026-01-02: 1 data check fails: row_count",
        "- row_count: 300 rows, expected 600 to 2,400",
        "- schema (a warning): 'age': not there",
    ]
    assert severity_of(message, Alerts(severity="critical")) == "error"
    assert [one["check"] for one in message.payload["failed_checks"]] == ["row_count", "schema"]
    assert check_message("churn", [gone, fine], partition=DAY) is None


def test_files_in_quarantine_are_told_with_the_reason_five_of_them_by_name() -> None:
    bad = {f"in/{n}.csv": f"no CSV {n}" for n in range(7)}
    message = quarantine_message("churn", bad, n_inputs=9, partition=DAY)
    assert message is not None
    lines = message.text.splitlines()
    assert lines[0] == "churn 2026-01-02: 7 of 9 files are in quarantine"
    assert lines[1] == "- in/0.csv: no CSV 0"
    assert lines[-1] == "and 2 more"
    assert len(lines) == 7
    assert severity_of(message, Alerts()) == "warning"
    assert quarantine_message("churn", {}, n_inputs=9, partition=DAY) is None
