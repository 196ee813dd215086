"""How few false alarms and how few misses: `python benchmarks/detection.py`.

Clean data must not alarm (`false_alarms.py`), thresholds learned from days must keep the rate
that was asked for (`learned_thresholds.py`), changes must be found (`power.py`), and data of which
it is known what moved must be told so (`known_data.py`). What misses its goal is printed so.
"""

import argparse
import json
import resource
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy
from drift_assets.conformance import PROFILES
from drift_assets.learned import FALSE_ALARMS
from drift_assets.profiles import METHOD_VERSION

import false_alarms
import known_data
import learned_thresholds
import power
from processes import machine

ROOT: Final = Path(__file__).parent.parent
LEARNED_WORLDS: Final = (
    "nycflights, days in any order",
    "random day effects",
    "autocorrelated rows",
)
MOST_FALSE_ALARMS: Final = 0.05
FACTOR: Final = 2.0
SECTIONS: Final = ("clean", "learned", "power", "known")


Rows = tuple[tuple[int, int], ...]
"""Rows of the baseline and of a day."""


@dataclass(frozen=True)
class Size:
    """How much is simulated.

    Attributes
    ----------
    clean, powers
        Rows of baseline and day, the dearest first.
    baselines, features
        Baselines of clean data, and features measured on each.
    draws
        Shuffles by which the rule's simulated p-values are told.
    monitors
        How many learn thresholds.
    changes, changed
        How many of the changes, and monitors that each happens to.
    calibrated, days
        Clean monitors that the peers are calibrated by, and days of each.
    """

    clean: Rows = (
        *((10_000, 1_000), (10_000, 100), (10_000, 100_000)),
        *((1_000, 1_000), (1_000, 100), (1_000, 100_000)),
    )
    powers: Rows = ((10_000, 1_000), (1_000, 100))
    baselines: int = 40
    features: int = 1_002
    draws: int = 100_000
    monitors: int = 200
    changes: int = len(power.CHANGES)
    changed: int = 30
    calibrated: int = 40
    days: int = 20


SMALL: Final = Size(features=60, monitors=20, changed=10, calibrated=20)
"""As many days and baselines, but families of ten only; fewer monitors for the rest."""

QUICK: Final = Size(
    clean=((1_000, 100),),
    powers=((1_000, 100),),
    baselines=2,
    features=60,
    draws=5_000,
    monitors=2,
    changes=6,
    changed=1,
    calibrated=2,
    days=2,
)


def clean_cells(size: Size, seed: int, n_and_m: tuple[int, int]) -> list[false_alarms.Cell]:
    """Return the cells of clean data at one number of baseline rows and of rows a day."""
    n, m = n_and_m
    settings = {"baselines": size.baselines, "draws": size.draws, "seed": seed}
    found = false_alarms.simulated_cells(n, m, features=size.features, **settings)
    # One family each, where the others are cut into many: twice the days.
    flights = false_alarms.flights_cell(n, m, **settings | {"baselines": 2 * size.baselines})
    return [*found, flights]


def power_rows(
    size: Size, seed: int, n_and_m: tuple[int, int]
) -> tuple[dict[str, Any], list[power.Row]]:
    """Return how everybody was calibrated, and what everybody found."""
    power.remember_p_values()
    n, m = n_and_m
    clean = power.clean_days(n, m, monitors=size.calibrated, days=size.days, seed=seed)
    rows = [
        power.power(change, n, m, clean, monitors=size.changed, seed=seed)
        for change in power.CHANGES[-size.changes :]
    ]
    said = {name: value for name, value in asdict(clean).items() if name != "families"}
    return {"n_baseline": n, "rows": m, **said}, rows


