"""A monitor's assets: baseline, current -> one drift asset per column -> report -> alert."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import (
    QUARANTINE_CAUSE,
    QUIET_DAYS,
    TREND_CAUSE,
    Message,
    check_message,
    messages_for,
    quarantine_message,
    severity_of,
    still_creeps,
    trend_message,
)
from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.errors import BaselineError, DataError, DriftAssetsError
from drift_assets.monitors import Monitor, store_of
from drift_assets.orchestration.actions import action_asset, new_actions
from drift_assets.orchestration.catalogue import (
    column_lineage,
    column_schema,
    owners_of,
    tags_of,
)
from drift_assets.orchestration.checks import column_check, dataset_check, dataset_check_spec
from drift_assets.orchestration.day import Day, Workplace, write_in_home
from drift_assets.orchestration.delivery import alerts_of, deliver, new_alert
from drift_assets.orchestration.names import drift_keys
from drift_assets.orchestration.quarantine import of_opening, of_undated
from drift_assets.orchestration.shown import refresh
from drift_assets.orchestration.trend import reported_series, trend_asset, trends_of
from drift_assets.profiles import Baseline, NumericProfile
from drift_assets.report.checks import checks_to_list
from drift_assets.report.html import html_report
from drift_assets.report.json import assessment_to_dict, to_json
from drift_assets.report.markdown import bins_table, markdown_table
from drift_assets.report.picture import data_uri, svg_overview
from drift_assets.report.trend import trends_to_list
from drift_assets.sources import (
    baseline_files,
    current_files,
    described,
    fingerprint,
    read_baseline,
    undated_rows,
)
from drift_assets.stats import LABELS
from drift_assets.store import NewAlert
from drift_assets.timeline import DAYS as TIMELINE_DAYS
from drift_assets.trends import TrendResult
from drift_assets.watch import Column

CHECK_NAME = "drift"


def day_partitions(monitor: Monitor) -> dg.DailyPartitionsDefinition:
    """Return the days that exist, as Dagster partitions."""
    return dg.DailyPartitionsDefinition(
        start_date=monitor.partitions.start.isoformat(),
        timezone=monitor.partitions.timezone,
        end_offset=monitor.partitions.end_offset,
    )


def watched_columns(workplace: Workplace) -> tuple[Column, ...]:
    """Return the columns that get an asset; for ``features: auto`` the baseline is looked at.

    Raises
    ------
    DataError
        If ``auto`` needs baseline data and they cannot be read.
    ConfigurationError
        If the monitor names columns besides that are not there.
    """
    monitor = workplace.monitor
    if monitor.features != "auto":
        return monitor.listed(())
    frozen = workplace.frozen_baseline()
    if frozen is not None:
        columns = monitor.watched(frozen.columns)
        present = _present(workplace, frozen)
    else:
        rows = read_baseline(monitor, workplace.place)
        columns, present = monitor.listed(rows.watchable), set(rows.columns)
    if not monitor.current.is_template:
        # There exclude also says which columns of the days' rows are no reason to look again,
        # and the baseline need not have those.
        present = None
    monitor.require_known([column.name for column in columns], present=present)
    return columns


def _present(workplace: Workplace, frozen: Baseline) -> set[str] | None:
    """Return all columns of the baseline's data; None if it would cost much to know them."""
    monitor = workplace.monitor
    source = monitor.baseline
    if not set(monitor.exclude) - set(frozen.columns):
        return set(frozen.columns)
    if source.database is not None or store_of(source.path) is not None:
        return None
    try:
        frozen_at = workplace.baselines.kept_at(frozen.id)
        files = baseline_files(monitor, workplace.place)
        if frozen_at is None or any(described(one)[1] > frozen_at for one in files):
            # Data that were delivered since, and that nobody judges by, stop nothing.
            return None
        return {*frozen.columns, *read_baseline(monitor, workplace.place).columns}
    except DriftAssetsError:
        # Its data may be gone: the frozen one judges without them.
        return None


def monitor_assets(workplace: Workplace, columns: Sequence[Column]) -> list[dg.AssetsDefinition]:
    """Return all assets of one monitor, in one group of its name."""
    return [
        _baseline_asset(workplace),
        _current_asset(workplace, columns),
        _drift_assets(workplace, columns),
        _report_asset(workplace, columns),
        *_trend_assets(workplace, columns),
        *_action_assets(workplace),
        _alert_asset(workplace),
    ]


