"""Assessments to report: made by `assess` from data, so that every field is a real one."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from drift_assets.assessment import Assessment, assess
from drift_assets.monitors import Monitor
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Profile,
    Unprofiled,
)
from drift_assets.timeline import Moment, Timeline
from drift_assets.verdicts import Verdict
from drift_assets_tests.browser import MISSING, Browser, browser

DAY = date(2026, 11, 23)
"""Of which a page is."""

Column = Sequence[float] | Sequence[str] | str
"""Numbers, categories, or the reason why there is no profile."""

Assess = Callable[..., Assessment]

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "javascript:alert(3)",
    '" onmouseover="alert(4)',
    "' onfocus='alert(5)' autofocus='",
    "right\u202eto\u202cleft\u2066marks",
    "a|b",
    "`rm -rf`",
    "two\nlines\r\nthree",
    "[link](https://example.invalid)",
    "![picture](https://example.invalid/x.png)",
    "https://example.invalid/x",
    "{{ 7 * 7 }}{% for x in y %}",
    "]]>",
    "<!-- comment",
    "&lt;already&gt;",
    "\x1b[2Jcleared\x07",
    "null\x00byte",
    "half \ud800 pair",
    "</style><style>*{display:none}</style>",
    "\u2028separator",
)
"""Names as a stranger's data may bring them."""


def _profiles(baseline: Column, current: Column) -> tuple[Profile, Profile | Unprofiled]:
    if isinstance(baseline[0], str):
        counts = Counter(map(str, baseline))
        categories = CategoricalBinning.fit(counts)
        before = CategoricalProfile.of(counts, categories)
        if isinstance(current, str):
            return before, Unprofiled(current)
        return before, CategoricalProfile.of(Counter(map(str, current)), categories)
    values = np.asarray(baseline, dtype=np.float64)
    numbers = NumericBinning.fit(values[~np.isnan(values)], include=[0.5])
    profile = NumericProfile.of(values, numbers)
    if isinstance(current, str):
        return profile, Unprofiled(current)
    return profile, NumericProfile.of(np.asarray(current, dtype=np.float64), numbers)


@pytest.fixture
def assess_columns() -> Assess:
    """Return a function from columns, as pairs of baseline and current, to their assessment."""

    def run(
        columns: Mapping[str, tuple[Column, Column]],
        *,
        predictions: Mapping[str, tuple[Column, Column]] | None = None,
        extra_columns: tuple[str, ...] = (),
        **settings: object,
    ) -> Assessment:
        pairs = {**columns, **(predictions or {})}
        profiles = {name: _profiles(*pair) for name, pair in pairs.items()}
        monitor = Monitor.model_validate(
            {
                "name": "churn",
                "baseline": "baseline.csv",
                "current": "{partition}.csv",
                "features": list(columns),
                "predictions": list(predictions or {}),
                "guards": False,
                "min_rows": 1,
                "partitions": {"start": "2026-11-01"},
                **settings,
            }
        )
        sizes = [
            max((p.n_rows for p in side if not isinstance(p, Unprofiled)), default=0)
            for side in zip(*profiles.values(), strict=True)
        ]
        return assess(
            monitor,
            Baseline(sizes[0], {name: before for name, (before, _) in profiles.items()}),
            DatasetProfile(
                sizes[1], {name: after for name, (_, after) in profiles.items()}, extra_columns
            ),
        )

    return run


@pytest.fixture
def mixed(assess_columns: Assess) -> Assessment:
    """Return one column of each kind and verdict, and two predictions."""
    steps = list(np.linspace(0.0, 1.0, 1000))
    return assess_columns(
        {
            "steady": (steps, steps),
            "shifted": (steps, [x + 0.5 for x in steps]),
            "absent": (steps, "column absent from the current data"),
            "gaps": (steps, [x if i % 2 else np.nan for i, x in enumerate(steps)]),
            "endless": (steps, [*steps[:-1], np.inf]),
            "carrier": (["AA"] * 600 + ["UA"] * 400, ["AA"] * 300 + ["UA"] * 500 + ["ZZ"] * 200),
        },
        predictions={
            "score": (steps, [x**2 for x in steps]),
            "class": (steps, steps),
        },
        extra_columns=("row_id",),
    )


@pytest.fixture
def hostile(assess_columns: Assess) -> Assessment:
    """Return columns and categories with every hostile name, drifted, absent or steady."""
    steps = list(np.linspace(0.0, 1.0, 200))
    names = list(HOSTILE)
    # YAML and pydantic admit no half surrogate pair in a watched column's name.
    watched = [name for name in names if "\ud800" not in name]
    columns: dict[str, tuple[Column, Column]] = {
        name: (steps, [[x + 0.5 for x in steps], steps, f"absent: {name}"][i % 3])
        for i, name in enumerate(watched)
    }
    columns["categories"] = (names * 20, [*names[:3] * 50, *(f"new {n}" for n in names)])
    return assess_columns(columns, extra_columns=HOSTILE)


def past_of(assessment: Assessment, *, days: int = 89, since: int = 6) -> Timeline:
    """Return quiet days before `DAY`, the last few with the day's verdicts and figures.

    Another baseline judged on the first half of them, and one day was not reported.
    """
    reported = [DAY - timedelta(days=n) for n in range(days, 0, -1) if n != days // 3]
    quiet = len(reported) - since
    columns: dict[str, tuple[Moment | None, ...]] = {}
    for result in assessment.features:
        today = Moment(
            result.verdict,
            result.value("psi"),
            result.thresholds.psi_warn,
            result.thresholds.psi_breach,
            result.current.missing_rate if result.current else None,
            result.current.positive_rate if result.current else None,
        )
        numbers = (today.psi_warn, today.psi_breach, 0.0, today.positive_rate)
        columns[result.feature] = tuple(
            Moment(Verdict.OK, 0.01 + i / 10_000, *numbers) if i < quiet else today
            for i in range(len(reported))
        )
    return Timeline(
        days=tuple(reported),
        verdicts=(*[Verdict.OK] * quiet, *[assessment.verdict] * since),
        breached=(*[0] * quiet, *[len(assessment.breached)] * since),
        baselines=tuple(
            "0123456789abcdef" if 2 * i < days else assessment.baseline_id
            for i in range(len(reported))
        ),
        methods=(assessment.method_version,) * len(reported),
        columns=columns,
    )


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a real browser; without one the test is skipped."""
    if MISSING:
        pytest.skip("needs chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
