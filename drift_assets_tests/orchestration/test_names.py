"""Asset names: whatever a column is called, Dagster takes it and two stay two."""

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.orchestration.names import asset_name, drift_keys
from drift_assets.watch import Column, Thresholds

HARD = [
    "Avg. Transaction ($)",
    "a-b",
    "a_b",
    "a b",
    "Größe",
    "价格",
    "",
    " ",
    '"; DROP TABLE evaluations; --',
    "x" * 300,
    "x" * 301,
    "a/b",
    "a\nb",
]


def column(name: str) -> Column:
    return Column(name, "feature", None, None, Thresholds())


@given(st.text(max_size=80))
def test_any_name_becomes_letters_digits_and_underscores(name: str) -> None:
    made = asset_name(name)
    assert made
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
    assert len(made) <= 100


def test_hard_names_stay_apart_and_dagster_takes_them() -> None:
    keys = drift_keys("m", [column(name) for name in HARD])
    assert len(keys) == len(HARD)
    dg.multi_asset(specs=[dg.AssetSpec(key) for key in keys], name="x")(lambda: None)


@pytest.mark.parametrize("name", ["income", "a_b", "X1"])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert asset_name(name) == name
