"""The dashboard in a real browser: what a person does with it, and what it must never do."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drift_assets.dashboard import FOLDER, Served, update_dashboard
from drift_assets.store import History
from drift_assets_tests.browser import Browser
from drift_assets_tests.dashboard.conftest import LAST, NOW, keep
from drift_assets_tests.report.conftest import HOSTILE

AXE = Path(__file__).parents[1] / "data" / "axe.min.js"

Show = Callable[..., Browser]


def history_of(home: Path) -> History:
    return History(home / "history.duckdb", publishes=False)


@pytest.fixture(scope="module")
def site(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a drift home with a dashboard, in a folder of an odd name."""
    home = tmp_path_factory.mktemp("shown") / "<img src=x onerror=alert(9)> #&?"
    shutil.copytree(full, home)
    update_dashboard(history_of(home), home)
    return home


@pytest.fixture
def show(chromium: Browser) -> Show:
    """Return a function that opens a dashboard from the disk at three in the morning."""

    def opened(home: Path, place: str = "#/", *, width: int = 1280) -> Browser:
        chromium.media()
        chromium.set_clock(NOW)
        chromium.open("about:blank", width=width)
        chromium.open((home / FOLDER / "index.html").as_uri() + place, width=width)
        wait(chromium, "document.querySelector('h1') !== null")
        wait(chromium, "!document.body.innerText.includes('Reading')")
        return chromium

    return opened


def wait(browser: Browser, script: str) -> None:
    """Wait until something is so, maybe of the next page."""

    def is_so() -> bool:
        found = bool(browser.run(script))
        browser.settle()
        return found

    for _ in range(200):
        if leave(is_so):
            return
    raise AssertionError(f"never so: {script}\n{browser.run('document.body.innerText')}")


def leave(action: Callable[[], object]) -> object:
    """Return what an action returns, or None if the page was left before it could."""
    try:
        return action()
    except AssertionError as error:
        if not any(word in str(error) for word in ("navigated", "context")):
            raise
        return None


def text(browser: Browser, selector: str) -> str:
    found: str = browser.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return found


def names(browser: Browser, selector: str) -> list[str]:
    """Return the texts of what is shown and fits, in their order."""
    found: list[str] = browser.run(
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        ".filter((one) => one.checkVisibility()).map((one) => one.textContent)"
    )
    return found


def monitors(browser: Browser) -> list[str]:
    return names(browser, ".monitors > li:not([hidden]) h2")


def columns(browser: Browser) -> list[str]:
    return names(browser, ".heat > li:not([hidden]) button.name > bdi")


def quiet(browser: Browser) -> None:
    """Assert that nothing was complained of, and that no request left the disk."""
    assert browser.complaints == []
    assert [r for r in browser.requests if not r.startswith(("file:", "data:"))] == []


def serious(browser: Browser) -> list[str]:
    """Return what axe finds in the page, if it keeps anybody from using it."""
    browser.run(AXE.read_text(encoding="utf-8") + "; 0")
    # It would fetch the style sheet, which the page's policy forbids.
    found = json.loads(
        browser.run("axe.run(document, {preload: false}).then((r) => JSON.stringify(r.violations))")
    )
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical", "moderate"}
        for node in one["nodes"]
    ]


def test_the_first_look_says_who_drifts_since_when_and_how_much(show: Show, site: Path) -> None:
    browser = show(site)
    assert text(browser, ".headline") == "Drift in 1 of 4 monitors: loans."
    assert "fraud" in text(browser, "header > p:last-child")
    assert monitors(browser) == ["loans", "fraud", "orders", "churn"]
    first = text(browser, ".monitors > li")
    for part in ("breach", "ramp, score", "2 of 8 columns drift", "since 2026-11-07, 16 days"):
        assert part in first
    for part in ("1 alert open", "data: row count", "1 action pending", "2 of 30 days missing"):
        assert part in first
    quiet(browser)


def test_monitors_are_found_by_search_and_verdict_and_ordered(show: Show, site: Path) -> None:
    browser = show(site)
    browser.press("/")
    browser.type("FRA")
    assert monitors(browser) == ["fraud"]
    assert text(browser, "#shown") == "1 of 4 monitors shown"
    browser.press("Escape")
    assert len(monitors(browser)) == 4
    browser.click("button[data-code=b]")
    assert monitors(browser) == ["loans"]
    browser.click("button[data-code=b]")
    for order, expected in {
        "name": ["churn", "fraud", "loans", "orders"],
        "last": ["fraud", "churn", "loans", "orders"],
    }.items():
        choose(browser, "#order", order)
        assert monitors(browser) == expected
    quiet(browser)


