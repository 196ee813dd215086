"""How numpy is told to use the machine, and that a person's own choice stays."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from drift_assets.processor import (
    prefer_fast_sort,
    rare_collections,
    spare_blas_threads,
    stores_slowly,
)

ZEN_4 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
flags\t\t: fpu sse2 avx2 avx512f avx512dq avx512cd avx512bw avx512vl

processor\t: 1
vendor_id\t: AuthenticAMD
"""
OTHERS = {
    "Zen 3, which has no AVX-512": ZEN_4.replace("avx512", "no"),
    "Zen 5, which stores fast": ZEN_4.replace(": 25", ": 26"),
    "Intel": ZEN_4.replace("AuthenticAMD", "GenuineIntel"),
    "ARM, described in other words": "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\n",
    "nothing": "",
}

# A process of its own: in this one, numpy is loaded.
PROGRAM = """
import sys
from pathlib import Path
from drift_assets.processor import prefer_fast_sort
environment = dict(pair.split("=") for pair in sys.argv[2:])
print(prefer_fast_sort(environment, described=Path(sys.argv[1])), environment)
"""


def asked(folder: Path, description: str, *environment: str, options: tuple[str, ...] = ()) -> str:
    described = folder / "cpuinfo"
    described.write_text(description, encoding="utf-8")
    command = [sys.executable, *options, "-c", PROGRAM, str(described), *environment]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_zen_4_sorts_without_avx_512(tmp_path: Path) -> None:
    assert stores_slowly(ZEN_4)
    assert asked(tmp_path, ZEN_4) == "True {'NPY_DISABLE_CPU_FEATURES': 'X86_V4'}"


@pytest.mark.parametrize("name", OTHERS)
def test_other_processors_sort_as_numpy_sees_fit(name: str, tmp_path: Path) -> None:
    assert not stores_slowly(OTHERS[name])
    assert asked(tmp_path, OTHERS[name]) == "False {}"


@pytest.mark.parametrize("chosen", ["NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES"])
def test_what_the_person_chose_stays(chosen: str, tmp_path: Path) -> None:
    assert asked(tmp_path, ZEN_4, f"{chosen}=AVX2") == f"False {{'{chosen}': 'AVX2'}}"


def test_where_warnings_are_errors_nothing_is_risked(tmp_path: Path) -> None:
    assert asked(tmp_path, ZEN_4, options=("-W", "error")) == "False {}"


def test_a_machine_without_a_description_and_a_loaded_numpy_stay_as_they_are(
    tmp_path: Path,
) -> None:
    environment: dict[str, str] = {}
    described = tmp_path / "cpuinfo"
    described.write_text(ZEN_4, encoding="utf-8")
    assert np.__name__ in sys.modules
    assert not prefer_fast_sort(environment, described=described)
    missing = PROGRAM.replace("sys.argv[1]", "'/nowhere/cpuinfo'")
    done = subprocess.run([sys.executable, "-c", missing, ""], capture_output=True, check=True)
    assert done.stdout.strip() == b"False {}"
    assert environment == {}


@pytest.mark.parametrize(
    "program",
    [
        "drift_assets.cli.main(['monitors', '--help'], standalone_mode=False)",
        "drift_assets.definitions",
    ],
)
def test_our_own_processes_ask_before_numpy_is_loaded(program: str) -> None:
    module = program.split(".main", maxsplit=1)[0]
    asking = (
        "import sys; from drift_assets import processor; asked = []; "
        "processor.prefer_fast_sort = lambda: asked.append('numpy' in sys.modules); "
        "processor.spare_blas_threads = processor.prefer_fast_sort; "
        f"import {module}; {program}; print(asked)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[False, False]"


THREADS = """
import os
from drift_assets.processor import spare_blas_threads
print(spare_blas_threads())
import numpy
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted on Linux")
@pytest.mark.parametrize("chosen", ["", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS"])
def test_numpy_starts_threads_for_matrices_only_where_a_person_chose_them(chosen: str) -> None:
    names = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    if chosen:
        environment[chosen] = "2"
    done = subprocess.run(
        [sys.executable, "-c", THREADS], env=environment, capture_output=True, check=True, text=True
    )
    spared, threads = done.stdout.split()
    if chosen:
        assert spared == "False"
    else:
        assert (spared, threads) == ("True", "1")


def test_threads_are_left_alone_once_numpy_is_loaded() -> None:
    environment: dict[str, str] = {}
    assert np.__name__ in sys.modules
    assert not spare_blas_threads(environment)
    assert environment == {}


def test_garbage_is_looked_for_rarely_during_a_command_and_as_usual_afterwards() -> None:
    usual = gc.get_threshold()
    with rare_collections():
        assert gc.isenabled()
        assert gc.get_threshold()[0] > usual[0]
    assert gc.get_threshold() == usual


class Loop:
    """Refers to itself, so that only a search finds it once nobody else does."""

    def __init__(self) -> None:
        self.itself = self


def test_the_first_search_after_a_command_spares_what_it_made_and_a_full_one_does_not() -> None:
    with rare_collections():
        made = weakref.ref(Loop())
    gc.collect(0)
    assert made() is not None
    gc.collect()
    assert made() is None


ENDING = """
import atexit, sys
from drift_assets.processor import spare_last_collections

class Loop:
    def __del__(self):
        print("searched")

loop = Loop()
loop.itself = loop
atexit.register(print, "registered")
if sys.argv[1:]:
    spare_last_collections()
    spare_last_collections()
"""


@pytest.mark.parametrize(
    ("spared", "said"), [((), ["registered", "searched"]), (("spared",), ["registered"])]
)
def test_a_process_ends_without_a_search_and_still_does_what_it_promised(
    spared: tuple[str, ...], said: list[str]
) -> None:
    command = [sys.executable, "-c", ENDING, *spared]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == said
