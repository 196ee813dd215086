"""The pipe as one function: two profiles in, one judged assessment out.

Dagster, the command line, the Python API and the tests all call `assess`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from drift_assets.profiles import (
    METHOD_VERSION,
    Baseline,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Profile,
    Unprofiled,
)
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.stats import NOVEL_RATE, Measurement, Statistic
from drift_assets.stats.jensen_shannon import js_terms
from drift_assets.stats.missing_rate import missing_rate_change
from drift_assets.stats.out_of_range_rate import cells_out_of_range
from drift_assets.stats.permutation import permutation_p_value
from drift_assets.stats.positive_rate import measure_positive_rate, positive_rate
from drift_assets.stats.psi import psi_contributions, psi_terms
from drift_assets.stats.statistic import Kind
from drift_assets.verdicts import (
    Case,
    DatasetRuling,
    Judgement,
    Persistence,
    Ruling,
    Verdict,
    dataset_rule,
    guarded_rule,
    lasting,
    learned_rule,
    plain_rule,
    worst,
)
from drift_assets.watch import OF_VALUES, Column, Thresholds, Watch, is_fixed

if TYPE_CHECKING:
    # Loaded by who has them: two small files would wait for it.
    from drift_assets.comparison import Comparison
    from drift_assets.learned import LearnedThresholds

_NO_PAST: Final[Mapping[str, Sequence[Verdict]]] = {}


@dataclass(frozen=True, slots=True)
class Bin:
    """One PSI bin of a column, before and after.

    Attributes
    ----------
    label
        The interval or category, in words.
    lower, upper
        Edges of a numeric bin; None where it is open, and for categories.
    n_baseline, n_current
        Rows in the bin.
    baseline_share, current_share
        Shares of the non-missing rows, in [0, 1].
    contribution
        What the bin adds to PSI, in nats, 0 or greater.
    """

    label: str
    lower: float | None
    upper: float | None
    n_baseline: int
    n_current: int
    baseline_share: float
    current_share: float
    contribution: float


@dataclass(frozen=True, slots=True)
class JsCounts:
    """Rows per JS bin of a column, before and after; both empty where those are the PSI bins."""

    baseline: tuple[int, ...] = ()
    current: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What one side of a column looked like; a number that is not defined is None.

    ``n`` counts non-missing rows, ``n_missing`` the others; mean, standard
    deviation, minimum and maximum are of the finite values; ``positive_rate``
    is the share at or above the decision threshold.
    """

    n: int
    n_missing: int
    n_infinite: int | None = None
    n_distinct: int | None = None
    n_unseen: int | None = None
    mean: float | None = None
    std: float | None = None
    median: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    positive_rate: float | None = None

    @property
    def missing_rate(self) -> float | None:
        """Share of missing rows, in [0, 1]; None without rows."""
        rows = self.n + self.n_missing
        return self.n_missing / rows if rows else None


@dataclass(frozen=True, slots=True)
class Why:
    """What the PSI of a column is made of, and what it leaves out.

    Attributes
    ----------
    known
        PSI in nats from values that the baseline has: `known`, `unseen` and
        `out_of_range` are 0 or greater and add up to it.
    unseen
        From what lies inside the baseline's range and was never there: an unseen
        category, or a number between the few that it has.
    out_of_range
        From numbers below the baseline's smallest or above its largest. Where these
        or unseen categories share a bin with others, it is their part of what the
        bin gained.
    unseen_share, out_of_range_share
        Current rows of either sort, as a share of the non-missing ones.
    missing_rate_change
        Current less baseline share of missing rows, which PSI does not see.
    """

    known: float
    unseen: float
    out_of_range: float
    unseen_share: float
    out_of_range_share: float
    missing_rate_change: float


