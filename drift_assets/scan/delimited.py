"""CSV and TSV files as rows: text until it is known what is wanted of it.

A delimited file has no types. Each watched column is read as text and
converted to what is wanted, so that one bad value spoils one column and not
the file. Missing values and numbers are those of ``pandas.read_csv``.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

from drift_assets.errors import NoDataError, UnreadableFileError
from drift_assets.profiles.binning import NAMED_CATEGORIES, FloatArray
from drift_assets.scan.columns import (
    ARROW_FAILURES,
    ArrowArray,
    CategoryColumn,
    Found,
    MissingColumn,
    NumberColumn,
    Piece,
    TextPiece,
    Want,
    WrongType,
    arrow_integers,
    as_numpy,
    merge,
    number_from_text,
    shown,
    spells_dates,
    text_counts,
    valid_rows,
)
from drift_assets.scan.days import BoolArray, DayArray, Days
from drift_assets.scan.frames import require_date_column
from drift_assets.scan.rows import Suitability
from drift_assets.scan.shelf import Shelf, Shelved

MISSING_TOKENS: Final = (
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
)
"""What stands for a missing value, quoted or not: the default list of pandas."""

ByteStream = Any
"""Arrow's stream of bytes, unpacked as it is read: pyarrow ships no types."""

BLOCK_BYTES: Final = 1 << 23
HEADER_BYTES: Final = 1 << 20
OTHER_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}


