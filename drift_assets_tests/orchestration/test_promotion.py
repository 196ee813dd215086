"""Baselines are frozen, tried, promoted and rolled back; what judges is told, and by whom."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.errors import BaselineError, DataError, NoDataError, UnknownNameError
from drift_assets.orchestration import promotion
from drift_assets.orchestration.archive import Archive
from drift_assets.orchestration.day import Workplace, workplace_of
from drift_assets.orchestration.freezing import (
    freeze_days,
    freeze_declared,
    freeze_files,
    freeze_rolling,
)
from drift_assets.profiles import Baseline, NumericProfile
from drift_assets.scan import fit_baseline, rows_from_files
from drift_assets.stats.psi import psi
from drift_assets.verdicts import Verdict
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows

FIRST = date(2026, 1, 2)
DAYS = [FIRST + timedelta(days=n) for n in range(4)]
LATE = DAYS[2:]
"""Two quiet days, then two that have moved."""


def measure(workplace: Workplace, days: list[date]) -> None:
    baseline = workplace.frozen_baseline() or workplace.freeze_baseline()
    for day in days:
        found = workplace.evaluate(day, baseline, run_id=f"run {day}")
        workplace.keep(found)
        workplace.history.record(
            found.assessment,
            partition=day,
            fingerprint=found.fingerprint,
            run_id=found.run_id,
            evaluated_at=found.evaluated_at,
            checks=found.checks,
        )


def made(root: Path, **changes: object) -> tuple[Project, Workplace]:
    project = make_project(root, **changes)
    for seed, day in enumerate(DAYS):
        project.drop(day, rows(seed + 1, shift=1.0 if day in LATE else 0.0))
    return project, workplace_of(read_declarations([project.yaml])[0])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project, workplace = made(tmp_path)
    measure(workplace, DAYS)
    return project


@pytest.fixture
def workplace(project: Project) -> Workplace:
    return workplace_of(read_declarations([project.yaml])[0])


def first_id(workplace: Workplace) -> str:
    found = workplace.baselines.active_id()
    assert found is not None
    return found


def test_days_freeze_to_what_their_rows_in_one_file_freeze_to(
    project: Project, workplace: Workplace
) -> None:
    frozen = freeze_days(workplace, *LATE)
    files = [project.root / "data" / "current" / f"{day}.csv" for day in LATE]
    whole = fit_baseline(rows_from_files(files), workplace.monitor)
    assert frozen.baseline.id == whole.id
    assert frozen.source == "2 days from 2026-01-04 to 2026-01-05, their rows"
    assert workplace.baseline_days(frozen.baseline).profiles.baseline_days() == tuple(LATE)
    # The same data once more are the same baseline, and nobody is judged by it yet.
    again = freeze_rolling(workplace, 2)
    assert (again.baseline.id, again.is_new) == (frozen.baseline.id, False)
    assert first_id(workplace) != frozen.baseline.id


def test_a_file_freezes_to_what_the_yaml_would_freeze_it_to(
    project: Project, workplace: Workplace
) -> None:
    path = project.root / "data" / "baseline.csv"
    frozen = freeze_files(workplace, str(path))
    assert frozen.baseline.id == first_id(workplace) == freeze_declared(workplace).baseline.id


def test_days_whose_rows_are_gone_are_frozen_from_their_kept_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project, workplace = made(tmp_path, compare_with={"rolling_days": 14})
    measure(workplace, DAYS)
    whole = freeze_days(workplace, DAYS[0], DAYS[-1]).baseline
    (project.root / "data" / "current" / f"{DAYS[0]}.csv").unlink()
    frozen = freeze_days(workplace, DAYS[0], DAYS[-1])
    ruler = workplace.baselines.active()
    assert ruler is not None
    assert frozen.source.endswith(f"kept profiles over the bins of {ruler.id}")
    assert frozen.baseline.n_rows == whole.n_rows == 1600
    for name, profile in frozen.baseline.columns.items():
        # The bins stay; what is counted over them is what the rows give.
        assert profile.binning.id == ruler.columns[name].binning.id
        mine, others = profile, whole.columns[name]
        assert (mine.n, mine.n_missing) == (others.n, others.n_missing)
        if isinstance(mine, NumericProfile) and isinstance(others, NumericProfile):
            assert mine.mean == pytest.approx(others.mean)
            assert (mine.minimum, mine.maximum) == (others.minimum, others.maximum)


def test_days_that_are_gone_altogether_are_named(project: Project, workplace: Workplace) -> None:
    (project.root / "data" / "current" / f"{LATE[0]}.csv").unlink()
    with pytest.raises(NoDataError, match="The rows of 2026-01-04 are gone"):
        freeze_days(workplace, *LATE)
    with pytest.raises(NoDataError, match="expected some: name days"):
        freeze_days(workplace, date(2025, 1, 1), date(2025, 1, 5))


def test_a_difference_is_what_assessing_the_rows_says(workplace: Workplace) -> None:
    candidate = freeze_days(workplace, *LATE).baseline
    present = workplace.baselines.active()
    assert present is not None
    found = promotion.diff(workplace, present, candidate)
    assert {f.feature for f in found.drift.breached} == {COLUMNS[0]}
    assert found.uncertain == {}
    values = np.concatenate([rows(seed, shift=1.0)[COLUMNS[0]].to_numpy() for seed in (3, 4)])
    profile = present.columns[COLUMNS[0]]
    assert isinstance(profile, NumericProfile)
    counted = NumericProfile.of(values, profile.binning)
    measured = found.drift.feature(COLUMNS[0]).measurements["psi"].value
    assert measured == pytest.approx(psi(profile.psi_counts, counted.psi_counts))


def test_a_preview_says_what_the_last_days_would_have_been(workplace: Workplace) -> None:
    candidate = freeze_days(workplace, *LATE).baseline
    found = promotion.preview(workplace, candidate)
    assert [(d.said, d.would_say) for d in found.days] == [
        *[(Verdict.OK, Verdict.BREACH)] * 2,
        *[(Verdict.BREACH, Verdict.OK)] * 2,
    ]
    assert {d.basis for d in found.days} == {"rows"}
    assert "2 would breach instead of 2, 4 would change their verdict" in found.summary
    # What it says is what a promotion brings.
    promotion.promote(workplace, candidate)
    for day in found.days:
        again = workplace.evaluate(day.partition, candidate, run_id="again")
        assert again.assessment.verdict is day.would_say
    assert promotion.preview(workplace, candidate, days=0).days == ()


def test_a_preview_without_rows_rests_on_the_stored_bins(
    project: Project, workplace: Workplace
) -> None:
    candidate = freeze_days(workplace, *LATE).baseline
    shutil.rmtree(project.root / "data")
    found = promotion.preview(workplace, candidate)
    assert {d.basis for d in found.days} == {"bins"}
    assert [d.would_say for d in found.days[:2]] == [Verdict.BREACH] * 2
    assert all(COLUMNS[0] not in d.breached for d in found.days[2:])


def test_a_preview_without_rows_prefers_fine_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project, workplace = made(tmp_path, compare_with={"rolling_days": 14})
    measure(workplace, DAYS)
    candidate = freeze_days(workplace, *LATE).baseline
    by_rows = promotion.preview(workplace, candidate)
    shutil.rmtree(project.root / "data")
    by_profiles = promotion.preview(workplace, candidate)
    assert {d.basis for d in by_profiles.days} == {"fine profile"}
    assert [d.would_say for d in by_profiles.days] == [d.would_say for d in by_rows.days]


def test_promotion_and_rollback_are_told_with_who_and_why(workplace: Workplace) -> None:
    old = first_id(workplace)
    candidate = freeze_days(workplace, *LATE, who="ann", reason="new prices").baseline
    assert promotion.promote(workplace, candidate, who="ann", reason="new prices") == old
    assert first_id(workplace) == candidate.id
    assert promotion.rollback(workplace, who="bob", reason="too early").id == old
    with pytest.raises(BaselineError, match="expected one to go back to"):
        promotion.rollback(workplace)
    told = [
        (e.event, e.baseline_id, e.previous_id, e.who, e.reason)
        for e in workplace.history.baseline_events("churn")
    ][1:]
    assert told == [
        ("frozen", candidate.id, None, "ann", "new prices"),
        ("promoted", candidate.id, old, "ann", "new prices"),
        ("rolled back", old, candidate.id, "bob", "too early"),
    ]


def test_every_stored_row_says_which_baseline_judged_it(workplace: Workplace) -> None:
    old = first_id(workplace)
    candidate = freeze_days(workplace, *LATE).baseline
    promotion.promote(workplace, candidate)
    measure(workplace, [DAYS[-1]])
    for table in ("evaluations", "feature_drift", "feature_profiles"):
        found = workplace.history.query(
            f"SELECT DISTINCT partition, baseline_id FROM {table} ORDER BY 1"  # noqa: S608  # ours
        ).rows
        assert found == [*((day, old) for day in DAYS[:-1]), (DAYS[-1], candidate.id)]


def test_a_promotion_outlives_materialising_what_the_yaml_still_says(workplace: Workplace) -> None:
    old = first_id(workplace)
    candidate = freeze_days(workplace, *LATE).baseline
    promotion.promote(workplace, candidate)
    assert workplace.freeze_baseline().id == candidate.id
    promotion.rollback(workplace)
    assert workplace.freeze_baseline().id == old


def test_data_that_have_changed_under_the_yaml_replace_a_promotion(
    project: Project, workplace: Workplace
) -> None:
    promotion.promote(workplace, freeze_days(workplace, *LATE).baseline)
    rows(99, 3000).to_csv(project.root / "data" / "baseline.csv", index=False)
    fresh = workplace.freeze_baseline()
    assert first_id(workplace) == fresh.id
    assert fresh.n_rows == 3000


def test_a_changed_yaml_is_told_and_replaces_a_promotion(
    project: Project, workplace: Workplace
) -> None:
    candidate = freeze_days(workplace, *LATE).baseline
    promotion.promote(workplace, candidate)
    shutil.copy(project.root / "data" / "baseline.csv", project.root / "data" / "other.csv")
    text = project.yaml.read_text(encoding="utf-8").replace("baseline.csv", "other.csv")
    project.yaml.write_text(text, encoding="utf-8")
    edited = workplace_of(read_declarations([project.yaml])[0])
    assert first_id(edited) == candidate.id
    assert edited.freeze_baseline().id != candidate.id
    listed = {one.state: one.why for one in promotion.list_baselines(edited)}
    assert "frozen from the data of the YAML" in listed["active"]


def test_the_list_says_which_is_active_and_why(workplace: Workplace) -> None:
    old = first_id(workplace)
    candidate = freeze_days(workplace, *LATE).baseline
    promotion.promote(workplace, candidate, who="the job that trains anew")
    listed = {one.baseline_id: one for one in promotion.list_baselines(workplace)}
    assert (listed[old].state, listed[old].n_days_judged) == ("frozen", 4)
    assert listed[candidate.id].state == "active"
    assert "promoted by the job that trains anew, since" in listed[candidate.id].why
    assert "in place of what the YAML names" in listed[candidate.id].why
    back = promotion.rollback(workplace, who="ana")
    (again,) = [one for one in promotion.list_baselines(workplace) if one.state == "active"]
    assert again.baseline_id == back.id == old
    assert "rolled back by ana, since" in again.why


def test_one_that_is_put_away_can_be_promoted_again(workplace: Workplace) -> None:
    candidate = freeze_days(workplace, *LATE).baseline
    promotion.archive(workplace, candidate, reason="never used")
    states = {one.baseline_id: one.state for one in promotion.list_baselines(workplace)}
    assert states[candidate.id] == "archived"
    promotion.promote(workplace, promotion.find_baseline(workplace, candidate.id[:6]))
    assert first_id(workplace) == candidate.id
    with pytest.raises(BaselineError, match="judges already"):
        promotion.promote(workplace, candidate)
    with pytest.raises(UnknownNameError, match="zzzz"):
        promotion.find_baseline(workplace, "zzzz")


def test_a_baseline_that_lacks_a_column_is_refused_by_name(workplace: Workplace) -> None:
    whole = workplace.baselines.active()
    assert whole is not None
    less = Baseline(whole.n_rows, {n: p for n, p in whole.columns.items() if n != "region"})
    workplace.baselines.keep(less)
    with pytest.raises(BaselineError, match="region"):
        promotion.preview(workplace, less)
    with pytest.raises(BaselineError, match="region"):
        promotion.promote(workplace, less)


def test_everything_goes_on_without_the_rows_of_the_baseline(
    project: Project, workplace: Workplace
) -> None:
    before = workplace.evaluate(DAYS[0], workplace.baselines.read(first_id(workplace)), run_id="1")
    old = first_id(workplace)
    candidate = freeze_days(workplace, *LATE).baseline
    (project.root / "data" / "baseline.csv").unlink()
    again = workplace_of(read_declarations([project.yaml])[0])
    promotion.promote(again, candidate)
    # Materialising finds no data, and leaves what was chosen.
    assert again.freeze_baseline().id == candidate.id
    assert promotion.rollback(again).id == old
    after = again.evaluate(DAYS[0], again.baselines.read(old), run_id="2")
    assert after.assessment == before.assessment
    assert len(promotion.list_baselines(again)) == 2
    assert promotion.diff(again, again.baselines.read(old), candidate).drift.breached


def test_rows_are_archived_for_so_many_days_and_stand_in_for_files_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project, workplace = made(tmp_path, archive={"keep_days": 3})
    measure(workplace, DAYS)
    for day in DAYS:
        workplace.archive_day(workplace.kept(day, run_id=f"run {day}"))
    archive = Archive(project.home, "churn")
    assert archive.days() == tuple(DAYS[1:])
    assert archive.of_baseline(first_id(workplace)).exists()
    whole = freeze_days(workplace, *LATE).baseline
    shutil.rmtree(project.root / "data" / "current")
    assert freeze_days(workplace, *LATE).baseline.id == whole.id
    bases = [d.basis for d in promotion.preview(workplace, whole).days]
    assert bases == ["bins", "rows", "rows", "rows"]


def test_only_days_that_breach_are_archived_if_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project, workplace = made(tmp_path, archive={"keep_days": 9, "when": "breach"})
    measure(workplace, DAYS)
    for day in DAYS:
        workplace.archive_day(workplace.kept(day, run_id=f"run {day}"))
    assert Archive(project.home, "churn").days() == tuple(LATE)


@pytest.mark.parametrize("is_new", [False, True])
def test_a_promotion_made_while_the_baseline_is_read_stands(
    project: Project, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    candidate = freeze_days(workplace, *LATE).baseline
    read = Workplace.freeze_declared

    def slow(self: Workplace) -> tuple[Baseline, str]:
        found = read(self)
        promotion.promote(workplace, candidate, who="ana")
        return found

    if is_new:
        rows(7, 5000).to_csv(project.root / "data" / "baseline.csv", index=False)
    monkeypatch.setattr(Workplace, "freeze_declared", slow)
    assert workplace.freeze_baseline().id == candidate.id
    present = workplace.baselines.present()
    assert present is not None
    assert (present.baseline_id, present.act) == (candidate.id, "promoted")
    events = workplace.history.baseline_events("churn")
    assert [one.event for one in events] == ["declared", "frozen", "promoted"]


def test_what_judges_is_changed_by_one_at_a_time(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workplace.baselines.read(first_id(workplace))
    promotion.promote(workplace, freeze_days(workplace, *LATE).baseline)
    monkeypatch.setattr("drift_assets.store.baselines.WAIT_SECONDS", 0.05)
    with workplace.baselines.changing():
        for act in (
            lambda: promotion.promote(workplace, first),
            lambda: promotion.rollback(workplace),
            lambda: promotion.archive(workplace, first),
            workplace.freeze_baseline,
        ):
            with pytest.raises(BaselineError, match="another process changing which baseline"):
                act()
    assert promotion.rollback(workplace).id == first.id


def test_rows_that_came_after_the_measurement_are_not_archived_as_those_that_were_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    project, workplace = made(tmp_path, archive={"keep_days": 9})
    found = workplace.evaluate(DAYS[0], workplace.freeze_baseline(), run_id="a")
    project.drop(DAYS[0], rows(99, 123))
    with pytest.raises(DataError, match="changed after they were measured"):
        workplace.archive_day(found)
    assert Archive(project.home, "churn").days() == ()