def baseline_assets(workplace: Workplace, *, problem: str) -> list[dg.AssetsDefinition]:
    """Return the two assets of the data alone, for a monitor whose columns are not known.

    Parameters
    ----------
    workplace
        The monitor.
    problem
        Why they are not known; the baseline asset's description says it.
    """
    return [_baseline_asset(workplace, problem=problem), _current_asset(workplace)]


def _baseline_asset(workplace: Workplace, *, problem: str = "") -> dg.AssetsDefinition:
    monitor = workplace.monitor
    note = (
        f"\n\n**The columns of this monitor are not known:** {problem} Mend it, materialise "
        "this asset and reload the definitions."
        if problem
        else ""
    )

    @dg.asset(
        key=[monitor.name, "baseline"],
        group_name=monitor.name,
        kinds={"dataset"},
        description=(
            f"What normal looks like for {monitor.name}: `{monitor.baseline.words}`, frozen as "
            "bins and counts. Materialise it to freeze the present file as the new baseline; "
            f"until then days are judged by the one frozen before.{note}"
        ),
    )
    def baseline() -> dg.MaterializeResult[None]:
        frozen = workplace.freeze_baseline()
        return dg.MaterializeResult(
            metadata=_baseline_metadata(workplace, frozen), data_version=dg.DataVersion(frozen.id)
        )

    return baseline


def _baseline_metadata(workplace: Workplace, frozen: Baseline) -> dict[str, Any]:
    profiles = workplace.baseline_days(frozen).profiles
    days = profiles.baseline_days()
    learned = workplace.learned(frozen)
    metadata: dict[str, Any] = {}
    if days:
        metadata["days"] = len(days)
        metadata["size of their profiles"] = profiles.of_baseline.stat().st_size
    if learned:
        metadata["thresholds"] = learned if isinstance(learned, str) else learned.words
    return metadata | {
        "baseline_id": frozen.id,
        "dagster/row_count": frozen.n_rows,
        "columns": len(frozen.columns),
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name, type="numeric" if isinstance(p, NumericProfile) else "categorical"
                )
                for name, p in frozen.columns.items()
            ]
        ),
    }


