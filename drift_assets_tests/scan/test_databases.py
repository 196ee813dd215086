"""Names and addresses of databases: data, whatever they hold."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import ConfigurationError
from drift_assets.scan.databases import Selection, address_of, quoted

names = st.one_of(
    st.sampled_from(['"; DROP TABLE measurements; --', '""', "a.b", "'", "--", "/*", "select"]),
    st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text),
)


@given(name=names)
def test_a_quoted_name_is_that_name_and_nothing_else(name: str) -> None:
    """DuckDB itself is the witness."""
    if not name.isprintable():
        return
    found = duckdb.sql(f"SELECT 1 AS {quoted(name)}")
    assert (found.columns, found.fetchall()) == ([name], [(1,)])


def test_variables_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("SECRET", "a$b{c}\\1")
    text = "postgres:host=${HOST} password=${SECRET} $1 {x}"
    assert address_of(text) == "postgres:host=127.0.0.1 password=a$b{c}\\1 $1 {x}"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_without_a_value_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("HOST", raising=False)
    if value is not None:
        monkeypatch.setenv("HOST", value)
    with pytest.raises(ConfigurationError, match="no environment variable HOST"):
        address_of("postgres:host=${HOST}")


def test_an_address_is_not_shown() -> None:
    assert "geheim" not in repr(Selection("postgres", "postgres:password=geheim", "table t"))
