"""Promotion: which baseline judges, what another one would change, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

import numpy as np

from drift_assets.assessment import Assessment, assess
from drift_assets.errors import BaselineError, NoDataError, UnknownNameError, UnreadableFileError
from drift_assets.monitors import AlertAfter, Monitor
from drift_assets.orchestration.archive import Archive
from drift_assets.orchestration.day import Workplace, user_name
from drift_assets.profiles import Baseline
from drift_assets.profiles.rebinning import Rebinned, rebin, rebinned_column
from drift_assets.report.escaping import visible
from drift_assets.scan import profile_rows
from drift_assets.sources import current_files, fingerprint, read_current
from drift_assets.stats.psi import psi
from drift_assets.store.baseline_events import BaselineEvent
from drift_assets.store.baselines import Act, Active
from drift_assets.verdicts import Verdict

EFFECT_DAYS: Final = 30
"""Days back from the latest reported one on which a candidate is tried."""

Basis = Literal["rows", "fine profile", "bins"]
"""What a past day is judged again from: its rows; its kept fine profile; its stored PSI bins,
of which only PSI can be told."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A frozen baseline, as a list shows it.

    Attributes
    ----------
    baseline_id, n_rows, source, frozen_at
        What it is; ``n_rows`` and the rest are None and "" where the history does not know it.
    state
        ``active``, ``frozen`` or ``archived``.
    why
        For the active one: how it came to judge.
    n_days_judged
        Reported days that were judged by it.
    fits
        "" if the monitor can be judged by it, else why not.
    """

    baseline_id: str
    state: Literal["active", "frozen", "archived"]
    why: str
    n_rows: int | None
    source: str
    frozen_at: datetime | None
    n_days_judged: int
    fits: str


@dataclass(frozen=True, slots=True)
class DayEffect:
    """What one past day would have been.

    Attributes
    ----------
    partition
        The day.
    said, would_say
        Its verdict as it was reported, and by the candidate.
    breached
        Columns that would breach.
    basis
        What was looked at.
    """

    partition: date
    said: Verdict
    would_say: Verdict
    breached: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True, eq=False)
class Difference:
    """How far the second of two baselines has moved from the first.

    Attributes
    ----------
    first, second
        The two.
    drift
        The second as if it were the data of a day, judged by the first.
    uncertain
        Rows of the second that may lie in another bin than is said, by column: their
        values are known only to within a gap of its grid.
    added, removed
        Columns that only the second, and only the first has.
    """

    first: Baseline
    second: Baseline
    drift: Assessment
    uncertain: Mapping[str, int]
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Preview:
    """What a promotion would change.

    Attributes
    ----------
    candidate
        What would judge.
    difference
        From the baseline that judges now; None if there is none that fits.
    days
        The last reported days by the candidate.
    """

    candidate: Baseline
    difference: Difference | None
    days: tuple[DayEffect, ...]

    @property
    def summary(self) -> str:
        """The same in a sentence."""
        changed = [day for day in self.days if day.said is not day.would_say]
        breaches = sum(day.would_say is Verdict.BREACH for day in self.days)
        said = sum(day.said is Verdict.BREACH for day in self.days)
        drift = "there is no present baseline to compare it with"
        if self.difference is not None:
            verdict = self.difference.drift.verdict.value
            names = ", ".join(f.feature for f in self.difference.drift.breached)
            drift = f"against the present baseline: {verdict}{f' ({names})' if names else ''}"
        if not self.days:
            return f"{drift}; no reported day to try it on"
        return (
            f"{drift}; of the last {len(self.days)} reported days {breaches} would breach instead "
            f"of {said}, {len(changed)} would change their verdict"
        )


def list_baselines(workplace: Workplace) -> list[Listed]:
    """Return the frozen baselines of a monitor, oldest first, the active one among them."""
    present = workplace.baselines.present()
    known = {
        one.baseline_id: one for one in workplace.history.known_baselines(workplace.monitor.name)
    }
    places = workplace.baselines.ids()
    listed = []
    for baseline_id in [*(i for i in known if i in places), *(i for i in places if i not in known)]:
        facts = known.get(baseline_id)
        is_active = present is not None and present.baseline_id == baseline_id
        listed.append(
            Listed(
                baseline_id,
                "active" if is_active else "archived" if places[baseline_id] else "frozen",
                _why(workplace) if is_active else "",
                facts.n_rows if facts else None,
                facts.source if facts else "",
                facts.frozen_at if facts else None,
                facts.n_days_judged if facts else 0,
                workplace.misfit(workplace.baselines.read(baseline_id)),
            )
        )
    return listed


def find_baseline(workplace: Workplace, text: str) -> Baseline:
    """Return a frozen baseline by its id, or by the beginning of it.

    Raises
    ------
    UnknownNameError
        If no frozen baseline of the monitor begins like that, or several do.
    """
    known = list(workplace.baselines.ids())
    found = [one for one in known if text and one.startswith(text)]
    if text in known:
        found = [text]
    if len(found) != 1:
        raise UnknownNameError(
            f"baseline of {workplace.monitor.name!r}" if not found else "one baseline",
            text,
            known,
            hint="`drift-assets baseline list` shows them.",
        )
    return workplace.baselines.read(found[0])


def diff(workplace: Workplace, first: Baseline, second: Baseline) -> Difference:
    """Return how far ``second`` has moved from ``first``, from their profiles alone.

    Exact where the grid of ``second`` holds every value that it has (16,384 distinct values or
    fewer). Beyond that a value is known to within a gap of the grid, which holds one row in
    16,384; how many rows may be on the wrong side of an edge is said.

    Raises
    ------
    BaselineError
        If ``first`` lacks a column that the monitor watches.
    """
    moved = _over(second, first)
    drift = assess(_at_once(workplace.monitor), first, moved.profile)
    return Difference(
        first,
        second,
        drift,
        moved.uncertain,
        tuple(name for name in second.columns if name not in first.columns),
        tuple(name for name in first.columns if name not in second.columns),
    )


def preview(workplace: Workplace, candidate: Baseline, *, days: int = EFFECT_DAYS) -> Preview:
    """Return what promoting a candidate would change.

    Parameters
    ----------
    workplace
        The monitor.
    candidate
        What would judge.
    days
        How far back from the latest reported day it is tried; 0 tries it on none.

    Raises
    ------
    BaselineError
        If the monitor cannot be judged by it.
    """
    misfit = workplace.misfit(candidate)
    if misfit:
        raise BaselineError(
            f"The baseline {candidate.id} cannot judge monitor {workplace.monitor.name!r}: "
            f"{misfit}. Freeze one from data that have what the YAML asks for."
        )
    present = workplace.frozen_baseline()
    difference = None
    if present is not None and present.id != candidate.id:
        difference = diff(workplace, present, candidate)
    return Preview(candidate, difference, tuple(_effects(workplace, candidate, days)))


def promote(
    workplace: Workplace, candidate: Baseline, *, who: str = "", reason: str = "", detail: str = ""
) -> str | None:
    """Let a frozen baseline judge from now on; return the id of the one that did.

    Days that are reported keep what was said of them, and by which baseline.

    Parameters
    ----------
    workplace
        The monitor.
    candidate
        What is to judge.
    who, reason, detail
        For the record: by default the user of this process, and what `preview` summed up.

    Raises
    ------
    BaselineError
        If it judges already, or the monitor cannot be judged by it.
    """
    misfit = workplace.misfit(candidate)
    if misfit:
        raise BaselineError(f"The baseline {candidate.id} cannot judge: {misfit}.")
    with workplace.baselines.changing():
        present = workplace.baselines.present()
        if present is not None and present.baseline_id == candidate.id:
            raise BaselineError(
                f"The baseline {candidate.id} judges already, expected another one: "
                "`drift-assets baseline list` shows them."
            )
        before = () if present is None else (*present.before, present.baseline_id)
        return _activate(
            workplace, candidate, "promoted", before, who=who, reason=reason, detail=detail
        )


def rollback(workplace: Workplace, *, who: str = "", reason: str = "") -> Baseline:
    """Let the baseline judge again that did before the present one, and return it.

    Done again, it goes one further back.

    Raises
    ------
    BaselineError
        If none judged before, or the monitor cannot be judged by it any more.
    """
    # A mistake leaves no file behind, not even a lock's.
    _judged_before(workplace)
    with workplace.baselines.changing():
        *before, previous = _judged_before(workplace)
        baseline = workplace.baselines.read(previous)
        misfit = workplace.misfit(baseline)
        if misfit:
            raise BaselineError(
                f"The baseline {previous}, which judged before, cannot judge any more: {misfit}. "
                "Promote another one, or correct the YAML."
            )
        _activate(workplace, baseline, "rolled back", before, who=who, reason=reason, detail="")
        return baseline


def _judged_before(workplace: Workplace) -> tuple[str, ...]:
    """Return the baselines that judged before the present one, the latest last.

    Raises
    ------
    BaselineError
        If there is none.
    """
    present = workplace.baselines.present()
    if present is None or not present.before:
        raise BaselineError(
            f"Found no baseline that judged {workplace.monitor.name!r} before the present one, "
            "expected one to go back to: `drift-assets baseline promote` takes any that is frozen."
        )
    return present.before


def archive(workplace: Workplace, baseline: Baseline, *, who: str = "", reason: str = "") -> None:
    """Put a frozen baseline that does not judge away; `promote` brings it back.

    Raises
    ------
    BaselineError
        If it judges, or has been put away already.
    """
    with workplace.baselines.changing():
        path = workplace.baselines.archive(baseline.id)
    name = workplace.monitor.name
    workplace.history.record_event(
        BaselineEvent(
            name,
            datetime.now(UTC),
            "archived",
            baseline.id,
            who=who or user_name(),
            reason=reason,
            detail=str(path),
        )
    )


def _activate(
    workplace: Workplace,
    baseline: Baseline,
    act: Act,
    before: Sequence[str],
    *,
    who: str,
    reason: str,
    detail: str,
) -> str | None:
    present = workplace.baselines.present()
    previous = None if present is None else present.baseline_id
    now = datetime.now(UTC)
    # First what is told, then the rename that makes it so: that hardly fails.
    workplace.history.record_event(
        BaselineEvent(
            workplace.monitor.name,
            now,
            "promoted" if act == "promoted" else "rolled back",
            baseline.id,
            previous,
            who=who or user_name(),
            reason=reason,
            detail=detail,
        )
    )
    declared_id = "" if present is None else present.declared_id
    if present is not None and present.act == "declared":
        declared_id = present.baseline_id
    workplace.baselines.activate(
        baseline,
        frozen_at=now,
        act=act,
        declared=workplace.declared,
        declared_id=declared_id,
        before=before,
    )
    return previous


def _why(workplace: Workplace) -> str:
    present = workplace.baselines.present()
    if present is None:
        return ""
    since = f"since {present.since:%Y-%m-%d %H:%M} UTC"
    declared = workplace.monitor.baseline.words
    if present.act == "declared":
        changed = present.declared and present.declared != workplace.declared
        then = (
            f"; the YAML now names {declared}, which judges once {workplace.monitor.name}/baseline "
            "is materialised"
        )
        return f"frozen from the data of the YAML, {since}{then if changed else ''}"
    acted = f"{present.act} by {_who(workplace, present) or 'somebody who was not named'}, {since}"
    if present.baseline_id == present.declared_id:
        return f"{acted}; it was frozen from the data of the YAML"
    return (
        f"{acted}, in place of what the YAML names ({declared}), until "
        "that is changed and materialised, or another one is promoted"
    )


def _who(workplace: Workplace, present: Active) -> str:
    """Return who or what made the active baseline judge, as the history keeps it; "" if not."""
    acts = workplace.history.baseline_events(workplace.monitor.name)
    named = [
        one.who
        for one in acts
        if one.event == present.act and one.baseline_id == present.baseline_id
    ]
    return visible(named[-1]) if named else ""


def _at_once(monitor: Monitor) -> Monitor:
    """Return a monitor by which a single day breaches: a baseline has none before it."""
    changes: dict[str, object] = {"alert_after": AlertAfter(breaches=1, of=1)}
    for part in ("features", "predictions"):
        columns = getattr(monitor, part)
        if not isinstance(columns, str):
            changes[part] = tuple(c.model_copy(update={"alert_after": None}) for c in columns)
    return monitor.model_copy(update=changes)


def _over(columns: Baseline, ruler: Baseline) -> Rebinned:
    return rebin(columns.columns, ruler, n_rows=columns.n_rows)


def _effects(workplace: Workplace, candidate: Baseline, days: int) -> list[DayEffect]:
    name = workplace.monitor.name
    reported = workplace.history.reported(name)
    if not reported or days < 1:
        return []
    first = max(reported) - timedelta(days=days - 1)
    said = workplace.history.verdicts(name, first=first, last=max(reported))
    bins = workplace.history.stored_bins(name, first=first, last=max(reported))
    learned = workplace.learned(candidate)
    rulers: dict[str, Baseline] = {}
    earlier: dict[str, list[Verdict]] = {}
    effects = []
    for day, verdict in said.items():
        found = _profile_of(workplace, candidate, day, reported[day], rulers)
        if found is None:
            effects.append(_by_bins(workplace, candidate, day, verdict, bins.get(day, {}), rulers))
            continue
        columns, basis = found
        comparison = None
        if workplace.monitor.compared.days == "same_weekday":
            watched = [c.name for c in workplace.monitor.watched(candidate.columns)]
            comparison = workplace.baseline_days(candidate).comparison(
                day, lambda: reported, names=watched
            )
        assessment = assess(
            workplace.monitor,
            candidate,
            columns.profile,
            earlier=earlier,
            day=day,
            comparison=comparison,
            learned=learned,
        )
        for feature in assessment.features:
            if feature.rule_verdict is not Verdict.NOT_EVALUATED:
                earlier.setdefault(feature.feature, []).insert(0, feature.rule_verdict)
        effects.append(
            DayEffect(
                day,
                verdict,
                assessment.verdict,
                tuple(f.feature for f in assessment.breached),
                basis,
            )
        )
    return effects


def _profile_of(
    workplace: Workplace,
    candidate: Baseline,
    day: date,
    mark: str,
    rulers: dict[str, Baseline],
) -> tuple[Rebinned, Basis] | None:
    """Return a reported day over a candidate's rulers, if its rows or fine profile are there."""
    monitor, place = workplace.monitor, workplace.place
    try:
        files = current_files(monitor, place, day)
        # Other data than those that the report is of would be compared with its verdict.
        if fingerprint(monitor, place, day, files) == mark:
            rows = read_current(monitor, place, day, files)
            return Rebinned(profile_rows(rows, candidate), {}), "rows"
    except (NoDataError, UnreadableFileError):
        pass
    archived = Archive(place.home, monitor.name)
    if archived.of_day(day).exists() and archived.fingerprint(day) == mark:
        return Rebinned(profile_rows(archived.rows(day), candidate), {}), "rows"
    for baseline_id in workplace.baselines.ids():
        if not (place.home / "profiles" / monitor.name / baseline_id / f"{day}.npz").exists():
            continue
        if baseline_id not in rulers:
            rulers[baseline_id] = workplace.baselines.read(baseline_id)
        ruler = rulers[baseline_id]
        profiles = workplace.baseline_days(ruler).profiles
        if profiles.fingerprint(day) != mark:
            continue
        kept = profiles.dataset(day)
        return rebin(kept.columns, candidate, n_rows=kept.n_rows), "fine profile"
    return None


