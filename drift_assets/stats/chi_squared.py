"""Chi-squared test of homogeneity: do both samples draw from the same categories?"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from drift_assets.profiles import Profile
from drift_assets.stats.shares import bin_shares
from drift_assets.stats.statistic import Measurement, Statistic, sizes

MIN_EXPECTED: Final = 5.0
"""Bins are pooled until each expects this many rows on either side (W. G. Cochran, 1954)."""


def chi_squared(baseline_counts: ArrayLike, current_counts: ArrayLike) -> tuple[float, int, float]:
    """Return the chi-squared statistic of homogeneity, its degrees of freedom and p-value.

    Parameters
    ----------
    baseline_counts, current_counts
        Rows per bin, shape ``(n_bins,)``, over the *same* bins in the same order.

    Returns
    -------
    statistic : float
        Sum over both rows of the table of ``(observed - expected)^2 / expected``;
        0 when the shares agree, unbounded above.
    degrees_of_freedom : int
        Bins left after pooling, less one.
    p_value : float
        In [0, 1]; 1 when fewer than two bins are left.

    Raises
    ------
    BinningMismatchError
        If the samples do not have the same number of bins.
    EmptyProfileError
        If either sample has no rows.

    Notes
    -----
    Both samples are random here. Testing the current counts against baseline
    shares as if those were known (a goodness-of-fit test) raises false alarms
    on about half of all days when the sides are of equal size. The rarest
    bins are pooled first, until every expected count reaches 5 [1]_.

    References
    ----------
    .. [1] W. G. Cochran, "Some methods for strengthening the common chi-squared
       tests", Biometrics 10 (1954), 417-451.

    Examples
    --------
    >>> statistic, degrees_of_freedom, p_value = chi_squared([30, 70], [50, 50])
    >>> round(statistic, 4), degrees_of_freedom, round(p_value, 4)
    (8.3333, 1, 0.0039)
    """
    bin_shares(baseline_counts, current_counts)
    table = np.array([baseline_counts, current_counts], dtype=np.float64)
    table = _pool_rare(table[:, table.sum(axis=0) > 0])
    if table.shape[1] < 2:
        return 0.0, 0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    # Loaded on use: a report without categories starts a sixth of a second sooner.
    from scipy.special import chdtrc  # noqa: PLC0415

    statistic = float(((table - expected) ** 2 / expected).sum())
    degrees_of_freedom = table.shape[1] - 1
    return statistic, degrees_of_freedom, float(chdtrc(degrees_of_freedom, statistic))


def _pool_rare(table: np.ndarray) -> np.ndarray:
    """Return the table with its rarest columns added up until each expects enough rows."""
    total = table.sum(axis=0)
    # A column expects least on the smaller side; this many rows in total give it enough.
    enough = MIN_EXPECTED * table.sum() / table.sum(axis=1).min()
    order = np.argsort(total, kind="stable")
    table, total = table[:, order], total[order]
    rare = int(np.searchsorted(total, enough, side="left"))
    if not rare:
        return table
    # If the rare ones together are still rare, the next one joins them.
    while rare < len(total) and total[:rare].sum() < enough:
        rare += 1
    return np.column_stack([table[:, :rare].sum(axis=1), table[:, rare:]])


def _measure(baseline: Profile, current: Profile) -> Measurement:
    n, m = sizes(baseline, current)
    statistic, _, p_value = chi_squared(baseline.psi_counts, current.psi_counts)
    return Measurement("chi_squared", statistic, p_value, n, m)


CHI_SQUARED = Statistic(
    name="chi_squared",
    label="chi-squared",
    unit="none",
    low=0.0,
    high=None,
    kinds=frozenset({"categorical"}),
    has_p_value=True,
    null="chi-squared with one degree of freedom less than there are bins after pooling",
    reference="W. G. Cochran, Biometrics 10 (1954), 417-451",
    measure=_measure,
    error="none",
)
