"""The statistics, in the order in which tables and reports show them."""

from typing import Final

from drift_assets.stats.chi_squared import CHI_SQUARED
from drift_assets.stats.jensen_shannon import JS
from drift_assets.stats.kolmogorov_smirnov import KS
from drift_assets.stats.missing_rate import MISSING_RATE
from drift_assets.stats.psi import PSI
from drift_assets.stats.statistic import Measurement, Statistic
from drift_assets.stats.total_variation import TOTAL_VARIATION
from drift_assets.stats.wasserstein import WASSERSTEIN

STATISTICS: Final[tuple[Statistic, ...]] = (
    PSI,
    KS,
    CHI_SQUARED,
    JS,
    MISSING_RATE,
    WASSERSTEIN,
    TOTAL_VARIATION,
)

__all__ = [
    "CHI_SQUARED",
    "JS",
    "KS",
    "MISSING_RATE",
    "PSI",
    "STATISTICS",
    "TOTAL_VARIATION",
    "WASSERSTEIN",
    "Measurement",
    "Statistic",
]
