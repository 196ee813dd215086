"""What is recorded comes back, once, whole, and whatever the names are."""

import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from drift_assets.assessment import Assessment, Summary, assess
from drift_assets.errors import HistoryError
from drift_assets.stats.jensen_shannon import js_divergence
from drift_assets.store import History, InputFile, NewAlert
from drift_assets.store.server import SETTING
from drift_assets.watch import Thresholds
from drift_assets_tests.store.conftest import MakeHistory
from drift_assets_tests.store.samples import (
    DAY,
    NOON,
    assessment,
    baseline,
    day_of_data,
    monitor,
)

HOSTILE = '"; DROP TABLE evaluations; --'
BREACH = NewAlert("breach", "loans drifted", "income: PSI", {"columns": ["income"]})


@pytest.fixture
def history(make_history: MakeHistory, tmp_path: Path) -> History:
    return make_history(tmp_path / "home")


@pytest.fixture
def file_history(tmp_path: Path) -> History:
    return History(tmp_path / "home" / "history.duckdb")


@pytest.fixture(scope="module")
def recorded(make_history: MakeHistory, tmp_path_factory: pytest.TempPathFactory) -> History:
    history = make_history(tmp_path_factory.mktemp("home"))
    history.record(
        assessment(shift=300.0), partition=DAY, fingerprint="f", run_id="r", evaluated_at=NOON
    )
    return history


def rows(history: History, sql: str) -> list[dict[str, Any]]:
    found = history.query(sql)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def record(
    history: History,
    *,
    of: Assessment | None = None,
    partition: date = DAY,
    fingerprint: str = "f",
    run_id: str = "r",
    inputs: Sequence[InputFile] = (),
    alerts: Sequence[NewAlert] = (),
    evaluated_at: datetime | None = None,
) -> None:
    history.record(
        of or assessment(),
        partition=partition,
        fingerprint=fingerprint,
        run_id=run_id,
        inputs=inputs,
        alerts=alerts,
        evaluated_at=evaluated_at,
    )


def test_a_row_holds_everything_that_the_assessment_says(recorded: History) -> None:
    found = assessment(shift=300.0)
    kept = {row["feature"]: row for row in rows(recorded, "SELECT * FROM drift_history")}
    assert list(kept) == [f.feature for f in found.features]
    for feature in found.features:
        row = kept[feature.feature]
        assert row["verdict"] == feature.verdict
        assert row["reason"] == feature.reason
        assert (row["role"], row["kind"]) == (feature.role, feature.kind)
        assert row["psi"] == feature.value("psi")
        assert row["psi_bins"] == len(feature.bins)
        assert (row["ks"], row["ks_p_value"]) == (feature.value("ks"), feature.p_value("ks"))
        assert row["chi_squared"] == feature.value("chi_squared")
        assert row["chi_squared_p_value"] == feature.p_value("chi_squared")
        assert row["js_divergence"] == feature.value("js_divergence")
        assert row["missing_rate_change"] == feature.value("missing_rate")
        assert row["missing_rate_p_value"] == feature.p_value("missing_rate")
        assert row["wasserstein"] == feature.value("wasserstein")
        assert row["total_variation"] == feature.value("total_variation")
        assert row["positive_rate_change"] == feature.value("positive_rate")
        assert row["positive_rate_p_value"] == feature.p_value("positive_rate")
        assert row["adjusted_p_value"] == feature.adjusted_p_value
        assert row["family_p_values"] == feature.family
        assert feature.current is not None
        for side, summary in (("baseline", feature.baseline), ("current", feature.current)):
            for name, value in asdict(summary).items():
                if (side, name) != ("baseline", "n_unseen"):
                    assert row[f"{side}_{name}"] == value
            assert row[f"{side}_missing_rate"] == summary.missing_rate
        for name, value in asdict(feature.thresholds).items():
            assert row[f"threshold_{name}"] == value
        assert row["js_distance"] == pytest.approx(math.sqrt(row["js_divergence"]))
        assert (row["partition"], row["evaluated_at"]) == (DAY, NOON)
        assert (row["baseline_id"], row["day_verdict"]) == (found.baseline_id, found.verdict)


