"""Missing-rate change: has the share of missing rows moved?"""

from drift_assets.errors import EmptyProfileError
from drift_assets.profiles import Profile
from drift_assets.stats.statistic import Measurement, Statistic
from drift_assets.stats.two_proportions import two_proportions_p_value


def missing_rate_change(baseline: Profile, current: Profile) -> float:
    """Return the current less the baseline share of missing rows, in [-1, 1].

    Raises
    ------
    EmptyProfileError
        If either side has no rows at all.

    Examples
    --------
    >>> import numpy as np
    >>> from drift_assets.profiles import NumericBinning, NumericProfile
    >>> before, now = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, np.nan, 3.0, np.nan])
    >>> ruler = NumericBinning.fit(before)
    >>> missing_rate_change(NumericProfile.of(before, ruler), NumericProfile.of(now, ruler))
    0.5
    """
    if not baseline.n_rows or not current.n_rows:
        raise EmptyProfileError("Found a side without rows, expected at least one row on each.")
    return current.n_missing / current.n_rows - baseline.n_missing / baseline.n_rows


def _measure(baseline: Profile, current: Profile) -> Measurement:
    change = missing_rate_change(baseline, current)
    p_value = two_proportions_p_value(
        baseline.n_missing, baseline.n_rows, current.n_missing, current.n_rows
    )
    return Measurement("missing_rate", change, p_value, baseline.n_rows, current.n_rows)


MISSING_RATE = Statistic(
    name="missing_rate",
    label="missing-rate change",
    unit="share",
    low=-1.0,
    high=1.0,
    kinds=frozenset({"numeric", "categorical"}),
    has_p_value=True,
    null="two proportions: pooled z-test, Fisher's exact test where few rows are expected",
    reference="R. A. Fisher, Journal of the Royal Statistical Society 98 (1935), 39-82",
    measure=_measure,
    error="none",
)