class DelimitedPart:
    """One CSV or TSV file; all wanted columns are read in one pass.

    Parameters
    ----------
    path
        The file. Text in UTF-8, with or without byte order mark, its first
        line the column names.
    delimiter
        What stands between fields.
    compression
        ``gzip``, ``zstd`` or None.
    days
        Which rows to keep; by default all.
    shelf
        Where decoded numbers wait; by default one of its own.

    Raises
    ------
    NoDataError
        If the file is empty.
    UnreadableFileError
        If there is no readable line of column names.
    ColumnError
        If the date column is not there.
    """

    typed: Final = False

    def __init__(
        self,
        path: Path,
        *,
        delimiter: str,
        compression: str | None = None,
        days: Days | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.label: Final = path.name
        self._shelf: Final = shelf or Shelf()
        self._path = path
        self._delimiter = delimiter
        self._compression = compression
        self._days = days
        self._header: Final = self._read_header()
        self.columns: Final = tuple(dict.fromkeys(name for name in self._header if name))
        self.repeated: Final = frozenset(
            name for name, times in Counter(self._header).items() if times > 1
        )
        if days is not None:
            require_date_column(days.column, str(path), self.columns, self.repeated)
        self._found: dict[tuple[str, Want], _Gathered] = {}
        self._n_rows: int | None = None

    @property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""
        if self._n_rows is None:
            self._gather({})
        return cast("int", self._n_rows)

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Read all wanted columns in one pass."""
        new = {
            name: want
            for name, want in wants.items()
            if (name, want) not in self._found and name not in self.repeated
        }
        if new:
            self._gather(new)

    def pieces(self, name: str, want: Want) -> Iterator[Piece]:
        """Yield what a column holds, piece by piece."""
        self.prepare({name: want})
        found = self._found[name, want]
        if isinstance(found, _Numbers):
            yield MissingColumn(found.n_missing)
            for shelved in found.numbers:
                yield NumberColumn(self._shelf.fetch(shelved), 0)
        elif isinstance(found, _ManyTexts):
            # Too many to keep: they are read once more.
            for first_row, columns, keep in self._kept_blocks([name]):
                del first_row
                texts = columns[0]
                yield TextPiece(texts if keep is None else _taken(texts, keep), None)
        else:
            yield found

    def release(self, name: str, want: Want) -> None:
        """Let go of a column."""
        self._found.pop((name, want), None)

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds, as a whole."""
        whole = [
            piece.counted() if isinstance(piece, TextPiece) else piece
            for piece in self.pieces(name, want)
        ]
        self.release(name, want)
        return merge(whole, [self.label] * len(whole))

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""
        self.prepare(dict.fromkeys((n for n in self.columns if n not in self.repeated), "any"))
        found: dict[str, Suitability] = {}
        for name in self.columns:
            column = self._found.get((name, "any"))
            found[name] = "watchable"
            if isinstance(column, MissingColumn):
                found[name] = "missing"
            elif isinstance(column, _ManyTexts):
                found[name] = "unsuitable" if column.are_dates else "watchable"
            elif isinstance(column, CategoryColumn) and spells_dates(column.counts):
                found[name] = "unsuitable"
        return found

    def dates(self) -> DayArray:
        """Return the day of each row, those of other days included."""
        days = cast("Days", self._days)
        position = self._header.index(days.column)
        chunks = [
            days.dates(columns[0], label=str(self._path), first_row=first_row)
            for first_row, columns in self._blocks([position])
        ]
        return np.concatenate([np.empty(0, dtype="datetime64[D]"), *chunks])

    def batches(self, names: Sequence[str]) -> Iterable[tuple[str, int, ArrowArray]]:
        """Yield (name, first row, values) of columns, all rows, block by block."""
        for first_row, columns in self._blocks([self._header.index(n) for n in names]):
            for name, values in zip(names, columns, strict=True):
                yield name, first_row - 1, values

    def _gather(self, wants: Mapping[str, Want]) -> None:
        gatherers = {name: _Gatherer(want, self._shelf) for name, want in wants.items()}
        n_rows = 0
        for first_row, columns, keep in self._kept_blocks(list(wants)):
            n_rows += len(columns[0]) if keep is None else int(np.count_nonzero(keep))
            for gatherer, values in zip(gatherers.values(), columns, strict=False):
                gatherer.add(values, first_row, keep)
        self._n_rows = n_rows
        for name, gatherer in gatherers.items():
            if not gatherer.is_late_text:
                self._found[name, wants[name]] = gatherer.found()
        late: dict[str, Want] = {n: "category" for n, g in gatherers.items() if g.is_late_text}
        if late:
            # The first block held numbers only: their spellings are gone, so read once more.
            self._gather(late)
            for name in late:
                self._found[name, wants[name]] = self._found.pop((name, "category"))

    def _kept_blocks(
        self, names: Sequence[str]
    ) -> Iterator[tuple[int, list[ArrowArray], BoolArray | None]]:
        """Yield (number of the first row, columns, which rows to keep or None), block by block.

        There is one column more at least than ``names`` if there are none.
        """
        days = self._days
        read = [*names, *([days.column] if days else [])]
        for first_row, columns in self._blocks([self._header.index(n) for n in read] or [0]):
            keep = None
            if days is not None:
                keep = days.keep(
                    days.dates(columns[-1], label=str(self._path), first_row=first_row)
                )
            yield first_row, columns, keep

    def _blocks(self, positions: Sequence[int]) -> Iterator[tuple[int, list[ArrowArray]]]:
        """Yield (number of the first row, one text array per position), block by block."""
        # Only who reads CSV pays for its import.
        import pyarrow.csv as pcsv  # type: ignore[import-untyped]  # noqa: PLC0415

        # Names by position: the file's own may repeat. Its header is then the first row.
        names = [str(i) for i in range(len(self._header))]
        wanted = [names[p] for p in positions]
        row = 0
        try:
            with closing(self._open()) as stream:
                reader = pcsv.open_csv(
                    stream,
                    read_options=pcsv.ReadOptions(
                        use_threads=False, block_size=BLOCK_BYTES, column_names=names
                    ),
                    parse_options=pcsv.ParseOptions(
                        delimiter=self._delimiter, newlines_in_values=True
                    ),
                    convert_options=pcsv.ConvertOptions(
                        include_columns=list(dict.fromkeys(wanted)),
                        column_types=dict.fromkeys(wanted, pa.string()),
                        null_values=MISSING_TOKENS,
                        strings_can_be_null=True,
                    ),
                )
                for batch in reader:
                    skip = 1 if row == 0 and batch.num_rows else 0
                    body = batch.slice(skip)
                    yield row + skip, [body.column(name) for name in wanted]
                    row += batch.num_rows
        except (*ARROW_FAILURES, OSError, UnicodeDecodeError) as error:
            raise UnreadableFileError(self._explain(error)) from error

    def _open(self) -> ByteStream:
        return pa.input_stream(str(self._path), compression=self._compression)

    def _read_header(self) -> list[str]:
        path = self._path
        try:
            with closing(self._open()) as stream:
                head = bytes(stream.read(HEADER_BYTES))
        except OSError as error:
            raise UnreadableFileError(self._explain(error)) from error
        if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            raise UnreadableFileError(
                f"Found UTF-16 text in {path}, expected UTF-8: save it again as UTF-8."
            )
        text = head.decode("utf-8-sig", "surrogateescape")
        if "\0" in text:
            raise UnreadableFileError(
                f"Found binary data in {path}, expected delimited text: write or copy it again."
            )
        second = None
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter)
            header = next((fields for fields in lines if fields), None)
            # Only to tell a wrong delimiter; a value may be longer than the csv module takes.
            with suppress(csv.Error):
                second = next((fields for fields in lines if fields), None)
        except csv.Error as error:
            raise UnreadableFileError(
                f"Found no readable line of column names in {path} ({error}), expected delimited "
                "text."
            ) from error
        if header is None:
            raise NoDataError(
                f"Found an empty file {path}, expected a line of column names and rows."
            )
        if any(_escaped(name) for name in header):
            raise UnreadableFileError(_not_utf8(path, 1))
        if len(header) == 1 and second is not None:
            for other, words in OTHER_DELIMITERS.items():
                if other != self._delimiter and _separates(other, text):
                    raise UnreadableFileError(
                        f"Found {words} between the fields of {path}, expected "
                        f"{OTHER_DELIMITERS[self._delimiter]}: save it again with "
                        f"{OTHER_DELIMITERS[self._delimiter]}."
                    )
        return header

    def _explain(self, error: Exception) -> str:
        """Return what is wrong with the file, with the line where it can be told."""
        path = self._path
        if self._compression is not None and isinstance(error, OSError):
            return (
                f"Found damaged or truncated {self._compression} data in {path}, expected a whole "
                "file: write or copy it again."
            )
        if isinstance(error, OSError):
            return f"Found a file that cannot be read, {path}: {error.strerror or error}."
        # Arrow's own messages quote whole rows, and count rows instead of lines.
        try:
            with (
                closing(self._open()) as stream,
                io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="") as text,
            ):
                fault = self._first_fault(text)
        except (OSError, csv.Error):
            fault = None
        return fault or (
            f"Found text that is not well-formed in {path}, expected delimited text in UTF-8 with "
            f"rows below {BLOCK_BYTES // 1024**2} MB: write the file again."
        )

    def _first_fault(self, text: Iterable[str]) -> str | None:
        """Return what is wrong with the first line that is, or None."""
        path, expected = self._path, len(self._header)
        reader = csv.reader(text, delimiter=self._delimiter)
        line = 1
        for fields in reader:
            n = len(fields)
            if fields and n != expected:
                more = _n_unlike(reader, expected)
                return (
                    f"Found {n} field{'s' if n != 1 else ''} in line {line} of {path}, "
                    f"expected {expected} as in its header: repair the line"
                    f"{f' and {more:,} more like it' if more else ''}; a field that "
                    "holds the delimiter or a line break stands in quotes."
                )
            if any(_escaped(field) for field in fields):
                return _not_utf8(path, line)
            line = reader.line_num + 1
        return None