def test_no_number_of_an_assessment_is_left_out_of_the_schema(recorded: History) -> None:
    kept = set(recorded.query("SELECT * FROM feature_drift").columns)
    assert {f"threshold_{f.name}" for f in fields(Thresholds)} <= kept
    assert {f"current_{f.name}" for f in fields(Summary)} <= kept
    bare = [
        name
        for name in kept
        if recorded.query(f"SELECT count({name}) FROM drift_history").rows == [(0,)]  # noqa: S608  # our own names
    ]
    assert bare == []


def test_the_header_counts_columns_and_verdicts(recorded: History) -> None:
    (row,) = rows(recorded, "SELECT * FROM evaluations")
    found = assessment(shift=300.0)
    assert (row["verdict"], row["n_columns"], row["n_breach"]) == ("breach", 3, 1)
    assert (row["n_baseline"], row["n_current"]) == (1000, 400)
    assert row["extra_columns"] == ["remark"]
    assert (row["rule"], row["family_alpha"]) == ("guarded", found.family_alpha)


def test_bins_of_any_day_can_be_drawn_and_judged_again(recorded: History) -> None:
    for feature in assessment(shift=300.0).features:
        found = rows(
            recorded,
            f"SELECT * FROM bin_history WHERE feature = '{feature.feature}' ORDER BY bin",  # noqa: S608  # our own names
        )
        assert [row["label"] for row in found] == [b.label for b in feature.bins]
        for row, expected in zip(found, feature.bins, strict=True):
            assert (row["lower"], row["upper"]) == (expected.lower, expected.upper)
            assert row["baseline_count"] == expected.n_baseline
            assert row["current_count"] == expected.n_current
            assert row["psi_contribution"] == pytest.approx(expected.contribution, abs=1e-15)
        assert sum(row["psi_contribution"] for row in found) == pytest.approx(feature.value("psi"))


def test_the_long_view_has_one_row_per_measurement(recorded: History) -> None:
    kept = {
        (row["feature"], row["statistic"]): (row["value"], row["p_value"])
        for row in rows(recorded, "SELECT * FROM drift_long")
    }
    assert kept == {
        (f.feature, m.statistic): (m.value, m.p_value)
        for f in assessment(shift=300.0).features
        for m in f.measurements.values()
    }


def test_predictions_have_a_view_of_their_own(recorded: History) -> None:
    assert recorded.query("SELECT feature FROM prediction_history").rows == [("score",)]


def test_a_repeated_run_replaces_its_day_and_no_other(history: History) -> None:
    frozen = baseline()
    other_day, file = DAY - timedelta(days=1), InputFile("a.csv", 10, NOON)
    record(history, partition=other_day, inputs=[file])
    record(history, of=assessment("others"), inputs=[file])
    record(history, inputs=[file, InputFile("b.csv", 20, NOON)])
    fewer = assess(monitor(), frozen, day_of_data(frozen, shift=300.0), only=["income", "state"])
    record(history, of=fewer, fingerprint="g", run_id="second", inputs=[file])
    assert history.query(
        "SELECT monitor, partition, feature, run_id FROM drift_history ORDER BY ALL"
    ).rows == [
        *(("loans", other_day, name, "r") for name in ("income", "score", "state")),
        *(("loans", DAY, name, "second") for name in ("income", "state")),
        *(("others", DAY, name, "r") for name in ("income", "score", "state")),
    ]
    assert history.query("SELECT count(*) FROM feature_profiles").rows == [(8,)]
    assert history.query("SELECT count(*), sum(n_bytes) FROM inputs").rows == [(3, 30)]
    assert history.reported("loans") == {other_day: "f", DAY: "g"}


def test_bins_are_kept_once_per_baseline(history: History) -> None:
    for day in range(3):
        record(history, partition=DAY + timedelta(days=day))
    frozen = baseline()
    history.record_baseline("loans", frozen, source="first.csv", frozen_at=NOON)
    history.record_baseline("loans", frozen, source="again.csv", frozen_at=datetime.now(UTC))
    history.record_baseline("others", frozen, source="first.csv", frozen_at=NOON)
    assert history.query("SELECT count(*) FROM baseline_profiles").rows == [(3,)]
    assert rows(history, "SELECT * FROM baselines ORDER BY monitor") == [
        {
            "monitor": name,
            "baseline_id": frozen.id,
            "source": "first.csv",
            "frozen_at": NOON,
            "n_rows": 1000,
        }
        for name in ("loans", "others")
    ]


