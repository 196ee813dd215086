"""Whatever a file holds, reading it ends with rows, or with an error in our own words."""

import array
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from drift_assets.errors import DataError
from drift_assets.scan import rows_from_files
from drift_assets.scan.columns import Want, WrongType
from drift_assets.scan.contents import days_in_file
from drift_assets.scan.files import DataFile
from drift_assets.scan.rows import Rows

WANTS: tuple[Want, ...] = ("any", "number", "category")

Content = st.SearchStrategy[bytes]


def outcome(path: Path, *, dated: str | None = None) -> str:
    """Return "rows" or "error" after all of a file was read in every way.

    Any other exception than our own goes through, and fails the test.
    """
    file = DataFile(path, columns={"region": "eu", "number": "7", "a": None})
    try:
        rows: Rows = rows_from_files([file])
        assert set(rows.watchable) <= set(rows.columns)
        n_rows = rows.n_rows
        assert n_rows >= 0
        for want in WANTS:
            for _ in rows.read(dict.fromkeys(rows.columns, want)):
                pass
        days = days_in_file(file, date_column=dated or "region").marks if dated else {}
        assert all(len(mark) == 16 for mark in days.values())
        assert n_rows == rows_from_files([path]).n_rows
    except DataError as error:
        text = str(error)
        assert "ound" in text, text
        assert "xpected" in text, text
        assert len(text) < 5_000, text
        return "error"
    return "rows"


@cache
def whole_parquet() -> bytes:
    """Return a Parquet file with columns of many types."""
    table = pa.table(
        {
            "a": [1.5, None, 3.0, float("nan")] * 8,
            "text": pa.array(["x", "y", None, "z"] * 8).dictionary_encode(),
            "when": pa.array([0, 1, None, 2] * 8, pa.timestamp("us", tz="UTC")),
            "nested": [[1], [], None, [2, 3]] * 8,
            "flag": [True, False, None, True] * 8,
            "big": pa.array([1, 2, None, 4] * 8, pa.decimal128(20, 3)),
        }
    )
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="none", write_page_checksum=True)
    return buffer.getvalue()


TYPES = (
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_()),
    *(pa.date32(), pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("ms", tz="UTC")),
    *(pa.time64("us"), pa.decimal128(38, 10), pa.duration("us"), pa.binary(), pa.binary(3)),
    *(pa.string(), pa.large_string(), pa.list_(pa.string()), pa.struct([("x", pa.string())])),
)


def an_array(kind: pa.DataType, content: bytes, n: int, *, coded: bool) -> pa.Array:
    """Return an array whose values are whatever bytes say."""
    content = (content * (16 * n + 16))[: 16 * n + 16]
    if pa.types.is_list(kind):
        inside = an_array(pa.string(), content, n, coded=False)
        return pa.ListArray.from_arrays(range(n + 1), inside)
    if pa.types.is_struct(kind):
        return pa.StructArray.from_arrays([an_array(pa.string(), content, n, coded=False)], ["x"])
    data = pa.py_buffer(content)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.binary():
        width = "q" if pa.types.is_large_string(kind) else "i"
        ends = pa.py_buffer(array.array(width, [i * 3 for i in range(n + 1)]).tobytes())
        found = pa.Array.from_buffers(kind, n, [None, ends, data])
    else:
        found = pa.Array.from_buffers(kind, n, [data, data])
    return found.dictionary_encode() if coded and pa.types.is_string(kind) else found


def as_parquet(columns: list[tuple[str, pa.DataType, bytes, bool]], n: int) -> bytes:
    """Return a whole Parquet file with such columns; what cannot be written, as an empty file."""
    buffer = io.BytesIO()
    try:
        arrays = [an_array(kind, content, n, coded=coded) for _, kind, content, coded in columns]
        table = pa.Table.from_arrays(arrays, names=[name for name, *_ in columns])
        parquet.write_table(table, buffer)
    except (pa.ArrowException, ValueError):
        return b""
    return buffer.getvalue()


def changed(whole: bytes) -> Content:
    """Return a file with some bytes changed, and perhaps cut off or added to."""
    places = st.lists(
        st.tuples(st.integers(0, max(len(whole) - 1, 0)), st.integers(0, 255)), max_size=8
    )

    def change(pairs: list[tuple[int, int]], end: int, more: bytes) -> bytes:
        content = bytearray(whole)
        for place, value in pairs:
            content[place] = value
        return bytes(content[: end or len(content)]) + more

    ends = st.one_of(st.just(0), st.integers(0, len(whole)))
    return st.builds(change, places, ends, st.one_of(st.just(b""), st.binary(max_size=20)))


cells = st.one_of(
    st.sampled_from(
        ["", "1", "-1.5e308", "1e999", "nan", "NULL", "inf", "true", "2026-11-23", "x", '"']
    ),
    st.text(max_size=8),
)
lines = st.lists(st.lists(cells, min_size=1, max_size=4), max_size=8)


def delimited(delimiter: str) -> Content:
    """Return delimited text, sometimes ragged, sometimes with what quotes and breaks do."""
    ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])

    def written(rows: list[list[str]], end: str, encoding: str) -> bytes:
        text = end.join(delimiter.join(row) for row in [["a", "b"], *rows])
        return text.encode(encoding, "replace")

    codes = st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"])
    return st.builds(written, lines, ends, codes)


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(["2026-11-23", "7", "NaN", "\ud800"]),
        st.text(max_size=6),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.one_of(st.sampled_from(["a", "b", "when", ""]), st.text(max_size=3))