def learned(size: Size, seed: int, world: str) -> learned_thresholds.Outcome:
    """Return how often learned thresholds alarm on one kind of clean days."""
    return learned_thresholds.false_alarms(world, monitors=size.monitors, seed=seed)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures, printing each section when it is there."""
    size = QUICK if options.quick else SMALL if options.small else Size()
    report: dict[str, Any] = {
        "machine": machine(),
        "versions": {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "method": METHOD_VERSION,
            **{
                f"{name} (definitions)": PROFILES[name].version for name in ("evidently", "nannyml")
            },
        },
        "seed": options.seed,
        "size": asdict(size),
    }
    asked = {name: name in options.section for name in SECTIONS}
    with ProcessPoolExecutor(options.processes) as pool:
        # All at once, so that no process waits for the end of a section.
        powers = pool.map(
            partial(power_rows, size, options.seed), size.powers if asked["power"] else ()
        )
        cleans = pool.map(
            partial(clean_cells, size, options.seed), size.clean if asked["clean"] else ()
        )
        worlds = LEARNED_WORLDS if asked["learned"] else ()
        outcomes = pool.map(partial(learned, size, options.seed), worlds)
        if asked["clean"]:
            cells = [cell for part in cleans for cell in part]
            report["clean"] = [asdict(one) for one in cells]
            tell_clean(cells)
        if asked["learned"]:
            known = list(outcomes)
            report["learned"] = [asdict(one) for one in known]
            tell_learned(known)
        if asked["power"]:
            found = list(powers)
            report["calibration"] = [said for said, _ in found]
            rows = [row for _, part in found for row in part]
            report["power"] = [{**asdict(r), "outcome": r.outcome} for r in rows]
            tell_power(report["calibration"], rows)
    if asked["known"]:
        report["known"] = tell_known(options.data, options.peers_in, quick=options.quick)
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    report["cpu_seconds"] = sum(one.ru_utime + one.ru_stime for one in spent)
    return report


def tell_clean(cells: Sequence[false_alarms.Cell]) -> None:
    """Print the cells of clean data, and those that miss the goal."""
    print("\nClean data: share of days with any breach\n")
    print("\n".join(false_alarms.rows_of(cells)))
    missed = [c for c in cells if c.upper > MOST_FALSE_ALARMS]
    print(
        f"\n{len(cells) - len(missed)} of {len(cells)} cells have an upper limit of at most "
        f"{MOST_FALSE_ALARMS}."
    )
    for one in missed:
        print(
            f"MISSED: {one.kind}, {one.features:,} features, {one.n_baseline:,} baseline rows, "
            f"{one.rows:,} a day: {one.breach:.3f}, upper limit {one.upper:.3f}"
        )


def tell_learned(outcomes: Sequence[learned_thresholds.Outcome]) -> None:
    """Print what learned thresholds gave."""
    print(f"\nLearned thresholds, {FALSE_ALARMS} asked for\n")
    print(learned_thresholds.table(outcomes))
    for one in outcomes:
        if not 1 / FACTOR <= one.factor <= FACTOR:
            print(f"MISSED: {one.world}: {one.factor:.2f} times as often as asked for")


def tell_power(calibration: Sequence[dict[str, Any]], rows: Sequence[power.Row]) -> None:
    """Print what was found, how the peers were calibrated, and the rows that are lost."""
    print("\nPower: rate of days with an alarm on the changed column, and mean delay\n")
    print("\n".join(power.rows_of(rows)))
    for one in calibration:
        print(
            f"\n{one['n_baseline']:,} baseline rows, {one['rows']:,} a day: the guarded rule "
            f"breached on {one['alarms']} of {one['days']} clean days ({power.STRICTER}: "
            f"{one['stricter']}); the others by default on "
            + ", ".join(f"{name} {share:.1%}" for name, share in one["defaults"].items())
            + "; limits multiplied by "
            + ", ".join(f"{name} {limit:.2f}" for name, limit in one["limits"].items())
        )
    outcomes = [row.outcome for row in rows]
    print(f"\nRows: {', '.join(f'{outcomes.count(o)} {o}' for o in dict.fromkeys(outcomes))}.")
    for row in rows:
        if row.outcome == "LOST":
            ours, best = row.found[power.OURS], row.best_peer
            print(
                f"LOST: {row.change}, {row.rows:,} rows a day: {ours.rate:.0%} against "
                f"{best.rate:.0%}, {ours.delay:.1f} days against {best.delay:.1f}"
            )


def tell_known(data: Path, peers: Path, *, quick: bool) -> dict[str, Any]:
    """Return what was said of known data, printing it."""
    print("\nKnown data, default monitor\n")
    said: dict[str, Any] = {}
    if (data / "car_loan_baseline.parquet").is_file():
        loan = known_data.car_loan(data)
        print("car loan", *(f"  {line}" for line in loan.lines), sep="\n")
        said["car_loan"] = {**asdict(loan), "reached": loan.reached}
    else:
        print(f"car loan: skipped, no car_loan_baseline.parquet in {data}")
    if quick:
        told = [known_data.shuffled(days=5)]
    else:
        told = list(known_data.stories(known_data.nannyml_data(peers)))
    for story in told:
        print(*story.lines, sep="\n")
    said["stories"] = [asdict(story) for story in told]
    return said


WIDTH: Final = 620
LINE: Final = 18
COLOURS: Final = {
    power.OURS: "#1f6feb",
    power.STRICTER: "#8ab6f5",
    power.PLAIN: "#888",
    "Evidently": "#bf5700",
    "NannyML": "#2da44e",
}


def picture(report: dict[str, Any]) -> str:
    """Return a picture: clean data, a line each cell, beside power, a line each change."""
    panels = [
        _clean_panel(report.get("clean", [])),
        _power_panel(report.get("power", [])),
    ]
    height = max(h for h, _ in panels)
    drawn = "".join(
        f'<g transform="translate({at * WIDTH} 0)">{panel}</g>'
        for at, (_, panel) in enumerate(panels)
    )
    size = f'width="{WIDTH * len(panels)}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
        f'<rect {size} fill="white"/>{drawn}</svg>\n'
    )


LEFT: Final = 310
RIGHT: Final = WIDTH - 30


def _clean_panel(cells: Sequence[dict[str, Any]]) -> tuple[int, str]:
    parts = [_text(10, 20, "Clean days with a breach, and upper limit; beyond 0.15 at the edge")]
    most = 0.15

    def across(share: float) -> float:
        return LEFT + min(share, most) / most * (RIGHT - LEFT)

    for at, one in enumerate(cells):
        y = 44 + at * LINE
        name = (
            f"{one['kind']}, {one['features']:,} x {one['rows']:,} rows, "
            f"baseline {one['n_baseline']:,}"
        )
        colour = "#1f6feb" if one["upper"] <= MOST_FALSE_ALARMS else "#d1242f"
        parts.append(_text(10, y + 4, name))
        start, end = across(one["breach"]), across(one["upper"])
        parts.append(f'<path d="M{start:.1f} {y}H{end:.1f}" stroke="{colour}"/>')
        parts.append(f'<circle cx="{start:.1f}" cy="{y}" r="4" fill="{colour}"/>')
    bottom = 44 + len(cells) * LINE
    for share in (0.0, 0.05, 0.1, 0.15):
        x = across(share)
        dash = "" if share == MOST_FALSE_ALARMS else ' stroke-dasharray="1 4"'
        parts.append(f'<path d="M{x:.1f} 32V{bottom}" stroke="#888"{dash}/>')
        parts.append(_text(x, bottom + 14, f"{share:g}", "middle"))
    return bottom + 30, "".join(parts)


def _power_panel(rows: Sequence[dict[str, Any]]) -> tuple[int, str]:
    parts = [_text(10, 20, "Changed days with an alarm, at one rate of false alarms")]
    for at, (name, colour) in enumerate(COLOURS.items()):
        parts.append(_text(10 + at * 105, 36, name, colour=colour))
    for at, row in enumerate(rows):
        y = 56 + at * LINE
        parts.append(_text(10, y + 4, f"{row['change']}, {row['rows']:,} rows"))
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#eee"/>')
        # Ours last, on top.
        for name in reversed(COLOURS):
            x = LEFT + row["found"][name]["rate"] * (RIGHT - LEFT)
            radius = 5 if name == power.OURS else 3.5
            parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="{radius}" fill="{COLOURS[name]}"/>')
    bottom = 56 + len(rows) * LINE
    for share in (0.0, 0.5, 1.0):
        x = LEFT + share * (RIGHT - LEFT)
        parts.append(_text(x, bottom + 8, f"{share:.0%}", "middle"))
    return bottom + 30, "".join(parts)


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#222") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write figures and picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a few days of everything")
    parser.add_argument("--small", action="store_true", help="families of ten, fewer monitors")
    parser.add_argument("--section", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared/data", help="the car loan's folder"
    )
    parser.add_argument("--peers-in", type=Path, default=ROOT / "build/peers")
    parser.add_argument("--output", type=Path, help="write all figures as JSON")
    parser.add_argument("--plot", type=Path, help="draw it as SVG")
    options = parser.parse_args(arguments)
    report = run(options)
    print(f"\n{report['cpu_seconds']:,.0f} CPU seconds")
    if options.output is not None:
        options.output.write_text(json.dumps(report, indent=1, default=str) + "\n")
    if options.plot is not None:
        options.plot.write_text(picture(report))


if __name__ == "__main__":
    main()
