"""Fine profiles of single days as files: those of the baseline's days, and of the latest days.

They are what days are compared with other days by, and what thresholds are learned from.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from drift_assets.atomic import write_atomically
from drift_assets.errors import BaselineError
from drift_assets.profiles import Baseline, ColumnDays, DatasetProfile, Profile, Unprofiled
from drift_assets.profiles.dataset import damage

FORMAT: Final = 1
"""Version of the files' bytes."""

_ARRAYS: Final = {
    "starts": np.int64,
    "cells": np.int32,
    "counts": np.int64,
    "n_missing": np.int64,
    "infinite": np.int64,
    "moments": np.float64,
}


@dataclass(frozen=True, slots=True)
class DayProfiles:
    """The days of one monitor over the rulers of one baseline.

    They stand below ``<home>/profiles/<monitor>/<baseline_id>``: ``baseline.npz`` for
    the days of the baseline, and a file for each later day. Every write is a rename.
    """

    home: Path
    monitor: str
    baseline: Baseline

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.home / "profiles" / self.monitor / self.baseline.id

    @property
    def of_baseline(self) -> Path:
        """The file of the baseline's days."""
        return self.folder / "baseline.npz"

    def of_day(self, day: date) -> Path:
        """Return the file of a later day."""
        return self.folder / f"{day.isoformat()}.npz"

    def write_baseline(self, columns: Iterable[tuple[str, ColumnDays]]) -> Path:
        """Keep the days of the baseline, taken column by column; return the file."""
        write_atomically(self.of_baseline, _packed(self.baseline.id, columns, ""))
        return self.of_baseline

    def write_day(self, day: date, profile: DatasetProfile, *, fingerprint: str) -> Path:
        """Keep one later day in place of what was kept of it before; return the file."""
        columns = (
            (name, ColumnDays.of(one.binning, {day: one}))
            for name, one in profile.columns.items()
            if not isinstance(one, Unprofiled)
        )
        write_atomically(self.of_day(day), _packed(self.baseline.id, columns, fingerprint))
        return self.of_day(day)

    def keep_only(self, n_days: int, *, until: date) -> None:
        """Remove later days that lie more than ``n_days`` before ``until``."""
        for path in self.folder.glob("????-??-??.npz"):
            try:
                day = date.fromisoformat(path.stem)
            except ValueError:
                continue
            if (until - day).days > n_days:
                path.unlink(missing_ok=True)

    def baseline_days(self) -> tuple[date, ...]:
        """Return the days of the baseline, in order; none if it was frozen without."""
        try:
            with _open(self.of_baseline) as archive:
                return tuple(date.fromisoformat(d) for d in _description(archive)["days"])
        except FileNotFoundError:
            return ()

    def fingerprint(self, day: date) -> str | None:
        """Return the fingerprint of the data that the kept profile of a day is of; None if none."""
        try:
            with _open(self.of_day(day)) as archive:
                return str(_description(archive)["fingerprint"])
        except FileNotFoundError:
            return None

    def dataset(self, day: date) -> DatasetProfile:
        """Return a later day as it was kept; what was not is `Unprofiled`.

        Raises
        ------
        BaselineError
            If the file is damaged, or of other rulers.
        """
        columns: dict[str, Profile | Unprofiled] = {
            name: Unprofiled("not kept") if column is None else column.profile(0)
            for name, column in self.columns(self.of_day(day), list(self.baseline.columns))
        }
        known = [p.n_rows for p in columns.values() if not isinstance(p, Unprofiled)]
        return DatasetProfile(max(known, default=0), columns)

    def columns(self, path: Path, names: Sequence[str]) -> Iterable[tuple[str, ColumnDays | None]]:
        """Yield the days of each named column from a file; None for one that is not in it.

        Memory holds one column at a time.

        Raises
        ------
        BaselineError
            If the file is damaged, or of other rulers.
        """
        with _open(path) as archive:
            description = _description(archive)
            days = tuple(date.fromisoformat(day) for day in description["days"])
            for name in names:
                found = description["columns"].get(name)
                if found is None:
                    yield name, None
                    continue
                binning = self.baseline.columns[name].binning
                if found["binning"] != binning.id:
                    raise BaselineError(f"Found profiles over other bins in {path}, {_REMEDY}.")
                yield name, _column(archive, found, binning, days, path)


def _packed(baseline_id: str, columns: Iterable[tuple[str, ColumnDays]], fingerprint: str) -> bytes:
    description: dict[str, Any] = {
        "format": FORMAT,
        "baseline_id": baseline_id,
        "fingerprint": fingerprint,
        "days": [],
        "columns": {},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for position, (name, column) in enumerate(columns):
            for field, kind in _ARRAYS.items():
                with archive.open(f"{position}.{field}.npy", "w") as member:
                    array = np.ascontiguousarray(getattr(column, field), dtype=kind)
                    np.lib.format.write_array(member, array, allow_pickle=False)
            description["days"] = [day.isoformat() for day in column.days]
            description["columns"][name] = {
                "position": position,
                "binning": column.binning.id,
                "unseen": column.unseen if any(column.unseen) else None,
            }
        archive.writestr("description.json", json.dumps(description))
    return buffer.getvalue()


def _open(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise
    except damage() as error:
        raise BaselineError(
            f"Found a damaged {path} ({type(error).__name__}), {_REMEDY}."
        ) from error


def _description(archive: zipfile.ZipFile) -> Mapping[str, Any]:
    try:
        description: dict[str, Any] = json.loads(archive.read("description.json"))
        newer = description["format"] > FORMAT
    except damage() as error:
        raise BaselineError(
            f"Found a damaged {archive.filename} ({type(error).__name__}), {_REMEDY}."
        ) from error
    if newer:
        raise BaselineError(
            f"Found {archive.filename} of format {description['format']}, this version reads up "
            f"to {FORMAT}: upgrade drift_assets."
        )
    return description


def _column(
    archive: zipfile.ZipFile,
    found: Mapping[str, Any],
    binning: Any,  # noqa: ANN401  # either kind, as the baseline has it
    days: tuple[date, ...],
    path: Path,
) -> ColumnDays:
    try:
        arrays: dict[str, Any] = {}
        for field in _ARRAYS:
            with archive.open(f"{found['position']}.{field}.npy") as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
            arrays[field] = array.astype(np.int64) if array.dtype == np.int32 else array
        unseen = found["unseen"] or [()] * len(days)
        texts = tuple(tuple((name, int(n)) for name, n in day) for day in unseen)
        return ColumnDays(binning, days, **arrays, unseen=texts)
    except damage() as error:
        raise BaselineError(
            f"Found a damaged {path} ({type(error).__name__}), {_REMEDY}."
        ) from error


def _damaged(path: Path, error: Exception) -> str:
    return f"Found a damaged {path} ({type(error).__name__}), {_REMEDY}."


_REMEDY: Final = "expected what drift_assets wrote: freeze the baseline again"
