"""``docs/baselines.md`` says what is so: its commands do what it tells, and its SQL answers."""

import re
from datetime import date
from pathlib import Path

import click
import pytest
import yaml

from drift_assets.cli import main
from drift_assets.declarations import read_declarations
from drift_assets.monitors import Monitor
from drift_assets.orchestration.baseline_job import baseline_job
from drift_assets.orchestration.day import workplace_of
from drift_assets.store import open_history
from drift_assets_tests.cli.calling import call
from drift_assets_tests.end_to_end.project import Project, make_project, rows
from drift_assets_tests.test_documentation import ROOT, blocks, commands

PAGE = (ROOT / "docs" / "baselines.md").read_text(encoding="utf-8")
DAYS = (date(2026, 1, 2), date(2026, 1, 4), date(2026, 1, 5))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("DAGSTER_HOME", "DRIFT_ASSETS_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    made = make_project(tmp_path / "project")
    for seed, day in enumerate(DAYS):
        made.drop(day, rows(seed + 1, shift=seed / 2))
    monkeypatch.chdir(made.root)
    return made


def test_the_commands_of_the_page_work_one_after_the_other(project: Project) -> None:
    for day in DAYS:
        assert call("run", "churn", "--partition", day).exit_code == 0
    before = workplace_of(read_declarations([project.yaml])[0]).baselines.active_id()
    assert before is not None
    names = {"$BEFORE": before, "$CANDIDATE": ""}
    for words in commands(PAGE):
        answer = call(*(names.get(word, word) for word in words))
        assert answer.exit_code == 0, answer.output
        if "--reason" in words and words[1] == "freeze":
            names["$CANDIDATE"] = answer.output.split()[0]
    assert names["$CANDIDATE"]
    (question,) = blocks(PAGE, "sql")
    events = [row[1] for row in open_history(project.home).query(question).rows]
    assert events == [
        *("declared", "frozen", "frozen", "frozen", "frozen"),
        *("promoted", "rolled back", "archived"),
    ]


def test_the_yaml_of_the_page_is_understood(project: Project) -> None:
    job, archive = (yaml.safe_load(block) for block in blocks(PAGE, "yaml"))
    workplace = workplace_of(read_declarations([project.yaml])[0])
    # A config that the job does not take is an error here.
    baseline_job(workplace).execute_in_process(run_config=job, raise_on_error=False)
    declared = read_declarations([project.yaml])[0].monitor.model_dump(
        by_alias=True, exclude_unset=True
    )
    assert Monitor.model_validate(declared | archive).archive is not None


def test_every_subcommand_and_option_is_on_the_page() -> None:
    group = main.commands["baseline"]
    assert isinstance(group, click.Group)
    shown = {word for words in commands(PAGE) for word in words}
    named = set(re.findall(r"`(--[a-z-]+)`", PAGE))
    for name, command in group.commands.items():
        assert name in shown
        options = {o for p in command.params for o in p.opts if o.startswith("--")}
        assert options <= shown | named


def test_every_option_of_a_back_fill_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "monitors.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    options = {o for p in main.commands["run"].params for o in p.opts if o.startswith("--")}
    assert {o for o in options if o not in guide + readme} <= {"--defs", "--home"}
