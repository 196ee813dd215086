"""An assessment as one web page that needs nothing else: no network, no font, no server."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from drift_assets.assessment import Assessment
from drift_assets.data_checks import CheckResult
from drift_assets.report.checks import check_lines
from drift_assets.report.document import self_contained
from drift_assets.report.drawing import bar_data, page_data
from drift_assets.report.escaping import visible
from drift_assets.report.next_steps import next_steps
from drift_assets.report.page import page_of
from drift_assets.report.trend import MOST_LINES, creeping, trend_headline, trend_lines
from drift_assets.timeline import Timeline
from drift_assets.trends import TrendResult
from drift_assets.verdicts import Verdict

STYLES: Final = ("parts.css", "page.css")
SCRIPTS: Final = ("parts.js", "page.js")
"""The first of each holds what any page of ours is made of; the second is for this one."""

MOST_SILENT: Final = 100
"""Columns without an answer that one list names; the others are found by the filter."""


def html_report(
    assessment: Assessment,
    *,
    title: str | None = None,
    partition: date | str | None = None,
    generated_at: datetime | None = None,
    trends: Sequence[TrendResult] = (),
    timeline: Timeline | None = None,
    checks: Sequence[CheckResult] = (),
    today: date | None = None,
) -> str:
    """Return a self-contained page: the verdict in a sentence, then each column.

    Parameters
    ----------
    assessment
        What to show.
    title
        Heading; by default the monitor's name.
    partition
        Day of the data, or a sentence that stands in its place.
    generated_at
        Left out if None, so that the same assessment makes the same page.
    trends
        What the days up to this one say together; left out if there is nothing.
    timeline
        What was reported before this day; it needs the day to be one.
    checks
        What was found when the data themselves were checked.
    today
        From which the command that mutes counts; by default the day of the data.

    Notes
    -----
    The head and a line a column stand there without any script; what a column shows when it is
    opened is drawn then, as text and shapes, never as HTML. Every text goes through `visible`.
    """
    day = partition if isinstance(partition, date) else None
    page = page_of(assessment, partition=day, timeline=timeline, creeping=creeping(trends))
    silent = [column for column in page.columns if column.verdict is Verdict.NOT_EVALUATED]
    return self_contained(
        "page.html",
        styles=STYLES,
        scripts=SCRIPTS,
        data=page_data(page),
        context={
            "page": page,
            "title": visible(title if title is not None else assessment.monitor),
            "subtitle": visible(str(partition)) if partition is not None else "",
            "generated_at": generated_at.isoformat(timespec="seconds") if generated_at else "",
            "trend_headline": trend_headline(trends) if trends else "",
            "trends": trend_lines(trends)[:MOST_LINES],
            "checks": check_lines(checks),
            "silent": silent[:MOST_SILENT],
            "more_silent": max(len(silent) - MOST_SILENT, 0),
            "bars": [bar_data(column.bar) for column in page.columns],
            "steps": next_steps(assessment, partition=day, past=page.timeline, today=today),
        },
    )
