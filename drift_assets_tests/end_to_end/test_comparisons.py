"""Days compared with chosen days, and thresholds learned from the baseline's, end to end."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from drift_assets.assessment import Assessment
from drift_assets.declarations import read_declarations
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.names import asset_name
from drift_assets.orchestration.runs import open_instance
from drift_assets.store import History
from drift_assets_tests.end_to_end.project import Project, make_project, runner

FIRST = date(2025, 9, 1)
N_DAYS = 70
DAY = FIRST + timedelta(days=N_DAYS)
"""A Monday: the baseline is whole weeks."""


def day_of(day: date, *, shift: float = 0.0, n: int = 150) -> pd.DataFrame:
    """Return a day's rows; its level is the day's own, and Sundays are three units higher."""
    random = np.random.default_rng(day.toordinal())
    level = random.normal() + 3.0 * (day.weekday() == 6) + shift
    return pd.DataFrame(
        {
            "day": day.isoformat(),
            "amount": random.normal(10 + level, 1, n),
            "region": random.choice(["north", "south"], n, p=[0.6, 0.4]),
            "score": random.beta(2, 3, n),
        }
    )


def project_of(root: Path, **changes: object) -> Project:
    settings: dict[str, object] = {
        "baseline": {"path": "data/baseline.csv", "date_column": "day"},
        "features": ["amount", "region"],
        "predictions": ["score"],
        "partitions": {"start": FIRST.isoformat()},
        "fail_run_on_breach": False,
    }
    project = make_project(root, **(settings | changes))
    days = [day_of(FIRST + timedelta(days=i)) for i in range(N_DAYS)]
    pd.concat(days).to_csv(project.root / "data" / "baseline.csv", index=False)
    return project


@pytest.fixture(autouse=True)
def no_dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")


def run(project: Project, instance: dg.DagsterInstance, day: date, **row: Any) -> Assessment:  # noqa: ANN401  # of day_of
    project.drop(day, day_of(day, **row))
    found = runner(project, instance).run(day).assessment
    assert found is not None
    return found


def rows(project: Project, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in History(project.home / "history.duckdb").query(sql).rows]


def test_days_that_differ_among_themselves_breach_by_default_and_not_when_learned(
    tmp_path: Path,
) -> None:
    fixed = project_of(tmp_path / "fixed")
    learned = project_of(tmp_path / "learned", thresholds="learned")
    days = [DAY + timedelta(days=i) for i in range(4)]
    with open_instance(fixed.home) as instance:
        assert all(run(fixed, instance, day).feature("amount").verdict == "breach" for day in days)
    with open_instance(learned.home) as instance:
        for day in days:
            result = run(learned, instance, day)
            assert (result.rule, result.verdict, result.family_alpha) == ("learned", "ok", None)
            assert result.feature("amount").reason == (
                "within all thresholds (learned from 70 days)"
            )
        far = run(learned, instance, DAY + timedelta(days=4), shift=12.0)
    assert [f.feature for f in far.breached] == ["amount"]
    assert far.feature("amount").reason.endswith("(learned from 70 days)")
    assert "2025-09-01 to 2025-11-09, for alarms on 1.0% of clean days" in far.thresholds_from
    assert "these days alone show no less than 1.4%" in far.thresholds_from


def test_what_was_learned_stands_in_history_report_and_file(tmp_path: Path) -> None:
    project = project_of(tmp_path / "p", thresholds={"preset": "learned", "false_alarms": 0.05})
    with open_instance(project.home) as instance:
        result = run(project, instance, DAY)
    kept = rows(
        project,
        "SELECT feature, statistic, weekday, threshold, n_days, fitted, false_alarms "
        "FROM learned_thresholds WHERE statistic = 'psi' ORDER BY ALL",
    )
    # Sundays lie apart: every weekday has a threshold of its own, Sundays the highest.
    amounts = {row[2]: row[3] for row in kept if row[0] == "amount"}
    assert set(amounts) == set(range(7))
    assert max(amounts, key=lambda w: amounts[w]) == 6
    assert [row[4:] for row in kept] == [(70, False, 0.05)] * len(kept)
    stored = rows(
        project,
        "SELECT threshold_psi_breach, rule, comparison_id = baseline_id FROM feature_drift "
        "WHERE feature = 'amount'",
    )
    assert stored == [(amounts[DAY.weekday()], "learned", True)]
    assert result.feature("amount").thresholds.psi_breach == amounts[DAY.weekday()]
    page = (project.home / "reports" / "churn" / f"{DAY}.html").read_text(encoding="utf-8")
    assert "learned from 70 days" in page
    document = json.loads((project.home / "reports" / "churn" / f"{DAY}.json").read_text())
    assert document["rule"] == "learned"
    (file,) = (project.home / "baselines" / "churn").glob("*.learned.json")
    # Other settings are learned anew from the days that were kept, without a new baseline.
    project.yaml.write_text(project.yaml.read_text().replace("0.05", "0.2"))
    with open_instance(project.home) as instance:
        again = run(project, instance, DAY + timedelta(days=1))
    assert again.baseline_id == result.baseline_id
    assert json.loads(file.read_text())["settings"]["false_alarms"] == 0.2
    assert rows(project, "SELECT DISTINCT false_alarms FROM learned_thresholds") == [(0.2,)]


def test_a_sunday_is_compared_with_sundays(tmp_path: Path) -> None:
    project = project_of(tmp_path / "p", compare_with="same_weekday")
    sunday = DAY + timedelta(days=6)
    with open_instance(project.home) as instance:
        result = run(project, instance, sunday)
        monday = run(project, instance, DAY)
    assert result.compared_with == "the baseline's Sundays (10 days)"
    assert result.n_baseline == 10 * 150
    sundays = [d for i in range(N_DAYS) if (d := FIRST + timedelta(days=i)).weekday() == 6]
    values = pd.concat([day_of(d) for d in sundays])["amount"]
    summary = result.feature("amount").baseline
    assert summary.mean == pytest.approx(values.mean())
    assert summary.std == pytest.approx(values.std())
    assert (summary.minimum, summary.maximum) == (values.min(), values.max())
    assert result.comparison_id not in {result.baseline_id, monday.comparison_id}
    assert rows(project, "SELECT compared_with FROM evaluations ORDER BY partition") == [
        ("the baseline's Mondays (10 days)",),
        ("the baseline's Sundays (10 days)",),
    ]
    # The bins that are kept of the baseline stay the baseline's; the day's stand beside the day.
    (counted,) = rows(
        project,
        "SELECT list_sum(b.baseline_counts), list_sum(p.comparison_counts), sum(h.baseline_count)"
        " FROM feature_profiles p JOIN baseline_profiles b USING (baseline_id, feature)"
        " JOIN bin_history h USING (partition, feature)"
        " WHERE feature = 'amount' AND dayname(partition) = 'Sunday' GROUP BY ALL",
    )
    assert counted == (N_DAYS * 150, 1500, 1500)
    psi = rows(
        project,
        "SELECT sum(psi_contribution), any_value(f.psi) FROM bin_history JOIN feature_drift f "
        "USING (partition, feature) GROUP BY partition, feature",
    )
    assert all(mine == pytest.approx(theirs) for mine, theirs in psi)


def test_rolling_days_are_those_before_that_were_reported(tmp_path: Path) -> None:
    project = project_of(tmp_path / "p", compare_with={"rolling_days": 4, "keep_days": 5})
    profiles = project.home / "profiles" / "churn"
    with open_instance(project.home) as instance:
        first = run(project, instance, DAY)
        assert first.compared_with == "the 4 days before (4 days)"
        far = [run(project, instance, DAY + timedelta(days=i), shift=20.0) for i in range(1, 6)]
        # What was lifted for long is what is normal: a lasting change is hidden, and slow drift.
        assert far[0].feature("amount").verdict == "breach"
        assert far[-1].feature("amount").baseline.mean == pytest.approx(30, abs=2)
        # Run again with other data, a day counts as what it is now.
        again = run(project, instance, DAY + timedelta(days=4), shift=-20.0)
        after = run(project, instance, DAY + timedelta(days=5), shift=20.0)
        assert again.comparison_id == far[3].comparison_id
        assert after.comparison_id != far[4].comparison_id
        late = run(project, instance, DAY + timedelta(days=9))
    assert late.verdict == "not_evaluated"
    assert late.feature("amount").reason == ("1 day to compare with (the 4 days before), 3 needed")
    kept = sorted(p.stem for p in profiles.glob("*/20*.npz"))
    assert kept == [str(DAY + timedelta(days=i)) for i in (4, 5, 9)]


def test_a_single_feature_takes_the_others_p_values_of_the_same_comparison(tmp_path: Path) -> None:
    project = project_of(tmp_path / "p", compare_with="same_weekday")
    with open_instance(project.home) as instance:
        whole = run(project, instance, DAY)
        (declared,) = read_declarations([project.yaml])
        job = build_definitions(declared.monitor, root=declared.root).resolve_job_def(
            "churn__daily"
        )
        key = dg.AssetKey(["churn", "drift", asset_name("region")])
        assert job.execute_in_process(
            instance=instance, partition_key=str(DAY), asset_selection=[key]
        ).success
    found = rows(
        project,
        "SELECT family_complete, comparison_id, adjusted_p_value FROM feature_drift "
        "WHERE feature = 'region'",
    )
    expected = whole.feature("region").adjusted_p_value
    assert found == [(True, whole.comparison_id, pytest.approx(expected))]


def test_a_baseline_frozen_without_its_days_says_what_to_do(tmp_path: Path) -> None:
    project = project_of(tmp_path / "p", thresholds="learned", compare_with="same_weekday")
    with open_instance(project.home) as instance:
        run(project, instance, DAY)
        shutil.rmtree(project.home / "profiles")
        for path in (project.home / "baselines" / "churn").glob("*.learned.json"):
            path.unlink()
        without = run(project, instance, DAY + timedelta(days=1))
        assert without.verdict == "not_evaluated"
        assert "materialise churn/baseline" in without.feature("amount").reason
        assert without.rule == "guarded"
        assert "materialise churn/baseline" in without.thresholds_from
        (declared,) = read_declarations([project.yaml])
        definitions = build_definitions(declared.monitor, root=declared.root)
        baseline = definitions.resolve_assets_def(dg.AssetKey(["churn", "baseline"]))
        assert dg.materialize([baseline], instance=instance).success
        again = run(project, instance, DAY + timedelta(days=1))
    assert again.rule == "learned"
    assert again.baseline_id == without.baseline_id


def test_too_few_days_teach_nothing_and_the_guarded_rule_says_so(tmp_path: Path) -> None:
    project = project_of(tmp_path / "p", thresholds="learned")
    frame = pd.read_csv(project.root / "data" / "baseline.csv")
    frame[frame["day"] < "2025-09-28"].to_csv(project.root / "data" / "baseline.csv", index=False)
    with open_instance(project.home) as instance:
        result = run(project, instance, DAY)
    assert result.rule == "guarded"
    assert "no learned thresholds, judged by the fixed ones: Found 27 days" in (
        result.feature("region").reason
    )
    assert rows(project, "SELECT count(*) FROM learned_thresholds") == [(0,)]
