"""Quarantine: what a look into the files of a day finds, for the asset of the current data."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import dagster as dg

from drift_assets.errors import DataError
from drift_assets.monitors import Monitor
from drift_assets.orchestration.day import Workplace
from drift_assets.report.escaping import markdown_text
from drift_assets.sources import Input, open_day

_MOST_SHOWN: Final = 100

N_UNDATED: Final = "n_undated"
"""Label of the number of rows without a date."""


def of_undated(
    monitor: Monitor, undated: Sequence[tuple[Input, int]]
) -> Mapping[str, dg.MetadataValue[str] | int]:
    """Return what to show of rows without a date; nothing where days are told by paths alone.

    Parameters
    ----------
    monitor
        Whose rows.
    undated
        What holds such rows, and how many, as `undated_rows` has them.
    """
    if monitor.current.date_column is None:
        return {}
    metadata: dict[str, dg.MetadataValue[str] | int] = {N_UNDATED: sum(n for _, n in undated)}
    if undated:
        lines = [f"- {n:,} in {markdown_text(str(one))}" for one, n in undated[:_MOST_SHOWN]]
        metadata["rows without a date, of no day"] = dg.MetadataValue.md("\n".join(lines))
    return metadata


def of_opening(
    workplace: Workplace, day: date, files: Sequence[Input]
) -> Mapping[str, dg.MetadataValue[str] | str | int]:
    """Return what to show of a day's files; nothing where nobody asked to look into them.

    Files are only looked into where the monitor sets bad ones aside, or joins predictions.

    Parameters
    ----------
    workplace
        Whose day.
    day
        Which day.
    files
        What its rows are in.
    """
    monitor = workplace.monitor
    if monitor.on_bad_file == "fail" and monitor.current.predictions is None:
        return {}
    try:
        found = open_day(monitor, workplace.place, day, files)
    except DataError as error:
        # The step that measures fails by it; here it is only shown.
        return {"problem": str(error)}
    metadata: dict[str, dg.MetadataValue[str] | str | int] = {}
    if monitor.on_bad_file == "quarantine":
        metadata["n_quarantined"] = len(found.quarantined)
    if found.quarantined:
        rows = [
            f"| {markdown_text(str(one))} | {markdown_text(reason)} |"
            for one, reason in found.quarantined[:_MOST_SHOWN]
        ]
        table = ["| file in quarantine | why |", "| --- | --- |", *rows]
        metadata["quarantine"] = dg.MetadataValue.md("\n".join(table))
    if found.predictions is not None:
        metadata["predictions"] = found.predictions.words
    return metadata
