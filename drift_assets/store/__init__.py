"""The history of all measurements: one DuckDB file or a server, one door, and a SQL contract."""

from drift_assets.store.actions import ActionState, KeptAction, NewAction
from drift_assets.store.deliveries import Delivery, Due, Plan, Trouble, Wait
from drift_assets.store.history import Ask, History, LastEvaluation, open_history
from drift_assets.store.outbox import Alert, AlertState, Episode, NewAlert, Outbox
from drift_assets.store.query import QueryResult
from drift_assets.store.tables import InputFile
from drift_assets.store.trends import JudgedTrends

__all__ = [
    "ActionState",
    "Alert",
    "AlertState",
    "Ask",
    "Delivery",
    "Due",
    "Episode",
    "History",
    "InputFile",
    "JudgedTrends",
    "KeptAction",
    "LastEvaluation",
    "NewAction",
    "NewAlert",
    "Outbox",
    "Plan",
    "QueryResult",
    "Trouble",
    "Wait",
    "open_history",
]
