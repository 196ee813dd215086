"""The history of all measurements: one DuckDB file, one door to it, and its SQL contract."""

from drift_assets.store.history import History, LastEvaluation
from drift_assets.store.outbox import Alert, AlertState, NewAlert
from drift_assets.store.query import QueryResult
from drift_assets.store.tables import InputFile

__all__ = [
    "Alert",
    "AlertState",
    "History",
    "InputFile",
    "LastEvaluation",
    "NewAlert",
    "QueryResult",
]
