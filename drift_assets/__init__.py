"""Drift monitoring for machine-learning models, as Dagster assets and as a library.

The rooms, each of which imports only from those to its left; of those in one pair of
braces, only ``sources`` looks at a neighbour, ``scan``::

    { atomic, errors, figures, processor } < profiles < { comparison, stats }
        < { learned, verdicts } < watch < { alert_settings, data_settings }
        < { action_settings, alert_policy } < monitors
        < { assessment, data_checks, simulation, timeline, trends } < actions
        < { alerts, declarations, report, scan, sources, store }
        < { compare, conformance, dashboard }
        < { demo, detector, orchestration, questions, starter } < cli < { definitions, defs }

Importing this package loads neither Dagster nor DuckDB nor pandas: the names
below are looked up when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from drift_assets.assessment import Assessment, assess
    from drift_assets.detector import DriftDetector
    from drift_assets.monitors import Monitor
    from drift_assets.orchestration.actions import DriftEvent
    from drift_assets.orchestration.component import DriftMonitor, build_definitions
    from drift_assets.orchestration.defs_folder import load_defs_folder
    from drift_assets.questions import read_history
    from drift_assets.scan import fit_baseline, profile_rows, rows_from_files, rows_from_frame
    from drift_assets.store import History

__all__ = [
    "Assessment",
    "DriftDetector",
    "DriftEvent",
    "DriftMonitor",
    "History",
    "Monitor",
    "assess",
    "build_definitions",
    "fit_baseline",
    "load_defs_folder",
    "profile_rows",
    "read_history",
    "rows_from_files",
    "rows_from_frame",
]

__version__: Final = "0.1.0"

_HOMES: Final = {
    "Assessment": "assessment",
    "DriftDetector": "detector",
    "DriftEvent": "orchestration.actions",
    "DriftMonitor": "orchestration.component",
    "History": "store",
    "Monitor": "monitors",
    "assess": "assessment",
    "build_definitions": "orchestration.component",
    "fit_baseline": "scan",
    "load_defs_folder": "orchestration.defs_folder",
    "profile_rows": "scan",
    "read_history": "questions",
    "rows_from_files": "scan",
    "rows_from_frame": "scan",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    """Return a public name, importing the room it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'drift_assets' has no attribute {name!r}")
    value = getattr(import_module(f"drift_assets.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, whether or not they were used yet."""
    return sorted({*globals(), *__all__})
