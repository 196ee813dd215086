"""Test of two proportions: has the share of some kind of row changed?"""

import math
from typing import Final

import numpy as np

from drift_assets.profiles.binning import FloatArray, IntArray

SMALL_EXPECTED: Final = 10.0
"""Under this many expected rows in a cell the normal limit is too eager: Fisher's test decides."""


def two_proportions_p_value(hits_1: int, rows_1: int, hits_2: int, rows_2: int) -> float:
    """Return the two-sided p-value that two shares are equal.

    Parameters
    ----------
    hits_1, hits_2
        Rows of the kind in question, on each side.
    rows_1, rows_2
        All rows on each side.

    Returns
    -------
    float
        In [0, 1]; 1 if neither side, or every row of both, is of that kind.
        Fisher's exact test [1]_ if any expected count is under 10, else the
        pooled z-test.

    References
    ----------
    .. [1] R. A. Fisher, "The logic of inductive inference", Journal of the
       Royal Statistical Society 98 (1935), 39-82.

    Examples
    --------
    >>> round(two_proportions_p_value(3, 10, 0, 10), 4)
    0.2105
    >>> round(two_proportions_p_value(300, 1000, 250, 1000), 4)
    0.0123
    """
    hits, rows = hits_1 + hits_2, rows_1 + rows_2
    if not rows_1 or not rows_2 or hits in {0, rows}:
        return 1.0
    if min(hits, rows - hits) * min(rows_1, rows_2) < SMALL_EXPECTED * rows:
        return _fisher_p_value(hits_1, rows_1, hits, rows)
    pooled = hits / rows
    spread = math.sqrt(pooled * (1 - pooled) * (1 / rows_1 + 1 / rows_2))
    z = (hits_2 / rows_2 - hits_1 / rows_1) / spread
    return math.erfc(abs(z) / math.sqrt(2))


def _fisher_p_value(hits_1: int, rows_1: int, hits: int, rows: int) -> float:
    """Return the probability, the margins fixed, of all tables no likelier than the one seen."""
    # Loaded on use: most days have columns without a missing value on either side.
    from scipy.special import gammaln  # noqa: PLC0415

    def log_choose(n: int, k: IntArray) -> FloatArray:
        return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))

    x = np.arange(max(0, hits - (rows - rows_1)), min(hits, rows_1) + 1)
    log_p = (
        log_choose(rows_1, x)
        + log_choose(rows - rows_1, hits - x)
        - log_choose(rows, np.asarray(hits))
    )
    seen = log_p[x == hits_1]
    # The tolerance counts equally likely tables that differ by rounding.
    return float(min(np.exp(log_p[log_p <= seen + 1e-7]).sum(), 1.0))
