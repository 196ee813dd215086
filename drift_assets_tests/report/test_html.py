import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from typing_extensions import override

from drift_assets.assessment import Assessment
from drift_assets.report.html import html_report
from drift_assets.verdicts import Verdict
from drift_assets_tests.report.conftest import HOSTILE, Assess

# What the template itself is made of; anything else came from a name.
KNOWN_TAGS = {"html", "head", "meta", "title", "style", "body", "header", "main", "section"}
KNOWN_TAGS |= {"h1", "h2", "h3", "p", "dl", "dt", "dd", "ul", "li", "div", "span", "a", "bdi"}
KNOWN_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "svg", "path", "rect", "text"}
KNOWN_ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href"}
KNOWN_ATTRIBUTES |= {"scope", "role", "width", "height", "viewbox", "d", "x", "y", "transform"}
KNOWN_ATTRIBUTES |= {"text-anchor", "preserveaspectratio", "aria-hidden"}


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
    return re.findall(r"<h2><bdi>(.*?)</bdi></h2>", html)


def test_the_verdict_comes_first_as_a_sentence(mixed: Assessment) -> None:
    texts = [t.strip() for t in Page(html_report(mixed)).texts if t.strip()]
    assert "Drift: 4 of 8 columns drift; 1 column could not be evaluated." in texts
    first_table = texts.index("Column")
    assert (
        texts.index("Drift: 4 of 8 columns drift; 1 column could not be evaluated.") < first_table
    )


def test_columns_are_ordered_by_verdict_then_by_psi(mixed: Assessment) -> None:
    names = headings(html_report(mixed))
    results = [mixed.feature(name) for name in names]
    ranks = [Verdict.BREACH, Verdict.WARN, Verdict.NOT_EVALUATED, Verdict.OK]
    keys = [(ranks.index(r.verdict), -(r.value("psi") or 0.0)) for r in results]
    assert keys == sorted(keys)
    assert len(names) == 8
    assert names[-1] != "absent"


def test_each_column_shows_its_reason_thresholds_bins_and_missing_rate(mixed: Assessment) -> None:
    html = html_report(mixed)
    texts = Page(html).texts
    for result in mixed.features:
        assert result.reason in texts
    assert ">= 0.2" in texts
    assert "p < 0.05" in texts
    section = html[html.index("<h2><bdi>gaps</bdi></h2>") :]
    missing = section[section.index("<td>missing</td>") :]
    assert re.findall(r'figure">(.*?)<', missing)[:2] == ["0%", "50.0%"]
    unseen = html[html.index("<h2><bdi>carrier</bdi></h2>") :]
    moved = unseen[unseen.index("Moved most") :]
    assert re.findall(r"<td.*?>(?:<bdi>)?(.*?)<", moved)[:3] == ["unseen", "0%", "20.0%"]
    assert "Not in the baseline: <bdi>ZZ (200)</bdi>" in unseen
    assert "from unseen values (20.0% of rows); missing rate unchanged" in unseen
    assert "Found but not watched: <bdi>row_id</bdi>" in html


def test_the_picture_draws_the_shares_it_stands_for(mixed: Assessment) -> None:
    html = html_report(mixed)
    section = html[html.index("<h2><bdi>carrier</bdi></h2>") :]
    drawing = ET.fromstring(re.findall(r'<svg viewBox.*?class="shares">.*?</svg>', section)[0])  # noqa: S314  # our own output
    heights = {
        path.get("class"): [float(v) for v in re.findall(r"v-([\d.]+)", path.get("d") or "")]
        for path in drawing.iter("path")
    }
    # AA 0.6 and UA 0.4 before; AA 0.3, UA 0.5 and unseen 0.2 after; 0.6 is full height.
    top = heights["baseline"][0]
    assert [h / top for h in heights["baseline"]] == pytest.approx([1, 4 / 6], abs=0.01)
    assert [h / top for h in heights["current"]] == pytest.approx([3 / 6, 5 / 6, 2 / 6], abs=0.01)


def test_the_page_needs_and_allows_nothing_from_outside(mixed: Assessment) -> None:
    html = html_report(mixed)
    page = Page(html)
    assert (
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    ) in page.attributes
    assert "http://" not in html
    assert "https://" not in html
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert {v for k, v in page.attributes if k == "href"} == {f"#c{i}" for i in range(1, 9)}


def test_the_page_turns_dark_and_prints(mixed: Assessment) -> None:
    html = html_report(mixed)
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media print" in html


def test_hostile_names_are_text_and_nothing_else(hostile: Assessment) -> None:
    html = html_report(hostile, title=HOSTILE[1], partition=HOSTILE[0])
    page = Page(html)
    assert set(page.tags) <= KNOWN_TAGS
    assert {name for name, _ in page.attributes} <= KNOWN_ATTRIBUTES
    assert all((v or "").startswith("#c") for k, v in page.attributes if k == "href")
    assert html.count("</style>") == 1
    assert all(c == "\n" or c.isprintable() for c in html)
    found = {text.strip() for text in page.texts}
    assert "<img src=x onerror=alert(1)>" in found
    assert "</script><script>alert(2)</script>" in found
    assert "javascript:alert(3)" in found
    assert "{{ 7 * 7 }}{% for x in y %}" in found
    assert "right\\u202eto\\u202cleft\\u2066marks" in found
    html.encode("utf-8")


def test_every_picture_is_well_formed(hostile: Assessment) -> None:
    drawings = re.findall(r"<svg.*?</svg>", html_report(hostile), re.DOTALL)
    assert drawings
    for drawing in drawings:
        ET.fromstring(drawing)  # noqa: S314  # our own output


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
    page = html_report(assess_columns({**numbers, **words}))
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
    assert "<td>values</td>" in html


def test_a_page_without_columns_is_still_a_page(mixed: Assessment) -> None:
    html = html_report(replace(mixed, features=(), verdict=Verdict.NOT_EVALUATED))
    assert "No verdict" in html


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_runs_nothing_on_a_hostile_page(hostile: Assessment, tmp_path: Path) -> None:
    # Without its policy the page must be inert as well: escaping is the first line.
    page = html_report(hostile).replace("default-src 'none'", "script-src 'unsafe-inline'")
    witness = "<script>window.alert = () => document.body.setAttribute('ran', '');</script>"
    path = tmp_path / "page.html"
    path.write_text(page.replace("</head>", f"{witness}</head>"), encoding="utf-8")
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=3000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "<body>" in done.stdout
    assert "onerror=alert(1)&gt;" in done.stdout
