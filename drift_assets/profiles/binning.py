"""Binnings: where the bins lie. Fitted once, on the baseline, then frozen.

A numeric binning is a fine grid of points with two coarser divisions of it,
one for PSI and one for JS. A categorical binning is a list of categories.
Nothing in current data ever moves an edge.
"""

import hashlib
import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from drift_assets.errors import NoDataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Origin = Literal["number", "text", "boolean", "time"]

GRID_SIZE: Final = 16_384
PSI_BINS: Final = 10
JS_BINS: Final = 50
JS_ROWS_PER_BIN: Final = 20
FEW_VALUES: Final = 20
CATEGORY_MIN_EXPECTED_ROWS: Final = 5
CATEGORY_MIN_ROWS: Final = 10
"""A category with fewer baseline rows often owes its bin to chance, and loses the rows again.

Of a baseline under 100 rows, a tenth.
"""
OVERLOOKED: Final = 1e-4
"""Chance under which a baseline does not overlook a category that a day has."""
CATEGORY_CAP: Final = 100
NAMED_CATEGORIES: Final = 100_000
"""Up to this many different categories are all known by name."""
FREQUENT_ROWS: Final = 50_000
"""Of more categories, those with more than one row in so many can have a bin of their own."""
USUAL_ROWS: Final = 1_000


