"""What a report shows, prepared first: order, sentences and figures, before any layout."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from drift_assets.assessment import Assessment, Bin, FeatureResult, Summary
from drift_assets.figures import show, show_share
from drift_assets.report.escaping import visible
from drift_assets.report.wording import (
    VERDICT_LABELS,
    MovedBin,
    cautions,
    figure_beside,
    moved_bins,
    p_value_figure,
    shares_beside,
    value_figure,
    why_sentence,
)
from drift_assets.stats import LABELS, STATISTICS
from drift_assets.stats.statistic import Kind
from drift_assets.timeline import Moment, Timeline
from drift_assets.verdicts import BY_HAND, Judgement, Verdict
from drift_assets.watch import Thresholds

ROWS_PER_BIN: Final = 20
"""Expected rows in a bin from which PSI without drift follows its chi-squared form."""

MOST_NAMES: Final = 100
"""Unwatched columns that a page lists."""

MOST_LEADING: Final = 5
"""Columns that the head of a page names."""

WORTH_SAYING: Final = 0.05
"""Share of rows from which new values are named, however little PSI makes of them."""

SMALLEST_P: Final = 1e-12
"""Where the scale of a p-value ends: what lies below looks the same."""

_RANKS: Final = {verdict: rank for rank, verdict in enumerate(VERDICT_LABELS)}
_ERROR_SIGNS: Final = {s.name: "+" if s.error == "above" else "±" for s in STATISTICS}


@dataclass(frozen=True, slots=True)
class Bar:
    """A value as a part of a scale on which farther is worse: lengths in [0, 1].

    Attributes
    ----------
    length
        Of the bar; 0 if the value is not known.
    threshold
        Where the breach threshold lies; None if there is none, or beyond the scale.
    noise
        Where 95 % of days without drift end, as `noise_floor` has it; None if
        not known or beyond the scale. It decides nothing.
    clipped
        Whether the value lies beyond the scale.
    warn
        Where the warning begins; None if there is none.
    """

    length: float
    threshold: float | None
    noise: float | None
    clipped: bool
    warn: float | None = None


@dataclass(frozen=True, slots=True)
class StatisticLine:
    """One statistic beside its threshold, in figures that agree with the outcome."""

    label: str
    value: str
    p_value: str
    rule: str
    outcome: str
    bar: Bar | None = None


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One property of a column on both sides."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PastLine:
    """One number of a column over the days of a timeline.

    Attributes
    ----------
    label
        What it is.
    figures
        In words, one a day; "" where it is not known.
    limits
        From which position on which threshold held, in words; empty without one.
    """

    label: str
    figures: tuple[str, ...]
    limits: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ColumnPanel:
    """All that a page shows of one column; every text is visible, none is escaped.

    Attributes
    ----------
    number
        Position on the page, from 1; names may hold anything, anchors may not.
    name, role, kind, verdict, label, reason
        Who it is and what is said of it.
    psi, noise, bar
        Its PSI and what chance alone makes of it in figures, and both as a bar.
    statistics, moved, summary, unseen
        Its tables.
    why
        What its PSI is made of, in a sentence.
    bins
        Bins for the picture, in their order.
    brief
        What moved, in a few words.
    since
        Since when its verdict has been what it is, in words; "" if that is not known.
    past, verdicts
        Its numbers and verdicts over the days of the timeline; empty without one.
    trend
        What is said of its gradual drift, if it creeps.
    span
        Smallest and largest finite value of both sides, if it is numeric.
    """

    number: int
    name: str
    role: str
    kind: Kind
    verdict: Verdict
    label: str
    reason: str
    psi: str
    noise: str
    bar: Bar
    statistics: tuple[StatisticLine, ...]
    moved: tuple[MovedBin, ...]
    summary: tuple[SummaryLine, ...]
    unseen: str
    why: str
    bins: tuple[Bin, ...]
    brief: str
    since: str
    past: tuple[PastLine, ...]
    verdicts: tuple[Verdict | None, ...]
    trend: str
    span: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Page:
    """A report of one monitor and day, before layout.

    Attributes
    ----------
    monitor, verdict, label, headline, cautions, facts, extra_columns
        Of the whole.
    columns
        The gravest first.
    positive_rates
        Of each prediction that has one: name, before and after.
    thresholds
        What columns were judged by, as name and figure.
    timeline
        The days that the columns' past is of, this one last.
    changes
        From which of those days on another baseline or method judged, in words.
    """

    monitor: str
    verdict: Verdict
    label: str
    headline: str
    cautions: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[ColumnPanel, ...]
    extra_columns: str
    positive_rates: tuple[SummaryLine, ...]
    thresholds: tuple[tuple[str, str], ...]
    timeline: Timeline
    changes: tuple[tuple[int, str], ...]

    @property
    def leading(self) -> tuple[ColumnPanel, ...]:
        """The gravest columns that breach or warn, a few at most."""
        return tuple(c for c in self.columns[:MOST_LEADING] if c.verdict in _GRAVE)

    @property
    def counts(self) -> tuple[tuple[Verdict, str, int], ...]:
        """Each verdict that some column has, its label, and how many have it."""
        verdicts = [column.verdict for column in self.columns]
        return tuple((v, t, verdicts.count(v)) for v, t in VERDICT_LABELS.items() if v in verdicts)


_GRAVE: Final = frozenset({Verdict.BREACH, Verdict.WARN})


def page_of(
    assessment: Assessment,
    *,
    most: int | None = None,
    partition: date | None = None,
    timeline: Timeline | None = None,
    creeping: Mapping[str, str] = MappingProxyType({}),
) -> Page:
    """Return what the report of an assessment shows.

    Parameters
    ----------
    assessment
        What to show.
    most
        Columns to show at most, the gravest; by default all.
    partition
        Its day; without one there is no past.
    timeline
        What was reported before; whatever it says of the day itself and of later ones is
        left out.
    creeping
        What is said of the gradual drift of a column, by its true name. As words: what makes
        them takes long to load, and the console needs none.
    """
    past = Timeline()
    if timeline is not None and partition is not None:
        past = _with_day(timeline.before(partition), assessment, partition)
    rule = "any statistic that crosses its threshold"
    if assessment.family_alpha is not None:
        rule = f"an adjusted p-value up to {show(assessment.family_alpha)} and an effect"
    elif assessment.rule == "learned":
        rule = "any statistic that reaches its learned threshold"
        judged = (j.threshold for f in assessment.features for j in f.judgements)
        if any(threshold.origin == BY_HAND for threshold in judged):
            rule += ", or the one set by hand"
    facts = [
        ("Baseline", f"{assessment.n_baseline:,} samples, id {assessment.baseline_id}"),
        ("Current", f"{assessment.n_current:,} samples"),
        *_comparison(assessment),
        ("A breach takes", f"{rule} ({assessment.rule} rule){_persistence(assessment)}"),
        ("Data set", f"{VERDICT_LABELS[assessment.dataset.verdict]}: {assessment.dataset.reason}"),
        ("Method version", str(assessment.method_version)),
    ]
    scale = _scale(assessment.features)
    return Page(
        monitor=visible(assessment.monitor),
        verdict=assessment.verdict,
        label=VERDICT_LABELS[assessment.verdict],
        headline=headline(assessment),
        cautions=cautions(assessment),
        facts=tuple(facts),
        columns=tuple(
            _panel(number, result, scale, past, creeping.get(result.feature, ""))
            for number, result in enumerate(ordered(assessment.features)[:most], start=1)
        ),
        extra_columns=_listed(assessment.extra_columns),
        positive_rates=_positive_rates(assessment),
        thresholds=_threshold_figures(assessment),
        timeline=past,
        changes=_changes(past),
    )


def _with_day(past: Timeline, assessment: Assessment, partition: date) -> Timeline:
    """Return a timeline with a day at its end, and only with that day's columns."""
    empty: list[Moment | None] = [None] * len(past.days)
    return Timeline(
        days=(*past.days, partition),
        verdicts=(*past.verdicts, assessment.verdict),
        breached=(*past.breached, len(assessment.breached)),
        baselines=(*past.baselines, assessment.baseline_id),
        methods=(*past.methods, assessment.method_version),
        columns={
            f.feature: (*past.columns.get(f.feature, empty), _moment(f))
            for f in assessment.features
        },
    )


