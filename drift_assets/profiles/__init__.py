"""What columns looked like, as counts over a frozen ruler."""

from drift_assets.profiles.binning import Binning, CategoricalBinning, NumericBinning
from drift_assets.profiles.categorical import CategoricalProfile
from drift_assets.profiles.column_days import ColumnDays
from drift_assets.profiles.dataset import (
    COMPARABLE_SINCE,
    METHOD_VERSION,
    Baseline,
    DatasetProfile,
    Profile,
    Unprofiled,
)
from drift_assets.profiles.numeric import NumericProfile

__all__ = [
    "COMPARABLE_SINCE",
    "METHOD_VERSION",
    "Baseline",
    "Binning",
    "CategoricalBinning",
    "CategoricalProfile",
    "ColumnDays",
    "DatasetProfile",
    "NumericBinning",
    "NumericProfile",
    "Profile",
    "Unprofiled",
]
