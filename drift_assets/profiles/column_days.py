"""What one column looked like on each of many days: profiles over one ruler, kept sparsely."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from typing import cast

import numpy as np

from drift_assets.errors import EmptyProfileError
from drift_assets.profiles.binning import (
    Binning,
    CategoricalBinning,
    FloatArray,
    IntArray,
    NumericBinning,
)
from drift_assets.profiles.categorical import CategoricalProfile
from drift_assets.profiles.numeric import NumericProfile

Profile = NumericProfile | CategoricalProfile

_MOMENTS = ("mean", "squares", "minimum", "maximum", "below_sum", "above_sum")


@dataclass(frozen=True, eq=False)
class ColumnDays:
    """The profiles of one column, a day each, over one frozen ruler.

    Only cells with rows are held: a day of a thousand rows costs at most a
    thousand of them, however fine the grid.

    Attributes
    ----------
    binning
        The ruler.
    days
        In order, each once.
    starts
        Where the cells of each day begin, and where the last day's end, ``n_days + 1`` numbers.
    cells, counts
        Cells with rows, ascending within a day, and their rows.
    n_missing
        Missing rows of each day.
    infinite
        Rows at -inf and at +inf, shape ``(n_days, 2)``; zeros for categories.
    moments
        Mean, squared distances, minimum, maximum, and sums beyond the grid,
        shape ``(n_days, 6)``; zeros for categories.
    unseen
        Of each day, the most frequent categories that the baseline does not have.
    """

    binning: Binning
    days: tuple[date, ...]
    starts: IntArray
    cells: IntArray
    counts: IntArray
    n_missing: IntArray
    infinite: IntArray
    moments: FloatArray
    unseen: tuple[tuple[tuple[str, int], ...], ...]

    @classmethod
    def of(cls, binning: Binning, profiles: Mapping[date, Profile]) -> "ColumnDays":
        """Return the days of ``profiles``, all of them over ``binning``."""
        days = tuple(sorted(profiles))
        ordered = [profiles[day] for day in days]
        dense = [p.cells if isinstance(p, NumericProfile) else p.counts for p in ordered]
        filled = [np.flatnonzero(counts) for counts in dense]
        nothing = np.empty(0, dtype=np.int64)
        numeric = [p if isinstance(p, NumericProfile) else None for p in ordered]
        return cls(
            binning,
            days,
            np.concatenate(([0], np.cumsum([len(cells) for cells in filled], dtype=np.int64))),
            np.concatenate([nothing, *filled]),
            np.concatenate([nothing, *(c[f] for c, f in zip(dense, filled, strict=True))]),
            np.array([p.n_missing for p in ordered], dtype=np.int64),
            np.array(
                [(p.n_low_infinite, p.n_high_infinite) if p else (0, 0) for p in numeric],
                dtype=np.int64,
            ).reshape(-1, 2),
            np.array(
                [[getattr(p, m) if p else 0.0 for m in _MOMENTS] for p in numeric],
                dtype=np.float64,
            ).reshape(-1, len(_MOMENTS)),
            tuple(p.unseen if isinstance(p, CategoricalProfile) else () for p in ordered),
        )

    @classmethod
    def of_numbers(
        cls,
        binning: NumericBinning,
        days: Sequence[date],
        day: IntArray,
        values: FloatArray,
        n_missing: IntArray,
    ) -> "ColumnDays":
        """Return the days of rows that come in any order.

        Parameters
        ----------
        binning
            The ruler.
        days
            In order, each once.
        day, values
            Of each row that is not missing: the position of its day in ``days``, and its value.
        n_missing
            Missing rows of each day.
        """
        grid = binning.grid
        point = np.searchsorted(grid, values, side="left")
        hit = grid[np.minimum(point, len(grid) - 1)] == values
        n_days = len(days)
        finite = np.isfinite(values)
        moments = np.zeros((n_days, len(_MOMENTS)))
        moments[:, 2:4] = np.nan
        order = np.argsort(day[finite], kind="stable")
        sorted_days, sorted_values = day[finite][order], values[finite][order]
        present, begins = np.unique(sorted_days, return_index=True)
        # Values near 1e308 overflow on purpose: the moments are then infinite and left out.
        with np.errstate(over="ignore", invalid="ignore"):
            for position, part in zip(
                present.tolist(), np.split(sorted_values, begins[1:]), strict=False
            ):
                mean = part.mean()
                below, above = part[part < grid[0]].sum(), part[part > grid[-1]].sum()
                squares = np.square(part - mean).sum()
                moments[position] = (mean, squares, part.min(), part.max(), below, above)
        ends = [np.bincount(day[values == end], minlength=n_days) for end in (-np.inf, np.inf)]
        return cls(
            binning,
            tuple(days),
            *_sparse(day, 2 * point + hit, n_days, binning.n_cells),
            n_missing,
            np.stack(ends, axis=1).astype(np.int64),
            moments,
            ((),) * n_days,
        )

    @classmethod
    def of_categories(
        cls,
        binning: CategoricalBinning,
        days: Sequence[date],
        day: IntArray,
        positions: IntArray,
        n_missing: IntArray,
    ) -> "ColumnDays":
        """Return the days of rows that come in any order, each with the position of its bin."""
        n_days = len(days)
        return cls(
            binning,
            tuple(days),
            *_sparse(day, positions, n_days, binning.n_bins),
            n_missing,
            np.zeros((n_days, 2), dtype=np.int64),
            np.zeros((n_days, len(_MOMENTS))),
            ((),) * n_days,
        )

    @classmethod
    def joined(cls, parts: Sequence["ColumnDays"]) -> "ColumnDays":
        """Return the days of several over one ruler, which come in order and share no day.

        Raises
        ------
        EmptyProfileError
            If there is none.
        """
        if not parts:
            raise EmptyProfileError("Found no day to join, expected at least one.")
        ends = np.cumsum([part.starts[-1] for part in parts[:-1]], dtype=np.int64)
        shifts = zip(parts[1:], ends, strict=True)
        return cls(
            parts[0].binning,
            tuple(day for part in parts for day in part.days),
            np.concatenate([parts[0].starts, *(part.starts[1:] + end for part, end in shifts)]),
            np.concatenate([part.cells for part in parts]),
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.n_missing for part in parts]),
            np.concatenate([part.infinite for part in parts]),
            np.concatenate([part.moments for part in parts]),
            tuple(unseen for part in parts for unseen in part.unseen),
        )

    def __len__(self) -> int:
        return len(self.days)

    @property
    def n_cells(self) -> int:
        """Cells of a dense profile."""
        if isinstance(self.binning, NumericBinning):
            return self.binning.n_cells
        return self.binning.n_bins

    @cached_property
    def n(self) -> IntArray:
        """Non-missing rows of each day."""
        running = np.concatenate(([0], np.cumsum(self.counts)))
        return cast("IntArray", running[self.starts[1:]] - running[self.starts[:-1]])

    @property
    def n_rows(self) -> IntArray:
        """Rows of each day, missing ones included."""
        return cast("IntArray", self.n + self.n_missing)

    def day_slice(self, position: int) -> slice:
        """Return where the cells of one day stand."""
        return slice(int(self.starts[position]), int(self.starts[position + 1]))

    def binned(self, first_cells: IntArray) -> IntArray:
        """Return rows per day and bin, given the cell that each bin starts with."""
        day = np.repeat(np.arange(len(self)), np.diff(self.starts))
        position = np.searchsorted(first_cells, self.cells, side="right") - 1
        n_days, n_bins = len(self), len(first_cells)
        # Weights are added as floats, which count rows exactly up to 2 ** 53.
        table = np.bincount(day * n_bins + position, weights=self.counts, minlength=n_days * n_bins)
        return table.reshape(n_days, n_bins).astype(np.int64)

    @cached_property
    def psi_counts(self) -> IntArray:
        """Rows per day and PSI bin."""
        if isinstance(self.binning, NumericBinning):
            return self.binned(self.binning.psi_starts)
        counts = self.binned(np.arange(self.n_cells))
        for position in np.flatnonzero(counts[:, -1]).tolist():
            counts[position] = self.profile(position).psi_counts
        return counts

    @cached_property
    def js_counts(self) -> IntArray:
        """Rows per day and JS bin."""
        if isinstance(self.binning, NumericBinning):
            return self.binned(self.binning.js_starts)
        return self.psi_counts

    def profile(self, position: int) -> Profile:
        """Return the profile of one day; how many values were distinct is not known any more."""
        part = self.day_slice(position)
        dense = np.zeros(self.n_cells, dtype=np.int64)
        dense[self.cells[part]] = self.counts[part]
        n_missing = int(self.n_missing[position])
        if isinstance(self.binning, NumericBinning):
            low, high = self.infinite[position].tolist()
            mean, squares, minimum, maximum, below_sum, above_sum = self.moments[position].tolist()
            return NumericProfile(
                binning=self.binning,
                cells=dense,
                n_missing=n_missing,
                n_low_infinite=low,
                n_high_infinite=high,
                mean=mean,
                squares=squares,
                minimum=minimum,
                maximum=maximum,
                below_sum=below_sum,
                above_sum=above_sum,
                n_distinct=None,
            )
        return CategoricalProfile(self.binning, dense, n_missing, self.unseen[position], None)

    def total(self, positions: Iterable[int]) -> Profile:
        """Return the profile of several days together.

        Raises
        ------
        EmptyProfileError
            If no day is given.
        """
        profiles = [self.profile(position) for position in positions]
        if not profiles:
            raise EmptyProfileError("Found no day to add up, expected at least one.")
        return reduce(lambda mine, theirs: mine + theirs, profiles)  # type: ignore[operator]  # one ruler, one kind


def _sparse(
    day: IntArray, cell: IntArray, n_days: int, n_cells: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Return where each day's cells begin, the cells with rows, and their rows."""
    keys, counts = np.unique(day * n_cells + cell, return_counts=True)
    starts = np.searchsorted(keys, np.arange(n_days + 1) * n_cells).astype(np.int64)
    return starts, (keys % n_cells).astype(np.int64), counts.astype(np.int64)
