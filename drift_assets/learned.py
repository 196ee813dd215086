"""Learned thresholds: how far apart a baseline's own days are, and what lies beyond that.

Each baseline day is compared with other baseline days, never with a set that
holds it or a day that resembles it for being near. The largest standardised
result of a day, over all columns and statistics, is exceeded by chance as
often as the quantile taken of it says: one rate for the whole monitor,
however its columns go together.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from drift_assets.comparison import FEWEST_DAYS as FEWEST_COMPARED
from drift_assets.comparison import CompareWith
from drift_assets.errors import NoDataError
from drift_assets.figures import show_share
from drift_assets.profiles import ColumnDays, NumericBinning
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.stats import Measurement
from drift_assets.stats.jensen_shannon import js_terms
from drift_assets.stats.psi import psi_terms

BoolArray = NDArray[np.bool_]

FALSE_ALARMS: Final = 0.01
"""Share of clean days on which a monitor may alarm: one in a hundred."""

FEWEST_DAYS: Final = 28
"""Baseline days from which anything can be learned: four of each weekday."""

SAME_DAYS: Final = 8
"""Days of each weekday from which the weekdays can be told apart."""

_SQUARED: Final = frozenset({"psi", "js_divergence"})
"""Statistics that grow as the square of a distance."""

_NEIGHBOUR: Final = 0.2
"""Correlation of the days' shares under which two days no longer resemble each other."""

_MARKED: Final = 1e-3
"""Level, over all columns and statistics, at which weekdays differ."""

_TAIL: Final = 0.25
"""Share of the days, the largest, that says how far the tail reaches."""

_OUTLIERS: Final = 0.95
"""Share of the days beyond which one counts no more than the last of them for the unit."""

_FEWEST_BEYOND: Final = 2
"""Days that must be allowed to lie beyond the limit for it to be counted instead of fitted."""

_RARE: Final = 1e-3
_RARE_Z: Final = 3.29
"""What noise alone exceeds once in a thousand days, for days of few rows; and as a normal value."""

_USUAL: Final = {
    "psi": math.sqrt(0.2),
    "js_divergence": math.sqrt(0.1),
    "ks": 0.1,
    "total_variation": 0.1,
    "missing_rate": 0.02,
    "positive_rate": 0.05,
}
"""How far a statistic must go, as a distance, that did not move: to the usual threshold."""

_USUAL_LIMIT: Final = 6
"""Units in the usual threshold of a statistic that did not move; a usual limit."""

_NO_SPREAD: Final = 1e-3
"""Part of itself by which a statistic differs that is as good as the same on every day."""

_ROUNDING: Final = 1e-6
"""Part of the usual threshold that a statistic of equal shares may come to by rounding."""

_LEAST: Final = 0.1
"""Part of the unit that is left at least when a day and its neighbours are left out of it."""

_DENSE_CELLS: Final = 1 << 21
"""Days times cells of a column that are held at once, 16 MB; beyond it, one day at a time."""

_REPLICATES: Final = 400
_COVERED: Final = 0.9


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns a standardised result of one statistic back into its values.

    On the scale of distances: ``base`` is the ordinary largest quarter's beginning, ``unit``
    how far that quarter reaches beyond it, and ``reach`` the least that is allowed.
    """

    base: float
    unit: float
    reach: float

    def value(self, statistic: str, limit: float) -> float:
        """Return the statistic's value at a standardised result."""
        reached = self.base + max(limit * self.unit, self.reach)
        return in_few_digits(_undistance(statistic, reached))


