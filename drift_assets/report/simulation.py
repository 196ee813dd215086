"""A simulation as lines, as plain JSON types and as a picture: as reported beside simulated."""

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from itertools import groupby
from typing import Any, Final

from drift_assets.figures import show_share
from drift_assets.report.escaping import shortened, visible
from drift_assets.report.wording import VERDICT_LABELS
from drift_assets.simulation import Simulation, Spell
from drift_assets.verdicts import Verdict

MOST_ROWS: Final = 40
"""Columns that the picture draws; those that would breach most come first."""

HEADINGS: Final = ("column", "as reported", "simulated", "first", "last", "since")

_COLOURS: Final = {
    Verdict.BREACH: "#b3261e",
    Verdict.WARN: "#e0a100",
    Verdict.NOT_EVALUATED: "#9e9e9e",
    Verdict.OK: "#dfe8dc",
}
_NAME_WIDTH: Final = 220
_PLOT_WIDTH: Final = 720
_WIDTH: Final = _NAME_WIDTH + _PLOT_WIDTH + 12
_TOP: Final = 78
_ROW: Final = 26
_BAND: Final = 9


def simulation_lines(simulation: Simulation, *, monitor: str) -> list[str]:
    """Return what came of a simulation, in sentences."""
    days = simulation.days
    changed = simulation.differences
    stretch = f"{days[0].kept.partition} to {days[-1].kept.partition}"
    breaches = (_of(n, len(days)) for n in (simulation.n_reported, simulation.n_simulated))
    wholes = (
        _datasets(d.kept.dataset_verdict for d in days),
        _datasets(d.dataset.verdict for d in days),
    )
    lines = [
        f"{visible(monitor)}, {stretch}: {_count(len(days), 'reported day')}",
        f"settings: {simulation.settings.words or 'those that each day was judged by'}",
        "days with a breach: {} as reported, {} simulated".format(*breaches),
        "days on which the whole data set drifts: {} as reported, {} simulated".format(*wholes),
        f"verdicts that change: {len(changed):,} of {sum(len(d.columns) for d in days):,}",
    ]
    for reason, columns in simulation.standing.items():
        named = ", ".join(
            f"{visible(name)} ({_count(number, 'day')})" for name, number in columns.items()
        )
        lines.append(f"no other rate of false alarms for {named}: {reason}")
    if simulation.n_learned and simulation.settings.false_alarms is None:
        lines.append(
            f"judged by learned thresholds, which stand: {_count(simulation.n_learned, 'day')}; "
            "--false-alarms varies them, --guards or --no-guards judges by others"
        )
    unknown = sum(len(d.not_known) for d in days)
    if unknown:
        lines.append(
            f"not known: {_count(unknown, 'verdict')}, for which a JS would have to decide alone "
            "whose counts were not kept then; it decides nothing here"
        )
    return lines


def simulation_rows(simulation: Simulation) -> list[tuple[object, ...]]:
    """Return a row under `HEADINGS` for each column that breaches either way, worst first.

    First and last breach and the start of a series that still stands are the simulated ones.
    """
    return [
        (visible(name), reported.days, new.days, new.first, new.last, new.since)
        for name, (reported, new) in simulation.columns.items()
    ]


def simulation_to_dict(simulation: Simulation, *, monitor: str) -> dict[str, Any]:
    """Return all of a simulation as plain JSON types."""
    days = simulation.days
    settings = simulation.settings
    return {
        "schema_version": 1,
        "monitor": monitor,
        "first": days[0].kept.partition.isoformat(),
        "last": days[-1].kept.partition.isoformat(),
        "settings": {
            "preset": settings.preset,
            "psi_breach": settings.psi_breach,
            "ks_significance_level": settings.ks_significance_level,
            "js_breach": settings.js_breach,
            "family_alpha": settings.family_alpha,
            "guards": settings.guards,
            "alert_after": None if settings.alert_after is None else str(settings.alert_after),
            "drift_share_threshold": settings.drift_share_threshold,
            "false_alarms": settings.false_alarms,
        },
        "reported_days": len(days),
        "breaching_days": {
            "as_reported": simulation.n_reported,
            "simulated": simulation.n_simulated,
        },
        "columns": [
            {"column": name, "as_reported": _spell(reported), "simulated": _spell(new)}
            for name, (reported, new) in simulation.columns.items()
        ],
        "days": [
            {
                "partition": day.kept.partition.isoformat(),
                "as_reported": {
                    "verdict": day.kept.verdict.value,
                    "dataset_verdict": (
                        None if day.kept.dataset_verdict is None else day.kept.dataset_verdict.value
                    ),
                    "breached": [
                        c.kept.name for c in day.columns if c.kept.verdict is Verdict.BREACH
                    ],
                },
                "simulated": {
                    "verdict": day.verdict.value,
                    "dataset_verdict": day.dataset.verdict.value,
                    "drift_share": day.dataset.drift_share,
                    "breached": [c.kept.name for c in day.columns if c.verdict is Verdict.BREACH],
                    "not_known": list(day.not_known),
                    "no_other_rate": {c.kept.name: c.stands for c in day.columns if c.stands},
                },
            }
            for day in days
        ],
    }


