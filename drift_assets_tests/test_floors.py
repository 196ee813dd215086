"""The floors: imports point downwards, and heavy libraries stay in their rooms."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
from pyarrow import parquet

import drift_assets

PACKAGE = Path(drift_assets.__file__).parent

# From the ground up; rooms of one floor do not import each other.
FLOORS = (
    {"atomic", "errors", "figures", "processor"},
    {"profiles"},
    {"comparison", "stats"},
    {"learned", "verdicts"},
    {"watch"},
    {"alert_settings", "data_settings"},
    {"action_settings", "alert_policy"},
    {"monitors"},
    {"assessment", "data_checks", "simulation", "timeline", "trends"},
    {"actions"},
    {"alerts", "declarations", "report", "scan", "sources", "store"},
    {"compare", "conformance", "dashboard"},
    {"demo", "detector", "orchestration", "questions", "starter"},
    {"cli"},
    {"definitions", "defs"},
)
# Who may look at a neighbour, and why.
NEIGHBOURS = {
    ("sources", "scan"): "a source hands its files over to be scanned",
}
# What only some rooms may import at all.
LIBRARIES = {
    "dagster": {"orchestration", "cli", "defs", "definitions"},
    "duckdb": {"scan", "store"},
    "pydantic": set().union(*FLOORS[5:]),
}
# Where Dagster may be imported only inside a function, since it costs over a second.
LAZY = {"cli"}


@dataclass(frozen=True)
class Import:
    """One import statement of the package."""

    path: Path
    line: int
    module: str
    in_function: bool

    @property
    def room(self) -> str:
        """Return the room that imports: the file or folder just below the package."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def library(self) -> str:
        """Return the top-level package that is imported."""
        return self.module.partition(".")[0].partition("_")[0]

    @property
    def target(self) -> str | None:
        """Return the room that is imported, None for a library."""
        parts = self.module.split(".")
        if parts[0] != "drift_assets":
            return None
        return parts[1] if len(parts) > 1 else "__init__"

    def __str__(self) -> str:
        return f"{self.path.relative_to(PACKAGE.parent)}:{self.line} imports {self.module}"


def imports_of(path: Path, source: str) -> Iterator[Import]:
    """Yield every import of a source text, those inside functions included."""
    pending: list[tuple[ast.AST, bool]] = [(ast.parse(source), False)]
    while pending:
        node, in_function = pending.pop()
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(path, line, name.name, in_function)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{line}: imports are absolute"
            assert node.module
            if node.module == "drift_assets":
                for name in node.names:
                    yield Import(path, line, f"drift_assets.{name.name}", in_function)
            else:
                yield Import(path, line, node.module, in_function)
        inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        pending += [(child, inside) for child in ast.iter_child_nodes(node)]


def floor_of(room: str) -> int:
    """Return how high a room lies."""
    for height, rooms in enumerate(FLOORS):
        if room in rooms:
            return height
    message = f"{room!r} has no place in FLOORS; give it one, and say so in drift_assets.__doc__"
    raise AssertionError(message)


def is_upwards(found: Import) -> bool:
    """Return whether an import points up, or at a neighbour without a reason."""
    if found.target is None or found.target == found.room:
        return False
    if (found.room, found.target) in NEIGHBOURS:
        return False
    return floor_of(found.target) >= floor_of(found.room)


def is_out_of_its_room(found: Import) -> bool:
    """Return whether a heavy library is imported where it must not be."""
    rooms = LIBRARIES.get(found.library)
    if rooms is None:
        return False
    if found.room not in rooms:
        return True
    return found.library == "dagster" and found.room in LAZY and not found.in_function


ALL_IMPORTS = [
    found
    for path in sorted(PACKAGE.rglob("*.py"))
    # The package's own file names what is public and belongs to no floor; it has a test below.
    if path != PACKAGE / "__init__.py"
    for found in imports_of(path, path.read_text(encoding="utf-8"))
]


def test_imports_point_downwards() -> None:
    assert not [str(found) for found in ALL_IMPORTS if is_upwards(found)]


def test_heavy_libraries_stay_in_their_rooms() -> None:
    assert not [str(found) for found in ALL_IMPORTS if is_out_of_its_room(found)]