@dataclass(frozen=True, slots=True)
class LearnedThreshold:
    """The learned threshold of one statistic of one column.

    Attributes
    ----------
    statistic
        Its name.
    weekday
        Day of the week, Monday is 0; None for every day.
    value
        Breaches at or above; of the absolute value, for the change of a share.
    low, high
        Where it may lie: 90 % of monitors like this one.
    noise
        What a smaller day adds, on the scale of distances: it is multiplied by
        the difference of ``sqrt(1 / n_compared + 1 / n_current)``.
    reference_rows
        Rows of a day from which it holds as it stands: of those that the statistic
        counts, so without missing values but for the missing rate.
    scale
        From where, in which unit and at least how far it lies at a limit; None if that
        was not kept.
    """

    statistic: str
    weekday: int | None
    value: float
    low: float
    high: float
    noise: float
    reference_rows: int
    scale: Scale | None = None

    def for_rows(self, n_compared: int, n_current: int) -> float:
        """Return the threshold for a day of ``n_current`` rows that the statistic counts.

        Under ``reference_rows`` rows chance alone moves a statistic further than
        it did on the days it was learned from; the difference is added.
        """
        if n_current >= self.reference_rows or not n_current or not n_compared:
            return self.value
        more = math.sqrt(1 / n_compared + 1 / n_current) - math.sqrt(
            1 / n_compared + 1 / self.reference_rows
        )
        if self.statistic in _SQUARED:
            return in_few_digits((math.sqrt(self.value) + self.noise * more) ** 2)
        return in_few_digits(self.value + self.noise * more)


@dataclass(frozen=True, slots=True)
class LearnedThresholds:
    """What the days of a baseline say about each other.

    Attributes
    ----------
    false_alarms
        Share of clean days on which the whole monitor may alarm, as asked for.
    reachable
        The smallest such share that these days show of themselves: one in
        ``n_days + 1``. Below twice that the tail is fitted.
    fitted
        Whether a tail was fitted, instead of counting days.
    n_days, first_day, last_day
        The days learned from.
    apart
        Days on either side of a day that were left out with it, because
        neighbouring days resemble each other.
    limit, limit_low, limit_high
        The standardised result that a clean day exceeds that often, and its interval.
    columns
        The thresholds of each column.
    largest
        The largest standardised result of each day, in their order: what the limit is taken
        from. Empty if it was not kept.
    """

    false_alarms: float
    reachable: float
    fitted: bool
    n_days: int
    first_day: date
    last_day: date
    apart: int
    limit: float
    limit_low: float
    limit_high: float
    columns: Mapping[str, tuple[LearnedThreshold, ...]]
    largest: tuple[float, ...] = ()

    def at(self, false_alarms: float) -> "LearnedThresholds":
        """Return what the same days teach for another rate of false alarms.

        Raises
        ------
        NoDataError
            If the days' results were not kept.
        """
        if not self.largest:
            raise NoDataError(
                "Found learned thresholds without the days that they were taken from, expected "
                "them beside each other: run a day of the monitor, which learns them again."
            )
        largest = np.array(self.largest)
        limit, fitted = tail_limit(largest, false_alarms)
        low, high = _limit_interval(largest, false_alarms, block=2 * self.apart + 1)

        def moved(one: LearnedThreshold) -> LearnedThreshold:
            if one.scale is None:
                return one
            value, lowest, highest = (one.scale.value(one.statistic, q) for q in (limit, low, high))
            return replace(one, value=value, low=lowest, high=highest)

        return replace(
            self,
            false_alarms=false_alarms,
            fitted=fitted,
            limit=limit,
            limit_low=low,
            limit_high=high,
            columns={name: tuple(map(moved, found)) for name, found in self.columns.items()},
        )

    def on(self, column: str, day: date | None) -> dict[str, LearnedThreshold]:
        """Return the thresholds of a column on a day, by statistic."""
        weekday = None if day is None else day.weekday()
        return {
            t.statistic: t for t in self.columns.get(column, ()) if t.weekday in {None, weekday}
        }

    def limits(
        self, column: str, day: date | None, measured: Mapping[str, Measurement]
    ) -> dict[str, float]:
        """Return the threshold of each statistic of a column, raised by the noise of a small day.

        Parameters
        ----------
        column, day
            Which.
        measured
            What was measured, by statistic: it says how many rows the day has.
        """
        return {
            statistic: one.for_rows(found.n_baseline, found.n_current)
            if (found := measured.get(statistic))
            else one.value
            for statistic, one in self.on(column, day).items()
        }

    @property
    def origin(self) -> str:
        """Where the thresholds come from, in words."""
        return f"learned from {self.n_days:,} days"

    @property
    def words(self) -> str:
        """The same at length, with the rate that was asked for and what the days can show."""
        said = (
            f"learned from {self.n_days:,} days, {self.first_day} to {self.last_day}, for alarms "
            f"on {show_share(self.false_alarms)} of clean days"
        )
        if self.fitted:
            said += (
                f"; these days alone show no less than {show_share(self.reachable)}, beyond it a "
                "fitted tail reaches"
            )
        if self.apart:
            said += f"; days up to {self.apart} apart resemble each other and were left out"
        return said


