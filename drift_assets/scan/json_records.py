"""JSON files as rows: lines, an array of records, or one list or object per column."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import ColumnError, NoDataError, UnreadableFileError
from drift_assets.scan.days import Days
from drift_assets.scan.frames import TypedPart, part_from_mapping


def open_json(
    path: Path, *, lines: bool = False, compression: str | None = None, days: Days | None = None
) -> TypedPart:
    """Return the rows of a JSON file.

    Parameters
    ----------
    path
        The file, in UTF-8: one record per line, an array of records, or what
        ``DataFrame.to_json`` writes by default, one object per column.
    lines
        Whether it must be one record per line.
    compression
        ``gzip``, ``zstd`` or None.
    days
        Which rows to keep; by default all.

    Raises
    ------
    NoDataError
        If the file is empty.
    UnreadableFileError
        If it is not JSON, or not records.
    """
    text = _read_text(path, compression)
    if not text.strip():
        raise NoDataError(f"Found an empty file {path}, expected JSON records.")
    repeated: set[str] = set()
    content: list[Any] | dict[str, Any] | None = None
    if not lines:
        content = _whole(text, path, repeated)
    if content is None:
        columns = _by_column(_records_from_lines(text, path, repeated))
    elif isinstance(content, list):
        columns = _by_column(_checked(enumerate(content, 1), "record", path))
    else:
        columns = _from_object(content, path)
    return part_from_mapping(columns, path.name, repeated=repeated & columns.keys(), days=days)


def _read_text(path: Path, compression: str | None) -> str:
    try:
        with closing(pa.input_stream(str(path), compression=compression)) as stream:
            data = bytes(stream.read())
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        if compression is None:
            raise UnreadableFileError(
                f"Found a file that cannot be read, {path}: {error}. Expected read permission."
            ) from error
        raise UnreadableFileError(
            f"Found damaged or truncated {compression} data in {path}, expected a whole file: "
            "write or copy it again."
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(
            f"Found text that is not UTF-8 in line {line} of {path}, expected UTF-8: save the "
            "file again as UTF-8."
        ) from error


def _decoder(repeated: set[str]) -> json.JSONDecoder:
    def record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        unique = dict(pairs)
        if len(unique) < len(pairs):
            times = Counter(name for name, _ in pairs)
            repeated.update(name for name, n in times.items() if n > 1)
        return unique

    return json.JSONDecoder(object_pairs_hook=record)


def _whole(text: str, path: Path, repeated: set[str]) -> list[Any] | dict[str, Any] | None:
    """Return the one value that the text is; None if it may be lines."""
    try:
        content = _decoder(repeated).decode(text)
    except RecursionError as error:
        raise UnreadableFileError(
            f"Found too deeply nested JSON in {path}, expected records of plain values."
        ) from error
    except json.JSONDecodeError as error:
        first_line = text.lstrip().split("\n", 1)[0]
        if first_line.startswith("{") and error.msg == "Extra data":
            return None
        raise UnreadableFileError(
            f"Found broken JSON in line {error.lineno} of {path} ({error.msg}), expected records: "
            "write or copy the file again."
        ) from error
    if not isinstance(content, (list, dict)):
        raise UnreadableFileError(
            f"Found a single {type(content).__name__} in {path}, expected records "
            'such as [{"age": 41}]: write the file again.'
        )
    return content


def _records_from_lines(text: str, path: Path, repeated: set[str]) -> Iterator[Mapping[str, Any]]:
    decoder = _decoder(repeated)

    # Not splitlines: a text may hold other line separators unescaped.
    lines = text.split("\n")

    def decoded() -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield number, decoder.decode(line)
            except (json.JSONDecodeError, RecursionError) as error:
                message = error.msg if isinstance(error, json.JSONDecodeError) else "too deep"
                more = sum(_is_broken(other, decoder) for other in lines[number:])
                raise UnreadableFileError(
                    f"Found broken JSON in line {number} of {path} ({message}), expected one "
                    f"record per line: repair the line{f' and {more:,} more' if more else ''}, or "
                    "write the file again."
                ) from error

    return _checked(decoded(), "line", path)


def _is_broken(line: str, decoder: json.JSONDecoder) -> bool:
    if not line.strip():
        return False
    try:
        decoder.decode(line)
    except (json.JSONDecodeError, RecursionError):
        return True
    return False


def _checked(
    values: Iterable[tuple[int, Any]], unit: str, path: Path
) -> Iterator[Mapping[str, Any]]:
    for number, value in values:
        if not isinstance(value, dict):
            raise UnreadableFileError(
                f"Found a {type(value).__name__} in {unit} {number} of {path}, expected a record "
                'such as {"age": 41}.'
            )
        yield value


def _by_column(records: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    n_rows = 0
    for record in records:
        for name, value in record.items():
            values = columns.get(name)
            if values is None:
                values = columns[name] = [None] * n_rows
            elif len(values) < n_rows:
                values.extend([None] * (n_rows - len(values)))
            values.append(value)
        n_rows += 1
    for values in columns.values():
        values.extend([None] * (n_rows - len(values)))
    return columns


def _from_object(content: Mapping[str, Any], path: Path) -> dict[str, list[Any]]:
    values = list(content.values())
    if values and all(isinstance(value, list) for value in values):
        lengths = {len(value) for value in values}
        if len(lengths) > 1:
            raise ColumnError(
                f"Found columns of {min(lengths):,} and {max(lengths):,} values in {path}, "
                "expected columns of one length. Of pandas' layouts, write records or columns."
            )
        return dict(content)
    if values and all(isinstance(value, dict) for value in values):
        index = dict.fromkeys(key for column in values for key in column)
        return {name: [column.get(key) for key in index] for name, column in content.items()}
    return _by_column([content]) if content else {}