def choose(browser: Browser, selector: str, value: str) -> None:
    browser.run(
        f"(() => {{ const one = document.querySelector('{selector}'); one.value = '{value}';"
        "one.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    browser.settle()


def test_the_keyboard_leads_from_all_monitors_to_a_days_report(show: Show, site: Path) -> None:
    browser = show(site)
    browser.press("j")
    assert browser.run("document.activeElement.textContent") == "loans"
    browser.press("Enter")
    wait(browser, "document.querySelector('.heat .cells') !== null")
    assert text(browser, "h1") == "loans"
    browser.run("document.querySelector('.heat .cells').focus()")
    assert "Whole day · Mon 2026-11-23 · no report" in text(browser, ".readout")
    browser.press("ArrowLeft")
    said = text(browser, ".readout")
    assert "Sun 2026-11-22" in said
    assert "breach: 2 of 8 columns breached, 250 rows" in said
    assert "open the report" in said
    browser.press("ArrowDown")
    assert text(browser, ".readout").startswith("ramp · Sun 2026-11-22")
    leave(lambda: browser.press("Enter"))
    wait(browser, "document.title === 'loans 2026-11-22'")
    assert browser.complaints == []


def test_a_click_on_a_day_opens_its_report_and_a_finger_reads_first(show: Show, site: Path) -> None:
    browser = show(site, "#/loans")
    place = (
        "(() => {{ const one = document.querySelectorAll('.heat .cells')[1];"
        "const box = one.getBoundingClientRect();"
        "one.dispatchEvent(new PointerEvent('click', {{bubbles: true, pointerType: '{}',"
        "clientX: box.right - box.width * 1.5 / 31, clientY: box.y + 3}})); }})()"
    )
    assert browser.run("document.querySelector('.heat .cells > svg').viewBox.baseVal.width") == 310
    browser.run(place.format("touch"))
    assert text(browser, ".readout").startswith("ramp · Sun 2026-11-22")
    assert browser.run("document.title") == "loans: breach"
    leave(lambda: browser.run(place.format("mouse")))
    wait(browser, "document.title === 'loans 2026-11-22'")


def test_each_verdict_has_a_shape_of_its_own(show: Show, site: Path) -> None:
    browser = show(site, "#/loans")
    shapes: dict[str, Any] = browser.run(
        "Object.fromEntries([...document.querySelectorAll('.key svg')].slice(0, 4).map((svg) => {"
        "const cell = [...svg.querySelectorAll('.cell')].find((one) => one.getBBox().width);"
        "const box = cell.getBBox(); return [cell.getAttribute('class'), [box.y, box.height]]; }))"
    )
    assert len(shapes) == 4
    assert len({tuple(shape) for shape in shapes.values()}) == 4
    quiet(browser)


def test_columns_are_found_and_ordered_and_the_span_is_chosen(show: Show, site: Path) -> None:
    browser = show(site, "#/loans")
    everything = columns(browser)
    assert everything[:3] == ["ramp", "score", "absent"]
    browser.click("button[data-code=n]")
    assert columns(browser) == ["absent"]
    browser.click("button[data-code=n]")
    browser.press("/")
    browser.type("a")
    assert set(columns(browser)) == {"ramp", "absent", "gaps", "steady", "state"}
    assert text(browser, "#shown") == "5 of 8 columns shown"
    browser.press("Escape")
    choose(browser, "#order", "name")
    assert columns(browser) == sorted(everything)
    choose(browser, "#length", "30")
    wait(browser, "document.querySelectorAll('.heat > li').length === 9")
    assert browser.run("document.querySelector('.heat .cells > svg').viewBox.baseVal.width") == 300
    assert columns(browser) == sorted(everything)
    quiet(browser)


def test_a_column_shows_its_past_beside_thresholds_noise_and_baselines(
    show: Show, site: Path
) -> None:
    browser = show(site, "#/loans")
    browser.click(".heat > li:nth-child(2) button.name")
    wait(browser, "document.querySelectorAll('.body .picture').length === 4")
    body = text(browser, ".body")
    for part in ("threshold 0.2", "chance", "another baseline or method", "Gradual drift"):
        assert part in body
    assert names(browser, ".body h3") == ["PSI", "KS", "JS divergence", "Missing rate"]
    # What drifted is marked, and what did not is not.
    marks = "document.querySelectorAll('.body .picture')[{}].querySelector('.dots.breach')"
    drawn = [browser.run(f"{marks.format(n)}?.getAttribute('d') || ''") for n in (0, 3)]
    assert [bool(one) for one in drawn] == [True, False]
    assert "by other figures" not in body
    browser.run("document.querySelector('.body .surface').focus()")
    browser.press("ArrowLeft")
    tip = text(browser, ".body .tip")
    assert tip.startswith("2026-11-22: PSI 1.108, breach\nthreshold 0.2\nchance alone: up to ")
    browser.click(".heat > li:nth-child(2) button.name")
    assert browser.run("document.querySelector('.body')") is None
    quiet(browser)


def test_a_forecast_is_drawn_to_the_day_that_the_trend_names(show: Show, tmp_path: Path) -> None:
    history = history_of(tmp_path)
    keep(history, "loans", range(25, 45), trends=True)
    with history.session() as connection:
        connection.execute(
            "UPDATE feature_trends SET verdict = 'warn', statistic = 'psi', level = 0.1, "
            "slope = 0.01, threshold = 0.2, reached_on = partition + 9 WHERE feature = 'ramp'"
        )
    update_dashboard(history, tmp_path)
    browser = show(tmp_path, "#/loans/ramp")
    wait(browser, "document.querySelectorAll('.body .picture').length === 4")
    assert "forecast: reached about 2026-12-01" in text(browser, ".body")
    assert browser.run("document.querySelector('.body .ends').lastChild.textContent") == (
        "2026-12-01"
    )
    quiet(browser)


def test_everything_else_that_is_known_is_listed(show: Show, site: Path) -> None:
    browser = show(site, "#/loans")
    for place, parts in {
        "#alerts": ("Drift in loans", "pending", "error"),
        "#checks": ("row count", "failed", "250 rows, at least 400 expected", "passed"),
        "#actions": ("retrain", "job", "pending", "3 of 8 columns drift"),
        "#baselines": ("promoted", "a new tariff", "ada", "declared"),
        "#trends": ("ramp", "KS"),
    }.items():
        for part in parts:
            assert part in text(browser, place)
    header = text(browser, "header")
    assert "1 of 2 passed failing: row count" in header
    assert "2 days of the last 30: 2026-11-01, 2026-11-02" in header
    assert "since 2026-11-07, 16 days" in header
    quiet(browser)


def test_who_took_an_alert_on_is_not_said_to_have_ended_it(show: Show, tmp_path: Path) -> None:
    history = history_of(tmp_path)
    keep(history, "loans", range(28, 30), trouble=True)
    keep(history, "churn", range(28, 30), trouble=True)
    outbox = history.outbox
    for name in ("loans", "churn"):
        outbox.acknowledge(outbox.alert(name, LAST, "breach"), by="ana")
    outbox.end("churn", "breach")
    update_dashboard(history, tmp_path)
    for name, said in {
        "loans": "acknowledged by ana",
        "churn": "resolved, acknowledged by ana",
    }.items():
        browser = show(tmp_path, f"#/{name}")
        assert text(browser, "#alerts .state") == said
        quiet(browser)


def test_a_monitor_that_is_silent_or_never_reported_says_so(show: Show, tmp_path: Path) -> None:
    history = history_of(tmp_path)
    keep(history, "fraud", range(3), shift=200)
    keep(history, "orders", range(1))
    with history.session() as connection:
        connection.execute("DELETE FROM evaluations WHERE monitor = 'orders'")
        connection.execute("DELETE FROM feature_drift WHERE monitor = 'orders'")
    update_dashboard(history, tmp_path)
    browser = show(tmp_path)
    assert "never reported" in text(browser, ".monitors")
    assert "silent: measured" in text(browser, ".monitors")
    browser.run("location.hash = '#/orders'")
    wait(browser, "document.querySelector('h1').textContent === 'orders'")
    assert "No day of this monitor was reported yet." in text(browser, "main")
    browser.run("location.hash = '#/fraud'")
    wait(browser, "document.querySelectorAll('.heat > li').length === 9")
    assert "silent" in text(browser, "header")
    quiet(browser)


def test_news_appear_of_themselves_and_leave_what_is_open_open(
    show: Show, site: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(site, home)
    browser = show(home, "#/churn")
    browser.click(".heat > li:nth-child(2) button.name")
    wait(browser, "document.querySelectorAll('.body .picture').length > 2")
    before = names(browser, ".heat button.name > bdi")[0]
    history = history_of(home)
    keep(history, "churn", [29], last=LAST + timedelta(days=1))
    update_dashboard(history, home)
    browser.run("dashboard.look()")
    wait(browser, "document.querySelector('.glance').innerText.includes('2026-11-23')")
    wait(browser, "document.querySelectorAll('.body .picture').length > 2")
    opened = "document.querySelector('.body').closest('li').querySelector('button bdi').textContent"
    assert browser.run(opened) == before
    quiet(browser)


def test_what_cannot_be_read_is_said(show: Show, site: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(site, home)
    browser = show(home)
    (home / FOLDER / "data" / "state.js").unlink()
    browser.run("dashboard.look()")
    wait(browser, "document.getElementById('foot').innerText.includes('cannot be read')")
    assert monitors(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_keeps_anybody_from_using_it(
    show: Show, site: Path, scheme: str, width: int
) -> None:
    browser = show(site, width=width)
    for place in ("#/", "#/loans/ramp"):
        browser.run(f"location.hash = '{place}'")
        wait(browser, "document.querySelector('.monitors, .body .picture') !== null")
        browser.media(scheme=scheme)
        browser.run("document.getElementById('keys').click()")
        browser.run("document.querySelector('button[data-code=b]').click()")
        browser.settle()
        assert serious(browser) == []
        # A phone scrolls down, never sideways.
        assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
        browser.run("document.querySelector('button[data-code=b]').click()")
    quiet(browser)


def test_it_prints(show: Show, site: Path) -> None:
    browser = show(site, "#/loans")
    assert browser.pdf().startswith(b"%PDF")
    assert browser.run("document.querySelectorAll('.heat .cells > svg').length") == 9
    quiet(browser)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a drift home in which every text that data can bring is hostile."""
    home = tmp_path_factory.mktemp("hostile")
    history = history_of(home)
    keep(history, "loans", range(28, 32), trouble=True, trends=True)
    sayings = [name for name in HOSTILE if "\ud800" not in name and "\0" not in name]
    everything = "".join(sayings)
    with history.session() as connection:
        for n, saying in enumerate([*sayings, "__proto__", "constructor"]):
            connection.execute(
                "INSERT INTO feature_drift SELECT f.* REPLACE ($name AS feature, $name AS reason, "
                "CASE $n % 2 WHEN 0 THEN 'breach' ELSE 'ok' END AS verdict) "
                "FROM feature_drift AS f WHERE feature = 'ramp'",
                {"name": saying, "n": n},
            )
        for table, fields in {
            "alerts": ("title", "cause", "why", "acknowledged_by"),
            "actions": ("action", "reason", "detail"),
            "baseline_events": ("who", "reason", "detail"),
            "feature_trends": ("reason",),
            "data_checks": ("reason",),
        }.items():
            connection.execute(
                f"UPDATE {table} SET "  # noqa: S608  # our own names
                + ", ".join(f"{one} = $text" for one in fields),
                {"text": everything},
            )
        # A monitor of each name, by the history's own hand: the YAML admits none of them.
        for saying in sayings:
            connection.execute(
                "INSERT INTO evaluations SELECT * REPLACE ($name AS monitor) FROM evaluations "
                "WHERE monitor = 'loans' AND partition = $day",
                {"name": saying, "day": LAST},
            )
    update_dashboard(history, home)
    return home


def test_hostile_names_and_texts_run_nothing(show: Show, hostile: Path) -> None:
    browser = show(hostile)
    shown = monitors(browser)
    for name in HOSTILE:
        if name.isprintable():
            assert name in shown
    assert "right\\u202eto\\u202cleft\\u2066marks" in shown
    harmless(browser)
    keys = browser.run(
        "[...document.querySelectorAll('.monitors h2 a')].map((one) => one.getAttribute('href'))"
    )
    assert all(key.startswith("#/") and key[2:].replace("-", "").isalnum() for key in keys)
    browser.run("location.hash = '#/loans'")
    wait(browser, "document.querySelectorAll('.heat > li').length > 20")
    assert "__proto__" in columns(browser)
    count = browser.run(
        "(() => { const all = [...document.querySelectorAll('.heat button.name')];"
        "all.forEach((one) => one.click()); return all.length; })()"
    )
    wait(browser, f"document.querySelectorAll('.body p.reason').length === {count}")
    for n in range(1, count + 1, 5):
        browser.run(f"document.querySelectorAll('.heat .cells')[{n}].focus()")
        browser.settle()
    harmless(browser)
    # Each leading column's link leads to it, whatever it is called.
    browser.click(".leading li:nth-child(2) a")
    browser.settle()
    harmless(browser)
    quiet(browser)


def harmless(browser: Browser) -> None:
    """Assert that no text became an element, and no attribute a program."""
    made = "document.querySelectorAll('img, iframe, object, embed, form[action]').length"
    assert browser.run(made) == 0
    found = browser.run(
        "[...document.body.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
        ".filter((a) => a.name.startsWith('on') || a.name === 'style' && a.value.includes('url')"
        " || (/^(href|src|action|formaction|xlink:href)$/.test(a.name)"
        " && !/^(#|\\.\\.\\/reports\\/[\\w-]+\\/[\\d-]+\\.html$)/.test(a.value)))"
        ".map((a) => `${a.name}=${a.value}`)"
    )
    assert found == []


def test_a_script_in_the_page_itself_is_not_run(show: Show, site: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(site, home)
    page = home / FOLDER / "index.html"
    page.write_text(page.read_text().replace("</main>", "<script>alert(1)</script></main>"))
    browser = show(home)
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)
    assert not any("dialog" in complaint for complaint in browser.complaints)


def test_a_thousand_columns_are_read_and_drawn_only_as_they_are_seen(
    show: Show, tmp_path: Path
) -> None:
    history = history_of(tmp_path)
    keep(history, "loans", [40])
    with history.session() as connection:
        connection.execute("CREATE TEMP TABLE one AS FROM feature_drift WHERE feature = 'ramp'")
        connection.execute("DELETE FROM feature_drift")
        connection.execute(
            "INSERT INTO feature_drift SELECT o.* REPLACE ('column ' || c.i AS feature, "
            "o.partition - d.i::INTEGER AS partition) FROM one AS o, range(1000) AS c(i), "
            "range(100) AS d(i)"
        )
        connection.execute(
            "INSERT INTO evaluations SELECT e.* REPLACE (e.partition - d.i::INTEGER AS partition, "
            "1000 AS n_columns) FROM evaluations AS e, range(1, 100) AS d(i)"
        )
    update_dashboard(history, tmp_path)
    sizes = [path.stat().st_size for path in (tmp_path / FOLDER).rglob("*.js")]
    assert max(sizes) < 500_000
    browser = show(tmp_path, "#/loans")
    wait(browser, "document.querySelectorAll('.heat > li').length === 1001")
    # Ninety days: four months at most, of which no figure was read yet.
    read = [request for request in browser.requests if "/data/loans/2" in request]
    assert len(read) <= 4
    assert 0 < browser.run("document.querySelectorAll('.heat .cells > svg').length") < 300
    browser.run("document.querySelector('.heat > li:nth-child(900)').scrollIntoView()")
    wait(browser, "document.querySelector('.heat > li:nth-child(900) .cells > svg') !== null")
    browser.click(".heat > li:nth-child(900) button.name")
    wait(browser, "document.querySelectorAll('.body .picture').length > 2")
    assert len([request for request in browser.requests if "/data/loans/2" in request]) <= 8
    quiet(browser)


@pytest.fixture
def served(site: Path) -> Iterator[Served]:
    with Served(site, port=0) as found:
        yield found


def test_it_is_the_same_from_a_web_server(
    chromium: Browser, served: Served, show: Show, site: Path
) -> None:
    from_disk = text(show(site, "#/loans"), "main")
    chromium.open("about:blank")
    chromium.open(f"{served.address}#/loans")
    wait(chromium, "document.querySelectorAll('.heat > li').length === 9")
    assert text(chromium, "main") == from_disk
    assert chromium.complaints == []
    root = served.address.removesuffix(f"{FOLDER}/")
    assert [r for r in chromium.requests if not r.startswith((root, "data:"))] == []
    leave(lambda: chromium.click(".glance a"))
    wait(chromium, "document.title === 'loans 2026-11-22'")
