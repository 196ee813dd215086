"""One run reads its own measurement and baseline once, and never an old one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from drift_assets.assessment import Assessment
from drift_assets.atomic import write_atomically
from drift_assets.declarations import read_declarations
from drift_assets.errors import BaselineError, NoDataError
from drift_assets.orchestration import day as day_module
from drift_assets.orchestration.day import Day, Workplace, workplace_of
from drift_assets.profiles import Baseline
from drift_assets.report.json import assessment_from_dict
from drift_assets_tests.end_to_end.project import Project, make_project, rows

DAY = date(2026, 1, 2)
RUN = "1b3f"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    made = make_project(tmp_path)
    made.drop(DAY, rows(1))
    return made


@pytest.fixture
def workplace(project: Project) -> Workplace:
    return workplace_of(read_declarations([project.yaml])[0])


@pytest.fixture
def kept(workplace: Workplace) -> Day:
    day = workplace.evaluate(DAY, workplace.freeze_baseline(), run_id=RUN)
    workplace.keep(day)
    return day


def kept_by_another_process(workplace: Workplace) -> Assessment:
    """Return what a process that has never seen this day reads from the file."""
    path = workplace.place.home / "assessments" / "churn" / str(DAY) / f"{RUN}.json"
    program = (
        "import sys, json, pathlib\n"
        "from drift_assets.report.json import assessment_from_dict as back\n"
        "from drift_assets.report.json import assessment_to_dict as there\n"
        "kept = json.loads(pathlib.Path(sys.argv[1]).read_text())\n"
        "print(json.dumps(there(back(kept['assessment']))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path], check=True, capture_output=True, text=True
    )
    return assessment_from_dict(json.loads(done.stdout))


def leaves(value: object) -> Iterator[tuple[type, object]]:
    """Yield every plain value in an assessment, with its type."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from leaves(pair)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from leaves(one)
    else:
        yield type(value), value


def test_what_a_run_remembers_is_what_another_process_reads(
    workplace: Workplace, kept: Day
) -> None:
    remembered = workplace.kept(DAY, run_id=RUN)
    assert remembered is kept
    read = kept_by_another_process(workplace)
    assert remembered.assessment == read
    # Equal is not the same kind: Dagster takes no numpy integer as metadata.
    assert list(leaves(remembered.assessment)) == list(leaves(read))


def test_a_run_parses_its_measurement_not_even_once(
    workplace: Workplace, kept: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_module, "assessment_from_dict", None)
    for _ in range(3):
        assert workplace.kept(DAY, run_id=RUN).assessment is kept.assessment


def test_a_step_that_measures_again_in_the_same_run_is_believed(
    project: Project, workplace: Workplace, kept: Day
) -> None:
    project.drop(DAY, rows(2, shift=2.0), age=30)
    baseline = workplace.frozen_baseline()
    assert baseline is not None
    again = workplace.evaluate(DAY, baseline, run_id=RUN)
    workplace.keep(again)
    found = workplace.kept(DAY, run_id=RUN)
    assert found.assessment == again.assessment
    assert found.assessment.breached
    assert not kept.assessment.breached


def test_a_measurement_that_another_process_wrote_over_ours_is_read(
    workplace: Workplace, kept: Day
) -> None:
    folder = workplace.place.home / "assessments" / "churn" / str(DAY)
    content = json.loads((folder / f"{RUN}.json").read_text(encoding="utf-8"))
    content["assessment"]["n_current"] = 7
    write_atomically(folder / f"{RUN}.json", json.dumps(content).encode())
    assert workplace.kept(DAY, run_id=RUN).assessment == replace(kept.assessment, n_current=7)


def test_a_measurement_that_was_removed_is_not_remembered(
    project: Project, workplace: Workplace, kept: Day
) -> None:
    (project.home / "assessments" / "churn" / str(DAY) / f"{kept.run_id}.json").unlink()
    with pytest.raises(NoDataError, match="run the whole day"):
        workplace.kept(DAY, run_id=RUN)


def test_another_runs_measurement_is_taken_only_while_the_data_are_the_same(
    project: Project, workplace: Workplace, kept: Day
) -> None:
    assert workplace.kept(DAY, run_id="later").assessment == kept.assessment
    project.drop(DAY, rows(2, shift=2.0), age=30)
    with pytest.raises(NoDataError, match="run the whole day"):
        workplace.kept(DAY, run_id="later")


def test_a_baseline_is_read_once_while_it_stands(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = workplace.freeze_baseline()
    first = workplace.frozen_baseline()
    monkeypatch.setattr(Baseline, "from_bytes", None)
    assert workplace.frozen_baseline() is first
    assert first is not None
    assert first.id == frozen.id


def test_a_baseline_frozen_from_other_data_judges_at_once_and_so_does_the_old_one_again(
    project: Project, workplace: Workplace
) -> None:
    path = project.root / "data" / "baseline.csv"
    found = []
    for seed in (0, 5, 0):
        rows(seed, 4000).to_csv(path, index=False)
        frozen = workplace.freeze_baseline()
        read = workplace.frozen_baseline()
        assert read is not None
        assert read.id == frozen.id
        found.append(read.id)
    assert found[0] == found[2] != found[1]


def test_a_baseline_damaged_or_removed_after_it_was_read_is_not_used(
    workplace: Workplace,
) -> None:
    frozen = workplace.freeze_baseline()
    assert workplace.frozen_baseline() is not None
    path = workplace.baselines.folder / f"{frozen.id}.npz"
    content = path.read_bytes()
    path.write_bytes(content[:1000])
    with pytest.raises(BaselineError, match="damaged"):
        workplace.frozen_baseline()
    path.unlink()
    with pytest.raises(BaselineError, match="Found no"):
        workplace.frozen_baseline()
    path.write_bytes(content)
    assert workplace.frozen_baseline() is not None
    (workplace.baselines.folder / "active.json").unlink()
    assert workplace.frozen_baseline() is None


def test_a_baseline_remembered_still_has_to_fit_the_monitor(
    project: Project, workplace: Workplace
) -> None:
    workplace.freeze_baseline()
    assert workplace.frozen_baseline() is not None
    document = json.loads(project.yaml.read_text(encoding="utf-8"))
    document["attributes"]["features"].append("a column that came later")
    project.yaml.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    assert workplace_of(read_declarations([project.yaml])[0]).frozen_baseline() is None