@dataclass(frozen=True, slots=True)
class FeatureResult:
    """All that is known of one watched column on one day.

    Attributes
    ----------
    feature
        The column's true name.
    role
        ``feature`` or ``prediction``.
    kind
        ``numeric`` or ``categorical``, as the baseline has it.
    verdict, reason
        The answer, and a sentence that gives its numbers.
    rule_verdict
        What the rule says of the day alone, before ``alert_after``.
    measurements
        By name of the statistic, in the order of `STATISTICS`; empty if not evaluated.
    judgements
        The plain judgement of each statistic that has a threshold.
    adjusted_p_value
        Smallest adjusted p-value of its tests; None under the plain rule.
    family
        The p-values it brought into the family, by test; empty under the plain rule.
    thresholds
        Those it was judged by.
    alert_after
        How long a breach must last before it counts.
    by_hand
        Which of the thresholds somebody wrote, by field; all, with a preset of its own.
    js_counts
        Rows per JS bin; None if not evaluated, or from before they were kept.
    importance
        What it weighs in the verdict of the data set; a prediction weighs nothing.
    bins
        PSI bins in their order; empty if not evaluated.
    baseline, current
        Summaries; current is None if there is no profile.
    unseen
        The most frequent categories that the baseline does not have, with their rows.
    why
        What its PSI is made of; None if not evaluated.
    """

    feature: str
    role: Literal["feature", "prediction"]
    kind: Kind
    verdict: Verdict
    reason: str
    rule_verdict: Verdict
    measurements: Mapping[str, Measurement]
    judgements: tuple[Judgement, ...]
    adjusted_p_value: float | None
    family: Mapping[str, float]
    thresholds: Thresholds
    alert_after: Persistence
    importance: float
    bins: tuple[Bin, ...]
    baseline: Summary
    current: Summary | None
    unseen: tuple[tuple[str, int], ...] = ()
    why: Why | None = None
    by_hand: tuple[str, ...] = ()
    js_counts: JsCounts | None = None

    @property
    def plain_verdict(self) -> Verdict:
        """What the plain rule says of the day alone."""
        return worst([j.verdict for j in self.judgements])

    @property
    def top_bins(self) -> tuple[Bin, ...]:
        """The five bins that add most to PSI, largest first, those that add nothing left out."""
        ranked = sorted(self.bins, key=lambda b: -b.contribution)
        return tuple(b for b in ranked[:5] if b.contribution > 0)

    def value(self, statistic: str) -> float | None:
        """Return what ``statistic`` measured, or None."""
        measurement = self.measurements.get(statistic)
        return None if measurement is None else measurement.value

    def p_value(self, statistic: str) -> float | None:
        """Return the p-value of ``statistic``, or None."""
        measurement = self.measurements.get(statistic)
        return None if measurement is None else measurement.p_value


@dataclass(frozen=True, slots=True)
class Assessment:
    """One monitor's data of one day, measured and judged.

    Attributes
    ----------
    monitor
        Its name.
    baseline_id
        Content hash of the baseline it was measured against.
    n_baseline, n_current
        Rows of both data sets, missing values included.
    features
        Features first, then prediction columns, in the monitor's order.
    verdict
        The gravest of the columns' verdicts.
    dataset
        The verdict of the data set as a whole, from the share of features that breach.
        It stops nothing and tells nobody.
    rule
        ``guarded``, ``plain`` or ``learned``.
    family_alpha
        Level of the guarded family; None under the plain rule.
    family_complete
        False if only some columns were looked at and the others' p-values were not known.
    extra_columns
        Columns in the current data that nobody watches.
    method_version
        Version of the formulas.
    comparison_id
        Content hash of what the day was compared with; ``baseline_id`` if it was all of that.
    compared_with
        Which days those are, in words; empty for the whole baseline.
    thresholds_from
        Where learned thresholds come from, or why there are none, in words; empty where
        nobody asked for any.
    """

    monitor: str
    baseline_id: str
    n_baseline: int
    n_current: int
    features: tuple[FeatureResult, ...]
    verdict: Verdict
    dataset: DatasetRuling
    rule: Literal["guarded", "plain", "learned"]
    family_alpha: float | None
    family_complete: bool
    extra_columns: tuple[str, ...] = ()
    method_version: int = METHOD_VERSION
    comparison_id: str = ""
    compared_with: str = ""
    thresholds_from: str = ""

    @property
    def breached(self) -> tuple[FeatureResult, ...]:
        """The columns that breach, the largest PSI first."""
        return self._with(Verdict.BREACH)

    @property
    def not_evaluated(self) -> tuple[FeatureResult, ...]:
        """The columns of which nothing can be said."""
        return self._with(Verdict.NOT_EVALUATED)

    def feature(self, name: str) -> FeatureResult:
        """Return the result of one column; KeyError if it was not looked at."""
        for result in self.features:
            if result.feature == name:
                return result
        raise KeyError(name)

    def _with(self, verdict: Verdict) -> tuple[FeatureResult, ...]:
        found = [f for f in self.features if f.verdict is verdict]
        return tuple(sorted(found, key=lambda f: -(f.value("psi") or 0.0)))


