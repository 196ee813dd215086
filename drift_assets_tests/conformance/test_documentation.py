"""What docs/conformance.md says: its tables are those of the code, its examples run."""

import math
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from drift_assets.cli import main
from drift_assets.conformance import PROFILES, Definition
from drift_assets.conformance.definition import Flag
from drift_assets.monitors import Monitor

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")


def span(definition: Definition) -> str:
    def end(number: float | None, unbounded: str) -> str:
        return unbounded if number is None else f"{number:.4g}"

    return f"{end(definition.low, '-inf')} to {end(definition.high, 'inf')}"


def rule(definition: Definition) -> str:
    if isinstance(definition.flag, Flag):
        return definition.flag.rule
    return "the user says" if definition.flag is None else "> mean + 3 sd of the baseline's tenths"


def table(name: str) -> str:
    lines = [
        "| statistic | its name there | of | definition | unit | range | drift when | source |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for d in PROFILES[name].definitions:
        cells = (
            f"`{d.statistic}`", f"`{d.peer_name}`", ", ".join(d.kinds), d.formula, d.unit,
            span(d), rule(d), d.source,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PROFILES)
def test_every_definition_is_documented_word_for_word(name: str) -> None:
    section = PAGE.split(f"### {name}\n")[1].split("\n### ")[0]
    assert section.strip() == table(name)


def test_the_python_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("python")
    exec(compile(block, "conformance.md", "exec"), {})  # noqa: S102  # our own page
    assert capsys.readouterr().out.startswith("js_distance 0.1094")


def printed(folder: Path) -> str:
    """Return what the command of the page prints of the peer, for two months of incomes."""
    (line,) = re.findall(r"^drift-assets (.*)$", PAGE, flags=re.MULTILINE)
    random = np.random.default_rng(1)
    incomes = {
        "last_month.csv": random.normal(50, 10, 3_000),
        "today.csv": random.normal(54, 11, 800),
    }
    for name, values in incomes.items():
        pd.DataFrame({"income": values}).to_csv(folder / name, index=False)
    words = [str(folder / word) if word in incomes else word for word in shlex.split(line)]
    output = CliRunner().invoke(main, words, catch_exceptions=False).output
    return output[output.index("Conformance with") :]


def test_the_command_of_the_page_prints_what_the_page_shows(tmp_path: Path) -> None:
    (shown,) = blocks("text")
    assert printed(tmp_path) == shown


def test_the_yaml_of_the_page_is_a_monitor() -> None:
    (block,) = blocks("yaml")
    monitor = Monitor.model_validate(yaml.safe_load(block)["attributes"])
    assert not monitor.guards
    # A distance of 0.1 in natural logs is a divergence of 0.01 nats, and a bit has ln 2 of them.
    assert 0.1**2 / math.log(2) == pytest.approx(0.014427, abs=5e-7)


def test_the_page_names_the_versions_that_were_asked() -> None:
    for name in ("evidently", "nannyml"):
        assert f"{PROFILES[name].peer} {PROFILES[name].version}" in PAGE
    assert f"frouros {PROFILES['equal_width'].version}" in PAGE
