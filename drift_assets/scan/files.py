"""Files as rows: the format is told by the name and checked against the content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from drift_assets.errors import NoDataError, UnreadableFileError
from drift_assets.scan.days import Days
from drift_assets.scan.delimited import DelimitedPart
from drift_assets.scan.frames import TypedPart
from drift_assets.scan.json_records import open_json
from drift_assets.scan.parquet import open_parquet
from drift_assets.scan.rows import Rows
from drift_assets.scan.shelf import Shelf

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
    paths: Sequence[Path],
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
    if not paths:
        raise NoDataError("Found no file, expected at least one.")
    days = None
    if date_column is not None and (start is not None or end is not None):
        days = Days(date_column, start, end, timezone)
    shelf = Shelf()
    return Rows(tuple(open_part(Path(path), days=days, shelf=shelf) for path in paths))


def open_part(
    path: Path, *, days: Days | None = None, shelf: Shelf | None = None
) -> DelimitedPart | TypedPart:
    """Return the rows of one file; files on one ``shelf`` share what memory it holds."""
    kind = _kind_of(path)
    _check_content(path, kind)
    if kind.format == "parquet":
        return open_parquet(path, days=days)
    if kind.format in {"json", "jsonl"}:
        return open_json(
            path, lines=kind.format == "jsonl", compression=kind.compression, days=days
        )
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