@dataclass(frozen=True, eq=False)
class Scores:
    """One statistic of one column on each baseline day.

    Attributes
    ----------
    column, statistic
        Whose.
    values
        One per day, absolute for the change of a share; NaN where it is not defined.
    noise, reference_rows
        As in `LearnedThreshold`.
    """

    column: str
    statistic: str
    values: FloatArray
    noise: float
    reference_rows: int = 1

    def first(self, n_days: int) -> "Scores":
        """Return the scores of the first days."""
        return replace(self, values=self.values[:n_days])


def compared_days(days: Sequence[date], compare_with: CompareWith, *, apart: int = 0) -> BoolArray:
    """Return which days each day is compared with, shape ``(n_days, n_days)``.

    A day is never compared with itself, nor with days up to ``apart`` days away,
    unless those before it are what ``compare_with`` asks for.
    """
    ordinals = np.array([day.toordinal() for day in days])
    gaps = ordinals[:, None] - ordinals[None, :]
    if compare_with.rolling_days is not None:
        return np.asarray((gaps >= 1) & (gaps <= compare_with.rolling_days))
    chosen = np.abs(gaps) > apart
    if compare_with.kind == "same_weekday":
        chosen &= gaps % 7 == 0
    return np.asarray(chosen)


def days_apart(column: ColumnDays) -> int:
    """Return how many days apart two days of a column no longer resemble each other, less one.

    0 where the days are as good as independent; at most a tenth of the days.

    Notes
    -----
    The shares of the PSI bins of two days, less their mean, go together by the
    correlation ``sum(x_t * x_(t+k)) / sum(x_t ** 2)``, sampling noise taken off the
    denominator. The first lag at which it falls below 0.2, or below what chance
    gives, ends the resemblance.
    """
    counts = column.psi_counts.astype(np.float64)
    kept = counts.sum(axis=1) > 0
    counts = counts[kept]
    if len(counts) < FEWEST_DAYS:
        return 0
    rows = counts.sum(axis=1)
    shares = counts / rows[:, None]
    mean = shares.mean(axis=0)
    moved = shares - mean
    total = float((moved**2).sum(axis=1).mean())
    real = total - float((mean * (1 - mean)).sum() * (1 / rows).mean())
    if total <= 0 or real <= 0:
        return 0
    ordinals = np.array([d.toordinal() for d, k in zip(column.days, kept, strict=True) if k])
    position = {int(o): i for i, o in enumerate(ordinals)}
    most = len(counts) // 10
    for lag in range(1, most + 1):
        pairs = [(i, position[o + lag]) for o, i in position.items() if o + lag in position]
        if len(pairs) < most:
            return lag - 1
        now, then = np.array(pairs).T
        together = float((moved[now] * moved[then]).sum(axis=1).mean())
        if together < _NEIGHBOUR * real or together < 2 / math.sqrt(len(pairs)) * total:
            return lag - 1
    return most


def shared_days_apart(found: Iterable[int]) -> int:
    """Return for a monitor how many days to leave out, from what each column says: the most."""
    return max(found, default=0)


