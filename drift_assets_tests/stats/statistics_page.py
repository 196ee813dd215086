"""The page that describes every statistic; run as a program, it writes ``docs/statistics.md``."""

import doctest
import inspect
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType

from drift_assets.stats import DEFAULT_STATISTICS, STATISTICS, Statistic

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"

_ERRORS = {
    "none": "none",
    "above": "the value of the rows is at most `error_bound` larger; 0 where the grid holds "
    "every distinct baseline value",
    "either": "the value of the rows is at most `error_bound` away; 0 where the grid tells the "
    "rows apart",
}

_HEAD = """\
# The statistics

Made from `drift_assets.stats.STATISTICS` by `python -m drift_assets_tests.stats.statistics_page`.
Baseline first, current second: p and q are their shares per bin, N and M their non-missing rows,
F and G their distribution functions, B the number of bins.

The default ones are measured of every column of their kind. A monitor names others:

```yaml
statistics: [hellinger, cramers_v, out_of_range_rate]
```

Those are shown in reports, in Dagster's metadata and in the history (`other_statistics`, and rows
of `drift_long`). They never decide a verdict: thresholds are for PSI, KS, chi-squared, JS
divergence, missing rate and positive rate.

All work from profiles, which add up over days, files and workers. A value over bins is exact, for
the bins are the baseline's. One that needs the order of rows, or how far apart they lie, is exact
where the frozen grid tells the rows apart, and says how far off it can be where not.
"""

NOISE = {
    5: (11.5, 6.5, 9.8, 3.4),
    10: (7.5, 2.2, 6.7, 1.7),
    20: (6.1, 1.4, 5.8, 1.2),
    50: (5.4, 1.1, 5.3, 1.1),
    100: (5.1, 1.1, 5.0, 1.1),
    1_000: (5.0, 1.0, 5.0, 1.0),
}
"""Expected current rows a bin; per cent of clean days beyond the 5 % and 1 % points: PSI, JS."""

_NOISE_HEAD = """\
## Noise of PSI and JS

Without drift, PSI / (1/N + 1/M) and 8 N M / (N + M) JSD in nats are about chi-squared with B - 1
degrees of freedom. How far that holds was simulated, with ten bins that are the deciles of 10,000
baseline rows. Days without drift beyond the 5 % and the 1 % point of chi-squared:

| expected current rows a bin | PSI, 5 % | PSI, 1 % | JS, 5 % | JS, 1 % |
| --- | --- | --- | --- | --- |"""

_NOISE_FOOT = """\

So chi-squared describes the noise from about 20 expected rows a bin on; with fewer it promises too
much, for PSI more than for JS. It also takes rows for independent: days that differ from each
other as days do move more. The noise floor in reports is drawn where 20 rows a bin are expected,
and never decides."""

_GLOSSARY = {
    "atom": "a value that many rows share; the grid keeps it as a point of its own",
    "baseline, current": "the two sides, always in this order",
    "bin": "a run of cells whose rows are counted together; PSI and JS have bins of their own",
    "cell": "a grid point, or what lies between two neighbours, below the first or above the last",
    "drift": "the distribution moved",
    "effect size": "how far something moved, whatever the number of rows; a p-value says only how "
    "surprising it is",
    "error bound": "how far the value from a profile can be from that of the rows",
    "exact": "equal to the value of the rows, but for rounding",
    "floor": "the share that an empty bin counts as, 0.0001, so that a logarithm stays finite",
    "grid": "up to 16,384 points of the baseline: all its distinct values, or as many quantiles",
    "measurement": "what a statistic returned: value, p-value if it has one, sizes, error bound",
    "midrank": "the mean of the ranks of equal values, which each of them gets",
    "nat, bit": "units of information, by natural logarithm and to base 2; a bit is 0.693 nats",
    "null distribution": "what chance makes of a statistic when nothing drifts",
    "p-value": "how often chance alone gives a value as large, when nothing drifts",
    "profile": "what a column looked like: counts over the baseline's grid or categories; it adds",
    "PSI bins": "ten baseline deciles with open ends, or one bin per value where there are few",
    "JS bins": "up to 50 baseline quantiles, one bin below the baseline's range and one above it",
    "share": "rows of a bin among the non-missing rows of its side",
    "novel": "beyond the baseline's range, or a category that it would have shown if it were there",
    "unseen": "a category that the baseline does not have; where there is a bin `other`, the bin "
    "`unseen` holds only those that it would have shown",
}


