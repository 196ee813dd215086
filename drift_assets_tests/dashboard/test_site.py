"""The dashboard's folder: what is written when, and that nobody sees half of it."""

import json
import shutil
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from drift_assets.dashboard import FOLDER, update_dashboard
from drift_assets.dashboard.month import CODES
from drift_assets.dashboard.site import FORMAT, MANIFEST
from drift_assets.errors import HistoryError
from drift_assets.store import History
from drift_assets_tests.dashboard.conftest import LAST, keep
from drift_assets_tests.dashboard.reading import figures_of, index_of, taken


@pytest.fixture
def home(full: Path, tmp_path: Path) -> Path:
    """Return a copy of the full drift home, its dashboard made."""
    copy = tmp_path / "home"
    shutil.copytree(full, copy)
    update_dashboard(history_of(copy), copy)
    return copy


def history_of(home: Path) -> History:
    return History(home / "history.duckdb", publishes=False)


def stamps(home: Path) -> dict[str, int]:
    """Return when each file was written."""
    folder = home / FOLDER
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_index_says_of_each_monitor_what_its_last_day_said(home: Path) -> None:
    lines = index_of(home / FOLDER)
    rows = history_of(home).query(
        "SELECT monitor, partition, verdict, n_breach, n_columns FROM evaluations "
        "QUALIFY partition = max(partition) OVER (PARTITION BY monitor)"
    )
    assert {
        name: (line["last"], line["code"], line["n_breach"], line["n_columns"])
        for name, line in lines.items()
    } == {
        name: (str(day), CODES[verdict], n_breach, n_columns)
        for name, day, verdict, n_breach, n_columns in rows.rows
    }


def test_since_when_a_verdict_lasts_is_told_over_days_without_an_answer(home: Path) -> None:
    line = index_of(home / FOLDER)["loans"]
    rows = history_of(home).query(
        "SELECT partition, verdict FROM evaluations WHERE monitor = 'loans' ORDER BY partition"
    )
    answered = [(str(day), verdict) for day, verdict in rows.rows if verdict != "not_evaluated"]
    others = max(i for i, (_, verdict) in enumerate(answered) if verdict != "breach")
    assert line["since"] == answered[others + 1][0]
    assert line["n_since"] == len(answered) - others - 1


def test_every_cell_is_the_verdict_of_its_column_and_day(home: Path) -> None:
    head = taken(home / FOLDER / "data" / "loans" / "head.js")
    found = {}
    for month, _, _ in head["months"]:
        cells = taken(home / FOLDER / "data" / "loans" / f"{month}.js")
        for name, codes in zip(cells["names"], cells["cells"], strict=True):
            for n, code in enumerate(codes, start=1):
                if code != "-":
                    found[f"{month}-{n:02}", name] = code
    rows = history_of(home).query(
        "SELECT partition, feature, verdict FROM drift_history WHERE monitor = 'loans'"
    )
    assert found == {(str(day), name): CODES[verdict] for day, name, verdict in rows.rows}


def test_every_figure_is_the_number_of_the_history_and_on_its_side(home: Path) -> None:
    rows = history_of(home).query(
        "SELECT partition, psi, threshold_psi_breach, js_divergence, ks, current_missing_rate "
        "FROM drift_history WHERE monitor = 'loans' AND feature = 'ramp'"
    )
    assert len(rows.rows) > 25
    months: dict[str, dict[str, dict[str, Any]]] = {}
    for day, psi, threshold, js, ks, missing in rows.rows:
        month = f"{day:%Y-%m}"
        if month not in months:
            months[month] = figures_of(home / FOLDER, "loans", month, "ramp")
        lines, n = months[month], day.day
        shown = float(lines["PSI"]["figures"][n])
        assert shown == pytest.approx(psi, rel=1e-3)
        assert (shown >= threshold) == (psi >= threshold)
        assert lines["PSI"]["limits"][0][n] == "0.2"
        assert float(lines["JS divergence"]["figures"][n]) == pytest.approx(js, rel=1e-3)
        assert float(lines["KS"]["figures"][n]) == pytest.approx(ks, rel=1e-3)
        assert lines["Missing rate"]["figures"][n] == f"{missing:.0%}"


def test_what_is_the_same_is_not_written_again(home: Path) -> None:
    before = stamps(home)
    assert update_dashboard(history_of(home), home).n_written == 0
    assert stamps(home) == before


def test_a_new_day_writes_its_month_its_monitor_and_the_index_alone(home: Path) -> None:
    before = stamps(home)
    history = history_of(home)
    keep(history, "churn", [29], last=LAST + timedelta(days=1))
    update_dashboard(history, home)
    changed = {name for name, at in stamps(home).items() if before.get(name) != at}
    assert changed == {
        "data/churn/2026-11.js",
        "data/churn/2026-11.0.js",
        "data/churn/head.js",
        "data/index.js",
        "data/state.js",
        MANIFEST,
    } | ({".lock"} & changed)


def test_an_older_day_that_is_measured_again_writes_its_month(home: Path) -> None:
    before = stamps(home)
    history = history_of(home)
    with history.session() as connection:
        connection.execute(
            "UPDATE feature_drift SET psi = 0.5, evaluated_at = now() "
            "WHERE monitor = 'loans' AND feature = 'steady' AND partition = DATE '2026-10-30'"
        )
    update_dashboard(history, home)
    changed = {name for name, at in stamps(home).items() if before.get(name) != at}
    assert "data/loans/2026-10.0.js" in changed
    assert not any("2026-11" in name or "2026-09" in name for name in changed)
    assert figures_of(home / FOLDER, "loans", "2026-10", "steady")["PSI"]["figures"][30] == "0.5"


