"""Gradual drift: the asset ``<monitor>/drift_trend`` and its checks, one per column."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg

from drift_assets.assessment import Assessment
from drift_assets.errors import HistoryError
from drift_assets.figures import show
from drift_assets.monitors import Monitor, Trend
from drift_assets.orchestration.day import Day, Workplace
from drift_assets.orchestration.names import check_names
from drift_assets.report.trend import trend_table
from drift_assets.stats.sampling_noise import BaselineBins
from drift_assets.store import History, JudgedTrends
from drift_assets.store.series import Seen
from drift_assets.trends import (
    Series,
    TrendResult,
    by_feature,
    judge_trends,
    leading,
    verdict_of,
)
from drift_assets.verdicts import Verdict
from drift_assets.watch import Column

ATTEMPTS = 5
"""Times to judge again because other runs keep reporting; each then comes last itself."""


def reported_series(
    history: History, monitor: Monitor, day: Day
) -> tuple[tuple[Series, ...], Seen] | None:
    """Return what the history says of the days up to a measured one, for `trends_of`.

    None if the monitor does not look for trends.
    """
    settings = monitor.trend
    if settings is None:
        return None
    return history.series(
        monitor.name,
        baseline_id=day.assessment.baseline_id,
        first=_first(day.partition, settings),
        last=day.partition,
        statistics=settings.statistics,
        apart=day.partition,
    )


def trends_of(
    monitor: Monitor, day: Day, reported: tuple[tuple[Series, ...], Seen] | None
) -> JudgedTrends | None:
    """Return what a measured day says together with the reported ones before it.

    None if the monitor does not look for trends.
    """
    settings = monitor.trend
    if settings is None or reported is None:
        return None
    stored, seen = reported
    series = _with_day(stored, day.assessment, day.partition, settings)
    results = judge_trends(
        series,
        settings,
        {result.feature: result.thresholds for result in day.assessment.features},
        partition=day.partition,
        guards=monitor.guards,
    )
    return JudgedTrends({day.partition: results}, seen)


def renew(workplace: Workplace, day: Day) -> tuple[TrendResult, ...]:
    """Bring the trends of a reported day, and of the days after it, up to the history.

    A day that comes late, or again, is part of what later days rest on. Returns those of
    the day itself.

    Raises
    ------
    HistoryError
        If other runs keep reporting days meanwhile.
    """
    monitor, settings = workplace.monitor, workplace.monitor.trend
    if settings is None:
        return ()
    history = workplace.history
    reach = timedelta(days=max(settings.windows) - 1)
    # Compared with other days, only the history knows which bins the baseline has rows in.
    by_baseline = day.assessment.comparison_id == day.assessment.baseline_id
    for _ in range(ATTEMPTS):
        with history.at_once() as asked:
            own = asked.trends(monitor.name, day.partition, run_id=day.run_id)
            reported = asked.baselines_used(
                monitor.name, first=day.partition, last=day.partition + reach
            )
        if by_baseline and own and list(reported) == [day.partition]:
            return own
        own = own if by_baseline else ()
        stale = {d: b for d, b in reported.items() if d != day.partition or not own}
        done = all(
            _renew(
                workplace,
                day,
                [d for d, b in stale.items() if b == baseline_id],
                settings,
                baseline_id=baseline_id,
            )
            for baseline_id in dict.fromkeys(stale.values())
        )
        if done:
            return history.trends(monitor.name, day.partition)
    raise HistoryError(
        f"Other runs of {monitor.name!r} reported days {ATTEMPTS} times while the trends of "
        f"{day.partition} were judged, expected a pause: materialise {monitor.name}/drift_trend "
        "of that day once they are done."
    )


def _renew(
    workplace: Workplace, day: Day, days: Sequence[date], settings: Trend, *, baseline_id: str
) -> bool:
    monitor = workplace.monitor
    stored, seen = workplace.history.series(
        monitor.name,
        baseline_id=baseline_id,
        first=_first(days[0], settings),
        last=days[-1],
        statistics=settings.statistics,
    )
    own = {result.feature: result.thresholds for result in day.assessment.features}
    known = {(one.feature, one.statistic): one for one in stored if one.feature in own}
    series = _in_order(known, day.assessment, settings)
    # Learned thresholds differ by weekday and rows: each day has its own.
    kept = workplace.history.thresholds(monitor.name, first=days[0], last=days[-1])
    by_day = {
        d: judge_trends(series, settings, own | kept.get(d, {}), partition=d, guards=monitor.guards)
        for d in days
    }
    judged = JudgedTrends(by_day, seen)
    return workplace.history.record_trends(monitor.name, judged, run_id=day.run_id)


def _first(day: date, settings: Trend) -> date:
    return day - timedelta(days=max(settings.windows) - 1)


def _with_day(
    stored: Sequence[Series], assessment: Assessment, partition: date, settings: Trend
) -> list[Series]:
    """Return the stored series with what was measured on one day in place of what is stored."""
    known = {(one.feature, one.statistic): one.without_day(partition) for one in stored}
    for result in assessment.features:
        by_chance = BaselineBins(
            [b.n_baseline for b in result.bins],
            [b.lower is not None and b.lower == b.upper for b in result.bins],
            result.baseline.n_distinct,
        )
        for statistic in settings.statistics:
            measurement = result.measurements.get(statistic)
            if measurement is None:
                continue
            noise = by_chance.noise(statistic, measurement.n_baseline, measurement.n_current)
            place = result.feature, statistic
            empty = Series.empty(result.feature, result.role, statistic)
            known[place] = known.get(place, empty).with_day(
                partition, measurement.value, float(noise[0])
            )
    return _in_order(known, assessment, settings)


def _in_order(
    known: dict[tuple[str, str], Series], assessment: Assessment, settings: Trend
) -> list[Series]:
    """Return the series of the watched columns; one that was never measured has an empty one."""
    ordered = []
    for result in assessment.features:
        places = [(result.feature, statistic) for statistic in settings.statistics]
        of_it = [known[place] for place in places if place in known]
        first = settings.statistics[0]
        ordered += of_it or [Series.empty(result.feature, result.role, first)]
    return ordered


def trend_asset(
    workplace: Workplace, columns: Sequence[Column], partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Return the asset that says of each column whether it creeps, with a check for each."""
    monitor = workplace.monitor
    key = dg.AssetKey([monitor.name, "drift_trend"])
    names = check_names(monitor.name, columns)

    @dg.asset(
        key=key,
        deps=[dg.AssetKey([monitor.name, "report"])],
        group_name=monitor.name,
        kinds={"drift"},
        partitions_def=partitions,
        check_specs=[
            dg.AssetCheckSpec(
                name,
                asset=key,
                partitions_def=partitions,
                description=f"Fails when `{column.name}` creeps towards a threshold.",
            )
            for name, column in names.items()
        ],
        description=(
            "Gradual drift: what the days up to this one say together of each column, and when "
            "a threshold is reached at this rate. Fails nothing."
        ),
    )
    def drift_trend(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None]]:
        day = workplace.kept(date.fromisoformat(context.partition_key), run_id=context.run.run_id)
        results = renew(workplace, day)
        found = by_feature(results)
        verdicts = [verdict_of(of_it) for of_it in found.values()]
        yield dg.MaterializeResult(
            metadata={
                "columns that creep": verdicts.count(Verdict.BREACH),
                "columns that warn": verdicts.count(Verdict.WARN),
                "not evaluated": verdicts.count(Verdict.NOT_EVALUATED),
                "summary": dg.MetadataValue.md(trend_table(results)),
            },
            check_results=[
                trend_check(key, name, found.get(column.name, ())) for name, column in names.items()
            ],
        )

    return drift_trend


