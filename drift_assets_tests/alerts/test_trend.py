"""One digest when columns begin to creep, and silence while they go on."""

from datetime import date, timedelta

from drift_assets.alerts import Message, still_creeps, trend_message
from drift_assets.trends import TrendResult
from drift_assets.verdicts import Verdict

DAY = date(2026, 11, 23)


def creeping(feature: str, verdict: Verdict = Verdict.BREACH) -> TrendResult:
    return TrendResult(
        feature,
        "feature",
        "psi",
        verdict,
        f"PSI of {feature} rises",
        90,
        60,
        DAY - timedelta(days=59),
        DAY,
        0.2,
        slope=0.002,
        reached_on=DAY + timedelta(days=30),
    )


def digest(*results: TrendResult, known: tuple[str, ...] = ()) -> Message | None:
    return trend_message("loans", results, partition=DAY, known=known, baseline_id="b")


def test_columns_that_begin_to_creep_are_told_of_in_one_digest() -> None:
    message = digest(creeping("age"), creeping("income"), creeping("state", Verdict.WARN))
    assert message is not None
    assert message.cause == "trend"
    assert message.title == (
        "loans 2026-11-23: 2 of 3 columns creep towards a threshold: age, income"
    )
    assert message.text.splitlines()[1:] == [
        "- age: PSI of age rises",
        "- income: PSI of income rises",
    ]
    assert message.payload["creeping"][0]["reached_on"] == "2026-12-23"


def test_what_was_told_of_lately_is_not_told_of_again() -> None:
    assert digest(creeping("age"), known=("age",)) is None
    message = digest(creeping("age"), creeping("income"), known=("age",))
    assert message is not None
    assert "1 of 2 columns" in message.title
    assert message.text.endswith("1 more creep and were told of before")
    assert message.payload["creeping_columns"] == 2


def test_what_was_told_of_goes_on_as_long_as_any_column_creeps() -> None:
    assert still_creeps([creeping("age"), creeping("state", Verdict.WARN)])
    assert not still_creeps([creeping("state", Verdict.WARN)])
    assert not still_creeps([])


def test_a_warning_is_for_those_who_look() -> None:
    assert digest(creeping("age", Verdict.WARN)) is None
    assert digest() is None


def test_a_name_cannot_break_the_line() -> None:
    message = digest(creeping("a\nb"))
    assert message is not None
    assert "a b" in message.title
    assert "\n" not in message.title