def column_scores(
    name: str,
    column: ColumnDays,
    compared: BoolArray,
    *,
    decision_threshold: float | None = None,
    min_rows: int = 1,
) -> list[Scores]:
    """Return the statistics of each day of a column against the days it is compared with.

    Parameters
    ----------
    name
        Of the column.
    column
        Its days.
    compared
        As `compared_days` returns it.
    decision_threshold
        Of a prediction.
    min_rows
        Days with fewer rows have no scores, nor have those compared with fewer, or with
        fewer days than a comparison needs.
    """
    rows = column.n_rows.astype(np.float64)
    n, sides_rows = column.n.astype(np.float64), _sums(compared, rows)
    sides = _sums(compared, n)
    counted = (rows >= min_rows) & (sides_rows >= min_rows)
    counted &= compared.sum(axis=1) >= FEWEST_COMPARED
    usable = counted & (n > 0) & (sides > 0)
    freedom = {
        "psi": int(column.psi_counts.any(axis=0).sum()) - 1,
        "js_divergence": int(column.js_counts.any(axis=0).sum()) - 1,
    }
    found = {
        "psi": (_of_bins(column.psi_counts, compared, usable, _psi), _chi(freedom["psi"], 1.0)),
        "js_divergence": (
            _of_bins(column.js_counts, compared, usable, _js),
            _chi(freedom["js_divergence"], 1 / (8 * math.log(2))),
        ),
    }
    rates = {"missing_rate": (column.n_missing.astype(np.float64), rows, counted)}
    if isinstance(column.binning, NumericBinning):
        # D * sqrt(n m / (n + m)) exceeds this with Kolmogorov's probability of 0.001.
        found["ks"] = _ks(column, compared, usable), math.sqrt(math.log(2 / _RARE) / 2)
        if decision_threshold is not None:
            first = 2 * int(np.searchsorted(column.binning.grid, decision_threshold)) + 1
            positive = column.binned(np.array([0, first]))[:, 1]
            rates["positive_rate"] = (positive.astype(np.float64), n, usable)
    else:
        # Half the sum of |p - q| is at most half the root of chi-squared's sum, by Cauchy-Schwarz.
        found["total_variation"] = (
            _of_bins(column.psi_counts, compared, usable, _variation),
            _chi(freedom["psi"], 1 / 4),
        )
    for statistic, (part, whole, kept) in rates.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.abs(part / whole - _sums(compared, part) / _sums(compared, whole))
        total = max(float(whole[kept].sum()), 1.0)
        share = min(max(float(part[kept].sum()), 1.0) / total, 0.5)
        found[statistic] = np.where(kept, change, np.nan), _RARE_Z * math.sqrt(share * (1 - share))
    of_values, of_rows = _nine_of_ten(n[usable]), _nine_of_ten(rows[counted])
    return [
        Scores(name, statistic, *parts, of_rows if statistic == "missing_rate" else of_values)
        for statistic, parts in found.items()
    ]


