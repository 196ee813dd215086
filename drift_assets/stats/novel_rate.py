"""Novel rate: the share of rows with a value that an earlier sample should have shown."""

import math

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
    n_most: int, n_categories: int, n_baseline: int, n_current: int
) -> float:
    """Return a bound on the probability that chance hides so frequent a category.

    Parameters
    ----------
    n_most
        Current rows of the most frequent category that the baseline never had.
    n_categories
        Categories of both sides, any of which might be hidden.
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
    [1]_; it is multiplied by the number of categories.

    References
    ----------
    .. [1] R. A. Fisher, "The logic of inductive inference", Journal of the
       Royal Statistical Society 98 (1935), 39-82.

    Examples
    --------
    >>> round(novel_category_p_value(2, 3, 100, 10), 4)  # 3 * 45 / 5995
    0.0225
    """
    n, m, k = n_baseline, n_current, n_most
    if k == 0:
        return 1.0
    log_p = (
        math.lgamma(m + 1)
        - math.lgamma(m - k + 1)
        + math.lgamma(n + m - k + 1)
        - math.lgamma(n + m + 1)
    )
    return min(n_categories * math.exp(log_p), 1.0)


def _measure(baseline: Profile, current: Profile) -> Measurement:
    if isinstance(baseline, NumericProfile) or isinstance(current, NumericProfile):
        beyond = OUT_OF_RANGE_RATE.measure(baseline, current)
        return Measurement("novel_rate", beyond.value, beyond.p_value, baseline.n, current.n)
    change = novel_rate_change(baseline, current)
    # Compared days may have some of them; the names that are known are those of all rows.
    before = {name for name, _ in baseline.unseen}
    most = max((rows for name, rows in current.unseen if name not in before), default=0)
    categories = len(baseline.binning.known) + len(current.unseen)
    rows = max(baseline.n, baseline.binning.n_rows or 0)
    p_value = novel_category_p_value(most, categories, rows, current.n)
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
