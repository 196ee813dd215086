import shlex
import subprocess
from datetime import date

import click
import numpy as np
import pytest

from drift_assets.assessment import Assessment
from drift_assets.cli import main
from drift_assets.report.next_steps import next_steps
from drift_assets.report.page import page_of
from drift_assets.timeline import Timeline
from drift_assets_tests.report.conftest import DAY, Assess, past_of


def understood(command: str) -> None:
    """Let the command line read a command as far as to run it."""
    program, *words = shlex.split(command)
    assert program == "drift-assets"
    context = click.Context(main)
    found: click.Command = main
    while isinstance(found, click.Group):
        inner = found.get_command(context, words.pop(0))
        assert inner is not None, command
        found = inner
    found.make_context(found.name, words)


def test_every_command_is_one_of_the_command_line(mixed: Assessment, hostile: Assessment) -> None:
    for assessment in (mixed, hostile):
        for past in (Timeline(), past_of(assessment)):
            steps = next_steps(assessment, partition=DAY, past=past)
            assert len(steps) == 6
            for step in steps:
                understood(step.command)


def test_a_day_of_drift_is_acknowledged_repeated_muted_or_made_the_new_normal(
    mixed: Assessment,
) -> None:
    commands = [step.command for step in next_steps(mixed, partition=DAY, past=Timeline())]
    assert "drift-assets alerts ack churn:2026-11-23:breach" in commands
    assert "drift-assets run churn --partition 2026-11-23" in commands
    assert "drift-assets alerts mute churn --until 2026-11-30" in commands
    assert "drift-assets baseline freeze churn --last-days 28" in commands
    # Of an old day too, nobody is told until a day that is still to come.
    later = next_steps(mixed, partition=DAY, past=Timeline(), today=date(2027, 1, 1))
    assert "drift-assets alerts mute churn --until 2027-01-08" in [s.command for s in later]


def test_the_new_normal_is_what_came_since_the_drift_began(mixed: Assessment) -> None:

    past = page_of(mixed, partition=DAY, timeline=past_of(mixed)).timeline
    commands = [step.command for step in next_steps(mixed, partition=DAY, past=past)]
    assert "drift-assets baseline freeze churn --from 2026-11-17 --to 2026-11-23" in commands


def test_a_quiet_day_asks_for_little_and_a_comparison_for_nothing(
    mixed: Assessment, assess_columns: Assess
) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    quiet = assess_columns({"x": (steps, steps)})
    (only,) = next_steps(quiet, partition=DAY, past=Timeline())
    assert only.command == "drift-assets trend churn"
    assert next_steps(mixed, partition=None, past=Timeline()) == ()


@pytest.mark.parametrize("name", ["it's", "$(touch /tmp/x)`id`", 'say "hi" $HOME', "a\\b!c", "a b"])
def test_a_shell_hands_the_name_of_a_column_over_as_it_is(
    assess_columns: Assess, name: str
) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    assessment = assess_columns({name: (steps, [v + 1 for v in steps])})
    found = next_steps(assessment, partition=date(2026, 11, 23), past=Timeline())
    command = next(one.command for one in found if " sql " in one.command)
    words = command.removeprefix("drift-assets")
    done = subprocess.run(
        ["bash", "-c", f"printf %s {words}"], capture_output=True, text=True, check=True
    )
    quoted = name.replace("'", "''")
    assert f"feature = '{quoted}' ORDER" in done.stdout
