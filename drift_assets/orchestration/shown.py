"""What people look at: the published history, and the dashboard that is made of it."""

import logging
from pathlib import Path
from typing import Final

from drift_assets.dashboard import FOLDER, update_dashboard
from drift_assets.errors import DriftAssetsError
from drift_assets.store import History

_LOG: Final = logging.getLogger(__name__)


def refresh(history: History, home: Path) -> Path:
    """Publish the history if that is due, make the dashboard of it, and return its page.

    For the last step of a run, and for whatever looks at the history from time to time. Never
    raises: a run that measured and told has done its work, whatever people see of it.
    """
    try:
        if history.exists():
            update_dashboard(history, home)
    except DriftAssetsError as error:
        _LOG.warning("the dashboard stays as it was: %s", error)
    return home / FOLDER / "index.html"
