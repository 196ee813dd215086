"""An assessment as one web page that needs nothing else: no script, no network, no font."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from drift_assets.assessment import Assessment
from drift_assets.report.escaping import visible
from drift_assets.report.page import page_of
from drift_assets.report.picture import shares_picture
from drift_assets.report.trend import MOST_LINES, trend_headline, trend_lines
from drift_assets.trends import TrendResult

_TEMPLATE: Final = "page.html"


def html_report(
    assessment: Assessment,
    *,
    title: str | None = None,
    partition: date | str | None = None,
    generated_at: datetime | None = None,
    trends: Sequence[TrendResult] = (),
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

    Notes
    -----
    Every text goes through `visible` and jinja2's escaping; the page's
    content security policy forbids scripts and loading anything besides.
    """
    page = page_of(assessment)
    return _template().render(
        page=page,
        title=visible(title if title is not None else assessment.monitor),
        subtitle=visible(str(partition)) if partition is not None else "",
        generated_at=generated_at.isoformat(timespec="seconds") if generated_at else "",
        trend_headline=trend_headline(trends) if trends else "",
        trends=trend_lines(trends)[:MOST_LINES],
        # The pictures escape their own texts.
        pictures=[Markup(shares_picture(panel.bins)) for panel in page.columns],  # noqa: S704
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("drift_assets.report").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source)
