"""What one categorical column looked like: counts over a frozen list of categories."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles.binning import CategoricalBinning, IntArray

UNSEEN_NAMED = 10
"""How many unseen categories are kept by name, so that a report can show them."""


@dataclass(frozen=True, eq=False)
class CategoricalProfile:
    """Counts of one categorical column over a frozen list of categories; profiles add.

    Attributes
    ----------
    binning
        The ruler; profiles over different rulers neither add nor compare.
    counts
        Rows per bin, shape ``(binning.n_bins,)``, with all of what the baseline never
        had in ``unseen``; these add, and `psi_counts` are made of them.
    n_missing
        Rows that were NULL; they are in no bin.
    unseen
        The most frequent categories that the baseline does not have, with
        their rows. At most ten: for showing, not for counting.
    n_distinct
        Distinct categories; None after merging, where it is not known.
    distinct_error
        Relative standard error of ``n_distinct``; 0 where every category was counted.
    """

    binning: CategoricalBinning
    counts: IntArray
    n_missing: int
    unseen: tuple[tuple[str, int], ...]
    n_distinct: int | None
    distinct_error: float = 0.0

    @classmethod
    def of(
        cls,
        counts: Mapping[str, int],
        binning: CategoricalBinning,
        *,
        n_missing: int = 0,
        n_unnamed: int = 0,
        n_distinct: int | None = None,
        distinct_error: float = 0.0,
    ) -> "CategoricalProfile":
        """Return the profile of a column, given how often each category occurs in it.

        Parameters
        ----------
        counts
            Rows per category.
        binning
            The ruler.
        n_missing
            Rows that were NULL.
        n_unnamed
            Rows of categories that are too many to name and that the ruler does not know.
        n_distinct, distinct_error
            How many categories there are, where ``counts`` does not name them all, and
            the relative standard error of that.
        """
        # A category that merely could occur is not in the column.
        counts = {name: int(count) for name, count in counts.items() if count}
        rows = np.zeros(binning.n_bins, dtype=np.int64)
        unseen = {}
        for name, count in counts.items():
            position = binning.position(name)
            rows[position] += count
            if position == binning.n_bins - 1 and binning.knows_unseen:
                unseen[name] = count
        rows[binning.position_of_unknown] += n_unnamed
        if n_distinct is None:
            n_distinct = len(counts)
        named = _most_frequent(unseen)
        return cls(binning, rows, int(n_missing), named, n_distinct, distinct_error)

    def __add__(self, other: "CategoricalProfile") -> "CategoricalProfile":
        """Return the profile of both sets of rows together.

        Raises
        ------
        BinningMismatchError
            If the rulers differ.
        """
        if self.binning.id != other.binning.id:
            raise BinningMismatchError(
                f"Found profiles over the binnings {self.binning.id} and {other.binning.id}, "
                "expected one and the same: profile both columns with the baseline's binning."
            )
        unseen = dict(self.unseen)
        for name, count in other.unseen:
            unseen[name] = unseen.get(name, 0) + count
        return CategoricalProfile(
            self.binning,
            self.counts + other.counts,
            self.n_missing + other.n_missing,
            _most_frequent(unseen),
            None,
        )

    @property
    def n(self) -> int:
        """Non-missing rows."""
        return int(self.counts.sum())

    @property
    def n_rows(self) -> int:
        """All rows, missing ones included."""
        return self.n + self.n_missing

    @property
    def n_overlooked(self) -> int:
        """Rows of categories that the baseline may have overlooked, and that count as ``other``."""
        ruler, unseen = self.binning, int(self.counts[-1])
        if not unseen or not ruler.may_miss(1, self.n):
            return 0
        return unseen - sum(rows for _, rows in self.unseen if not ruler.may_miss(rows, self.n))

    @cached_property
    def psi_counts(self) -> IntArray:
        """Rows per PSI bin: one bin per category, ``other``, ``unseen``."""
        counts = self.counts.copy()
        counts[-1] -= self.n_overlooked
        counts[-2:-1] += self.n_overlooked
        return counts

    @property
    def js_counts(self) -> IntArray:
        """Rows per JS bin: the same bins as PSI's."""
        return self.psi_counts


def _most_frequent(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ranked[:UNSEEN_NAMED])