def trend_check(key: dg.AssetKey, name: str, results: Sequence[TrendResult]) -> dg.AssetCheckResult:
    """Return the check of one column: ERROR for a breach, WARN for warn and not evaluated."""
    if not results:
        return dg.AssetCheckResult(
            passed=False,
            asset_key=key,
            check_name=name,
            severity=dg.AssetCheckSeverity.WARN,
            description="not_evaluated: nothing is known of this column",
        )
    shown = leading(results)
    verdict = verdict_of(results)
    metadata: dict[str, Any] = {
        "column": shown.feature,
        "verdict": verdict.value,
        "statistic": shown.statistic,
        "partitions": shown.n_partitions,
        "window": f"{shown.window} days",
    }
    figures = {
        "slope a day": shown.slope,
        "level": shown.level,
        "adjusted p-value": shown.adjusted_p_value,
        "autocorrelation": shown.autocorrelation,
        "regression slope a partition": shown.regression_slope,
        "regression p-value": shown.regression_p_value,
    }
    metadata |= {label: float(value) for label, value in figures.items() if value is not None}
    metadata["threshold"] = show(shown.threshold, against=shown.threshold)
    dates = {
        "threshold reached about": shown.reached_on,
        "at the earliest": shown.reached_earliest,
        "at the latest": shown.reached_latest,
        "stepped on": shown.step.since if shown.step else None,
    }
    metadata |= {label: str(day) for label, day in dates.items() if day is not None}
    others = [r for r in results if r is not shown and r.verdict is not Verdict.OK]
    also = "".join(f"; {r.statistic}: {r.verdict.value}: {r.reason}" for r in others)
    return dg.AssetCheckResult(
        passed=verdict is Verdict.OK,
        asset_key=key,
        check_name=name,
        severity=(
            dg.AssetCheckSeverity.ERROR if verdict is Verdict.BREACH else dg.AssetCheckSeverity.WARN
        ),
        description=f"{verdict.value}: {shown.reason}{also}",
        metadata=metadata,
    )
