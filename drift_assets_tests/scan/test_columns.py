from decimal import Decimal

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.profiles import Unprofiled
from drift_assets.scan.columns import (
    CategoryColumn,
    Found,
    MissingColumn,
    NumberColumn,
    WrongType,
    canonical,
    column_from_arrow,
    column_from_objects,
    inferred,
    merge,
    number_from_text,
    shown,
    spells_dates,
    with_origin,
)


@given(st.integers(-(2**53), 2**53))
def test_an_integer_has_one_spelling_however_it_was_stored(value: int) -> None:
    assert canonical(value) == canonical(float(value)) == canonical(f"{value}.0") == str(value)


@given(st.floats(allow_nan=False))
def test_a_number_is_read_back_from_its_spelling(value: float) -> None:
    assert number_from_text(repr(value)) == value


@pytest.mark.parametrize(
    "text", ["", " ", "1_000", "0x10", "1,5", "1d5", "\N{FULLWIDTH DIGIT ONE}", "+-1"]
)
def test_what_is_no_number_elsewhere_is_none_here(text: str) -> None:
    assert number_from_text(text) is None


def test_a_long_value_is_cut_before_it_is_quoted() -> None:
    assert len(shown("secret " * 100)) < 30
    assert len(shown(10**100)) < 30


def test_nan_and_null_are_missing_and_infinity_is_not() -> None:
    found = column_from_arrow(pa.array([1.0, None, float("nan"), float("inf")]), "any")
    assert isinstance(found, NumberColumn)
    assert found.n_missing == 2
    assert found.numbers.tolist() == [1.0, float("inf")]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, 2], pa.int64()),
        pa.array([1, 2], pa.uint64()),
        pa.array([1.0, 2.0], pa.float32()),
        pa.array([Decimal(1), Decimal(2)]),
        pa.array([np.float16(1), np.float16(2)], pa.float16()),
    ],
    ids=lambda array: str(array.type),
)
def test_every_width_of_number_is_a_number(array: object) -> None:
    found = column_from_arrow(array, "any")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [1.0, 2.0]


def test_the_largest_unsigned_number_does_not_turn_negative() -> None:
    found = column_from_arrow(pa.array([2**64 - 1], pa.uint64()), "any")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [float(2**64)]


def test_a_date_is_seconds_since_1970() -> None:
    found = column_from_arrow(pa.array([1], pa.date32()), "any")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [86_400.0]


@pytest.mark.parametrize(
    ("unit", "count"), [("s", 90), ("ms", 90_000), ("us", 90_000_000), ("ns", 90_000_000_000)]
)
def test_a_timestamp_is_seconds_whatever_its_unit(unit: str, count: int) -> None:
    found = column_from_arrow(pa.array([count], pa.timestamp(unit, "UTC")), "any")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [90.0]


def test_true_and_false_are_categories() -> None:
    found = column_from_arrow(pa.array([True, False, True, None]), "any")
    assert found == CategoryColumnLike({"true": 2, "false": 1}, 1, "boolean")


def test_a_dictionary_is_counted_by_its_texts_and_unused_ones_are_left_out() -> None:
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 0, None, 2]), ["a", "unused", "b"])
    assert column_from_arrow(coded, "any") == CategoryColumnLike({"a": 2, "b": 1}, 1, "text")


