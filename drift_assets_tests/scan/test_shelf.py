from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.scan.shelf import Shelf


def n_open() -> int:
    """Return how many files this process has open, where the system tells."""
    here = Path("/proc/self/fd")
    return len(list(here.iterdir())) if here.exists() else 0


@given(arrays=st.lists(st.lists(st.floats(), max_size=20), max_size=20), memory=st.integers(0, 100))
def test_what_is_put_on_the_shelf_comes_back_in_any_order(
    arrays: list[list[float]], memory: int
) -> None:
    shelf = Shelf(memory_values=memory)
    put = [shelf.put(np.array(array, dtype=np.float64)) for array in arrays]
    for shelved, array in reversed(list(zip(put, arrays, strict=True))):
        assert len(shelved) == len(array)
        np.testing.assert_array_equal(shelf.fetch(shelved), array)


def test_only_so_many_numbers_are_held_in_memory() -> None:
    shelf = Shelf(memory_values=10)
    held = [isinstance(shelf.put(np.zeros(6)), np.ndarray) for _ in range(3)]
    assert held == [True, False, False]


def test_the_file_has_no_name_and_is_gone_with_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = n_open()
    shelf = Shelf(memory_values=0)
    shelf.put(np.zeros(1_000))
    assert list(tmp_path.iterdir()) == []
    del shelf
    assert n_open() == before