def assess(  # noqa: PLR0913  # all but three by keyword: what can bear on one day
    monitor: Watch,
    baseline: Baseline,
    current: DatasetProfile,
    *,
    only: Sequence[str] | None = None,
    other_p_values: Sequence[float] | None = None,
    earlier: Mapping[str, Sequence[Verdict]] = _NO_PAST,
    day: date | None = None,
    comparison: "Comparison | None" = None,
    learned: "LearnedThresholds | str" = "",
) -> Assessment:
    """Return the assessment of one day of current data.

    Parameters
    ----------
    monitor
        Says which columns are watched and by which thresholds and rule.
    baseline, current
        Profiles; the current one over the baseline's rulers.
    only
        Watched columns to look at; by default all. The others' p-values then
        come from ``other_p_values``.
    other_p_values
        P-values of the columns left out, of the same baseline and data. None
        if they are not known: the family is then incomplete, and the reasons say so.
    earlier
        What the rule said of each column on the evaluated days before this one, the
        latest first, by the same baseline: ``alert_after`` counts breaches among them.
    day
        Which day it is: learned thresholds may differ by weekday.
    comparison
        The baseline's side, if it is not all of the baseline.
    learned
        Thresholds learned from the baseline's days, which then judge; or why there are none
        although they were asked for, which the reasons then say.

    Raises
    ------
    BaselineError
        If the baseline has no profile of a watched column.
    UnknownNameError
        If ``only`` names a column that is not watched.
    """
    columns = monitor.watched(baseline.columns, only=only)
    alpha = monitor.thresholds.family_alpha
    sides = dict(baseline.columns)
    unknown: dict[str, Unprofiled] = {}
    for name, side in (comparison.columns if comparison else {}).items():
        if isinstance(side, Unprofiled):
            unknown[name] = side
        else:
            sides[name] = side
    subset = only is not None and len(columns) < len(monitor.watched(baseline.columns))
    found = {
        c.name: unknown.get(c.name) or _profile_or_reason(monitor, c, sides[c.name], current)
        for c in columns
    }
    cases = {
        c.name: _case(
            *(c, sides[c.name], profile, monitor.measured),
            family_alpha=alpha if monitor.guards else None,
        )
        for c in columns
        if not isinstance(profile := found[c.name], Unprofiled)
    }
    complete = not subset or other_p_values is not None
    rule: Literal["guarded", "plain", "learned"] = "guarded" if monitor.guards else "plain"
    rulings: dict[str, Ruling] = {}
    if not isinstance(learned, str):
        rule = "learned"

        def measured(name: str) -> Mapping[str, Measurement]:
            return cases[name].measurements if name in cases else {}

        limits = {
            c.name: {} if is_fixed(c.by_hand) else learned.limits(c.name, day, measured(c.name))
            for c in columns
        }
        columns = tuple(
            replace(c, thresholds=c.thresholds.with_learned(limits[c.name], c.by_hand))
            for c in columns
        )
        for column in columns:
            case = cases.get(column.name)
            if case is None:
                continue
            judging = limits[column.name]
            if OF_VALUES & judging.keys() & case.measurements.keys():
                thresholds = column.thresholds.beside_learned(
                    judging, column.by_hand, origin=learned.origin
                )
                case = replace(case, thresholds=thresholds)
                rulings[column.name] = learned_rule(case, origin=learned.origin)
            else:
                cases[column.name] = replace(case, thresholds=column.thresholds.by_statistic())
    fixed = [case for name, case in cases.items() if name not in rulings]
    note = ""
    if monitor.guards:
        rulings |= guarded_rule(fixed, family_alpha=alpha, others=other_p_values or ())
        if not complete:
            note = "; family incomplete: uncorrected"
    else:
        rulings |= {case.name: plain_rule(case) for case in fixed}
    if isinstance(learned, str) and learned:
        note += f"; {learned}"
    notes = dict.fromkeys((case.name for case in fixed), note)
    if not isinstance(learned, str):
        own = {c.name for c in columns if is_fixed(c.by_hand)}
        notes = {n: note + (_OWN_PRESET if n in own else _NOT_LEARNED) for n in notes}

    features = tuple(
        _result(
            c,
            sides[c.name],
            current.columns.get(c.name),
            found[c.name],
            cases.get(c.name),
            rulings.get(c.name),
            notes.get(c.name, "") + _too_many(baseline.columns[c.name]),
            earlier.get(c.name, ()),
        )
        for c in columns
    )
    whole = () if subset else (f for f in features if f.role == "feature")
    dataset = dataset_rule(
        [(f.verdict, f.importance) for f in whole], threshold=monitor.drift_share_threshold
    )
    if subset:
        dataset = replace(dataset, reason="only some columns were looked at")
    return Assessment(
        monitor=monitor.name,
        baseline_id=baseline.id,
        n_baseline=comparison.n_rows if comparison else baseline.n_rows,
        n_current=current.n_rows,
        features=features,
        verdict=worst([f.verdict for f in features]),
        dataset=dataset,
        rule=rule,
        family_alpha=alpha if rule == "guarded" else None,
        family_complete=complete or rule != "guarded",
        extra_columns=current.extra_columns,
        method_version=baseline.method_version,
        comparison_id=comparison.id if comparison else baseline.id,
        compared_with=comparison.words if comparison else "",
        thresholds_from=learned if isinstance(learned, str) else learned.words,
    )


