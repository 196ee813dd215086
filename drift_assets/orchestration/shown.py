"""What people look at: the published history, and the dashboard that is made of it."""

import logging
from pathlib import Path
from typing import Final

from drift_assets.dashboard import FOLDER, update_dashboard
from drift_assets.errors import DriftAssetsError
from drift_assets.store import History

_LOG: Final = logging.getLogger(__name__)


def refresh(history: History, home: Path) -> Path:
    """Publish the history and make the dashboard of it, if that is due; return its page.

    For the last step of a run, and for whatever looks at the history from time to time. Never
    raises: a run that measured and told has done its work, whatever people see of it.
    """
    history.publish_if_due()
    try:
        if history.exists():
            update_dashboard(history, home)
    except DriftAssetsError as error:
        _LOG.warning("the dashboard stays as it was: %s", error)
    except Exception:  # noqa: BLE001  # whatever it is
        # A fault of ours in what people look at must not stop what tells them.
        _LOG.exception("the dashboard stays as it was")
    return home / FOLDER / "index.html"
