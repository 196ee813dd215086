"""What a column of rows turned out to hold: numbers, categories, or nothing but missing values.

Rules, the same for every source of rows: NaN and NULL are missing; infinite
numbers are numbers; true and false are the categories ``true`` and ``false``;
dates and times are seconds since 1970 (UTC); a number declared categorical
has one spelling, ``1``, whether it was stored as ``1``, ``1.0`` or ``"1"``.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from drift_assets.profiles import Unprofiled
from drift_assets.profiles.binning import FloatArray, Origin

Want = Literal["any", "number", "category"]
"""What a reader asks for: whatever is there, numbers, or values counted as text."""

ArrowArray = Any
"""An Arrow array, chunked or not: pyarrow ships no types to check it by."""

BOOLEANS: Final[Mapping[str, str]] = {
    "True": "true",
    "TRUE": "true",
    "true": "true",
    "False": "false",
    "FALSE": "false",
    "false": "false",
}
"""The spellings of true and false in files without types; those of pandas."""

ARROW_FAILURES: Final = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    pa.ArrowKeyError,
)

_NUMBER = re.compile(
    r"\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity)\s*", re.IGNORECASE | re.ASCII
)
_INTEGER = re.compile(r"\s*[+-]?\d{1,400}\s*", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?")
_SHOWN = 20


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """Numbers without NaN, and how many rows were missing.

    ``is_time`` says that they are dates or times, in seconds.
    """

    numbers: FloatArray
    n_missing: int
    is_time: bool = False


@dataclass(frozen=True, eq=False)
class CategoryColumn:
    """Rows per category, and how many rows were missing.

    ``origin`` is what the values were; None if they come from a file without types.
    """

    counts: Mapping[str, int]
    n_missing: int
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """A column with nothing but missing values; it goes with every kind."""

    n_missing: int


@dataclass(frozen=True, slots=True)
class WrongType:
    """Values of another type than was asked for: what was found, and what was expected."""

    reason: str


Found = NumberColumn | CategoryColumn | MissingColumn | WrongType | Unprofiled


@dataclass(frozen=True, eq=False)
class TextPiece:
    """Rows of a column of categories, not yet counted: one Arrow array of text.

    ``origin`` is what the values were; None if they come from a file without types.
    """

    texts: ArrowArray
    origin: Origin | None

    @property
    def n_missing(self) -> int:
        """Rows without a value."""
        return int(self.texts.null_count)

    def counted(self) -> CategoryColumn:
        """Return the rows per category."""
        return CategoryColumn(text_counts(self.texts), self.n_missing, self.origin)


Piece = Found | TextPiece
"""Some rows of a column."""


@dataclass(frozen=True, eq=False)
class Loose:
    """Values that have no common Arrow type, one object per row."""

    values: Sequence[object]


def as_numpy(array: ArrowArray) -> NDArray[Any]:
    """Return an unchunked array of numbers or booleans without NULL as numpy's; read-only."""
    # Not array.to_numpy(), which imports pandas.
    if pa.types.is_boolean(array.type):
        return np.from_dlpack(array.cast(pa.uint8())).astype(bool)
    return np.from_dlpack(array)


def arrow_integers(values: NDArray[np.int64]) -> ArrowArray:
    """Return numpy integers as an Arrow array."""
    # Not pa.array(), which imports pandas.
    buffer = pa.py_buffer(np.ascontiguousarray(values, dtype=np.int64))
    return pa.Array.from_buffers(pa.int64(), len(values), [None, buffer])


def arrow_texts(values: Sequence[str]) -> ArrowArray:
    """Return texts as an Arrow array; half of a surrogate pair becomes a question mark."""
    # Not pa.array(), which imports pandas.
    encoded = [value.encode("utf-8", "replace") for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers)


def shown(value: object) -> str:
    """Return one value as a message may quote it: short.

    Examples
    --------
    >>> shown("abc"), shown("a" * 30)
    ("'abc'", "'aaaaaaaaaaaaaaaaaaaa...'")
    """
    if not isinstance(value, str):
        text = str(value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}...")


def number_from_text(text: str) -> float | None:
    """Return the number that a text spells, or None.

    Examples
    --------
    >>> number_from_text(" +1.50 "), number_from_text("1,5")
    (1.5, None)
    """
    return float(text) if _NUMBER.fullmatch(text) else None


def canonical(value: object) -> str:
    """Return the one spelling of a number, or of a text that spells one; other text as it is.

    Examples
    --------
    >>> canonical(1), canonical(1.0), canonical("01"), canonical(0.5), canonical("A1")
    ('1', '1', '1', '0.5', 'A1')
    """
    if isinstance(value, str):
        if _INTEGER.fullmatch(value):
            return str(int(value))
        number = number_from_text(value)
        return value if number is None else canonical(number)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    number = float(cast("Any", value))
    # Beyond 64 bits an integer is hardly a code, and its digits would be noise.
    return str(int(number)) if number.is_integer() and abs(number) < 2**64 else repr(number)


