"""Categories of a column: all by name while they are few, the frequent ones of many."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift_assets.profiles.binning import Origin
from drift_assets.scan import categories
from drift_assets.scan.categories import CountedCategories, count_categories
from drift_assets.scan.files import rows_from_files
from drift_assets.scan.frames import rows_from_frame
from drift_assets.scan.rows import ColumnRows, NotOfOneKindError, Rows


def counted(
    rows: Rows, *, origin: Origin | None = None, known: tuple[str, ...] = ()
) -> CountedCategories:
    def count(_: str, column: ColumnRows) -> CountedCategories:
        return count_categories(column, column.pieces(), origin=origin, known=known)

    ((_, found),) = rows.each({"t": "category"}, count)
    return found


@pytest.fixture
def few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "NAMED_CATEGORIES", 50)
    monkeypatch.setattr(categories, "FREQUENT_ROWS", 20)
    monkeypatch.setattr("drift_assets.scan.delimited.NAMED_CATEGORIES", 50)
    monkeypatch.setattr("drift_assets.scan.frames.PIECE_ROWS", 100)


def names(seed: int, n: int = 3_000) -> list[str | None]:
    """Two frequent ones amid a thousand rare ones, and some missing."""
    random = np.random.default_rng(seed)
    rare = [f"rare {i}" for i in random.integers(0, 1_000, n)]
    chosen = random.random(n)
    return [
        "a" if u < 0.3 else "b" if u < 0.4 else None if u < 0.45 else r
        for u, r in zip(chosen, rare, strict=True)
    ]


def test_all_are_counted_by_name_while_they_are_few() -> None:
    texts = names(1)
    found = counted(rows_from_frame({"t": texts}))
    expected = Counter(text for text in texts if text is not None)
    assert found.counts == expected
    assert (found.n_unnamed, found.n_distinct, found.distinct_error) == (0, len(expected), 0.0)
    assert found.n_missing == texts.count(None)


@pytest.mark.usefixtures("few_names")
@pytest.mark.parametrize("stored", ["frame", "coded", "parquet", "csv", "numbers"])
def test_the_frequent_ones_of_many_are_counted_exactly(tmp_path: Path, stored: str) -> None:
    texts = names(2)
    expected = Counter(text for text in texts if text is not None)
    array = pa.array(texts)
    if stored == "frame":
        rows = rows_from_frame({"t": array})
    elif stored == "coded":
        rows = rows_from_frame({"t": array.dictionary_encode()})
    elif stored == "parquet":
        pq.write_table(pa.table({"t": array}), tmp_path / "t.parquet", row_group_size=700)
        rows = rows_from_files([tmp_path / "t.parquet"])
    elif stored == "csv":
        lines = ["t,u", *(f"{text or ''},1" for text in texts)]
        (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
        rows = rows_from_files([tmp_path / "t.csv"])
    else:
        codes = {name: i for i, name in enumerate(expected)}
        expected = Counter({str(codes[name]): rows for name, rows in expected.items()})
        rows = rows_from_frame({"t": pa.array([None if t is None else codes[t] for t in texts])})
    frequent = {name for name, n in expected.items() if n > expected.total() / 20}
    known = min(expected, key=lambda name: (expected[name], name))
    found = counted(rows, known=(known, "never there"))
    assert {*frequent, known} <= set(found.counts)
    assert all(expected[name] == n for name, n in found.counts.items())
    assert sum(found.counts.values()) + found.n_unnamed == expected.total()
    assert found.n_missing == texts.count(None)
    # So few have a hash each: none is estimated.
    assert (found.n_distinct, found.distinct_error) == (len(expected), 0.0)


@pytest.mark.usefixtures("few_names")
def test_how_many_there_are_is_estimated_within_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "HASHES", 1_024)
    found = counted(rows_from_frame({"t": pa.array([f"user {i % 40_000}" for i in range(60_000)])}))
    assert found.distinct_error == pytest.approx(1 / 32)
    assert found.n_distinct == pytest.approx(40_000, rel=4 * found.distinct_error)
    assert found.n_distinct != 40_000


@pytest.mark.usefixtures("few_names")
def test_codes_as_text_have_one_spelling_each_even_where_they_are_many(tmp_path: Path) -> None:
    spelled = [str(i % 100) if i % 3 else f"{i % 100}.0" for i in range(3_000)]
    (tmp_path / "t.csv").write_text("\n".join(["t,u", *(f"{text},x" for text in spelled)]) + "\n")
    found = counted(rows_from_files([tmp_path / "t.csv"]))
    assert found.origin == "number"
    assert found.n_distinct == 100
    assert set(found.counts) <= {str(i) for i in range(100)}


@pytest.mark.usefixtures("few_names")
@settings(deadline=None)
@given(
    texts=st.lists(st.sampled_from([f"n{i}" for i in range(120)] + ["often"] * 40), max_size=300),
    cuts=st.integers(1, 7),
)
def test_any_cut_into_pieces_counts_the_same(texts: list[str], cuts: int) -> None:
    whole = counted(rows_from_frame({"t": pa.array(texts, pa.string())}))
    size = len(texts) // cuts + 1
    chunks = [pa.array(texts[i : i + size], pa.string()) for i in range(0, len(texts), size)]
    found = counted(rows_from_frame(pa.table({"t": pa.chunked_array(chunks, pa.string())})))
    assert found.n_distinct == whole.n_distinct == len(set(texts))
    total = len(texts)
    for side in (found, whole):
        assert sum(side.counts.values()) + side.n_unnamed == total
        frequent = {n: c for n, c in Counter(texts).items() if c > total / 20}
        assert {n: side.counts.get(n) for n in frequent} == frequent


def test_what_cannot_be_a_category_is_refused() -> None:
    with pytest.raises(NotOfOneKindError, match="found text, expected true and false"):
        counted(rows_from_frame({"t": ["x", "y"]}), origin="boolean")
