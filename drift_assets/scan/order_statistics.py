"""Order statistics: a baseline's numeric profile, read in two passes and never held whole.

The first pass takes one value in four, at random places, and of those of a piece in order every
16th: so the rank of each is known to within a little. The second counts over a grid of
them, and keeps the values between which an edge is as good as certain to lie: the edges are then
exactly those of all values, by numpy's ``linear``, while memory holds a piece, the sample, the
grid and what was kept, which grows with the root of the rows.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from drift_assets.errors import NoDataError, UnreadableFileError
from drift_assets.profiles import NumericBinning, NumericProfile
from drift_assets.profiles.binning import (
    GRID_SIZE,
    PSI_BINS,
    FloatArray,
    IntArray,
    distinct,
    finite_range,
    interpolated,
    js_bins,
    quantile_ranks,
    ruler,
)
from drift_assets.scan.numbers import Reading

TAKEN: Final = 4
"""One value in so many is taken, from anywhere among them."""
STRIDE: Final = 64
"""Values that one of the sample stands for."""
SAMPLE_SIZE: Final = 1 << 21
"""Values of the sample at most, or a few more; a longer column is thinned out further."""
_SPREADS: Final = 4.5
"""Standard errors of a rank within which an edge is looked for first."""


def fit_in_passes(
    read: Callable[[], Reading],
    n_rows: int,
    *,
    usual_rows: int | None = None,
    include: Sequence[float] = (),
    is_time: bool = False,
) -> NumericProfile:
    """Return the baseline's profile over the binning that its values define.

    PSI and JS edges are those of `NumericProfile.fit`. The grid is finer or coarser in
    places: its points are quantiles of a sample instead of all values. Missing rows are
    left to the caller.

    Parameters
    ----------
    read
        Returns the column, the same on each call.
    n_rows
        How many rows there are, or a few less: thins out the sample.
    usual_rows, include, is_time
        As `NumericProfile.fit` takes them.

    Raises
    ------
    NoDataError
        If no value is finite.
    UnreadableFileError
        If the values change between the passes.
    """
    stride = STRIDE
    while n_rows > stride * SAMPLE_SIZE:
        stride *= 2
    survey = _survey(read().even(), stride)
    n_js = js_bins(survey.n_values, usual_rows)
    wanted = [quantile_ranks(survey.n, n_bins) for n_bins in (PSI_BINS, n_js)]
    neighbours = [np.minimum(ranks + 1, survey.n - 1) for ranks, _ in wanted]
    all_ranks = distinct(np.concatenate([*(ranks for ranks, _ in wanted), *neighbours]))
    spreads = _SPREADS
    while True:
        counted = _count(read().ascending(), survey, all_ranks, spreads, include)
        if counted.profile.n_finite != survey.n or spreads > max(survey.n, 100):
            raise UnreadableFileError(
                "Found other values when a column was read a second time, expected the same: "
                "leave the data alone while they are read, and try again."
            )
        if counted.holds(all_ranks):
            break
        # Once in hundreds of columns: look again more widely.
        spreads *= 4
    psi_edges, js_edges = (
        interpolated(counted.values_at(ranks), counted.values_at(after), share)
        for (ranks, share), after in zip(wanted, neighbours, strict=True)
    )
    binning, cells = ruler(
        counted.profile.binning.grid if survey.exact is None else survey.exact,
        exact=survey.exact is not None,
        psi_edges=psi_edges,
        js_edges=js_edges,
        count=counted.cells,
        include=include,
        is_time=is_time,
    )
    profile = counted.profile
    cells[0] += profile.n_low_infinite
    cells[-1] += profile.n_high_infinite
    return replace(profile, binning=binning, cells=cells)


@dataclass(frozen=True, eq=False)
class _Survey:
    """What the first pass found.

    Attributes
    ----------
    n_values, n
        All values, and the finite ones.
    ends
        Smallest and largest finite value.
    exact
        All distinct finite values, if they fit in the grid.
    sample
        Values of which each stands for ``stride``, ascending.
    """

    n_values: int
    n: int
    ends: FloatArray
    exact: FloatArray | None
    sample: FloatArray
    stride: int


def _survey(pieces: Iterator[FloatArray], stride: int) -> _Survey:
    n_values = n = 0
    known: FloatArray | None = np.empty(0)
    kept: list[FloatArray] = [np.empty(0)]
    low, high = math.inf, -math.inf
    for number, piece in enumerate(pieces):
        # Places at random, but the same each time: data may repeat with any period.
        random = np.random.default_rng(number)
        places = np.arange(0, len(piece), TAKEN)
        places += random.integers(0, TAKEN, len(places))
        taken = np.sort(piece[np.minimum(places, len(piece) - 1)])
        first, last = finite_range(taken)
        kept.append(taken[first:last][stride // TAKEN // 2 :: max(stride // TAKEN, 1)].copy())
        finite, ends = piece, (float(piece.min()), float(piece.max()))
        if not all(map(math.isfinite, ends)):
            finite = piece[np.isfinite(piece)]
            ends = (float(finite.min(initial=math.inf)), float(finite.max(initial=-math.inf)))
        n_values += len(piece)
        n += len(finite)
        low, high = min(low, ends[0]), max(high, ends[1])
        if known is not None:
            known = distinct(np.concatenate([known, distinct(finite)]))
            if len(known) > GRID_SIZE:
                known = None
    if not n:
        raise NoDataError("Found no finite value to place bins by, expected at least one.")
    sample = np.sort(np.concatenate(kept))
    return _Survey(n_values, n, np.array([low, high]), known, sample, stride)


@dataclass(frozen=True, eq=False)
class _Counted:
    """What the second pass found.

    Attributes
    ----------
    profile
        Of all values, over a provisional grid.
    lows, highs
        Ends of the stretches in which edges are looked for, points of that grid.
    inside
        All values strictly inside each stretch, ascending.
    """

    profile: NumericProfile
    lows: FloatArray
    highs: FloatArray
    inside: Sequence[FloatArray]

    def holds(self, ranks: IntArray) -> bool:
        """Return whether the values at all of these ranks are known."""
        cells = self._cell_of(ranks)
        on_point, stretch = cells % 2 == 1, self._stretch_of(cells)
        return bool(np.all(on_point | (stretch >= 0)))

    def values_at(self, ranks: IntArray) -> FloatArray:
        """Return the order statistics, the smallest value at rank 0."""
        grid = self.profile.binning.grid
        cells = self._cell_of(ranks)
        values = grid[np.minimum(cells // 2, len(grid) - 1)]
        for i in np.flatnonzero(cells % 2 == 0):
            stretch = int(self._stretch_of(cells[[i]])[0])
            values[i] = self.inside[stretch][ranks[i] - self._at_most(self.lows[stretch])]
        return values

    def cells(self, grid: FloatArray) -> IntArray:
        """Return the finite values in each cell of another grid, as `count_cells` does.

        Its points are those of the provisional grid, or values inside the stretches, or
        values between which there are none.
        """
        own = self.profile.binning.grid
        cumulative = np.concatenate(([0], np.cumsum(self._finite)))
        at = np.minimum(np.searchsorted(own, grid), len(own) - 1)
        known = own[at] == grid
        below = np.where(known, cumulative[2 * at + 1], 0)
        at_most = np.where(known, cumulative[2 * at + 2], 0)
        for i in np.flatnonzero(~known):
            value = grid[i]
            stretch = int(np.searchsorted(self.lows, value, side="right")) - 1
            if stretch >= 0 and value < self.highs[stretch]:
                start = self._at_most(self.lows[stretch])
                inside = self.inside[stretch]
                below[i] = start + np.searchsorted(inside, value)
                at_most[i] = start + np.searchsorted(inside, value, side="right")
            else:
                position = int(np.searchsorted(own, value))
                below[i] = at_most[i] = cumulative[2 * position]
        ends = np.empty(2 * len(grid) + 2, dtype=np.int64)
        ends[0], ends[-1] = 0, cumulative[-1]
        ends[1:-1:2], ends[2:-1:2] = below, at_most
        return np.diff(ends)

    @property
    def _finite(self) -> IntArray:
        return self.profile.cells_and_ends[1:-1]

    def _cell_of(self, ranks: IntArray) -> IntArray:
        return np.searchsorted(np.cumsum(self._finite), ranks, side="right").astype(np.int64)

    def _stretch_of(self, cells: IntArray) -> IntArray:
        """Return in which stretch each open cell lies, or -1."""
        grid = self.profile.binning.grid
        above = grid[np.minimum(cells // 2, len(grid) - 1)]
        stretch = np.searchsorted(self.lows, above) - 1
        # Before the first stretch stands one that holds nothing.
        highs = np.concatenate(([-np.inf], self.highs))
        return np.where(above <= highs[stretch + 1], stretch, -1).astype(np.int64)

    def _at_most(self, point: float) -> int:
        """Return how many finite values are at or below a point of the provisional grid."""
        position = int(np.searchsorted(self.profile.binning.grid, point))
        return int(self._finite[: 2 * position + 2].sum())


def _count(
    pieces: Iterator[FloatArray],
    survey: _Survey,
    ranks: IntArray,
    spreads: float,
    include: Sequence[float],
) -> _Counted:
    """Return what counting all values over a provisional grid gives."""
    extra = [np.asarray(include, dtype=np.float64), survey.ends]
    lows = highs = np.empty(0)
    if survey.exact is None:
        sample = survey.sample
        lows, highs = _stretches(survey, ranks, spreads)
        quantiles = np.linspace(0, len(sample) - 1, GRID_SIZE).round().astype(np.int64)
        extra += [sample[quantiles], lows, highs]
    else:
        extra.append(survey.exact)
    grid = distinct(np.concatenate(extra)) + 0.0
    one = np.zeros(1, dtype=np.int64)
    binning = NumericBinning(grid, exact=False, psi_starts=one, js_starts=one)
    profile: NumericProfile | None = None
    inside: list[list[FloatArray]] = [[] for _ in lows]
    for ordered in pieces:
        part = NumericProfile.of(ordered, binning, is_sorted=True, count_distinct=False)
        profile = part if profile is None else profile + part
        starts = np.searchsorted(ordered, lows, side="right")
        for found, start, end in zip(inside, starts, np.searchsorted(ordered, highs), strict=True):
            if start < end:
                found.append(ordered[start:end].copy())
    if profile is None:
        profile = NumericProfile.of(np.empty(0), binning)
    together = [np.sort(np.concatenate([np.empty(0), *found])) for found in inside]
    return _Counted(profile, lows, highs, together)


def _stretches(survey: _Survey, ranks: IntArray, spreads: float) -> tuple[FloatArray, FloatArray]:
    """Return values between which those at ``ranks`` lie, as good as certainly: lows, highs.

    Parameters
    ----------
    survey
        Whose sample to look in.
    ranks
        Positions among all finite values in order.
    spreads
        How many standard errors of a rank to allow on either side.
    """
    points = np.concatenate([survey.ends[:1], survey.sample, survey.ends[1:]])
    share = (ranks + 0.5) / survey.n
    # That of drawing one value in TAKEN, and one more point for cutting pieces up.
    error = np.sqrt(share * (1 - share) * TAKEN * survey.n) / survey.stride + 1
    nearest = share * len(survey.sample) + 0.5
    reach = spreads * error
    lows = points[np.maximum(nearest - reach, 0).astype(np.int64)]
    highs = points[np.minimum(nearest + reach + 2, len(points) - 1).astype(np.int64)]
    # Those that overlap are one.
    apart = np.concatenate(([True], lows[1:] >= np.maximum.accumulate(highs)[:-1]))
    starts = np.flatnonzero(apart)
    lows, highs = lows[starts], np.maximum.reduceat(highs, starts)
    wide = lows < highs
    return lows[wide] + 0.0, highs[wide] + 0.0