def spells_dates(values: Iterable[str]) -> bool:
    """Return whether every text is an ISO date or time; False for none."""
    known = False
    for value in values:
        if not _DATE.fullmatch(value):
            return False
        known = True
    return known


def with_origin(column: CategoryColumn, origin: Origin) -> CategoryColumn | WrongType:
    """Return the column as values of ``origin``, or what is in the way.

    Values without a type take any origin that they can spell. Numbers declared
    categorical may arrive as text; a text among them that is no number stays a
    category of its own.
    """
    if origin == "number":
        if column.origin in {"boolean", "time"}:
            return WrongType(f"found {_ORIGINS[column.origin]}, expected numbers")
        counts: Counter[str] = Counter()
        for name, count in column.counts.items():
            counts[canonical(name)] += count
        return CategoryColumn(counts, column.n_missing, "number")
    if column.origin is None and origin == "boolean":
        return _as_booleans(column)
    if column.origin not in {None, origin}:
        return WrongType(f"found {_ORIGINS[column.origin]}, expected {_ORIGINS[origin]}")
    return replace(column, origin=origin)


def inferred(column: CategoryColumn) -> CategoryColumn:
    """Return the column with the narrowest origin that all of its values can spell."""
    if column.origin is not None:
        return column
    if all(name in BOOLEANS for name in column.counts):
        return cast("CategoryColumn", with_origin(column, "boolean"))
    if all(number_from_text(name) is not None for name in column.counts):
        return cast("CategoryColumn", with_origin(column, "number"))
    return cast("CategoryColumn", with_origin(column, "text"))


def pieces_from_arrow(array: ArrowArray, want: Want, *, first_row: int = 0) -> Iterator[Piece]:
    """Yield what a typed Arrow array holds, texts uncounted.

    Parameters
    ----------
    array
        Some rows of a column, chunked or not.
    want
        What is asked for.
    first_row
        Position of the first of them, for messages.
    """
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    timed = pa.types.is_temporal(kind) and not pa.types.is_interval(kind)
    if array.null_count < len(array) and want != "number" and is_text(kind):
        origin: Origin = "text"
    elif array.null_count < len(array) and want == "category" and timed:
        array, origin = array.cast(pa.string()), "time"
    else:
        yield column_from_arrow(array, want, first_row=first_row)
        return
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        yield TextPiece(chunk, origin)


def column_from_arrow(array: ArrowArray, want: Want, *, first_row: int = 0) -> Found:
    """Return what a typed Arrow array holds; ``first_row`` is the first one's for messages."""
    if isinstance(array, pa.Array):
        array = pa.chunked_array([array])
    if array.null_count == len(array):
        return MissingColumn(len(array))
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if is_text(kind):
        return _from_texts(array, want, first_row)
    if pa.types.is_boolean(kind):
        return _from_booleans(array, want)
    if pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        return _from_times(array, want)
    if _is_number(kind):
        return _from_numbers(array, want)
    sort = "nested values" if pa.types.is_nested(kind) else "values"
    return Unprofiled(f"found {sort} of type {shown(kind)}, expected numbers, text or true/false")


def column_from_objects(
    values: Sequence[object], want: Want, *, rows: Sequence[int] | None = None
) -> Found:
    """Return what loose Python values hold, each judged by itself.

    Parameters
    ----------
    values
        One object per row.
    want
        What is asked for.
    rows
        Position of each value in its source, for messages; by default its index.
    """
    firsts: dict[str, tuple[int, object]] = {}
    n_missing = 0
    present = []
    for position, value in enumerate(values):
        sort = _sort_of(value)
        if sort == "missing":
            n_missing += 1
            continue
        row = position if rows is None else int(rows[position])
        firsts.setdefault(sort, (row, value))
        present.append(value)
    if not present:
        return MissingColumn(n_missing)
    if "nested" in firsts:
        row, value = firsts["nested"]
        return Unprofiled(
            f"found a {type(value).__name__} in row {row + 1:,}, "
            "expected numbers, text or true/false"
        )
    strangers = [first for sort, first in firsts.items() if sort != "number"]
    if want == "number" and strangers:
        row, value = strangers[0]
        return WrongType(f"found {shown(value)} in row {row + 1:,}, expected numbers")
    if want == "any" and len(firsts) > 1:
        (row, value), (other_row, other) = list(firsts.values())[:2]
        return Unprofiled(
            f"found mixed types, {shown(value)} in row {row + 1:,} and {shown(other)} in row "
            f"{other_row + 1:,}, expected one type"
        )
    if want != "category" and not strangers:
        return _numbers([np.array([float(cast("Any", v)) for v in present])], n_missing)
    counts = Counter(v if isinstance(v, str) else canonical(v) for v in present)
    origin = _ORIGIN_OF_SORT[next(iter(firsts))] if len(firsts) == 1 else "text"
    return CategoryColumn(counts, n_missing, origin)


