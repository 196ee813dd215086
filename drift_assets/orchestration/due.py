"""What is due: the one rule by which schedule and sensor decide what to run.

A day is due when its data have come and neither the history nor a run under
way has them by their present fingerprint. So a re-delivered or late file
causes one run, and schedule and sensor never repeat each other.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import dagster as dg

from drift_assets.errors import DataError
from drift_assets.orchestration.day import Workplace
from drift_assets.sources import Input, PredictionFile, fingerprint, known_days

MONITOR_TAG: Final = "drift_assets/monitor"
FINGERPRINT_TAG: Final = "drift_assets/fingerprint"
SETTLE_SECONDS: Final = 5.0
"""A file younger than this may still be written to; it waits for the next look."""
MAX_REQUESTS: Final = 50

IN_FLIGHT: Final = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at the data found.

    Attributes
    ----------
    days
        Fingerprint by day, oldest first, of the days to run.
    settling
        Days whose newest file is too young to be trusted.
    unknown
        Files that belong to no day that exists, with the reason.
    """

    days: Mapping[date, str]
    settling: tuple[date, ...]
    unknown: tuple[tuple[Input, str], ...]


def find_due(workplace: Workplace, *, now: datetime) -> Due:
    """Return the days whose data the history does not have yet by their fingerprint."""
    monitor, place = workplace.monitor, workplace.place
    found = known_days(monitor, place, now=now)
    reported = workplace.history.reported(monitor.name)
    due: dict[date, str] = {}
    settling = []
    unknown = list(found.unknown)
    for day, files in found.days.items():
        try:
            mark = fingerprint(monitor, place, day, list(files))
        except DataError as error:
            # Gone since the listing, or not to be looked at: no reason to keep other days waiting.
            unknown.append((files[0], str(error)))
            continue
        if reported.get(day) == mark:
            continue
        if found.stopping:
            # The run will fail, and is to be tried again when that is mended.
            told_apart = f"{mark}\0{found.stopping}".encode(errors="surrogateescape")
            mark = hashlib.sha256(told_apart).hexdigest()[:16]
        if _is_settling(files):
            settling.append(day)
        else:
            due[day] = mark
    return Due(due, tuple(settling), tuple(unknown))


def requests_for(
    due: Due,
    workplace: Workplace,
    instance: dg.DagsterInstance,
    *,
    job_name: str,
    retry_failed: bool,
) -> list[dg.RunRequest]:
    """Return run requests for the due days that no run has taken on, at most 50.

    Parameters
    ----------
    due
        From `find_due`.
    workplace
        Whose they are.
    instance
        Knows the runs.
    job_name
        The daily job.
    retry_failed
        Whether a day whose earlier run ended without a report is asked for again.
    """
    name = workplace.monitor.name
    under_way = _under_way(instance, name, job_name)
    evaluated_at = workplace.history.evaluated_at(name)
    # One question for all: most often nobody has asked for any of the days.
    asked = {mark for _, marks in instance.get_run_tags([FINGERPRINT_TAG]) for mark in marks}
    found: list[tuple[int, dg.RunRequest]] = []
    n_new = 0
    for day, mark in due.days.items():
        # A run that a person started by hand has no fingerprint, and will read these data.
        if {mark, None} & under_way.get(day.isoformat(), set()):
            continue
        tags = {MONITOR_TAG: name, FINGERPRINT_TAG: mark}
        same = {**tags, "dagster/partition": day.isoformat()}
        runs = 0
        if mark in asked:
            runs = instance.get_runs_count(dg.RunsFilter(job_name=job_name, tags=same))
        # Runs before the last report prove nothing: the data may have gone and come back since.
        since = dg.RunsFilter(job_name=job_name, tags=same, created_after=evaluated_at.get(day))
        tried = instance.get_runs_count(since) if runs else 0
        if tried and not retry_failed:
            continue
        # Dagster never runs a key again, so it counts the runs.
        key = f"{day}:{mark}:{runs}" if runs else f"{day}:{mark}"
        request = dg.RunRequest(run_key=key, partition_key=day.isoformat(), tags=tags)
        found.append((tried, request))
        n_new += not tried
        if n_new == MAX_REQUESTS:
            break
    # Days that were never tried first: fifty that fail must not keep the rest waiting for ever.
    found.sort(key=lambda one: one[0])
    return [request for _, request in found[:MAX_REQUESTS]]


def _under_way(
    instance: dg.DagsterInstance, name: str, job_name: str
) -> dict[str, set[str | None]]:
    """Return the fingerprints that runs under way were asked for with, by partition."""
    report = dg.AssetKey([name, "report"])
    marks: dict[str, set[str | None]] = {}
    for run in instance.get_runs(dg.RunsFilter(statuses=list(IN_FLIGHT))):
        if run.job_name == job_name or report in (run.asset_selection or ()):
            partition = run.tags.get("dagster/partition", "")
            marks.setdefault(partition, set()).add(run.tags.get(FINGERPRINT_TAG))
    return marks


def _is_settling(files: tuple[Input, ...]) -> bool:
    now = time.time()
    ages = []
    for one in files:
        path = one.file if isinstance(one, PredictionFile) else one
        if not isinstance(path, Path):
            # Object stores and databases show nothing that is half written.
            continue
        try:
            ages.append(now - path.stat().st_mtime)
        except OSError:
            # Gone since the listing: the next look sees the folder as it then is.
            return True
    # A time stamp in the future says nothing about the file's age.
    return any(0 <= age < SETTLE_SECONDS for age in ages)
