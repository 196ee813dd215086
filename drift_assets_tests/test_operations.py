"""What docs/operations.md and deploy/ promise: units, containers, settings, every command."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster._cli import cli as dagster_cli
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from drift_assets.cli import main
from drift_assets.orchestration.runs import open_instance
from drift_assets.store import History
from drift_assets_tests.store.samples import DAY, assessment

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
INSTALLED = "/srv/drift-assets"
PROGRAMS: dict[str, click.Command] = {
    "drift-assets": main,
    "dagster": dagster_cli,
    "dagster-daemon": create_dagster_daemon_cli(),
    "dagster-webserver": dagster_webserver,
}


def without(program: str, why: str) -> str | None:
    """Return the path of a program, or skip; CI installs it, so there it must be found."""
    found = shutil.which(program)
    if found is None:
        if "CI" in os.environ:
            pytest.fail(f"{program} is not installed, and .ci/run should have done that")
        pytest.skip(f"{program} is not installed: {why}")
    return found


def accepts(words: list[str]) -> None:
    """Fail unless a command line names a program of ours or Dagster's that would take it."""
    command, arguments = PROGRAMS[Path(words[0]).name], words[1:]
    context = click.Context(command, info_name=words[0])
    while isinstance(command, click.Group):
        assert arguments, f"{shlex.join(words)}: expected a subcommand"
        name, *arguments = arguments
        below = command.get_command(context, name)
        assert below is not None, f"{shlex.join(words)}: {name!r} is not a command"
        command = below
        context = click.Context(command, parent=context, info_name=name)
    # Parsing raises click.UsageError for an option or value that is not known; nothing is run.
    command.parse_args(context, arguments)