def in_words(column: NumberColumn | CategoryColumn | TextPiece) -> str:
    """Return what sort of values these are."""
    if isinstance(column, NumberColumn):
        return "dates or times" if column.is_time else "numbers"
    return _ORIGINS[column.origin]


def holds_scalars(values: Iterable[object]) -> bool:
    """Return whether any loose value is a number, a text, true or false."""
    return any(_sort_of(value) in _ORIGIN_OF_SORT for value in values)


def merge(found: Sequence[Found], labels: Sequence[str]) -> Found:
    """Return one column from those of several files, or why they do not go together.

    Parameters
    ----------
    found
        What each file's column holds.
    labels
        The files' names, for messages.
    """
    if len(found) == 1:
        return found[0]
    n_missing = 0
    present: list[tuple[NumberColumn | CategoryColumn, str]] = []
    for part, label in zip(found, labels, strict=True):
        if isinstance(part, (WrongType, Unprofiled)):
            # The reason for an absent column names its file already.
            named = part.reason if label in part.reason else f"{part.reason} ({label})"
            return replace(part, reason=named)
        n_missing += part.n_missing
        if not isinstance(part, MissingColumn):
            present.append((part, label))
    if not present:
        return MissingColumn(n_missing)
    numbers = [part.numbers for part, _ in present if isinstance(part, NumberColumn)]
    if len(numbers) == len(present):
        times = [part.is_time for part, _ in present if isinstance(part, NumberColumn)]
        if len(set(times)) == 1:
            return NumberColumn(np.concatenate(numbers), n_missing, times[0])
    return _merge_categories(present, n_missing)


def _merge_categories(
    present: Sequence[tuple[NumberColumn | CategoryColumn, str]], n_missing: int
) -> Found:
    categories = [part for part, _ in present if isinstance(part, CategoryColumn)]
    origins = {part.origin for part in categories if part.origin is not None}
    if len(categories) < len(present) or len(origins) > 1:
        (first, first_label), (second, second_label) = _first_two_that_differ(present)
        return Unprofiled(
            f"found {first} in {first_label} and {second} in {second_label}, expected one type"
        )
    origin = origins.pop() if origins else None
    counts: Counter[str] = Counter()
    for part in categories:
        as_origin = part if origin is None else with_origin(part, origin)
        if isinstance(as_origin, WrongType):
            return as_origin
        counts.update(as_origin.counts)
    return CategoryColumn(counts, n_missing, origin)


_ORIGIN_OF_SORT: Final[Mapping[str, Origin]] = {
    "number": "number",
    "text": "text",
    "boolean": "boolean",
}
_ORIGINS: Final[Mapping[Origin | None, str]] = {
    "number": "numbers",
    "text": "text",
    "boolean": "true and false",
    "time": "dates or times",
    None: "text",
}


def _as_booleans(column: CategoryColumn) -> CategoryColumn | WrongType:
    counts: Counter[str] = Counter()
    for name, count in column.counts.items():
        if name not in BOOLEANS:
            return WrongType(f"found {shown(name)}, expected true or false")
        counts[BOOLEANS[name]] += count
    return CategoryColumn(counts, column.n_missing, "boolean")


def _from_texts(array: ArrowArray, want: Want, first_row: int) -> Found:
    if want == "number":
        row = int(np.argmax(np.concatenate([valid_rows(c) for c in array.chunks])))
        number = first_row + row + 1
        return WrongType(
            f"found text, {shown(array[row].as_py())} in row {number:,}, expected numbers"
        )
    return CategoryColumn(_text_counts(array), array.null_count, "text")


def _from_booleans(array: ArrowArray, want: Want) -> Found:
    if want == "number":
        return WrongType("found true and false, expected numbers")
    return CategoryColumn(_canonical_counts(array), array.null_count, "boolean")


def _from_times(array: ArrowArray, want: Want) -> Found:
    if want == "category":
        try:
            as_text = array.cast(pa.string())
        except pa.ArrowInvalid:
            # Of a damaged file, or of a machine without the files of the zones.
            zone = shown(array.type.tz)
            return WrongType(f"found times in the unknown zone {zone}, expected one known here")
        return CategoryColumn(_text_counts(as_text), array.null_count, "time")
    found = _numbers([_seconds(c) for c in array.chunks], array.null_count)
    return replace(found, is_time=True) if isinstance(found, NumberColumn) else found


