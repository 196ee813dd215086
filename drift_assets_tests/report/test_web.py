"""The page in a real browser: what a person does with it, and what it must never do."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drift_assets.assessment import Assessment
from drift_assets.data_checks import CheckResult
from drift_assets.monitors import Trend
from drift_assets.report.html import html_report
from drift_assets.trends import Series, judge_trends
from drift_assets_tests.browser import Browser
from drift_assets_tests.report.conftest import DAY, HOSTILE, Assess, past_of

AXE = Path(__file__).parents[1] / "data" / "axe.min.js"

CHECKS = (
    CheckResult("row_count", "warn", "passed", "1,000 rows, 950 usual"),
    CheckResult("missing_rate", "error", "failed", "50.0% missing", columns=("gaps",)),
)

Show = Callable[..., Browser]


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Show:
    """Return a function that opens a page, and complains for it once the test is done."""

    def opened(html: str, *, width: int = 1280) -> Browser:
        path = tmp_path / "<img src=x onerror=alert(9)>.html"
        path.write_text(html, encoding="utf-8")
        chromium.media()
        chromium.open(path.as_uri(), width=width)
        chromium.settle()
        return chromium

    return opened


@pytest.fixture
def page(mixed: Assessment) -> str:
    """Return a page on which every part is filled."""
    days = np.arange(DAY.toordinal() - 59, DAY.toordinal() + 1)
    rising = np.linspace(0.01, 0.15, 60)
    series = Series("shifted", "feature", "psi", days, rising, np.zeros(60))
    thresholds = {f.feature: f.thresholds for f in mixed.features}
    return html_report(
        mixed,
        partition=DAY,
        timeline=past_of(mixed),
        checks=CHECKS,
        trends=judge_trends([series], Trend(), thresholds, partition=DAY),
    )


def names(browser: Browser) -> list[str]:
    """Return the columns that are shown, in their order."""
    found: list[str] = browser.run(
        "[...document.querySelectorAll('#list > li:not([hidden]) h3 > bdi')]"
        ".map((one) => one.textContent)"
    )
    return found


def text(browser: Browser, selector: str) -> str:
    found: str = browser.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return found


def quiet(browser: Browser) -> None:
    """Assert that nothing was complained of and nothing but the page was asked for."""
    assert browser.complaints == []
    assert [r for r in browser.requests if not r.startswith("data:")] == browser.requests[:1]
    assert browser.requests[0].startswith("file:")


def serious(browser: Browser) -> list[str]:
    """Return what axe finds in the page, if it keeps anybody from using it."""
    browser.run(AXE.read_text(encoding="utf-8") + "; 0")
    found = json.loads(browser.run("axe.run(document).then((r) => JSON.stringify(r.violations))"))
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical", "moderate"}
        for node in one["nodes"]
    ]


def test_the_first_screen_says_what_moved_since_when_and_what_to_do(show: Show, page: str) -> None:
    browser = show(page)
    header = text(browser, "header")
    assert "Drift: 4 of 8 columns drift; 1 column could not be evaluated." in header
    first = text(browser, ".leading > li")
    assert first.startswith("gaps breach missing 0% → 50.0% since 2026-11-17, 7 days")
    assert "drift-assets run churn --partition 2026-11-23" in text(browser, "#steps")
    assert "1 of 2 passed" in header
    assert "missing rate gaps failed 50.0% missing" in " ".join(text(browser, "#checks").split())
    assert "reaching a threshold soon" in text(browser, "#trends")
    assert "column absent from the current data" in text(browser, "#silent")
    quiet(browser)


def test_the_gravest_column_is_open_and_the_others_are_drawn_when_they_are_opened(
    show: Show, page: str
) -> None:
    browser = show(page)
    assert browser.run("document.querySelectorAll('details[open] .halves').length") == 1
    browser.click("#c2 summary")
    body = text(browser, "#c2 .body")
    for part in ("Baseline and current", "Moved most", "Statistics beside", "Both sides"):
        assert part.lower() in body.lower()
    assert browser.run("document.querySelectorAll('#c2 .body .curve').length") > 0
    assert browser.run("document.querySelector('#c2 .change').getAttribute('d').length") > 0
    browser.click("#c2 .all > summary")
    assert "Adds to PSI" in text(browser, "#c2 .all")
    browser.click("#c2 summary")
    assert browser.run("document.querySelector('#c2 details').open") is False
    quiet(browser)


def test_the_noise_floor_and_the_thresholds_are_drawn_where_they_lie(
    show: Show, assess_columns: Assess
) -> None:
    words = ["a"] * 1000 + ["b"] * 1000 + ["c"] * 2000
    moved = ["a"] * 1200 + ["b"] * 900 + ["c"] * 1900
    browser = show(html_report(assess_columns({"x": (words, moved)})))
    browser.click("#c1 summary")
    places = browser.run(
        "['noise', 'warning', 'limit'].map((name) => Number("
        "document.querySelector(`#c1 .statistics .${name}`).getAttribute('d').slice(1, -4)))"
    )
    # On a scale that ends at 1.25 thresholds; 5.99 is the 95 % point of chi-squared with 2.
    assert places == pytest.approx([1000 * 5.991 * 2 / 4000 / 0.25, 400, 800], abs=1)
    quiet(browser)


def test_a_column_is_found_by_search_verdict_and_role(show: Show, page: str) -> None:
    browser = show(page)
    assert len(names(browser)) == 8
    browser.press("/")
    browser.type("SHI")
    assert names(browser) == ["shifted"]
    assert text(browser, "#shown") == "1 of 8 columns shown"
    browser.press("Escape")
    assert len(names(browser)) == 8
    browser.click("button[data-verdict=not_evaluated]")
    assert names(browser) == ["absent"]
    browser.click("button[data-verdict=ok]")
    assert set(names(browser)) == {"absent", "steady", "class", "endless"}
    browser.click("button[data-verdict=not_evaluated]")
    browser.click("button[data-verdict=ok]")
    browser.click("button[data-role=prediction]")
    assert set(names(browser)) == {"score", "class"}
    quiet(browser)


def test_columns_are_put_in_order(show: Show, page: str, mixed: Assessment) -> None:
    browser = show(page)
    grave = names(browser)

    def order(value: str) -> list[str]:
        browser.run(
            f"(() => {{ const one = document.getElementById('order'); one.value = '{value}';"
            "one.dispatchEvent(new Event('change')); })()"
        )
        return names(browser)

    by_name = order("name")
    assert by_name == sorted(by_name)
    by_psi = [mixed.feature(name).value("psi") for name in order("psi")]
    known = [value for value in by_psi if value is not None]
    assert known == sorted(known, reverse=True)
    assert by_psi[-1] is None
    assert order("grave") == grave
    quiet(browser)


def test_shapes_have_true_widths_on_request(show: Show, page: str) -> None:
    browser = show(page)
    browser.click("#c2 summary")
    numeric = "#list > li:has(details[open]) .picture"
    before = browser.run(f"document.querySelectorAll('{numeric} .current-line').length")
    browser.run(
        "(() => { const one = document.getElementById('shape'); one.value = 'values';"
        "one.dispatchEvent(new Event('change')); })()"
    )
    browser.settle()
    assert before == 0
    assert browser.run(f"document.querySelectorAll('{numeric} .current-line').length") > 0
    quiet(browser)


def test_all_are_opened_and_closed_at_once(show: Show, page: str) -> None:
    browser = show(page)
    count = "document.querySelectorAll('#list > li > details[open]').length"
    browser.click("#open-all")
    assert browser.run(count) == 8
    browser.click("#open-all")
    assert browser.run(count) == 0
    quiet(browser)


def test_the_keyboard_goes_everywhere(show: Show, page: str) -> None:
    browser = show(page)
    focus = "document.activeElement.closest('li')?.id"
    browser.press("j")
    assert browser.run(focus) == "c1"
    browser.press("j")
    browser.press("j")
    browser.press("k")
    assert browser.run(focus) == "c2"
    browser.press("Enter")
    assert browser.run("document.querySelector('#c2 details').open") is True
    browser.press("?")
    assert browser.run("document.getElementById('keys-help').hidden") is False
    browser.click("#keys")
    assert browser.run("document.getElementById('keys-help').hidden") is True
    quiet(browser)


def test_pictures_are_read_by_pointer_and_by_arrow_keys(show: Show, page: str) -> None:
    browser = show(page)
    browser.point("#strip .surface")
    assert "breached" in text(browser, "#strip .tip")
    browser.run("document.querySelector('#strip .surface').focus()")
    browser.press("Escape")
    assert text(browser, "#strip .tip") == ""
    browser.press("ArrowLeft")
    assert text(browser, "#strip .tip") == "2026-11-23: breach, 4 breached"
    browser.press("ArrowLeft")
    assert text(browser, "#strip .tip") == "2026-11-22: breach, 4 breached"
    quiet(browser)


def test_a_tooltip_tells_the_bin_and_the_day_in_the_figures_of_the_table(
    show: Show, page: str, mixed: Assessment
) -> None:
    browser = show(page)
    place = names(browser).index("shifted") + 1
    browser.click(f"#c{place} summary")
    surfaces = f"[...document.querySelectorAll('#c{place} .surface')]"
    told = []
    for i in (0, 1):
        browser.run(f"{surfaces}[{i}].focus()")
        browser.press("ArrowLeft")
        told.append(browser.run(f"{surfaces}[{i}].parentElement.querySelector('.tip').innerText"))
    result = mixed.feature("shifted")
    assert told[0].startswith(result.bins[-1].label)
    assert "baseline 10.0%, current 60.0%" in told[0]
    assert told[1] == f"2026-11-23: PSI {round(result.value('psi') or 0, 3)}, breach"
    # A share without a threshold did not decide, whatever its column did.
    place = names(browser).index("gaps") + 1
    browser.run(f"document.querySelector('#c{place}').open = true")
    marked = "[...picture.querySelectorAll('.legend .dots.breach')].length"
    legends = browser.run(
        f"[...document.querySelectorAll('#c{place} .picture')].map((picture) => "
        f"[picture.querySelector('.legend')?.innerText || '', {marked}])"
    )
    found = {text.split()[0]: n for text, n in legends if text}
    assert (found["PSI"], found["missing"]) == (1, 0)
    quiet(browser)


def test_a_link_to_a_column_opens_it_even_if_it_was_filtered_out(show: Show, page: str) -> None:
    browser = show(page)
    browser.click("button[data-verdict=ok]")
    browser.click("#silent a")
    assert browser.run("document.querySelector(location.hash + ' details').open") is True
    assert "absent" in names(browser)
    quiet(browser)


def test_a_command_is_copied_or_at_least_selected(show: Show, page: str) -> None:
    browser = show(page)
    browser.click("#steps button")
    assert text(browser, "#steps button") in {"Copied", "Selected"}
    quiet(browser)


def test_a_skip_link_leads_past_the_head(show: Show, page: str) -> None:
    browser = show(page)
    browser.run("document.querySelector('.skip').focus()")
    browser.press("Enter")
    assert browser.run("location.hash") == "#columns"
    quiet(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_keeps_anybody_from_using_the_page(
    show: Show, page: str, scheme: str, width: int
) -> None:
    browser = show(page, width=width)
    browser.media(scheme=scheme)
    browser.click("#open-all")
    browser.run("document.getElementById('keys').click()")
    browser.run("document.querySelector('button[data-verdict=breach]').click()")
    browser.settle()
    assert serious(browser) == []
    # A phone scrolls down, never sideways.
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
    quiet(browser)


def test_a_fault_would_be_found(show: Show, page: str) -> None:
    browser = show(page.replace("</main>", '<p style="color: #eee">pale</p><input></main>'))
    assert {one.partition(":")[0] for one in serious(browser)} >= {"label"}


def test_what_drifted_is_printed_open_and_the_rest_as_lines(show: Show, page: str) -> None:
    browser = show(page)
    assert browser.pdf().startswith(b"%PDF")
    opened = "[...document.querySelectorAll('#list > li')].map((one) => one.firstChild.open)"
    assert browser.run(opened) == [True] * 4 + [False] * 4
    assert browser.run("document.querySelectorAll('#list .halves').length") == 4
    quiet(browser)


def test_without_scripts_every_line_still_stands(show: Show, page: str) -> None:
    silent = page.replace("script-src 'sha256-", "script-src 'sha256-not")
    browser = show(silent)
    assert len(names(browser)) == 8
    assert "Drift: 4 of 8 columns drift" in text(browser, "header")
    assert browser.run("document.getElementById('controls').hidden") is True
    browser.click("#c2 summary")
    assert len(text(browser, "#c2 .reason")) > 10


def test_a_browser_runs_nothing_of_a_hostile_page(show: Show, hostile: Assessment) -> None:
    # Without its policy, too: that text stays text is the first line.
    html = html_report(
        hostile,
        title=HOSTILE[1],
        partition=DAY,
        timeline=past_of(hostile),
        checks=[CheckResult("schema", "error", "failed", n, columns=(n,)) for n in HOSTILE],
    )
    start = html.index('<meta http-equiv="Content-Security-Policy"')
    for content in (html, html[:start] + html[html.index("\n", start) :]):
        browser = show(content)
        made = "document.querySelectorAll('img, iframe, object, embed, script:not([src])').length"
        scripts = browser.run(made)
        assert scripts == 2
        browser.click("#open-all")
        for n in range(1, len(hostile.features) + 1):
            browser.run(f"document.getElementById('c{n}').scrollIntoView()")
            browser.settle()
        assert browser.run("document.querySelectorAll('#list .halves').length") == len(
            hostile.features
        )
        assert browser.run(made) == scripts
        found = browser.run(
            "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
            ".filter((a) => a.name.startsWith('on')"
            " || (/^(href|src|action|formaction|xlink:href)$/.test(a.name)"
            " && !/^#|^data:,$/.test(a.value))).length"
        )
        assert found == 0
        shown = names(browser)
        for name in HOSTILE:
            if name.isprintable():
                assert name in shown
        assert "right\\u202eto\\u202cleft\\u2066marks" in shown
        browser.run("document.querySelectorAll('#steps button').forEach((one) => one.click())")
        browser.settle()
        quiet(browser)


def test_a_script_that_got_in_all_the_same_is_not_run(show: Show, page: str) -> None:
    browser = show(page.replace("</main>", "<script>alert(1)</script><img src='x'></main>"))
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)
    assert not any("dialog" in complaint for complaint in browser.complaints)
    assert len(browser.requests) <= 2


def test_a_thousand_columns_are_drawn_only_as_they_are_seen(
    show: Show, assess_columns: Assess
) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    one = assess_columns({"x": (steps, [v + 0.5 for v in steps])})
    many = {f"column {i}": (steps, [v + 0.5 for v in steps]) for i in range(1000)}
    assert len(many) == 1000
    assessment = assess_columns(many)
    html = html_report(assessment, partition=DAY, timeline=past_of(assessment))
    assert len(html.encode()) < 6_000_000
    browser = show(html)
    assert len(names(browser)) == 1000
    browser.click("#open-all")
    browser.settle()
    assert 0 < browser.run("document.querySelectorAll('.halves').length") < 200
    browser.run("document.getElementById('c900').scrollIntoView()")
    browser.settle()
    browser.settle()
    assert one.features[0].reason in text(browser, "#c900 .body")
    quiet(browser)
