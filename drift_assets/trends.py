"""Trends: whether the stored values of a column creep towards a threshold, and when they get there.

Pure: from the series that the history keeps to a verdict and a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from drift_assets.figures import p_phrase, show
from drift_assets.monitors import Trend
from drift_assets.profiles.binning import FloatArray, IntArray
from drift_assets.stats import LABELS
from drift_assets.stats.change_point import ChangePoint, change_point
from drift_assets.stats.multiple_testing import benjamini_hochberg
from drift_assets.stats.trend import MonotoneTrend, Regression, linear_regression, monotone_trend
from drift_assets.verdicts import Verdict, worst
from drift_assets.watch import Thresholds

SIGNED: Final = frozenset({"missing_rate", "positive_rate"})
"""Changes of a share: they drift upwards or downwards, and their threshold lies on both sides."""

FARTHEST: Final = 365
"""Days beyond which no date is given: a line that long is no forecast."""

CONFIDENCE: Final = 0.9
"""Of the interval of a slope, and so of the date at which a threshold is reached."""

_STEP_LEVEL: Final = 0.01
_BETTER: Final = 0.8
# A trend in noise passes the test for a step too, and now and then lies nearer to one by chance.


@dataclass(frozen=True, slots=True)
class Series:
    """One statistic of one column over days that were judged by one baseline.

    Attributes
    ----------
    feature, role
        The column.
    statistic
        Name of the statistic.
    days
        Proleptic ordinals of the days, increasing; days without a value are absent.
    values
        What was measured.
    noise
        What chance alone makes of the statistic on such a day, 0 where that is not known.
    """

    feature: str
    role: Literal["feature", "prediction"]
    statistic: str
    days: IntArray
    values: FloatArray
    noise: FloatArray

    @staticmethod
    def empty(feature: str, role: Literal["feature", "prediction"], statistic: str) -> "Series":
        """Return the series of a column of which nothing is known."""
        nothing = np.zeros(0)
        return Series(feature, role, statistic, np.zeros(0, dtype=np.int64), nothing, nothing)

    def until(self, day: date, *, window: int) -> "Series":
        """Return the part of the ``window`` days that end with ``day``."""
        last = day.toordinal()
        inside = (self.days <= last) & (self.days > last - window)
        return self._where(inside)

    def since(self, day: date) -> "Series":
        """Return the part from ``day`` on."""
        return self._where(self.days >= day.toordinal())

    def with_day(self, day: date, value: float, noise: float) -> "Series":
        """Return the series with one day replaced, or added."""
        ordinal = day.toordinal()
        first, after = (int(self.days.searchsorted(ordinal, side)) for side in ("left", "right"))
        # Not np.insert: it costs more than all else that is done with a column here.
        return replace(
            self,
            days=np.concatenate((self.days[:first], [ordinal], self.days[after:])),
            values=np.concatenate((self.values[:first], [value], self.values[after:])),
            noise=np.concatenate((self.noise[:first], [noise], self.noise[after:])),
        )

    def without_day(self, day: date) -> "Series":
        """Return the series with one day left out."""
        return self._where(self.days != day.toordinal())

    def _where(self, chosen: NDArray[np.bool_]) -> "Series":
        return replace(
            self, days=self.days[chosen], values=self.values[chosen], noise=self.noise[chosen]
        )


def less_chance(statistic: str, values: FloatArray, noise: FloatArray) -> FloatArray:
    """Return values with what chance made of them taken off.

    PSI adds up with its noise. D does not: chance moves it less the farther it is from 0. Its
    square does nearly, and a D below its median has the sign of that.

    Examples
    --------
    >>> less_chance("ks", np.array([0.05, 0.03]), np.array([0.04, 0.05])).round(3).tolist()
    [0.03, -0.04]
    """
    if statistic != "ks":
        return np.asarray(values - noise)
    square = values**2 - noise**2
    return np.asarray(np.sign(square) * np.sqrt(np.abs(square)))


def with_chance(statistic: str, excess: float, noise: float) -> float:
    """Return what is measured of such an excess: the inverse of `less_chance`."""
    if statistic != "ks":
        return excess + noise
    return sqrt(max(excess * abs(excess) + noise**2, 0.0))


@dataclass(frozen=True, slots=True)
class Step:
    """A change of level: the day from which it holds, both medians, and its p-value."""

    since: date
    before: float
    after: float
    p_value: float


@dataclass(frozen=True, slots=True)
class TrendResult:
    """What is said of one statistic of one column.

    Attributes
    ----------
    feature, role, statistic
        Of what.
    verdict, reason
        The answer, and a sentence that gives its numbers.
    window
        Days looked back on; of several windows the one that decides.
    n_partitions, first_partition, last_partition
        The days that the slope rests on; the dates are None without any.
    level
        Where the line stands on the last day, on the scale of the measured values.
    slope, slope_low, slope_high
        Theil-Sen, per day, with its 90 % interval; of what is left of the values without
        chance, like the rise.
    rise
        The slope times the days from the first to the last.
    p_value, adjusted_p_value
        Mann-Kendall, corrected for autocorrelation; then for the family of all columns.
    autocorrelation
        At lag one, around the trend.
    threshold
        At which the statistic breaches.
    reached_on, reached_earliest, reached_latest
        When the line reaches the threshold, with its interval; None if not within a year.
    step
        The last change of level within the window; the slope is of the days since. None if
        there is none.
    regression_slope, regression_p_value
        Of the line by least squares through the measured values, per partition.
    regression_rises
        Whether the slope and the p-value cross both limits of that rule.

    Numbers are None where there are too few partitions for them.
    """

    feature: str
    role: Literal["feature", "prediction"]
    statistic: str
    verdict: Verdict
    reason: str
    window: int
    n_partitions: int
    first_partition: date | None
    last_partition: date | None
    threshold: float
    level: float | None = None
    slope: float | None = None
    slope_low: float | None = None
    slope_high: float | None = None
    rise: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    autocorrelation: float | None = None
    reached_on: date | None = None
    reached_earliest: date | None = None
    reached_latest: date | None = None
    step: Step | None = None
    regression_slope: float | None = None
    regression_p_value: float | None = None
    regression_rises: bool | None = None


@dataclass(frozen=True, slots=True)
class _Fit:
    """One window of one series, measured: the line by least squares on all of it."""

    series: Series
    window: int
    step: Step | None
    monotone: MonotoneTrend | None = None
    regression: Regression | None = None


def judge_trends(
    series: Sequence[Series],
    settings: Trend,
    thresholds: Mapping[str, Thresholds],
    *,
    partition: date,
    guards: bool = True,
) -> tuple[TrendResult, ...]:
    """Return what the series say on a day, one result each, in their order.

    Parameters
    ----------
    series
        Of all watched columns of one monitor: they are one family. Later days are not looked at.
    settings
        Windows, levels and sizes.
    thresholds
        By column.
    partition
        The day.
    guards
        By the robust test, for all columns together; False: by the regression of PSI alone,
        and no other statistic is evaluated.
    """
    fits = [_fits(one, settings, partition) for one in series]
    members = [
        (position, number, fit.monotone.p_value)
        for position, tried in enumerate(fits)
        for number, fit in enumerate(tried)
        if fit.monotone is not None
    ]
    adjusted = {
        (position, number): float(p)
        for (position, number, _), p in zip(
            members, benjamini_hochberg([p for *_, p in members]), strict=True
        )
    }
    results = []
    for position, (one, tried) in enumerate(zip(series, fits, strict=True)):
        limit = _limit(thresholds[one.feature], one.statistic)
        found = [
            _result(fit, limit, adjusted.get((position, number)), settings, guards=guards)
            for number, fit in enumerate(tried)
        ]
        results.append(min(found, key=_rank))
    return tuple(results)


def verdict_of(results: Sequence[TrendResult]) -> Verdict:
    """Return the gravest verdict of one column's results, of those that have one if any does."""
    answered = [r.verdict for r in results if r.verdict is not Verdict.NOT_EVALUATED]
    return worst(answered)


