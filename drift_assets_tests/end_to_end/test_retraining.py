"""The example of ``examples/retraining``: drift lasts, a better model takes over, and back."""

import shutil
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest

import drift_assets
from drift_assets.declarations import read_declarations
from drift_assets.orchestration.runs import Ending, Runner, open_instance

EXAMPLE = Path(drift_assets.__file__).parent.parent / "examples" / "retraining"
MARCH = date(2013, 3, 1)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    root = tmp_path / "retraining"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", "drift_home", "__pyc*"))
    monkeypatch.syspath_prepend(str(root))
    yield root
    for name in [name for name in sys.modules if name.split(".")[0] == "flights"]:
        del sys.modules[name]


def run(root: Path, instance: dg.DagsterInstance, first: int, last: int) -> dict[int, Ending]:
    """Deliver and run days of March; return how each ended."""
    deliver: Any = import_module("flights.deliver")
    (declared,) = read_declarations([root / "flights" / "defs" / "flights" / "defs.yaml"])
    days = Runner(declared, instance)
    found: dict[int, Ending] = {}
    for number in range(first, last + 1):
        day = MARCH + timedelta(days=number - 1)
        deliver.deliver(day)
        outcome = days.run(day)
        assert outcome.ending is not Ending.FAILED, outcome.error
        found[number] = outcome.ending
    return found


def test_drift_that_lasts_ends_with_a_better_model_and_its_own_baseline_and_can_be_undone(
    example: Path,
) -> None:
    models: Any = import_module("flights.models")
    jobs: Any = import_module("flights.jobs")
    import_module("flights.deliver").begin()
    definitions: dg.Definitions = import_module("flights.definitions").defs()
    repository = definitions.get_repository_def()
    sensor = repository.get_sensor_def("flights__retrain__action_sensor")
    with open_instance(example / "drift_home") as instance:

        def requests() -> list[dg.RunRequest]:
            context = dg.build_sensor_context(instance=instance, repository_def=repository)
            return list(sensor.evaluate_tick(context).run_requests or [])

        assert set(run(example, instance, 6, 7).values()) == {Ending.COMPLETED}
        drifted = run(example, instance, 8, 10)
        assert set(drifted.values()) == {Ending.COMPLETED_WITH_DRIFT}
        (request,) = requests()
        assert request.run_config["ops"]["fit_candidate"]["config"]["since"] == "2013-03-08"
        done = repository.get_job("retrain_model").execute_in_process(
            run_config=request.run_config, tags=request.tags, instance=instance
        )
        assert done.success
        assert requests() == []
        assert models.versions() == [1, 2]
        history = jobs.workplace().history
        promoted = history.baseline_events("flights")[-1]
        assert (promoted.event, promoted.who) == ("promoted", "retrain_model")
        assert "breach on 3 of the last 3 days" in promoted.reason
        assert "log loss better by" in promoted.reason

        # Kilometres are what is usual now, and the scores are those of the new model.
        assert set(run(example, instance, 11, 12).values()) == {Ending.COMPLETED}

        back = repository.get_job("roll_back_model").execute_in_process(instance=instance)
        assert back.success
        assert models.versions() == [1]
        assert history.baseline_events("flights")[-1].event == "rolled back"
        assert run(example, instance, 13, 13) == {13: Ending.COMPLETED_WITH_DRIFT}
        # At most once for a baseline and a cause: the first baseline has had its retraining.
        assert requests() == []


def test_a_candidate_that_is_no_better_is_not_promoted(example: Path) -> None:
    models: Any = import_module("flights.models")
    assert example.exists()
    rng = np.random.default_rng(5)
    present = rng.exponential(0.5, 1000)
    worse = models.compared(present, present + rng.normal(0.02, 0.05, 1000))
    assert not worse.is_better
    assert worse.high < 0
    same = models.compared(present, present + rng.normal(0.0, 0.2, 1000))
    assert not same.is_better
    # The normal interval of a mean of 1,000 differences, by hand: 1.96 * 0.2 / sqrt(1000).
    assert same.high - same.low == pytest.approx(2 * 1.96 * 0.2 / 1000**0.5, rel=0.1)
    better = models.compared(present, present - rng.normal(0.05, 0.2, 1000))
    assert better.is_better