def _moment(result: FeatureResult) -> Moment:
    return Moment(
        result.verdict,
        result.value("psi"),
        result.thresholds.psi_warn,
        result.thresholds.psi_breach,
        result.current.missing_rate if result.current is not None else None,
        result.current.positive_rate if result.current is not None else None,
    )


def _changes(past: Timeline) -> tuple[tuple[int, str], ...]:
    """Return where another baseline or other formulas judged than the day before."""
    found = []
    for i in range(1, len(past.days)):
        said = []
        if past.baselines[i] != past.baselines[i - 1]:
            said.append(f"new baseline {past.baselines[i]}")
        if past.methods[i] != past.methods[i - 1]:
            said.append(f"method version {past.methods[i]}")
        if said:
            found.append((i, ", ".join(said)))
    return tuple(found)


def _positive_rates(assessment: Assessment) -> tuple[SummaryLine, ...]:
    return tuple(
        replace(line, label=visible(f.feature))
        for f in assessment.features
        if f.role == "prediction"
        for line in _summary_lines(f.baseline, f.current)
        if line.label == _SUMMARY_LABELS["positive_rate"]
    )


_THRESHOLD_LABELS: Final = {
    "psi_warn": "PSI warns at or above",
    "psi_breach": "PSI breaches at or above",
    "ks_significance_level": "KS or chi-squared p breaches below",
    "js_breach": "JS divergence breaches at or above",
    "missing_rate_change": "Missing rate breaches at a change of",
    "positive_rate_change": "Positive rate breaches at a change of",
    "novel_rate_change": "Novel rate breaches at a change of",
    "ks_min_statistic": "KS D is an effect from",
    "family_alpha": "Level of the family of tests",
}