records = st.lists(st.dictionaries(names, values, max_size=4), max_size=6)


def as_lines(found: Sequence[object]) -> bytes:
    """Return one value a line."""
    return "\n".join(json.dumps(one) for one in found).encode()


def as_json(found: object) -> bytes:
    """Return one value as JSON."""
    return json.dumps(found).encode()


CONTENTS: dict[str, Content] = {
    "csv": st.one_of(delimited(","), st.binary(max_size=200), changed(b"a,b\n1,x\n2,y\n3,z\n")),
    "tsv": st.one_of(delimited("\t"), st.binary(max_size=200)),
    "jsonl": st.one_of(
        records.map(as_lines), st.lists(values, max_size=5).map(as_lines), st.binary(max_size=200)
    ),
    "json": st.one_of(
        records.map(as_json),
        values.map(as_json),
        st.dictionaries(names, st.lists(values, max_size=3), max_size=3).map(as_json),
        st.dictionaries(names, st.dictionaries(names, values, max_size=3), max_size=3).map(as_json),
        changed(b'[{"a": 1, "b": "x"}, {"a": 2.5, "b": null}]'),
    ),
    "parquet": st.one_of(
        changed(whole_parquet()),
        st.binary(max_size=200),
        st.builds(
            as_parquet,
            st.lists(
                st.tuples(
                    st.sampled_from(["a", "b", "when", ""]),
                    st.sampled_from(TYPES),
                    st.binary(min_size=1, max_size=40),
                    st.booleans(),
                ),
                min_size=1,
                max_size=4,
            ),
            st.integers(0, 9),
        ),
    ),
    "csv.gz": st.one_of(
        delimited(",").map(gzip.compress), changed(gzip.compress(b"a,b\n1,x\n2,y\n" * 9, mtime=0))
    ),
    "csv.zst": st.one_of(
        delimited(",").map(lambda text: pa.compress(text, "zstd", asbytes=True)),
        changed(pa.compress(b"a,b\n1,x\n2,y\n" * 9, "zstd", asbytes=True)),
    ),
}


def fuzz(kind: str, folder: Path, n: int) -> set[str]:
    """Read ``n`` files of one kind, and return how that ended."""
    seen: set[str] = set()

    @settings(
        max_examples=n,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(content=CONTENTS[kind], dated=st.sampled_from([None, "when", "a", "b"]))
    def read(content: bytes, dated: str | None) -> None:
        path = folder / f"fuzzed.{kind}"
        path.write_bytes(content)
        seen.add(outcome(path, dated=dated))

    run: Callable[[], None] = read
    run()
    return seen


def named(content: bytes, old: bytes, new: bytes) -> bytes:
    """Return a file in whose foot the last mention of a name reads otherwise."""
    start, mention, end = content.rpartition(old)
    assert mention
    return start + new + end


def test_a_name_that_is_not_utf_8_is_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(named(whole_parquet(), b"\x18\x04flag", b"\x18\x04\x80lag"))
    with pytest.raises(DataError, match="damaged or truncated"):
        rows_from_files([path])


def test_a_time_zone_that_nobody_knows_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    instants = pa.array([0, 1], pa.timestamp("us", tz="Europe/Nowhere"))
    parquet.write_table(pa.table({"when": instants}), path)
    [found] = [column for _, column in rows_from_files([path]).read({"when": "category"})]
    assert found == WrongType(
        "found times in the unknown zone 'Europe/Nowhere', expected one known here"
    )


def test_no_damaged_description_ends_the_process(tmp_path: Path) -> None:
    """As pyarrow 26 does when such a description is asked for (apache/arrow issue 45283)."""
    path = tmp_path / "a.parquet"
    whole = bytearray(whole_parquet())
    # A histogram of levels that has one entry too few.
    whole[713] = 3
    path.write_bytes(whole)
    script = f"""
from pyarrow import parquet
group = parquet.ParquetFile({str(path)!r}).metadata.row_group(0)
[group.column(n) for n in range(group.num_columns)]
"""
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, check=False).returncode < 0
    with pytest.raises(DataError, match="damaged or truncated"):
        rows_from_files([path])


@pytest.mark.slow
def test_no_changed_byte_ends_the_process(tmp_path: Path) -> None:
    script = [sys.executable, "-m", "drift_assets_tests.scan.every_byte", str(tmp_path)]
    said = subprocess.run(script, capture_output=True, check=False, text=True)
    assert said.stdout.splitlines()[-1] == "done", said.stdout[-20:] + said.stderr


@pytest.mark.parametrize("kind", CONTENTS)
def test_no_file_ends_in_an_unknown_exception(tmp_path: Path, kind: str) -> None:
    # The strategies are worth something only if some files can be read and some cannot.
    assert fuzz(kind, tmp_path, 60) == {"rows", "error"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONTENTS)
def test_no_file_of_ten_thousand_ends_in_an_unknown_exception(tmp_path: Path, kind: str) -> None:
    assert fuzz(kind, tmp_path, 1_500) == {"rows", "error"}
