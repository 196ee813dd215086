"""Novel rate: the share of rows with a value that an earlier sample should have shown."""

import math
from collections.abc import Iterable
from typing import Final

from drift_assets.profiles import CategoricalProfile, NumericProfile, Profile
from drift_assets.profiles.binning import CATEGORY_MIN_ROWS
from drift_assets.stats.out_of_range_rate import OUT_OF_RANGE_RATE
from drift_assets.stats.statistic import Measurement, Statistic, sizes

BY_CHANCE: Final = 0.01
"""Bound below which chance does not hide a category that a day has."""


def novel_rate_change(baseline: CategoricalProfile, current: CategoricalProfile) -> float:
    """Return the current less the baseline share of rows in novel categories, in [-1, 1].

    Novel is a category that the baseline never had, and that it would not have
    overlooked: what counts as ``unseen`` for PSI; and of what counts as
    ``other``, a category so frequent that chance hides one with a
    probability below 0.01, by the bound of `novel_category_p_value`.

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
    now = int(current.psi_counts[-1])
    if current.n_overlooked:
        new = _new(baseline, current)
        overlooked = [k for k in new if current.binning.may_miss(k, m)]
        # Each of as many rows has the same bound, and more rows have a smaller one.
        for k in sorted(set(overlooked), reverse=True):
            if _bound(k, baseline, current) >= BY_CHANCE:
                break
            now += k * overlooked.count(k)
    return now / m - int(baseline.psi_counts[-1]) / n


def novel_category_p_value(
    n_most: int,
    named: Iterable[int],
    unnamed: Iterable[tuple[int, int]],
    n_baseline: int,
    n_current: int,
) -> float:
    """Return a bound on the probability that chance hides so frequent a category.

    Parameters
    ----------
    n_most
        Current rows of the most frequent category that the baseline never had.
    named
        Rows of each category whose rows are counted apart, both sides together.
    unnamed
        Groups of categories that are counted together: rows on both sides, and of
        how many categories they are at most.
    n_baseline, n_current
        Rows on each side.

    Returns
    -------
    float
        In [0, 1]. Without drift never too small.

    Notes
    -----
    That all k rows of one category are among the M current ones, and none
    among the N of the baseline, has the probability ``h(k) = C(M, k) / C(N + M, k)``
    [1]_. It is summed over the categories of at least ``n_most`` rows, any of
    which chance might have hidden. Of a group only the sum of the rows is known:
    h falls and is convex, so its sum is largest if as many categories as
    possible have exactly ``n_most`` rows and the last one all that are left.

    References
    ----------
    .. [1] R. A. Fisher, "The logic of inductive inference", Journal of the
       Royal Statistical Society 98 (1935), 39-82.

    Examples
    --------
    >>> round(novel_category_p_value(2, [60, 45], [(5, 5)], 100, 10), 4)  # 2 * 45 / 5995
    0.015
    >>> round(novel_category_p_value(2, [], [(5, 1)], 100, 10) * math.comb(110, 5), 6)
    252.0
    """
    n, m, k = n_baseline, n_current, n_most
    if k == 0:
        return 1.0
    at_most = _hidden(k, n, m)
    total = sum(_hidden(size, n, m) for size in named if size >= k)
    for rows, categories in unnamed:
        if rows < k * categories:
            total += rows // k * at_most
        elif categories:
            total += (categories - 1) * at_most + _hidden(rows - (categories - 1) * k, n, m)
    return min(total, 1.0)


def _hidden(k: int, n: int, m: int) -> float:
    """Return ``C(m, k) / C(n + m, k)``, 0 for more than m."""
    return math.exp(_log_hidden(k, n, m)) if k <= m else 0.0


def _new(baseline: CategoricalProfile, current: CategoricalProfile) -> list[int]:
    """Return the current rows of each category known by name that no earlier row has."""
    # Compared days may have some of them; the names that are known are those of all rows.
    before = {name for name, _ in baseline.unseen}
    return [rows for name, rows in current.unseen if name not in before]


def _bound(n_most: int, baseline: CategoricalProfile, current: CategoricalProfile) -> float:
    """Return the bound for a category of so many current rows that the baseline never had."""
    ruler, k = baseline.binning, n_most
    n_named, n_pooled = len(ruler.categories), len(ruler.pooled or ())
    counts = baseline.counts
    named_before = sum(rows for _, rows in baseline.unseen)
    if baseline.n >= (ruler.n_rows or 0) and named_before == counts[-1]:
        rows = baseline.n
        both = counts + current.counts
        named = both[:n_named].tolist()
        pooled = int(both[n_named:-1].sum())
        new = dict(baseline.unseen)
    else:
        # Of the frozen baseline's own rows no more is known than how few a category has at least
        # that has a bin of its own. Compared days with more rows may not name all that they have.
        rows = ruler.n_rows or 0
        least = min(CATEGORY_MIN_ROWS, math.ceil(rows / 10))
        named = [max(int(count) + least, k) for count in current.counts[:n_named]]
        pooled = k * n_pooled
        new = {}
    for name, count in current.unseen:
        new[name] = new.get(name, 0) + count
    # Too many to be kept by name, or rows of a name that were not kept with it.
    rest = int(current.counts[-1]) - sum(count for _, count in current.unseen)
    if rest:
        rest += sum(count for count in new.values() if count < k)
    return novel_category_p_value(
        k, [*named, *new.values()], [(pooled, n_pooled), (rest, rest)], rows, current.n
    )


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
    most = max(_new(baseline, current), default=0)
    p_value = _bound(most, baseline, current) if most else 1.0
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
    "would not have overlooked: numbers beyond its range; categories that it never had, and that "
    "are `unseen` or so frequent that chance hides one with a probability below 0.01.",
)
