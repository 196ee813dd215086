"""Cost against rows and against columns: `python benchmarks/linearity.py --plot FILE.svg`.

Runs `drift-assets compare` on floats of growing size, each a fresh process, and fits a straight
line through the least squares. Start-up is the line's height at zero; the last column of the
table says by how much each point lies off the line.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from processes import Cost, machine, measure, median
from speed import CONTESTANTS, ENVIRONMENT, ROOT
from workloads import Workload

ROWS: Final = (1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 40_000_000)
COLUMNS: Final = (10, 20, 40, 80, 160)
WIDTH: Final = 440
HEIGHT: Final = 300
MARGIN: Final = 60

Points = list[tuple[int, Cost]]


def costs(sizes: Sequence[Workload], folder: Path, repeat: int) -> list[Cost]:
    """Return the median cost of each size; the runs take turns."""
    found: list[list[Cost]] = [[] for _ in sizes]
    files = []
    for size in sizes:
        script = CONTESTANTS.with_name("workloads.py")
        measure(
            [sys.executable, script, str(size.rows), str(size.columns), size.kind, folder],
            time_out=3600,
        )
        files.append(size.files(folder))
    for _ in range(repeat):
        for position, (before, after) in enumerate(files):
            command = [sys.executable, CONTESTANTS, "ours_cold", before, after]
            cost, _ = measure(command, environment=ENVIRONMENT, time_out=3600)
            found[position].append(cost)
    return [median(one) for one in found]


def straight_line(points: Points) -> tuple[float, float]:
    """Return height at zero and slope of the least-squares line of CPU seconds.

    Examples
    --------
    >>> straight_line([(0, Cost(1.0, 0, 0)), (2, Cost(5.0, 0, 0))])
    (1.0, 2.0)
    """
    n = len(points)
    x_mean = sum(x for x, _ in points) / n
    y_mean = sum(cost.cpu for _, cost in points) / n
    slope = sum((x - x_mean) * (cost.cpu - y_mean) for x, cost in points)
    slope /= sum((x - x_mean) ** 2 for x, _ in points)
    return y_mean - slope * x_mean, slope


def table(title: str, points: Points) -> str:
    """Return the points as lines of text."""
    height, slope = straight_line(points)
    lines = [f"\n{title}", f"{'':>12}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}{'off line':>10}"]
    for x, cost in points:
        off = cost.cpu / (height + slope * x) - 1
        lines.append(f"{x:12,}{cost.cpu:9.2f}{cost.wall:9.2f}{cost.peak:10.0f}{off:+10.1%}")
    return "\n".join(lines)


def plot(panels: dict[str, Points]) -> str:
    """Return a picture of all panels side by side: points and line of CPU, and peak memory."""
    drawn = "".join(
        f'<g transform="translate({number * WIDTH} 0)">{_panel(title, points)}</g>'
        for number, (title, points) in enumerate(panels.items())
    )
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
        f'<rect {size} fill="white"/>{drawn}</svg>\n'
    )


def _panel(title: str, points: Points) -> str:
    x_most = max(x for x, _ in points)
    bottom, right = HEIGHT - MARGIN, WIDTH - MARGIN
    height, slope = straight_line(points)
    parts = [
        _text(WIDTH / 2, 20, title, "middle"),
        _text(MARGIN, bottom + 20, "0", "middle"),
        _text(right, bottom + 20, f"{x_most:,}", "middle"),
        f'<path d="M{MARGIN} {MARGIN}V{bottom}H{right}" fill="none" stroke="#888"/>',
    ]
    for name, values, edge, anchor, colour in (
        ("CPU s", [cost.cpu for _, cost in points], MARGIN - 8, "end", "#1f6feb"),
        ("peak MiB", [cost.peak for _, cost in points], right + 8, "start", "#bf5700"),
    ):
        scale = (bottom - MARGIN) / max(values)
        parts.append(_text(edge, MARGIN - 20, name, anchor, colour))
        for (x, _), value in zip(points, values, strict=True):
            at, up = MARGIN + x / x_most * (right - MARGIN), bottom - value * scale
            parts.append(f'<circle cx="{at:.0f}" cy="{up:.0f}" r="4" fill="{colour}"/>')
        for value in (min(values), max(values)):
            up = bottom - value * scale
            parts.append(_text(edge, up + 4, f"{value:,.4g}", anchor, colour))
        if name == "CPU s":
            left, end = bottom - height * scale, bottom - (height + slope * x_most) * scale
            line = f"M{MARGIN} {left:.0f}L{right} {end:.0f}"
            parts.append(f'<path d="{line}" stroke="{colour}"/>')
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#222") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both directions, print the tables, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS), help="at 8 columns")
    parser.add_argument(
        "--columns", type=int, nargs="+", default=list(COLUMNS), help="at 500,000 rows"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--data", type=Path, default=ROOT / "build/benchmarks")
    parser.add_argument("--plot", type=Path, help="draw it as SVG")
    parser.add_argument("--output", type=Path, help="write all figures as JSON")
    options = parser.parse_args(arguments)
    options.data.mkdir(parents=True, exist_ok=True)
    by_rows = [Workload("", rows, 8) for rows in options.rows]
    by_columns = [Workload("", 500_000, columns) for columns in options.columns]
    panels = {}
    for title, sizes, xs in (
        ("rows, 8 columns of floats", by_rows, options.rows),
        ("columns of 500,000 floats", by_columns, options.columns),
    ):
        found = costs(sizes, options.data, options.repeat)
        panels[title] = list(zip(xs, found, strict=True))
        print(table(title, panels[title]), flush=True)
    if options.plot is not None:
        options.plot.write_text(plot(panels))
    if options.output is not None:
        plain = {t: [[x, asdict(cost)] for x, cost in points] for t, points in panels.items()}
        options.output.write_text(json.dumps({"machine": machine(), "points": plain}, indent=1))


if __name__ == "__main__":
    main()