def svg_simulation(simulation: Simulation, *, monitor: str) -> str:
    """Return a picture of the verdicts by day: of each row, above as reported, below simulated.

    A document of its own, on a light ground.
    """
    days = simulation.days
    names = list(simulation.columns)
    drawn, left_out = names[:MOST_ROWS], len(names) - MOST_ROWS
    step = _PLOT_WIDTH / len(days)
    rows = [
        _row(
            "the whole day",
            [d.kept.verdict for d in days],
            [d.verdict for d in days],
            _TOP,
            step,
        )
    ]
    for number, name in enumerate(drawn, start=1):
        found = [next((c for c in d.columns if c.kept.name == name), None) for d in days]
        rows.append(
            _row(
                name,
                [None if c is None else c.kept.verdict for c in found],
                [None if c is None else c.verdict for c in found],
                _TOP + _ROW * number,
                step,
            )
        )
    bottom = _TOP + _ROW * (len(drawn) + 1)
    if left_out > 0:
        rows.append(f'<text x="12" y="{bottom + 12}" fill="#555">and {left_out:,} more</text>')
        bottom += _ROW
    height = bottom + 30
    title = (
        f"{visible(monitor)}: {simulation.n_reported:,} of {_count(len(days), 'day')} with a "
        f"breach as reported, {simulation.n_simulated:,} simulated"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="12" y="18" font-size="14" font-weight="600" fill="#1a1a1a">{escape(title)}'
        "</text>"
        '<text x="12" y="38" fill="#555">above: as reported; below: '
        f"{escape(shortened(simulation.settings.words or 'the same settings', 100))}</text>"
        f"{_legend()}{''.join(rows)}{_axis([d.kept.partition for d in days], bottom, step)}</svg>"
    )


def _row(
    name: str,
    reported: Sequence[Verdict | None],
    simulated: Sequence[Verdict | None],
    top: int,
    step: float,
) -> str:
    return (
        f'<text x="12" y="{top + 14}" fill="#1a1a1a">'
        f"{escape(shortened(visible(name), 30))}</text>"
        f"{_band(reported, top + 2, step)}{_band(simulated, top + 3 + _BAND, step)}"
    )


def _band(verdicts: Sequence[Verdict | None], top: int, step: float) -> str:
    """Return one band, each run of like days as one rectangle, a path per colour."""
    paths: dict[Verdict, list[str]] = {}
    for verdict, run in groupby(enumerate(verdicts), key=lambda one: one[1]):
        numbers = [number for number, _ in run]
        if verdict is not None:
            x, width = _NAME_WIDTH + step * numbers[0], step * len(numbers)
            paths.setdefault(verdict, []).append(
                f"M{x:.2f} {top}h{width:.2f}v{_BAND}h-{width:.2f}z"
            )
    return "".join(
        f'<path fill="{_COLOURS[verdict]}" d="{"".join(moves)}"/>'
        for verdict, moves in paths.items()
    )


def _legend() -> str:
    parts = []
    for number, (verdict, label) in enumerate(VERDICT_LABELS.items()):
        x = _NAME_WIDTH + 120 * number
        parts.append(
            f'<rect x="{x}" y="50" width="12" height="12" fill="{_COLOURS[verdict]}"/>'
            f'<text x="{x + 18}" y="60" fill="#555">{label}</text>'
        )
    return "".join(parts)


def _axis(days: Sequence[date], bottom: int, step: float) -> str:
    right = _NAME_WIDTH + step * len(days)
    return (
        f'<path d="M{_NAME_WIDTH} {bottom}H{right:.2f}" stroke="#555"/>'
        f'<text x="{_NAME_WIDTH}" y="{bottom + 16}" fill="#555">{days[0]}</text>'
        f'<text x="{right:.2f}" y="{bottom + 16}" fill="#555" text-anchor="end">{days[-1]}</text>'
    )


def _spell(spell: Spell) -> dict[str, Any]:
    return {
        "days": spell.days,
        **{
            name: None if (day := getattr(spell, name)) is None else day.isoformat()
            for name in ("first", "last", "since")
        },
    }


def _datasets(verdicts: Iterable[Verdict | None]) -> str:
    found = list(verdicts)
    if all(verdict is None for verdict in found):
        return "not known"
    return f"{found.count(Verdict.BREACH):,}"


def _of(part: int, whole: int) -> str:
    return f"{part:,} ({show_share(part / whole)})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
