"""Files as rows: the format is told by the name and checked against the content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import NoDataError, UnreadableFileError
from drift_assets.scan.copies import Copy, NamedPart, naming
from drift_assets.scan.days import Days
from drift_assets.scan.folder_columns import WithFolderColumns
from drift_assets.scan.frames import TypedPart
from drift_assets.scan.parquet import open_parquet
from drift_assets.scan.rows import Rows
from drift_assets.scan.shelf import Shelf
from drift_assets.scan.widened import FilePart

if TYPE_CHECKING:
    from drift_assets.scan.predictions import Predictions

Format = Literal["csv", "tsv", "json", "jsonl", "parquet"]

FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""Format by the end of the name, upper or lower case."""

COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}
"""Compression by the end of the name, after the format's: ``.csv.gz``."""

_CONTENTS: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "zip or Excel"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"ARROW1", "Arrow IPC"),
    (b"SQLite format 3", "SQLite"),
)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file to read, and what is known of it besides its content.

    Attributes
    ----------
    path
        Where it is on this machine.
    columns
        Columns that its folders name, with the one value of each; a column of
        the file itself comes first.
    copy
        What it is a copy of; None if it is the file itself.
    predictions
        The predictions of its rows, where they are in files of their own.
    """

    path: Path
    columns: Mapping[str, str | None] = field(default_factory=dict)
    copy: Copy | None = None
    predictions: "Predictions | None" = None


@dataclass(frozen=True, slots=True)
class _Kind:
    format: Format
    compression: str | None

    @property
    def content(self) -> str | None:
        """What the first bytes must say; None for text."""
        if self.format == "parquet":
            return "Parquet"
        return self.compression


def rows_from_files(
    paths: Sequence[Path | DataFile],
    *,
    date_column: str | None = None,
    start: date | None = None,
    end: date | None = None,
    timezone: str = "UTC",
) -> Rows:
    """Return the rows of one or several files as one data set.

    Parameters
    ----------
    paths
        CSV, TSV, JSON or Parquet files, told apart by their names; text files
        may be compressed (``.gz``, ``.zst``).
    date_column
        Column with the date of each row, for ``start`` and ``end``.
    start, end
        First and last day to keep; by default all. Rows without a date belong to no day.
    timezone
        Where midnight is, for instants with a zone of their own.

    Raises
    ------
    NoDataError
        If no file is given, or one is empty.
    UnreadableFileError
        If a file is absent, damaged or not what its name says.
    ColumnError
        If the date column is absent or holds something else.
    """
    return Rows(
        open_parts(
            paths, days=days_of(date_column=date_column, start=start, end=end, timezone=timezone)
        )
    )


def days_of(
    *, date_column: str | None, start: date | None, end: date | None, timezone: str
) -> Days | None:
    """Return which rows to keep; None for all."""
    if date_column is None or (start is None and end is None):
        return None
    return Days(date_column, start, end, timezone)


def open_parts(paths: Sequence[Path | DataFile], *, days: Days | None) -> tuple[FilePart, ...]:
    """Return the rows of each file.

    Raises
    ------
    DataError
        If no file is given, or one cannot be used.
    """
    if not paths:
        raise NoDataError("Found no file, expected at least one.")
    shelf = Shelf()
    return tuple(open_part(path, days=days, shelf=shelf) for path in paths)


def open_part(
    file: Path | DataFile, *, days: Days | None = None, shelf: Shelf | None = None
) -> FilePart:
    """Return the rows of one file; files on one ``shelf`` share what memory it holds."""
    known = file if isinstance(file, DataFile) else DataFile(Path(file))
    part = _named_part(known, days, shelf)
    if known.predictions is None:
        return part
    # Only who has such files pays for the import.
    from drift_assets.scan.predictions import WithPredictions  # noqa: PLC0415

    return WithPredictions(part, known.predictions, days=days)


def _named_part(file: DataFile, days: Days | None, shelf: Shelf | None) -> FilePart:
    if file.copy is None:
        return _with_folder_columns(file, days, shelf)
    with naming(file.copy):
        return NamedPart(_with_folder_columns(file, days, shelf), file.copy)


def _with_folder_columns(file: DataFile, days: Days | None, shelf: Shelf | None) -> FilePart:
    if not file.columns:
        return _own_part(file.path, days, shelf)
    if days is None or days.column not in file.columns:
        return WithFolderColumns(_own_part(file.path, days, shelf), file.columns)
    part = _own_part(file.path, None, shelf)
    if days.column in part.columns:
        return WithFolderColumns(_own_part(file.path, days, shelf), file.columns)
    text = file.columns[days.column]
    dates = days.dates(pa.array([text], pa.string()), label=f"the folders of {file.path}")
    if not days.keep(dates)[0]:
        # All of its rows are of another day.
        part = TypedPart(part.label, part.columns, 0, lambda _: pa.nulls(0))
    return WithFolderColumns(part, file.columns, day=dates)


def _own_part(path: Path, days: Days | None, shelf: Shelf | None) -> FilePart:
    kind = _kind_of(path)
    _check_content(path, kind)
    if kind.format == "parquet":
        return open_parquet(path, days=days)
    if kind.format in {"json", "jsonl"}:
        # Only who reads such a file pays for the import, here and below.
        from drift_assets.scan.json_records import open_json  # noqa: PLC0415

        return open_json(
            path, lines=kind.format == "jsonl", compression=kind.compression, days=days
        )
    from drift_assets.scan.delimited import DelimitedPart  # noqa: PLC0415

    return DelimitedPart(
        path,
        delimiter="\t" if kind.format == "tsv" else ",",
        compression=kind.compression,
        days=days,
        shelf=shelf,
    )


def _kind_of(path: Path) -> _Kind:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    if compression is not None:
        suffixes.pop()
    found = FORMATS.get(suffixes[-1]) if suffixes else None
    if path.is_dir():
        raise UnreadableFileError(
            f"Found a folder {path}, expected a file: name its files, such as {path.name}/*.csv."
        )
    if found is None or (compression is not None and found == "parquet"):
        raise UnreadableFileError(
            f"Found the file {path}, whose format its name does not tell, expected a name that "
            f"ends with one of {', '.join(FORMATS)}; text formats also with "
            f"{' or '.join(COMPRESSIONS)} after it."
        )
    return _Kind(found, compression)


def _check_content(path: Path, kind: _Kind) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError as error:
        parent = "" if path.parent.is_dir() else f": there is no folder {path.parent}"
        raise UnreadableFileError(
            f"Found no file {path}, expected one{parent}. Correct the path."
        ) from error
    except OSError as error:
        raise UnreadableFileError(
            f"Found a file that cannot be read, {path}: {error.strerror or error}. Expected "
            "read permission."
        ) from error
    if not head:
        raise NoDataError(f"Found an empty file {path}, expected column names and rows.")
    found = next((name for magic, name in _CONTENTS if head.startswith(magic)), None)
    if found == kind.content:
        return
    expected = kind.content or f"plain {kind.format.upper()} text"
    remedies = {"gzip": ".gz", "zstd": ".zst", "Parquet": ".parquet"}
    remedy = "write or copy the file again"
    if found == "Parquet":
        remedy = f"name it {path.name.split('.')[0]}.parquet"
    elif found in remedies and kind.content is None:
        remedy = f"name it {path.name}{remedies[found]}, or unpack it"
    raise UnreadableFileError(
        f"Found {f'{found} data' if found else 'something else'} in {path}, expected {expected} "
        f"as its name says: {remedy}."
    )