def _by_bins(
    workplace: Workplace,
    candidate: Baseline,
    day: date,
    said: Verdict,
    bins: Mapping[str, tuple[str, Sequence[int]]],
    rulers: dict[str, Baseline],
) -> DayEffect:
    """Return what PSI alone says of a day, over the bins by which it was counted."""
    verdicts: dict[str, Verdict] = {}
    for column in workplace.monitor.watched(candidate.columns):
        baseline_id, counts = bins.get(column.name, ("", ()))
        if baseline_id not in rulers and baseline_id in workplace.baselines.ids():
            rulers[baseline_id] = workplace.baselines.read(baseline_id)
        ruler = rulers.get(baseline_id)
        if ruler is None or column.name not in ruler.columns:
            continue
        binning = ruler.columns[column.name].binning
        mine = candidate.columns[column.name]
        if type(ruler.columns[column.name]) is not type(mine) or not mine.n:
            continue
        before, _ = rebinned_column(mine, binning)
        if len(before.psi_counts) != len(counts) or not sum(counts):
            continue
        value = psi(before.psi_counts, np.asarray(counts))
        limits = column.thresholds
        verdicts[column.name] = (
            Verdict.BREACH
            if value >= limits.psi_breach
            else Verdict.WARN
            if value >= limits.psi_warn
            else Verdict.OK
        )
    breached = tuple(name for name, verdict in verdicts.items() if verdict is Verdict.BREACH)
    would_say = Verdict.NOT_EVALUATED
    if verdicts:
        would_say = next(
            v for v in (Verdict.BREACH, Verdict.WARN, Verdict.OK) if v in verdicts.values()
        )
    return DayEffect(day, said, would_say, breached, "bins")
