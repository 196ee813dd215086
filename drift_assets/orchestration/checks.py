"""Asset checks: one per column that never blocks, and the gate at the very end."""

from datetime import date

import dagster as dg

from drift_assets.assessment import FeatureResult
from drift_assets.figures import show_share
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
