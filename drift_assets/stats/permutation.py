"""Permutation p-value: how often would chance alone move the bins as far?"""

import hashlib
from collections.abc import Callable
from typing import Final

import numpy as np

from drift_assets.profiles.binning import FloatArray, IntArray

MAX_DRAWS: Final = 100_000
DRAWS_AT_A_TIME: Final = 2_000


def permutation_p_value(
    terms: Callable[[FloatArray, FloatArray], FloatArray],
    baseline_counts: IntArray,
    current_counts: IntArray,
    *,
    smallest: float,
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

    Returns
    -------
    float
        In (0, 1]: ``(1 + draws at or beyond the value seen) / (1 + draws)`` [1]_.
        The same counts always give the same answer: the random numbers are
        seeded by them.

    Notes
    -----
    Without drift, all rows are exchangeable: given the pooled counts, the
    current ones are a draw without replacement.

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
        draws = random.multivariate_hypergeometric(
            pooled, m, size=min(DRAWS_AT_A_TIME, n_draws - done), method="marginals"
        )
        values = terms((pooled - draws) / n, draws / m).sum(axis=-1)
        beyond += int(np.count_nonzero(values >= seen))
    return (1 + beyond) / (1 + n_draws)
