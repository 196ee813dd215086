"""What the script of a page draws of each column: figures and lengths as compact JSON."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from drift_assets.assessment import Bin
from drift_assets.figures import show
from drift_assets.report.escaping import visible
from drift_assets.report.page import Bar, ColumnPanel, Page, PastLine
from drift_assets.report.wording import shares_beside
from drift_assets.verdicts import Verdict

MOST_BINS: Final = 24
"""Bins that one picture draws; of more, those that moved or hold most."""

_CODES: Final = {
    Verdict.BREACH: "b",
    Verdict.WARN: "w",
    Verdict.OK: "o",
    Verdict.NOT_EVALUATED: "n",
    None: "-",
}
_DIGITS: Final = 7


def page_data(page: Page) -> dict[str, Any]:
    """Return all that is drawn: the days, and each column in the order of the page."""
    past = page.timeline
    return {
        "days": [str(day) for day in past.days],
        "verdicts": verdict_codes(past.verdicts),
        "breached": list(past.breached),
        "changes": [list(change) for change in page.changes],
        "columns": [column_data(panel) for panel in page.columns],
    }


def verdict_codes(verdicts: Sequence[Verdict | None]) -> str:
    """Return a letter a verdict: b(reach), w(arn), o(k), n(ot evaluated); "-" for no row.

    Examples
    --------
    >>> verdict_codes([Verdict.OK, None, Verdict.BREACH])
    'o-b'
    """
    return "".join(_CODES[verdict] for verdict in verdicts)


def column_data(panel: ColumnPanel) -> dict[str, Any]:
    """Return what is drawn of one column; every text is shown as it stands."""
    drawn = drawn_bins(panel.bins)
    places = {id(one): place for place, one in enumerate(panel.bins)}
    return {
        "name": panel.name,
        "kind": panel.kind,
        "role": panel.role,
        "code": _CODES[panel.verdict],
        "label": panel.label,
        "reason": panel.reason,
        "why": panel.why,
        "noise": panel.noise,
        "unseen": panel.unseen,
        "trend": panel.trend,
        "statistics": [
            [s.label, s.value, s.p_value, s.rule, s.outcome, bar_data(s.bar)]
            for s in panel.statistics
        ],
        "moved": [[m.label, m.before, m.after] for m in panel.moved],
        "summary": [[line.label, line.before, line.after] for line in panel.summary],
        "bins": [
            [
                visible(one.label),
                *shares_beside(one.baseline_share, one.current_share),
                _short(one.baseline_share),
                _short(one.current_share),
                show(one.contribution),
            ]
            for one in drawn
        ],
        "edges": _edges(panel) if len(drawn) == len(panel.bins) else [],
        "left_out": len(places) - len(drawn),
        "past": [_past_data(line) for line in panel.past],
        "verdicts": verdict_codes(panel.verdicts),
    }


def bar_data(bar: Bar | None) -> list[int | None] | None:
    """Return length, threshold, warning and noise in thousandths of the scale."""
    if bar is None:
        return None
    parts = (bar.length, bar.threshold, bar.warn, bar.noise)
    return [None if part is None else round(1000 * part) for part in parts]


def drawn_bins(bins: Sequence[Bin]) -> list[Bin]:
    """Return the bins to draw, in their order: not too many, none empty on both sides."""
    filled = [b for b in bins if b.n_baseline or b.n_current]
    if len(filled) <= MOST_BINS:
        return filled
    weights = sorted(
        range(len(filled)),
        key=lambda i: (
            -filled[i].contribution,
            -max(filled[i].baseline_share, filled[i].current_share),
        ),
    )
    return [filled[i] for i in sorted(weights[:MOST_BINS])]


def _edges(panel: ColumnPanel) -> list[float]:
    """Return where numeric bins meet, the outer ones closed by what was found; or nothing."""
    bins = panel.bins
    if len(bins) < 2 or panel.kind != "numeric" or panel.span is None:
        return []
    inner = [b.upper for b in bins[:-1]]
    if any(edge is None for edge in inner):
        return []
    known = [edge for edge in inner if edge is not None]
    low, high = panel.span
    edges = [min(low, known[0]), *known, max(high, known[-1])]
    rising = all(a < b for a, b in pairwise(edges))
    return [_short(edge) for edge in edges] if rising else []


def _past_data(line: PastLine) -> list[Any]:
    return [line.label, list(line.figures), [list(limit) for limit in line.limits]]


def _short(number: float) -> float:
    """Return a number for geometry, in digits that the eye can tell."""
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else 0.0
