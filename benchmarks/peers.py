"""The peers' environments, one each: `python benchmarks/peers.py setup --into DIR [NAME ...]`.

Pins are what was found to work on Python 3.11: after a plain install four of the eight peers
do not import. An environment that exists is left as it is.
"""

import argparse
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

REQUIREMENTS: Final[Mapping[str, Sequence[str]]] = {
    "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    # It imports statsmodels without declaring it.
    "nannyml": ("nannyml==0.13.1", "statsmodels", "pyarrow"),
    # It uses names that numpy 2 has removed.
    "whylogs": ("whylogs[viz]==1.6.4", "numpy<2", "pandas<3", "pyarrow<20"),
    "alibi_detect": ("alibi-detect==0.13.0", "pyarrow<20"),
    "popmon": ("popmon==1.4.12", "pandas<3", "pyarrow"),
    "deepchecks": (
        "deepchecks==0.19.1",
        "scikit-learn<1.6",
        "category-encoders<2.7",
        "setuptools<81",
        "pandas<3",
        "numpy<2",
        "pyarrow<20",
    ),
    "frouros": ("frouros==0.9.0", "pandas", "pyarrow"),
    # It imports dill without declaring it. pip looks for versions that fit for long; uv does not.
    "tfdv": ("tensorflow-data-validation==1.16.1", "dill"),
}
"""What each environment is made of."""

NAMES: Final[Mapping[str, Sequence[str]]] = {
    "tfdv": ("tensorflow-data-validation", "tensorflow", "tfx-bsl", "apache-beam")
}
"""The packages that answer, where they are not called like the peer."""


def python_of(folder: Path, name: str) -> Path:
    """Return where the interpreter of a peer's environment is, or would be."""
    return folder / name / "bin" / "python"


def versions(python: Path) -> dict[str, str]:
    """Return the versions of all that is installed beside an interpreter."""
    code = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
    )
    found: dict[str, str] = json.loads(subprocess.check_output([python, "-c", code]))
    return found


def set_up(folder: Path, name: str) -> None:
    """Make one peer's environment, with uv where there is one, else with pip."""
    target = folder / name
    venv.create(target, with_pip=shutil.which("uv") is None)
    python = str(python_of(folder, name))
    uv = shutil.which("uv")
    install = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    try:
        subprocess.run([*install, *REQUIREMENTS[name]], check=True)
    except BaseException:
        # Half an environment would be taken for a whole one the next time.
        shutil.rmtree(target)
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environments that are asked for and missing; 1 if one could not be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["setup"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="peers; by default all")
    parser.add_argument("--into", type=Path, required=True, help="folder of the environments")
    options = parser.parse_intermixed_args(arguments)
    unknown = [name for name in options.names if name not in REQUIREMENTS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}. Known: {', '.join(REQUIREMENTS)}.")
    failed = []
    for name in options.names or REQUIREMENTS:
        if python_of(options.into, name).exists():
            print(f"{name}: there already")
            continue
        try:
            set_up(options.into, name)
        except subprocess.CalledProcessError as error:
            failed.append(name)
            print(f"{name}: failed with status {error.returncode}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
