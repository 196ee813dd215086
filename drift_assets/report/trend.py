"""What a report says of trends: one line a column, the gravest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drift_assets.figures import show
from drift_assets.report.escaping import markdown_text, shortened, visible
from drift_assets.report.wording import VERDICT_LABELS
from drift_assets.stats import LABELS
from drift_assets.trends import TrendResult, by_feature, leading, verdict_of
from drift_assets.verdicts import Verdict

MOST_LINES = 200
"""Lines of a table; the history has all of them."""

_RANKS = {verdict: rank for rank, verdict in enumerate(VERDICT_LABELS)}


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A column's trend in words and figures; every text is visible, none is escaped."""

    name: str
    verdict: Verdict
    label: str
    statistic: str
    partitions: str
    slope: str
    reached: str
    reason: str


def trend_lines(results: Sequence[TrendResult]) -> tuple[TrendLine, ...]:
    """Return a line for each column, from the result that its verdict rests on."""
    lines = []
    for feature, of_it in by_feature(results).items():
        shown, verdict = leading(of_it), verdict_of(of_it)
        reached = ""
        if shown.reached_on is not None and shown.verdict in {Verdict.BREACH, Verdict.WARN}:
            reached = str(shown.reached_on)
        lines.append(
            TrendLine(
                name=visible(feature),
                verdict=verdict,
                label=VERDICT_LABELS[verdict],
                statistic=LABELS.get(shown.statistic, shown.statistic),
                partitions=f"{shown.n_partitions:,}",
                slope="" if shown.slope is None else show(shown.slope),
                reached=reached,
                reason=visible(shown.reason),
            )
        )
    return tuple(sorted(lines, key=lambda line: _RANKS[line.verdict]))


def trend_headline(results: Sequence[TrendResult]) -> str:
    """Return what is said of all columns together, in one sentence.

    Examples
    --------
    >>> trend_headline([])
    'No column was looked at.'
    """
    verdicts = [verdict_of(of_it) for of_it in by_feature(results).values()]
    if not verdicts:
        return "No column was looked at."
    counts = [
        f"{verdicts.count(verdict):,} {phrase}"
        for verdict, phrase in (
            (Verdict.BREACH, "reaching a threshold soon at this rate"),
            (Verdict.WARN, "creeping"),
            (Verdict.NOT_EVALUATED, "with too few days"),
        )
        if verdict in verdicts
    ]
    total = f"{len(verdicts):,} column{'' if len(verdicts) == 1 else 's'}"
    return f"Of {total}: {', '.join(counts)}." if counts else f"No trend in {total}."


def creeping(results: Sequence[TrendResult]) -> dict[str, str]:
    """Return the reason of each column that creeps, by its true name."""
    return {
        name: visible(leading(of_it).reason)
        for name, of_it in by_feature(results).items()
        if verdict_of(of_it) in {Verdict.BREACH, Verdict.WARN}
    }


def trend_table(results: Sequence[TrendResult]) -> str:
    """Return the sentence and a markdown table with a row per column, the gravest first."""
    headings = ("column", "verdict", "statistic", "days", "slope a day", "reached about", "reason")
    lines = trend_lines(results)
    rows = [
        f"**{markdown_text(trend_headline(results))}**",
        "",
        f"| {' | '.join(headings)} |",
        f"|{' --- |' * len(headings)}",
    ]
    for line in lines[:MOST_LINES]:
        cells = (
            *(shortened(line.name, 80), line.label, line.statistic, line.partitions),
            *(line.slope, line.reached, line.reason),
        )
        rows.append(f"| {' | '.join(markdown_text(cell) for cell in cells)} |")
    if len(lines) > MOST_LINES:
        rows += ["", f"and {len(lines) - MOST_LINES:,} more columns, none of a graver verdict."]
    return "\n".join(rows)


def trend_text(results: Sequence[TrendResult]) -> str:
    """Return the same as lines for a terminal; the columns without a trend are only counted."""
    lines = trend_lines(results)
    told = [line for line in lines if line.verdict in {Verdict.BREACH, Verdict.WARN}]
    told += [line for line in lines if line.verdict is Verdict.OK and "stepped" in line.reason]
    return "\n".join(
        [
            "Gradual Drift:",
            f"  {trend_headline(results)}",
            *(f"  - {line.name}: {line.label}: {line.reason}" for line in told),
        ]
    )


def trends_to_list(results: Sequence[TrendResult]) -> list[dict[str, Any]]:
    """Return every field of the results under its own name, as plain JSON types."""
    return [
        {
            "feature": r.feature,
            "role": r.role,
            "statistic": r.statistic,
            "verdict": r.verdict.value,
            "reason": r.reason,
            "window": r.window,
            "n_partitions": r.n_partitions,
            "first_partition": _day(r.first_partition),
            "last_partition": _day(r.last_partition),
            "threshold": r.threshold,
            "level": r.level,
            "slope": r.slope,
            "slope_low": r.slope_low,
            "slope_high": r.slope_high,
            "rise": r.rise,
            "p_value": r.p_value,
            "adjusted_p_value": r.adjusted_p_value,
            "autocorrelation": r.autocorrelation,
            "reached_on": _day(r.reached_on),
            "reached_earliest": _day(r.reached_earliest),
            "reached_latest": _day(r.reached_latest),
            "step": None
            if r.step is None
            else {
                "since": _day(r.step.since),
                "before": r.step.before,
                "after": r.step.after,
                "p_value": r.step.p_value,
            },
            "regression_slope": r.regression_slope,
            "regression_p_value": r.regression_p_value,
            "regression_rises": r.regression_rises,
        }
        for r in results
    ]


def _day(day: object) -> str | None:
    return None if day is None else str(day)