def leading(results: Sequence[TrendResult]) -> TrendResult:
    """Return the result of a column that its verdict rests on."""
    return min(results, key=_rank)


def by_feature(results: Sequence[TrendResult]) -> dict[str, tuple[TrendResult, ...]]:
    """Return the results of each column, columns in the order of their first result."""
    found: dict[str, list[TrendResult]] = {}
    for result in results:
        found.setdefault(result.feature, []).append(result)
    return {feature: tuple(of_it) for feature, of_it in found.items()}


_RANKS: Final = {
    verdict: rank
    for rank, verdict in enumerate(
        (Verdict.BREACH, Verdict.WARN, Verdict.OK, Verdict.NOT_EVALUATED)
    )
}


def _rank(result: TrendResult) -> tuple[int, float]:
    p = result.adjusted_p_value
    return _RANKS[result.verdict], 1.0 if p is None else p


def _fits(series: Series, settings: Trend, partition: date) -> list[_Fit]:
    """Return a fit for each window, the longest first; none twice of the same days."""
    fits: list[_Fit] = []
    step: Step | None = None
    for window in sorted(settings.windows, reverse=True):
        whole = series.until(partition, window=window)
        regression = None
        if len(whole.days) >= settings.min_partitions:
            regression = linear_regression(np.arange(len(whole.days)), whole.values)
        # A long window dates a step that a short one has nearly left, and would call a trend.
        part = whole if step is None else whole.since(step.since)
        if fits and len(part.days) == len(fits[-1].series.days):
            fits[-1] = replace(fits[-1], window=window, regression=regression)
            continue
        fit = _fit(part, window, settings)
        step = fit.step or step
        fits.append(replace(fit, step=step, regression=regression))
    return fits


