"""What a report shows, prepared first: order, sentences and figures, before any layout."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from drift_assets.assessment import Assessment, Bin, FeatureResult, Summary
from drift_assets.figures import show, show_p, show_share
from drift_assets.report.escaping import visible
from drift_assets.stats import LABELS, STATISTICS
from drift_assets.stats.statistic import Kind
from drift_assets.verdicts import Judgement, Threshold, Verdict
from drift_assets.watch import Thresholds

FEW_ROWS: Final = 100
"""Below this many values a comparison is made, with a caution: a monitor would not judge it."""

ROWS_PER_BIN: Final = 20
"""Expected rows in a bin from which PSI without drift follows its chi-squared form."""

MOST_NAMES: Final = 100
"""Unwatched columns that a page lists."""

VERDICT_LABELS: Final = {
    Verdict.BREACH: "breach",
    Verdict.WARN: "warning",
    Verdict.NOT_EVALUATED: "not evaluated",
    Verdict.OK: "ok",
}
"""Verdicts as people read them, the gravest first."""

_RANKS: Final = {verdict: rank for rank, verdict in enumerate(VERDICT_LABELS)}
_ERROR_SIGNS: Final = {s.name: "+" if s.error == "above" else "±" for s in STATISTICS}


@dataclass(frozen=True, slots=True)
class StatisticLine:
    """One statistic beside its threshold, in figures that agree with the outcome."""

    label: str
    value: str
    p_value: str
    rule: str
    outcome: str


@dataclass(frozen=True, slots=True)
class MovedBin:
    """A bin whose share moved, in words and figures."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.label}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One property of a column on both sides."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PsiBar:
    """PSI as a part of a common scale: lengths in [0, 1].

    Attributes
    ----------
    length
        Of the bar; 0 if PSI is not known.
    threshold
        Where the column's breach threshold lies; None if beyond the scale.
    noise
        Where 95 % of days without drift end, as `noise_floor` has it; None if
        not known or beyond the scale. It decides nothing.
    clipped
        Whether the value lies beyond the scale.
    """

    length: float
    threshold: float | None
    noise: float | None
    clipped: bool


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
    bar: PsiBar
    statistics: tuple[StatisticLine, ...]
    moved: tuple[MovedBin, ...]
    summary: tuple[SummaryLine, ...]
    unseen: str
    why: str
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A report of one monitor and day, before layout."""

    monitor: str
    verdict: Verdict
    label: str
    headline: str
    cautions: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[ColumnPanel, ...]
    extra_columns: str


def page_of(assessment: Assessment, *, most: int | None = None) -> Page:
    """Return what the report of an assessment shows.

    Parameters
    ----------
    assessment
        What to show.
    most
        Columns to show at most, the gravest; by default all.
    """
    rule = "any statistic that crosses its threshold"
    if assessment.family_alpha is not None:
        rule = f"an adjusted p-value up to {show(assessment.family_alpha)} and an effect"
    elif assessment.rule == "learned":
        rule = "any statistic that reaches its learned threshold"
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
            _panel(number, result, scale)
            for number, result in enumerate(ordered(assessment.features)[:most], start=1)
        ),
        extra_columns=_listed(assessment.extra_columns),
    )


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
    """Return results by verdict, the gravest first, then by PSI, the largest first."""
    return tuple(sorted(results, key=lambda f: (_RANKS[f.verdict], -(f.value("psi") or 0.0))))


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


def cautions(assessment: Assessment) -> tuple[str, ...]:
    """Return what a reader should know before trusting the figures, in sentences."""
    found = []
    for side, rows in (("baseline", assessment.n_baseline), ("current", assessment.n_current)):
        if rows < FEW_ROWS:
            found.append(
                f"The {side} data have {rows:,} rows, under {FEW_ROWS}: "
                "chance alone can carry statistics over their thresholds."
            )
    for result in assessment.features:
        name = visible(result.feature)
        current = result.current
        if result.verdict is not Verdict.NOT_EVALUATED and current is not None:
            for side, summary, rows in (
                ("baseline", result.baseline, assessment.n_baseline),
                ("current", current, assessment.n_current),
            ):
                if summary.n < FEW_ROWS <= rows:
                    found.append(
                        f"{name} has {summary.n:,} {side} values, under {FEW_ROWS}: "
                        "chance alone can carry statistics over their thresholds."
                    )
    if not assessment.family_complete:
        found.append("Only some columns were looked at: p-values are uncorrected.")
    return tuple(found)


def silences(assessment: Assessment) -> tuple[str, ...]:
    """Return which columns were not evaluated and why, as "name: reason"."""
    return tuple(f"{visible(f.feature)}: {visible(f.reason)}" for f in assessment.not_evaluated)


def moved_bins(result: FeatureResult) -> tuple[MovedBin, ...]:
    """Return the bins that add most to PSI, at most five, with their shares on both sides."""
    return tuple(
        MovedBin(visible(b.label), *_shares(b.baseline_share, b.current_share))
        for b in result.top_bins
    )


def why_sentence(result: FeatureResult) -> str:
    """Return what the PSI is made of, with the change of the missing rate; "" if unknown."""
    why = result.why
    if why is None:
        return ""
    psi_parts = [f"{show(why.known)} from known bins"]
    for part, share, place in (
        (why.unseen, why.unseen_share, "unseen values"),
        (why.out_of_range, why.out_of_range_share, "out of range"),
    ):
        if part or share:
            psi_parts.append(f"{show(part)} from {place} ({show_share(share)} of rows)")
    sentence = f"PSI {value_figure(result, 'psi')}: {', '.join(psi_parts)}"
    before = result.baseline.missing_rate
    after = result.current.missing_rate if result.current is not None else None
    if not why.missing_rate_change or before is None or after is None:
        return f"{sentence}; missing rate unchanged"
    return "{}; missing rate {} -> {}".format(sentence, *_shares(before, after))


def noise_floor(result: FeatureResult) -> float | None:
    """Return the PSI that 95 % of days without drift stay under, in nats.

    None where the chi-squared form does not hold: it needs `ROWS_PER_BIN`
    expected rows in each bin of the baseline.
    """
    psi = result.measurements.get("psi")
    shares = [b.baseline_share for b in result.bins if b.n_baseline]
    if psi is None or len(shares) < 2 or min(shares) * psi.n_current < ROWS_PER_BIN:
        return None
    # Loaded on use: the console report shows no noise floor.
    from scipy.special import chdtri  # noqa: PLC0415

    return float(chdtri(len(shares) - 1, 0.05)) * (1 / psi.n_baseline + 1 / psi.n_current)


def statistic_lines(result: FeatureResult) -> tuple[StatisticLine, ...]:
    """Return the measured statistics in their order, each beside its threshold."""
    judged = {j.measurement.statistic: j for j in result.judgements}
    return tuple(_statistic_line(name, result, judged.get(name)) for name in result.measurements)


def value_figure(result: FeatureResult, statistic: str) -> str:
    """Return a value in digits enough to stay on its side of its threshold; "" if unknown."""
    value = result.value(statistic)
    if value is None:
        return ""
    threshold = _by_statistic(result.thresholds).get(statistic)
    if threshold is None or threshold.on == "p_value":
        return show(value)
    if threshold.on == "change":
        return f"{'-' if value < 0 else ''}{show(abs(value), against=threshold.breach)}"
    # The longer of both stays on its side of either threshold.
    limits = [threshold.breach, *([threshold.warn] if threshold.warn is not None else [])]
    return max((show(value, against=limit) for limit in limits), key=len)


# Asked for every figure of a column, and most columns are judged by the same.
@lru_cache(maxsize=64)
def _by_statistic(thresholds: Thresholds) -> Mapping[str, Threshold]:
    return thresholds.by_statistic()


def p_value_figure(result: FeatureResult, statistic: str) -> str:
    """Return a p-value in digits enough to stay on its side of its level; "" if unknown."""
    p_value = result.p_value(statistic)
    if p_value is None:
        return ""
    threshold = _by_statistic(result.thresholds).get(statistic)
    level = None
    if threshold is not None:
        level = threshold.breach if threshold.on == "p_value" else threshold.significance_level
    return show_p(p_value, against=level)


def _panel(number: int, result: FeatureResult, scale: float) -> ColumnPanel:
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
    )


def _scale(results: Sequence[FeatureResult]) -> float:
    """Return the PSI at which all bars end: a few times the threshold at most, to keep it seen."""
    thresholds = [b for f in results if math.isfinite(b := f.thresholds.psi_breach)]
    threshold = max(thresholds, default=Thresholds().psi_breach)
    largest = max((f.value("psi") or 0.0 for f in results), default=0.0)
    return max(1.25 * threshold, min(largest, 4 * threshold))


def _bar(result: FeatureResult, scale: float, noise: float | None) -> PsiBar:
    psi = result.value("psi") or 0.0
    threshold = result.thresholds.psi_breach
    return PsiBar(
        length=min(psi / scale, 1.0),
        threshold=threshold / scale if threshold <= scale else None,
        noise=noise / scale if noise is not None and noise <= scale else None,
        clipped=psi > scale,
    )


def _statistic_line(name: str, result: FeatureResult, judgement: Judgement | None) -> StatisticLine:
    bound = result.measurements[name].error_bound
    value = value_figure(result, name)
    return StatisticLine(
        label=LABELS.get(name, name),
        value=f"{value} ({_ERROR_SIGNS[name]}{show(bound)} at most)" if bound > 0 else value,
        p_value=p_value_figure(result, name),
        rule=judgement.threshold.rule if judgement else "",
        outcome=VERDICT_LABELS[judgement.verdict] if judgement else "",
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
            lines.append(SummaryLine(label, *_shares(before, after)))
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


def _shares(before: float, after: float) -> tuple[str, str]:
    """Return two shares in digits enough to tell them apart, if they differ."""
    texts = (show_share(before), show_share(after))
    if before == after or texts[0] != texts[1]:
        return texts
    for digits in range(2, 12):
        texts = (f"{100 * before:.{digits}f}%", f"{100 * after:.{digits}f}%")
        if texts[0] != texts[1]:
            break
    return texts


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