def service(unit: Path) -> dict[str, str]:
    """Return the [Service] section of a unit."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    parser.read(unit)
    return dict(parser["Service"])


# --- systemd ---


def test_systemd_takes_the_units_without_a_word(tmp_path: Path) -> None:
    verify = without("systemd-analyze", "the units are not verified")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        # Verification wants the programs to exist: those of this environment stand in.
        programs = f"{INSTALLED}/.venv/bin/"
        for name in re.findall(rf"{programs}(\S+)", text):
            (tmp_path / name).touch(mode=0o755)
        (tmp_path / unit.name).write_text(text.replace(programs, f"{tmp_path}/"), encoding="utf-8")
    finished = subprocess.run(
        [str(verify), "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        check=False,
        text=True,
    )
    # A misspelt setting is only a warning to systemd, and status 0.
    assert (finished.returncode, finished.stderr.strip()) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    accepts(shlex.split(service(unit)["ExecStart"]))


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_unit_finds_the_settings_and_writes_to_the_drift_home_only(unit: Path) -> None:
    settings = service(unit)
    assert settings["WorkingDirectory"] == INSTALLED
    assert settings["Environment"] == f"DAGSTER_HOME={INSTALLED}"
    assert settings["ProtectSystem"] == "strict"
    assert settings["ReadWritePaths"] == f"{INSTALLED}/drift_home"
    assert settings["User"] == "drift-assets"


# --- containers ---


def test_the_compose_file_follows_the_compose_specification() -> None:
    """By the specification's own schema, which check-jsonschema carries (Apache-2.0)."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    finished = subprocess.run(
        [*command, str(ROOT / "compose.yaml")], capture_output=True, check=False, text=True
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def compose() -> dict[str, Any]:
    """Return the compose file, its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_the_services_start_commands_that_exist() -> None:
    services = compose()["services"]
    assert set(services) == {"webserver", "daemon"}
    for one in services.values():
        accepts(one["command"])
    accepts(services["daemon"]["healthcheck"]["test"][1:])


def test_the_ui_is_published_to_this_machine_alone() -> None:
    published = [port for one in compose()["services"].values() for port in one.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000"]


def test_the_services_keep_their_state_in_one_volume() -> None:
    for one in compose()["services"].values():
        kept, *mounted = one["volumes"]
        assert kept == f"drift_home:{INSTALLED}/drift_home"
        assert all(mount.endswith(":ro") for mount in mounted)
    assert "drift_home" in compose()["volumes"]


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, rest in pairs]


def test_the_image_copies_files_that_exist_and_are_sent() -> None:
    sent = [
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    copied = [
        source.rstrip("/")
        for word, rest in instructions()
        if word == "COPY"
        for source in rest.split()[:-1]
    ]
    for name in copied:
        assert (ROOT / name).exists(), name
        assert any(fnmatch(name, pattern) for pattern in sent), f"{name} is ignored"
    assert {"dagster.yaml", "workspace.yaml", "constraints.txt", "drift_assets"} <= set(copied)


def test_the_image_installs_the_locked_versions_and_runs_as_nobody_special() -> None:
    words = instructions()
    assert ("RUN", "pip install --constraint constraints.txt --editable .") in words
    assert ("USER", "drift-assets") in words
    (started,) = (rest for word, rest in words if word == "CMD")
    accepts(yaml.safe_load(started))


# --- Dagster's settings ---


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a bare checkout's settings, as services find them."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_dagster_keeps_everything_in_the_drift_home(checkout: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        logs = instance.compute_log_manager
        assert isinstance(logs, LocalComputeLogManager)
        assert Path(instance.storage_directory()).is_relative_to("drift_home")
        kept = Path(logs.get_captured_local_path(["run", "key"], "out"))
        assert kept.is_relative_to(checkout / "drift_home")
        assert instance.get_runs_count() == 0
    written = {path.name for path in checkout.iterdir()}
    assert written == {"dagster.yaml", "workspace.yaml", "drift_home"}
    assert (checkout / "drift_home" / "storage" / "history" / "runs.db").exists()


@pytest.mark.usefixtures("checkout")
def test_a_run_that_breaches_is_not_tried_again() -> None:
    with dg.DagsterInstance.get() as instance:
        assert not instance.run_retries_enabled
        assert not instance.run_retries_retry_on_asset_or_op_failure


@pytest.mark.usefixtures("checkout")
def test_a_run_that_lost_its_process_does_not_wait_for_ever() -> None:
    with dg.DagsterInstance.get() as instance:
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_runtime_seconds == 2 * 60 * 60


def test_the_command_line_and_the_ui_use_one_set_of_settings(tmp_path: Path) -> None:
    with open_instance(tmp_path / "drift_home"):
        pass
    written = (tmp_path / "drift_home" / "dagster.yaml").read_text(encoding="utf-8")
    shipped = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(written.replace(f"{tmp_path}/", "")) == shipped


@pytest.mark.slow
def test_a_bare_checkout_loads_without_any_environment_variable(tmp_path: Path) -> None:
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "drift_assets", tmp_path / "drift_assets", ignore=ignored)
    finished = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Validation successful for code location drift_assets" in (
        finished.stdout + finished.stderr
    )


# --- The guide ---


def commands_of(guide: str) -> list[str]:
    """Return the lines of its shell blocks, and the commands within its sentences."""
    blocks = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    outside = re.sub(r"```.*?```", "", guide, flags=re.DOTALL)
    return lines + re.findall(r"`([^`]+)`", outside)


def ours(line: str) -> list[str] | None:
    """Return the part of a command line that is for one of the programs to understand."""
    before = r"sudo -u drift-assets |env DAGSTER_HOME=\S+ |docker compose exec daemon |\.venv/bin/"
    words = shlex.split(re.sub(rf"^({before})+", "", line))
    return words if len(words) > 1 and words[0] in PROGRAMS else None


@pytest.mark.parametrize("words", [w for w in map(ours, commands_of(GUIDE)) if w], ids=shlex.join)
def test_the_guide_names_commands_that_exist(words: list[str]) -> None:
    accepts(words)


def test_the_guide_names_every_unit() -> None:
    assert [unit.name for unit in UNITS if unit.stem not in GUIDE] == []


def test_the_guide_switches_on_what_the_monitor_has() -> None:
    from drift_assets.definitions import defs  # noqa: PLC0415  # it loads every monitor

    repository = defs().get_repository_def()
    assert repository.has_schedule_def("flights__daily_schedule")
    assert repository.has_sensor_def("flights__arrival_sensor")
    assert "flights__daily_schedule" in GUIDE
    assert "flights__arrival_sensor" in GUIDE


def test_the_guides_back_up_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    backup, restore = (
        shlex.split(line)[1:]
        for verb in ("backup", "restore")
        for line in commands_of(GUIDE)
        if line.startswith(f"drift-assets history {verb} ")
    )
    history = History(Path("drift_home") / "history.duckdb")
    history.record(assessment(), partition=DAY, fingerprint="f", run_id="r")
    assert CliRunner().invoke(main, backup, catch_exceptions=False).exit_code == 0
    history.path.unlink()
    assert CliRunner().invoke(main, restore, catch_exceptions=False).exit_code == 0
    assert history.reported("loans") == {DAY: "f"}
