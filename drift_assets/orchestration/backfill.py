"""Back-fills: many days of one monitor, each by its own run, resumable and in several processes."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from datetime import date

import dagster as dg

from drift_assets.declarations import Declaration, drift_home
from drift_assets.errors import ConfigurationError, DriftAssetsError
from drift_assets.monitors import Monitor
from drift_assets.orchestration.day import Workplace, workplace_of
from drift_assets.orchestration.interrupts import starting_deaf
from drift_assets.orchestration.runs import Outcome, Runner, open_instance
from drift_assets.processor import prefer_fast_sort
from drift_assets.sources import current_files, fingerprint


def days_to_run(workplace: Workplace, days: Sequence[date]) -> list[date]:
    """Return those of the days that have no report of their present data.

    A day whose data cannot be looked at is among them: its run says why.
    """
    monitor, place = workplace.monitor, workplace.place
    reported = workplace.history.reported(monitor.name)
    left = []
    for day in days:
        if day in reported:
            try:
                files = current_files(monitor, place, day)
                if fingerprint(monitor, place, day, files) == reported[day]:
                    continue
            except DriftAssetsError:
                pass
        left.append(day)
    return left


def run_days(
    declaration: Declaration,
    days: Sequence[date],
    *,
    processes: int = 1,
    on_stop: Callable[[], None] = lambda: None,
) -> Generator[Outcome, None, None]:
    """Run days one after the other and yield how each ended, in order.

    Each is a run of its own, so a day that was yielded is whole, whatever happens then. Ctrl-C
    ends the day under way; those that run beside each other come to their end first, until
    Ctrl-C comes again. Who stops to take outcomes closes this, and has waited for them then.

    Parameters
    ----------
    declaration
        The monitor.
    days
        Which days, in order.
    processes
        How many to run at the same time. Each pays for its own imports.
    on_stop
        Called when Ctrl-C has come and days under way are waited for.

    Raises
    ------
    ConfigurationError
        If days cannot run beside each other, because what is said of them depends on the days
        before.
    """
    if processes > 1 and len(days) > 1:
        problem = _in_order_only(declaration.monitor)
        if problem:
            raise ConfigurationError(
                f"Found {processes} processes for monitor {declaration.monitor.name!r}, expected "
                f"one: {problem}, so its days must run in order."
            )
        yield from _side_by_side(declaration, days, processes, on_stop)
        return
    with open_instance(drift_home(declaration.root)) as instance:
        runner = Runner(declaration, instance)
        for day in days:
            yield runner.run(day)


def _in_order_only(monitor: Monitor) -> str:
    """Return why what is said of a day depends on the days before; "" if it does not."""
    if monitor.compared.rolling_days is not None:
        return "a day is compared with the days before"
    features = () if isinstance(monitor.features, str) else monitor.features
    asked = [
        monitor.alert_after,
        *(one.alert_after for one in features),
        *(one.alert_after for one in monitor.predictions),
    ]
    if any(one is not None and one.breaches > 1 for one in asked):
        return "alert_after counts breaches on the days before"
    for action in monitor.actions:
        if action.when.persistence.of > 1:
            return f"when.days of the action {action.name} counts the days before"
    wanted = {} if monitor.data_checks is None else monitor.data_checks.wanted
    looking = [name for name in ("row_count", "schema", "stale") if name in wanted]
    if looking:
        return f"data_checks looks at the days before ({', '.join(looking)})"
    return ""


def _side_by_side(
    declaration: Declaration, days: Sequence[date], processes: int, on_stop: Callable[[], None]
) -> Iterator[Outcome]:
    # Forked, a process would inherit locks and connections of this one.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        min(processes, len(days)),
        mp_context=context,
        initializer=_begin,
        initargs=(declaration, os.environ.get("DRIFT_ASSETS_HOME", "")),
    )

    def submit(day: date) -> Future[Outcome]:
        # Ctrl-C is for the one that gives out the days. To ignore it there would not do: while
        # Dagster runs a step, it answers signals itself.
        with starting_deaf():
            return pool.submit(_run_one, day)

    try:
        first, *rest = days
        if workplace_of(declaration).frozen_baseline() is None:
            # It freezes the baseline, which all others are measured against.
            yield submit(first).result()
        else:
            rest = list(days)
        yield from _in_order(submit, rest, processes)
    except (KeyboardInterrupt, GeneratorExit):
        on_stop()
        raise
    finally:
        try:
            # Days under way come to their end, whoever stops this.
            pool.shutdown(wait=True, cancel_futures=True)
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                process.kill()
            raise


def _in_order(
    submit: Callable[[date], Future[Outcome]], days: Sequence[date], at_once: int
) -> Iterator[Outcome]:
    """Yield how each day ended, in order; no more of them than asked for are begun at once.

    A pool begins whatever was given to it beyond that, even when it is told to stop.
    """
    left = deque(days)
    begun: deque[Future[Outcome]] = deque()
    while left or begun:
        running = [one for one in begun if not one.done()]
        # First, for where the pool is broken nothing more can be begun.
        if begun and begun[0].done():
            yield begun.popleft().result()
        elif left and len(running) < at_once:
            begun.append(submit(left.popleft()))
        else:
            wait(running, return_when=FIRST_COMPLETED)


_runner: Runner | None = None
_instance: dg.DagsterInstance | None = None
_at_work = threading.Lock()
"""Held while this process runs a day."""


def _begin(declaration: Declaration, home: str) -> None:
    """Make this process ready to run days."""
    global _runner, _instance  # noqa: PLW0603  # the pool hands nothing else to its tasks
    prefer_fast_sort()
    if home:
        os.environ["DRIFT_ASSETS_HOME"] = home
    _instance = open_instance(drift_home(declaration.root))
    _runner = Runner(declaration, _instance)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one is dead that gives out the days: it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    with _at_work:
        os._exit(1)


def _run_one(day: date) -> Outcome:
    if _runner is None:
        raise RuntimeError("The process was not made ready.")
    with _at_work:
        return _runner.run(day)
