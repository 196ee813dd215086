"""Rows: a data set that can be read column by column, whatever it is kept in."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol, TypeVar

from drift_assets.profiles import Unprofiled
from drift_assets.scan.columns import (
    CategoryColumn,
    Found,
    MissingColumn,
    NumberColumn,
    Want,
    merge,
)

Result = TypeVar("Result")

MOST_WORKERS: Final = 4
ROWS_WORTH_A_THREAD: Final = 50_000
"""Below this many rows starting threads costs more than it saves."""

Suitability = Literal["watchable", "missing", "unsuitable"]
"""Whether ``features: auto`` may take a column: yes; no value in it; dates or nested values."""


class Part(Protocol):
    """One file or data frame of a data set. Nothing of a part changes while it is read."""

    @property
    def label(self) -> str:
        """What messages call it: a file's name, or ``the data frame``."""

    @property
    def typed(self) -> bool:
        """Whether values carry types; False for CSV, where all is text."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in their order, each once; columns without a name are left out."""

    @property
    def repeated(self) -> frozenset[str]:
        """Names that occur more than once; which one is meant cannot be known."""

    @property
    def n_rows(self) -> int:
        """Rows, those of other days left out."""

    def prepare(self, wants: Mapping[str, Want]) -> None:
        """Read ahead what can only be read together."""

    def take(self, name: str, want: Want) -> Found:
        """Return what a column holds; the column is known to be there."""

    def suitability(self) -> Mapping[str, Suitability]:
        """Return for each column whether it can be watched."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A read-only data set: the rows of one data frame, or of one or several files.

    Attributes
    ----------
    parts
        Where the rows are, in order.
    """

    parts: tuple[Part, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of all parts' columns, in order of appearance."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    @cached_property
    def n_rows(self) -> int:
        """How many rows there are; a CSV file is read for it, if it was not read yet."""
        return sum(part.n_rows for part in self.parts)

    @cached_property
    def watchable(self) -> tuple[str, ...]:
        """Columns that ``features: auto`` may take: not dates, nested or all missing."""
        found: dict[str, list[Suitability]] = {name: [] for name in self.columns}
        for part in self.parts:
            for name, suitability in part.suitability().items():
                found[name].append(suitability)
        return tuple(
            name
            for name, all_parts in found.items()
            if "unsuitable" not in all_parts and "watchable" in all_parts
        )

    @property
    def label(self) -> str:
        """What messages call the data set."""
        first = self.parts[0].label
        more = len(self.parts) - 1
        return f"{first} and {more} more file{'s' if more > 1 else ''}" if more else first

    def read(self, wants: Mapping[str, Want]) -> Iterator[tuple[str, Found]]:
        """Yield each wanted column.

        Parameters
        ----------
        wants
            What is asked for, by column name.
        """
        return self.each(wants, lambda _, found: found)

    def each(
        self, wants: Mapping[str, Want], compute: Callable[[str, Found], Result]
    ) -> Iterator[tuple[str, Result]]:
        """Yield what ``compute`` makes of each wanted column, in order.

        Decoding and sorting release the interpreter lock, so as many columns are worked on
        at a time as there are processors, at most four; memory holds only those.

        Parameters
        ----------
        wants
            What is asked for, by column name.
        compute
            Takes name and column; must not keep the column.
        """
        for part in self.parts:
            known = {name: want for name, want in wants.items() if name in part.columns}
            part.prepare(known)
        labels = [part.label for part in self.parts]

        def one(name: str) -> tuple[str, Result]:
            found = [_take(part, name, wants[name]) for part in self.parts]
            if wants[name] == "any" and self._is_text_after_all(found):
                # Without types, one text anywhere makes the whole column text.
                found = [_take(part, name, "category") for part in self.parts]
            return name, compute(name, merge(found, labels))

        workers = min(_processors(), MOST_WORKERS, len(wants))
        if workers < 2 or self.n_rows < ROWS_WORTH_A_THREAD:
            yield from map(one, wants)
            return
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(one, wants)

    def _is_text_after_all(self, found: Sequence[Found]) -> bool:
        kinds = {type(column) for column in found if not isinstance(column, MissingColumn)}
        return kinds == {NumberColumn, CategoryColumn} and not any(p.typed for p in self.parts)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _take(part: Part, name: str, want: Want) -> Found:
    if name not in part.columns:
        return Unprofiled(f"column absent from {part.label}")
    if name in part.repeated:
        return Unprofiled(f"column name occurs more than once in {part.label}")
    return part.take(name, want)
