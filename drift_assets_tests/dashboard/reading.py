"""The files of a dashboard, read as its page reads them."""

import json
from pathlib import Path
from typing import Any


def taken(path: Path) -> Any:  # noqa: ANN401  # whatever is handed over
    """Return what a data file hands over."""
    text = path.read_text(encoding="ascii")
    start, end = "dashboard.take(", ");\n"
    assert text.startswith(start)
    assert text.endswith(end)
    return json.loads(text[len(start) : -len(end)])


def index_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the index says, by monitor."""
    lines = taken(folder / "data" / "index.js")["monitors"]
    return {line["name"]: line for line in lines}


def figures_of(folder: Path, key: str, month: str, column: str) -> dict[str, dict[str, Any]]:
    """Return the lines of a column in a month, by label: texts by day of the month."""
    cells = taken(folder / "data" / key / f"{month}.js")
    head = taken(folder / "data" / key / "head.js")
    place = cells["names"].index(column)
    part = taken(folder / "data" / key / f"{month}.{place // head['part']}.js")
    return {
        label: {
            "figures": _by_day(figures),
            "limits": [_by_day(one) for one in limits],
            "noise": _by_day(noise),
            "p": _by_day(p),
        }
        for label, figures, limits, noise, p, _ in part[place % head["part"]]
    }


def _by_day(joined: str) -> dict[int, str]:
    return {day: text for day, text in enumerate(joined.split("|"), start=1) if text}
