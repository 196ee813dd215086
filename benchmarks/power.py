"""What the guarded rule finds, beside the plain rule and the defaults of two peers.

One column of a monitor of ten changes. Everybody looks at the same rows. Evidently and NannyML
are computed by the definitions of `drift_assets.conformance`, which are tested against the real
packages; their limits, and those of the plain rule, are made stricter or milder until they
alarm on as many clean days as the guarded rule does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Final

import numpy as np
from drift_assets.assessment import FeatureResult, assess
from drift_assets.compare import Comparison
from drift_assets.conformance.columns import Categories, Column, Numbers, column
from drift_assets.conformance.definition import Definition
from drift_assets.conformance.evidently import EVIDENTLY
from drift_assets.conformance.evidently import chosen as chosen_by_evidently
from drift_assets.conformance.nannyml import NANNYML
from drift_assets.profiles import (
    Baseline,
    CategoricalBinning,
    CategoricalProfile,
    DatasetProfile,
    NumericBinning,
    NumericProfile,
    Profile,
)
from drift_assets.stats import kolmogorov_smirnov
from drift_assets.verdicts import Verdict
from drift_assets.watch import PRESETS, Thresholds
from numpy.typing import NDArray

Random = np.random.Generator
Rows = NDArray[Any]

FEATURES: Final = 10
CATEGORIES: Final = np.array(list("abcdefgh"))
SHARES: Final = np.array([0.3, 0.22, 0.16, 0.12, 0.09, 0.06, 0.04, 0.01])
MISSING: Final = 0.01
MONITOR: Final = Comparison(guards=True, min_rows=100)
PLAIN: Final = "plain rule"
OURS: Final = "guarded rule"
OTHERS: Final = (PLAIN, "Evidently", "NannyML")
STRICTER: Final = "guarded, D 0.1"
"""The guarded rule with ``ks_min_statistic: 0.1``."""
STRICTER_MONITOR: Final = replace(
    MONITOR, thresholds=replace(PRESETS["balanced"], ks_min_statistic=0.1)
)
DRIFTING: Final = "drifting"

Make = Callable[[Random, int, float], Rows]
"""Takes chance, how many rows, and how far the change has gone, 0 to 1."""


@dataclass(frozen=True)
class Change:
    """One change of one column.

    Attributes
    ----------
    name
        As the table has it.
    make
        Makes the rows, before (0) and after (1).
    days
        How many days are looked at from the change on.
    slow
        Whether the change grows from nothing to its full size over those days.
    """

    name: str
    make: Make
    days: int = 10
    slow: bool = False


def shifted(random: Random, n: int, gone: float, *, by: float) -> Rows:
    """Return normal values whose mean moves by so many standard deviations."""
    return random.normal(by * gone, 1.0, n)


def scaled(random: Random, n: int, gone: float, *, by: float) -> Rows:
    """Return normal values whose standard deviation becomes so many times larger."""
    return random.normal(0.0, by if gone else 1.0, n)


def tailed(random: Random, n: int, gone: float, *, share: float) -> Rows:
    """Return normal values of which a share goes to four to six standard deviations."""
    values = random.normal(size=n)
    if gone:
        values[random.random(n) < share] += random.uniform(4, 6)
    return values


def skewed(random: Random, n: int, gone: float, *, by: float) -> Rows:
    """Return lognormal values that all grow by a factor."""
    return random.lognormal(size=n) * (by if gone else 1.0)


def vanished(random: Random, n: int, gone: float, *, category: str) -> Rows:
    """Return categories of which one comes no more."""
    shares = np.where((category == CATEGORIES) & (gone > 0), 0.0, SHARES)
    return random.choice(CATEGORIES, n, p=shares / shares.sum())


def appeared(random: Random, n: int, gone: float, *, share: float) -> Rows:
    """Return categories of which a share of the rows is new."""
    values = random.choice(CATEGORIES, n, p=SHARES)
    if gone:
        values[random.random(n) < share] = "z"
    return values


def missing(random: Random, n: int, gone: float, *, share: float) -> Rows:
    """Return normal values of which a larger share is missing."""
    values = random.normal(size=n)
    values[random.random(n) < (share if gone else MISSING)] = np.nan
    return values


def rescaled(random: Random, n: int, gone: float, *, share: float) -> Rows:
    """Return lognormal values of which a share comes in a unit a thousandth as large."""
    values = random.lognormal(size=n)
    if gone:
        values[random.random(n) < share] *= 1_000
    return values


CHANGES: Final = (
    *(Change(f"mean +{by:g} sd", partial(shifted, by=by)) for by in (0.1, 0.2, 0.3, 0.5, 1.0)),
    *(Change(f"sd x {by:g}", partial(scaled, by=by)) for by in (1.25, 1.5, 2.0)),
    *(Change(f"tail: {s:.0%} of rows at 5 sd", partial(tailed, share=s)) for s in (0.02, 0.05)),
    Change("lognormal x 1.5", partial(skewed, by=1.5)),
    *(
        Change(f"category of {s} vanishes", partial(vanished, category=c))
        for s, c in (("12%", "d"), ("6%", "f"), ("4%", "g"))
    ),
    Change("new category of 3%", partial(appeared, share=0.03)),
    *(Change(f"missing 1% to {s:.0%}", partial(missing, share=s)) for s in (0.03, 0.05)),
    Change("unit x 1,000", partial(rescaled, share=1.0)),
    Change("unit x 1,000 in 10% of rows", partial(rescaled, share=0.1)),
    Change("ramp to +1 sd over 60 days", partial(shifted, by=1.0), 60, slow=True),
)
"""What happens to the drifting column."""

CLEAN: Final[tuple[Make, ...]] = (
    *(partial(shifted, by=0.0) for _ in range(5)),
    *(partial(skewed, by=1.0) for _ in range(2)),
    partial(missing, share=MISSING),
    *(partial(vanished, category="") for _ in range(2)),
)
"""The columns of a clean monitor."""


_exact = lru_cache(maxsize=1 << 18)(kolmogorov_smirnov.ks_p_value)


def remember_p_values() -> None:
    """Compute no p-value of KS twice: it is exact, dear, and depends on three numbers alone."""

    def ks_p_value(statistic: float, n_baseline: int, n_current: int) -> float:
        return float(_exact(round(statistic, 12), n_baseline, n_current))

    kolmogorov_smirnov.ks_p_value = ks_p_value


@dataclass(frozen=True)
class Known:
    """A column's baseline, as everybody keeps it.

    ``limits`` are mean and standard deviation of NannyML's own distances within the baseline.
    """

    profile: Profile
    rows: Column
    limits: tuple[float, float]


def known(values: Rows) -> Known:
    """Return a baseline column, frozen for everybody."""
    rows = column(values)
    definition = _js_of_nannyml()
    parts: list[Column]
    if isinstance(rows, Numbers):
        parts = [Numbers(piece) for piece in rows.pieces or ()]
    else:
        parts = [Categories(piece) for piece in rows.pieces or ()]
    found = [one.value for part in parts if (one := definition.measure(rows, part)) is not None]
    return Known(frozen(values), rows, (float(np.mean(found)), float(np.std(found))))


def _js_of_nannyml() -> Definition:
    return next(d for d in NANNYML.definitions if d.statistic == "js_distance")


def frozen(values: Rows) -> Profile:
    """Return the profile of a baseline column over its own ruler."""
    if values.dtype.kind == "f":
        kept = values[~np.isnan(values)]
        return NumericProfile.fit(kept, n_missing=len(values) - len(kept))
    counts = _counts(values)
    return CategoricalProfile.of(counts, CategoricalBinning.fit(counts))


def profiled(values: Rows, baseline: Profile) -> Profile:
    """Return the profile of a day over the baseline's ruler."""
    if isinstance(baseline.binning, NumericBinning):
        return NumericProfile.of(values, baseline.binning)
    return CategoricalProfile.of(_counts(values), baseline.binning)


