"""Rows in the order of their files: a threshold may rest on the baseline's own tenths."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

from drift_assets.conformance.columns import (
    AnyArray,
    Categories,
    Column,
    Numbers,
    is_missing,
    tenths,
)
from drift_assets.profiles.binning import Origin
from drift_assets.scan import Rows
from drift_assets.scan.columns import BOOLEANS, ArrowArray, Loose, as_numpy, canonical, valid_rows
from drift_assets.scan.delimited import DelimitedPart
from drift_assets.scan.frames import TypedPart


def in_tenths(side: Column, rows: Rows, name: str, *, origin: Origin | None) -> Column:
    """Return one side with its tenths, read once more from its rows.

    Parameters
    ----------
    side
        What the column holds.
    rows
        Where it was read.
    name
        Of the column.
    origin
        What its categories were, which tells how they are spelled.

    Returns
    -------
    Column
        The side itself if the rows cannot be told one by one.
    """
    arrays: list[ArrowArray | Loose] = []
    for part in rows.parts:
        if not isinstance(part, (DelimitedPart, TypedPart)):
            return side
        arrays += [values for _, _, values in part.batches([name])]
    if not arrays:
        return side
    present = np.concatenate([_present(values) for values in arrays])
    if np.count_nonzero(present) != side.n:
        return side
    if isinstance(side, Numbers):
        return replace(side, pieces=tuple(tenths(side.values, present)) or None)
    names = np.concatenate([_spelled(values, origin) for values in arrays])
    pieces = tuple(Counter(p.tolist()) for p in tenths(names[present], present))
    return Categories(side.counts, pieces or None)


def _present(values: ArrowArray | Loose) -> NDArray[np.bool_]:
    if isinstance(values, Loose):
        return np.array([not is_missing(v) for v in values.values], dtype=bool)
    found = [np.empty(0, dtype=bool)]
    for chunk in _chunks(values):
        known = valid_rows(chunk)
        if pa.types.is_floating(chunk.type):
            known = known & ~np.isnan(as_numpy(pc.fill_null(pc.cast(chunk, pa.float64()), np.nan)))
        found.append(known)
    return np.concatenate(found)


def _spelled(values: ArrowArray | Loose, origin: Origin | None) -> AnyArray:
    """Return each row's category, spelled as `drift_assets.scan` counts it; any for missing."""
    rows = values.values if isinstance(values, Loose) else values.to_pylist()
    names = [value if isinstance(value, str) else _text(value) for value in rows]
    if origin == "number":
        names = [canonical(name) for name in names]
    elif origin == "boolean":
        names = [BOOLEANS.get(name, name) for name in names]
    return np.array(names, dtype=object)


def _text(value: object) -> str:
    return "" if is_missing(value) else canonical(value)


def _chunks(values: ArrowArray) -> list[ArrowArray]:
    return list(values.chunks) if isinstance(values, pa.ChunkedArray) else [values]
