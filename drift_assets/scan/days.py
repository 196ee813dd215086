"""Days: which day a row belongs to, by a column of dates."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from drift_assets.errors import ColumnError
from drift_assets.scan.columns import ArrowArray, Loose, as_numpy, shown, valid_rows

DayArray = NDArray[np.datetime64]
BoolArray = NDArray[np.bool_]

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ][\d:.,]+)?\s?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_QUARTER_HOUR: Final = 900
_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Days:
    """The rows of some days: those whose date lies in ``first`` to ``last``, both included.

    Attributes
    ----------
    column
        Column with the date or time of each row. Rows without one belong to no day.
    first, last
        None is unbounded.
    timezone
        Where midnight is, for instants that carry a zone of their own; a time
        without one is taken as it stands.
    """

    column: str
    first: date | None = None
    last: date | None = None
    timezone: str = "UTC"

    def keep(self, dates: DayArray) -> BoolArray:
        """Return for each row whether it belongs to these days."""
        kept = ~np.isnat(dates)
        if self.first is not None:
            kept &= dates >= np.datetime64(self.first, "D")
        if self.last is not None:
            kept &= dates <= np.datetime64(self.last, "D")
        return kept

    def dates(self, array: ArrowArray, *, label: str, first_row: int = 1) -> DayArray:
        """Return the day of each row, NaT where the date is missing.

        Parameters
        ----------
        array
            The date column: an Arrow array, chunked or not, or `Loose` values.
        label
            Name of the file, for messages.
        first_row
            Number of the first row, for messages.

        Raises
        ------
        ColumnError
            If a value is no date.
        """
        where = f"of the date column {self.column!r} of {label}"
        if isinstance(array, Loose):
            raise ColumnError(f"Found mixed types in the rows {where}, {_EXPECTED}.")
        if isinstance(array, pa.Array):
            array = pa.chunked_array([array])
        kind = array.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            array = array.cast(kind)
        if pa.types.is_null(kind):
            return np.full(len(array), np.datetime64("NaT"), dtype="datetime64[D]")
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            chunks = [self._of_instants(c) for c in array.chunks]
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            chunks = []
            for chunk in array.chunks:
                days, bad = self._of_texts(chunk)
                if bad is not None:
                    row = first_row + sum(map(len, chunks)) + bad
                    raise ColumnError(
                        f"Found {shown(chunk[bad].as_py())} in row {row:,} {where}, {_EXPECTED}."
                    )
                chunks.append(days)
        else:
            raise ColumnError(f"Found values of type {kind} in the rows {where}, {_EXPECTED}.")
        return np.concatenate([np.empty(0, dtype="datetime64[D]"), *chunks])

    def _of_instants(self, chunk: ArrowArray) -> DayArray:
        zone = getattr(chunk.type, "tz", None)
        per_day = pa.types.is_date(chunk.type)
        counts = chunk.cast(pa.date32()) if per_day else chunk
        counts = counts.cast(pa.int32() if per_day else pa.int64()).fill_null(0)
        unit = "D" if per_day else chunk.type.unit
        instants = as_numpy(counts).astype(np.int64).view(f"datetime64[{unit}]")
        missing = ~valid_rows(chunk)
        if zone is None:
            days = instants.astype("datetime64[D]")
            days[missing] = np.datetime64("NaT")
            return days
        seconds = instants.astype("datetime64[s]").astype(np.int64)
        # Python's zones, not Arrow's: a bare Debian image has no zone files for Arrow.
        quarters, position = np.unique(seconds // _QUARTER_HOUR, return_inverse=True)
        offsets = np.array(
            [_offset(int(q) * _QUARTER_HOUR, self.timezone) for q in quarters], dtype=np.int64
        )
        days = ((seconds + offsets[position]) // _DAY_SECONDS).astype("datetime64[D]")
        days[missing] = np.datetime64("NaT")
        return days

    def _of_texts(self, chunk: ArrowArray) -> tuple[DayArray, int | None]:
        coded = chunk.dictionary_encode()
        table = np.full(len(coded.dictionary) + 1, np.datetime64("NaT"), dtype="datetime64[D]")
        bad = []
        for position, text in enumerate(coded.dictionary.to_pylist()):
            day = self._of_text(text)
            if day is None:
                bad.append(position)
            else:
                table[position] = day
        codes = as_numpy(coded.indices.fill_null(len(table) - 1))
        first_bad = int(np.argmax(np.isin(codes, bad))) if bad else None
        return table[codes], first_bad

    def _of_text(self, text: str) -> date | None:
        match = _ISO.fullmatch(text.strip())
        if not match:
            return None
        try:
            if match[2]:
                instant = datetime.fromisoformat(text.strip().replace(" +", "+"))
                return instant.astimezone(_zone(self.timezone)).date()
            return date.fromisoformat(match[1])
        except ValueError:
            return None


_EXPECTED: Final = "expected dates such as 2026-11-23"


def _zone(name: str) -> tzinfo:
    # Only who has instants pays for its import.
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    return ZoneInfo(name)


def _offset(seconds: int, timezone: str) -> int:
    try:
        instant = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return 0
    offset = instant.astimezone(_zone(timezone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