def learn(
    scores: Sequence[Scores],
    days: Sequence[date],
    *,
    false_alarms: float = FALSE_ALARMS,
    apart: int = 0,
) -> LearnedThresholds:
    """Return the thresholds by which a clean day alarms at the rate asked for.

    Parameters
    ----------
    scores
        Of every column and statistic, one value per day.
    days
        The baseline's days, in order.
    false_alarms
        Share of clean days on which the monitor may alarm, in (0, 1).
    apart
        Days on either side of a day that resemble it.

    Raises
    ------
    NoDataError
        If there are fewer than 28 days with a result.

    Notes
    -----
    Values are brought to the scale of distances (the root of PSI and JS), less the
    mean of their weekday where weekdays differ, and standardised by how far the
    largest quarter of the *other* days lies above its beginning [1]_, the largest
    twentieth taken to lie where that begins. Where three of four days did not move,
    or all by as much, a sixth of the usual threshold is the least unit, and six of
    them the least that is allowed. Of the largest standardised value of
    each day, the limit is the order statistic that a further day exceeds with the
    probability asked for. Where that would be beyond the second largest, an
    exponential tail is fitted to the largest quarter, and its parameter
    integrated out [2]_.

    References
    ----------
    .. [1] J. Pickands, "Statistical inference using extreme order statistics",
       Annals of Statistics 3 (1975), 119-131.
    .. [2] S. Geisser, "Predictive inference", Chapman and Hall, 1993, chapter 3.
    """
    enough = [s for s in scores if np.isfinite(s.values).sum() >= FEWEST_DAYS]
    if not enough:
        most = max((int(np.isfinite(s.values).sum()) for s in scores), default=0)
        raise NoDataError(
            f"Found {most:,} {'day' if most == 1 else 'days'} to learn thresholds from, expected "
            f"at least {FEWEST_DAYS}: take a longer baseline."
        )
    ordinals = np.array([day.toordinal() for day in days])
    weekdays = np.array([day.weekday() for day in days])
    others = np.abs(ordinals[:, None] - ordinals[None, :]) > apart
    distances = np.array([distance(s.statistic, s.values) for s in enough]).T
    differ = _weekdays_differ(distances, weekdays)
    same_weekday = weekdays[:, None] == weekdays[None, :]
    residuals = distances - np.where(differ, _mean_of(distances, others & same_weekday), 0.0)
    # A day beyond all others must not stretch the unit that it is measured by.
    start, end = np.nanquantile(residuals, [1 - _TAIL, _OUTLIERS], axis=0)
    excess = np.clip(residuals, start, end) - start
    everybody = np.ones((1, len(days)), dtype=bool)
    unit = _mean_excess(excess, everybody)[0]
    # A statistic that hardly ever moved says nothing of how far it may: that is given.
    given = np.array([_USUAL[s.statistic] for s in enough])
    nothing = _ROUNDING * given
    spread = np.maximum(_NO_SPREAD * np.nanmedian(distances, axis=0), nothing)
    unmoved = (start <= nothing) | (unit <= spread)
    unit = np.where(unmoved, np.maximum(unit, given / _USUAL_LIMIT), unit)
    least = np.where(unmoved, given / _USUAL_LIMIT, _LEAST * unit)
    standard = (residuals - start) / np.maximum(_mean_excess(excess, others), least)

    largest = np.fmax.reduce(standard, axis=1)
    largest = largest[np.isfinite(largest)]
    limit, fitted = tail_limit(largest, false_alarms)
    low, high = _limit_interval(largest, false_alarms, block=2 * apart + 1)

    columns: dict[str, list[LearnedThreshold]] = {}
    for position, score in enumerate(enough):
        groups = range(7) if differ[position] else (None,)
        for weekday in groups:
            centre = 0.0
            if weekday is not None:
                centre = float(np.nanmean(distances[weekdays == weekday, position]))
            scale = Scale(
                base=centre + float(start[position]),
                unit=float(unit[position]),
                reach=float(given[position]) if unmoved[position] else 0.0,
            )
            value, lowest, highest = (scale.value(score.statistic, q) for q in (limit, low, high))
            columns.setdefault(score.column, []).append(
                LearnedThreshold(
                    score.statistic,
                    weekday,
                    value,
                    lowest,
                    highest,
                    score.noise,
                    score.reference_rows,
                    scale,
                )
            )
    return LearnedThresholds(
        false_alarms=false_alarms,
        reachable=1 / (len(largest) + 1),
        fitted=fitted,
        n_days=len(largest),
        first_day=days[0],
        last_day=days[-1],
        apart=apart,
        limit=limit,
        limit_low=low,
        limit_high=high,
        columns={name: tuple(found) for name, found in columns.items()},
        largest=tuple(largest.tolist()),
    )


def tail_limit(values: FloatArray, rate: float) -> tuple[float, bool]:
    """Return what a further value reaches with probability ``rate``, and whether a tail was fitted.

    Examples
    --------
    >>> tail_limit(np.arange(1.0, 200.0), 0.05)  # the tenth largest of 199
    (190.0, False)
    """
    ordered = np.sort(values)[::-1]
    rank = rate * (len(ordered) + 1)
    if rank >= _FEWEST_BEYOND:
        first = min(int(rank), len(ordered))
        share = rank - first
        after = ordered[min(first, len(ordered) - 1)]
        return float(ordered[first - 1] * (1 - share) + after * share), False
    k = max(round(_TAIL * len(ordered)), 2)
    begin = float(ordered[k])
    mean = float((ordered[:k] - begin).mean())
    share = k / len(ordered)
    # The exponential's mean is known from k values only: what is left after integrating it
    # out is a Lomax distribution, whose tail is the longer, the smaller k.
    return begin + k * mean * ((share / rate) ** (1 / k) - 1), True


def in_few_digits(threshold: float) -> float:
    """Return a threshold in four digits: more would only be hard to read.

    Examples
    --------
    >>> in_few_digits(0.08804957849144883)
    0.08805
    """
    return float(f"{threshold:.4g}")


def distance(statistic: str, values: FloatArray) -> FloatArray:
    """Return the values of a statistic on the scale of distances."""
    return np.sqrt(values) if statistic in _SQUARED else values


