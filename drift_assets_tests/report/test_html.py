import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import numpy as np
from typing_extensions import override

from drift_assets.assessment import Assessment
from drift_assets.data_checks import CheckResult
from drift_assets.report.html import html_report
from drift_assets.timeline import Moment
from drift_assets.verdicts import Verdict
from drift_assets_tests.report.conftest import DAY, HOSTILE, Assess, past_of

# What the template itself is made of; anything else came from a name.
KNOWN_TAGS = {"html", "head", "meta", "link", "title", "style", "script", "noscript", "body"}
KNOWN_TAGS |= {
    "header",
    "main",
    "section",
    "h1",
    "h2",
    "h3",
    "p",
    "dl",
    "dt",
    "dd",
    "ul",
    "ol",
    "li",
}
KNOWN_TAGS |= {"div", "span", "a", "b", "bdi", "small", "code", "kbd", "details", "summary"}
KNOWN_TAGS |= {"form", "fieldset", "legend", "label", "input", "select", "option", "button"}
KNOWN_TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
KNOWN_TAGS |= {"svg", "defs", "symbol", "use", "path"}
KNOWN_ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "rel",
    "class",
    "id",
    "href",
}
KNOWN_ATTRIBUTES |= {"type", "hidden", "tabindex", "role", "scope", "value", "placeholder"}
KNOWN_ATTRIBUTES |= {"autocomplete", "spellcheck", "data-verdict", "data-role"}
KNOWN_ATTRIBUTES |= {"aria-hidden", "aria-label", "aria-labelledby", "aria-pressed"}
KNOWN_ATTRIBUTES |= {"aria-expanded", "aria-controls"}
KNOWN_ATTRIBUTES |= {"viewbox", "preserveaspectratio", "width", "height", "d"}