def test_a_baseline_and_its_assessments_say_the_same_of_bins(
    make_history: MakeHistory, tmp_path: Path
) -> None:
    one, two = make_history(tmp_path / "one"), make_history(tmp_path / "two")
    one.record_baseline("loans", baseline(), source="b.csv", frozen_at=NOON)
    record(two)
    question = "SELECT * FROM baseline_profiles ORDER BY feature"
    assert rows(one, question) == rows(two, question)


def test_js_can_be_told_from_psi_in_the_row(recorded: History) -> None:
    frozen = baseline()
    current = day_of_data(frozen).columns["state"]
    expected = js_divergence(frozen.columns["state"].js_counts, current.js_counts)  # type: ignore[union-attr]  # it is profiled
    found = recorded.query("SELECT js_divergence FROM drift_latest WHERE feature = 'state'").rows
    assert found == [(pytest.approx(expected),)]


def test_an_error_in_the_middle_leaves_the_day_before(history: History) -> None:
    record(history)
    with pytest.raises(ValueError, match="JSON"):
        record(
            history,
            of=assessment(shift=300.0),
            fingerprint="g",
            alerts=[BREACH, NewAlert("other", "", "", {"number": math.nan})],
        )
    assert history.reported("loans") == {DAY: "f"}
    assert history.query("SELECT DISTINCT fingerprint FROM feature_drift").rows == [("f",)]
    assert history.outbox.alerts("loans") == []


def test_hostile_names_are_kept_as_they_are(history: History) -> None:
    # PostgreSQL's text has no NUL; test_server.py has what becomes of it there.
    nul = "" if history.address.startswith("postgres:") else "\0"
    number, text = HOSTILE, f"a'b{nul}c ünï %s {{x}} $1 ?"
    frozen = baseline(number=number, text=text)
    found = assess(monitor(number=number, text=text), frozen, day_of_data(frozen, shift=300.0))
    history.record_baseline(HOSTILE, frozen, source=HOSTILE, frozen_at=NOON)
    record(
        history,
        of=found,
        fingerprint=HOSTILE,
        run_id=HOSTILE,
        inputs=[InputFile(HOSTILE, 1, NOON)],
        alerts=[NewAlert(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})],
    )
    history.record_subset(found, partition=DAY, fingerprint=HOSTILE, run_id=HOSTILE)
    kept = history.query("SELECT feature FROM drift_latest").rows
    assert {name for (name,) in kept} == {number, text, "score"}
    (alert,) = history.outbox.alerts("loans")
    assert (alert.cause, alert.payload) == (HOSTILE, {HOSTILE: HOSTILE})
    assert history.reported(HOSTILE) == {}
    assert history.reported("loans") == {DAY: HOSTILE}
    p_values = history.p_values("loans", DAY, baseline_id=found.baseline_id, fingerprint=HOSTILE)
    assert p_values == {f.feature: f.family for f in found.features}


def test_half_a_character_is_kept_as_a_question_mark(history: History) -> None:
    broken = NewAlert("breach", "a\udc80b", "a\udc80b", {"a\udc80b": "\udc80"})
    record(history, inputs=[InputFile("a\udc80b.csv", 1, NOON)], alerts=[broken])
    assert history.query("SELECT path FROM inputs").rows == [("a?b.csv",)]
    (alert,) = history.outbox.alerts("loans")
    assert (alert.title, alert.payload) == ("a?b", {"a?b": "?"})


def test_a_column_that_could_not_be_evaluated_is_kept_with_its_reason(history: History) -> None:
    frozen = baseline()
    found = assess(monitor(), frozen, day_of_data(frozen, absent="income"))
    record(history, of=found)
    (row,) = rows(history, "SELECT * FROM drift_latest WHERE feature = 'income'")
    assert row["verdict"] == "not_evaluated"
    assert row["reason"] == "column absent from the current data"
    assert (row["psi"], row["psi_bins"], row["current_n"]) == (None, None, None)
    assert row["baseline_n"] == 1000
    assert history.query("SELECT n_not_evaluated FROM evaluations").rows == [(1,)]


