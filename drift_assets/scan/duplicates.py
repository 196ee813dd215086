"""Duplicates: rows whose key another row has already."""

from collections.abc import Sequence

from drift_assets.scan.archiving import table_of
from drift_assets.scan.days import Days
from drift_assets.scan.rows import Rows


def n_repeated(rows: Rows, key: Sequence[str], *, days: Days | None = None) -> int | None:
    """Return how many rows are beyond the first of their key; None if a column is not there.

    Rows without a value in one of the columns have no key, and repeat none.

    Parameters
    ----------
    rows
        The data set.
    key
        Columns that tell a row from all others.
    days
        By which ``rows`` were opened, if they were.
    """
    if any(
        name not in part.columns or name in part.repeated for part in rows.parts for name in key
    ):
        return None
    keys = table_of(rows, days=days, names=key).drop_null()
    distinct = keys.group_by(list(key), use_threads=False).aggregate([]).num_rows
    return int(keys.num_rows - distinct)