def _separates(delimiter: str, text: str) -> bool:
    """Return whether the first two lines have as many fields, and several, by a delimiter."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        first, second = (len(next(fields for fields in lines if fields)) for _ in range(2))
    except csv.Error:
        return False
    return first == second > 1


def _n_unlike(rows: Iterable[list[str]], n_fields: int) -> int:
    """Return how many of the remaining rows have another number of fields."""
    n = 0
    # What cannot be told apart any more is not counted.
    with suppress(csv.Error, OSError):
        for fields in rows:
            n += bool(fields) and len(fields) != n_fields
    return n


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A column of numbers, on the shelf."""

    numbers: Sequence[Shelved]
    n_missing: int


@dataclass(frozen=True, slots=True)
class _ManyTexts:
    """A column of more different texts than are kept; ``are_dates`` if all of them are."""

    are_dates: bool


_Gathered = CategoryColumn | MissingColumn | WrongType | _Numbers | _ManyTexts


class _Gatherer:
    """One column of a delimited file on its way from text to what is wanted."""

    def __init__(self, want: Want, shelf: Shelf) -> None:
        self._want = want
        self._shelf = shelf
        self._numeric = want != "category"
        self._numbers: list[Shelved] = []
        self._counts: Counter[str] = Counter()
        self._n_missing = 0
        self._wrong: WrongType | None = None
        self._many = False
        self._are_dates = True
        self.is_late_text = False

    def add(self, values: ArrowArray, first_row: int, keep: BoolArray | None) -> None:
        """Take in one block of text."""
        if keep is not None:
            values = _taken(values, keep)
        self._n_missing += values.null_count
        if self._wrong or self.is_late_text or values.null_count == len(values):
            return
        if self._numeric:
            numbers, bad = numbers_from_text(values)
            if bad is None:
                n_nan = int(np.count_nonzero(np.isnan(numbers)))
                self._n_missing += n_nan
                self._numbers.append(
                    self._shelf.put(numbers[~np.isnan(numbers)] if n_nan else numbers)
                )
                return
            if self._want == "number":
                row = first_row + (bad if keep is None else int(np.flatnonzero(keep)[bad]))
                self._wrong = WrongType(
                    f"found {shown(values[bad].as_py())} in row {row:,}, expected numbers"
                )
                return
            self._numeric = False
            if self._numbers:
                self.is_late_text = True
                return
        self._add_texts(values)

    def _add_texts(self, values: ArrowArray) -> None:
        # Once there are too many, only whether all are dates is still to be learned.
        if self._many and not self._are_dates:
            return
        counts = text_counts(values)
        if not self._many:
            self._counts.update(counts)
        if len(self._counts) > NAMED_CATEGORIES:
            self._are_dates = spells_dates(self._counts)
            self._counts, self._many = Counter(), True
        elif self._many:
            self._are_dates = spells_dates(counts)

    def found(self) -> _Gathered:
        """Return what the column holds."""
        if self._wrong is not None:
            return self._wrong
        if self._many:
            return _ManyTexts(self._are_dates)
        if self._counts:
            return CategoryColumn(self._counts, self._n_missing, None)
        if any(map(len, self._numbers)):
            return _Numbers(self._numbers, self._n_missing)
        return MissingColumn(self._n_missing)