def _counts(values: Rows) -> dict[str, int]:
    names, counts = np.unique(values, return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def scores(baseline: Known, values: Rows, result: FeatureResult) -> dict[str, float]:
    """Return how near the day is to the limit of the plain rule and of each peer: 1 is there."""
    now = column(values)
    statistic = chosen_by_evidently(baseline.rows, now)
    definition = next(d for d in EVIDENTLY.definitions if d.statistic == statistic)
    found = definition.measure(baseline.rows, now)
    flag = definition.flag_for(baseline.rows)
    evidently = 0.0
    if found is not None and flag is not None:
        evidently = (
            found.value / flag.limit
            if flag.on == "value"
            else _by_level(found.p_value if found.p_value is not None else 1.0, flag.limit)
        )
    js = _js_of_nannyml().measure(baseline.rows, now)
    centre, spread = baseline.limits
    nannyml = (js.value - centre) / (3 * spread) if js is not None and spread else 0.0
    return {PLAIN: _plain_score(result), "Evidently": evidently, "NannyML": nannyml}


def _by_level(p_value: float, level: float) -> float:
    return math.log(max(p_value, 1e-300)) / math.log(level)


def _plain_score(result: FeatureResult) -> float:
    limits = Thresholds()
    level = limits.ks_significance_level
    found = [
        (result.value("psi") or 0.0) / limits.psi_breach,
        (result.value("js_divergence") or 0.0) / limits.js_breach,
    ]
    found += [_by_level(p, level) for s in ("ks", "chi_squared") if (p := result.p_value(s))]
    changed = abs(result.value("missing_rate") or 0.0) / limits.missing_rate_change
    p_value = result.p_value("missing_rate")
    found.append(min(changed, _by_level(1.0 if p_value is None else p_value, level)))
    return max(found)


@dataclass(frozen=True)
class CleanDays:
    """What clean days gave.

    Attributes
    ----------
    alarms, stricter
        Days on which the guarded rule breached, of ``days``, and on which the stricter one did.
    days
        How many there were.
    defaults
        Share of them on which each of the others alarms as it comes.
    limits
        How many times its own limit each of the others must be given to alarm as often as the
        guarded rule, or once in all days if that never did.
    families
        P-values of nine columns, day by day: what a drifting column is judged among.
    """

    alarms: int
    stricter: int
    days: int
    defaults: Mapping[str, float]
    limits: Mapping[str, float]
    families: tuple[tuple[float, ...], ...]


def clean_days(n: int, m: int, *, monitors: int, days: int, seed: int = 0) -> CleanDays:
    """Return how often everybody alarms on clean days, and which limits make that equal."""
    alarms = stricter = 0
    most: dict[str, list[float]] = {name: [] for name in OTHERS}
    families = []
    for number in range(monitors):
        random = np.random.default_rng([seed, n, m, number])
        columns = {f"c{i}": known(make(random, n, 0.0)) for i, make in enumerate(CLEAN)}
        baseline = Baseline(n, {name: one.profile for name, one in columns.items()})
        for _ in range(days):
            rows = {f"c{i}": make(random, m, 0.0) for i, make in enumerate(CLEAN)}
            day = {name: profiled(rows[name], columns[name].profile) for name in rows}
            current = DatasetProfile(m, day)
            found = assess(MONITOR, baseline, current)
            alarms += found.verdict is Verdict.BREACH
            stricter += assess(STRICTER_MONITOR, baseline, current).verdict is Verdict.BREACH
            every = [scores(columns[f.feature], rows[f.feature], f) for f in found.features]
            for name, values in most.items():
                values.append(max(one[name] for one in every))
            families.append(tuple(p for f in found.features[1:] for p in f.family.values()))
    n_days = monitors * days
    allowed = max(alarms, 1)
    return CleanDays(
        alarms,
        stricter,
        n_days,
        {name: float(np.mean([v >= 1 for v in values])) for name, values in most.items()},
        # Alarms are scores above the limit: of the largest ``allowed + 1`` all but the last.
        {name: sorted(values)[-allowed - 1] for name, values in most.items()},
        tuple(families),
    )


@dataclass(frozen=True)
class Found:
    """What one contestant made of one change.

    Attributes
    ----------
    rate
        Share of the days from the change on with an alarm on the column.
    delay
        Days from the change to the first alarm, on average; a change that was never found
        counts with all days.
    """

    rate: float
    delay: float


@dataclass(frozen=True)
class Row:
    """One line of the table: a change, and what everybody made of it."""

    change: str
    n_baseline: int
    rows: int
    found: Mapping[str, Found]

    @property
    def best_peer(self) -> Found:
        """The best rate and the shortest delay of the peers."""
        peers = [self.found[name] for name in OTHERS if name != PLAIN]
        return Found(max(p.rate for p in peers), min(p.delay for p in peers))

    @property
    def outcome(self) -> str:
        """``ahead``, ``equal``, ``behind`` within 5 points or a day, else ``LOST``."""
        ours, best = self.found[OURS], self.best_peer
        if ours.rate > best.rate + 0.005 or (
            ours.rate >= best.rate - 0.005 and ours.delay < best.delay - 0.05
        ):
            return "ahead"
        if ours.rate >= best.rate - 0.005:
            return "equal"
        near = ours.rate >= best.rate - 0.05 or ours.delay <= best.delay + 1
        return "behind" if near else "LOST"


def power(
    change: Change,
    n: int,
    m: int,
    clean: CleanDays,
    *,
    monitors: int,
    seed: int = 0,
) -> Row:
    """Return what everybody makes of one change, at the same rate of false alarms."""
    alarms: dict[str, list[list[bool]]] = {name: [] for name in (OURS, STRICTER, *OTHERS)}
    for number in range(monitors):
        random = np.random.default_rng([seed, n, m, number, sum(change.name.encode())])
        before = known(change.make(random, n, 0.0))
        baseline = Baseline(n, {DRIFTING: before.profile})
        days: dict[str, list[bool]] = {name: [] for name in alarms}
        for day in range(change.days):
            gone = (day + 1) / change.days if change.slow else 1.0
            values = change.make(random, m, gone)
            current = DatasetProfile(m, {DRIFTING: profiled(values, before.profile)})
            among = clean.families[int(random.integers(len(clean.families)))]
            ours = assess(MONITOR, baseline, current, other_p_values=among)
            days[OURS].append(ours.verdict is Verdict.BREACH)
            strict = assess(STRICTER_MONITOR, baseline, current, other_p_values=among)
            days[STRICTER].append(strict.verdict is Verdict.BREACH)
            for name, score in scores(before, values, ours.feature(DRIFTING)).items():
                days[name].append(score > clean.limits[name])
        for name, found in days.items():
            alarms[name].append(found)
    return Row(
        change.name,
        n,
        m,
        {
            name: Found(
                float(np.mean(found)),
                float(np.mean([d.index(True) if any(d) else len(d) for d in found])),
            )
            for name, found in alarms.items()
        },
    )


def rows_of(rows: Sequence[Row]) -> list[str]:
    """Return the rows as lines of a markdown table: rate of detection, and delay in days."""
    names = (OURS, STRICTER, *OTHERS)
    heading = f"| change | baseline rows | rows a day | {' | '.join(names)} | |"
    lines = [heading, "| --- |" + " --- |" * (len(names) + 3)]
    for row in rows:
        cells = [f"{row.found[n].rate:.0%}, {row.found[n].delay:.1f} d" for n in names]
        first = [row.change, f"{row.n_baseline:,}", f"{row.rows:,}"]
        lines.append(f"| {' | '.join([*first, *cells, row.outcome])} |")
    return lines
