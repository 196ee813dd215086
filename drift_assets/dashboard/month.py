"""A month of one monitor: every column's verdicts, and its figures beside their thresholds."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from drift_assets.figures import show, show_p, show_share
from drift_assets.report.escaping import visible
from drift_assets.report.page import ROWS_PER_BIN
from drift_assets.store import Ask

PART: Final = 40
"""Columns whose figures share a file."""

CODES: Final = {"breach": "b", "warn": "w", "ok": "o", "not_evaluated": "n"}
"""A letter a verdict, as `drift_assets.report.drawing` has them; "-" where there is none."""

_COLUMNS: Final = (
    *("feature", "partition", "verdict", "baseline_id", "rule", "baseline_n", "current_n"),
    *(
        "psi",
        "threshold_psi_warn",
        "threshold_psi_breach",
        "ks",
        "ks_p_value",
        "threshold_ks_min_statistic",
    ),
    *("total_variation", "chi_squared_p_value", "threshold_ks_significance_level"),
    *("js_divergence", "threshold_js_breach"),
    *("baseline_n_missing", "current_n_missing", "threshold_missing_rate_change"),
    *("baseline_positive_rate", "current_positive_rate", "threshold_positive_rate_change"),
    *("missing_rate_change", "positive_rate_change"),
)


@dataclass(frozen=True, slots=True)
class Month:
    """What is drawn of a month, as plain JSON types.

    Attributes
    ----------
    cells
        Names of the columns, and a letter for each of them and each day.
    parts
        Figures of `PART` columns each, in the same order.
    """

    cells: dict[str, Any]
    parts: tuple[list[Any], ...]


def read_month(ask: Ask, monitor: str, first: date) -> Month:
    """Return what was measured of each column in the month that begins with ``first``."""
    n_days = monthrange(first.year, first.month)[1]
    rows = ask(
        f"SELECT {', '.join(_COLUMNS)} FROM feature_drift "  # noqa: S608  # our own names
        "WHERE monitor = $monitor AND segment = '' "
        "AND partition BETWEEN $first AND $last ORDER BY feature, partition",
        {"monitor": monitor, "first": first, "last": first.replace(day=n_days)},
    )
    bins = {
        (baseline_id, feature): [n for n in counts if n]
        for baseline_id, feature, counts in ask(
            "SELECT baseline_id, feature, baseline_counts FROM baseline_profiles "
            "WHERE baseline_id IN (SELECT DISTINCT baseline_id FROM feature_drift "
            "WHERE monitor = $monitor AND partition BETWEEN $first AND $last)",
            {"monitor": monitor, "first": first, "last": first.replace(day=n_days)},
        )
    }
    columns: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        columns.setdefault(row[0], []).append(dict(zip(_COLUMNS, row, strict=True)))
    cells = []
    for days in columns.values():
        letters = ["-"] * n_days
        for day in days:
            letters[day["partition"].day - 1] = CODES[day["verdict"]]
        cells.append("".join(letters))
    floors = _Floors(bins)
    figures = [_lines(days, n_days, floors) for days in columns.values()]
    return Month(
        {"names": [visible(name) for name in columns], "cells": cells},
        tuple(figures[start : start + PART] for start in range(0, len(figures), PART)),
    )


class _Floors:
    """What chance makes of PSI on 19 of 20 days, as the report has it."""

    def __init__(self, bins: Mapping[tuple[str, str], Sequence[int]]) -> None:
        self._bins = bins
        self._quantiles: dict[int, float] = {}

    def of(self, day: Mapping[str, Any]) -> str:
        """Return it in words; "" where it is not known."""
        counts = self._bins.get((day["baseline_id"], day["feature"]), ())
        before, now = day["baseline_n"], day["current_n"]
        if day["psi"] is None or not before or not now or len(counts) < 2:
            return ""
        if min(counts) / sum(counts) * now < ROWS_PER_BIN:
            return ""
        return show(self._quantile(len(counts) - 1) * (1 / before + 1 / now))

    def _quantile(self, freedom: int) -> float:
        if freedom not in self._quantiles:
            # Loaded on use: not every day has a floor.
            from scipy.special import chdtri  # noqa: PLC0415

            self._quantiles[freedom] = float(chdtri(freedom, 0.05))
        return self._quantiles[freedom]


def _lines(days: Sequence[Mapping[str, Any]], n_days: int, floors: _Floors) -> list[Any]:
    """Return a line per statistic: label, figures, series of thresholds, noise, p-values, marks.

    Figures and the like are joined by "|", one place a day of the month; a line that has
    neither a figure nor a threshold is left out. Marks are a letter a day, as `CODES` has them,
    where the column drifted and this statistic was beyond its threshold.
    """
    lines: list[Any] = []

    def add(
        label: str,
        figures: Iterable[str],
        limits: Sequence[Iterable[str]] = (),
        noise: Iterable[str] = (),
        p_values: Iterable[str] = (),
    ) -> None:
        placed = spread(figures)
        if placed.strip("|"):
            series = [one for one in map(spread, limits) if one.strip("|")]
            lines.append(
                [
                    label,
                    placed,
                    series,
                    spread(noise),
                    spread(p_values),
                    _marks(label, days, n_days),
                ]
            )

    def spread(texts: Iterable[str]) -> str:
        places = [""] * n_days
        for day, text in zip(days, texts, strict=False):
            places[day["partition"].day - 1] = text
        return "|".join(places).rstrip("|")

    def judged(value: str, threshold: str) -> tuple[list[str], list[str]]:
        against = [(d[value], d[threshold]) for d in days]
        return (
            ["" if v is None else show(v, against=t) for v, t in against],
            ["" if v is None else show(t, against=t) for v, t in against],
        )

    psi, psi_limit = judged("psi", "threshold_psi_breach")
    add("PSI", psi, [psi_limit], [floors.of(day) for day in days])
    ks, ks_limit = judged("ks", "threshold_ks_min_statistic")
    guarded = [d["rule"] == "guarded" for d in days]
    add(
        "KS",
        ks,
        # By the plain rule its p-value decides alone.
        [[limit if guard else "" for limit, guard in zip(ks_limit, guarded, strict=True)]],
        (),
        [_p(d["ks_p_value"], d) for d in days],
    )
    add(
        "Total variation",
        ["" if d["total_variation"] is None else show(d["total_variation"]) for d in days],
        (),
        (),
        [_p(d["chi_squared_p_value"], d) for d in days],
    )
    js, js_limit = judged("js_divergence", "threshold_js_breach")
    add("JS divergence", js, [js_limit])
    add("Missing rate", *_missing(days))
    add("Positive rate", *_positive(days))
    return lines


def _marks(label: str, days: Sequence[Mapping[str, Any]], n_days: int) -> str:
    letters = ["-"] * n_days
    for day in days:
        code = CODES[day["verdict"]]
        crossed = _CROSSED[label](day)
        if crossed and code in "bw":
            letters[day["partition"].day - 1] = "b" if code == crossed == "b" else "w"
    return "".join(letters).rstrip("-")


def _beyond(day: Mapping[str, Any], value: str, threshold: str) -> bool:
    return None not in (day[value], day[threshold]) and abs(day[value]) >= day[threshold]


def _below(day: Mapping[str, Any], p_value: str) -> bool:
    level = day["threshold_ks_significance_level"]
    return None not in (day[p_value], level) and day[p_value] < level


def _psi_crossed(day: Mapping[str, Any]) -> str:
    if _beyond(day, "psi", "threshold_psi_breach"):
        return "b"
    return "w" if _beyond(day, "psi", "threshold_psi_warn") else ""


def _ks_crossed(day: Mapping[str, Any]) -> str:
    plain = day["rule"] == "plain"
    crossed = (
        _below(day, "ks_p_value") if plain else _beyond(day, "ks", "threshold_ks_min_statistic")
    )
    return "b" if crossed else ""


_CROSSED: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "PSI": _psi_crossed,
    "KS": _ks_crossed,
    # Its size has no threshold; by the plain rule the p-value of chi-squared decides.
    "Total variation": lambda day: (
        "b" if day["rule"] == "plain" and _below(day, "chi_squared_p_value") else ""
    ),
    "JS divergence": lambda day: (
        "b" if _beyond(day, "js_divergence", "threshold_js_breach") else ""
    ),
    "Missing rate": lambda day: (
        "b" if _beyond(day, "missing_rate_change", "threshold_missing_rate_change") else ""
    ),
    "Positive rate": lambda day: (
        "b" if _beyond(day, "positive_rate_change", "threshold_positive_rate_change") else ""
    ),
}
"""Whether a statistic was at or beyond what it breaches or warns from, by the label of its line."""


def _p(p_value: float | None, day: Mapping[str, Any]) -> str:
    if p_value is None:
        return ""
    plain = day["rule"] == "plain"
    return show_p(p_value, against=day["threshold_ks_significance_level"] if plain else None)


def _missing(days: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    figures, highest = [], []
    for day in days:
        before, now = (_rate(day, side) for side in ("baseline", "current"))
        most = None if before is None else before + day["threshold_missing_rate_change"]
        figure, (limit,) = _shares(now, [most])
        figures.append(figure)
        highest.append(limit)
    return figures, [highest]


def _rate(day: Mapping[str, Any], side: str) -> float | None:
    missing, rest = day[f"{side}_n_missing"], day[f"{side}_n"]
    return missing / (missing + rest) if missing is not None and missing + rest else None


def _positive(days: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    figures, lowest, highest = [], [], []
    for day in days:
        before, change = day["baseline_positive_rate"], day["threshold_positive_rate_change"]
        limits = [None if before is None else before + sign * change for sign in (-1, 1)]
        figure, (low, high) = _shares(day["current_positive_rate"], limits)
        figures.append(figure)
        lowest.append(low)
        highest.append(high)
    return figures, [lowest, highest]


def _shares(share: float | None, limits: Sequence[float | None]) -> tuple[str, tuple[str, ...]]:
    """Return a share and its limits as percentages, the share on its side of each.

    "" for what is not known, and for a limit that no share reaches.

    Examples
    --------
    >>> _shares(0.0196, [0.02]), _shares(0.5, [-0.1, 0.62])
    (('1.96%', ('2.00%',)), ('50.0%', ('', '62.0%')))
    """
    if share is None:
        return "", tuple("" for _ in limits)
    known = [limit for limit in limits if limit is not None and 0 <= limit <= 1]
    for digits in range(1, 15):
        shown = float(f"{100 * share:.{digits}f}")
        against = [(float(f"{100 * limit:.{digits}f}"), limit) for limit in known]
        if all((shown < a, shown > a) == (share < b, share > b) for a, b in against):
            break
    else:
        digits = 15
    return (
        show_share(share) if digits == 1 else f"{share:.{digits}%}",
        tuple(
            f"{limit:.{digits}%}" if limit is not None and 0 <= limit <= 1 else ""
            for limit in limits
        ),
    )