def _fit(part: Series, window: int, settings: Trend) -> _Fit:
    step = None
    while len(part.days) >= settings.min_partitions:
        excess = less_chance(part.statistic, part.values, part.noise)
        monotone = monotone_trend(part.days, excess, confidence=CONFIDENCE)
        found = change_point(excess)
        if found.p_value > _STEP_LEVEL or not _steps(part.days, excess, found, monotone):
            return _Fit(part, window, step, monotone)
        step = Step(
            date.fromordinal(int(part.days[found.position])),
            float(np.median(part.values[: found.position])),
            float(np.median(part.values[found.position :])),
            found.p_value,
        )
        part = part.since(step.since)
    return _Fit(part, window, step)


def _steps(days: IntArray, values: FloatArray, step: ChangePoint, trend: MonotoneTrend) -> bool:
    """Return whether two levels fit a series better than a line or a bend does.

    By absolute distances, so that a few outlying days do not decide.
    """
    levels = np.where(np.arange(len(values)) < step.position, step.before, step.after)
    from_start = (days - days[0]) / (days[-1] - days[0])
    bend = np.polynomial.Polynomial.fit(from_start, values, 2)(from_start)
    line = trend.intercept + trend.slope * days
    nearest = min(float(np.abs(values - one).sum()) for one in (line, bend))
    return float(np.abs(values - levels).sum()) < _BETTER * nearest


_KS_LIMIT: Final = 0.1
"""D that a creeping column is carried to, at least: a smaller one is often chance of few rows."""


def _limit(thresholds: Thresholds, statistic: str) -> float:
    if statistic == "ks":
        # KS is judged by its p-value, which the size of a day moves; D is the effect.
        return max(thresholds.ks_min_statistic, _KS_LIMIT)
    return thresholds.by_statistic()[statistic].breach


@dataclass(frozen=True, slots=True)
class _Line:
    """The fitted line of a series on its last day, all of it known."""

    last: date
    span: int
    level: float
    rise: float
    trend: MonotoneTrend
    adjusted: float
    regression: Regression
    reached_on: date | None


def _result(
    fit: _Fit, limit: float, adjusted: float | None, settings: Trend, *, guards: bool
) -> TrendResult:
    series, trend, regression = fit.series, fit.monotone, fit.regression
    n = len(series.days)
    partitions = "partition" if n == 1 else "partitions"
    result = TrendResult(
        series.feature,
        series.role,
        series.statistic,
        Verdict.NOT_EVALUATED,
        f"{n} {partitions} judged by this baseline within {fit.window} days, "
        f"{settings.min_partitions} needed",
        fit.window,
        n,
        date.fromordinal(int(series.days[0])) if n else None,
        date.fromordinal(int(series.days[-1])) if n else None,
        limit,
        step=fit.step,
    )
    if regression is not None:
        rises = (
            regression.slope > settings.slope and regression.p_value < settings.significance_level
        )
        result = replace(
            result,
            regression_slope=regression.slope,
            regression_p_value=regression.p_value,
            regression_rises=rises,
        )
        if not guards and result.statistic == "psi":
            result = replace(
                result,
                verdict=Verdict.BREACH if rises else Verdict.OK,
                reason=_regression_phrase(regression, settings),
            )
    if not guards and result.statistic != "psi":
        result = replace(result, reason="the plain rule judges PSI alone")
    if trend is None or regression is None or adjusted is None:
        if fit.step is not None and guards:
            # There is an answer: the level stepped, and nothing can have crept since.
            reason = (
                f"{_step_phrase(series.statistic, fit.step)}; {n} {partitions} since, "
                f"{settings.min_partitions} needed for a trend"
            )
            return replace(result, verdict=Verdict.OK, reason=reason)
        return result
    last, span = int(series.days[-1]), int(series.days[-1] - series.days[0])
    reached_on, earliest, latest = _reached(series, trend, limit)
    line = _Line(
        last=date.fromordinal(last),
        span=span,
        level=with_chance(
            series.statistic,
            trend.intercept + trend.slope * last,
            float(np.median(series.noise)),
        ),
        rise=trend.slope * span,
        trend=trend,
        adjusted=adjusted,
        regression=regression,
        reached_on=reached_on,
    )
    result = replace(
        result,
        level=line.level,
        slope=trend.slope,
        slope_low=trend.slope_low,
        slope_high=trend.slope_high,
        rise=line.rise,
        p_value=trend.p_value,
        adjusted_p_value=adjusted,
        autocorrelation=trend.autocorrelation,
        reached_on=reached_on,
        reached_earliest=earliest,
        reached_latest=latest,
    )
    return _by_test(result, line, settings) if guards else result