def page() -> str:
    """Return the text of the page."""
    defaults = ", ".join(f"`{s.name}`" for s in DEFAULT_STATISTICS)
    rows = [
        f"| [`{s.name}`](#{s.name}) | {_kinds(s)} | {_range(s)} | {s.unit} | "
        f"{'yes' if s.has_p_value else ''} | {'' if s.error == 'none' else 'bounded'} |"
        for s in STATISTICS
    ]
    glossary = [f"- **{word}**: {meaning}" for word, meaning in sorted(_GLOSSARY.items())]
    return "\n".join(
        [
            _HEAD,
            f"Default: {defaults}.",
            "",
            "| name | columns | range | unit | p-value | error |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            *(section for s in STATISTICS for section in ("", *_section(s))),
            "",
            _NOISE_HEAD,
            *(
                f"| {rows:,} | {' | '.join(f'{share} %' for share in shares)} |"
                for rows, shares in NOISE.items()
            ),
            _NOISE_FOOT,
            "",
            "## Glossary",
            "",
            *glossary,
            "",
        ]
    )


def _section(statistic: Statistic) -> list[str]:
    module, function = _home(statistic)
    return [
        f"## {statistic.name}",
        "",
        statistic.definition or _definition(module),
        "",
        *_notes(function),
        f"- label: {statistic.label}",
        f"- columns: {_kinds(statistic)}",
        f"- unit: {statistic.unit}",
        f"- range: {_range(statistic)}",
        f"- direction: {statistic.direction}",
        f"- without drift: {statistic.null}",
        f"- p-value: {'yes' if statistic.has_p_value else 'none'}",
        f"- works from: {statistic.works_from}",
        f"- error: {_ERRORS[statistic.error]}",
        f"- reference: {statistic.reference}",
        "",
        "```pycon",
        *_example(module, function),
        "```",
    ]


def _home(statistic: Statistic) -> tuple[ModuleType, object]:
    """Return the module of a statistic, and the function in it whose example is shown."""
    module = sys.modules[statistic.measure.__module__]
    own = [
        found
        for name, found in vars(module).items()
        if inspect.isfunction(found)
        and found.__module__ == module.__name__
        and not name.startswith("_")
        and ">>>" in (found.__doc__ or "")
    ]
    named = [f for f in own if f.__name__ == statistic.name]
    changes = [f for f in own if f.__name__ == f"{statistic.name}_change"]
    return module, (named or changes or own)[0]


def _definition(module: ModuleType) -> str:
    """Return the first line of the module, which says what the statistic is."""
    return (module.__doc__ or "").strip().partition("\n")[0]


def _notes(function: object) -> list[str]:
    """Return the paragraphs under Notes, without the marks of footnotes, and an empty line."""
    text = inspect.getdoc(function) or ""
    found = re.search(r"\nNotes\n-----\n(.*?)(?=\n\n\w+\n---|\Z)", text, flags=re.DOTALL)
    if not found:
        return []
    notes = re.sub(r"\s\[1\]_", "", found[1]).replace("``", "`")
    lines: list[str] = []
    for paragraph in notes.strip().split("\n\n"):
        lines += [*textwrap.wrap(paragraph, width=100, break_on_hyphens=False), ""]
    return lines


def _example(module: ModuleType, function: object) -> list[str]:
    """Return the doctest of a function, with the imports that it takes from its module."""
    text = inspect.getdoc(function) or ""
    lines = []
    for example in doctest.DocTestParser().get_examples(text):
        first, *more = example.source.splitlines()
        lines += [f">>> {first}", *(f"... {line}" for line in more), *example.want.splitlines()]
    name = str(getattr(function, "__name__", ""))
    imports = [f">>> from {module.__name__} import {name}"]
    code = "\n".join(line for line in lines if line.startswith((">>> ", "... ")))
    if "np." in code and "import numpy" not in code:
        imports.insert(0, ">>> import numpy as np")
    if "NumericProfile" in code and not re.search(r"import .*NumericProfile", code):
        imports.append(">>> from drift_assets.profiles import NumericProfile")
    return imports + lines


def _kinds(statistic: Statistic) -> str:
    return " and ".join(sorted(statistic.kinds, reverse=True))


def _range(statistic: Statistic) -> str:
    low = "unbounded" if statistic.low is None else f"{statistic.low:g}"
    high = "unbounded" if statistic.high is None else f"{statistic.high:g}"
    return "unbounded" if low == high == "unbounded" else f"{low} to {high}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
