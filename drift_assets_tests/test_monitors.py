"""Monitors: the one schema of defs.yaml."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from drift_assets.comparison import CompareWith
from drift_assets.errors import BaselineError, ConfigurationError, UnknownNameError
from drift_assets.monitors import Monitor, describe, partition_days
from drift_assets.stats import DEFAULT_STATISTICS
from drift_assets.watch import Thresholds

MINIMAL = """
name: flights
baseline: data/baseline.parquet
current: data/{partition}/*.csv
partitions: {start: 2026-01-01}
"""


def read(text: str = "") -> Monitor:
    return Monitor.model_validate(yaml.safe_load(MINIMAL) | (yaml.safe_load(text) or {}))


def mistakes(text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        read(text)
    return "\n".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in caught.value.errors())


def test_four_lines_are_a_monitor_with_the_defaults_of_the_design() -> None:
    monitor = read()
    assert monitor.features == "auto"
    assert (monitor.guards, monitor.min_rows, monitor.fail_run_on_breach) == (True, 100, True)
    assert monitor.thresholds == Thresholds(
        psi_warn=0.1,
        psi_breach=0.2,
        ks_significance_level=0.05,
        js_breach=0.1,
        missing_rate_change=0.02,
        positive_rate_change=0.05,
        novel_rate_change=0.01,
        ks_min_statistic=0.05,
        family_alpha=0.02,
    )
    assert monitor.current.is_template
    assert monitor.schedule.cron == "0 6 * * *"
    assert monitor.timezone == "UTC"


@pytest.mark.parametrize(
    ("preset", "psi", "level", "js", "alpha"),
    [
        ("balanced", 0.2, 0.05, 0.1, 0.02),
        ("conservative", 0.3, 0.01, 0.15, 0.005),
        ("aggressive", 0.1, 0.1, 0.05, 0.05),
    ],
)
def test_presets(preset: str, psi: float, level: float, js: float, alpha: float) -> None:
    found = read(f"thresholds: {preset}").thresholds
    assert (found.psi_breach, found.ks_significance_level) == (psi, level)
    assert (found.js_breach, found.family_alpha) == (js, alpha)
    assert read(f"thresholds: {{preset: {preset}}}").thresholds == found
    by_statistic = found.by_statistic()
    assert by_statistic["psi"].warn == (0.1 if psi > 0.1 else None)
    assert by_statistic["chi_squared"].breach == by_statistic["ks"].breach == level
    assert by_statistic["missing_rate"].significance_level == level
    assert (by_statistic["missing_rate"].breach, by_statistic["novel_rate"].breach) == (0.02, 0.01)


def test_novel_rows_do_not_follow_a_threshold_that_is_set_for_missing_ones() -> None:
    found = read("thresholds: {missing_rate_change: 0.5}").thresholds
    assert (found.missing_rate_change, found.novel_rate_change) == (0.5, 0.01)
    found = read("thresholds: {preset: conservative, novel_rate_change: 0.05}").thresholds
    assert (found.missing_rate_change, found.novel_rate_change) == (0.02, 0.05)
    assert "novel_rate_change" in mistakes("thresholds: {novel_rate_change: 0}")


def test_single_numbers_lie_over_a_preset_and_columns_over_the_monitor() -> None:
    monitor = read("""
thresholds: {preset: conservative, js_breach: 0.5}
features:
  - a
  - {column: b, thresholds: {psi_breach: 1.5}}
  - {column: c, thresholds: aggressive, kind: categorical}
predictions:
  - score
  - {column: label, kind: categorical}
  - {column: price, decision_threshold: 100}
""")
    columns = {c.name: c for c in monitor.watched(["a", "b", "c", "score", "label", "price", "d"])}
    assert list(columns) == ["a", "b", "c", "score", "label", "price"]
    assert (columns["a"].thresholds.psi_breach, columns["a"].thresholds.js_breach) == (0.3, 0.5)
    assert (columns["b"].thresholds.psi_breach, columns["b"].thresholds.js_breach) == (1.5, 0.5)
    assert (columns["c"].thresholds.psi_breach, columns["c"].thresholds.js_breach) == (0.1, 0.05)
    assert columns["c"].kind == "categorical"
    assert [columns[n].decision_threshold for n in ("a", "score", "label", "price")] == [
        *(None, 0.5, None, 100)
    ]
    assert [c.role for c in columns.values()] == ["feature"] * 3 + ["prediction"] * 3


def test_auto_takes_what_is_neither_excluded_nor_predicted() -> None:
    monitor = read("{exclude: [id], predictions: [score]}")
    names = [c.name for c in monitor.watched(["id", "b", "score", "a"])]
    assert names == ["b", "a", "score"]
    assert [c.name for c in monitor.watched(["b", "score", "a"], only=["score", "b"])] == [
        *("b", "score")
    ]


def test_watching_what_is_not_there_lists_what_is() -> None:
    with pytest.raises(BaselineError, match=r"watches 'b', 'c', which.*It has: 'a', 'x'"):
        read("features: [a, b, c]").watched(["a", "x"])
    with pytest.raises(UnknownNameError, match=r"Did you mean 'income'\?"):
        read().watched(["income"], only=["incom"])


def test_mistakes_of_fields_are_gathered() -> None:
    text = mistakes("""
name: 1st model
min_rows: 0
partitions: {start: 2026-01-01, timezone: Europe/Atlantis}
thresholds: {psi_breach: -1, js_breach: 2, psi: 0.3}
surprise: true
""")
    for place in (
        *("name:", "min_rows:", "partitions.timezone:", "thresholds.psi_breach:"),
        *("thresholds.js_breach:", "thresholds.psi:", "surprise:"),
    ):
        assert place in text
    assert "unknown time zone 'Europe/Atlantis'" in text


def test_mistakes_between_fields_are_gathered() -> None:
    text = mistakes("""
baseline: data/{partition}.csv
current: data/all.csv
features: [a, b, a, B]
predictions: [b]
exclude: [c]
""")
    for phrase in (
        "current: found the path 'data/all.csv', expected {partition} in it, or a date_column",
        "baseline: found {partition} in the path",
        "column 'a' is listed more than once",
        "column 'b' is listed more than once",
        "columns 'b' and 'B' differ only by case",
        "exclude: only features: auto leaves columns out",
    ):
        assert phrase in text


def test_mistakes_of_a_source_are_gathered() -> None:
    text = mistakes("baseline: {path: 'x/{day}.csv', start: 2026-02-01, end: 2026-01-01}")
    assert "unknown placeholder {day} in the path; known: {partition}, {home}" in text
    assert "start and end need date_column" in text
    assert "start 2026-02-01 is after end 2026-01-01" in text


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("features: []", "features: found none, and no predictions"),
        ("{features: [{column: a, thresholds: {family_alpha: 0.5}}]}", "belongs to the monitor"),
        ("thresholds: strict", "'conservative', 'aggressive' or 'learned'"),
        ("thresholds: {psi_breach: .inf}", "finite"),
        ("thresholds: {psi_breach: .nan}", "finite"),
        ("thresholds: {family_alpha: 1}", "less than 1"),
        ("predictions: [{column: a, decision_threshold: .inf}]", "finite"),
        ("current: {path: a.csv, date_column: d, start: 2026-01-01}", "belong to partitions"),
        ("alerts: {webhook: {url_env: 'https://example.org'}}", "secrets do not belong"),
        ("features: [{column: ''}]", "at least 1 character"),
    ],
)
def test_mistakes_in_words(text: str, phrase: str) -> None:
    assert phrase in mistakes(text)


def test_one_file_with_dates_serves_all_partitions() -> None:
    monitor = read("current: {path: data/all.csv, date_column: day}")
    assert not monitor.current.is_template


@pytest.mark.parametrize(
    ("written", "cron"),
    [
        ("06:30", "30 6 * * *"),
        # YAML 1.1 reads these three as numbers.
        ("6:30", "30 6 * * *"),
        ("1:00", "0 1 * * *"),
        ("23:59:00", "59 23 * * *"),
        ("'00:05'", "5 0 * * *"),
    ],
)
def test_a_time_of_day_as_people_write_it(written: str, cron: str) -> None:
    assert read(f"schedule: {{at: {written}}}").schedule.cron == cron


@pytest.mark.parametrize("written", ["6", "25:00", "24:00", "6.5", "true", "06:30:15", "06:30Z"])
def test_a_time_that_could_be_misread_is_refused(written: str) -> None:
    assert "such as 06:30" in mistakes(f"schedule: {{at: {written}}}")


def test_the_schedule_has_the_zone_of_the_partitions_unless_it_has_its_own() -> None:
    zones = "partitions: {start: 2026-01-01, timezone: Asia/Tokyo}"
    assert read(zones).timezone == "Asia/Tokyo"
    assert read(f"{zones}\nschedule: {{timezone: UTC}}").timezone == "UTC"
    assert read().schedule.at == time(6, 0)


@pytest.mark.parametrize(("offset", "last"), [(0, 22), (1, 23), (2, 24)])
def test_the_last_day_follows_midnight_where_the_monitor_lives(offset: int, last: int) -> None:
    monitor = read(f"partitions: {{start: 2026-11-01, timezone: Asia/Tokyo, end_offset: {offset}}}")
    # 16:00 on the 22nd in London is the 23rd in Tokyo.
    now = datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert partition_days(monitor, now=now) == (date(2026, 11, 1), date(2026, 11, last))
    with pytest.raises(ValueError, match="without a time zone"):
        partition_days(monitor, now=now.replace(tzinfo=None))


def test_a_monitor_is_frozen_and_comes_back_from_its_own_dump() -> None:
    monitor = read("{features: [a], thresholds: aggressive, alerts: {webhook: {url_env: HOOK}}}")
    with pytest.raises(ValidationError, match="frozen"):
        monitor.min_rows = 5  # type: ignore[misc]  # that is the point
    dumped: dict[str, Any] = monitor.model_dump(by_alias=True)
    assert Monitor.model_validate(dumped) == monitor


def test_every_field_is_described_under_its_name_in_yaml() -> None:
    rows = describe(Monitor)
    assert all(row["description"] for row in rows)
    assert {"name", "thresholds", "baseline"} <= {row["name"] for row in rows}
    assert [row["name"] for row in rows if row["required"]] == [
        *("name", "baseline", "current", "partitions")
    ]


def test_the_default_statistics_are_always_measured_and_named_ones_besides() -> None:
    assert read().measured == read("statistics: default").measured == DEFAULT_STATISTICS
    measured = read("statistics: [std_ratio, hellinger, psi]").measured
    assert [s.name for s in measured] == [
        *(s.name for s in DEFAULT_STATISTICS),
        *("hellinger", "std_ratio"),
    ]
    assert read("statistics: []").measured == DEFAULT_STATISTICS


def test_unknown_statistics_are_told_with_what_is_known() -> None:
    text = mistakes("statistics: [helinger, psy, ks, ks]")
    assert "Unknown statistic 'helinger'. Did you mean 'hellinger'?" in text
    assert "Unknown statistic 'psy'. Did you mean 'psi'?" in text
    assert "Known: anderson_darling, chi_squared, cramer_von_mises, cramers_v," in text
    assert "'ks' is listed more than once" in text
    assert "statistics.default: Input should be 'default'" in mistakes("statistics: all")


def test_alert_after_is_the_monitors_unless_a_column_has_its_own() -> None:
    watch = read(
        "features: [a, {column: b, alert_after: 1 of 1, importance: 2.5}]\n"
        "predictions: [{column: p, alert_after: {breaches: 3, of: 5}}]\n"
        "alert_after: 2 of 3"
    )
    found = {c.name: (str(c.alert_after), c.importance) for c in watch.watched(["a", "b", "p"])}
    assert found == {"a": ("2 of 3", 1.0), "b": ("1 of 1", 2.5), "p": ("3 of 5", 1.0)}
    assert str(read().alert_after.persistence) == "1 of 1"
    assert read().drift_share_threshold == 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alert_after: 2", "Found '2', expected two whole numbers such as '2 of 3'"),
        ("alert_after: 3 of 2", "no more breaches than days"),
        ("alert_after: {breaches: 3, of: 2}", "no more breaches than days"),
        ("alert_after: {breaches: 1, of: 367}", "less than or equal to 366"),
        ("features: [{column: a, importance: -1}]", "greater than or equal to 0"),
        ("features: [{column: a, importance: 0}]", "found the importance 0 everywhere"),
        ("drift_share_threshold: 0", "greater than 0"),
    ],
)
def test_persistence_and_importance_that_make_no_sense_are_refused(
    text: str, expected: str
) -> None:
    assert expected in mistakes(text)


DATED = "baseline: {path: a.csv, date_column: day}\n"


def test_learned_thresholds_have_a_rate_and_the_fixed_numbers_behind_them() -> None:
    found = read(f"{DATED}thresholds: learned")
    assert (found.learns, found.thresholds) == (0.01, Thresholds())
    asked = "thresholds: {preset: learned, false_alarms: 0.05, psi_breach: 0.4}"
    found = read(DATED + asked)
    assert (found.learns, found.thresholds.psi_breach) == (0.05, 0.4)
    assert read().learns is None


def test_days_are_compared_with_the_baseline_unless_the_monitor_says() -> None:
    assert read().compared.compare_with == CompareWith()
    assert read().compared.kept == 0
    found = read(f"{DATED}compare_with: same_weekday").compared
    assert found.compare_with == CompareWith("same_weekday")
    found = read("compare_with: {rolling_days: 28}").compared
    assert (found.compare_with, found.kept) == (CompareWith("rolling", 28), 56)
    assert read("compare_with: {rolling_days: 28, keep_days: 30}").compared.kept == 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thresholds: learned", "thresholds: learned: found a baseline without date_column"),
        ("compare_with: same_weekday", "compare_with: same_weekday: found a baseline without"),
        ("compare_with: same_month", "Input should be 'baseline' or 'same_weekday'"),
        ("compare_with: {rolling_days: 2}", "greater than or equal to 3"),
        ("compare_with: {rolling_days: 400}", "less than or equal to 366"),
        ("compare_with: {rolling_days: 9, days: same_weekday}", "expected one of the two"),
        ("compare_with: {keep_days: 9}", "found keep_days without rolling_days"),
        ("compare_with: {rolling_days: 9, keep_days: 8}", "expected at least the rolling_days, 9"),
        ("thresholds: {false_alarms: 0.1}", "found false_alarms without learned thresholds"),
        (f"{DATED}thresholds: {{preset: learned, false_alarms: 1}}", "less than 1"),
        ("features: [{column: a, thresholds: learned}]", "belongs to the monitor's thresholds"),
    ],
)
def test_comparisons_and_learning_that_make_no_sense_are_refused(text: str, expected: str) -> None:
    assert expected in mistakes(text)


def test_limits_and_exclusions_of_no_column_are_told_with_the_nearest_name() -> None:
    limits = "data_checks: {out_of_range: {limits: {agee: {lowest: 0}}}}"
    said = "data_checks.out_of_range.limits: Unknown watched column 'agee'. Did you mean 'age'?"
    assert said in mistakes(f"features: [age]\n{limits}")
    assert read(f"features: [a]\npredictions: [agee]\n{limits}").name == "flights"
    # What auto picks is known with the baseline's columns.
    auto = read(f"{limits}\nexclude: [idd]")
    with pytest.raises(ConfigurationError) as caught:
        auto.require_known(["age"], present={"age", "id"})
    assert said in str(caught.value)
    assert "exclude: Unknown column of the baseline 'idd'. Did you mean 'id'?" in str(caught.value)
    auto.require_known(["age", "agee"], present={"age", "agee", "idd"})
    auto.require_known(["age", "agee"], present=None)