class Page(HTMLParser):
    """What a browser's parser would find: tags, attributes and texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def headings(html: str) -> list[str]:
    """Return the columns as their lines name them."""
    return re.findall(r"<h3><bdi>(.*?)</bdi>", html)


def drawn(html: str) -> dict[str, Any]:
    """Return what the script draws of each column, by name."""
    data = json.loads(html.partition(' id="data">')[2].partition("</script>")[0])
    return {column["name"]: column for column in data["columns"]}


def test_the_verdict_comes_first_as_a_sentence(mixed: Assessment) -> None:
    texts = [t.strip() for t in Page(html_report(mixed)).texts if t.strip()]
    headline = texts.index("Drift: 4 of 8 columns drift; 1 column could not be evaluated.")
    assert headline < texts.index("Columns, the gravest first")


def test_columns_are_ordered_by_how_much_they_matter(mixed: Assessment) -> None:
    names = headings(html_report(mixed))
    ranks = [Verdict.BREACH, Verdict.WARN, Verdict.NOT_EVALUATED, Verdict.OK]
    verdicts = [ranks.index(mixed.feature(name).verdict) for name in names]
    assert verdicts == sorted(verdicts)
    assert len(names) == 8
    # Missing by 25 thresholds, PSI by 20, by 9 (1.75 / 0.2).
    assert names[:3] == ["gaps", "shifted", "carrier"]


def test_each_column_shows_its_reason_thresholds_bins_and_missing_rate(mixed: Assessment) -> None:
    html = html_report(mixed)
    columns = drawn(html)
    for result in mixed.features:
        assert columns[result.feature]["reason"] == result.reason
    rules = {line[0]: line[3] for line in columns["shifted"]["statistics"]}
    assert (rules["PSI"], rules["KS"]) == (">= 0.2", "p < 0.05")
    assert ["missing", "0%", "50.0%"] in columns["gaps"]["summary"]
    carrier = columns["carrier"]
    assert carrier["moved"][0] == ["unseen", "0%", "20.0%"]
    assert carrier["unseen"] == "ZZ (200)"
    assert "from unseen values (20.0% of rows); missing rate unchanged" in carrier["why"]
    assert "Found but not watched: <bdi>row_id</bdi>" in html


def test_the_picture_draws_the_shares_it_stands_for(mixed: Assessment) -> None:
    bins = drawn(html_report(mixed))["carrier"]["bins"]
    # AA 0.6 and UA 0.4 before; AA 0.3, UA 0.5 and unseen 0.2 after.
    assert [one[0] for one in bins] == ["AA", "UA", "unseen"]
    assert [one[3] for one in bins] == [0.6, 0.4, 0]
    assert [one[4] for one in bins] == [0.3, 0.5, 0.2]
    assert [one[1:3] for one in bins] == [["60.0%", "30.0%"], ["40.0%", "50.0%"], ["0%", "20.0%"]]


def test_the_page_needs_and_allows_nothing_from_outside(mixed: Assessment) -> None:
    html = html_report(mixed)
    page = Page(html)
    (policy,) = [
        v or "" for k, v in page.attributes if k == "content" and "default-src" in (v or "")
    ]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "https:" not in html
    assert html.count("http:") == html.count("http://www.w3.org/2000/svg")
    assert not {"img", "iframe", "object", "embed", "audio", "video"} & set(page.tags)
    assert all(
        v == "data:," or (v or "").startswith("#") for k, v in page.attributes if k == "href"
    )
    assert "src" not in {name for name, _ in page.attributes}


def test_the_page_turns_dark_and_prints(mixed: Assessment) -> None:
    html = html_report(mixed)
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media print" in html


def test_a_past_day_and_the_next_never_stand_on_the_page_of_a_day(mixed: Assessment) -> None:
    past = past_of(mixed)
    later = replace(past, days=(*past.days[:-1], DAY + timedelta(days=1)))
    html = html_report(mixed, partition=DAY, timeline=later)
    assert str(DAY + timedelta(days=1)) not in html
    assert len(drawn(html)["shifted"]["verdicts"]) == len(past.days)


def test_a_figure_of_a_past_day_lies_on_the_side_of_its_verdict(mixed: Assessment) -> None:
    past = past_of(mixed, days=3, since=0)
    psis = (0.0999996, 0.1999996)
    moments = tuple(Moment(Verdict.WARN, psi, 0.1, 0.2, 0.0, None) for psi in psis)
    columns = {f.feature: moments for f in mixed.features}
    html = html_report(mixed, partition=DAY, timeline=replace(past, columns=columns))
    _, figures, limits = drawn(html)["shifted"]["past"][0]
    assert figures[:2] == ["0.0999996", "0.1999996"]
    assert limits == [[0, "0.2"]]


def test_what_is_said_of_the_data_has_a_place(mixed: Assessment) -> None:
    checks = [
        CheckResult("row_count", "warn", "passed", "1,000 rows"),
        CheckResult("stale", "warn", "failed", "like two days ago", columns=("gaps",)),
        CheckResult("duplicates", "error", "not_evaluated", "no such column"),
    ]
    texts = Page(html_report(mixed, checks=checks)).texts
    assert "1 of 3 passed" in texts
    assert {"row count", "stale", "like two days ago", "no such column"} <= set(texts)
    assert "Data checks" not in Page(html_report(mixed)).texts


def test_hostile_names_are_text_and_nothing_else(hostile: Assessment) -> None:
    html = html_report(hostile, title=HOSTILE[1], partition=HOSTILE[0])
    page = Page(html)
    assert set(page.tags) <= KNOWN_TAGS
    assert {name for name, _ in page.attributes} <= KNOWN_ATTRIBUTES
    assert all(
        v == "data:," or (v or "").startswith("#") for k, v in page.attributes if k == "href"
    )
    assert html.count("</style>") == 1
    assert html.count("</script>") == 2
    assert all(c == "\n" or c.isprintable() for c in html)
    found = {text.strip() for text in page.texts}
    assert "<img src=x onerror=alert(1)>" in found
    assert "</script><script>alert(2)</script>" in found
    assert "javascript:alert(3)" in found
    assert "{{ 7 * 7 }}{% for x in y %}" in found
    assert "right\\u202eto\\u202cleft\\u2066marks" in found
    html.encode("utf-8")


def test_fifty_features_make_under_half_a_megabyte(assess_columns: Assess) -> None:
    r = np.random.default_rng(1)
    numbers = {
        f"measurement_number_{i}": (list(r.normal(size=2000)), list(r.normal(0.5, 1, 2000)))
        for i in range(25)
    }
    names = [f"a category with a rather long name {i}" for i in range(100)]
    words = {
        f"category_number_{i}": (names * 20, [*names[50:] * 20, *(f"new {n}" for n in names)])
        for i in range(25)
    }
    assessment = assess_columns({**numbers, **words})
    page = html_report(assessment, partition=DAY, timeline=past_of(assessment))
    assert len(headings(page)) == 50
    assert len(page.encode()) < 500_000


def test_the_same_assessment_makes_the_same_page(mixed: Assessment) -> None:
    assert html_report(mixed) == html_report(mixed)
    dated = html_report(
        mixed,
        title="Churn",
        partition=date(2026, 11, 23),
        generated_at=datetime(2026, 11, 24, 6, tzinfo=UTC),
    )
    assert "<title>Churn, 2026-11-23</title>" in dated
    assert "2026-11-24T06:00:00+00:00" in dated


def test_a_page_without_any_answer_says_so(assess_columns: Assess) -> None:
    html = html_report(assess_columns({"x": ([1.0, 2.0], "no rows")}))
    assert "No verdict: none of 1 column could be evaluated." in Page(html).texts
    assert drawn(html)["x"]["summary"][0] == ["values", "2", ""]


def test_a_page_without_columns_is_still_a_page(mixed: Assessment) -> None:
    html = html_report(replace(mixed, features=(), verdict=Verdict.NOT_EVALUATED))
    assert "No verdict" in html
