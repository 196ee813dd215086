"""Sources: what holds a monitor's baseline, what holds each of its days, and their rows.

Files here or in an object store, told by a path; or rows of a table or query in a database.
"""

from drift_assets.sources.days import (
    Arrivals,
    arrivals,
    baseline_files,
    current_files,
    fingerprint,
    known_days,
    require_rows,
    undated_rows,
)
from drift_assets.sources.inputs import (
    Input,
    Place,
    PredictionFile,
    StoredObject,
    TableRows,
    described,
    in_order,
    mark_of,
    shown_name,
)
from drift_assets.sources.opening import data_files
from drift_assets.sources.reading import DayData, open_day, read_baseline, read_current
from drift_assets.sources.templates import UNFINISHED

__all__ = [
    "UNFINISHED",
    "Arrivals",
    "DayData",
    "Input",
    "Place",
    "PredictionFile",
    "StoredObject",
    "TableRows",
    "arrivals",
    "baseline_files",
    "current_files",
    "data_files",
    "described",
    "fingerprint",
    "in_order",
    "known_days",
    "mark_of",
    "open_day",
    "read_baseline",
    "read_current",
    "require_rows",
    "shown_name",
    "undated_rows",
]
