"""Pictures of an assessment as SVG: no script, no style sheet, no font of their own."""

import base64
from html import escape
from typing import Final

from drift_assets.assessment import Assessment
from drift_assets.report.escaping import shortened
from drift_assets.report.page import ColumnPanel, page_of
from drift_assets.verdicts import Verdict

MOST_ROWS: Final = 40
"""Columns that the overview draws; the gravest come first, so none of those is left out early."""

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
