"""Permutation p-value: how often would chance alone move the bins as far?"""

import hashlib
from collections.abc import Callable
from typing import Final

import numpy as np

from drift_assets.profiles.binning import FloatArray, IntArray

MAX_DRAWS: Final = 100_000
DRAWS_AT_A_TIME: Final = 2_000
MANY: Final = 1_000_000_000
"""Pooled rows from which on numpy does not draw without replacement."""
FEW: Final = 0.01
"""Share of the pooled rows below which drawing with replacement makes no difference."""


def permutation_p_value(
    terms: Callable[[FloatArray, FloatArray], FloatArray],
    baseline_counts: IntArray,
    current_counts: IntArray,
    *,
    smallest: float,
    enough: float = 1.0,
) -> float:
    """Return the p-value of a sum over bins under its exact null, simulated.

    Parameters
    ----------
    terms
        Takes baseline and current shares and returns, element by element, what
        each bin adds to the statistic: `psi_terms` or `js_terms`.
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``.
    smallest
        How small a p-value must be able to come out; it sets the number of
        draws, ``5 / smallest``, at least 999 and at most 100,000.
    enough
        A p-value that is sure to exceed this needs no exact answer: what comes
        back then exceeds it too, but may be less than all draws would give.

    Returns
    -------
    float
        In (0, 1]: ``(1 + draws at or beyond the value seen) / (1 + draws)`` [1]_.
        The same counts always give the same answer: the random numbers are
        seeded by them.

    Notes
    -----
    Without drift, all rows are exchangeable: given the pooled counts, the
    current ones are a draw without replacement. From 10^9 rows on it is made
    with replacement if the current rows are under 1 % of all. If not, each
    row falls on the current side by itself, and what their number then
    differs from the true one is taken back from all bins in proportion: the
    means and covariances are those of the draw without replacement.

    References
    ----------
    .. [1] B. Phipson, G. K. Smyth, "Permutation p-values should never be
       zero", Statistical Applications in Genetics and Molecular Biology 9 (2010), 39.
    """
    pooled = baseline_counts + current_counts
    seed = hashlib.sha256(baseline_counts.tobytes() + b"/" + current_counts.tobytes()).digest()
    random = np.random.default_rng(int.from_bytes(seed[:8], "big"))
    n_draws = int(np.clip(np.ceil(5.0 / smallest), 999, MAX_DRAWS))
    n, m = int(baseline_counts.sum()), int(current_counts.sum())
    seen = float(terms(baseline_counts / n, current_counts / m).sum())
    # The tolerance counts draws that equal the value seen up to rounding.
    seen -= 1e-12 * max(abs(seen), 1.0)
    beyond = 0
    for done in range(0, n_draws, DRAWS_AT_A_TIME):
        draws = _draws(random, pooled, m, min(DRAWS_AT_A_TIME, n_draws - done))
        values = terms((pooled - draws) / n, draws / m).sum(axis=-1)
        beyond += int(np.count_nonzero(values >= seen))
        if (1 + beyond) / (1 + n_draws) > enough:
            break
    return (1 + beyond) / (1 + n_draws)


# The type is a text: numpy loads its random numbers on use, and few comparisons need any.
def _draws(random: "np.random.Generator", pooled: IntArray, m: int, size: int) -> IntArray:
    """Return ``size`` draws of ``m`` rows from the pooled ones, shape ``(size, n_bins)``."""
    total = int(pooled.sum())
    if total < MANY:
        return random.multivariate_hypergeometric(pooled, m, size=size, method="marginals")
    shares = pooled / total
    if m < FEW * total:
        draws = random.multinomial(m, shares, size=size)
    else:
        draws = random.binomial(pooled, m / total, size=(size, len(pooled)))
        excess = draws.sum(axis=-1, keepdims=True) - m
        draws -= np.rint(excess * shares).astype(np.int64)
    # No bin gives more than it has.
    return np.clip(draws, 0, pooled)
