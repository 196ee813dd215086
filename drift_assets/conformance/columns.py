"""One side of a column as the peers see it: rows in their order, or rows per category."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drift_assets.errors import ColumnError
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.scan.columns import canonical
from drift_assets.stats.statistic import Kind

AnyArray = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of one side.

    Attributes
    ----------
    values
        Non-missing rows in their order. Integers stay integers: numpy gives them no bin
        narrower than 1.
    pieces
        The same rows in tenths of all rows, missing ones counted; None if not known.
    """

    values: AnyArray
    pieces: tuple[AnyArray, ...] | None = None

    @property
    def n(self) -> int:
        """Non-missing rows."""
        return len(self.values)

    def finite(self) -> "Numbers":
        """Return the side without its infinite values."""
        kept = self.values[np.isfinite(self.values)]
        pieces = self.pieces and tuple(piece[np.isfinite(piece)] for piece in self.pieces)
        return Numbers(kept, pieces)

    def as_categories(self) -> "Categories":
        """Return the side with each distinct number as a category."""
        values, counts = np.unique(self.values, return_counts=True)
        return Categories(
            {str(v): int(n) for v, n in zip(values.astype(np.float64), counts, strict=True)}
        )


@dataclass(frozen=True, eq=False)
class Categories:
    """The categories of one side.

    Attributes
    ----------
    counts
        Non-missing rows per category.
    pieces
        The same in tenths of all rows, missing ones counted; None if the order is not known.
    """

    counts: Mapping[str, int]
    pieces: "tuple[Mapping[str, int], ...] | None" = None

    @property
    def n(self) -> int:
        """Non-missing rows."""
        return sum(self.counts.values())


Column = Numbers | Categories


def column(values: ArrayLike | Sequence[object], *, kind: Kind | None = None) -> Column:
    """Return one side of a column from raw values.

    Parameters
    ----------
    values
        Numbers, texts or booleans, one-dimensional; NaN and None are missing.
    kind
        What the values are; by default numbers are numeric, all else categorical.

    Raises
    ------
    ColumnError
        If the values are not one-dimensional, of another type, or no numbers where the kind
        asks for them.
    """
    rows = np.asarray(values)
    if rows.ndim != 1:
        raise ColumnError(
            f"Found values of shape {rows.shape}, expected one column: pass its rows one by one."
        )
    if kind != "categorical" and rows.dtype.kind in "iuf":
        return numbers(rows)
    present = np.array([not is_missing(v) for v in rows], dtype=bool)
    kept = rows[present].tolist()
    nameless = [v for v in kept if not isinstance(v, (str, bool)) and not _is_number(v)]
    if nameless:
        raise ColumnError(
            f"Found a {type(nameless[0]).__name__}, expected numbers, text or true and false: "
            "pass what the peer would be given."
        )
    strangers = [v for v in kept if not _is_number(v)]
    if kind == "categorical" or (kind is None and (strangers or not kept)):
        names = np.array([v if isinstance(v, str) else canonical(v) for v in kept], dtype=object)
        return Categories(
            Counter(names.tolist()),
            tuple(Counter(p.tolist()) for p in tenths(names, present)) or None,
        )
    if strangers:
        raise ColumnError(
            f"Found {strangers[0]!r} in a numeric column, expected numbers: correct it, or say "
            "kind='categorical'."
        )
    as_floats = np.full(len(rows), np.nan)
    as_floats[present] = [float(v) for v in kept]
    return numbers(as_floats)


def numbers(rows: AnyArray) -> Numbers:
    """Return one side of a numeric column from all of its rows, NaN for missing ones."""
    present = ~np.isnan(rows)
    kept = rows[present]
    return Numbers(kept, tuple(tenths(kept, present)) or None)


def category_counts(baseline: Categories, current: Categories) -> tuple[IntArray, IntArray]:
    """Return rows per category on both sides, over the union of their categories, sorted.

    Examples
    --------
    >>> [n.tolist() for n in category_counts(Categories({"a": 2}), Categories({"b": 1}))]
    [[2, 0], [0, 1]]
    """
    names = sorted({*baseline.counts, *current.counts})
    p, q = (
        np.array([side.counts.get(name, 0) for name in names], dtype=np.int64)
        for side in (baseline, current)
    )
    return p, q


def pooled(baseline: Numbers, current: Numbers) -> FloatArray:
    """Return the values of both sides in one array, as integers if both sides are."""
    return cast("FloatArray", np.concatenate([baseline.values, current.values]))


def tenths(kept: AnyArray, present: NDArray[np.bool_]) -> list[AnyArray]:
    """Return what is kept of every tenth of the rows, and of the rest; none under ten rows."""
    size = len(present) // 10
    if not size:
        return []
    ends = np.cumsum(present)[size - 1 :: size]
    pieces = np.split(kept, ends)
    # Ten tenths leave no rest; the last cut is then the end.
    return pieces if len(present) % size else pieces[:-1]


def is_missing(value: object) -> bool:
    """Return whether a Python value stands for none: None, NaN, and what pandas has for them."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, (float, np.floating, Decimal)) and bool(value != value)  # noqa: PLR0124  # NaN alone differs from itself


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