def _undistance(statistic: str, value: float) -> float:
    """Return the statistic at a distance; what has an end is reached at its end."""
    found = value * value if statistic in _SQUARED else value
    return found if statistic == "psi" else min(found, 1.0)


def _limit_interval(values: FloatArray, rate: float, *, block: int) -> tuple[float, float]:
    """Return the interval of `tail_limit`, by days drawn again in blocks of neighbours."""
    random = np.random.default_rng(0)
    n = len(values)
    starts = random.integers(0, n, size=(_REPLICATES, -(-n // block)))
    drawn = (starts[:, :, None] + np.arange(block)) % n
    limits = [tail_limit(values[one.ravel()[:n]], rate)[0] for one in drawn]
    low, high = np.quantile(limits, [(1 - _COVERED) / 2, (1 + _COVERED) / 2])
    return float(low), float(high)


def _weekdays_differ(distances: FloatArray, weekdays: IntArray) -> BoolArray:
    """Return of which columns the weekdays differ, by the test of Kruskal and Wallis."""
    from scipy.special import chdtrc  # noqa: PLC0415  # only who learns pays for it

    differ = np.zeros(distances.shape[1], dtype=bool)
    for position, column in enumerate(distances.T):
        known = np.isfinite(column)
        present, days = column[known], weekdays[known]
        size = np.bincount(days, minlength=7)
        if size.min() < SAME_DAYS:
            continue
        _, place, ties = np.unique(present, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
        n = len(present)
        spread = n * (n * n - 1) - float((ties.astype(np.float64) ** 3 - ties).sum())
        if spread <= 0:
            continue
        sums = np.bincount(days, weights=ranks, minlength=7)
        between = float((sums**2 / size).sum()) - n * (n + 1) ** 2 / 4
        differ[position] = chdtrc(6, 12 * (n - 1) * between / spread) < _MARKED / len(differ)
    return differ


def _mean_of(values: FloatArray, chosen: BoolArray) -> FloatArray:
    """Return for each day the mean over the days chosen for it."""
    known = np.isfinite(values)
    weights = chosen.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((weights @ np.where(known, values, 0.0)) / (weights @ known))


def _mean_excess(excess: FloatArray, chosen: BoolArray) -> FloatArray:
    """Return the mean of the positive values over the days chosen."""
    above = excess > 0
    weights = chosen.astype(np.float64)
    return np.asarray((weights @ np.where(above, excess, 0.0)) / np.maximum(weights @ above, 1.0))


def _of_bins(
    counts: IntArray,
    compared: BoolArray,
    usable: BoolArray,
    terms: Callable[[FloatArray, FloatArray], FloatArray],
) -> FloatArray:
    """Return a statistic of bin shares for each usable day, NaN for the others."""
    q = counts.astype(np.float64)
    p = _sums(compared, q)[usable]
    q = q[usable]
    found = np.full(len(counts), np.nan)
    found[usable] = terms(p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True))
    return found


def _psi(p: FloatArray, q: FloatArray) -> FloatArray:
    return np.asarray(psi_terms(p, q).sum(axis=1))


def _js(p: FloatArray, q: FloatArray) -> FloatArray:
    return np.asarray(np.clip(js_terms(p, q).sum(axis=1), 0.0, 1.0))


def _variation(p: FloatArray, q: FloatArray) -> FloatArray:
    return np.asarray(np.abs(p - q).sum(axis=1) / 2)


def _chi(freedom: int, factor: float) -> float:
    """Return the root of a chi-squared variable that is rarely exceeded, times a factor."""
    from scipy.special import chdtri  # noqa: PLC0415  # only who learns pays for it

    return math.sqrt(factor * float(chdtri(max(freedom, 1), _RARE)))


def _nine_of_ten(rows: FloatArray) -> int:
    """Return the rows that nine of ten days have at least."""
    return int(np.quantile(rows, 0.1)) if len(rows) else 1


def _sums(chosen: BoolArray, table: FloatArray) -> FloatArray:
    """Return for each day the sum of the rows of ``table`` that are chosen for it."""
    usually = chosen.mean(axis=0) > 0.5
    differs = chosen != usually
    if differs.sum() * 4 > chosen.size:
        return np.asarray(chosen.astype(np.float64) @ table)
    # Nearly everybody is compared with the same days: only who is left out is taken away.
    sums = np.repeat(table[usually].sum(axis=0)[None], len(chosen), axis=0)
    for i, j in np.argwhere(differs).tolist():
        sums[i] += table[j] if chosen[i, j] else -table[j]
    return sums


def _ks_at_once(column: ColumnDays, compared: BoolArray, usable: BoolArray) -> FloatArray:
    found = np.full(len(column), np.nan)
    counts = column.binned(np.arange(column.n_cells))
    g = np.cumsum(counts, axis=1, dtype=np.float64)
    f = _sums(compared, g)[usable]
    g = g[usable]
    found[usable] = np.abs(f / f[:, -1:] - g / g[:, -1:]).max(axis=1, initial=0.0)
    return found


def _ks(column: ColumnDays, compared: BoolArray, usable: BoolArray) -> FloatArray:
    """Return D of each usable day, NaN for the others."""
    if len(column) * column.n_cells <= _DENSE_CELLS:
        return _ks_at_once(column, compared, usable)
    # The other side is kept by adding and taking away single days: profiles subtract exactly.
    side = np.zeros(column.n_cells, dtype=np.int64)
    today = np.zeros(column.n_cells, dtype=np.int64)
    held = np.zeros(len(column), dtype=bool)
    found = np.full(len(column), np.nan)
    # By weekday: with same_weekday the sides of neighbours then differ by few days.
    order = np.argsort([day.weekday() for day in column.days], kind="stable")
    for i in order.tolist():
        if not usable[i]:
            continue
        for j in np.flatnonzero(held != compared[i]).tolist():
            part = column.day_slice(j)
            side[column.cells[part]] += column.counts[part] * (1 if compared[i, j] else -1)
        held = compared[i]
        part = column.day_slice(i)
        today[:] = 0
        today[column.cells[part]] = column.counts[part]
        f, g = np.cumsum(side), np.cumsum(today)
        found[i] = np.abs(f / f[-1] - g / g[-1]).max()
    return found


def learn_from_days(
    read: Callable[[], Iterable[tuple[str, ColumnDays]]],
    days: Sequence[date],
    *,
    compare_with: CompareWith,
    decision_thresholds: Mapping[str, float | None],
    false_alarms: float = FALSE_ALARMS,
    min_rows: int = 1,
) -> LearnedThresholds:
    """Return the thresholds that the days of a baseline teach; one column is held at a time.

    Parameters
    ----------
    read
        Yields each column and its days; it is called twice.
    days
        The baseline's days, in order, the same for every column.
    compare_with
        What a day will be compared with.
    decision_thresholds
        Of the predictions, by column.
    false_alarms
        Share of clean days on which the monitor may alarm.
    min_rows
        Rows that a day needs to be judged.

    Raises
    ------
    NoDataError
        If there are fewer than 28 days with a result.
    """
    apart = shared_days_apart(days_apart(column) for _, column in read())
    compared = compared_days(days, compare_with, apart=apart)
    scores: list[Scores] = []
    for name, column in read():
        scores += column_scores(
            name,
            column,
            compared,
            decision_threshold=decision_thresholds.get(name),
            min_rows=min_rows,
        )
    return learn(scores, days, false_alarms=false_alarms, apart=apart)


def learned_to_dict(learned: LearnedThresholds) -> dict[str, Any]:
    """Return plain values from which `learned_from_dict` makes the same."""
    plain = asdict(learned)
    for name in ("first_day", "last_day"):
        plain[name] = plain[name].isoformat()
    return plain


def learned_from_dict(parts: Mapping[str, Any]) -> LearnedThresholds:
    """Return what `learned_to_dict` took apart."""
    own = dict(parts)
    for name in ("first_day", "last_day"):
        own[name] = date.fromisoformat(own[name])
    own["largest"] = tuple(own.get("largest", ()))
    own["columns"] = {
        name: tuple(_threshold_from_dict(one) for one in found)
        for name, found in own["columns"].items()
    }
    return LearnedThresholds(**own)


def _threshold_from_dict(parts: Mapping[str, Any]) -> LearnedThreshold:
    scale = parts.get("scale")
    return LearnedThreshold(**{**parts, "scale": None if scale is None else Scale(**scale)})