def test_chunks_with_different_dictionaries_are_counted_together() -> None:
    chunks = pa.chunked_array(
        [pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"]).dictionary_encode()]
    )
    assert column_from_arrow(chunks, "any") == CategoryColumnLike(
        {"a": 1, "b": 2, "c": 1}, 0, "text"
    )


def test_coded_numbers_are_categories() -> None:
    coded = pa.array([7, 7, 8]).dictionary_encode()
    assert column_from_arrow(coded, "any") == CategoryColumnLike({"7": 2, "8": 1}, 0, "number")


def test_nested_values_are_refused_by_name() -> None:
    found = column_from_arrow(pa.array([[1]]), "any")
    assert isinstance(found, Unprofiled)
    assert "nested" in found.reason
    assert "list" in found.reason


def test_a_column_without_values_goes_with_every_kind() -> None:
    for array in (pa.nulls(3), pa.array([None, None, None], pa.string())):
        assert column_from_arrow(array, "number") == MissingColumn(3)


def test_text_where_numbers_are_wanted_is_quoted_with_its_row() -> None:
    found = column_from_arrow(pa.array([None, "abc", "def"]), "number")
    assert found == WrongType("found text, 'abc' in row 2, expected numbers")


def test_mixed_objects_are_named_with_their_rows() -> None:
    found = column_from_objects([1, None, "x"], "any")
    assert isinstance(found, Unprofiled)
    assert found.reason == "found mixed types, 1 in row 1 and 'x' in row 3, expected one type"


def test_objects_that_are_all_numbers_are_numbers_however_large() -> None:
    found = column_from_objects([2**70, 0.5, np.int8(3), Decimal("1.5"), float("nan")], "any")
    assert isinstance(found, NumberColumn)
    assert found.numbers.tolist() == [2.0**70, 0.5, 3.0, 1.5]
    assert found.n_missing == 1


def test_mixed_numbers_and_texts_declared_categorical_share_one_spelling() -> None:
    found = column_from_objects([1, 1.0, "1", "A"], "category")
    assert found == CategoryColumnLike({"1": 3, "A": 1}, 0, "text")


def test_numbers_that_became_floats_keep_their_categories() -> None:
    ints = column_from_arrow(pa.array([1, 2, 2]), "category")
    floats = column_from_arrow(pa.array([1.0, 2.0, 2.0, None]), "category")
    texts = column_from_arrow(pa.array(["1", "2", "2.0"]), "category")
    assert isinstance(ints, CategoryColumn)
    assert isinstance(floats, CategoryColumn)
    assert isinstance(texts, CategoryColumn)
    as_number = with_origin(texts, "number")
    assert isinstance(as_number, CategoryColumn)
    assert dict(ints.counts) == dict(floats.counts) == dict(as_number.counts) == {"1": 1, "2": 2}


def test_values_without_types_take_the_narrowest_origin_they_all_spell() -> None:
    assert inferred(CategoryColumn({"True": 1, "FALSE": 2}, 0, None)) == CategoryColumnLike(
        {"true": 1, "false": 2}, 0, "boolean"
    )
    assert inferred(CategoryColumn({"01": 1, "1.0": 2}, 0, None)).counts == {"1": 3}
    assert inferred(CategoryColumn({"True": 1, "maybe": 2}, 0, None)).origin == "text"


def test_parts_of_one_type_are_one_column() -> None:
    parts: list[Found] = [
        NumberColumn(np.array([1.0]), 1),
        MissingColumn(2),
        NumberColumn(np.array([2.0]), 0),
    ]
    merged = merge(parts, ["a.csv", "b.csv", "c.csv"])
    assert isinstance(merged, NumberColumn)
    assert merged.numbers.tolist() == [1.0, 2.0]
    assert merged.n_missing == 3


def test_parts_of_different_types_are_named() -> None:
    merged = merge(
        [NumberColumn(np.array([1.0]), 0), CategoryColumn({"x": 1}, 0, "text")],
        ["a.parquet", "b.parquet"],
    )
    assert merged == Unprofiled(
        "found numbers in a.parquet and text in b.parquet, expected one type"
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2026-11-23", "2026-11-23T10:00:00Z", "2026-11-23 10:00:00.5+01:00"], True),
        (["2026-11-23", "x"], False),
        (["20261123"], False),
        ([], False),
    ],
)
def test_iso_dates_are_told_from_other_text(texts: list[str], expected: bool) -> None:
    assert spells_dates(texts) is expected


class CategoryColumnLike:
    """Equal to a `CategoryColumn` with the same content."""

    def __init__(self, counts: dict[str, int], n_missing: int, origin: str) -> None:
        self.content = (counts, n_missing, origin)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CategoryColumn) and self.content == (
            dict(other.counts),
            other.n_missing,
            other.origin,
        )

    def __hash__(self) -> int:
        return hash(self.content[1:])


@pytest.mark.parametrize("kind", [pa.decimal128(10, 2), pa.decimal128(38, 10)])
def test_a_decimal_is_the_number_that_its_digits_spell(kind: object) -> None:
    prices = [Decimal(cents) / 100 for cents in range(-2_000, 2_000)]
    found = column_from_arrow(pa.array(prices, kind), "number")
    assert isinstance(found, NumberColumn)
    # What a CSV file with the same prices is read as.
    assert found.numbers.tolist() == [float(str(price)) for price in prices]
