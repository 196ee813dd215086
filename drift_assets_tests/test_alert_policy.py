"""Who is told what and when: days worked through by hand."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from drift_assets.alert_policy import Decision, Told, decide, not_for, pause, quiet_until
from drift_assets.alert_settings import Alerts, Audience, QuietHours

FIRST = date(2026, 1, 1)
TOLD = Told(FIRST, "error", {"income": 1.2})


def day(number: int) -> date:
    """Return the n-th day, counted from 0."""
    return FIRST + timedelta(days=number)


def decided(
    number: int,
    sizes: Mapping[str, float],
    *,
    said: Told | None = TOLD,
    severity: Any = "error",  # noqa: ANN401
    age: int = 0,
    **settings: Any,  # noqa: ANN401
) -> Decision:
    """Return what is decided of the n-th day when it is ``age`` days old."""
    return decide(
        day(number),
        severity,
        sizes,
        said=said,
        settings=Alerts(**settings),
        today=day(number + age),
    )


# Day, sizes, what is decided: a week's course, told every third day.
COURSE = [
    (0, {"income": 1.2}, "new"),
    (1, {"income": 1.2}, "suppressed"),
    (2, {"income": 1.7}, "suppressed"),
    (3, {"income": 1.3}, "still"),
    (4, {"income": 1.3, "age": 1.0}, "worse"),
    (5, {"income": 1.3, "age": 1.0}, "suppressed"),
    (6, {"income": 1.94, "age": 1.4}, "suppressed"),
    # Half as far again as 1.3 is 1.95.
    (7, {"income": 1.96, "age": 1.0}, "worse"),
    (8, {"age": 1.0}, "suppressed"),
    (9, {"age": 1.0}, "suppressed"),
    (10, {"age": 1.0}, "still"),
]


def test_a_course_of_days_is_told_when_it_is_new_worse_or_goes_on() -> None:
    said: Told | None = None
    for number, sizes, expected in COURSE:
        found = decided(number, sizes, said=said, still_every_days=3)
        assert (number, found.status) == (number, expected)
        if found.is_told:
            before = (said.sizes or {}) if said else {}
            most = {n: max(sizes.get(n, 0.0), before.get(n, 0.0)) for n in {*sizes, *before}}
            said = Told(day(number), "error", most)


def test_forty_days_of_the_same_breach_are_told_six_times() -> None:
    said: Told | None = None
    told = []
    for number in range(40):
        if decided(number, {"income": 1.5}, said=said).is_told:
            told.append(number)
            said = Told(day(number), "error", {"income": 1.5})
    assert told == [0, 7, 14, 21, 28, 35]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sizes": {"income": 1.2, "age": 1.0}}, "also age"),
        ({"sizes": {"income": 1.8}}, "moved further: income"),
        ({"sizes": {"income": 1.2}, "severity": "critical"}, "critical, error before"),
        (
            {"sizes": {f"f{n}": 1.0 for n in range(9)} | {"a\nb": 1.0}},
            "also f0, f1, f2 and 7 more",
        ),
    ],
)
def test_worse_is_a_new_column_a_column_half_as_far_again_or_a_graver_severity(
    change: dict[str, Any], why: str
) -> None:
    found = decided(1, **change)
    assert (found.status, found.why) == ("worse", why)


def test_a_suppressed_day_says_when_people_hear_again() -> None:
    found = decided(2, {"income": 1.2}, still_every_days=3)
    assert found.why == "as told on 2026-01-01; told again from 2026-01-04 on"


def test_who_acknowledged_hears_only_of_what_is_worse() -> None:
    said = Told(FIRST, "error", {"income": 1.2}, acknowledged_by="ana")
    quiet = decided(30, {"income": 1.2}, said=said)
    assert (quiet.status, quiet.why) == ("suppressed", "acknowledged by ana")
    assert decided(30, {"age": 1.0}, said=said).status == "worse"


@pytest.mark.parametrize(
    ("age", "latest", "status"),
    [(7, 7, "new"), (8, 7, "suppressed"), (0, 0, "new"), (1, 0, "suppressed"), (999, None, "new")],
)
def test_a_day_that_is_too_old_is_told_to_nobody(age: int, latest: int | None, status: str) -> None:
    assert decided(0, {}, said=None, age=age, latest_days=latest).status == status


@pytest.mark.parametrize(("age", "status"), [(10, "new"), (17, "new"), (18, "suppressed")])
def test_a_day_whose_data_come_ten_days_later_by_design_is_ten_days_younger(
    age: int, status: str
) -> None:
    found = decide(day(0), "error", {}, said=None, settings=Alerts(), today=day(age), days_later=10)
    assert found.status == status


def test_what_is_wrong_now_begins_at_any_age_and_old_days_do_not_repeat_it() -> None:
    def found(number: int, said: Told | None) -> str | None:
        return decide(
            day(number),
            "error",
            {},
            said=said,
            settings=Alerts(),
            today=day(100),
            begins_at_any_age=True,
        ).status

    assert found(0, None) == "new"
    assert found(50, Told(FIRST, "error")) == "suppressed"
    assert found(93, Told(FIRST, "error")) == "still"


def test_where_it_is_not_known_which_columns_were_told_only_a_graver_severity_is_worse() -> None:
    said = Told(FIRST, "error", None)
    assert decided(0, {"income": 9.0}, said=said).status is None
    assert decided(1, {"income": 9.0}, said=said).status == "suppressed"
    assert decided(0, {"income": 9.0}, said=said, severity="critical").status == "worse"


def test_a_back_fill_of_forty_days_is_told_as_one() -> None:
    """Today is the fortieth day; the first 32 are too old, and then it is one episode."""
    said, told = None, []
    for number in range(40):
        found = decided(number, {"income": 1.2}, said=said, age=39 - number)
        if found.is_told:
            told.append(number)
            said = Told(day(number), "error", {"income": 1.2})
    assert told == [32, 39]


def test_a_day_before_one_that_was_told_is_no_news() -> None:
    assert decided(-1, {"age": 9.0}).why == "a later day, 2026-01-01, was told"


@pytest.mark.parametrize(
    ("sizes", "age", "status"),
    [({"income": 1.2}, 0, None), ({"age": 1.0}, 0, "worse"), ({"age": 1.0}, 99, None)],
)
def test_a_day_that_runs_again_is_told_again_only_if_it_is_worse(
    sizes: dict[str, float], age: int, status: str | None
) -> None:
    assert decided(0, sizes, age=age).status == status


def test_muted_until_a_day_means_that_this_day_is_told() -> None:
    until = day(5)
    assert decided(4, {}, said=None, mute_until=until).why == "muted until 2026-01-06"
    assert decided(5, {}, said=None, mute_until=until).status == "new"
    by_command = decide(
        day(4), "critical", {}, said=None, settings=Alerts(), today=day(4), muted_until=until
    )
    assert by_command.status == "suppressed"


@pytest.mark.parametrize(
    ("audience", "taken"),
    [
        ({}, True),
        ({"min_severity": "critical"}, False),
        ({"min_severity": "error"}, True),
        ({"causes": ("breach", "trend")}, True),
        ({"causes": "not_evaluated"}, False),
        ({"groups": ("risk",), "owners": ("ana",)}, True),
        ({"groups": ("risk",), "owners": ("bob",)}, False),
    ],
)
def test_a_channel_takes_what_it_is_for(audience: dict[str, Any], *, taken: bool) -> None:
    reason = not_for(
        Audience(**audience),
        severity="error",
        cause="breach",
        groups=["risk", "sales"],
        owners=["ana"],
    )
    assert (reason == "") == taken


NIGHT = QuietHours.model_validate({"start": "22:00", "end": "07:00"})


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-05 21:59", None),
        ("2026-01-05 22:00", "2026-01-06 07:00"),
        ("2026-01-06 00:00", "2026-01-06 07:00"),
        ("2026-01-06 06:59", "2026-01-06 07:00"),
        ("2026-01-06 07:00", None),
    ],
)
def test_quiet_hours_span_midnight_and_critical_does_not_wait(now: str, until: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = quiet_until(NIGHT, severity="error", timezone="UTC", now=moment)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == until
    assert quiet_until(NIGHT, severity="critical", timezone="UTC", now=moment) is None


def test_quiet_hours_are_those_of_the_monitors_zone() -> None:
    # 14:00 in London is 23:00 in Tokyo, which is nine hours ahead.
    now = datetime(2026, 1, 5, 14, tzinfo=UTC)
    found = quiet_until(NIGHT, severity="error", timezone="Asia/Tokyo", now=now)
    assert found == datetime(2026, 1, 5, 22, tzinfo=UTC)


def test_the_night_on_which_clocks_change_ends_at_seven_too() -> None:
    # On 29 March 2026 Berlin goes from UTC+1 to UTC+2 at 02:00.
    now = datetime(2026, 3, 28, 22, tzinfo=UTC)
    found = quiet_until(NIGHT, severity="error", timezone="Europe/Berlin", now=now)
    assert found == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_quiet_hours_by_day_end_on_the_same_day() -> None:
    lunch = QuietHours.model_validate({"start": "12:00", "end": "13:30"})
    now = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
    found = quiet_until(lunch, severity="info", timezone="UTC", now=now)
    assert found == datetime(2026, 1, 5, 13, 30, tzinfo=UTC)


def test_pauses_double_and_honour_the_receiver() -> None:
    assert [pause(n).total_seconds() for n in (1, 2, 3)] == [60, 120, 240]
    assert pause(1000) == timedelta(hours=6)
    assert pause(1, asked=90) == timedelta(seconds=90)
    assert pause(3, asked=90) == timedelta(seconds=240)
    # Chance makes it longer only: a receiver is never asked before it said.
    assert timedelta(seconds=90) <= pause(1, asked=90, chance=0.5) <= timedelta(seconds=112.5)