_NOT_LEARNED: Final = "; nothing could be learned of this column's values: fixed thresholds"
_OWN_PRESET: Final = "; this column has a preset of its own: fixed thresholds"
"""Said of a column that the others' rule does not judge."""


def _profile_or_reason(
    monitor: Watch, column: Column, baseline: Profile, current: DatasetProfile
) -> Profile | Unprofiled:
    """Return the current profile of a column, or why it cannot be judged."""
    profile = current.columns.get(column.name, Unprofiled("column absent from the current data"))
    if isinstance(profile, Unprofiled):
        return profile
    if not baseline.n:
        return Unprofiled("the baseline has no value in this column")
    if isinstance(baseline, CategoricalProfile) and not baseline.binning.known:
        # All would be counted as one, and any two days look alike.
        return Unprofiled(
            "too many categories in the baseline, and none of them frequent enough to be "
            "followed: exclude the column"
        )
    if not profile.n:
        many = {0: "no rows", 1: "the only value missing"}
        return Unprofiled(many.get(profile.n_rows, f"all {profile.n_rows:,} values missing"))
    if profile.n_rows < monitor.min_rows:
        rows = "row" if profile.n_rows == 1 else "rows"
        return Unprofiled(f"{profile.n_rows:,} {rows}, {monitor.min_rows:,} needed")
    return profile


def _case(
    column: Column,
    baseline: Profile,
    current: Profile,
    statistics: Sequence[Statistic],
    *,
    family_alpha: float | None,
) -> Case:
    """Return what the rules need of a column; without a family the rule is not the guarded one."""
    kind: Kind = "numeric" if isinstance(baseline, NumericProfile) else "categorical"
    measured = [s.measure(baseline, current) for s in statistics if kind in s.kinds]
    if (
        column.decision_threshold is not None
        and isinstance(baseline, NumericProfile)
        and isinstance(current, NumericProfile)
    ):
        measured.append(
            measure_positive_rate(baseline, current, decision_threshold=column.decision_threshold)
        )
    if family_alpha is not None and NOVEL_RATE not in statistics:
        novel = NOVEL_RATE.measure(baseline, current)
        # Where it does not join the family, nobody has asked for it.
        large = novel.value >= column.thresholds.novel_rate_change
        if large and (novel.p_value or 0.0) <= family_alpha:
            measured.append(novel)
    # An undefined value (a distance with infinite values in it) is left out, not stored as NaN.
    measurements = {m.statistic: m for m in measured if math.isfinite(m.value)}
    return Case(
        name=column.name,
        measurements=measurements,
        thresholds=column.thresholds.by_statistic(),
        ks_min_statistic=column.thresholds.ks_min_statistic,
        tail_p_value=partial(_tail_p_value, baseline, current),
    )


def _tail_p_value(baseline: Profile, current: Profile, name: str, smallest: float) -> float:
    if name == "psi":
        return permutation_p_value(
            psi_terms, baseline.psi_counts, current.psi_counts, smallest=smallest
        )
    return permutation_p_value(js_terms, baseline.js_counts, current.js_counts, smallest=smallest)


def _too_many(baseline: Profile) -> str:
    """Return what cannot be told of a column with more categories than are known by name."""
    if isinstance(baseline, NumericProfile) or baseline.binning.knows_unseen:
        return ""
    # Two standard errors: what the number lies within on 19 of 20 occasions.
    return (
        f"; about {baseline.n_distinct:,} categories in the baseline (within "
        f"{2 * baseline.distinct_error:.1%}), too many to tell unseen ones from rare ones"
    )