def _current_asset(workplace: Workplace, columns: Sequence[Column] = ()) -> dg.AssetsDefinition:
    monitor = workplace.monitor

    @dg.asset(
        key=[monitor.name, "current"],
        group_name=monitor.name,
        kinds={"dataset"},
        partitions_def=day_partitions(monitor),
        metadata=column_schema(columns) if columns else {},
        description=(
            f"The data of one day: `{monitor.current.words}`. Its checks say what is wrong with "
            "the data themselves. A day whose data were wrong is run again once they are right."
        ),
    )
    def current(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        day = date.fromisoformat(context.partition_key)
        files = current_files(monitor, workplace.place, day)
        mark = fingerprint(monitor, workplace.place, day, files)
        undated = undated_rows(monitor, monitor.current, workplace.place, files)
        for one, n_rows in undated:
            context.log.warning("%d rows of %s have no date, and belong to no day", n_rows, one)
        return dg.MaterializeResult(
            metadata={
                "files": dg.MetadataValue.md(
                    "\n".join(f"- `{path}`" for path in files[:100]) or "none"
                ),
                "n_files": len(files),
                "size_bytes": sum(described(one)[0] for one in files),
                "fingerprint": mark,
                **of_undated(monitor, undated),
                **of_opening(workplace, day, files),
            },
            data_version=dg.DataVersion(mark),
        )

    return current


def _drift_assets(workplace: Workplace, columns: Sequence[Column]) -> dg.AssetsDefinition:
    monitor = workplace.monitor
    keys = drift_keys(monitor.name, columns)
    owners = owners_of(monitor)
    partitions = day_partitions(monitor)
    upstream = [dg.AssetKey([monitor.name, "baseline"]), dg.AssetKey([monitor.name, "current"])]

    @dg.multi_asset(
        name=f"{monitor.name}__drift",
        specs=[
            dg.AssetSpec(
                key,
                deps=upstream,
                skippable=True,
                group_name=monitor.name,
                partitions_def=partitions,
                kinds={"drift"},
                metadata={"column": column.name, **column_schema([column])},
                tags=tags_of(monitor, column),
                owners=owners.get(column.name),
                description=(
                    f"Drift of the {column.role} `{column.name}` against the baseline. If its "
                    f"check fails, the day's page of `{monitor.name}/report` shows which bins "
                    "moved, since when, and what to do about it."
                ),
            )
            for key, column in keys.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK_NAME,
                asset=key,
                partitions_def=partitions,
                description=f"Fails when `{column.name}` breaches a threshold.",
            )
            for key, column in keys.items()
        ],
        partitions_def=partitions,
        can_subset=True,
    )
    def drift(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        wanted = {key: column for key, column in keys.items() if key in context.selected_asset_keys}
        checked = {
            check.asset_key: column
            for check in context.selected_asset_check_keys
            if (column := keys.get(check.asset_key)) is not None
        }
        looked_at = {column.name for column in [*wanted.values(), *checked.values()]}
        # A report in the same run is one of the whole day, whatever was selected before it.
        selected = context.run.asset_selection
        reports = selected is None or dg.AssetKey([monitor.name, "report"]) in selected
        whole = reports or looked_at == {column.name for column in columns}
        baseline = _usable_baseline(context, workplace, columns)
        day = workplace.evaluate(
            date.fromisoformat(context.partition_key),
            baseline,
            run_id=context.run.run_id,
            only=None if whole else [c.name for c in columns if c.name in looked_at],
        )
        if whole:
            workplace.keep(day)
            _archive(context, workplace, day)
        else:
            workplace.history.record_subset(
                day.assessment,
                partition=day.partition,
                fingerprint=day.fingerprint,
                run_id=day.run_id,
            )
            refresh(workplace.history, workplace.place.home)
        for key, column in keys.items():
            if key in wanted:
                result = day.assessment.feature(column.name)
                yield dg.MaterializeResult(asset_key=key, metadata=_feature_metadata(result, day))
            if key in checked:
                yield column_check(
                    *(key, CHECK_NAME, day.assessment.feature(column.name)),
                    compared_with=_compared_with(day.assessment),
                )

    return drift


def _archive(context: dg.AssetExecutionContext, workplace: Workplace, day: Day) -> None:
    try:
        workplace.archive_day(day)
    except DriftAssetsError as error:
        # What was measured is measured; that the rows are not kept is for people to mend.
        context.log.warning("the rows of %s are not archived: %s", day.partition, error)


def _usable_baseline(
    context: dg.AssetExecutionContext, workplace: Workplace, columns: Sequence[Column]
) -> Baseline:
    """Return the frozen baseline, freezing the first one if the monitor has none yet."""
    baseline = workplace.frozen_baseline() or _first_baseline(context, workplace)
    found = {column.name for column in workplace.monitor.watched(baseline.columns)}
    loaded = {column.name for column in columns}
    if found != loaded:
        raise BaselineError(
            f"The baseline of {workplace.monitor.name!r} has other columns than were loaded "
            f"(new: {sorted(found - loaded)}, gone: {sorted(loaded - found)}), expected the same: "
            "reload the code location, in the UI by 'Reload definitions'."
        )
    return baseline


def _first_baseline(context: dg.AssetExecutionContext, workplace: Workplace) -> Baseline:
    name = workplace.monitor.name
    if workplace.baselines.active_id() is not None:
        raise BaselineError(
            f"Monitor {name!r} now watches other columns, kinds or decision thresholds than its "
            f"frozen baseline has. Materialise {name}/baseline to freeze a new one."
        )
    baseline = workplace.freeze_baseline()
    context.log.info("froze the first baseline of %s: %s", name, baseline.id)
    context.log_event(
        dg.AssetMaterialization(
            dg.AssetKey([name, "baseline"]),
            metadata=_baseline_metadata(workplace, baseline),
            tags={"dagster/data_version": baseline.id},
        )
    )
    return baseline


def _compared_with(assessment: Assessment) -> str:
    """Return the days compared with and their id; "" for the whole baseline."""
    if not assessment.compared_with:
        return ""
    return f"{assessment.compared_with}, id {assessment.comparison_id}"


def _feature_metadata(result: FeatureResult, day: Day) -> dict[str, Any]:
    """Return what the UI shows of a column; floats under stable labels plot over partitions."""
    metadata: dict[str, Any] = {
        "column": result.feature,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "baseline_id": day.assessment.baseline_id,
        **column_lineage(day.assessment.monitor, result.feature),
    }
    if compared_with := _compared_with(day.assessment):
        metadata["compared with"] = compared_with
    for name, measurement in result.measurements.items():
        metadata[LABELS[name]] = float(measurement.value)
        if measurement.p_value is not None:
            metadata[f"{LABELS[name]} p-value"] = float(measurement.p_value)
    if result.current is not None:
        metadata["rows"] = result.current.n + result.current.n_missing
        if result.current.missing_rate is not None:
            metadata["missing rate"] = float(result.current.missing_rate)
    if result.bins:
        metadata["bins"] = dg.MetadataValue.md(bins_table(result))
    return metadata


def _report_asset(workplace: Workplace, columns: Sequence[Column]) -> dg.AssetsDefinition:
    monitor = workplace.monitor

    alerts = alerts_of(workplace)
    key = dg.AssetKey([monitor.name, "report"])
    partitions = day_partitions(monitor)

    @dg.asset(
        key=key,
        deps=list(drift_keys(monitor.name, columns)),
        group_name=monitor.name,
        kinds={"duckdb", "html"},
        partitions_def=partitions,
        check_specs=[dataset_check_spec(key, partitions, monitor.drift_share_threshold)],
        description=(
            "The day's verdict, kept in the history for SQL, and as an HTML and a JSON file. "
            "The page says what moved, since when and how much, and which commands come next: "
            "deliver the data again, freeze a new baseline, or mute it."
        ),
    )
    def report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        day = workplace.kept(date.fromisoformat(context.partition_key), run_id=context.run.run_id)
        assessment = day.assessment
        with workplace.history.at_once() as history:
            reported_at = history.evaluated_at(monitor.name).get(day.partition)
            if reported_at is not None and reported_at > day.evaluated_at:
                raise _measured_later(day)
            reported = reported_series(history, monitor, day)
            past = history.timeline(
                monitor.name,
                first=day.partition - timedelta(days=TIMELINE_DAYS - 1),
                last=day.partition,
            )
            known = history.recent_trends(
                monitor.name,
                first=day.partition - timedelta(days=QUIET_DAYS),
                before=day.partition,
            )
        judged = trends_of(monitor, day, reported)
        trends = judged.by_day[day.partition] if judged is not None else ()
        html_path = workplace.report_path(day.partition, ".html")
        page = html_report(
            assessment,
            partition=day.partition,
            trends=trends,
            timeline=past,
            checks=day.checks,
            today=datetime.now(ZoneInfo(monitor.timezone)).date(),
        )
        write_in_home(html_path, page.encode("utf-8"))
        json_path = workplace.report_path(day.partition, ".json")
        document = assessment_to_dict(
            assessment,
            partition=day.partition,
            run_id=day.run_id,
            fingerprint=day.fingerprint,
        )
        if day.checks:
            document["checks"] = checks_to_list(day.checks)
        if judged is not None:
            document["trends"] = trends_to_list(trends)
        write_in_home(json_path, to_json(document))
        # Last, in one transaction: a day whose files could not be written stays due.
        recorded = workplace.history.record(
            assessment,
            partition=day.partition,
            fingerprint=day.fingerprint,
            run_id=day.run_id,
            inputs=day.inputs,
            alerts=[
                _alert(monitor, message, alerts)
                for message in _messages(monitor, day, trends, known=known)
            ],
            # A trend that was told of stands as long as any column creeps.
            standing_causes=[TREND_CAUSE] if still_creeps(trends) else [],
            # What could not be evaluated says nothing against what was found before.
            silent=[result.feature for result in assessment.not_evaluated],
            evaluated_at=day.evaluated_at,
            trends=judged,
            actions=new_actions(workplace, day, trends, now=datetime.now(UTC)),
            checks=day.checks,
        )
        if not recorded:
            raise _measured_later(day)
        workplace.forget_older(day)
        n_breached = len(assessment.breached)
        yield dg.MaterializeResult(
            metadata={
                "verdict": assessment.verdict.value,
                "verdict of the data set": (
                    f"{assessment.dataset.verdict.value}: {assessment.dataset.reason}"
                ),
                "breached columns": n_breached,
                "share of columns breached": n_breached / len(assessment.features),
                "not evaluated": len(assessment.not_evaluated),
                "dagster/row_count": assessment.n_current,
                "summary": dg.MetadataValue.md(markdown_table(assessment)),
                "picture": dg.MetadataValue.md(
                    f"![PSI of each column]({data_uri(svg_overview(assessment))})"
                ),
                "page": dg.MetadataValue.path(str(html_path)),
                **_address(alerts.links.reports, day),
                "json": dg.MetadataValue.path(str(json_path)),
                "baseline_id": assessment.baseline_id,
            },
            check_results=[dataset_check(key, assessment.dataset)],
        )

    return report


def _address(reports: str | None, day: Day) -> dict[str, dg.MetadataValue[Any]]:
    """Return where the page is on the web, if the reports are served."""
    if reports is None:
        return {}
    page = f"{reports.rstrip('/')}/{day.assessment.monitor}/{day.partition}.html"
    return {"web page": dg.MetadataValue.url(page)}


def _measured_later(day: Day) -> DataError:
    return DataError(
        f"Found a report of {day.partition} that was measured after this run did, expected none: "
        "the later one stands, and this run changes nothing."
    )


def _messages(
    monitor: Monitor, day: Day, trends: Sequence[TrendResult], *, known: Collection[str]
) -> list[Message]:
    """Return all that a day gives cause to say, of itself and of the days up to it.

    Of the columns that are ``known`` to creep people were told lately.
    """
    messages = messages_for(day.assessment, partition=day.partition)
    creeping = trend_message(
        monitor.name,
        trends,
        partition=day.partition,
        known=known,
        baseline_id=day.assessment.baseline_id,
    )
    more = (
        creeping,
        check_message(monitor.name, day.checks, partition=day.partition),
        quarantine_message(
            monitor.name,
            {one.path: one.quarantine for one in day.inputs if one.quarantine is not None},
            n_inputs=len(day.inputs),
            partition=day.partition,
        ),
    )
    return [*messages, *(message for message in more if message is not None)]


def _alert(monitor: Monitor, message: Message, alerts: Alerts) -> NewAlert:
    """Return what the outbox keeps of a message of a day's report."""
    alert = new_alert(message, severity_of(message, alerts))
    if message.cause == QUARANTINE_CAUSE and monitor.current.is_template:
        # A later day's files say nothing of the ones that this day lacks.
        return replace(alert, ends="own_day")
    return alert


def _trend_assets(workplace: Workplace, columns: Sequence[Column]) -> list[dg.AssetsDefinition]:
    if workplace.monitor.trend is None:
        return []
    return [trend_asset(workplace, columns, day_partitions(workplace.monitor))]


def _action_assets(workplace: Workplace) -> list[dg.AssetsDefinition]:
    if not workplace.monitor.actions:
        return []
    return [action_asset(workplace, day_partitions(workplace.monitor))]


def _alert_asset(workplace: Workplace) -> dg.AssetsDefinition:
    monitor, alerts = workplace.monitor, alerts_of(workplace)

    @dg.asset(
        key=[monitor.name, "alert"],
        deps=[
            dg.AssetKey([monitor.name, name])
            for name in ("report", *(("drift_trend",) if monitor.trend is not None else ()))
        ],
        group_name=monitor.name,
        kinds={"alert"},
        partitions_def=day_partitions(monitor),
        description=(
            "Tells people what the history says is to be told, and brings the dashboard up to "
            "date. It decides nothing itself. If its check `no_breach` fails, a column drifted and "
            "everybody was told: see the report, and do not run it again unless the data changed."
        ),
    )
    def alert(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        # Of all days: what an earlier run could not deliver is tried again.
        delivered = deliver(monitor, alerts, workplace.history.outbox, context.log)
        if not delivered.sent and not delivered.failures:
            context.log.info("%s %s: nothing to tell", monitor.name, context.partition_key)
        # The last that this run writes; whoever comes later publishes what is too early now.
        dashboard = refresh(workplace.history, workplace.place.home)
        return dg.MaterializeResult(
            metadata={
                "alerts sent": delivered.sent,
                "alerts failed": len(delivered.failures),
                "channels": ", ".join(delivered.channels),
                "dashboard": dg.MetadataValue.path(str(dashboard)),
                **({"channels that are off": ", ".join(delivered.off)} if delivered.off else {}),
                **({"failures": "; ".join(delivered.failures)} if delivered.failures else {}),
            }
        )

    return alert
