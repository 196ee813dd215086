"""Learned thresholds whose days can be counted in the head."""

from collections.abc import Mapping
from datetime import date

from drift_assets.learned import LearnedThreshold, LearnedThresholds

DAY = date(2026, 1, 1)


def taught(columns: Mapping[str, tuple[LearnedThreshold, ...]]) -> LearnedThresholds:
    """Return what 199 days teach whose largest results are 1 to 199.

    Of further days 0.01 exceed 198, 0.05 exceed 190, 0.2 exceed 160 and half exceed 100.
    """
    return LearnedThresholds(
        false_alarms=0.01,
        reachable=0.005,
        fitted=False,
        n_days=199,
        first_day=DAY,
        last_day=DAY,
        apart=0,
        limit=198.0,
        limit_low=198.0,
        limit_high=198.0,
        columns=columns,
        largest=tuple(float(n) for n in range(1, 200)),
    )
