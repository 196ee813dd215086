"""Asset keys: column names as Dagster can take them."""

import hashlib
import re
from collections.abc import Iterable

import dagster as dg

from drift_assets.errors import ConfigurationError
from drift_assets.watch import Column


def asset_name(column: str) -> str:
    """Return a name of letters, digits and underscores for a column.

    A name that is not already of that form gets a hash of the true one, so
    that ``a-b`` and ``a_b`` stay apart.

    Examples
    --------
    >>> asset_name("income"), asset_name("a-b"), asset_name("Größe")
    ('income', 'a_b_d44362', 'Gr_e_aedc3f')
    """
    slug = re.sub(r"[^A-Za-z0-9]+", "_", column).strip("_")[:60]
    if re.fullmatch(r"[A-Za-z0-9_]{1,100}", column):
        return column
    suffix = hashlib.sha256(column.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{slug or 'column'}_{suffix}"


def drift_key(monitor: str, column: Column) -> dg.AssetKey:
    """Return the key of a column's drift asset."""
    folder = "drift" if column.role == "feature" else "predictions"
    return dg.AssetKey([monitor, folder, asset_name(column.name)])


def drift_keys(monitor: str, columns: Iterable[Column]) -> dict[dg.AssetKey, Column]:
    """Return the columns by their asset key.

    Raises
    ------
    ConfigurationError
        If two columns would share a key.
    """
    keys: dict[dg.AssetKey, Column] = {}
    for column in columns:
        other = keys.setdefault(drift_key(monitor, column), column)
        if other is not column:
            raise ConfigurationError(
                f"Monitor {monitor!r}: the columns {other.name!r} and {column.name!r} would share "
                "one asset name, expected two: rename one of them."
            )
    return keys


def check_names(monitor: str, columns: Iterable[Column]) -> dict[str, Column]:
    """Return the columns by the name of their check on an asset that all share.

    Raises
    ------
    ConfigurationError
        If two columns would share a name.
    """
    names: dict[str, Column] = {}
    for column in columns:
        other = names.setdefault(asset_name(column.name), column)
        if other is not column:
            raise ConfigurationError(
                f"Monitor {monitor!r}: the columns {other.name!r} and {column.name!r} would share "
                "one check name, expected two: rename one of them."
            )
    return names
