"""Counts per bin turned into shares: the step that every binned statistic begins with."""

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.errors import BinningMismatchError, EmptyProfileError
from drift_assets.profiles.binning import FloatArray


def bin_shares(
    baseline_counts: ArrayLike, current_counts: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return the share of rows per bin on both sides, each of shape ``(n_bins,)``.

    Raises
    ------
    BinningMismatchError
        If the counts are not one-dimensional and of the same length.
    EmptyProfileError
        If either side has no rows, or a count is negative or not finite.

    Examples
    --------
    >>> [shares.tolist() for shares in bin_shares([1, 3], [2, 2])]
    [[0.25, 0.75], [0.5, 0.5]]
    """
    p = np.asarray(baseline_counts, dtype=np.float64)
    q = np.asarray(current_counts, dtype=np.float64)
    if p.ndim != 1 or p.shape != q.shape:
        raise BinningMismatchError(
            f"Found counts of shape {p.shape} and {q.shape}, expected the same bins on both sides."
        )
    for side, counts in (("baseline", p), ("current", q)):
        if not np.isfinite(counts).all() or (counts < 0).any():
            raise EmptyProfileError(
                f"Found a negative or undefined {side} count, expected rows per bin."
            )
        if not counts.sum() > 0:
            raise EmptyProfileError(f"Found no rows on the {side} side, expected at least one.")
    return p / p.sum(), q / q.sum()
