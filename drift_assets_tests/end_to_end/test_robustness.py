"""What must not happen: a stale day published, silence as a pass, an alert lost or doubled."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.errors import BaselineError, NoDataError
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.day import Workplace, workplace_of
from drift_assets.orchestration.due import find_due, requests_for
from drift_assets.orchestration.names import asset_name
from drift_assets.orchestration.runs import Ending
from drift_assets.store import History
from drift_assets_tests.alerts.remote import receiver
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows, runner
from drift_assets_tests.store.taking import take

DAY, NEXT = date(2026, 1, 2), date(2026, 1, 3)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def workplace(project: Project) -> Workplace:
    return workplace_of(read_declarations([project.yaml])[0])


def history(project: Project) -> History:
    return History(project.home / "history.duckdb")


def execute(
    project: Project, instance: dg.DagsterInstance, *parts: tuple[str, ...]
) -> dg.ExecuteInProcessResult:
    """Run some of the monitor's assets of one day, as a person selects them in the UI."""
    (declared,) = read_declarations([project.yaml])
    job = build_definitions(declared.monitor, root=declared.root).resolve_job_def("churn__daily")
    return job.execute_in_process(
        instance=instance,
        partition_key=DAY.isoformat(),
        asset_selection=[dg.AssetKey(["churn", *part]) for part in parts],
        raise_on_error=False,
    )


