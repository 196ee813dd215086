"""Unseen rate: the share of rows whose category the baseline never had."""

from drift_assets.errors import BinningMismatchError
from drift_assets.profiles import CategoricalProfile, Profile
from drift_assets.stats.statistic import Measurement, Statistic, sizes


def unseen_rate_change(baseline: CategoricalProfile, current: CategoricalProfile) -> float:
    """Return the current less the baseline share of rows in unseen categories, in [-1, 1].

    Of the non-missing rows. A frozen baseline has none of its own, so that the
    change is the current rate, 0 or greater.

    Raises
    ------
    BinningMismatchError
        If the profiles were made with different rulers.
    EmptyProfileError
        If either side has no rows.

    Notes
    -----
    A category that occurs once in a long time is unseen when it comes: about
    as many rows as the share of baseline rows that are alone in their
    category [1]_. Hence no p-value: the share expected is not 0.

    References
    ----------
    .. [1] I. J. Good, "The population frequencies of species and the estimation
       of population parameters", Biometrika 40 (1953), 237-264.

    Examples
    --------
    >>> from drift_assets.profiles import CategoricalBinning, CategoricalProfile
    >>> counts = {"CA": 750, "NY": 250}
    >>> ruler = CategoricalBinning.fit(counts)
    >>> baseline = CategoricalProfile.of(counts, ruler)
    >>> current = CategoricalProfile.of({"CA": 90, "TX": 10}, ruler)
    >>> unseen_rate_change(baseline, current)
    0.1
    """
    n, m = sizes(baseline, current)
    return int(current.counts[-1]) / m - int(baseline.counts[-1]) / n


def _measure(baseline: Profile, current: Profile) -> Measurement:
    if not isinstance(baseline, CategoricalProfile) or not isinstance(current, CategoricalProfile):
        raise BinningMismatchError(
            "Found a numeric profile, expected two categorical ones: use out_of_range_rate instead."
        )
    change = unseen_rate_change(baseline, current)
    return Measurement("unseen_rate", change, None, baseline.n, current.n)


UNSEEN_RATE = Statistic(
    name="unseen_rate",
    label="unseen-rate change",
    unit="share",
    low=-1.0,
    high=1.0,
    kinds=frozenset({"categorical"}),
    has_p_value=False,
    null="about the share of baseline rows that are alone in their category",
    reference="I. J. Good, Biometrika 40 (1953), 237-264",
    measure=_measure,
    error="none",
)
