"""Profiling: rows into a frozen baseline, and rows into profiles over it."""

import difflib
from collections.abc import Mapping, Sequence

import numpy as np

from drift_assets.errors import ColumnError, NoDataError
from drift_assets.monitors import Column, Monitor
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
from drift_assets.profiles.binning import finite_range
from drift_assets.scan.columns import (
    CategoryColumn,
    Found,
    MissingColumn,
    NumberColumn,
    Want,
    WrongType,
    inferred,
    with_origin,
)
from drift_assets.scan.rows import Rows

_WANTS: dict[str | None, Want] = {None: "any", "numeric": "number", "categorical": "category"}
_INFINITE_GRID = np.array([0.0])


def fit_baseline(rows: Rows, monitor: Monitor) -> Baseline:
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

    def fit(name: str, found: Found) -> Profile | str:
        return _fit(found, columns[name], monitor.usual_rows)

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

    def profile(name: str, found: Found) -> Profile | Unprofiled:
        return _profile(found, baseline.columns[name])

    profiles = dict(rows.each(wants, profile))
    extra = tuple(name for name in rows.columns if name not in baseline.columns)
    return DatasetProfile(rows.n_rows, profiles, extra)


def _fit(found: Found, column: Column, usual_rows: int | None) -> Profile | str:
    """Return the baseline profile of one column, or what is wrong with it."""
    if isinstance(found, Unprofiled):
        return found.reason
    if isinstance(found, WrongType):
        return f"declared {column.kind}, but {found.reason}"
    if isinstance(found, MissingColumn):
        # A ruler without marks: nothing can be counted on it.
        empty = CategoricalBinning((), frozenset(), "text")
        return CategoricalProfile.of({}, empty, n_missing=found.n_missing)
    if isinstance(found, NumberColumn):
        threshold = column.decision_threshold
        include = [] if threshold is None else [threshold]
        values = np.sort(found.numbers)
        first, last = finite_range(values)
        if first < last:
            binning = NumericBinning.fit(
                values,
                usual_rows=usual_rows,
                include=include,
                is_sorted=True,
                is_time=found.is_time,
            )
        else:
            # Nothing but infinite values: below zero, and above.
            grid = np.unique(np.concatenate([_INFINITE_GRID, include]))
            starts = np.array([0, 1, 2 * len(grid)], dtype=np.int64)
            binning = NumericBinning(grid, exact=True, psi_starts=starts, js_starts=starts)
        return NumericProfile.of(values, binning, n_missing=found.n_missing, is_sorted=True)
    known = inferred(found)
    ruler = CategoricalBinning.fit(
        known.counts, origin=known.origin or "text", usual_rows=usual_rows
    )
    return CategoricalProfile.of(known.counts, ruler, n_missing=known.n_missing)


def _profile(found: Found, baseline: Profile) -> Profile | Unprofiled:
    """Return the profile of one current column over the baseline's ruler, or a reason."""
    if isinstance(found, Unprofiled):
        return found
    if not baseline.n:
        return Unprofiled("the baseline has no value in this column")
    profile: Profile | WrongType
    if isinstance(found, WrongType):
        profile = found
    elif isinstance(baseline, NumericProfile):
        profile = _numeric(found, baseline.binning)
    else:
        profile = _categorical(found, baseline.binning)
    if isinstance(profile, WrongType):
        return Unprofiled(f"type changed: {profile.reason}")
    return profile


def _numeric(
    found: NumberColumn | CategoryColumn | MissingColumn, binning: NumericBinning
) -> NumericProfile | WrongType:
    if isinstance(found, CategoryColumn):
        return WrongType("found text, expected numbers")
    if isinstance(found, NumberColumn) and found.is_time != binning.is_time:
        sides = ("dates or times", "numbers")
        is_, ought = sides if found.is_time else sides[::-1]
        return WrongType(f"found {is_}, expected {ought}")
    values = found.numbers if isinstance(found, NumberColumn) else np.empty(0)
    return NumericProfile.of(values, binning, n_missing=found.n_missing)


def _categorical(
    found: NumberColumn | CategoryColumn | MissingColumn, binning: CategoricalBinning
) -> CategoricalProfile | WrongType:
    if isinstance(found, NumberColumn):
        return WrongType("found numbers, expected categories")
    counts: Mapping[str, int] = {}
    if isinstance(found, CategoryColumn):
        known = with_origin(found, binning.origin)
        if isinstance(known, WrongType):
            return known
        counts = known.counts
    return CategoricalProfile.of(counts, binning, n_missing=found.n_missing)


def _absent(columns: Mapping[str, Column], rows: Rows) -> list[str]:
    problems = []
    for name in columns:
        if name in rows.columns:
            continue
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