def _threshold_figures(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Return each threshold, or its smallest and largest where columns differ."""
    guarded = {"novel_rate_change", "ks_min_statistic", "family_alpha"}
    found = []
    used = {f.thresholds: None for f in assessment.features}
    for field in fields(Thresholds):
        if field.name in guarded and assessment.rule != "guarded":
            continue
        numbers = sorted({getattr(one, field.name) for one in used})
        if numbers:
            texts = [show(number, against=number) for number in (numbers[0], numbers[-1])]
            differ = len(numbers) > 1
            text = f"{texts[0]} to {texts[1]}, by column" if differ else texts[0]
            found.append((_THRESHOLD_LABELS[field.name], text))
    return tuple(found)


def _comparison(assessment: Assessment) -> list[tuple[str, str]]:
    """Return what the day was compared with and where its thresholds come from, if it matters."""
    facts = []
    if assessment.compared_with:
        named = f"{assessment.compared_with}, id {assessment.comparison_id}"
        facts.append(("Compared with", named))
    if assessment.thresholds_from:
        facts.append(("Thresholds", assessment.thresholds_from))
    return facts


def _persistence(assessment: Assessment) -> str:
    """Return on how many days a breach must come, in words; "" if each counts at once."""
    asked = {f.alert_after: None for f in assessment.features if f.alert_after.breaches > 1}
    texts = ", or on ".join(f"{one} days" for one in asked)
    some = len(asked) > 1 or any(f.alert_after not in asked for f in assessment.features)
    return f", on {texts}{' by column' if some else ''}" if asked else ""


def ordered(results: Iterable[FeatureResult]) -> tuple[FeatureResult, ...]:
    """Return results by how much they matter: by verdict, by how far past a threshold, by PSI.

    How far is counted in thresholds, and a feature's by its importance.
    """
    return tuple(
        sorted(
            results,
            key=lambda f: (_RANKS[f.verdict], -_reach(f), -(f.value("psi") or 0.0)),
        )
    )


def _reach(result: FeatureResult) -> float:
    """Return the largest share of its threshold that a value or change reaches."""
    reached = [
        abs(j.measurement.value) / j.threshold.breach
        for j in result.judgements
        if j.threshold.on != "p_value" and j.threshold.breach > 0
    ]
    weight = result.importance if result.role == "feature" else 1.0
    return weight * max((r for r in reached if math.isfinite(r)), default=0.0)


def headline(assessment: Assessment) -> str:
    """Return the verdict of the day as one sentence."""
    total = len(assessment.features)
    silent = len(assessment.not_evaluated)
    if total == silent:
        return f"No verdict: none of {_count(total, 'column')} could be evaluated."
    rest = f"; {_count(silent, 'column')} could not be evaluated" if silent else ""
    breached = assessment.breached
    if breached:
        verb = "drifts" if len(breached) == 1 else "drift"
        return f"Drift: {len(breached)} of {_count(total, 'column')} {verb}{rest}."
    warned = sum(f.verdict is Verdict.WARN for f in assessment.features)
    if warned:
        verb = "warns" if warned == 1 else "warn"
        return f"No drift, but {warned} of {_count(total, 'column')} {verb}{rest}."
    return f"No drift in {_count(total - silent, 'evaluated column')}{rest}."


def noise_floor(result: FeatureResult, statistic: str = "psi") -> float | None:
    """Return the PSI in nats, or JS in bits, that 95 % of days without drift stay under.

    None where the chi-squared form does not hold, which needs `ROWS_PER_BIN` expected rows
    in each bin of the baseline; and for a JS whose counts were not kept.
    """
    found = result.measurements.get(statistic)
    rows = [b.n_baseline for b in result.bins]
    factor = 1.0
    if statistic == "js_divergence":
        if result.js_counts is None:
            return None
        rows = list(result.js_counts.baseline) or rows
        # It is an eighth of what PSI is for small changes, and counted in bits.
        factor = 1 / (8 * math.log(2))
    rows = [n for n in rows if n]
    if found is None or len(rows) < 2:
        return None
    if min(rows) / sum(rows) * found.n_current < ROWS_PER_BIN:
        return None
    # Loaded on use: the console report shows no noise floor.
    from scipy.special import chdtri  # noqa: PLC0415

    spread = 1 / found.n_baseline + 1 / found.n_current
    return factor * float(chdtri(len(rows) - 1, 0.05)) * spread


def statistic_lines(result: FeatureResult) -> tuple[StatisticLine, ...]:
    """Return the measured statistics in their order, each beside its threshold."""
    judged = {j.measurement.statistic: j for j in result.judgements}
    noise = {name: noise_floor(result, name) for name in ("psi", "js_divergence")}
    return tuple(
        _statistic_line(name, result, judged.get(name), noise.get(name))
        for name in result.measurements
    )


def brief(result: FeatureResult) -> str:
    """Return what moved, in a few words; "" if nothing did or nobody knows."""
    current, why = result.current, result.why
    if current is None or why is None:
        return ""
    said = []
    breaching = {j.measurement.statistic for j in result.judgements if j.verdict is Verdict.BREACH}
    lines = {line.label: line for line in _summary_lines(result.baseline, current)}
    for statistic in ("missing_rate", "positive_rate"):
        line = lines.get(_SUMMARY_LABELS[statistic])
        if statistic in breaching and line is not None:
            said.append(f"{line.label} {line.before} → {line.after}")
    known = max(why.known, 0.0)
    for part, share, words in (
        (why.unseen, why.unseen_share, "unseen values"),
        (why.out_of_range, why.out_of_range_share, "out of range"),
    ):
        if share and (part > known or share >= WORTH_SAYING):
            said.append(f"{show_share(share)} {words}")
    if "missing_rate" in breaching and len(breaching) == 1:
        return said[0]
    before, after, spread = result.baseline.median, current.median, result.baseline.std
    median = lines.get("median")
    if (
        median is not None
        and before is not None
        and after is not None
        and abs(after - before) >= 0.1 * (spread or 0.0) > 0
    ):
        said.append(f"median {median.before} → {median.after}")
    elif not said and (moved := moved_bins(result)[:1]):
        said.append(f"{moved[0].label}: {moved[0].before} → {moved[0].after}")
    return "; ".join(said[:2])


def _since(past: Timeline, result: FeatureResult) -> str:
    found = past.verdict_since(result.feature) if len(past.days) > 1 else None
    if found is None or result.verdict not in _GRAVE:
        return ""
    day, count = found
    if count == 1:
        return "new today"
    days = f"{count:,} days"
    return f"since {day} or before, {days}" if day == past.days[0] else f"since {day}, {days}"


def _past_lines(past: Timeline, result: FeatureResult) -> tuple[PastLine, ...]:
    """Return PSI over the days, and what else of the column moves over them."""
    moments = past.columns.get(result.feature, ())
    if len(moments) < 2:
        return ()
    psi = [
        ""
        if m is None or m.psi is None
        else figure_beside(m.psi, m.psi_warn if m.psi_warn < m.psi_breach else None, m.psi_breach)
        for m in moments
    ]
    # Today's as it stands beside the other figures of the day.
    psi[-1] = value_figure(result, "psi")
    limits: list[tuple[int, str]] = []
    last = None
    for i, moment in enumerate(moments):
        if moment is not None and moment.psi_breach != last:
            last = moment.psi_breach
            if math.isfinite(last):
                limits.append((i, show(last, against=last)))
    lines = [PastLine("PSI", tuple(psi), tuple(limits))]
    for label, shares in (
        ("positive rate", [None if m is None else m.positive_rate for m in moments]),
        ("missing", [None if m is None else m.missing_rate for m in moments]),
    ):
        known = {share for share in shares if share is not None}
        if known and (label != "missing" or len(known) > 1):
            figures = tuple("" if share is None else show_share(share) for share in shares)
            lines.append(PastLine(label, figures, ()))
    return tuple(lines)


def _panel(
    number: int, result: FeatureResult, scale: float, past: Timeline, trend: str
) -> ColumnPanel:
    unseen = ", ".join(f"{visible(name)} ({count:,})" for name, count in result.unseen)
    noise = noise_floor(result)
    return ColumnPanel(
        number=number,
        name=visible(result.feature),
        role=result.role,
        kind=result.kind,
        verdict=result.verdict,
        label=VERDICT_LABELS[result.verdict],
        reason=visible(result.reason),
        psi=value_figure(result, "psi"),
        noise=show(noise) if noise is not None else "",
        bar=_bar(result, scale, noise),
        statistics=statistic_lines(result),
        moved=moved_bins(result),
        summary=_summary_lines(result.baseline, result.current),
        unseen=unseen,
        why=why_sentence(result),
        bins=result.bins,
        brief=brief(result),
        since=_since(past, result),
        past=_past_lines(past, result),
        verdicts=tuple(
            None if m is None else m.verdict for m in past.columns.get(result.feature, ())
        ),
        trend=trend,
        span=_span(result),
    )


def _span(result: FeatureResult) -> tuple[float, float] | None:
    sides = [side for side in (result.baseline, result.current) if side is not None]
    lowest = [side.minimum for side in sides if side.minimum is not None]
    highest = [side.maximum for side in sides if side.maximum is not None]
    return (min(lowest), max(highest)) if lowest and highest else None


def _scale(results: Sequence[FeatureResult]) -> float:
    """Return the PSI at which all bars end: a few times the threshold at most, to keep it seen."""
    thresholds = [b for f in results if math.isfinite(b := f.thresholds.psi_breach)]
    threshold = max(thresholds, default=Thresholds().psi_breach)
    largest = max((f.value("psi") or 0.0 for f in results), default=0.0)
    return max(1.25 * threshold, min(largest, 4 * threshold))


def _bar(result: FeatureResult, scale: float, noise: float | None) -> Bar:
    psi = result.value("psi") or 0.0
    threshold = result.thresholds.psi_breach
    return Bar(
        length=min(psi / scale, 1.0),
        threshold=threshold / scale if threshold <= scale else None,
        noise=noise / scale if noise is not None and noise <= scale else None,
        clipped=psi > scale,
    )


def _statistic_line(
    name: str, result: FeatureResult, judgement: Judgement | None, noise: float | None
) -> StatisticLine:
    bound = result.measurements[name].error_bound
    value = value_figure(result, name)
    return StatisticLine(
        label=LABELS.get(name, name),
        value=f"{value} ({_ERROR_SIGNS[name]}{show(bound)} at most)" if bound > 0 else value,
        p_value=p_value_figure(result, name),
        rule=judgement.threshold.rule if judgement else "",
        outcome=VERDICT_LABELS[judgement.verdict] if judgement else "",
        bar=_own_bar(judgement, noise) if judgement else None,
    )


def _own_bar(judgement: Judgement, noise: float | None) -> Bar | None:
    """Return a statistic on a scale of its own, a p-value by its negative logarithm."""
    measurement, threshold = judgement.measurement, judgement.threshold
    value, limit = abs(measurement.value), threshold.breach
    if threshold.on == "p_value":
        if measurement.p_value is None:
            return None
        value, limit = (-math.log10(max(p, SMALLEST_P)) for p in (measurement.p_value, limit))
    if not (math.isfinite(value) and math.isfinite(limit) and limit > 0):
        return None
    scale = max(1.25 * limit, min(1.05 * value, 4 * limit))
    warn = threshold.warn
    return Bar(
        length=min(value / scale, 1.0),
        threshold=limit / scale,
        noise=noise / scale if noise is not None and noise <= scale else None,
        clipped=value > scale,
        warn=warn / scale if warn is not None and warn <= scale else None,
    )


def _summary_lines(baseline: Summary, current: Summary | None) -> tuple[SummaryLine, ...]:
    rates = ("missing_rate", "positive_rate")
    lines = []
    for field, label in _SUMMARY_LABELS.items():
        before = getattr(baseline, field)
        after = getattr(current, field) if current is not None else None
        if before is None and after is None:
            continue
        if field in rates and before is not None and after is not None:
            lines.append(SummaryLine(label, *shares_beside(before, after)))
            continue
        figure = show_share if field in rates else _number
        lines.append(
            SummaryLine(label, *("" if side is None else figure(side) for side in (before, after)))
        )
    return tuple(lines)


_SUMMARY_LABELS: Final = {
    "n": "values",
    "missing_rate": "missing",
    "mean": "mean",
    "std": "standard deviation",
    "median": "median",
    "minimum": "minimum",
    "maximum": "maximum",
    "positive_rate": "positive rate",
    "n_distinct": "distinct values",
    "n_infinite": "infinite values",
    "n_unseen": "rows of unseen categories",
}


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else show(value)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:MOST_NAMES])
    left_out = len(names) - MOST_NAMES
    return f"{shown} and {left_out:,} more" if left_out > 0 else shown


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
