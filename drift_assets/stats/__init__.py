"""The statistics, in the order in which tables and reports show them."""

from collections.abc import Mapping
from typing import Final

from drift_assets.stats.anderson_darling import ANDERSON_DARLING
from drift_assets.stats.chi_squared import CHI_SQUARED
from drift_assets.stats.cramer_von_mises import CRAMER_VON_MISES
from drift_assets.stats.cramers_v import CRAMERS_V
from drift_assets.stats.energy_distance import ENERGY_DISTANCE
from drift_assets.stats.hellinger import HELLINGER
from drift_assets.stats.jensen_shannon import JS, JS_DISTANCE
from drift_assets.stats.kolmogorov_smirnov import KS
from drift_assets.stats.kullback_leibler import KL_BASELINE_TO_CURRENT, KL_CURRENT_TO_BASELINE
from drift_assets.stats.l_infinity import L_INFINITY
from drift_assets.stats.location_shift import MEAN_SHIFT, MEDIAN_SHIFT, STD_RATIO
from drift_assets.stats.missing_rate import MISSING_RATE
from drift_assets.stats.novel_rate import NOVEL_RATE
from drift_assets.stats.out_of_range_rate import OUT_OF_RANGE_RATE
from drift_assets.stats.psi import PSI
from drift_assets.stats.statistic import Measurement, Statistic
from drift_assets.stats.total_variation import TOTAL_VARIATION
from drift_assets.stats.unseen_rate import UNSEEN_RATE
from drift_assets.stats.wasserstein import WASSERSTEIN, WASSERSTEIN_RAW

DEFAULT_STATISTICS: Final[tuple[Statistic, ...]] = (
    PSI,
    KS,
    CHI_SQUARED,
    JS,
    MISSING_RATE,
    WASSERSTEIN,
    TOTAL_VARIATION,
)
"""What is measured of every column that is of the right kind."""

STATISTICS: Final[tuple[Statistic, ...]] = (
    *DEFAULT_STATISTICS,
    JS_DISTANCE,
    HELLINGER,
    KL_BASELINE_TO_CURRENT,
    KL_CURRENT_TO_BASELINE,
    L_INFINITY,
    CRAMERS_V,
    WASSERSTEIN_RAW,
    ENERGY_DISTANCE,
    ANDERSON_DARLING,
    CRAMER_VON_MISES,
    MEAN_SHIFT,
    MEDIAN_SHIFT,
    STD_RATIO,
    UNSEEN_RATE,
    OUT_OF_RANGE_RATE,
    NOVEL_RATE,
)
"""All that are known; those beyond the default are measured where a monitor names them."""

LABELS: Final[Mapping[str, str]] = {s.name: s.label for s in STATISTICS} | {
    # It needs a decision threshold, and so is measured of predictions alone.
    "positive_rate": "positive-rate change"
}
"""How people read the name of each measurement."""

__all__ = [
    "ANDERSON_DARLING",
    "CHI_SQUARED",
    "CRAMERS_V",
    "CRAMER_VON_MISES",
    "DEFAULT_STATISTICS",
    "ENERGY_DISTANCE",
    "HELLINGER",
    "JS",
    "JS_DISTANCE",
    "KL_BASELINE_TO_CURRENT",
    "KL_CURRENT_TO_BASELINE",
    "KS",
    "LABELS",
    "L_INFINITY",
    "MEAN_SHIFT",
    "MEDIAN_SHIFT",
    "MISSING_RATE",
    "NOVEL_RATE",
    "OUT_OF_RANGE_RATE",
    "PSI",
    "STATISTICS",
    "STD_RATIO",
    "TOTAL_VARIATION",
    "UNSEEN_RATE",
    "WASSERSTEIN",
    "WASSERSTEIN_RAW",
    "Measurement",
    "Statistic",
]
