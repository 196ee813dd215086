"""Everything that Dagster shows: the monitor of ``defs/``, and the jobs of the model."""

from pathlib import Path

import dagster as dg

from drift_assets import load_defs_folder
from flights.jobs import retrain_model, roll_back_model


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the project."""
    monitors = load_defs_folder(Path(__file__).parent)
    return dg.Definitions.merge(monitors, dg.Definitions(jobs=[retrain_model, roll_back_model]))
