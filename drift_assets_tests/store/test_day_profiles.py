"""Fine profiles of days: what is written is read, one column at a time, or said to be damaged."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from drift_assets.errors import BaselineError
from drift_assets.profiles import (
    Baseline,
    CategoricalProfile,
    ColumnDays,
    DatasetProfile,
    NumericProfile,
    Unprofiled,
)
from drift_assets.store import day_profiles
from drift_assets.store.day_profiles import DayProfiles
from drift_assets_tests.store.samples import DAY, baseline, day_of_data

NAMES = ("income", "state", "score")


def days_of(frozen: Baseline, n: int = 3) -> dict[str, ColumnDays]:
    """Return some days of a baseline's columns, an unseen category among them."""
    found = {DAY + timedelta(days=i): day_of_data(frozen, shift=10.0 * i) for i in range(n)}
    columns = {}
    for name in NAMES:
        profiles = {}
        for day, data in found.items():
            profile = data.columns[name]
            assert not isinstance(profile, Unprofiled)
            profiles[day] = profile
        columns[name] = ColumnDays.of(frozen.columns[name].binning, profiles)
    return columns


def test_the_days_of_a_baseline_are_read_as_they_were_written(tmp_path: Path) -> None:
    frozen = baseline()
    kept = DayProfiles(tmp_path, "loans", frozen)
    assert kept.baseline_days() == ()
    written = days_of(frozen)
    path = kept.write_baseline(written.items())
    assert path == tmp_path / "profiles" / "loans" / frozen.id / "baseline.npz"
    assert kept.baseline_days() == tuple(DAY + timedelta(days=i) for i in range(3))
    for name, column in kept.columns(path, [*NAMES[::-1], "other"]):
        if name == "other":
            assert column is None
            continue
        assert column is not None
        mine, theirs = column.total(range(3)), written[name].total(range(3))
        assert mine.n_missing == theirs.n_missing
        assert (mine.psi_counts == theirs.psi_counts).all()
        if isinstance(mine, NumericProfile) and isinstance(theirs, NumericProfile):
            assert (mine.cells == theirs.cells).all()
            assert (mine.mean, mine.squares) == (theirs.mean, theirs.squares)
            assert (mine.minimum, mine.above_sum) == (theirs.minimum, theirs.above_sum)
        else:
            assert isinstance(mine, CategoricalProfile)
            assert mine.unseen == (("TX", 9),)


def test_a_later_day_is_replaced_and_leaves_with_its_time(tmp_path: Path) -> None:
    frozen = baseline()
    kept = DayProfiles(tmp_path, "loans", frozen)
    kept.write_baseline(days_of(frozen).items())
    for i in range(6):
        kept.write_day(DAY + timedelta(days=i), day_of_data(frozen), fingerprint=f"{i}")
    kept.write_day(DAY, day_of_data(frozen, n=80, absent="state"), fingerprint="again")
    assert kept.fingerprint(DAY) == "again"
    assert kept.fingerprint(DAY - timedelta(days=1)) is None
    found = dict(kept.columns(kept.of_day(DAY), NAMES))
    assert found["state"] is None
    assert found["income"] is not None
    assert found["income"].n_rows.tolist() == [80]
    kept.keep_only(3, until=DAY + timedelta(days=5))
    stems = sorted(path.stem for path in kept.folder.iterdir())
    assert stems == [*(str(DAY + timedelta(days=i)) for i in range(2, 6)), "baseline"]


def test_a_file_takes_a_few_bytes_per_value_that_occurs(tmp_path: Path) -> None:
    frozen = baseline(n=20_000)
    kept = DayProfiles(tmp_path, "loans", frozen)
    path = kept.write_baseline(days_of(frozen, 50).items())
    occurring = sum(len(column.cells) for column in days_of(frozen, 50).values())
    assert path.stat().st_size < 8 * occurring


def test_damaged_foreign_and_newer_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen, other = baseline(), baseline(n=1_200)
    kept = DayProfiles(tmp_path, "loans", frozen)
    path = kept.write_baseline(days_of(frozen).items())
    elsewhere = DayProfiles(tmp_path, "loans", other)
    with pytest.raises(BaselineError, match="over other bins"):
        list(elsewhere.columns(path, NAMES))
    content = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(day_profiles, "FORMAT", 9)
        kept.write_baseline(days_of(frozen).items())
    with pytest.raises(BaselineError, match="of format 9"):
        kept.baseline_days()
    for end in (0, 10, len(content) // 2):
        path.write_bytes(content[:end])
        with pytest.raises(BaselineError, match="freeze the baseline again"):
            kept.baseline_days()
    spoiled = bytearray(content)
    spoiled[60:200] = bytes(140)
    path.write_bytes(spoiled)
    with pytest.raises(BaselineError, match="damaged"):
        list(kept.columns(path, NAMES))


def test_a_date_in_a_name_that_is_none_is_left_alone(tmp_path: Path) -> None:
    kept = DayProfiles(tmp_path, "loans", baseline())
    kept.write_day(date(2026, 1, 1), DatasetProfile(0, {}), fingerprint="")
    odd = kept.folder / "2026-99-99.npz"
    odd.write_bytes(b"")
    kept.keep_only(0, until=date(2027, 1, 1))
    assert [path.name for path in kept.folder.iterdir()] == [odd.name]
