"""The code location of a checkout: every monitor declared below ``defs``."""

import warnings
from pathlib import Path

import dagster as dg

from drift_assets.processor import prefer_fast_sort, spare_blas_threads

prefer_fast_sort()
spare_blas_threads()


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of all monitors, run in one process each."""
    # It loads numpy, which is told of the processor above.
    from drift_assets.orchestration.defs_folder import load_defs_folder  # noqa: PLC0415

    # Dagster 1.13 warns of a parameter that it sets itself where it resolves any asset check.
    warnings.filterwarnings("ignore", "Parameter `execution_type`", dg.BetaWarning)
    monitors = load_defs_folder(Path(__file__).parent)
    return dg.Definitions.merge(monitors, dg.Definitions(executor=dg.in_process_executor))