def test_a_single_column_replaces_its_rows_and_never_the_report(history: History) -> None:
    frozen = baseline()
    record(history, alerts=[BREACH])
    single = assess(monitor(), frozen, day_of_data(frozen, shift=300.0), only=["income"])
    history.record_subset(single, partition=DAY, fingerprint="g", run_id="by hand")
    assert history.query(
        "SELECT feature, verdict, fingerprint, run_id, family_complete, day_verdict "
        "FROM drift_history ORDER BY feature"
    ).rows == [
        ("income", "breach", "g", "by hand", False, "ok"),
        ("score", "ok", "f", "r", True, "ok"),
        ("state", "ok", "f", "r", True, "ok"),
    ]
    assert history.query("SELECT count(*) FROM feature_profiles").rows == [(3,)]
    assert history.reported("loans") == {DAY: "f"}
    assert len(history.outbox.alerts("loans")) == 1


def test_a_single_column_alone_leaves_its_day_unreported(history: History) -> None:
    frozen = baseline()
    single = assess(monitor(), frozen, day_of_data(frozen), only=["income"])
    history.record_subset(single, partition=DAY, fingerprint="f", run_id="by hand")
    assert history.reported("loans") == {}
    assert history.last_evaluations() == []
    found = history.query("SELECT feature, day_verdict FROM drift_history").rows
    assert found == [("income", None)]


def test_the_family_comes_back_only_for_the_same_baseline_and_data(history: History) -> None:
    frozen, found = baseline(), assessment(shift=300.0)
    record(history, of=found)
    same = {"baseline_id": found.baseline_id, "fingerprint": "f"}
    whole = {f.feature: dict(f.family) for f in found.features}
    assert history.p_values("loans", DAY, **same) == whole
    # A shift this large leaves the range too.
    assert set(whole["income"]) == {"ks", "missing_rate", "novel_rate"}
    assert history.p_values("others", DAY, **same) is None
    assert history.p_values("loans", DAY + timedelta(days=1), **same) is None
    assert history.p_values("loans", DAY, **same | {"fingerprint": "g"}) is None
    assert history.p_values("loans", DAY, **same | {"baseline_id": "g"}) is None
    single = assess(monitor(), frozen, day_of_data(frozen), only=["income"])
    history.record_subset(single, partition=DAY, fingerprint="g", run_id="by hand")
    assert history.p_values("loans", DAY, **same) is None


def test_the_plain_rule_leaves_no_family(history: History) -> None:
    found = assessment(guards=False)
    record(history, of=found)
    p_values = history.p_values("loans", DAY, baseline_id=found.baseline_id, fingerprint="f")
    assert p_values is None


def test_the_latest_day_is_told_per_monitor(history: History) -> None:
    for name, day in (("a", 0), ("b", 5), ("b", 2)):
        record(history, of=assessment(name), partition=DAY + timedelta(days=day), run_id=f"{day}")
    last = [(e.monitor, e.partition, e.run_id) for e in history.last_evaluations()]
    assert last == [("a", DAY, "0"), ("b", DAY + timedelta(days=5), "5")]
    assert history.last_evaluations()[0].evaluated_at.utcoffset() == timedelta(0)
    latest = history.query("SELECT DISTINCT monitor, partition FROM drift_latest ORDER BY 1").rows
    assert latest == [("a", DAY), ("b", DAY + timedelta(days=5))]


def test_without_a_file_nothing_has_been_reported(history: History) -> None:
    assert history.reported("loans") == {}
    assert history.p_values("loans", DAY, baseline_id="", fingerprint="") is None
    assert history.outbox.alerts("loans") == []
    assert not history.outbox.is_due("loans", now=NOON)
    assert history.last_evaluations() == []
    assert not history.path.parent.exists()


