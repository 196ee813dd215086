"""Data set profiles add, and a baseline survives its bytes."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import BaselineError, BinningMismatchError
from drift_assets.profiles import (
    METHOD_VERSION,
    Baseline,
    Binning,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Unprofiled,
)
from drift_assets.profiles.binning import binning_to_dict

RULER = NumericBinning.fit(np.array([1.0, 2.0, 3.0]))
LETTERS = CategoricalBinning.fit({"a": 50, "b": 50})


def numbers(*values: float) -> NumericProfile:
    return NumericProfile.of(np.array(values), RULER)


def baseline(*, n: int = 200, odd_name: str = "Ümlaut ($)") -> Baseline:
    random = np.random.default_rng(3)
    values = np.append(random.normal(size=n), [np.nan, np.inf])
    ruler = NumericBinning.fit(values[:-2], include=[0.5])
    letters = CategoricalBinning.fit({"a": 150, "b'\"\x00": 45, "": 5}, usual_rows=100)
    # Counts from other libraries are numpy's own integers.
    names, counts = ["a", "b'\"\x00", "", "new"], np.array([150, 45, 5, 2])
    return Baseline(
        n + 2,
        {
            odd_name: NumericProfile.of(values, ruler),
            "0.letters": CategoricalProfile.of(dict(zip(names, counts, strict=True)), letters),
            "nothing finite": NumericProfile.of(np.array([np.inf]), ruler),
        },
    )


def test_data_sets_add_column_by_column() -> None:
    monday = DatasetProfile(2, {"x": numbers(1, 2)}, ("extra",))
    tuesday = DatasetProfile(1, {"x": numbers(3)}, ("other", "extra"))
    week = monday + tuesday
    assert week.n_rows == 3
    profile = week.columns["x"]
    assert isinstance(profile, NumericProfile)
    assert profile.cells.tolist() == numbers(1, 2, 3).cells.tolist()
    assert week.extra_columns == ("extra", "other")


def test_a_column_that_either_part_lacks_stays_unprofiled_in_any_order() -> None:
    monday = DatasetProfile(1, {"x": numbers(1), "y": numbers(1), "z": Unprofiled("a date now")})
    tuesday = DatasetProfile(1, {"x": numbers(3), "z": numbers(1)})
    for week in (monday + tuesday, tuesday + monday):
        assert isinstance(week.columns["x"], NumericProfile)
        assert week.columns["y"] == Unprofiled("absent from one of the parts")
        assert week.columns["z"] == Unprofiled("a date now")


def test_a_column_that_changed_its_kind_does_not_add() -> None:
    monday = DatasetProfile(1, {"x": numbers(1)})
    tuesday = DatasetProfile(1, {"x": CategoricalProfile.of({"a": 1}, LETTERS)})
    with pytest.raises(BinningMismatchError):
        monday + tuesday


def test_a_baseline_comes_back_from_its_bytes_as_it_was() -> None:
    before = baseline()
    again = Baseline.from_bytes(before.to_bytes())
    assert again.id == before.id
    assert again.n_rows == before.n_rows
    assert list(again.columns) == list(before.columns)
    assert again.to_bytes() == before.to_bytes()
    for name, profile in before.columns.items():
        mine = again.columns[name]
        assert mine.binning.id == profile.binning.id
        assert mine.psi_counts.tolist() == profile.psi_counts.tolist()
        if isinstance(profile, NumericProfile):
            assert isinstance(mine, NumericProfile)
            assert mine.cells.dtype == np.int64
            assert (mine.mean, mine.squares, mine.n_distinct) == (
                *(profile.mean, profile.squares, profile.n_distinct),
            )
            assert mine.minimum == pytest.approx(profile.minimum, nan_ok=True)
            assert mine.binning.exact == profile.binning.exact
        else:
            assert isinstance(mine, CategoricalProfile)
            assert mine.unseen == profile.unseen
            assert mine.binning.labels == profile.binning.labels


def test_the_id_follows_the_content() -> None:
    assert baseline().id == baseline().id
    assert baseline().id != baseline(n=201).id
    assert baseline().id != baseline(odd_name="Umlaut ($)").id


@given(data=st.data())
def test_damaged_bytes_are_a_baseline_error_or_the_baseline_itself(data: st.DataObject) -> None:
    whole = WHOLE
    if data.draw(st.booleans()):
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        damaged = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    # A changed time stamp in the archive harms nobody.
    with contextlib.suppress(BaselineError):
        assert Baseline.from_bytes(damaged).id == baseline().id


WHOLE = baseline().to_bytes()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(BaselineError, match="freeze the baseline again"):
        Baseline.from_bytes(content)


def test_a_newer_format_asks_for_an_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_assets.profiles.dataset.FORMAT", 4)
    newer = baseline().to_bytes()
    monkeypatch.undo()
    with pytest.raises(BaselineError, match="upgrade drift_assets"):
        Baseline.from_bytes(newer)


def test_a_baseline_of_the_first_method_keeps_its_bins_and_its_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = {"a": 900, "b": 97, "c": 3}
    old = CategoricalBinning(("a", "b"), frozenset("c"), "text")

    def without_rows(binning: Binning) -> dict[str, Any]:
        return {key: v for key, v in binning_to_dict(binning).items() if key != "n_rows"}

    monkeypatch.setattr("drift_assets.profiles.dataset.FORMAT", 2)
    monkeypatch.setattr("drift_assets.profiles.dataset.binning_to_dict", without_rows)
    frozen = Baseline(1_000, {"t": CategoricalProfile.of(counts, old)})
    found = Baseline.from_bytes(frozen.to_bytes())
    assert (found.id, found.method_version) == (frozen.id, 1)
    ruler = found.columns["t"].binning
    assert isinstance(ruler, CategoricalBinning)
    assert ruler.labels == ("a", "b", "other (1 rare)", "unseen")
    today = CategoricalProfile.of({"a": 999, "new": 1}, ruler)
    assert today.psi_counts.tolist() == [999, 0, 0, 1]
    anew = CategoricalProfile.of(counts, CategoricalBinning.fit(counts))
    assert Baseline(1_000, {"t": anew}).method_version == METHOD_VERSION == 2
    assert Baseline(1_000, {"t": anew}).id != frozen.id
    assert Baseline(3, {}).method_version == METHOD_VERSION


@pytest.mark.parametrize("rows", [1, 255, 256, 65_535, 65_536])
def test_counts_of_any_size_come_back_as_they_were_and_still_add(rows: int) -> None:
    values = np.repeat([1.0, 2.0, 3.0], [rows, 1, 0])
    letters = CategoricalProfile.of({"a": rows, "b": 1}, LETTERS)
    frozen = Baseline(rows + 1, {"x": NumericProfile.of(values, RULER), "letters": letters})
    thawed = Baseline.from_bytes(frozen.to_bytes())
    assert thawed.id == frozen.id
    x, again = thawed.columns["x"], thawed.columns["letters"]
    assert isinstance(x, NumericProfile)
    assert isinstance(again, CategoricalProfile)
    assert (x + x).cells.tolist() == [0, 2 * rows, 0, 2, 0, 0, 0]
    assert int((again + again).counts[0]) == 2 * rows


def test_an_archive_of_ours_is_one_of_numpys() -> None:
    ruler = NumericBinning.fit(np.arange(40.0))
    frozen = Baseline(40, {"x": NumericProfile.of(np.arange(40.0), ruler)})
    with np.load(io.BytesIO(frozen.to_bytes()), allow_pickle=False) as archive:
        (grid,) = (archive[name] for name in archive.files if name.endswith(".grid"))
    assert grid.tolist() == ruler.grid.tolist()
