"""Frozen baselines as files: which one judges, which did before, which are put away."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drift_assets.errors import BaselineError
from drift_assets.profiles import Baseline, NumericProfile
from drift_assets.store.baselines import BaselineFiles


def baseline(n: int) -> Baseline:
    return Baseline(n, {"x": NumericProfile.fit(np.arange(float(n)))})


FIRST, SECOND, THIRD = baseline(10), baseline(20), baseline(30)


@pytest.fixture
def files(tmp_path: Path) -> BaselineFiles:
    return BaselineFiles(tmp_path, "loans")


def test_a_kept_baseline_judges_nobody(files: BaselineFiles) -> None:
    files.activate(FIRST)
    files.keep(SECOND)
    assert files.active_id() == FIRST.id
    assert files.ids() == {FIRST.id: False, SECOND.id: False}
    assert files.read(SECOND.id).id == SECOND.id


def test_those_that_judged_before_are_remembered_in_order(files: BaselineFiles) -> None:
    for one in (FIRST, SECOND, SECOND, THIRD):
        files.activate(one)
    present = files.present()
    assert present is not None
    assert (present.baseline_id, present.before) == (THIRD.id, (FIRST.id, SECOND.id))


def test_a_pointer_of_before_there_were_promotions_is_understood(files: BaselineFiles) -> None:
    files.activate(FIRST)
    old = {"baseline_id": FIRST.id, "frozen_at": "2026-01-02T03:04:05+00:00"}
    (files.folder / "active.json").write_text(json.dumps(old), encoding="utf-8")
    present = files.present()
    assert present is not None
    assert (present.act, present.before, present.since.year) == ("declared", (), 2026)


def test_one_that_is_put_away_is_still_read_and_comes_back(files: BaselineFiles) -> None:
    files.activate(FIRST)
    files.keep(SECOND)
    away = files.archive(SECOND.id)
    assert away.parent.name == "archived"
    assert files.ids() == {FIRST.id: False, SECOND.id: True}
    files.activate(files.read(SECOND.id))
    assert files.ids() == {FIRST.id: False, SECOND.id: False}
    assert not away.exists()


def test_the_one_that_judges_is_not_put_away(files: BaselineFiles) -> None:
    files.activate(FIRST)
    with pytest.raises(BaselineError, match="promote another one first"):
        files.archive(FIRST.id)
    with pytest.raises(BaselineError, match="outside the archive"):
        files.archive(SECOND.id)


def test_a_file_that_is_not_what_its_name_says_is_refused(files: BaselineFiles) -> None:
    files.activate(FIRST)
    (files.folder / f"{FIRST.id}.npz").write_bytes(replace(SECOND, n_rows=21).to_bytes())
    with pytest.raises(BaselineError, match="restore it from a back-up"):
        files.active()
