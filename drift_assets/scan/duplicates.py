"""Duplicates: rows whose key another row has already."""

from collections.abc import Sequence

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.scan.archiving import table_of
from drift_assets.scan.columns import ARROW_FAILURES
from drift_assets.scan.days import Days
from drift_assets.scan.rows import Rows


def n_repeated(rows: Rows, key: Sequence[str], *, days: Days | None = None) -> int | None:
    """Return how many rows are beyond the first of their key.

    None if a column is not there, or holds what cannot be compared: lists, or numbers in one
    file and text in another. Rows without a value in one of the columns have no key, and
    repeat none.

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
    try:
        keys = table_of(rows, days=days, names=key)
        if any(pa.types.is_null(field.type) for field in keys.schema):
            # Not one value.
            return 0
        keys = keys.drop_null()
        distinct = keys.group_by(list(key), use_threads=False).aggregate([]).num_rows
    except ARROW_FAILURES:
        return None
    return int(keys.num_rows - distinct)