def test_a_report_page_that_came_or_went_is_noticed(home: Path) -> None:
    (home / "reports" / "churn" / f"{LAST}.html").unlink()
    update_dashboard(history_of(home), home)
    assert index_of(home / FOLDER)["churn"]["page"] is False
    assert taken(home / FOLDER / "data" / "churn" / "head.js")["pages"] == []


def test_days_that_were_deleted_leave_the_folder(home: Path) -> None:
    history = history_of(home)
    history.prune(keep_days=10)
    assert update_dashboard(history, home).n_removed > 0
    months = {path.name[:7] for path in (home / FOLDER / "data" / "loans").glob("2*.js")}
    assert months == {"2026-11"}
    with history.session() as connection:
        for table in ("evaluations", "feature_drift", "baseline_events"):
            connection.execute(f"DELETE FROM {table} WHERE monitor = 'fraud'")  # noqa: S608  # our own names
    update_dashboard(history, home)
    assert not (home / FOLDER / "data" / "fraud").exists()
    assert "fraud" not in index_of(home / FOLDER)


def test_only_the_last_year_is_drawn(tmp_path: Path) -> None:
    history = history_of(tmp_path)
    for back in (0, 364, 365, 700):
        keep(history, "churn", [40], shift=back)
    update_dashboard(history, tmp_path)
    head = taken(tmp_path / FOLDER / "data" / "churn" / "head.js")
    assert [day[0] for day in head["days"]] == ["2025-11-23", "2026-11-22"]
    assert [month[0] for month in head["months"]] == ["2025-11", "2026-11"]


@pytest.mark.parametrize("damage", ["", "[]", '{"format": 0}', "\x00"])
def test_a_damaged_note_of_what_is_there_costs_no_more_than_writing_all(
    home: Path, damage: str
) -> None:
    (home / FOLDER / MANIFEST).write_text(damage)
    (home / FOLDER / "data" / "loans" / "2026-10.js").write_text("half a fi")
    update_dashboard(history_of(home), home)
    assert taken(home / FOLDER / "data" / "loans" / "2026-10.js")["names"]
    assert json.loads((home / FOLDER / MANIFEST).read_text())["format"] == FORMAT


def test_all_is_made_anew_when_asked(home: Path) -> None:
    (home / FOLDER / "data" / "loans" / "2026-10.js").write_text("spoilt")
    (home / FOLDER / "data" / "stray.js").write_text("of nobody")
    history = history_of(home)
    assert update_dashboard(history, home).n_written == 0
    done = update_dashboard(history, home, anew=True)
    assert (done.n_written, done.n_removed) == (len(stamps(home)) - 2, 1)
    assert taken(home / FOLDER / "data" / "loans" / "2026-10.js")["names"]


def test_a_monitor_without_a_report_is_shown_all_the_same(home: Path) -> None:
    history = history_of(home)
    with history.session() as connection:
        connection.execute(
            "DELETE FROM evaluations WHERE monitor = 'orders'; "
            "DELETE FROM feature_drift WHERE monitor = 'orders'"
        )
    update_dashboard(history, home)
    line = index_of(home / FOLDER)["orders"]
    assert (line["code"], line["headline"]) == ("-", "Never reported.")
    assert "last" not in line


def test_a_hostile_name_becomes_no_path(tmp_path: Path) -> None:
    history = history_of(tmp_path)
    keep(history, "loans", range(3))
    evil = "../../<img src=x onerror=alert(1)>"
    with history.session() as connection:
        for table in ("evaluations", "feature_drift", "baseline_events"):
            connection.execute(f"UPDATE {table} SET monitor = ?", [evil])  # noqa: S608  # our own names
    update_dashboard(history, tmp_path)
    line = index_of(tmp_path / FOLDER)[evil]
    assert line["key"].startswith("monitor-")
    assert (tmp_path / FOLDER / "data" / line["key"] / "head.js").exists()
    assert {path.name for path in tmp_path.iterdir()} >= {FOLDER, "published"}
    assert b"<img" not in (tmp_path / FOLDER / "data" / "index.js").read_bytes()


def test_without_a_history_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="run a monitor first"):
        update_dashboard(history_of(tmp_path), tmp_path)


def test_a_folder_that_cannot_be_written_is_said(full: Path, tmp_path: Path) -> None:
    shutil.copy(full / "history.duckdb", tmp_path)
    (tmp_path / FOLDER).write_text("a file in its way")
    with pytest.raises(HistoryError, match="cannot be written"):
        update_dashboard(history_of(tmp_path), tmp_path)


def test_whoever_reads_while_others_write_sees_only_whole_files(home: Path) -> None:
    days: list[date] = []
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for n in range(4):
                history = history_of(home)
                keep(history, name, [30 + n], last=LAST + timedelta(days=1 + n))
                update_dashboard(history, home)
        except BaseException as error:  # noqa: BLE001  # told below
            failures.append(error)

    writers = [threading.Thread(target=write, args=[name]) for name in ("churn", "loans")]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        lines = index_of(home / FOLDER)
        for name in ("churn", "loans"):
            head = taken(home / FOLDER / "data" / name / "head.js")
            assert head["name"] == name
            for month, _, n_parts in head["months"]:
                columns = taken(home / FOLDER / "data" / name / f"{month}.js")["names"]
                assert len(columns) >= n_parts
        days.append(date.fromisoformat(lines["churn"]["last"]))
    assert not failures
    assert days == sorted(days)
    update_dashboard(history_of(home), home)
    lines = index_of(home / FOLDER)
    assert {lines[name]["last"] for name in ("churn", "loans")} == {"2026-11-26"}
