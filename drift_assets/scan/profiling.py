"""Profiling: rows into a frozen baseline, and rows into profiles over it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Final

import numpy as np

from drift_assets.errors import ColumnError, NoDataError
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Profile,
    Unprofiled,
)
from drift_assets.profiles.binning import distinct
from drift_assets.scan.categories import CountedCategories, count_categories
from drift_assets.scan.columns import NumberColumn, Want, WrongType
from drift_assets.scan.numbers import Reading
from drift_assets.scan.rows import PIECE_ROWS, ColumnRows, NotOfOneKindError, Rows
from drift_assets.watch import Column, Watch

_WANTS: dict[str | None, Want] = {None: "any", "numeric": "number", "categorical": "category"}
_INFINITE_GRID = np.array([0.0])

WHOLE_ROWS: Final = 1 << 24
"""Up to so many baseline rows, 128 MiB a column, a column is sorted whole; else in two passes."""


def fit_baseline(rows: Rows, monitor: Watch) -> Baseline:
    """Return the frozen baseline that ``rows`` define for a monitor.

    What a column is, numeric or categorical, is told by all of its values,
    unless the monitor declares it. A column without any value is kept as
    such: it can never be evaluated, and says so.

    Raises
    ------
    NoDataError
        If there are no rows.
    ColumnError
        If a watched column is absent, ambiguous, of mixed or unsupported
        type, or not what the monitor declares; all such columns are named.
    """
    available = rows.watchable if monitor.features == "auto" else ()
    columns = {column.name: column for column in monitor.listed(available)}
    problems = [*_absent(columns, rows), *_alike(columns)]
    if not columns:
        problems.append("no column that can be watched: found only dates, nested values or none")
    wants = {name: _WANTS[c.kind] for name, c in columns.items() if name in rows.columns}
    profiles: dict[str, Profile] = {}

    def fit(name: str, column: ColumnRows) -> Profile | str:
        return _fit(column, columns[name], monitor.usual_rows)

    for name, profile in rows.each(wants, fit):
        if isinstance(profile, str):
            problems.append(f"{name!r}: {profile}")
        else:
            profiles[name] = profile
    # Asked for last: a CSV file has been read by now, and is not read for this alone.
    if not rows.n_rows:
        raise NoDataError(
            f"Found no rows in {rows.label}, expected a baseline with rows to compare with."
        )
    if problems:
        raise ColumnError(
            f"The baseline ({rows.label}) cannot be used for monitor {monitor.name!r}:\n  "
            + "\n  ".join(problems)
        )
    return Baseline(rows.n_rows, profiles)


def profile_rows(
    rows: Rows, baseline: Baseline, *, columns: Sequence[str] | None = None
) -> DatasetProfile:
    """Return the profile of ``rows`` over a baseline's rulers.

    A column that is absent, ambiguous or of another type than the baseline's
    has no profile but a reason; it never fails the others.

    Parameters
    ----------
    rows
        Current data.
    baseline
        Whose binnings to count over.
    columns
        Names to profile; by default all of the baseline's.
    """
    names = list(baseline.columns if columns is None else columns)
    wants: dict[str, Want] = {
        name: "number" if isinstance(baseline.columns[name], NumericProfile) else "category"
        for name in names
    }

    def profile(name: str, column: ColumnRows) -> Profile | Unprofiled:
        return _profile(column, baseline.columns[name])

    profiles = dict(rows.each(wants, profile))
    extra = tuple(name for name in rows.columns if name not in baseline.columns)
    return DatasetProfile(rows.n_rows, profiles, extra)


def _fit(rows: ColumnRows, column: Column, usual_rows: int | None) -> Profile | str:
    """Return the baseline profile of one column, or what is wrong with it."""
    try:
        first, pieces = rows.opened()
        if isinstance(first, NumberColumn):
            reading = Reading(pieces, is_time=first.is_time)
            return _fit_numbers(rows, reading, column, usual_rows)
        if first is None:
            # A ruler without marks: nothing can be counted on it.
            empty = CategoricalBinning((), frozenset(), "text")
            return CategoricalProfile.of({}, empty, n_missing=rows.n_rows)
        found = count_categories(rows, pieces)
    except NotOfOneKindError as error:
        declared = isinstance(error.found, WrongType)
        return f"declared {column.kind}, but {error}" if declared else str(error)
    binning = CategoricalBinning.fit(
        found.counts, origin=found.origin, usual_rows=usual_rows, n_unnamed=found.n_unnamed
    )
    return _over_categories(found, binning)


def _fit_numbers(
    rows: ColumnRows, reading: Reading, column: Column, usual_rows: int | None
) -> NumericProfile:
    include = [] if column.decision_threshold is None else [column.decision_threshold]
    try:
        if rows.n_rows <= WHOLE_ROWS:
            values = reading.whole(rows.n_rows)
            return NumericProfile.fit(
                values,
                n_missing=reading.n_missing,
                usual_rows=usual_rows,
                include=include,
                is_sorted=True,
                is_time=reading.is_time,
            )
        again = (Reading(rows.pieces(), is_time=reading.is_time) for _ in repeat(None))
        readings = chain([reading], again)
        # Only so long a column pays for its import.
        from drift_assets.scan.order_statistics import fit_in_passes  # noqa: PLC0415

        profile = fit_in_passes(
            lambda: next(readings),
            rows.n_rows,
            usual_rows=usual_rows,
            include=include,
            is_time=reading.is_time,
        )
        return replace(profile, n_missing=reading.n_missing)
    except NoDataError:
        # Nothing but infinite values: below zero, and above.
        grid = distinct(np.concatenate([_INFINITE_GRID, include]))
        starts = np.array([0, 1, 2 * len(grid)], dtype=np.int64)
        binning = NumericBinning(grid, exact=True, psi_starts=starts, js_starts=starts)
        return _over_numbers(Reading(rows.pieces(), is_time=reading.is_time), binning)


def _profile(rows: ColumnRows, baseline: Profile) -> Profile | Unprofiled:
    """Return the profile of one current column over the baseline's ruler, or a reason."""
    try:
        if not baseline.n:
            rows.opened()
            return Unprofiled("the baseline has no value in this column")
        if isinstance(baseline, NumericProfile):
            binning = baseline.binning
            return _over_numbers(Reading(rows.pieces(), is_time=binning.is_time), binning)
        ruler = baseline.binning
        found = count_categories(rows, rows.pieces(), origin=ruler.origin, known=ruler.known)
        return _over_categories(found, ruler)
    except NotOfOneKindError as error:
        if isinstance(error.found, Unprofiled):
            return error.found
        if not baseline.n:
            return Unprofiled("the baseline has no value in this column")
        return Unprofiled(f"type changed: {error}")


