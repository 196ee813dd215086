"""Rebinning: a profile over one ruler told over another, without the rows.

Each point of the old grid is a value that is known exactly. What lay between two points is
placed in the middle between them: where the new ruler has an edge in there, the rows of that
one gap may be on the wrong side of it, and are counted as uncertain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from drift_assets.profiles.binning import (
    Binning,
    CategoricalBinning,
    FloatArray,
    IntArray,
    NumericBinning,
)
from drift_assets.profiles.categorical import CategoricalProfile
from drift_assets.profiles.dataset import Baseline, DatasetProfile, Profile, Unprofiled
from drift_assets.profiles.numeric import NumericProfile


@dataclass(frozen=True, eq=False)
class Rebinned:
    """A data set's profile over another ruler than that by which it was counted.

    Attributes
    ----------
    profile
        Over the new ruler.
    uncertain
        By column, how many rows may lie in another PSI bin than is said; columns
        of which all is certain are left out.
    """

    profile: DatasetProfile
    uncertain: Mapping[str, int]


def rebin(columns: Mapping[str, Profile | Unprofiled], ruler: Baseline, *, n_rows: int) -> Rebinned:
    """Return profiles over the rulers of a baseline, of which only its columns are kept.

    A column of another type, or that is not there, has a reason in place of a profile.

    Parameters
    ----------
    columns
        Profiles over any ruler.
    ruler
        The baseline whose bins to count over.
    n_rows
        Rows of the data set.
    """
    told: dict[str, Profile | Unprofiled] = {}
    uncertain: dict[str, int] = {}
    for name, baseline in ruler.columns.items():
        found = columns.get(name, Unprofiled("column absent"))
        if isinstance(found, Unprofiled) or found.binning.id == baseline.binning.id:
            told[name] = found
        elif not baseline.n:
            told[name] = Unprofiled("the baseline has no value in this column")
        elif (kinds := (_kind(found), _kind(baseline)))[0] != kinds[1]:
            told[name] = Unprofiled(f"type changed: found {kinds[0]}, expected {kinds[1]}")
        else:
            profile, doubtful = rebinned_column(found, baseline.binning)
            told[name] = profile
            if doubtful:
                uncertain[name] = doubtful
    extra = tuple(name for name in columns if name not in ruler.columns)
    return Rebinned(DatasetProfile(n_rows, told, extra), uncertain)


def rebinned_column(profile: Profile, binning: Binning) -> tuple[Profile, int]:
    """Return a profile over another ruler of its kind, and how many rows are uncertain.

    Examples
    --------
    >>> old = NumericProfile.fit(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> new = NumericBinning.fit(np.array([2.0, 4.0]))
    >>> rebinned, uncertain = rebinned_column(old, new)
    >>> rebinned.cells.tolist(), uncertain
    ([1, 1, 1, 1, 0], 0)
    """
    if isinstance(binning, NumericBinning):
        return _numbers(cast("NumericProfile", profile), binning)
    return _categories(cast("CategoricalProfile", profile), binning)


def _kind(profile: Profile) -> str:
    if isinstance(profile, NumericProfile):
        return "dates or times" if profile.binning.is_time else "numbers"
    origin = profile.binning.origin
    return {"number": "numbers as categories", "time": "times as categories"}.get(origin, origin)


def _numbers(profile: NumericProfile, binning: NumericBinning) -> tuple[NumericProfile, int]:
    old, new = profile.binning.grid, binning.grid
    cells = profile.cells.copy()
    cells[0] -= profile.n_low_infinite
    cells[-1] -= profile.n_high_infinite
    filled = np.flatnonzero(cells)
    counts = cells[filled]
    values = _values(profile, filled, counts)
    point = np.searchsorted(new, values, side="left")
    hit = new[np.minimum(point, len(new) - 1)] == values
    told = np.zeros(binning.n_cells, dtype=np.int64)
    np.add.at(told, 2 * point + hit, counts)
    told[0] += profile.n_low_infinite
    told[-1] += profile.n_high_infinite
    below, above = values < new[0], values > new[-1]
    return (
        replace(
            profile,
            binning=binning,
            cells=told,
            below_sum=float((values[below] * counts[below]).sum()),
            above_sum=float((values[above] * counts[above]).sum()),
        ),
        _uncertain(profile, filled, counts, old, binning),
    )


def _values(profile: NumericProfile, filled: IntArray, counts: IntArray) -> FloatArray:
    """Return a value for each cell with rows: the point, or the middle of the gap."""
    grid = profile.binning.grid
    after = filled // 2
    right = grid[np.minimum(after, len(grid) - 1)]
    left = grid[np.maximum(after - 1, 0)]
    values = np.where(filled % 2 == 1, right, left / 2 + right / 2)
    if len(filled) and filled[0] == 0:
        values[0] = profile.below_sum / counts[0]
    if len(filled) and filled[-1] == 2 * len(grid):
        values[-1] = profile.above_sum / counts[-1]
    return cast("FloatArray", values)


def _uncertain(
    profile: NumericProfile,
    filled: IntArray,
    counts: IntArray,
    old: FloatArray,
    binning: NumericBinning,
) -> int:
    """Return the rows in gaps of the old grid in which a PSI bin of the new one ends."""
    edges = binning.grid[(binning.psi_starts[1:] - 1) // 2]
    gap = filled % 2 == 0
    after = filled[gap] // 2
    low = np.where(after == 0, profile.minimum, old[np.maximum(after - 1, 0)])
    high = np.where(after == len(old), profile.maximum, old[np.minimum(after, len(old) - 1)])
    # A point that begins a bin belongs to it, or ends the one before: both lie in the open gap.
    first = np.searchsorted(edges, low, side="right")
    last = np.searchsorted(edges, high, side="left")
    return int(counts[gap][last > first].sum())


def _categories(
    profile: CategoricalProfile, new: CategoricalBinning
) -> tuple[CategoricalProfile, int]:
    old = profile.binning
    named = dict(zip(old.categories, profile.counts.tolist(), strict=False))
    unseen = int(profile.counts[-1])
    for name, count in profile.unseen:
        named[name] = named.get(name, 0) + count
        unseen -= count
    counted = CategoricalProfile.of(named, new, n_missing=profile.n_missing, n_unnamed=unseen)
    rare = int(profile.counts[len(old.categories) : -1].sum())
    if not rare:
        return replace(counted, n_distinct=profile.n_distinct), unseen
    # Those that were pooled are known by name at most, not how many rows each of them has.
    places = {new.position(name) for name in old.pooled or ()} or {new.position_of_unknown}
    other = len(new.categories)
    place = places.pop() if len(places) == 1 else min(other, new.n_bins - 1)
    counts = counted.counts.copy()
    counts[place] += rare
    doubtful = 0 if not places and old.pooled is not None else rare
    return replace(counted, counts=counts, n_distinct=profile.n_distinct), unseen + doubtful
