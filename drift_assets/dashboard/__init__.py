"""The dashboard: a folder of static pages, made from the published history and nothing else.

`update_dashboard` keeps it up to date, `Served` shows it on this machine. What it draws from
lies in small files of its own, so that only what changed is written and only what is looked at
is read: an index, a head for each monitor, and for each of its months the verdicts of all columns
and the figures of forty at a time.
"""

from drift_assets.dashboard.server import Served
from drift_assets.dashboard.site import FOLDER, Updated, update_dashboard

__all__ = ["FOLDER", "Served", "Updated", "update_dashboard"]