def _reached(
    series: Series, trend: MonotoneTrend, limit: float
) -> tuple[date | None, date | None, date | None]:
    """Return when the line reaches a threshold, then by the steep and the flat end of its slope.

    None where that is not within a year.
    """
    towards = 1.0 if series.statistic not in SIGNED or trend.slope > 0 else -1.0
    last = int(series.days[-1])
    # The interval's lines turn about the middle of the series, where the level is best known.
    middle = float(np.median(series.days))
    at_middle = trend.intercept + trend.slope * middle
    noise = np.median(series.noise, keepdims=True)
    limit = float(less_chance(series.statistic, np.array([limit]), noise)[0])

    def day_of(slope: float) -> date | None:
        level = towards * (at_middle + slope * (last - middle))
        if level >= limit:
            return date.fromordinal(last)
        speed = towards * slope
        ahead = (limit - level) / speed if speed > 0 else np.inf
        return date.fromordinal(last + int(np.ceil(ahead))) if ahead <= FARTHEST else None

    steep, flat = trend.slope_high, trend.slope_low
    if towards < 0:
        steep, flat = flat, steep
    return day_of(trend.slope), day_of(steep), day_of(flat)


def _by_test(result: TrendResult, line: _Line, settings: Trend) -> TrendResult:
    """Return the result with the verdict of the robust test: significant, large, and soon."""
    name = LABELS.get(result.statistic, result.statistic)
    slope = line.trend.slope
    away, by = slope > 0, abs(line.rise)
    if result.statistic in SIGNED:
        # A share that comes back from the other side has not moved away by more than it stands.
        away, by = slope * line.level > 0, min(by, abs(line.level))
    significant = line.adjusted <= settings.family_alpha
    alpha = show(settings.family_alpha, against=settings.family_alpha)
    p_text = p_phrase("adjusted p", line.adjusted, against=settings.family_alpha)
    p_text += "" if " < " in p_text else f" {'<=' if significant else '>'} {alpha}"
    parts = [] if result.step is None else [_step_phrase(result.statistic, result.step)]
    verdict = Verdict.OK
    least = settings.min_rise * result.threshold
    moved = (
        f"{name} {'rises' if slope > 0 else 'falls'} by {show(abs(slope))} a day since "
        f"{result.first_partition}, to {show(line.level)} ({p_text})"
    )
    if not significant:
        parts.append(f"no trend since {result.first_partition} ({p_text})")
    elif not away:
        parts.append(f"{name} moves back towards the baseline ({p_text})")
    elif by < least:
        total = show(by, against=least)
        parts.append(f"{moved}, but by {total} in all, under {show(least, against=least)}")
    else:
        # A line is carried no farther than it was seen to hold.
        soon = min(settings.horizon, line.span)
        reached = line.reached_on is not None and (line.reached_on - line.last).days <= soon
        verdict = Verdict.BREACH if reached else Verdict.WARN
        parts.append(f"{moved}; {forecast(result)}")
    if result.regression_rises and verdict is not Verdict.BREACH and result.statistic == "psi":
        said = _regression_phrase(line.regression, settings)
        parts.append(f"the plain rule would say breach: {said}")
    return replace(result, verdict=verdict, reason="; ".join(parts))


def forecast(result: TrendResult) -> str:
    """Return when the threshold is reached at this rate, as a phrase with its interval."""
    limit = show(result.threshold, against=result.threshold)
    if result.last_partition is None or result.slope is None:
        return f"no forecast for {limit}"
    if result.reached_on is not None and result.reached_on <= result.last_partition:
        return f"the threshold {limit} is reached"
    if result.reached_on is None:
        earliest = result.reached_earliest
        early = f", on {earliest} at the earliest" if earliest is not None else ""
        return f"at this rate {limit} is not reached within a year{early}"
    late = str(result.reached_latest) if result.reached_latest else "more than a year ahead"
    return (
        f"at this rate {limit} is reached about {result.reached_on} "
        f"(between {result.reached_earliest} and {late})"
    )


def _step_phrase(statistic: str, step: Step) -> str:
    name = LABELS.get(statistic, statistic)
    return (
        f"{name} stepped from {show(step.before)} to {show(step.after)} on {step.since} "
        f"({p_phrase('p', step.p_value)})"
    )


def _regression_phrase(line: Regression, settings: Trend) -> str:
    above = ">" if line.slope > settings.slope else "<="
    below = "<" if line.p_value < settings.significance_level else ">="
    p_text = p_phrase("p", line.p_value, against=settings.significance_level)
    level = show(settings.significance_level, against=settings.significance_level)
    return (
        f"regression slope {show(line.slope, against=settings.slope)} {above} "
        f"{show(settings.slope, against=settings.slope)} a partition, "
        f"{p_text}{'' if ' < ' in p_text else f' {below} {level}'}"
    )
