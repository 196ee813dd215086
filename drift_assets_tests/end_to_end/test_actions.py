"""Drift starts things: a webhook, a function and a Dagster job, each once."""

import importlib
import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from drift_assets import DriftEvent
from drift_assets.alerts.webhook import SIGNATURE, TIMESTAMP, signature
from drift_assets.cli import main
from drift_assets.declarations import read_declarations
from drift_assets.orchestration.component import build_definitions
from drift_assets.orchestration.runs import Ending, open_instance
from drift_assets.store import History
from drift_assets_tests.alerts.remote import receiver
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows, runner

FIRST = date(2026, 1, 2)
LASTING = {"days": "2 of 2"}


@pytest.fixture
def acting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    common = {"when": LASTING, "latest_days": None}
    yield make_project(
        tmp_path,
        actions=[
            {
                "name": "tell",
                "webhook_env": "RETRAIN_WEBHOOK",
                "secret_env": "RETRAIN_SECRET",
                **common,
            },
            {"name": "note", "call": "own_actions:note", **common},
            {"name": "refuse", "call": "own_actions:refuse", **common},
            {"name": "retrain", "job": "retrain_model", "op": "fit", **common},
        ],
    )
    sys.modules.pop("own_actions", None)


def moved(
    project: Project, instance: dg.DagsterInstance, n: int, *, first: int = 0
) -> list[Ending]:
    """Run ``n`` days whose first column has moved."""
    days = runner(project, instance)
    endings: list[Ending] = []
    for number in range(first, first + n):
        day = FIRST + timedelta(days=number)
        project.drop(day, rows(2 + number, shift=1.0))
        outcome = days.run(day)
        assert outcome.ending is not Ending.FAILED, outcome.error
        endings.append(outcome.ending)
    return endings


def write_functions(project: Project, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    (project.root / "own_actions.py").write_text(
        "events = []\n\n\ndef note(event):\n    events.append(event)\n\n\n"
        "def refuse(event):\n    raise RuntimeError('no room')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(project.root))
    return importlib.import_module("own_actions")


def states(history: History) -> dict[str, tuple[str, str]]:
    return {one.action: (one.state, one.detail) for one in history.actions("churn")}


def test_lasting_drift_starts_each_thing_once_and_people_see_what_became_of_it(
    acting: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = write_functions(acting, monkeypatch)
    history = History(acting.home / "history.duckdb")
    with receiver() as remote, open_instance(acting.home) as instance:
        monkeypatch.setenv("RETRAIN_WEBHOOK", remote.url)
        monkeypatch.setenv("RETRAIN_SECRET", "key")
        assert moved(acting, instance, 1) == [Ending.COMPLETED_WITH_DRIFT]
        assert history.actions() == []
        # A function that fails does not fail the run.
        assert moved(acting, instance, 2, first=1) == [Ending.COMPLETED_WITH_DRIFT] * 2
        (request,) = remote.received
    body = request.json
    assert body["event"] == "drift_action"
    assert (body["monitor"], body["partition"]) == ("churn", str(FIRST + timedelta(days=1)))
    assert body["since"] == str(FIRST)
    assert body["columns"] == [COLUMNS[0]]
    assert request.headers[SIGNATURE.lower()] == signature(
        "key", request.headers[TIMESTAMP.lower()], request.body
    )
    (event,) = functions.events
    assert event.action == "note"
    assert json.loads(Path(event.report).read_text(encoding="utf-8"))["monitor"] == "churn"
    assert states(history) == {
        "tell": ("done", ""),
        "note": ("done", ""),
        "refuse": ("failed", "RuntimeError: no room"),
        "retrain": ("pending", ""),
    }
    listed = CliRunner().invoke(main, ["actions", "list", "churn", "--home", str(acting.home)])
    assert listed.exit_code == 0, listed.output
    assert "must be on: churn__retrain__action_sensor" in listed.output
    assert "no room" in listed.output


def test_what_is_not_set_up_fails_in_words_and_is_done_once_it_is(
    acting: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(acting.home / "history.duckdb")
    with receiver() as remote, open_instance(acting.home) as instance:
        remote.status = 500
        monkeypatch.setenv("RETRAIN_SECRET", "key")
        moved(acting, instance, 2)
        found = states(history)
        assert "RETRAIN_WEBHOOK unset" in found["tell"][1]
        assert "Found no function own_actions:note" in found["note"][1]
        monkeypatch.setenv("RETRAIN_WEBHOOK", remote.url)
        moved(acting, instance, 1, first=2)
        assert states(history)["tell"] == (
            "failed",
            (
                "The webhook of the action tell answered 500, expected 2xx: check the address "
                "and the receiver."
            ),
        )
        remote.status = 200
        functions = write_functions(acting, monkeypatch)
        # What was not tried is due again by itself; the webhook would be, in ten minutes.
        again = CliRunner().invoke(
            main, ["actions", "retry", "churn", "tell", "--home", str(acting.home)]
        )
        assert again.exit_code == 0, again.output
        moved(acting, instance, 1, first=3)
        assert len(functions.events) == 1
        assert {states(history)[name][0] for name in ("tell", "note")} == {"done"}


def test_a_sensor_starts_the_job_once_with_the_event_as_its_config(acting: Project) -> None:
    seen: list[DriftEvent] = []

    @dg.op
    def fit(config: DriftEvent) -> None:
        seen.append(config)
        if len(seen) == 1:
            raise RuntimeError("no data")

    @dg.job
    def retrain_model() -> None:
        fit()

    history = History(acting.home / "history.duckdb")
    with open_instance(acting.home) as instance:
        moved(acting, instance, 2)
        (declared,) = read_declarations([acting.yaml])
        merged = dg.Definitions.merge(
            build_definitions(declared.monitor, root=declared.root),
            dg.Definitions(jobs=[retrain_model]),
        )
        repository = merged.get_repository_def()
        sensor = repository.get_sensor_def("churn__retrain__action_sensor")

        def tick() -> list[dg.RunRequest]:
            context = dg.build_sensor_context(instance=instance, repository_def=repository)
            return list(sensor.evaluate_tick(context).run_requests or [])

        (request,) = tick()
        # A tick that was killed before the run began asks for the same run, by the same key.
        (same,) = tick()
        assert same.run_key == request.run_key
        assert states(history)["retrain"] == ("started", "retrain_model: asked for")
        job = repository.get_job("retrain_model")
        job.execute_in_process(
            run_config=request.run_config,
            tags=request.tags,
            instance=instance,
            raise_on_error=False,
        )
        assert tick() == []
        assert states(history)["retrain"] == ("failed", "retrain_model: failure")
        assert tick() == []
        history.start_again("churn", "retrain")
        (request,) = tick()
        assert request.run_key != same.run_key
        result = job.execute_in_process(
            run_config=request.run_config, tags=request.tags, instance=instance
        )
        assert tick() == []
        (kept,) = [one for one in history.actions("churn") if one.action == "retrain"]
        assert (kept.state, kept.run_id, kept.attempts) == ("done", result.run_id, 2)
    assert seen[0] == seen[1]
    assert seen[0].columns == [COLUMNS[0]]
    assert seen[0].cause == "drift"
