"""Two writers, one of which is stopped at the worst moment: what is left of the other's rows.

``python -m drift_assets_tests.store.delayed FILE MODE`` makes the file with an empty table. Process
B opens it and is stopped where DuckDB asks for its lock, which in 2.0.0 is after it has read the
file's headers. Then A writes 40,000 rows and closes the file, and B goes on and writes one. Printed
is how many rows there are at last, and whether A had to wait for B.

MODE says who goes through our session: ``bare`` nobody, ``guarded`` both, ``outside`` B alone.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import duckdb

from drift_assets.errors import HistoryBusyError
from drift_assets.store.session import open_session

N_ROWS: Final = 40_000
NO_TRACING: Final = 77
"""Exit status where one process may not stop another."""

# Of ptrace(2), the same on every processor.
_TRACEME, _DETACH, _SYSCALL, _SETOPTIONS, _SYSCALL_INFO = 0, 17, 24, 0x4200, 0x420E
_MARK_SYSCALLS: Final = 1
_ENTRY: Final = 1
# fcntl(2) on x86-64 and on the others, and the commands by which it locks.
_FCNTL: Final = frozenset({72, 25})
_LOCKING: Final = frozenset({6, 7, 37, 38})


class _Syscall(ctypes.Structure):
    _fields_ = (
        ("operation", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * 3),
        ("architecture", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    )


def _ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> None:
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.restype = ctypes.c_long
    call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if call(request, pid, address, data) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path: Path, sql: str, *, guarded: bool, wait_seconds: float = 60.0) -> None:
    """Execute one statement on the file, through our session or not."""
    if guarded:
        with open_session(path, wait_seconds=wait_seconds) as connection:
            connection.execute(sql)
    else:
        with duckdb.connect(path) as connection:
            connection.execute(sql)


def stopped_before_its_lock(path: Path, *, guarded: bool) -> int:
    """Return a process that will write one row, stopped where DuckDB asks for its lock."""
    pid = os.fork()
    if pid == 0:
        try:
            _ptrace(_TRACEME, 0)
        except OSError:
            os._exit(NO_TRACING)
        os.kill(os.getpid(), signal.SIGSTOP)
        write(path, "INSERT INTO t VALUES (-1)", guarded=guarded)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        sys.exit(os.WEXITSTATUS(status))
    _ptrace(_SETOPTIONS, pid, 0, _MARK_SYSCALLS)
    found = _Syscall()
    while True:
        _ptrace(_SYSCALL, pid)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            raise RuntimeError(f"It ended ({status}) without a lock.")
        _ptrace(_SYSCALL_INFO, pid, ctypes.sizeof(found), ctypes.addressof(found))
        locks = found.number in _FCNTL and found.arguments[1] in _LOCKING
        if found.operation == _ENTRY and locks:
            return pid


def main(path: Path, mode: str) -> None:
    """Print how many rows are left, and whether A had to wait."""
    # In a process of its own: this one is to fork, and DuckDB starts threads.
    make = "import sys, duckdb; duckdb.connect(sys.argv[1]).execute('CREATE TABLE t (a BIGINT)')"
    subprocess.run([sys.executable, "-c", make, str(path)], check=True)
    pid = stopped_before_its_lock(path, guarded=mode != "bare")
    rows = f"INSERT INTO t FROM range({N_ROWS})"
    waited = False
    try:
        write(path, rows, guarded=mode == "guarded", wait_seconds=0.2)
    except HistoryBusyError:
        waited = True
    _ptrace(_DETACH, pid)
    os.waitpid(pid, 0)
    if waited:
        write(path, rows, guarded=True)
    with duckdb.connect(path) as connection:
        ((left,),) = connection.execute("SELECT count(*) FROM t").fetchall()
    print(duckdb.__version__, left, waited)  # noqa: T201  # a test reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
