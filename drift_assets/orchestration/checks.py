"""Asset checks: one per column that never blocks, and the gate at the very end."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Final

import dagster as dg

from drift_assets.assessment import FeatureResult
from drift_assets.data_checks import CHECK_NAMES, CheckResult
from drift_assets.errors import NoDataError
from drift_assets.figures import show_share
from drift_assets.monitors import Monitor
from drift_assets.orchestration.day import Workplace
from drift_assets.verdicts import DatasetRuling, Verdict

GATE_NAME = "no_breach"
DATASET_NAME = "dataset_drift"


def column_check(
    key: dg.AssetKey, check_name: str, result: FeatureResult, *, compared_with: str = ""
) -> dg.AssetCheckResult:
    """Return the check of one column: ERROR for a breach, WARN for warn and not evaluated."""
    metadata: dict[str, float | str] = {
        "column": result.feature,
        "verdict": result.verdict.value,
        "reason": result.reason,
    }
    if compared_with:
        metadata["compared with"] = compared_with
    if result.rule_verdict is not result.verdict:
        metadata["verdict of the day alone"] = result.rule_verdict.value
    if result.plain_verdict is not result.rule_verdict:
        metadata["verdict of the plain rule"] = result.plain_verdict.value
    if result.alert_after.breaches > 1:
        metadata["alert after"] = str(result.alert_after)
    for judgement in result.judgements:
        measurement, threshold = judgement.measurement, judgement.threshold
        metadata[measurement.statistic] = float(measurement.value)
        if measurement.p_value is not None:
            metadata[f"{measurement.statistic} p-value"] = float(measurement.p_value)
        metadata[f"{measurement.statistic} threshold"] = threshold.rule
    if result.adjusted_p_value is not None:
        metadata["adjusted p-value"] = float(result.adjusted_p_value)
    return dg.AssetCheckResult(
        passed=result.verdict is Verdict.OK,
        asset_key=key,
        check_name=check_name,
        severity=(
            dg.AssetCheckSeverity.ERROR
            if result.verdict is Verdict.BREACH
            else dg.AssetCheckSeverity.WARN
        ),
        description=f"{result.verdict.value}: {result.reason}",
        metadata=metadata,
    )


def data_checks_of(
    workplace: Workplace, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetChecksDefinition]:
    """Return the checks of the data themselves, which never block; none if nobody wants any.

    What they say was found in the step that read the data.
    """
    monitor = workplace.monitor
    names = [name for name in CHECK_NAMES if name in wanted_checks(monitor)]
    if not names:
        return []
    key = dg.AssetKey([monitor.name, "current"])

    @dg.multi_asset_check(
        name=f"{monitor.name}__data_checks",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=key,
                partitions_def=partitions,
                additional_deps=[dg.AssetKey([monitor.name, "report"])],
                description=_ASKED[name],
            )
            for name in names
        ],
        can_subset=True,
    )
    def data_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        found: dict[str, CheckResult] = {}
        # Asked for without a measurement, they have no answer, which is no failure of the run.
        with suppress(NoDataError):
            day = workplace.kept(
                date.fromisoformat(context.partition_key), run_id=context.run.run_id
            )
            found = {one.name: one for one in day.checks}
        for check in context.selected_asset_check_keys:
            yield data_check(key, check.name, found.get(check.name))

    return [data_checks]


def wanted_checks(monitor: Monitor) -> set[str]:
    """Return the names of the data checks that a monitor has."""
    settings = monitor.data_checks
    names = set() if settings is None else set(settings.wanted)
    return names | ({"data_arrived"} if monitor.deadline is not None else set())


def data_check(key: dg.AssetKey, name: str, result: CheckResult | None) -> dg.AssetCheckResult:
    """Return what Dagster is told of one data check."""
    if result is None:
        return dg.AssetCheckResult(
            passed=False,
            asset_key=key,
            check_name=name,
            severity=dg.AssetCheckSeverity.WARN,
            description="not_evaluated: the check comes with the measurement: run the whole day",
        )
    return dg.AssetCheckResult(
        passed=result.state == "passed",
        asset_key=key,
        check_name=name,
        severity=(
            dg.AssetCheckSeverity.ERROR
            if result.state == "failed" and result.severity == "error"
            else dg.AssetCheckSeverity.WARN
        ),
        description=f"{result.state}: {result.reason}",
        metadata=check_metadata(result),
    )


def check_metadata(result: CheckResult) -> dict[str, float | str]:
    """Return the numbers of a data check as Dagster takes them."""
    numbers = {"value": result.value, "lowest": result.lowest, "highest": result.highest}
    metadata: dict[str, float | str] = {
        label: float(number) for label, number in numbers.items() if number is not None
    }
    if result.columns:
        metadata["columns"] = ", ".join(result.columns)
    return metadata


_ASKED: Final = {
    "data_arrived": "Fails when the data have not come by the deadline.",
    "row_count": "Fails when there are far fewer or more rows than usual.",
    "schema": "Fails when a column is missing, new, or of another type.",
    "missing_rate": "Fails when too much of a column is missing.",
    "duplicates": "Fails when rows have the key of another.",
    "stale": "Fails when the data are those of an earlier day once more.",
    "out_of_range": "Fails when too many values are such as the baseline never had.",
}


def dataset_check_spec(
    report: dg.AssetKey, partitions: dg.DailyPartitionsDefinition, threshold: float
) -> dg.AssetCheckSpec:
    """Return what the report says of the data set as a whole, as a check that never blocks."""
    return dg.AssetCheckSpec(
        DATASET_NAME,
        asset=report,
        partitions_def=partitions,
        description="Fails when the share of features that breach, weighed by importance, is "
        f"{show_share(threshold)} or more. It stops nothing and tells nobody.",
    )


def dataset_check(report: dg.AssetKey, dataset: DatasetRuling) -> dg.AssetCheckResult:
    """Return the check of the data set: ERROR for a breach, WARN for not evaluated."""
    metadata: dict[str, float | str] = {
        "verdict": dataset.verdict.value,
        "threshold": float(dataset.threshold),
    }
    if dataset.drift_share is not None:
        metadata["drift share"] = float(dataset.drift_share)
    return dg.AssetCheckResult(
        passed=dataset.verdict is Verdict.OK,
        asset_key=report,
        check_name=DATASET_NAME,
        severity=(
            dg.AssetCheckSeverity.ERROR
            if dataset.verdict is Verdict.BREACH
            else dg.AssetCheckSeverity.WARN
        ),
        description=f"{dataset.verdict.value}: {dataset.reason}",
        metadata=metadata,
    )


def gate_check(
    workplace: Workplace, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """Return the last check of a run, which fails the run of a breaching day.

    It stands on the alert asset, so that report and alert are done by then,
    and it stops whatever a user hangs downstream of that asset.
    """
    monitor = workplace.monitor

    @dg.asset_check(
        asset=dg.AssetKey([monitor.name, "alert"]),
        name=GATE_NAME,
        blocking=monitor.fail_run_on_breach,
        partitions_def=partitions,
        description="Fails when a column breached on this day, or none could be evaluated, after "
        "everybody was told.",
    )
    def no_breach(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        day = workplace.kept(date.fromisoformat(context.partition_key), run_id=context.run.run_id)
        breached, silent = day.assessment.breached, day.assessment.not_evaluated
        if not breached and not silent:
            return dg.AssetCheckResult(
                passed=True,
                description=f"{day.assessment.verdict.value}: no column breaches",
                metadata={"breached columns": 0},
            )
        if not breached:
            # No answer is no pass. Dagster stops what is downstream only for ERROR: where
            # nothing at all could be evaluated, nobody should retrain on it.
            nothing = len(silent) == len(day.assessment.features)
            return dg.AssetCheckResult(
                passed=False,
                severity=(dg.AssetCheckSeverity.ERROR if nothing else dg.AssetCheckSeverity.WARN),
                description=f"{len(silent)} of {len(day.assessment.features)} columns could not be "
                f"evaluated: {silent[0].feature}: {silent[0].reason}",
                metadata={"breached columns": 0, "not evaluated": len(silent)},
            )
        names = ", ".join(f.feature for f in breached)
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{len(breached)} column(s) breach: {names}",
            metadata={"breached columns": len(breached), "columns": names},
        )

    return no_breach
