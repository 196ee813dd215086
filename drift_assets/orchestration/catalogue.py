"""What Dagster's catalogue says of a monitor's assets: owners, tags, columns and their lineage."""

import re
from collections.abc import Sequence
from typing import Any

import dagster as dg

from drift_assets.monitors import Feature, Monitor, Prediction
from drift_assets.watch import Column

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,63}")


def owners_of(monitor: Monitor) -> dict[str, list[str]]:
    """Return who looks after each column that names somebody, as Dagster takes owners.

    An email address is one; any other name is that of a team.
    """
    return {
        one.column: [one.owner if _ADDRESS.fullmatch(one.owner) else f"team:{one.owner}"]
        for one in _named(monitor)
        if one.owner
    }


def tags_of(monitor: Monitor, column: Column) -> dict[str, str]:
    """Return what an asset is found by: its role, and its group if Dagster can take the name."""
    group = {one.column: one.group for one in _named(monitor)}.get(column.name)
    found: dict[str, str] = {"drift_assets/role": column.role}
    if group and _TAG_VALUE.fullmatch(group):
        found["drift_assets/group"] = group
    return found


def _named(monitor: Monitor) -> list[Feature | Prediction]:
    """Return the columns that the YAML names."""
    features = () if monitor.features == "auto" else monitor.features
    return [*features, *monitor.predictions]


def column_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """Return the metadata that name the watched columns of an asset and their kinds."""
    return {
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    column.name,
                    type=column.kind or "as in the baseline",
                    tags={"drift_assets/role": column.role},
                )
                for column in columns
            ]
        )
    }


def column_lineage(monitor: str, column: str) -> dict[str, Any]:
    """Return the metadata that say which columns of which assets a column's drift is of."""
    sides = (dg.AssetKey([monitor, "baseline"]), dg.AssetKey([monitor, "current"]))
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {column: [dg.TableColumnDep(asset_key=side, column_name=column) for side in sides]}
        )
    }