def _over_numbers(reading: Reading, binning: NumericBinning) -> NumericProfile:
    # Whoever compares asks for it: here it is hashed while other columns are read and sorted.
    _ = binning.id
    profile: NumericProfile | None = None
    for ordered in reading.ascending():
        one = len(ordered) < PIECE_ROWS and profile is None
        part = NumericProfile.of(ordered, binning, is_sorted=True, count_distinct=one)
        profile = part if profile is None else profile + part
    if profile is None:
        profile = NumericProfile.of(np.empty(0), binning)
    return replace(profile, n_missing=reading.n_missing)


def _over_categories(found: CountedCategories, binning: CategoricalBinning) -> CategoricalProfile:
    return CategoricalProfile.of(
        found.counts,
        binning,
        n_missing=found.n_missing,
        n_unnamed=found.n_unnamed,
        n_distinct=found.n_distinct,
        distinct_error=found.distinct_error,
    )


def _absent(columns: Mapping[str, Column], rows: Rows) -> list[str]:
    problems = []
    for name in columns:
        if name in rows.columns:
            continue
        # Only who errs pays for its import.
        import difflib  # noqa: PLC0415

        close = difflib.get_close_matches(name, rows.columns, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        has = ", ".join(map(repr, rows.columns)) or "no column"
        problems.append(f"{name!r}: column absent.{guess} Found: {has}")
    return problems


def _alike(columns: Mapping[str, Column]) -> list[str]:
    problems = []
    folded: dict[str, str] = {}
    for name in columns:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            problems.append(
                f"{other!r} and {name!r} differ only by case: watch one of them, exclude the other"
            )
    return problems
