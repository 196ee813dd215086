"""Wording: what all reports say of an assessment in the same words and figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.figures import show, show_p, show_share
from drift_assets.report.escaping import visible
from drift_assets.verdicts import Threshold, Verdict
from drift_assets.watch import Thresholds

FEW_ROWS: Final = 100
"""Below this many values a comparison is made, with a caution: a monitor would not judge it."""

VERDICT_LABELS: Final = {
    Verdict.BREACH: "breach",
    Verdict.WARN: "warning",
    Verdict.NOT_EVALUATED: "not evaluated",
    Verdict.OK: "ok",
}
"""Verdicts as people read them, the gravest first."""


@dataclass(frozen=True, slots=True)
class MovedBin:
    """A bin whose share moved, in words and figures."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.label}: {self.before} -> {self.after}"


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
        MovedBin(visible(b.label), *shares_beside(b.baseline_share, b.current_share))
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
    return "{}; missing rate {} -> {}".format(sentence, *shares_beside(before, after))


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
    return figure_beside(value, threshold.warn, threshold.breach)


def figure_beside(value: float, warn: float | None, breach: float) -> str:
    """Return a value in digits enough to stay on its side of both thresholds."""
    text = show(value, against=breach)
    return text if warn is None else max(show(value, against=warn), text, key=len)


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


def shares_beside(before: float, after: float) -> tuple[str, str]:
    """Return two shares in digits enough to tell them apart, if they differ."""
    texts = (show_share(before), show_share(after))
    if before == after or texts[0] != texts[1]:
        return texts
    for digits in range(2, 12):
        texts = (f"{100 * before:.{digits}f}%", f"{100 * after:.{digits}f}%")
        if texts[0] != texts[1]:
            break
    return texts
