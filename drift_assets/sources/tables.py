"""Tables: what a monitor asks of a database."""

import re
from pathlib import Path

from drift_assets.errors import ConfigurationError
from drift_assets.monitors import POSTGRES, Monitor, Source
from drift_assets.scan.databases import Selection, address_of
from drift_assets.sources.inputs import Place
from drift_assets.sources.templates import parts_of


def selection_of(monitor: Monitor, source: Source, place: Place) -> Selection:
    """Return the rows that a monitor's source means.

    Raises
    ------
    ConfigurationError
        If its address names a variable that is not set, or is the history of this drift home.
    """
    address = address_of(source.database or "")
    is_postgres = address.startswith(POSTGRES)
    if not is_postgres:
        base, parts = parts_of(address, place)
        address = str(base.joinpath(*parts))
        if Path(address).resolve() == (place.home / "history.duckdb").resolve():
            raise ConfigurationError(
                f"Found the history of this drift home as the database of {monitor.name!r}, "
                "expected another file: it is opened by drift_assets alone."
            )
    columns = None
    if monitor.features != "auto":
        # A change in a column that nobody watches is no reason to look again.
        columns = tuple(column.name for column in monitor.listed(()))
    return Selection(
        "postgres" if is_postgres else "duckdb",
        address,
        re.sub(r"\s+", " ", source.words),
        table=source.table,
        query=source.query,
        date_column=source.date_column,
        timezone=monitor.partitions.timezone,
        changed_column=source.changed_column,
        columns=columns,
        exclude=monitor.exclude,
    )
