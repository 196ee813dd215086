"""Opening: inputs become files to read, fetched where they are elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from drift_assets.errors import DataError
from drift_assets.monitors import Monitor, Source, store_of
from drift_assets.scan.copies import Copy
from drift_assets.scan.databases import copy_rows
from drift_assets.scan.days import Days
from drift_assets.scan.files import DataFile, open_part, open_parts
from drift_assets.scan.folder_columns import folder_columns
from drift_assets.scan.predictions import Predictions
from drift_assets.sources.inputs import Input, Place, PredictionFile, StoredObject, TableRows
from drift_assets.sources.stores import copy_of
from drift_assets.sources.tables import selection_of
from drift_assets.sources.templates import parts_of, placeholders_in


def data_files(
    monitor: Monitor, source: Source, place: Place, inputs: Sequence[Input]
) -> list[DataFile]:
    """Return the files to read for inputs, those from elsewhere fetched, predictions joined.

    Raises
    ------
    DataError
        If something cannot be fetched, or a file of predictions cannot be read.
    """
    rows = [one for one in inputs if not isinstance(one, PredictionFile)]
    files = [fetched(monitor, source, place, one) for one in rows]
    others = [one for one in inputs if isinstance(one, PredictionFile)]
    if not others:
        return files
    predictions = predictions_in(source, [fetched(monitor, source, place, o) for o in others])
    return [replace(file, predictions=predictions) for file in files]


def why_unreadable(file: DataFile, *, days: Days | None = None) -> str:
    """Return why a file cannot be read to its end; "" if it can.

    Parameters
    ----------
    file
        The file.
    days
        Which rows are wanted of it: their dates are looked at too.
    """
    try:
        part = open_part(file, days=days)
        if days is not None:
            part.dates()
        for _ in part.batches([name for name in part.columns if name not in part.repeated]):
            pass
    except DataError as error:
        return str(error)
    return ""


def predictions_in(source: Source, files: Sequence[DataFile]) -> Predictions:
    """Return the predictions of some files, by the key of a source."""
    key = source.predictions.key if source.predictions is not None else ()
    return Predictions(open_parts(files, days=None), key)


def fetched(monitor: Monitor, source: Source, place: Place, one: Input) -> DataFile:
    """Return the file to read for one input.

    Raises
    ------
    DataError
        If it is elsewhere and cannot be fetched.
    """
    if isinstance(one, TableRows):
        copy = Copy(one.name, "rows.parquet")
        copy_rows(selection_of(monitor, source, place), copy.path, first=one.first, last=one.last)
        return DataFile(copy.path, copy=copy)
    file = one.file if isinstance(one, PredictionFile) else one
    path = source.path
    if isinstance(one, PredictionFile) and source.predictions is not None:
        path = source.predictions.path
    columns = _folder_columns(path, place, file)
    # The day itself is what the partition says, no column of the data, unless it is to tell it.
    for part in path.split("/"):
        name = part.partition("=")[0]
        if placeholders_in(part) and name != source.date_column:
            columns.pop(name, None)
    if isinstance(file, StoredObject):
        copy = copy_of(file)
        return DataFile(copy.path, columns, copy)
    return DataFile(file, columns)


def _folder_columns(path: str, place: Place, file: Path | StoredObject) -> dict[str, str | None]:
    """Return the columns that the folders of a file name, below where its template starts."""
    if isinstance(file, StoredObject):
        folders = file.address.partition("://")[2].split("/")[1:-1]
    else:
        base = place.root if store_of(path) is not None else parts_of(path, place)[0]
        folders = list(file.relative_to(base).parts[:-1]) if file.is_relative_to(base) else []
    return folder_columns(folders)
