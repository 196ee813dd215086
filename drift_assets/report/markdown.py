"""An assessment as a markdown table, for Dagster's metadata."""

from typing import Final

from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.figures import show, show_share
from drift_assets.report.escaping import markdown_text, shortened
from drift_assets.report.page import headline, ordered
from drift_assets.report.wording import (
    VERDICT_LABELS,
    moved_bins,
    p_value_figure,
    value_figure,
)

MOST_ROWS: Final = 200
"""Rows of the table; the page in the browser is for more, and the gravest come first."""

_NAME_LENGTH: Final = 80
_HEADINGS: Final = (
    "column",
    "verdict",
    "PSI",
    "KS or chi-squared p",
    "JS divergence",
    "missing rate change",
    "moved most",
    "reason",
)


def markdown_table(assessment: Assessment) -> str:
    """Return the verdict as a sentence and a table with a row per column, the gravest first.

    Whatever a column or a category is called, it is shown as it stands: no
    name makes a link, a picture, code or another cell.
    """
    results, dataset = ordered(assessment.features), assessment.dataset
    left_out = len(results) - MOST_ROWS
    lines = [
        f"**{markdown_text(headline(assessment))}**",
        "",
        f"Data set: {VERDICT_LABELS[dataset.verdict]}, {markdown_text(dataset.reason)}.",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        f"|{' --- |' * len(_HEADINGS)}",
        *(f"| {' | '.join(_cells(result))} |" for result in results[:MOST_ROWS]),
    ]
    if left_out > 0:
        lines += ["", f"and {left_out:,} more columns, none of a graver verdict."]
    return "\n".join(lines)


def bins_table(result: FeatureResult) -> str:
    """Return the bins of one column as a markdown table, in their order.

    At most 200 rows; of more, those that add most to PSI.
    """
    bins = result.bins
    if len(bins) > MOST_ROWS:
        heaviest = sorted(bins, key=lambda b: -b.contribution)[:MOST_ROWS]
        bins = tuple(b for b in bins if b in heaviest)
    lines = ["| bin | baseline | current | adds to PSI |", "| --- | --- | --- | --- |"]
    for one in bins:
        cells = (
            shortened(one.label, _NAME_LENGTH),
            show_share(one.baseline_share),
            show_share(one.current_share),
            show(one.contribution),
        )
        lines.append(f"| {' | '.join(markdown_text(cell) for cell in cells)} |")
    return "\n".join(lines)


def _cells(result: FeatureResult) -> list[str]:
    test = "ks" if result.kind == "numeric" else "chi_squared"
    moved = moved_bins(result)[:2]
    cells = (
        shortened(result.feature, _NAME_LENGTH),
        VERDICT_LABELS[result.verdict],
        value_figure(result, "psi"),
        p_value_figure(result, test),
        value_figure(result, "js_divergence"),
        value_figure(result, "missing_rate"),
        "; ".join(f"{shortened(m.label, 40)}: {m.before} → {m.after}" for m in moved),
        result.reason,
    )
    return [markdown_text(cell) for cell in cells]
