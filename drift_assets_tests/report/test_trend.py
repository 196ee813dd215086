"""Trends in a report: sentence, table, page and file, whatever a column is called."""

from datetime import date

from drift_assets.report.html import html_report
from drift_assets.report.trend import (
    trend_headline,
    trend_lines,
    trend_table,
    trend_text,
    trends_to_list,
)
from drift_assets.trends import Step, TrendResult
from drift_assets.verdicts import Verdict
from drift_assets_tests.store.samples import assessment

DAY = date(2026, 11, 23)


def trend(feature: str, verdict: Verdict, reason: str, *, step: bool = False) -> TrendResult:
    return TrendResult(
        feature,
        "feature",
        "psi",
        verdict,
        reason,
        90,
        40,
        DAY,
        DAY,
        0.2,
        slope=0.00213,
        reached_on=DAY,
        step=Step(DAY, 0.01, 0.3, 0.001) if step else None,
    )


RESULTS = (
    trend("quiet", Verdict.OK, "no trend"),
    trend("age|<b>", Verdict.BREACH, "PSI rises"),
    trend("slow", Verdict.WARN, "PSI rises a little"),
    trend("jumped", Verdict.OK, "PSI stepped from 0.01 to 0.3", step=True),
)


def test_the_gravest_come_first_and_are_counted() -> None:
    assert [line.name for line in trend_lines(RESULTS)] == ["age|<b>", "slow", "quiet", "jumped"]
    assert trend_headline(RESULTS) == (
        "Of 4 columns: 1 reaching a threshold soon at this rate, 1 creeping."
    )
    assert trend_headline(RESULTS[:1]) == "No trend in 1 column."


def test_a_date_is_shown_only_where_something_creeps() -> None:
    shown = {line.name: line.reached for line in trend_lines(RESULTS)}
    assert shown == {"age|<b>": str(DAY), "slow": str(DAY), "quiet": "", "jumped": ""}


def test_a_name_makes_no_cell_and_no_markup() -> None:
    row = trend_table(RESULTS).splitlines()[4]
    assert row.count(" | ") == 6
    page = html_report(assessment(), trends=RESULTS)
    assert "age|&lt;b&gt;" in page
    assert "age|<b>" not in page
    assert 'id="trends"' not in html_report(assessment())


def test_a_terminal_gets_what_creeps_and_what_stepped() -> None:
    lines = trend_text(RESULTS).splitlines()
    assert lines[0] == "Gradual Drift:"
    assert lines[2:] == [
        "  - age|<b>: breach: PSI rises",
        "  - slow: warning: PSI rises a little",
        "  - jumped: ok: PSI stepped from 0.01 to 0.3",
    ]


def test_every_field_is_in_the_file() -> None:
    (found,) = trends_to_list(RESULTS[3:])
    assert set(found) == set(TrendResult.__dataclass_fields__)
    assert found["step"] == {"since": str(DAY), "before": 0.01, "after": 0.3, "p_value": 0.001}
    assert (found["reached_on"], found["level"]) == (str(DAY), None)
