"""``docs/history.md`` says what is so: its questions run, and its tables are the catalogue's."""

import math
import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from scipy.stats import false_discovery_control

from drift_assets.assessment import assess
from drift_assets.simulation import Settings, simulate
from drift_assets.store import History, InputFile, NewAlert
from drift_assets.store.migrations import migrate
from drift_assets.verdicts import Persistence, Verdict
from drift_assets_tests.store.samples import DAY, NOON, baseline, day_of_data, monitor

PAGE = Path(__file__).parents[2] / "docs" / "history.md"
TEXT = PAGE.read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^### (.+?)\n\n```sql\n(.+?)```", TEXT, flags=re.MULTILINE | re.DOTALL)
FIRST_BREACH = DAY + timedelta(days=4)
LAST = DAY + timedelta(days=7)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Eight days: quiet, a slight shift, a breach from the fifth on, a new baseline at last."""
    history = History(tmp_path_factory.mktemp("home") / "history.duckdb")
    first, second = baseline(), baseline(n=1200)
    history.record_baseline("loans", first, source="first.csv", frozen_at=NOON)
    history.record_baseline(
        "loans", second, source="second.csv", frozen_at=NOON + timedelta(days=6)
    )
    shifts = (0.0, 0.0, 0.0, 60.0, 300.0, 300.0, 300.0, 300.0)
    for number, shift in enumerate(shifts):
        frozen = second if number >= 6 else first
        absent = "state" if number == 1 else None
        current = day_of_data(frozen, shift=shift, absent=absent)
        history.record(
            assess(monitor(), frozen, current),
            partition=DAY + timedelta(days=number),
            fingerprint=f"{number}",
            run_id=f"run {number}",
            inputs=[InputFile(f"data/{number}.csv", 100 + number, NOON)],
            alerts=[NewAlert("breach", "loans drifted", "")] if shift == 300.0 else [],
        )
    return history


def answer(history: History, question: str) -> list[tuple[object, ...]]:
    (sql,) = [sql for title, sql in QUESTIONS if title.startswith(question)]
    return history.query(sql).rows


def test_the_page_has_its_questions() -> None:
    assert len(QUESTIONS) == TEXT.count("```sql") == 18


@pytest.mark.parametrize("sql", [sql for _, sql in QUESTIONS], ids=[q for q, _ in QUESTIONS])
def test_every_question_has_an_answer(history: History, sql: str) -> None:
    assert history.query(sql).rows


def test_the_first_breach_is_the_day_of_the_fault(history: History) -> None:
    assert answer(history, "When did each column") == [("loans", "income", FIRST_BREACH, 4)]


def test_the_latest_day_names_the_column_that_moved(history: History) -> None:
    assert [row[:3] for row in answer(history, "What drifted")] == [("loans", "income", "breach")]


def test_a_shift_that_did_not_breach_is_found_by_a_lower_threshold(history: History) -> None:
    found = {row[1:3] for row in answer(history, "Which days would")}
    assert found == {(DAY + timedelta(days=3), "income")}


def test_a_threshold_of_a_quarter_alarms_on_the_days_of_the_fault_alone(history: History) -> None:
    assert answer(history, "What would a PSI threshold of 0.25") == [
        ("loans", "income", 4, 4, 0, 0, FIRST_BREACH)
    ]


def test_models_are_compared_by_the_share_of_their_days_that_breach(history: History) -> None:
    # One of three columns breaches on four of eight days; of two features, one.
    assert answer(history, "How do the models compare") == [
        ("loans", 8, 4, pytest.approx(4 / 3 / 8, abs=5e-4), 0.25, FIRST_BREACH)
    ]


def test_the_query_of_other_settings_says_what_the_simulation_says(history: History) -> None:
    (found,) = answer(history, "On how many days would")
    settings = Settings(psi_breach=0.3, family_alpha=0.005, alert_after=Persistence(2, 3))
    simulation = simulate(history.kept_days("loans", settings=settings), settings)
    # Four days drift; the first two of the new baseline's start its count anew.
    assert (simulation.n_reported, simulation.n_simulated) == (4, 2)
    since = [day.kept.partition for day in simulation.days if day.verdict is Verdict.BREACH]
    assert found == ("loans", 8, 4, 2, since[0], ["income"])


def test_the_adjusted_p_values_of_a_family_are_those_that_decided(history: History) -> None:
    found = history.query(
        "SELECT DISTINCT h.adjusted_p_value - min(f.adjusted_p_value) FROM drift_history AS h "
        "JOIN family_history AS f USING (monitor, partition, segment, feature) "
        "GROUP BY h.monitor, h.partition, h.feature, h.adjusted_p_value"
    ).rows
    assert [value for (value,) in found] == pytest.approx([0.0] * len(found), abs=1e-15)
    by_day: dict[object, list[tuple[float, float]]] = {}
    for day, p_value, adjusted in history.query(
        "SELECT partition, p_value, adjusted_p_value FROM family_history"
    ).rows:
        by_day.setdefault(day, []).append((p_value, adjusted))
    assert len(by_day) == 8
    for family in by_day.values():
        expected = false_discovery_control([p for p, _ in family])
        assert [adjusted for _, adjusted in family] == pytest.approx(expected.tolist())


def test_the_bins_that_moved_most_are_the_deciles_left_empty(history: History) -> None:
    emptied = answer(history, "Which bins moved")[:3]
    assert {row[0] for row in emptied} == {"income"}
    # A tenth of the baseline and none of the day, whose share counts as 0.0001.
    contribution = (0.0001 - 0.1) * math.log(0.0001 / 0.1)
    assert [row[2:] for row in emptied] == [(0.1, 0.0, pytest.approx(contribution))] * 3


def test_a_statistic_that_a_monitor_names_has_a_history_too(history: History) -> None:
    found = answer(history, "How did a statistic")
    assert [(row[0], row[1]) for row in found] == [
        (DAY + timedelta(days=number), name)
        for number in range(8)
        for name in ("income", "score", "state")
        if (number, name) != (1, "state")
    ]
    values = {row[0]: row[2] for row in found if row[1] == "income"}
    # A fifth of the range is far, a shift of nothing near.
    assert values[DAY] == pytest.approx(0.0, abs=0.1)
    assert values[FIRST_BREACH] == pytest.approx(0.5, abs=0.3)


def test_days_are_told_apart_by_baseline(history: History) -> None:
    found = [(row[1], row[4]) for row in answer(history, "What did a new baseline")]
    assert found == [(name, n) for name in ("income", "score", "state") for n in (6, 2)]


def test_an_absent_column_and_a_fault_make_verdicts_change(history: History) -> None:
    found = [row[1:] for row in answer(history, "Which columns flap")]
    assert sorted(found) == [("income", 1), ("state", 2)]


def test_alerts_that_nobody_received_are_those_of_the_breaching_days(history: History) -> None:
    found = [row[1] for row in answer(history, "Which alerts")]
    assert found == [FIRST_BREACH + timedelta(days=n) for n in range(4)]


def test_the_page_describes_the_catalogue_word_for_word() -> None:
    with duckdb.connect() as connection:
        migrate(connection)
        expected = {
            "Views": catalogue(connection, "duckdb_views()", "view_name"),
            "Tables": catalogue(connection, "duckdb_tables()", "table_name"),
        }
    for heading, text in expected.items():
        section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        described = section[section.index("\n### ") + 1 :].strip()
        assert described == text, f"docs/history.md, {heading}: write there what the schema says"


def catalogue(connection: duckdb.DuckDBPyConnection, source: str, name: str) -> str:
    """Return the part of the page that the comments of the schema make."""
    objects = connection.execute(
        f"SELECT {name}, comment FROM {source} WHERE NOT internal ORDER BY 1"  # noqa: S608  # our own names
    ).fetchall()
    parts = []
    for title, comment in objects:
        columns = connection.execute(
            "SELECT column_name, lower(data_type), comment FROM duckdb_columns() "
            "WHERE table_name = ? ORDER BY column_index",
            [title],
        ).fetchall()
        lines = [f"| `{column}` | {kind} | {meaning} |" for column, kind, meaning in columns]
        header = ["| column | type | meaning |", "|---|---|---|"]
        parts.append("\n".join([f"### {title}", "", comment, "", *header, *lines]))
    return "\n\n".join(parts)
