"""Novel rate: the share of rows with a value that an earlier sample should have shown."""

import math
from collections.abc import Iterable

from drift_assets.profiles import CategoricalProfile, NumericProfile, Profile
from drift_assets.stats.out_of_range_rate import OUT_OF_RANGE_RATE
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def novel_rate_change(baseline: CategoricalProfile, current: CategoricalProfile) -> float:
    """Return the current less the baseline share of rows in novel categories, in [-1, 1].

    Novel is a category that the baseline never had, and that it would not have
    overlooked: what counts as ``unseen`` for PSI, and not as ``other``.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Examples
    --------
    >>> from drift_assets.profiles import CategoricalBinning, CategoricalProfile
    >>> counts = {"CA": 750, "NY": 245, "VT": 5}
    >>> ruler = CategoricalBinning.fit(counts)
    >>> baseline = CategoricalProfile.of(counts, ruler)
    >>> current = CategoricalProfile.of({"CA": 899, "TX": 100, "RI": 1}, ruler)
    >>> novel_rate_change(baseline, current)  # one row of RI may be as rare as those of VT
    0.1
    """
    n, m = sizes(baseline, current)
    return int(current.psi_counts[-1]) / m - int(baseline.psi_counts[-1]) / n


def novel_category_p_value(
    n_most: int, named: Iterable[int], n_unnamed: int, n_baseline: int, n_current: int
) -> float:
    """Return a bound on the probability that chance hides so frequent a category.

    Parameters
    ----------
    n_most
        Current rows of the most frequent category that the baseline never had.
    named
        Rows of each category whose rows are counted apart, both sides together.
    n_unnamed
        Rows of all other categories, both sides together; the new ones among them.
    n_baseline, n_current
        Rows on each side.

    Returns
    -------
    float
        In [0, 1]. Without drift never too small.

    Notes
    -----
    That all k rows of one category are among the M current ones, and none
    among the N of the baseline, has the probability ``C(M, k) / C(N + M, k)``
    [1]_. It is summed over the categories of at least ``n_most`` rows, any of
    which chance might have hidden. Of the unnamed, ``n_unnamed / n_most`` are
    so frequent at most, and none is hidden more easily than one of ``n_most``.

    References
    ----------
    .. [1] R. A. Fisher, "The logic of inductive inference", Journal of the
       Royal Statistical Society 98 (1935), 39-82.

    Examples
    --------
    >>> round(novel_category_p_value(2, [60, 45], 5, 100, 10), 4)  # 2 * 45 / 5995
    0.015
    """
    n, m, k = n_baseline, n_current, n_most
    if k == 0:
        return 1.0
    unnamed = n_unnamed // k * math.exp(_log_hidden(k, n, m))
    of_each = (math.exp(_log_hidden(size, n, m)) for size in named if k <= size <= m)
    return min(unnamed + sum(of_each), 1.0)


def _log_hidden(k: int, n: int, m: int) -> float:
    """Return the logarithm of ``C(m, k) / C(n + m, k)``, k at most m."""
    return (
        math.lgamma(m + 1)
        - math.lgamma(m - k + 1)
        + math.lgamma(n + m - k + 1)
        - math.lgamma(n + m + 1)
    )


def _measure(baseline: Profile, current: Profile) -> Measurement:
    if isinstance(baseline, NumericProfile) or isinstance(current, NumericProfile):
        beyond = OUT_OF_RANGE_RATE.measure(baseline, current)
        return Measurement("novel_rate", beyond.value, beyond.p_value, baseline.n, current.n)
    change = novel_rate_change(baseline, current)
    # Compared days may have some of them; the names that are known are those of all rows.
    before = {name for name, _ in baseline.unseen}
    most = max((rows for name, rows in current.unseen if name not in before), default=0)
    counts, n_named = baseline.counts + current.counts, len(baseline.binning.categories)
    named, unnamed = counts[:n_named].tolist(), int(counts[n_named:].sum())
    rows = max(baseline.n, baseline.binning.n_rows or 0)
    p_value = novel_category_p_value(most, named, unnamed, rows, current.n)
    return Measurement("novel_rate", change, p_value, baseline.n, current.n)


NOVEL_RATE = Statistic(
    name="novel_rate",
    label="novel-rate change",
    unit="share",
    low=-1.0,
    high=1.0,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=True,
    null="numbers: that of out_of_range_rate; categories: all rows of one fall on the current side",
    reference="S. S. Wilks, Annals of Mathematical Statistics 13 (1942), 400-409; "
    "R. A. Fisher, Journal of the Royal Statistical Society 98 (1935), 39-82",
    measure=_measure,
    error="none",
    definition="Change of the share of rows with a value that the baseline does not have and "
    "would not have overlooked: numbers beyond its range, categories that it never had.",
)
