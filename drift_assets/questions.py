"""Questions to the history from Python, such as a notebook."""

from pathlib import Path

from drift_assets.declarations import drift_home, project_root
from drift_assets.errors import QueryError
from drift_assets.store import QueryResult, open_history


def read_history(sql: str, *, home: str | Path | None = None) -> QueryResult:
    """Return what one reading SQL statement yields on the history.

    Parameters
    ----------
    sql
        A question, such as ``FROM drift_latest``; views and columns are in ``docs/history.md``.
    home
        The drift home; by default ``DRIFT_ASSETS_HOME``, else ``drift_home`` of the
        project around the current folder.

    Returns
    -------
    QueryResult
        Has ``to_pandas()``, ``to_polars()`` and ``to_arrow()``, and the ``rows`` as they are.

    Raises
    ------
    HistoryError
        If there is no history yet.
    QueryError
        If the statement fails, does anything but read, is not alone, or takes
        too long or returns too much.
    """
    if not isinstance(sql, str):
        raise QueryError(
            f"Found {type(sql).__name__}, expected a SQL statement such as 'FROM drift_latest'."
        )
    folder = drift_home(project_root(Path.cwd())) if home is None else Path(home).expanduser()
    return open_history(folder.resolve()).query(sql)
