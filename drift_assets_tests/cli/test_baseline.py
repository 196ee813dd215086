"""``drift-assets baseline`` as a person types it, and the same from a Dagster job."""

import json
import sys
from datetime import date
from typing import Any

import dagster as dg
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.orchestration.baseline_job import baseline_job
from drift_assets.orchestration.day import workplace_of
from drift_assets.orchestration.runs import open_instance
from drift_assets_tests.cli.calling import call
from drift_assets_tests.end_to_end.project import Project, rows, runner

QUIET, SHIFTED = date(2026, 1, 2), date(2026, 1, 3)


@pytest.fixture
def running(project: Project) -> Project:
    project.drop(QUIET, rows(1))
    project.drop(SHIFTED, rows(2, shift=1.0))
    with open_instance(project.home) as instance:
        days = runner(project, instance)
        days.run(QUIET)
        days.run(SHIFTED)
    return project


def listed() -> dict[str, dict[str, Any]]:
    found = json.loads(call("baseline", "list", "churn", "--json").output)
    return {one["baseline_id"]: one for one in found}


def active() -> str:
    return next(name for name, one in listed().items() if one["state"] == "active")


def test_a_baseline_lives_by_commands(running: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    old = active()
    frozen = call("baseline", "freeze", "churn", "--from", SHIFTED, "--to", SHIFTED)
    new = frozen.output.split()[0]
    assert f"drift-assets baseline promote churn {new}" in frozen.output
    assert listed()[new]["state"] == "frozen"

    changed = call("baseline", "diff", "churn", old, new, "--json")
    assert json.loads(changed.output)["drift"]["verdict"] == "breach"

    shown = call("baseline", "promote", "churn", new, "--preview").output
    assert "1 would breach instead of 1, 2 would change their verdict" in shown
    assert active() == old
    refused = call("baseline", "promote", "churn", new)
    assert refused.exit_code == 2
    assert "Give --yes" in refused.output
    assert active() == old

    # At a terminal it asks.
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    call("baseline", "promote", "churn", new, "--yes", "--by", "ann", "--reason", "new prices")
    assert active() == new
    past = json.loads(call("baseline", "show", "churn", "--json").output)
    assert [(e["event"], e["who"]) for e in past["events"]][1:] == [("promoted", "ann")]

    assert "judges churn again" in call("baseline", "rollback", "churn").output
    assert active() == old
    assert "is in the archive" in call("baseline", "archive", "churn", new).output
    assert listed()[new]["state"] == "archived"
    with open_instance(running.home) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["churn", "baseline"]))
        assert event is not None
        assert event.asset_materialization is not None
        # The asset follows what is active.
        tags = event.asset_materialization.tags or {}
        assert tags["dagster/data_version"] == old


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "churn", "abc"], "Unknown baseline"),
        (["rollback", "churn"], "expected one to go back to"),
        (["freeze", "churn", "--from", "2026-01-02"], "Give both --from and --to"),
        (["freeze", "churn", "--from", "soon", "--to", "2026-01-02"], "expected a day such as"),
        (["freeze", "churn", "--last-days", "3", "--file", "x.csv"], "--last-days alone"),
        (["freeze", "churn", "--file", "nobody.csv"], "nobody.csv"),
        (["list", "chrun"], "Did you mean 'churn'"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(
    project: Project, arguments: list[str], said: str
) -> None:
    answer = call("baseline", *arguments)
    assert answer.exit_code == 2
    assert said in answer.output
    assert not (project.home / "baselines").exists()


def test_nothing_is_frozen_before_the_first_run(project: Project) -> None:
    assert "No baseline of churn is frozen yet" in call("baseline", "list", "churn").output
    assert json.loads(call("baseline", "list", "churn", "--json").output) == []
    assert not project.home.joinpath("baselines").exists()


def test_the_job_does_what_the_command_does(running: Project) -> None:
    workplace = workplace_of(read_declarations([running.yaml])[0])
    job = baseline_job(workplace)
    old = active()

    def act(**config: object) -> dg.ExecuteInProcessResult:
        with open_instance(running.home) as instance:
            return job.execute_in_process(
                run_config={"ops": {"churn__baseline_act": {"config": config}}},
                instance=instance,
                raise_on_error=False,
            )

    assert act(act="freeze", first=str(SHIFTED), last=str(SHIFTED), reason="prices").success
    (new,) = set(listed()) - {old}
    assert act(act="list").success
    assert act(act="diff", baseline_id=old, other_id=new).success
    assert act(act="preview", baseline_id=new).success
    assert active() == old
    promoted = act(act="promote", baseline_id=new, by="ann")
    assert active() == new
    (event,) = [e for e in promoted.all_events if e.is_step_materialization]
    tags = event.step_materialization_data.materialization.tags or {}
    assert tags["dagster/data_version"] == new
    assert act(act="rollback").success
    assert active() == old
    assert act(act="archive", baseline_id=new).success
    assert listed()[new]["state"] == "archived"
    # What cannot be done fails the run, with the reason.
    assert not act(act="promote", baseline_id="zz").success