@dataclass(frozen=True, eq=False)
class NumericBinning:
    """A frozen ruler for one numeric column.

    Grid point ``i`` makes two cells: cell ``2 i`` is the open interval that
    ends at the point and cell ``2 i + 1`` is the point itself; the last cell,
    ``2 len(grid)``, is what lies above. A bin is a run of cells and is
    written down by the cell that it starts with.

    Attributes
    ----------
    grid
        Strictly increasing finite points, shape ``(n_points,)``.
    exact
        Whether every distinct finite baseline value is a grid point, so that
        the KS statistic from counts is exact.
    psi_starts, js_starts
        First cell of each bin, increasing, beginning with 0.
    is_time
        Whether the numbers are dates or times, in seconds since 1970 or midnight.
    """

    grid: FloatArray
    exact: bool
    psi_starts: IntArray
    js_starts: IntArray
    is_time: bool = False

    @property
    def n_cells(self) -> int:
        """How many cells a profile over this binning has."""
        return 2 * len(self.grid) + 1

    @cached_property
    def id(self) -> str:
        """Content hash: 16 hexadecimal digits; equal rulers have equal ids."""
        digest = hashlib.sha256(b"time" if self.is_time else b"numeric")
        for part in (self.grid, self.psi_starts, self.js_starts):
            digest.update(part.tobytes())
        return digest.hexdigest()[:16]

    @classmethod
    def fit(
        cls,
        values: FloatArray,
        *,
        usual_rows: int | None = None,
        include: Sequence[float] = (),
        grid_size: int = GRID_SIZE,
        is_sorted: bool = False,
        is_time: bool = False,
    ) -> "NumericBinning":
        """Return the binning that ``values`` define.

        Parameters
        ----------
        values
            Baseline values, shape ``(n,)``, any order, without NaN. Infinite
            ones do not place edges; they are counted in the outer bins.
        usual_rows
            Rows expected in a day of current data: JS gets at most
            ``usual_rows // 20`` bins. By default the number of values, at most 1,000.
        include
            Further points that the grid must hold, such as the decision
            threshold of a score.
        grid_size
            Up to this many distinct values are all kept; beyond it the grid
            holds this many quantiles.
        is_sorted
            Whether ``values`` ascend already, NaN last, which saves the dearest step.
        is_time
            Whether they are dates or times, in seconds.

        Raises
        ------
        NoDataError
            If no value is finite.

        Examples
        --------
        >>> binning = NumericBinning.fit(np.array([1.0, 2.0, 2.0, 4.0]))
        >>> binning.grid.tolist(), binning.exact
        ([1.0, 2.0, 4.0], True)
        """
        ordered = values if is_sorted else np.sort(values)
        first, last = finite_range(ordered)
        binning, *_ = fit_ordered(
            ordered[first:last],
            n_js=js_bins(len(values), usual_rows),
            include=include,
            grid_size=grid_size,
            is_time=is_time,
        )
        return binning

    def label(self, starts: IntArray, position: int) -> str:
        """Return the bin at ``position`` as an interval in words and figures.

        Examples
        --------
        >>> binning = NumericBinning.fit(np.array([1.0, 2.0]))
        >>> [binning.label(binning.psi_starts, i) for i in range(5)]
        ['< 1', '= 1', '(1, 2)', '= 2', '> 2']
        """
        low, low_closed, high, high_closed = self.interval(starts, position)
        if low is None:
            if high is None:
                return "any value"
            return f"{'<=' if high_closed else '<'} {_edge(high)}"
        if high is None:
            return f"{'>=' if low_closed else '>'} {_edge(low)}"
        if low == high:
            # A value that people put there themselves: in full.
            return f"= {low:.15g}"
        brackets = "[" if low_closed else "(", "]" if high_closed else ")"
        return f"{brackets[0]}{_edge(low, high)}, {_edge(high, low)}{brackets[1]}"

    def interval(
        self, starts: IntArray, position: int
    ) -> tuple[float | None, bool, float | None, bool]:
        """Return a bin as (lower, lower closed, upper, upper closed); None is unbounded."""
        first = int(starts[position])
        after = int(starts[position + 1]) if position + 1 < len(starts) else self.n_cells
        low = None if first == 0 else float(self.grid[(first - 1) // 2])
        high = None if after == self.n_cells else float(self.grid[(after - 1) // 2])
        return low, first % 2 == 1, high, after % 2 == 0


@dataclass(frozen=True, eq=False)
class CategoricalBinning:
    """A frozen list of the categories that the baseline has.

    Bins, in order: each of ``categories``; ``other``, if any category was
    pooled; ``unseen``, for what the baseline never had. Where categories were
    pooled, those that the baseline may have overlooked count as ``other``: see `may_miss`.

    Attributes
    ----------
    categories
        Those with a bin of their own, most frequent first.
    pooled
        Those counted together as ``other``; None if they were too many to be known by name:
        whatever has no bin of its own is then ``other``, and nothing is known to be unseen.
    origin
        What the values were: ``number`` for numbers declared categorical.
    n_rows
        Non-missing baseline rows; None for a ruler of the first method, by which
        nothing that the baseline never had is ``other``.
    """

    categories: tuple[str, ...]
    pooled: frozenset[str] | None
    origin: Origin
    n_rows: int | None = None
    _positions: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions = {name: i for i, name in enumerate(self.categories)}
        positions.update(dict.fromkeys(self.pooled or (), len(self.categories)))
        object.__setattr__(self, "_positions", positions)

    @property
    def n_bins(self) -> int:
        """How many bins a profile over this binning has, ``unseen`` included."""
        return len(self.categories) + self._pools + 1

    @property
    def knows_unseen(self) -> bool:
        """Whether a category that the baseline never had can be told from a rare one."""
        return self.pooled is not None

    @property
    def known(self) -> Collection[str]:
        """All categories that are known by name."""
        return self._positions.keys()

    @property
    def _pools(self) -> bool:
        return self.pooled is None or bool(self.pooled)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The name of each bin, in order."""
        rare = "too many to name" if self.pooled is None else f"{len(self.pooled)} rare"
        if self._shares_other:
            rare += " or new"
        other = (f"other ({rare})",) if self._pools else ()
        return (*self.categories, *other, "unseen")

    @cached_property
    def id(self) -> str:
        """Content hash: 16 hexadecimal digits; equal rulers have equal ids."""
        # JSON keeps apart what plain joining would not, such as ("a", "b") and ("a, b",).
        pooled = None if self.pooled is None else sorted(self.pooled)
        rows = [] if self.n_rows is None else [self.n_rows]
        text = json.dumps(["categorical", self.origin, self.categories, pooled, *rows])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def position(self, category: str) -> int:
        """Return the index of the bin in which ``category`` is counted."""
        return self._positions.get(category, self.position_of_unknown)

    @property
    def _shares_other(self) -> bool:
        """Whether ``other`` also holds categories that the baseline may have overlooked."""
        return self.n_rows is not None and bool(self.pooled)

    def may_miss(self, count: int, n: int) -> bool:
        """Return whether the baseline may have overlooked a category of ``count`` in ``n`` rows.

        Never, where no category was pooled: then there are no rare ones. Of one
        population all ``count`` rows of a category fall on the day's side, and
        none among the baseline's N, with a chance of ``(n / (N + n)) ** count``.

        Examples
        --------
        >>> ruler = CategoricalBinning.fit({"a": 900, "b": 97, "c": 2, "d": 1})
        >>> ruler.may_miss(13, 1_000), ruler.may_miss(14, 1_000)  # 1 / 2 ** 14 = 6.1e-05
        (True, False)
        """
        if self.n_rows is None or not self._shares_other:
            return False
        return count * math.log(n / (self.n_rows + n)) >= math.log(OVERLOOKED)

    @property
    def position_of_unknown(self) -> int:
        """The index of the bin for what is not known by name."""
        return self.n_bins - 1 if self.knows_unseen else len(self.categories)

    @classmethod
    def fit(
        cls,
        counts: Mapping[str, int],
        *,
        origin: Origin = "text",
        usual_rows: int | None = None,
        n_unnamed: int = 0,
    ) -> "CategoricalBinning":
        """Return the binning that baseline counts define.

        A category expected fewer than 5 times in ``usual_rows`` rows (by
        default the number of rows, at most 1,000), with fewer than 10 rows (a tenth
        of them, if there are under 100), or beyond the 100th, is pooled into
        ``other``. Where categories are too many to name, ``n_unnamed`` rows are of
        those left out of ``counts``, and one row in 50,000 or fewer is not
        enough for a bin either.

        Raises
        ------
        NoDataError
            If nothing was counted.

        Examples
        --------
        >>> CategoricalBinning.fit({"a": 900, "b": 97, "c": 2, "d": 1}).labels
        ('a', 'b', 'other (2 rare or new)', 'unseen')
        """
        # A category that merely could occur was never seen.
        counts = {name: count for name, count in counts.items() if count}
        total = sum(counts.values()) + n_unnamed
        if not total:
            raise NoDataError("Found no value to name categories by, expected at least one.")
        wanted_rows = usual_rows if usual_rows is not None else min(total, USUAL_ROWS)
        ranked = sorted(counts, key=lambda name: (-counts[name], name))
        kept = [
            name
            for name in ranked[:CATEGORY_CAP]
            if counts[name] >= min(CATEGORY_MIN_ROWS, total / 10)
            and counts[name] * wanted_rows >= CATEGORY_MIN_EXPECTED_ROWS * total
            and (not n_unnamed or counts[name] * FREQUENT_ROWS > total)
        ]
        pooled = None if n_unnamed else frozenset(ranked[len(kept) :])
        return cls(tuple(kept), pooled, origin, total)


Binning = NumericBinning | CategoricalBinning


def finite_range(ordered: FloatArray) -> tuple[int, int]:
    """Return where the finite values of an ascending array begin and end; NaN stands last.

    Examples
    --------
    >>> finite_range(np.array([-np.inf, 1.0, 2.0, np.inf, np.nan]))
    (1, 3)
    """
    first = int(np.searchsorted(ordered, -np.inf, side="right"))
    return first, int(np.searchsorted(ordered, np.inf, side="left"))


def js_bins(n_values: int, usual_rows: int | None) -> int:
    """Return how many JS bins a column gets: 20 rows a bin are expected at the usual number."""
    rows = usual_rows if usual_rows is not None else min(n_values, USUAL_ROWS)
    return int(np.clip(rows // JS_ROWS_PER_BIN, 2, JS_BINS))


def fit_ordered(
    ordered: FloatArray,
    *,
    n_js: int,
    include: Sequence[float] = (),
    grid_size: int = GRID_SIZE,
    is_time: bool = False,
) -> tuple[NumericBinning, IntArray, int]:
    """Return the binning that finite, ascending values define.

    With it come their counts over its cells, and how many distinct ones there are.

    Raises
    ------
    NoDataError
        If there are none.
    """
    if not len(ordered):
        raise NoDataError("Found no finite value to place bins by, expected at least one.")
    differs = ordered[1:] != ordered[:-1]
    n_distinct = int(np.count_nonzero(differs)) + 1
    exact = n_distinct <= grid_size
    if exact:
        ranks = np.flatnonzero(np.concatenate(([True], differs)))
    else:
        # Order statistics, not interpolations: a tied value keeps its atom.
        ranks = np.linspace(0, len(ordered) - 1, grid_size).round().astype(np.int64)
    points = ordered[ranks]

    def count(grid: FloatArray) -> IntArray:
        # Nearly all of the grid are these points, whose places need not be looked for.
        place = np.minimum(np.searchsorted(points, grid), len(points) - 1)
        return _cells_from(ordered, grid, _count_below_from(ordered, grid, ranks[place]))

    binning, cells = ruler(
        points,
        exact=exact,
        psi_edges=_quantiles(ordered, PSI_BINS),
        js_edges=_quantiles(ordered, n_js),
        count=count,
        include=include,
        is_time=is_time,
    )
    return binning, cells, n_distinct


def ruler(  # all by keyword: what a ruler is made of
    points: FloatArray,
    *,
    exact: bool,
    psi_edges: FloatArray,
    js_edges: FloatArray,
    count: Callable[[FloatArray], IntArray],
    include: Sequence[float] = (),
    is_time: bool = False,
) -> tuple[NumericBinning, IntArray]:
    """Return the binning over ``points`` and edges, and the baseline's counts over its cells.

    Parameters
    ----------
    points
        Finite baseline values.
    exact
        Whether they are all distinct ones.
    psi_edges, js_edges
        Quantiles of the finite baseline values, from the smallest to the largest.
    count
        Returns the finite baseline values in each cell of a grid, as `count_cells` does.
    include
        Further points that the grid must hold.
    is_time
        Whether they are dates or times, in seconds.
    """
    few = exact and len(points) <= FEW_VALUES
    extra = [np.asarray(include, dtype=np.float64)]
    if not few:
        extra += [psi_edges, js_edges]
    # Adding 0.0 turns a negative zero into a positive one, so that ids agree.
    grid = distinct(np.concatenate([points, *extra])) + 0.0
    cells = count(grid)
    if few:
        psi_starts = js_starts = _starts_by_value(grid, points)
    else:
        psi_starts = _merge_empty(_starts_by_quantile(grid, psi_edges), cells)
        low, high = _index(grid, psi_edges[[0, -1]])
        inner = _starts_by_quantile(grid, js_edges)
        inner = inner[(inner > 2 * low + 1) & (inner < 2 * high + 2)]
        inside = _merge_empty(np.concatenate(([2 * low + 1], inner)), cells[: 2 * high + 2])
        js_starts = np.concatenate(([0], inside, [2 * high + 2]))
    return NumericBinning(grid, exact, psi_starts, js_starts, is_time), cells


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the distinct values, ascending; without NaN.

    Examples
    --------
    >>> distinct(np.array([2, 1, 2])).tolist()
    [1, 2]
    """
    # Not np.unique, which imports numpy's masked arrays: a start-up cost on small data.
    ordered = np.sort(values)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]]


def count_cells(ordered: FloatArray, grid: FloatArray) -> IntArray:
    """Return how many of ``ordered`` (ascending, no NaN) fall in each cell of ``grid``.

    Shape ``(2 len(grid) + 1,)``: below the first point, on it, between it and
    the second, and so on, above the last.
    """
    return _cells_from(ordered, grid, _count_below(ordered, grid))


def _cells_from(ordered: FloatArray, grid: FloatArray, below: IntArray) -> IntArray:
    """Return the counts of `count_cells`, given how many of ``ordered`` lie below each point."""
    at_most = below.copy()
    if len(ordered):
        last = len(ordered) - 1
        at_most += (below <= last) & (ordered[np.minimum(below, last)] == grid)
        # Few points hold more than one value: only for those is the end looked for.
        again = (at_most > below) & (at_most <= last)
        again &= ordered[np.minimum(at_most, last)] == grid
        tied = np.flatnonzero(again)
        at_most[tied] = np.searchsorted(ordered, grid[tied], side="right")
    cumulative = np.empty(2 * len(grid) + 2, dtype=np.int64)
    cumulative[0] = 0
    cumulative[1:-1:2] = below
    cumulative[2:-1:2] = at_most
    cumulative[-1] = len(ordered)
    return np.diff(cumulative)


_STEP: Final = 64
_MANY_POINTS: Final = 1_024


def _count_below(ordered: FloatArray, points: FloatArray) -> IntArray:
    """Return how many of ``ordered`` lie below each of ``points``, both ascending.

    It is ``np.searchsorted``, whose every step misses the processor's cache in a large
    array; here every 64th value is searched first, and then all points step together.
    """
    if len(points) < _MANY_POINTS or len(ordered) < _MANY_POINTS * _STEP:
        return np.searchsorted(ordered, points).astype(np.int64, copy=False)
    coarse = ordered[_STEP - 1 :: _STEP].copy()
    below = np.searchsorted(coarse, points).astype(np.int64, copy=False) * _STEP
    step = _STEP
    while step > 1:
        step //= 2
        probe = np.minimum(below + (step - 1), len(ordered) - 1)
        below += step * (ordered[probe] < points)
    return np.minimum(below, len(ordered))


def _count_below_from(ordered: FloatArray, points: FloatArray, guess: IntArray) -> IntArray:
    """Return what `_count_below` does, given a position for each point that is mostly right."""
    value_there = ordered[guess] == points
    is_first = (guess == 0) | (ordered[guess - 1] < points)
    below = guess.copy()
    wrong = np.flatnonzero(~(value_there & is_first))
    below[wrong] = _count_below(ordered, points[wrong])
    return below


def binning_to_dict(binning: Binning) -> dict[str, Any]:
    """Return plain arrays and lists from which `binning_from_dict` makes the same binning."""
    if isinstance(binning, NumericBinning):
        return {
            "kind": "numeric",
            "grid": binning.grid,
            "exact": binning.exact,
            "psi_starts": binning.psi_starts,
            "js_starts": binning.js_starts,
            "is_time": binning.is_time,
        }
    return {
        "kind": "categorical",
        "categories": list(binning.categories),
        "pooled": None if binning.pooled is None else sorted(binning.pooled),
        "origin": binning.origin,
        "n_rows": binning.n_rows,
    }


def binning_from_dict(parts: Mapping[str, Any]) -> Binning:
    """Return the binning that `binning_to_dict` took apart."""
    if parts["kind"] == "numeric":
        return NumericBinning(
            np.asarray(parts["grid"], dtype=np.float64),
            bool(parts["exact"]),
            np.asarray(parts["psi_starts"], dtype=np.int64),
            np.asarray(parts["js_starts"], dtype=np.int64),
            bool(parts["is_time"]),
        )
    pooled = None if parts["pooled"] is None else frozenset(parts["pooled"])
    return CategoricalBinning(
        tuple(parts["categories"]), pooled, parts["origin"], parts.get("n_rows")
    )


def quantile_ranks(n_values: int, n_bins: int) -> tuple[IntArray, FloatArray]:
    """Return where the ``n_bins + 1`` edges of equal shares lie among ``n_values`` in order.

    Each is the position of its lower neighbour, and its share of the way to the next.
    """
    where = np.linspace(0.0, 1.0, n_bins + 1) * (n_values - 1)
    ranks = where.astype(np.int64)
    return ranks, where - ranks


def interpolated(low: FloatArray, high: FloatArray, share: FloatArray) -> FloatArray:
    """Return the edges between lower and upper neighbours, numpy ``linear``."""
    with np.errstate(over="ignore", invalid="ignore"):
        gap = high - low
        # From the nearer neighbour, as numpy does, so that the edges agree to the last bit.
        edges = np.where(share < 0.5, low + gap * share, high - gap * (1.0 - share))
    # Between huge values of opposite sign the gap overflows: take the neighbour itself.
    return np.where(np.isfinite(edges), edges, low)


def _quantiles(ordered: FloatArray, n_bins: int) -> FloatArray:
    """Return the ``n_bins + 1`` edges of equal baseline shares, numpy ``linear``.

    ``np.quantile`` would look for the order statistics anew. Here the values
    are in order, and only the neighbours of each edge are looked at.
    """
    ranks, share = quantile_ranks(len(ordered), n_bins)
    return interpolated(ordered[ranks], ordered[np.minimum(ranks + 1, len(ordered) - 1)], share)


def _index(grid: FloatArray, values: FloatArray) -> IntArray:
    return np.searchsorted(grid, values).astype(np.int64)


def _starts_by_value(grid: FloatArray, values: FloatArray) -> IntArray:
    """Return bins that hold one value each, with gaps, below and above in between."""
    at = 2 * _index(grid, values) + 1
    return distinct(np.concatenate(([0], at, at + 1)))


def _starts_by_quantile(grid: FloatArray, edges: FloatArray) -> IntArray:
    """Return open-ended bins ``(a, b]``; an edge that repeats is a bin of its own."""
    values = distinct(edges)
    repeats = np.searchsorted(edges, values, side="right") - np.searchsorted(edges, values)
    at = 2 * _index(grid, values) + 1
    inner = (values > edges[0]) & (values < edges[-1])
    alone = repeats > 1
    return distinct(np.concatenate(([0], at[alone], at[inner | alone] + 1)))


def _merge_empty(starts: IntArray, cells: IntArray) -> IntArray:
    """Return ``starts`` without bins in which the baseline has no value.

    Empty bins join the next one that is not; but the one before, if that
    leaves a value its own bin.
    """
    filled = np.flatnonzero(np.add.reduceat(cells, starts)).tolist()
    # A bin of one odd cell is a single value.
    alone = (np.diff(starts, append=len(cells)) == 1) & (starts % 2 == 1)
    later = [
        right if alone[right] and not alone[left] else left + 1 for left, right in pairwise(filled)
    ]
    return starts[[0, *later]]


def _edge(value: float, other: float | None = None) -> str:
    """Return an edge in six digits, or as many as tell it from the bin's other edge."""
    for digits in range(6, 17):
        text = f"{value:.{digits}g}"
        if other is None or text != f"{other:.{digits}g}":
            return text
    return repr(value)
