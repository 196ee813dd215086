from datetime import timedelta
from pathlib import Path

import pytest

from drift_assets.store import History
from drift_assets.timeline import Timeline
from drift_assets.verdicts import Verdict
from drift_assets_tests.store import samples
from drift_assets_tests.store.conftest import MakeHistory


@pytest.fixture
def history(make_history: MakeHistory, tmp_path: Path) -> History:
    """Return a history of three reported days, the last of which drifts, and of another monitor."""
    made = make_history(tmp_path)
    for back, shift in ((4, 0.0), (1, 0.0), (0, 400.0)):
        made.record(
            samples.assessment(shift=shift),
            partition=samples.DAY - timedelta(days=back),
            fingerprint="f",
            run_id="r",
            evaluated_at=samples.NOON,
        )
    made.record(
        samples.assessment("others"),
        partition=samples.DAY,
        fingerprint="f",
        run_id="r",
        evaluated_at=samples.NOON,
    )
    return made


def test_the_timeline_has_what_was_reported_of_each_column_in_order(history: History) -> None:
    day = samples.DAY
    found = history.timeline("loans", first=day - timedelta(days=89), last=day)
    assert found.days == (day - timedelta(days=4), day - timedelta(days=1), day)
    drifted = samples.assessment(shift=400.0)
    assert found.verdicts[-1] is drifted.verdict is Verdict.BREACH
    assert found.breached[-1] == len(drifted.breached)
    assert set(found.baselines) == {drifted.baseline_id}
    assert set(found.methods) == {drifted.method_version}
    assert set(found.columns) == {f.feature for f in drifted.features}
    for result in drifted.features:
        last = found.columns[result.feature][-1]
        assert last is not None
        assert last.verdict is result.verdict
        assert last.psi == result.value("psi")
        assert last.psi_breach == result.thresholds.psi_breach
        assert result.current is not None
        assert last.missing_rate == result.current.missing_rate
        assert last.positive_rate == result.current.positive_rate


def test_days_outside_and_days_of_single_columns_are_left_out(history: History) -> None:
    day = samples.DAY
    alone = day - timedelta(days=2)
    history.record_subset(samples.assessment(), partition=alone, fingerprint="f", run_id="r")
    assert alone not in history.timeline("loans", first=alone, last=day).days
    assert history.timeline("loans", first=day, last=day).days == (day,)
    assert history.timeline("nobody", first=day, last=day) == Timeline()


def test_without_a_history_there_is_no_past(make_history: MakeHistory, tmp_path: Path) -> None:
    made = make_history(tmp_path)
    assert made.timeline("loans", first=samples.DAY, last=samples.DAY) == Timeline()