def _taken(values: ArrowArray, keep: BoolArray) -> ArrowArray:
    return values.take(arrow_integers(np.flatnonzero(keep)))


def numbers_from_text(values: ArrowArray) -> tuple[FloatArray, int | None]:
    """Return the numbers that an Arrow array of text spells, NULL left out.

    The second value is the index of the first text that is no number, or None.
    """
    try:
        numbers = values.drop_null().cast(pa.float64())
        return as_numpy(numbers), None
    except pa.ArrowInvalid:
        # Spaces around a number are rare enough for the slow way.
        coded = values.dictionary_encode()
        codes = as_numpy(coded.indices.drop_null())
        spelled = [number_from_text(text) for text in coded.dictionary.to_pylist()]
        wrong = [code for code, number in enumerate(spelled) if number is None]
        if wrong:
            first = int(np.argmax(np.isin(codes, wrong)))
            return np.empty(0), int(np.flatnonzero(valid_rows(values))[first])
        table = np.array(spelled, dtype=np.float64)
        return table[codes], None


def _escaped(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _not_utf8(path: Path, line: int) -> str:
    return (
        f"Found text that is not UTF-8 in line {line} of {path}, expected UTF-8: save the file "
        "again as UTF-8 (iconv -f latin1 -t utf-8, if it is Latin-1)."
    )