def test_statistics_do_not_wait_for_scipy_stats() -> None:
    """It costs over a second; `scipy.special` has what is needed, and costs little."""
    early = [
        str(found)
        for found in ALL_IMPORTS
        if found.module.startswith("scipy.stats") and not found.in_function
    ]
    assert not early


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("stats/psi.py", "from drift_assets.assessment import assess"),
        ("errors.py", "from drift_assets.figures import show"),
        ("report/html.py", "def f():\n    from drift_assets import store"),
        ("scan/frames.py", "import drift_assets.cli"),
    ],
)
def test_an_upward_or_sideways_import_is_noticed(path: str, source: str) -> None:
    assert [is_upwards(found) for found in imports_of(PACKAGE / path, source)] == [True]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("sources.py", "import duckdb"),
        ("verdicts.py", "from pydantic import BaseModel"),
        ("store/history.py", "import dagster as dg"),
        ("alerts/channels.py", "from dagster_shared import check"),
        ("cli/run.py", "import dagster as dg"),
    ],
)
def test_a_library_out_of_its_room_is_noticed(path: str, source: str) -> None:
    assert [is_out_of_its_room(found) for found in imports_of(PACKAGE / path, source)] == [True]


def test_a_command_may_import_dagster_while_it_runs() -> None:
    source = "def launch():\n    import dagster"
    path = PACKAGE / "cli" / "run.py"
    assert [is_out_of_its_room(f) for f in imports_of(path, source)] == [False]


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter holds after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        cwd=PACKAGE.parent,
        text=True,
    )
    return set(json.loads(finished.stdout))


def test_the_package_says_which_rooms_it_has() -> None:
    assert drift_assets.__doc__
    rooms = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }
    told = set(re.findall(r"[a-z_]+", drift_assets.__doc__))
    assert not rooms - {"__init__"} - told
    assert not set().union(*FLOORS) - told


def test_importing_the_package_is_light() -> None:
    heavy = {"dagster", "duckdb", "pandas", "polars", "pyarrow", "scipy.stats", "sklearn"}
    assert not heavy & loaded_by("import drift_assets")


def test_importing_the_statistics_and_the_rule_is_light() -> None:
    heavy = {"dagster", "duckdb", "pandas", "pyarrow", "scipy.stats"}
    assert not heavy & loaded_by("import drift_assets.stats, drift_assets.assessment")


def test_a_code_location_does_not_wait_for_what_only_a_run_uses() -> None:
    heavy = {"pandas", "pyarrow.compute", "pyarrow.parquet", "requests", "scipy"}
    assert not heavy & loaded_by("import drift_assets.orchestration.component")


@pytest.mark.parametrize("name", drift_assets.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(drift_assets, name) is not None


@pytest.mark.parametrize(
    ("n_rows", "n_more"), [(3, 0), (100, 7), (10_001, 0)], ids=["few", "unequal", "many"]
)
def test_comparing_two_files_of_numbers_loads_nothing_that_it_does_not_use(
    n_rows: int, n_more: int, tmp_path: Path
) -> None:
    """Start-up is what two small files cost, so each library below would be felt."""
    for side, n in (("baseline", n_rows), ("current", n_rows + n_more)):
        values = [float(i) for i in range(n)]
        parquet.write_table(pa.table({"x": values}), tmp_path / f"{side}.parquet")
    files = [f"--{side}={tmp_path / side}.parquet" for side in ("baseline", "current")]
    loaded = loaded_by(
        "import contextlib, io\n"
        "from drift_assets.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    main({['compare', *files]!r}, standalone_mode=False)"
    )
    assert "drift_assets.assessment" in loaded
    heavy = {"dagster", "duckdb", "jinja2", "pandas", "pydantic", "rich", "scipy", "yaml"}
    small = {"difflib", "gzip", "tempfile", "zipfile", "zoneinfo", "drift_assets.learned"}
    small |= {"drift_assets.cli.history", "drift_assets.scan.delimited", "drift_assets.trends"}
    small |= {"drift_assets.report.page", "drift_assets.timeline"}
    assert not (heavy | small | {"pyarrow.compute", "numpy.random"}) & loaded
