"""What README and docs say is run: Python blocks, commands, the schema's tables."""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

import drift_assets
from drift_assets import action_settings, alert_settings, data_settings, monitors, watch
from drift_assets.cli import main
from drift_assets.declarations import read_declarations

ROOT = Path(drift_assets.__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MONITORS = (ROOT / "docs" / "monitors.md").read_text(encoding="utf-8")
ACTIONS = (ROOT / "docs" / "actions.md").read_text(encoding="utf-8")
ALERTS = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
VERDICTS = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")

SCHEMAS: dict[str, type[BaseModel]] = {
    "The monitor": monitors.Monitor,
    "baseline and current": monitors.Source,
    "predictions of a source": monitors.SeparatePredictions,
    "A feature": monitors.Feature,
    "A prediction": monitors.Prediction,
    "alert_after": monitors.AlertAfter,
    "thresholds": monitors.ThresholdSettings,
    "compare_with": monitors.ComparedDays,
    "partitions": monitors.Partitions,
    "schedule": monitors.Schedule,
    "trend": monitors.Trend,
    "data_checks": data_settings.DataChecks,
    "data_checks.row_count": data_settings.RowCountCheck,
    "data_checks.schema and stale": data_settings.PlainCheck,
    "data_checks.missing_rate": data_settings.MissingRateCheck,
    "data_checks.duplicates": data_settings.DuplicatesCheck,
    "data_checks.out_of_range": data_settings.OutOfRangeCheck,
    "data_checks.out_of_range.limits": data_settings.Limits,
    "deadline": monitors.Deadline,
    "archive": data_settings.ArchiveSettings,
    "alerts": alert_settings.Alerts,
    "alerts.slack": alert_settings.Slack,
    "alerts.pagerduty": alert_settings.PagerDuty,
    "alerts.email": alert_settings.Email,
    "alerts.webhook": alert_settings.Webhook,
    "alerts.apprise": alert_settings.Apprise,
    "alerts.only": alert_settings.Audience,
    "alerts.quiet_hours": alert_settings.QuietHours,
    "alerts.links": alert_settings.Links,
    "An action": action_settings.Action,
    "actions.when": action_settings.When,
}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """Return every `drift-assets ...` line of the shell blocks, split as a shell splits."""
    lines = [
        line.strip()
        for block in blocks(text, "sh")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    return [shlex.split(line)[1:] for line in lines if line.startswith("drift-assets ")]


def test_the_python_of_the_readme_runs() -> None:
    found = blocks(README, "python")
    assert found
    for block in found:
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102  # our own page


@pytest.mark.parametrize("arguments", commands(README), ids=" ".join)
def test_every_command_of_the_readme_is_understood(arguments: list[str]) -> None:
    name, *rest = arguments
    command = main.commands[name]
    command.make_context(name, rest)


def test_the_python_of_the_page_on_verdicts_runs() -> None:
    found: dict[str, object] = {}
    for block in blocks(VERDICTS, "python"):
        exec(compile(block, "verdicts.md", "exec"), found)  # noqa: S102  # our own page
    assert "simulation" in found


@pytest.mark.parametrize("arguments", commands(VERDICTS), ids=" ".join)
def test_every_command_of_the_page_on_verdicts_is_understood(arguments: list[str]) -> None:
    name, *rest = arguments
    main.commands[name].make_context(name, rest)


def test_every_option_of_simulate_is_on_the_page_on_verdicts() -> None:
    shown = {argument for arguments in commands(VERDICTS) for argument in arguments}
    options = {o for p in main.commands["simulate"].params for o in (*p.opts, *p.secondary_opts)}
    assert {o for o in options if o.startswith("--")} - shown <= {"--home", "--help"}


def test_every_command_is_in_the_readme() -> None:
    named = {arguments[0] for arguments in commands(README)}
    mentioned = {name for name in main.commands if f"drift-assets {name}" in README}
    assert named | mentioned | {"health"} == set(main.commands)
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "drift-assets health" in operations


def test_every_subcommand_and_option_of_the_history_is_in_the_guide() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    group = main.commands["history"]
    assert isinstance(group, click.Group)
    for name, command in group.commands.items():
        assert f"drift-assets history {name}" in operations
        options = {option for parameter in command.params for option in parameter.opts}
        named = {option for option in options if f"`{option}`" in operations}
        shown = {option for option in options if f" {option}" in operations}
        assert {o for o in options if o.startswith("--")} - named - shown <= {"--home"}


def test_every_subcommand_and_option_of_alerts_is_on_their_page() -> None:
    group = main.commands["alerts"]
    assert isinstance(group, click.Group)
    for name, command in group.commands.items():
        assert f"drift-assets alerts {name}" in ALERTS
        options = {option for parameter in command.params for option in parameter.opts}
        named = {option for option in options if f"`{option}`" in ALERTS or f" {option}" in ALERTS}
        assert not {o for o in options if o.startswith("--")} - named


@pytest.mark.parametrize("arguments", commands(ALERTS), ids=" ".join)
def test_every_command_of_the_page_on_alerts_is_understood(arguments: list[str]) -> None:
    name, subcommand, *rest = arguments
    group = main.commands[name]
    assert isinstance(group, click.Group)
    group.commands[subcommand].make_context(subcommand, rest)


def test_the_settings_and_the_python_of_the_page_on_alerts_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings,) = blocks(ALERTS, "yaml")
    found = alert_settings.Alerts.model_validate(yaml.safe_load(settings)["alerts"])
    assert [name for name, _ in found.channels] == ["slack", "pagerduty", "risk_team"]
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(ALERTS, "python")
    exec(compile(block, "alerts.md", "exec"), {})  # noqa: S102  # our own page
    assert (tmp_path / "drift_home" / "history.duckdb").exists()


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_yaml_of_the_schema_page_is_a_good_declaration(tmp_path: Path) -> None:
    path = tmp_path / "defs.yaml"
    path.write_text(blocks(MONITORS, "yaml")[0], encoding="utf-8")
    (declared,) = read_declarations([path])
    assert declared.monitor.name == "churn"


def test_the_python_of_the_schema_page_builds_definitions() -> None:
    (block,) = blocks(MONITORS, "python")
    found: dict[str, object] = {}
    exec(compile(block, "monitors.md", "exec"), found)  # noqa: S102  # our own page
    assert "churn__daily" in {job.name for job in found["defs"].jobs}  # type: ignore[attr-defined]  # Definitions


def test_the_python_and_the_yaml_of_the_page_on_actions_are_one_declaration_each() -> None:
    (block,) = blocks(ACTIONS, "python")
    found: dict[str, object] = {}
    exec(compile(block, "actions.md", "exec"), found)  # noqa: S102  # our own page
    repository = found["defs"].get_repository_def()  # type: ignore[attr-defined]  # Definitions
    assert repository.has_sensor_def("churn__retrain__action_sensor")
    (written,) = blocks(ACTIONS, "yaml")
    asked = yaml.safe_load(written)["actions"]
    actions = [action_settings.Action.model_validate(one) for one in asked]
    assert [action.kind for action in actions] == ["job", "webhook", "call"]


@pytest.mark.parametrize("arguments", commands(ACTIONS), ids=" ".join)
def test_every_command_of_the_page_on_actions_is_understood(arguments: list[str]) -> None:
    name, *rest = arguments
    command = main.commands[name]
    if isinstance(command, click.Group):
        name, *rest = rest
        command = command.commands[name]
    command.make_context(name, rest)


@pytest.mark.parametrize("title", SCHEMAS)
def test_every_field_is_documented_word_for_word(title: str) -> None:
    section = MONITORS.split(f"### {title}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (yes)? ?\| (.*) \|$", section, flags=re.MULTILINE)
    expected = [
        (f["name"], "yes" if f["required"] else "", f["description"])
        for f in monitors.describe(SCHEMAS[title])
    ]
    assert rows == expected


@pytest.mark.parametrize("preset", watch.PRESETS)
def test_the_presets_are_documented_as_they_are(preset: str) -> None:
    row = re.search(rf"^\| {preset} \|(.*)\|$", MONITORS, flags=re.MULTILINE)
    assert row
    warn, breach, level, js, least, alpha = (cell.strip() for cell in row[1].split("|"))
    numbers = watch.PRESETS[preset]
    assert [float(breach), float(level), float(js), float(least), float(alpha)] == [
        numbers.psi_breach,
        numbers.ks_significance_level,
        numbers.js_breach,
        numbers.ks_min_statistic,
        numbers.family_alpha,
    ]
    shown = numbers.by_statistic()["psi"].warn
    assert warn == ("none" if shown is None else str(shown))


def test_help_names_every_command() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(name in output for name in main.commands)