def _result(
    column: Column,
    baseline: Profile,
    current: Profile | Unprofiled | None,
    judged: Profile | Unprofiled,
    case: Case | None,
    ruling: Ruling | None,
    note: str,
    earlier: Sequence[Verdict],
) -> FeatureResult:
    # A column with too few rows is not judged, but what it looked like is still shown.
    profile = None if isinstance(current, Unprofiled) else current
    said = judged.reason if isinstance(judged, Unprofiled) else ""
    rule_verdict = Verdict.NOT_EVALUATED
    if ruling is not None:
        rule_verdict, said = ruling.verdict, f"{ruling.reason}{note}"
    verdict, reason = lasting(rule_verdict, said, earlier, column.alert_after)
    unseen = profile.unseen if isinstance(profile, CategoricalProfile) else ()
    return FeatureResult(
        feature=column.name,
        role=column.role,
        kind="numeric" if isinstance(baseline, NumericProfile) else "categorical",
        verdict=verdict,
        reason=reason,
        rule_verdict=rule_verdict,
        measurements=case.measurements if case else {},
        judgements=ruling.judgements if ruling else (),
        adjusted_p_value=ruling.adjusted_p_value if ruling else None,
        family=ruling.family if ruling else {},
        thresholds=column.thresholds,
        alert_after=column.alert_after,
        importance=column.importance if column.role == "feature" else 0.0,
        bins=_bins(baseline, profile) if case and profile else (),
        baseline=_summary(baseline, column),
        current=_summary(profile, column) if profile else None,
        unseen=unseen,
        why=_why(baseline, profile) if case and profile else None,
        by_hand=tuple(sorted(column.by_hand)),
        js_counts=_js_counts(baseline, profile) if case and profile else None,
    )


def _js_counts(baseline: Profile, current: Profile) -> JsCounts:
    binning = baseline.binning
    if not isinstance(binning, NumericBinning) or np.array_equal(
        binning.psi_starts, binning.js_starts
    ):
        return JsCounts()
    return JsCounts(tuple(baseline.js_counts.tolist()), tuple(current.js_counts.tolist()))


def _bins(baseline: Profile, current: Profile) -> tuple[Bin, ...]:
    contributions = psi_contributions(baseline.psi_counts, current.psi_counts)
    n, m = baseline.n, current.n
    binning = baseline.binning
    bins = []
    counted = zip(baseline.psi_counts, current.psi_counts, contributions, strict=True)
    for position, (p, q, contribution) in enumerate(counted):
        lower = upper = None
        if isinstance(binning, NumericBinning):
            lower, _, upper, _ = binning.interval(binning.psi_starts, position)
            label = binning.label(binning.psi_starts, position)
        else:
            label = binning.labels[position]
        bins.append(
            Bin(label, lower, upper, int(p), int(q), int(p) / n, int(q) / m, float(contribution))
        )
    return tuple(bins)


def _why(baseline: Profile, current: Profile) -> Why:
    contributions = psi_contributions(baseline.psi_counts, current.psi_counts)
    n, m = baseline.n, current.n
    before, now = baseline.psi_counts, current.psi_counts
    is_unseen = before == 0
    outside, unseen = np.zeros_like(now), np.where(is_unseen, now, 0)
    if isinstance(baseline, NumericProfile) and isinstance(current, NumericProfile):
        starts = baseline.binning.psi_starts
        outside = np.add.reduceat(cells_out_of_range(baseline, current), starts)
        unseen = np.where(is_unseen, now - outside, 0)
    elif isinstance(current, CategoricalProfile):
        unseen[-2:-1] += current.n_overlooked
    gained = now / m - before / n

    def part(rows: IntArray) -> FloatArray:
        """Return which part of what a bin adds to PSI comes of some of its rows."""
        share = np.zeros_like(gained)
        np.divide(np.minimum(rows / m, gained), gained, out=share, where=gained > 0)
        return share

    of_outside = contributions * part(outside)
    of_unseen = np.where(is_unseen, contributions - of_outside, contributions * part(unseen))
    return Why(
        known=float(np.maximum(contributions - of_outside - of_unseen, 0.0).sum()),
        unseen=float(of_unseen.sum()),
        out_of_range=float(of_outside.sum()),
        unseen_share=int(unseen.sum()) / m,
        out_of_range_share=int(outside.sum()) / m,
        missing_rate_change=missing_rate_change(baseline, current),
    )


def _summary(profile: Profile, column: Column) -> Summary:
    if isinstance(profile, CategoricalProfile):
        return Summary(
            n=profile.n,
            n_missing=profile.n_missing,
            n_distinct=profile.n_distinct,
            n_unseen=int(profile.counts[-1]),
        )
    rate = (
        positive_rate(profile, column.decision_threshold)
        if column.decision_threshold is not None and profile.n
        else None
    )
    finite = bool(profile.n_finite)
    return Summary(
        n=profile.n,
        n_missing=profile.n_missing,
        n_infinite=profile.n_infinite,
        n_distinct=profile.n_distinct,
        mean=_defined(profile.mean) if finite else None,
        std=_defined(profile.std),
        median=_defined(profile.median),
        minimum=_defined(profile.minimum),
        maximum=_defined(profile.maximum),
        positive_rate=rate,
    )


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None