def test_report_and_gate_never_speak_of_older_data(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(DAY, rows(1))
    assert runner(project, instance).run(DAY).ending is Ending.COMPLETED
    project.drop(DAY, rows(2, shift=2.0), age=30)

    alone = execute(project, instance, ("report",), ("alert",))
    assert not alone.success
    assert "run the whole day" in str(alone.all_events)

    with_one = execute(
        project, instance, ("drift", asset_name(COLUMNS[0])), ("report",), ("alert",)
    )
    assert not with_one.success
    found = history(project).query(
        "SELECT verdict, count(*) FROM drift_history GROUP BY ALL ORDER BY ALL"
    )
    assert [tuple(row) for row in found.rows] == [("breach", 1), ("ok", 5)]
    # The whole day was measured for the report, although one column was selected.
    reported = history(project).query("SELECT verdict, fingerprint FROM evaluations").rows
    present = find_due(workplace(project), now=NOW)
    assert [row[0] for row in reported] == ["breach"]
    assert present.days == {}


def test_a_day_of_which_nothing_can_be_said_is_no_pass_and_people_are_told(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(DAY, rows(1).add_prefix("new_"))
    outcome = runner(project, instance).run(DAY)
    assert outcome.assessment is not None
    assert outcome.assessment.verdict == "not_evaluated"
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE
    found = history(project).query("SELECT cause, state FROM alert_history")
    assert [tuple(row) for row in found.rows] == [("not_evaluated", "delivered")]


def test_an_alert_that_could_not_be_delivered_goes_out_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    hooked = {"webhook": {"url_env": "CHURN_HOOK"}, "latest_days": None}
    made = make_project(tmp_path / "hooked", alerts=hooked)
    # Nobody listens there.
    monkeypatch.setenv("CHURN_HOOK", "http://127.0.0.1:9/")
    made.drop(DAY, rows(2, shift=1.0))
    made.drop(NEXT, rows(2, shift=1.0))
    days = runner(made, instance)
    assert days.run(DAY).ending is Ending.COMPLETED_WITH_DRIFT
    states = "SELECT state, status FROM alert_history ORDER BY partition"
    assert history(made).query(states).rows == [("failed", "new")]
    with receiver() as there:
        monkeypatch.setenv("CHURN_HOOK", there.url)
        # As if the minute had passed after which it is tried again.
        history(made).outbox.resend()
        assert days.run(NEXT).ending is Ending.COMPLETED_WITH_DRIFT
    assert [one.json["partition"] for one in there.received] == [str(DAY)]
    # The day after is the same trouble, and so no news.
    assert history(made).query(states).rows == [
        ("delivered", "new"),
        ("suppressed", "suppressed"),
    ]


def test_a_channel_that_has_an_alert_is_not_told_again_when_another_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    hooks = [{"name": "good", "url_env": "GOOD"}, {"name": "bad", "url_env": "BAD"}]
    told = {"webhook": hooks, "severity": "critical", "latest_days": None}
    made = make_project(tmp_path / "two", alerts=told)
    made.drop(DAY, rows(2, shift=1.0))
    made.drop(NEXT, rows(1))
    with receiver() as good, receiver() as bad:
        monkeypatch.setenv("GOOD", good.url)
        monkeypatch.setenv("BAD", bad.url)
        bad.status = 503
        days = runner(made, instance)
        days.run(DAY)
        state = "SELECT state, list_sort(delivered_to) FROM alert_history WHERE cause = 'breach'"
        assert history(made).query(state).rows == [("failed", ["good", "log"])]
        bad.status = 200
        history(made).outbox.resend()
        days.run(NEXT)
        assert history(made).query(state).rows == [("resolved", ["bad", "good", "log"])]
    # The next day is a good one: both hear that it is over.
    assert [one.json["event"] for one in good.received] == ["trigger", "resolve"]
    assert [one.json["event"] for one in bad.received] == ["trigger", "trigger", "resolve"]
    message = good.received[0].json
    assert (message["severity"], message["cause"], message["monitor"]) == (
        "critical",
        "breach",
        "churn",
    )
    assert message["key"] == f"churn:{DAY}:breach"


def test_a_day_that_can_no_longer_be_evaluated_does_not_take_its_breach_back(
    project: Project, instance: dg.DagsterInstance
) -> None:
    days = runner(project, instance)
    project.drop(DAY, rows(2, shift=1.0))
    days.run(DAY)
    project.drop(DAY, rows(2).head(20))
    days.run(DAY)
    told = "SELECT cause, state FROM alert_history ORDER BY cause"
    assert history(project).query(told).rows == [
        ("breach", "delivered"),
        ("not_evaluated", "delivered"),
    ]
    project.drop(DAY, rows(2))
    days.run(DAY)
    assert {state for _, state in history(project).query(told).rows} == {"resolved"}


def test_whoever_stops_a_day_stops_the_days_after_it_too(
    project: Project, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    project.drop(DAY, rows(1))
    monkeypatch.setattr("drift_assets.orchestration.day.Workplace.evaluate", stopped)
    with pytest.raises(KeyboardInterrupt):
        runner(project, instance).run(DAY)


def test_a_run_that_ends_late_does_not_replace_what_was_measured_after_it(
    project: Project, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workplace(project)
    project.drop(DAY, rows(1))
    runner(project, instance).run(DAY)
    page = place.report_path(DAY, ".json").read_bytes()
    old = place.kept(DAY, run_id=instance.get_runs()[0].run_id)
    late = replace(old, run_id="late", evaluated_at=old.evaluated_at - timedelta(seconds=1))
    assert not place.history.record(
        late.assessment,
        partition=DAY,
        fingerprint="other",
        run_id=late.run_id,
        evaluated_at=late.evaluated_at,
    )
    assert place.history.reported("churn") == {DAY: old.fingerprint}
    monkeypatch.setattr(Workplace, "kept", lambda *_, **__: late)
    alone = execute(project, instance, ("report",))
    assert not alone.success
    assert "the later one stands" in str(alone.all_events)
    assert place.report_path(DAY, ".json").read_bytes() == page


def test_only_one_run_takes_an_alert(project: Project, instance: dg.DagsterInstance) -> None:
    project.drop(DAY, rows(2, shift=1.0))
    execute(
        project,
        instance,
        *(("drift", asset_name(name)) for name in COLUMNS),
        ("predictions", "score"),
        ("report",),
    )
    first = take(history(project).outbox, monitor="churn")
    second = take(history(project).outbox, monitor="churn")
    assert ([alert.cause for alert, _ in first], second) == (["breach"], [])


def test_data_that_return_to_an_earlier_state_are_run_again(
    project: Project, instance: dg.DagsterInstance
) -> None:
    good = project.drop(DAY, rows(1))
    shutil.copy2(good, project.root / "copy.csv")
    days = runner(project, instance)
    days.run(DAY)
    project.drop(DAY, rows(2, shift=1.0), age=30)
    days.run(DAY)
    shutil.copy2(project.root / "copy.csv", good)
    place = workplace(project)
    (request,) = requests_for(
        find_due(place, now=NOW), place, instance, job_name="churn__daily", retry_failed=False
    )
    assert request.partition_key == DAY.isoformat()
    # A key that Dagster has not run yet.
    assert request.run_key is not None
    assert request.run_key.endswith(":1")
    assert days.run(DAY).ending is Ending.COMPLETED
    assert find_due(place, now=NOW).days == {}


def test_days_that_fail_do_not_keep_the_others_waiting(tmp_path: Path) -> None:
    project = make_project(tmp_path / "many", partitions={"start": "2025-01-01"})
    days = [date.fromordinal(date(2025, 1, 1).toordinal() + n) for n in range(55)]
    for day in days:
        project.drop(day, rows(1, 5))
    place = workplace(project)
    due = find_due(place, now=NOW)
    with dg.instance_for_test() as instance:
        for number, day in enumerate(days[:52]):
            tags = {"drift_assets/monitor": "churn", "drift_assets/fingerprint": due.days[day]}
            instance.add_run(
                dg.DagsterRun(
                    job_name="churn__daily",
                    run_id=str(number),
                    tags={**tags, "dagster/partition": day.isoformat()},
                    status=dg.DagsterRunStatus.FAILURE,
                )
            )
        found = requests_for(due, place, instance, job_name="churn__daily", retry_failed=True)
    assert len(found) == 50
    assert [r.partition_key for r in found[:3]] == [day.isoformat() for day in days[52:]]


def test_a_declared_kind_with_an_empty_baseline_column_does_not_stop_the_monitor(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    made = make_project(tmp_path / "p", features=["a-b", {"column": "later", "kind": "numeric"}])
    rows(0, 4000).assign(later=None).to_csv(made.root / "data" / "baseline.csv", index=False)
    days = runner(made, instance)
    for day in (DAY, NEXT):
        made.drop(day, rows(1).assign(later=1.5))
        outcome = days.run(day)
        assert outcome.ending is Ending.COMPLETED, outcome.error
        assert outcome.assessment is not None
        assert outcome.assessment.feature("later").verdict == "not_evaluated"


def test_freezing_again_mends_a_damaged_baseline(project: Project) -> None:
    place = workplace(project)
    frozen = place.freeze_baseline()
    path = place.baselines.folder / f"{frozen.id}.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BaselineError, match="damaged"):
        place.frozen_baseline()
    place.freeze_baseline()
    assert place.baselines.active() is not None


def test_a_monitor_whose_baseline_is_not_there_says_so_and_harms_no_other(tmp_path: Path) -> None:
    made = make_project(tmp_path / "p", features="auto", predictions=[])
    (made.root / "data" / "baseline.csv").unlink()
    (declared,) = read_declarations([made.yaml])
    definitions = build_definitions(declared.monitor, root=declared.root)
    specs = {spec.key.path[-1]: spec for spec in definitions.resolve_all_asset_specs()}
    assert set(specs) == {"baseline", "current"}
    assert "baseline.csv" in (specs["baseline"].description or "")
    with dg.instance_for_test() as instance, pytest.raises(NoDataError, match=r"baseline\.csv"):
        runner(made, instance)


def test_auto_takes_every_column_and_asks_for_a_reload_when_they_change(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    made = make_project(tmp_path / "p", features="auto")
    made.drop(DAY, rows(1))
    days = runner(made, instance)
    outcome = days.run(DAY)
    assert outcome.assessment is not None
    assert [f.feature for f in outcome.assessment.features] == [*COLUMNS, "score"]
    rows(0, 4000).drop(columns="a_b").to_csv(made.root / "data" / "baseline.csv", index=False)
    workplace(made).freeze_baseline()
    outcome = days.run(DAY)
    assert outcome.ending is Ending.FAILED
    assert "reload the code location" in outcome.error


def test_one_file_with_a_date_column_serves_all_days(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    made = make_project(tmp_path / "p", current={"path": "data/all.parquet", "date_column": "day"})
    both = pd.concat(
        [rows(1).assign(day="2026-01-02"), rows(2, shift=1.0).assign(day="2026-01-03")]
    )
    path = made.root / "data" / "all.parquet"
    both.to_parquet(path)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    place = workplace(made)
    assert list(find_due(place, now=NOW).days) == [DAY, NEXT]
    days = runner(made, instance)
    assert days.run(DAY).ending is Ending.COMPLETED
    assert days.run(NEXT).ending is Ending.COMPLETED_WITH_DRIFT
    # A third day is appended: only that day is due.
    pd.concat([both, rows(3).assign(day="2026-01-04")]).to_parquet(path)
    os.utime(path, (1_700_000_100, 1_700_000_100))
    assert list(find_due(place, now=NOW).days) == [date(2026, 1, 4)]


def test_a_subset_takes_the_rest_of_the_family_only_when_all_of_it_is_known(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(DAY, rows(1))
    place = workplace(project)
    baseline = place.freeze_baseline()
    before = place.evaluate(DAY, baseline, run_id="one", only=["a-b"])
    assert not before.assessment.family_complete
    assert "family incomplete" in before.assessment.features[0].reason
    runner(project, instance).run(DAY)
    after = place.evaluate(DAY, baseline, run_id="two", only=["a-b"])
    whole = place.evaluate(DAY, baseline, run_id="three")
    assert after.assessment.family_complete
    assert after.assessment.feature("a-b").adjusted_p_value == pytest.approx(
        whole.assessment.feature("a-b").adjusted_p_value
    )


def test_a_subset_does_not_take_a_smaller_family_for_the_whole(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    made = make_project(tmp_path / "p")
    made.drop(DAY, rows(1))
    whole = workplace(made)
    baseline = whole.freeze_baseline()
    text = made.yaml.read_text(encoding="utf-8")
    made.yaml.write_text(text.replace(' "a_b",\n', ""), encoding="utf-8")
    assert "a_b" not in made.yaml.read_text(encoding="utf-8")
    assert runner(made, instance).run(DAY).ending is Ending.COMPLETED
    # The day that was reported did not look at a_b, which is watched now.
    day = whole.evaluate(DAY, baseline, run_id="one", only=["a-b"])
    assert not day.assessment.family_complete
