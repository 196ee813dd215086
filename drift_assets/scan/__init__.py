"""Rows into profiles: one module per source of rows; all give the same profiles."""

from drift_assets.scan.files import rows_from_files
from drift_assets.scan.frames import rows_from_frame
from drift_assets.scan.profiling import fit_baseline, profile_rows
from drift_assets.scan.rows import Rows

__all__ = ["Rows", "fit_baseline", "profile_rows", "rows_from_files", "rows_from_frame"]
