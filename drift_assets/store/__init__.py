"""The history of all measurements: one DuckDB file or a server, one door, and a SQL contract."""

from drift_assets.store.history import History, LastEvaluation, open_history
from drift_assets.store.outbox import Alert, AlertState, NewAlert
from drift_assets.store.query import QueryResult
from drift_assets.store.tables import InputFile
from drift_assets.store.trends import JudgedTrends

__all__ = [
    "Alert",
    "AlertState",
    "History",
    "InputFile",
    "JudgedTrends",
    "LastEvaluation",
    "NewAlert",
    "QueryResult",
    "open_history",
]
