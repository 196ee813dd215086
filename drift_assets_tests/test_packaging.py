"""What is shipped: the wheel, its entry points, and the versions that are locked."""

import email
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import drift_assets

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SHIPPED = ("drift_assets", "LICENSE", "README.md", "pyproject.toml", "setup.py")


LOCKS = {"postgres": "constraints-postgres.txt"}
"""The lock of an extra that has its own, because it wants another version of something."""
UNLOCKED = ("azure", "gcs")
"""Clients of stores that no test here can run a server of."""


def locked(name: str = "constraints.txt") -> list[Requirement]:
    """Return the pins of a lock."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel, built from a copy so that the working tree stays clean."""
    copy = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    finished = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."],
        capture_output=True,
        check=False,
        cwd=copy,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (built,) = (copy / "dist").glob("*.whl")
    return built


def read(wheel: Path, ending: str) -> str:
    """Return the text of the wheel's one file with a name ending so."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(ending))
        return archive.read(name).decode()


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    in_the_tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "drift_assets").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        in_the_wheel = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert in_the_wheel == in_the_tree


def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert "drift_assets/py.typed" in archive.namelist()


def test_the_wheel_brings_the_licence(wheel: Path) -> None:
    assert "Apache License" in read(wheel, "/licenses/LICENSE")
    assert email.message_from_string(read(wheel, "/METADATA"))["License-Expression"] == "Apache-2.0"


def test_the_wheel_refuses_the_duckdb_that_loses_writes(wheel: Path) -> None:
    metadata = email.message_from_string(read(wheel, "/METADATA"))
    found = map(Requirement, metadata.get_all("Requires-Dist", []))
    wanted = {requirement.name: requirement for requirement in found if not requirement.marker}
    assert "1.5.6" in wanted["duckdb"].specifier
    assert "2.0.0" not in wanted["duckdb"].specifier
    assert "2.0.1" in wanted["duckdb"].specifier


def test_the_wheel_installs_the_command_and_registers_the_component(wheel: Path) -> None:
    points = ConfigParser()
    points.read_string(read(wheel, "/entry_points.txt"))
    assert points["console_scripts"]["drift-assets"] == "drift_assets.cli:main"
    assert points["dagster_dg_cli.registry_modules"]["drift_assets"] == "drift_assets"


def test_the_package_and_the_project_tell_one_version() -> None:
    assert drift_assets.__version__ == PROJECT["version"]


def test_every_dependency_is_locked_within_its_bounds() -> None:
    extras = PROJECT["optional-dependencies"]
    for extra, texts in {"": PROJECT["dependencies"], **extras}.items():
        if extra in UNLOCKED:
            continue
        pins = {canonicalize_name(p.name): p for p in locked(LOCKS.get(extra, "constraints.txt"))}
        for text in texts:
            wanted = Requirement(text)
            if wanted.name == PROJECT["name"]:
                continue
            (version,) = pins[canonicalize_name(wanted.name)].specifier
            assert version.operator == "=="
            assert version.version in wanted.specifier, text


def test_the_lock_for_a_server_differs_in_the_version_of_duckdb_alone() -> None:
    pins, others = (
        {pin.name: str(pin) for pin in locked(name) if pin.name != "duckdb"}
        for name in ("constraints.txt", LOCKS["postgres"])
    )
    assert pins.items() <= others.items()
    assert {name for name in others.keys() - pins.keys() if "duckdb" in name} == {
        "duckdb-extension-ducklake",
        "duckdb-extension-postgres-scanner",
    }


def test_the_lock_names_versions_and_no_place_to_fetch_them_from() -> None:
    for name in ("constraints.txt", *LOCKS.values()):
        for pin in locked(name):
            assert pin.url is None
            assert [spec.operator for spec in pin.specifier] == ["=="], str(pin)
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"://|--(extra-)?index-url|--find-links", text)


def test_the_tests_run_on_the_locked_versions() -> None:
    """Otherwise a green run says nothing about a fresh install."""
    for pin in locked():
        if pin.marker is None or pin.marker.evaluate():
            assert importlib.metadata.version(pin.name) in pin.specifier, str(pin)


def test_the_code_imports_nothing_that_is_not_declared() -> None:
    declared = {Requirement(text).name for text in PROJECT["dependencies"]}
    extras = PROJECT["optional-dependencies"]
    for extra in ("apprise", "demo", "polars", "postgres-source", "s3"):
        declared |= {Requirement(text).name for text in extras[extra]}
    providers = importlib.metadata.packages_distributions()
    statement = re.compile(r"^ *(?:import|from) ([A-Za-z]\w*)", re.MULTILINE)
    for path in (ROOT / "drift_assets").rglob("*.py"):
        for name in statement.findall(path.read_text(encoding="utf-8")):
            if name in providers and name != "drift_assets":
                found = {canonicalize_name(provider) for provider in providers[name]}
                assert found & declared, f"{path} imports {name} of {found}"


@pytest.mark.slow
def test_the_wheel_works_in_somebody_elses_dagster_project(wheel: Path, tmp_path: Path) -> None:
    """Nothing of this checkout is in reach: a new environment, an empty project, one YAML file."""
    environment = tmp_path / "env"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    # The libraries come from where the tests run; the package itself only from the wheel. A path
    # file's folder is searched for modules, but the path files inside it are not read, so that
    # an editable install stays out of sight.
    (libraries,) = {Path(pytest.__file__).parents[1]}
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel), cwd=tmp_path)

    project = tmp_path / "project"
    theirs = project / "their_project"
    monitor = theirs / "defs" / "orders"
    monitor.mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n\n'
        '[tool.dg.project]\nroot_module = "their_project"\n',
        encoding="utf-8",
    )
    (theirs / "__init__.py").touch()
    (theirs / "definitions.py").write_text(
        "from pathlib import Path\n\nimport dagster as dg\n\n"
        "defs = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)\n",
        encoding="utf-8",
    )
    (monitor / "defs.yaml").write_text(
        "type: drift_assets.DriftMonitor\n\n"
        "attributes:\n"
        "  name: orders\n"
        "  baseline: data/baseline.csv\n"
        "  current: data/{partition}/*.csv\n"
        "  features: [amount, country]\n"
        "  partitions: {start: 2026-01-01, timezone: UTC}\n",
        encoding="utf-8",
    )
    asked = (
        "import drift_assets, dagster as dg\n"
        "from dagster.components.core.package_entry import discover_entry_point_package_objects\n"
        "from their_project.definitions import defs\n"
        "assert 'site-packages' in drift_assets.__file__ and 'env' in drift_assets.__file__\n"
        "names = {k.to_typename() for k in discover_entry_point_package_objects()}\n"
        "assert 'drift_assets.DriftMonitor' in names, names\n"
        "keys = {k.to_user_string() for k in defs.resolve_all_asset_keys()}\n"
        "print(*sorted(keys), sep='\\n')\n"
    )
    keys = run(python, "-c", asked, cwd=project).splitlines()
    assert keys == [
        "orders/alert",
        "orders/baseline",
        "orders/current",
        "orders/drift/amount",
        "orders/drift/country",
        "orders/drift_trend",
        "orders/report",
    ]
    # The command finds the project's monitor; the demo's travels in the wheel, for the demo.
    assert "orders" in run(environment / "bin" / "drift-assets", "monitors", cwd=project)
    shipped = (
        "from drift_assets.declarations import SHIPPED, find_files, read_declarations\n"
        "print(*[one.monitor.name for one in read_declarations(find_files([SHIPPED]))])\n"
    )
    assert run(python, "-c", shipped, cwd=tmp_path) == "flights\n"


def run(*command: str | Path, cwd: Path) -> str:
    """Return what a command prints; its errors are the test's message."""
    finished = subprocess.run(command, capture_output=True, check=False, cwd=cwd, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout
