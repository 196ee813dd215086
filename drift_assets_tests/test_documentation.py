"""What README and docs say is run: Python blocks, commands, the schema's tables."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

import drift_assets
from drift_assets import monitors
from drift_assets.cli import main
from drift_assets.declarations import read_declarations

ROOT = Path(drift_assets.__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MONITORS = (ROOT / "docs" / "monitors.md").read_text(encoding="utf-8")

SCHEMAS: dict[str, type[BaseModel]] = {
    "The monitor": monitors.Monitor,
    "baseline and current": monitors.Source,
    "A feature": monitors.Feature,
    "A prediction": monitors.Prediction,
    "thresholds": monitors.ThresholdSettings,
    "partitions": monitors.Partitions,
    "schedule": monitors.Schedule,
    "alerts": monitors.Alerts,
    "alerts.webhook": monitors.Webhook,
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


def test_every_command_is_in_the_readme() -> None:
    named = {arguments[0] for arguments in commands(README)}
    mentioned = {name for name in main.commands if f"drift-assets {name}" in README}
    assert named | mentioned | {"health"} == set(main.commands)
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "drift-assets health" in operations


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


@pytest.mark.parametrize("title", SCHEMAS)
def test_every_field_is_documented_word_for_word(title: str) -> None:
    section = MONITORS.split(f"### {title}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (yes)? ?\| (.*) \|$", section, flags=re.MULTILINE)
    expected = [
        (f["name"], "yes" if f["required"] else "", f["description"])
        for f in monitors.describe(SCHEMAS[title])
    ]
    assert rows == expected


@pytest.mark.parametrize("preset", monitors.PRESETS)
def test_the_presets_are_documented_as_they_are(preset: str) -> None:
    row = re.search(rf"^\| {preset} \|(.*)\|$", MONITORS, flags=re.MULTILINE)
    assert row
    warn, breach, level, js, alpha = (cell.strip() for cell in row[1].split("|"))
    numbers = monitors.PRESETS[preset]
    assert [float(breach), float(level), float(js), float(alpha)] == [
        numbers.psi_breach,
        numbers.ks_significance_level,
        numbers.js_breach,
        numbers.family_alpha,
    ]
    shown = numbers.by_statistic()["psi"].warn
    assert warn == ("none" if shown is None else str(shown))


def test_help_names_every_command() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(name in output for name in main.commands)
