import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.scan import numbers
from drift_assets.scan.columns import (
    CategoryColumn,
    MissingColumn,
    NumberColumn,
    Piece,
    TextPiece,
)
from drift_assets.scan.numbers import Reading
from drift_assets.scan.rows import NotOfOneKindError

PIECES = st.lists(
    st.builds(lambda v, m: NumberColumn(np.array(v), m), st.lists(st.floats(-9, 9)), st.integers(0))
    | st.builds(MissingColumn, st.integers(0, 9))
)


@given(pieces=PIECES, size=st.integers(1, 12))
def test_pieces_are_of_one_size_however_the_column_came(pieces: list[Piece], size: int) -> None:
    present = [piece for piece in pieces if isinstance(piece, NumberColumn)]
    values = np.concatenate([np.empty(0), *(piece.numbers for piece in present)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "PIECE_ROWS", size)
        reading = Reading(pieces, is_time=False)
        found = [piece.copy() for piece in reading.even()]
        ascending = [piece.copy() for piece in Reading(pieces, is_time=False).ascending()]
    n_missing = [p.n_missing for p in pieces if isinstance(p, (NumberColumn, MissingColumn))]
    assert reading.n_missing == sum(n_missing)
    assert [len(piece) for piece in found[:-1]] == [size] * (len(found) - 1)
    assert all(1 <= len(piece) <= size for piece in found)
    np.testing.assert_array_equal(np.concatenate([np.empty(0), *found]), values)
    for piece, in_order in zip(found, ascending, strict=True):
        np.testing.assert_array_equal(in_order, np.sort(piece))
    whole = Reading(pieces, is_time=False).whole(len(values))
    np.testing.assert_array_equal(whole, np.sort(values))


@pytest.mark.parametrize("n_arrays", [1, 2])
def test_the_callers_numbers_are_left_as_they_are(n_arrays: int) -> None:
    values = np.array([3.0, 1.0, 2.0])
    pieces = [NumberColumn(values, 0)] * n_arrays
    for read in ("ascending", "even"):
        list(getattr(Reading(pieces, is_time=False), read)())
    Reading(pieces, is_time=False).whole(3 * n_arrays)
    assert values.tolist() == [3.0, 1.0, 2.0]


def test_something_else_than_numbers_is_refused() -> None:
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415

    numbers_first: list[Piece] = [NumberColumn(np.ones(3), 0)]
    for stranger in (CategoryColumn({"x": 1}, 0, "text"), TextPiece(pa.array(["x"]), None)):
        with pytest.raises(NotOfOneKindError, match="found text, expected numbers"):
            list(Reading([*numbers_first, stranger], is_time=False).even())
    with pytest.raises(NotOfOneKindError, match="found numbers, expected dates or times"):
        list(Reading(numbers_first, is_time=True).even())
