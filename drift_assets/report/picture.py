"""Pictures of an assessment as SVG: no script, no style sheet, no font of their own."""

import base64
from collections.abc import Sequence
from html import escape
from typing import Final

from drift_assets.assessment import Assessment, Bin
from drift_assets.figures import show_share
from drift_assets.report.escaping import shortened
from drift_assets.report.page import ColumnPanel, page_of
from drift_assets.verdicts import Verdict

MOST_ROWS: Final = 40
"""Columns that the overview draws; the gravest come first, so none of those is left out early."""

MOST_BINS: Final = 24
"""Bins that one picture draws; of more, those that moved or hold most."""

_COLOURS: Final = {
    Verdict.BREACH: "#b3261e",
    Verdict.WARN: "#9a6700",
    Verdict.NOT_EVALUATED: "#6e6e6e",
    Verdict.OK: "#33691e",
}
_WIDTH: Final = 720
_NAME_WIDTH: Final = 220
_BAR_WIDTH: Final = 300
_ROW: Final = 20
_TOP: Final = 46

_SHARES_WIDTH: Final = 640
_SHARES_HEIGHT: Final = 230
_PLOT_LEFT: Final = 44
_PLOT_TOP: Final = 22
_PLOT_HEIGHT: Final = 130
_LABEL_LENGTH: Final = 18


def svg_overview(assessment: Assessment) -> str:
    """Return a picture of each column's PSI against its threshold, on a light ground.

    A document of its own: it may be written to a file, or shown through
    `data_uri` where markdown is.
    """
    page = page_of(assessment, most=MOST_ROWS)
    drawn = page.columns
    left_out = len(assessment.features) - len(drawn)
    height = _TOP + _ROW * (len(drawn) + bool(left_out)) + 12
    rows = [_overview_row(panel, _TOP + _ROW * i) for i, panel in enumerate(drawn)]
    if left_out:
        y = _TOP + _ROW * len(drawn) + 14
        rows.append(f'<text x="12" y="{y}" fill="#555">and {left_out:,} more columns</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12">'
        f"<title>{escape(page.headline)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="12" y="18" font-size="14" font-weight="600" fill="#1a1a1a">'
        f"{escape(page.headline)}</text>"
        '<text x="12" y="36" fill="#555">PSI per column; line: breach threshold; '
        "dashes: what chance makes on 19 of 20 days</text>"
        f"{''.join(rows)}</svg>"
    )


def data_uri(svg: str) -> str:
    """Return a picture as an address that carries it, for markdown and ``img``.

    Examples
    --------
    >>> data_uri("<svg/>")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def shares_picture(bins: Sequence[Bin]) -> str:
    """Return the share of each bin before and after, as SVG to stand inside a page.

    Its colours are classes (``baseline``, ``current``, ``axis``) of the page around it, so that
    it turns dark with the page; "" without bins.
    """
    drawn = _drawn(bins)
    if not drawn:
        return ""
    highest = max(max(b.baseline_share, b.current_share) for b in drawn)
    slot = (_SHARES_WIDTH - _PLOT_LEFT) / len(drawn)
    width = min(slot * 0.4, 40.0)
    floor = _PLOT_TOP + _PLOT_HEIGHT

    def bars(shares: Sequence[float], shift: float) -> str:
        moves = []
        for i, share in enumerate(shares):
            tall = _PLOT_HEIGHT * share / highest
            if tall > 0:
                x = _PLOT_LEFT + slot * (i + 0.5) + shift
                # Even a share too small to see leaves a mark.
                moves.append(f"M{x:.1f} {floor}h{width:.1f}v-{max(tall, 0.7):.1f}h-{width:.1f}z")
        return "".join(moves)

    labels = []
    for i, b in enumerate(drawn):
        x = _PLOT_LEFT + slot * (i + 0.5)
        labels.append(
            f'<text x="{x:.0f}" y="{floor + 14}" text-anchor="end" '
            f'transform="rotate(-35 {x:.0f} {floor + 14})">'
            f"{escape(shortened(b.label, _LABEL_LENGTH))}</text>"
        )
    left_out = len(bins) - len(drawn)
    note = f" ({left_out} bins without much in them left out)" if left_out else ""
    return (
        f'<svg viewBox="0 0 {_SHARES_WIDTH} {_SHARES_HEIGHT}" role="img" class="shares">'
        f"<title>Share of values per bin, baseline and current{note}</title>"
        f'<path class="axis" d="M{_PLOT_LEFT} {_PLOT_TOP}H{_SHARES_WIDTH}'
        f"M{_PLOT_LEFT} {_PLOT_TOP + _PLOT_HEIGHT // 2}H{_SHARES_WIDTH}"
        f'M{_PLOT_LEFT} {floor}H{_SHARES_WIDTH}"/>'
        f'<text x="{_PLOT_LEFT - 4}" y="{_PLOT_TOP + 4}" text-anchor="end">'
        f"{escape(show_share(highest))}</text>"
        f'<text x="{_PLOT_LEFT - 4}" y="{floor}" text-anchor="end">0%</text>'
        f'<path class="baseline" d="{bars([b.baseline_share for b in drawn], -width)}"/>'
        f'<path class="current" d="{bars([b.current_share for b in drawn], 0.0)}"/>'
        f'<rect class="baseline" x="{_PLOT_LEFT}" y="2" width="10" height="10"/>'
        f'<text x="{_PLOT_LEFT + 15}" y="11">baseline</text>'
        f'<rect class="current" x="{_PLOT_LEFT + 85}" y="2" width="10" height="10"/>'
        f'<text x="{_PLOT_LEFT + 100}" y="11">current{escape(note)}</text>'
        f"{''.join(labels)}</svg>"
    )


def _drawn(bins: Sequence[Bin]) -> list[Bin]:
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


def _overview_row(panel: ColumnPanel, top: int) -> str:
    colour = _COLOURS[panel.verdict]
    left = _NAME_WIDTH
    text = top + 14
    parts = [
        f'<text x="12" y="{text}" fill="#1a1a1a">{escape(shortened(panel.name, 30))}</text>',
        f'<rect x="{left}" y="{top + 4}" width="{_BAR_WIDTH}" height="12" fill="#f0f0f0"/>',
    ]
    if panel.bar.length:
        width = max(_BAR_WIDTH * panel.bar.length, 1.0)
        parts.append(
            f'<rect x="{left}" y="{top + 4}" width="{width:.1f}" height="12" fill="{colour}"/>'
        )
    if panel.bar.threshold is not None:
        x = left + _BAR_WIDTH * panel.bar.threshold
        parts.append(f'<path d="M{x:.1f} {top + 1}v18" stroke="#1a1a1a" stroke-width="1.5"/>')
    if panel.bar.noise is not None:
        x = left + _BAR_WIDTH * panel.bar.noise
        parts.append(f'<path d="M{x:.1f} {top + 2}v16" stroke="#1a1a1a" stroke-dasharray="2 2"/>')
    figure = f"{panel.psi}{' →' if panel.bar.clipped else ''}"
    parts.append(
        f'<text x="{left + _BAR_WIDTH + 10}" y="{text}" fill="{colour}">'
        f"{escape(f'{figure}  {panel.label}'.strip())}</text>"
    )
    return "".join(parts)
