"""Positive-rate change: has the share of scores at or above the decision threshold moved?"""

from drift_assets.profiles import NumericProfile
from drift_assets.stats.statistic import Measurement, sizes
from drift_assets.stats.two_proportions import two_proportions_p_value


def positive_rate(profile: NumericProfile, decision_threshold: float) -> float:
    """Return the share of non-missing scores at or above the decision threshold, in [0, 1].

    Raises
    ------
    BinningMismatchError
        If the threshold is not a point of the profile's grid.
    """
    return profile.n_at_or_above(decision_threshold) / profile.n if profile.n else 0.0


def measure_positive_rate(
    baseline: NumericProfile, current: NumericProfile, *, decision_threshold: float
) -> Measurement:
    """Return the current less the baseline positive rate, in [-1, 1], with its p-value.

    It needs a decision threshold, which two profiles alone do not hold, and
    is therefore not one of `STATISTICS`; the p-value is that of two proportions.
    """
    n, m = sizes(baseline, current)
    positives = [p.n_at_or_above(decision_threshold) for p in (baseline, current)]
    return Measurement(
        "positive_rate",
        positives[1] / m - positives[0] / n,
        two_proportions_p_value(positives[0], n, positives[1], m),
        n,
        m,
    )
