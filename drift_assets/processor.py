"""Processor: numpy and Python told how to use this machine, at the start of a process."""

import atexit
import gc
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_WITHOUT: Final = "NPY_DISABLE_CPU_FEATURES"
_WITH: Final = "NPY_ENABLE_CPU_FEATURES"
_AVX512: Final = "X86_V4"
"""What numpy calls the AVX-512 code paths, from 2.4 on."""
_ZEN_3_AND_4: Final = 25
_BLAS_THREADS: Final = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""Where OpenBLAS, which numpy multiplies matrices by, looks for a number of threads."""
_ONE_PROCESSOR: Final = 8_192
"""Bytes that surely hold the description of the first processor."""


def prefer_fast_sort(
    environment: MutableMapping[str, str] = os.environ,
    *,
    described: Path = Path("/proc/cpuinfo"),
) -> bool:
    """Return whether numpy, once loaded, will sort without AVX-512 by this call.

    For the start of a process that is ours. Nothing changes where numpy is
    loaded already, where the person has chosen instructions for numpy, where
    warnings were asked for (a numpy that does not know the name gives an
    `ImportWarning`, which is otherwise not shown), and where the processor is
    another than AMD's Zen 4.

    Parameters
    ----------
    environment
        Where the choice is put; children inherit it.
    described
        What the kernel says of the processor; absent but on Linux.

    Notes
    -----
    Numpy sorts by storing those elements of a vector that a mask selects. Zen
    4 has an AVX-512 instruction for that, but runs it as a long micro-program
    when it stores to memory [1]_: a million floats take 53 ms, and 9 ms by
    AVX2. Zen 5 is another family, where OpenJDK, which met the same, keeps to
    AVX-512 [2]_.

    References
    ----------
    .. [1] AMD, "Software optimization guide for the Zen 4 microarchitecture",
       publication 57647, section 2.11.2.
    .. [2] https://github.com/openjdk/jdk/pull/24053
    """
    chosen = _WITHOUT in environment or _WITH in environment
    if chosen or "numpy" in sys.modules or sys.warnoptions:
        return False
    try:
        with described.open(encoding="utf-8", errors="replace") as file:
            first = file.read(_ONE_PROCESSOR)
    except OSError:
        return False
    if not stores_slowly(first):
        return False
    environment[_WITHOUT] = _AVX512
    return True


def spare_blas_threads(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Return whether numpy, once loaded, will start no threads for matrices by this call.

    For the start of a process that multiplies small ones at most, as our commands do:
    such threads wait for work by spinning before they sleep, which doubles what importing
    numpy costs. Nothing changes where numpy is loaded already or where the person
    has chosen a number.

    Parameters
    ----------
    environment
        Where the choice is put; children inherit it.
    """
    if "numpy" in sys.modules or any(name in environment for name in _BLAS_THREADS):
        return False
    environment[_BLAS_THREADS[0]] = "1"
    return True


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage in cycles a hundred times more rarely than Python does by itself.

    For a short command: importing libraries makes many objects and no garbage, and each search
    for some walks through all of them.
    """
    usual = gc.get_threshold()
    gc.set_threshold(100 * usual[0], *usual[1:])
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # What was made counts as old: else the next search would walk through all of it.
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(*usual)


def spare_last_collections() -> None:
    """Have Python search for no garbage when this process ends, but leave it to the kernel.

    For a command that closes what it opened: Python walks twice through all objects then, to
    delete those that only refer to each other. What is registered with `atexit` still runs.
    """
    # Once is enough, however often a process calls.
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def stores_slowly(described: str) -> bool:
    r"""Return whether the first processor is a Zen 4, which sorts slower by AVX-512 than by AVX2.

    Examples
    --------
    >>> zen_4 = "vendor_id: AuthenticAMD\ncpu family: 25\nflags: avx2 avx512f avx512vl"
    >>> stores_slowly(zen_4), stores_slowly(zen_4.replace("avx512", "no"))  # as Zen 3 is
    (True, False)
    """
    first = described.split("\n\n", 1)[0]
    facts = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in first.splitlines())
    }
    flags = facts.get("flags", "").split()
    return (
        facts.get("vendor_id") == "AuthenticAMD"
        and facts.get("cpu family") == str(_ZEN_3_AND_4)
        and "avx512f" in flags
        and "avx2" in flags
    )