def _from_numbers(array: ArrowArray, want: Want) -> Found:
    coded = pa.types.is_dictionary(array.type)
    # A coded number (a pandas Categorical of ints) is categorical already.
    if want == "category" or (want == "any" and coded):
        counts = _canonical_counts(array)
        present = sum(counts.values())
        missing = len(array) - present
        return CategoryColumn(counts, missing, "number") if present else MissingColumn(missing)
    if coded:
        array = array.cast(array.type.value_type)
    return _numbers([_floats(c) for c in array.chunks], array.null_count)


def _first_two_that_differ(
    present: Sequence[tuple[NumberColumn | CategoryColumn, str]],
) -> tuple[tuple[str, str], tuple[str, str]]:
    named = [(in_words(part), label) for part, label in present]
    return named[0], next((n for n in named if n[0] != named[0][0]), named[-1])


def _sort_of(value: object) -> str:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return "missing"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (bool, np.bool_)):
        return "boolean"
    if isinstance(value, (int, float, Decimal, np.integer, np.floating)):
        return "missing" if math.isnan(value) else "number"
    return "nested"


def is_text(kind: ArrowArray) -> bool:
    """Return whether an Arrow type is one of text."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_number(kind: ArrowArray) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def valid_rows(chunk: ArrowArray) -> NDArray[np.bool_]:
    """Return for each row whether there is a value."""
    return as_numpy(chunk.is_valid())


def _floats(chunk: ArrowArray) -> FloatArray:
    # Dropping loads pyarrow.compute, for which two small files would wait longest.
    present = chunk.drop_null() if chunk.null_count else chunk
    if pa.types.is_decimal(present.type):
        # Through text: the direct way is off by one in the last place for every seventh price.
        present = present.cast(pa.string()).cast(pa.float64())
    # A NaN may be of the signalling kind.
    with np.errstate(invalid="ignore"):
        return as_numpy(present).astype(np.float64, copy=False)


def _seconds(chunk: ArrowArray) -> FloatArray:
    present = chunk.drop_null()
    kind = present.type
    if pa.types.is_date(kind):
        days = present.cast(pa.date32()).cast(pa.int32())
        return as_numpy(days) * 86_400.0
    per_second = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
    counts = present.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())
    return as_numpy(counts) / per_second


def _numbers(chunks: Sequence[FloatArray], n_missing: int) -> NumberColumn | MissingColumn:
    values = np.concatenate(chunks) if len(chunks) != 1 else chunks[0]
    n_nan = 0
    # A NaN makes the smallest value NaN: cheaper to ask than whether each is one.
    if len(values) and np.isnan(values.min()):
        is_nan = np.isnan(values)
        n_nan = int(np.count_nonzero(is_nan))
        values = values[~is_nan]
    return (
        NumberColumn(values, n_missing + n_nan) if len(values) else MissingColumn(n_missing + n_nan)
    )


def text_counts(chunk: ArrowArray) -> Counter[str]:
    """Return how often each text occurs in one Arrow array, NULL left out."""
    if pa.types.is_string_view(chunk.type):
        chunk = chunk.cast(pa.large_string())
    if pa.types.is_dictionary(chunk.type):
        # Codes are counted, not texts; a dictionary may name a text twice or not use it.
        # Dropping nothing would import pyarrow's compute module all the same.
        codes = as_numpy(chunk.indices.drop_null() if chunk.null_count else chunk.indices)
        rows = np.bincount(codes.astype(np.int64), minlength=len(chunk.dictionary))
        names = chunk.dictionary.to_pylist()
        pairs = [(n, int(r)) for n, r in zip(names, rows, strict=True) if r and n is not None]
    else:
        counted = chunk.drop_null().value_counts()
        values, times = counted.field("values"), counted.field("counts")
        pairs = list(zip(values.to_pylist(), times.to_pylist(), strict=True))
    counts: Counter[str] = Counter()
    for name, rows_of_name in pairs:
        counts[name] += rows_of_name
    return counts


def _text_counts(array: ArrowArray) -> Counter[str]:
    counts: Counter[str] = Counter()
    for chunk in array.chunks:
        counts.update(text_counts(chunk))
    return counts


def _canonical_counts(array: ArrowArray) -> Counter[str]:
    counts: Counter[str] = Counter()
    for chunk in array.chunks:
        plain = chunk.cast(chunk.type.value_type) if _is_coded(chunk) else chunk
        counted = plain.drop_null().value_counts()
        pairs = zip(
            counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
        )
        for value, rows in pairs:
            if value == value:  # noqa: PLR0124  # NaN alone differs from itself
                counts[canonical(value)] += rows
    return counts


def _is_coded(chunk: ArrowArray) -> bool:
    return bool(pa.types.is_dictionary(chunk.type))
