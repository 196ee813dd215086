import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.scan.hashes import value_hashes


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])))))
def test_texts_have_equal_hashes_when_they_are_equal(values: list[str | None]) -> None:
    found = value_hashes(pa.array(values, pa.string())).tolist()
    by_value = dict(zip(values, found, strict=True))
    assert [by_value[value] for value in values] == found
    assert len(set(found)) == len(set(values))


def test_a_slice_and_a_dictionary_have_the_hashes_of_their_values() -> None:
    whole = pa.array(["skipped", "a", None, "b", ""])
    expected = value_hashes(pa.array(["a", None, "b", ""])).tolist()
    assert value_hashes(whole.slice(1)).tolist() == expected
    assert value_hashes(whole.slice(1).dictionary_encode()).tolist() == expected
