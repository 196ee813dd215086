import numpy as np
import pytest

from drift_assets.report.drawing import MOST_BINS, bar_data, drawn_bins, page_data, verdict_codes
from drift_assets.report.page import Bar, page_of
from drift_assets.verdicts import Verdict
from drift_assets_tests.report.conftest import DAY, Assess, past_of


def test_of_many_bins_those_that_moved_are_drawn(assess_columns: Assess) -> None:
    names = [f"n{i:03}" for i in range(80)]
    moved = names[79]
    assessment = assess_columns({"x": (names * 20, names * 19 + [moved] * 80)})
    drawn = drawn_bins(assessment.features[0].bins)
    assert len(drawn) == MOST_BINS
    assert moved in {one.label for one in drawn}
    (column,) = page_data(page_of(assessment))["columns"]
    assert column["left_out"] == len(assessment.features[0].bins) - MOST_BINS
    assert column["edges"] == []


def test_the_outer_bins_end_where_the_farther_side_does(assess_columns: Assess) -> None:
    before, after = list(np.linspace(0.0, 1.0, 500)), list(np.linspace(-3.0, 0.5, 500))
    (column,) = page_data(page_of(assess_columns({"x": (before, after)})))["columns"]
    assert column["edges"][0] == -3.0
    assert column["edges"][-1] == 1.0
    assert len(column["edges"]) == len(column["bins"]) + 1
    assert column["edges"] == sorted(column["edges"])


def test_a_bar_is_told_in_thousandths() -> None:
    assert bar_data(Bar(0.5, 0.8, None, clipped=False, warn=0.4)) == [500, 800, 400, None]
    assert bar_data(None) is None


def test_the_days_of_a_page_are_those_of_its_past_and_its_own(assess_columns: Assess) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    assessment = assess_columns({"x": (steps, [v + 1 for v in steps])})
    past = past_of(assessment, days=10, since=2)
    data = page_data(page_of(assessment, partition=DAY, timeline=past))
    assert data["days"][-1] == str(DAY)
    assert data["verdicts"] == "oooooooooobbb"[-10:]
    assert data["breached"][-4:] == [0, 1, 1, 1]
    (change,) = data["changes"]
    assert change[1] == f"new baseline {assessment.baseline_id}"
    assert data["columns"][0]["verdicts"] == data["verdicts"]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_letter(verdict: Verdict) -> None:
    assert verdict_codes([verdict, None]) == f"{verdict.value[0]}-"