def test_several_questions_share_one_session(
    file_history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_history.record(assessment(shift=300.0), partition=DAY, fingerprint="f", run_id="r")
    connected = duckdb.connect
    opened: list[object] = []

    def counted(
        path: Path, *, read_only: bool, config: dict[str, str | bool | int | float | list[str]]
    ) -> duckdb.DuckDBPyConnection:
        opened.append(path)
        return connected(path, read_only=read_only, config=config)

    monkeypatch.setattr("duckdb.connect", counted)
    with file_history.at_once() as asked:
        together = asked.reported("loans"), asked.timeline("loans", first=DAY, last=DAY)
        with asked.outbox.at_once() as outbox:
            assert not outbox.alerts("loans")
            assert not outbox.troubles("loans")
    assert len(opened) == 1
    apart = file_history.reported("loans"), file_history.timeline("loans", first=DAY, last=DAY)
    assert together == apart


def test_who_asks_several_questions_cannot_write_meanwhile(history: History) -> None:
    given = assessment(shift=300.0)
    history.record(given, partition=DAY, fingerprint="f", run_id="r")
    with (
        history.at_once() as asked,
        pytest.raises(ValueError, match="expected questions only"),
    ):
        asked.record(given, partition=DAY, fingerprint="f", run_id="again")
    with (
        history.outbox.at_once() as outbox,
        pytest.raises(ValueError, match="expected questions only"),
    ):
        outbox.mute("loans", until=DAY)
    assert history.last_evaluations()[0].run_id == "r"


def test_several_questions_before_the_first_day_have_no_answer(history: History) -> None:
    with history.at_once() as asked:
        assert asked.reported("loans") == {}
        assert asked.outbox.alerts() == []


def test_an_instant_without_a_time_zone_is_refused(history: History) -> None:
    with pytest.raises(ValueError, match="time zone"):
        record(history, evaluated_at=datetime(2026, 1, 1))  # noqa: DTZ001  # the point
    assert not history.path.exists()


def test_many_processes_record_at_once_and_nothing_is_lost(history: History) -> None:
    writers = [
        subprocess.Popen(
            [*WRITING, str(history.path.parent), f"monitor_{n}", "10"],
            stdout=subprocess.DEVNULL,
            env=environment_of(history),
        )
        for n in range(6)
    ]
    assert [writer.wait() for writer in writers] == [0] * 6
    assert history.query(
        "SELECT monitor, count(*), count(DISTINCT partition) FROM drift_history "
        "GROUP BY monitor ORDER BY monitor"
    ).rows == [(f"monitor_{n}", 30, 10) for n in range(6)]
    assert history.query("SELECT count(*) FROM evaluations").rows == [(60,)]
    assert history.query("SELECT count(*) FROM baseline_profiles").rows == [(3,)]


def test_a_killed_process_leaves_whole_days_and_loses_none_that_it_confirmed(
    history: History,
) -> None:
    generator = random.Random(2026)
    for turn in range(3):
        with subprocess.Popen(
            [*WRITING, str(history.path.parent), f"monitor_{turn}", "200"],
            stdout=subprocess.PIPE,
            env=environment_of(history),
            text=True,
        ) as writer:
            assert writer.stdout is not None
            confirmed = [writer.stdout.readline()]
            time.sleep(generator.uniform(0.0, 0.3))
            writer.kill()
            confirmed += [line for line in writer.stdout if line.endswith("\n")]
        days = {date.fromisoformat(line.strip()) for line in confirmed}
        kept = set(history.reported(f"monitor_{turn}"))
        # The commit that was under way may have been kept although nobody heard of it.
        assert days <= kept
        assert len(kept - days) <= 1
        for table in ("feature_drift", "feature_profiles"):
            broken = history.query(
                f"SELECT monitor, partition FROM {table} FULL JOIN evaluations "  # noqa: S608  # our own names
                "USING (monitor, partition) GROUP BY ALL HAVING count(feature) <> 3"
            )
            assert broken.rows == []


def test_a_history_damaged_inside_is_an_error_in_words(file_history: History) -> None:
    record(file_history)
    content = bytearray(file_history.path.read_bytes())
    content[12288:] = bytes(len(content) - 12288)
    file_history.path.write_bytes(content)
    with pytest.raises(HistoryError, match=r"history\.duckdb"):
        file_history.reported("loans")


def test_every_duckdb_error_of_a_write_is_put_in_words(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(history)

    def full(*_: object, **__: object) -> None:
        raise duckdb.IOException("Could not write file: No space left on device")

    monkeypatch.setattr("drift_assets.store.outbox.post", full)
    with pytest.raises(HistoryError, match=r"No space left on device.*run the day again"):
        record(history, fingerprint="g")
    assert history.reported("loans") == {DAY: "f"}


def environment_of(history: History) -> dict[str, str]:
    """Return the environment in which another process has the same history."""
    return dict(os.environ) | ({SETTING: history.address} if history.server else {})


WRITING = (sys.executable, "-m", "drift_assets_tests.store.writing")
