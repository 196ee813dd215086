"""What columns looked like, as counts over a frozen ruler."""

from drift_assets.profiles.binning import Binning, CategoricalBinning, NumericBinning
from drift_assets.profiles.categorical import CategoricalProfile
from drift_assets.profiles.column_days import ColumnDays
from drift_assets.profiles.dataset import Baseline, DatasetProfile, Profile, Unprofiled
from drift_assets.profiles.numeric import NumericProfile

__all__ = [
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
