"""The job of a monitor's baselines: what ``drift-assets baseline`` does, from the Dagster UI."""

from datetime import date
from typing import Any, Literal

import dagster as dg

from drift_assets.errors import ConfigurationError
from drift_assets.monitors import Monitor
from drift_assets.orchestration import freezing, promotion
from drift_assets.orchestration.day import Workplace
from drift_assets.profiles import Baseline
from drift_assets.report.markdown import markdown_table

Act = Literal["list", "freeze", "preview", "promote", "rollback", "archive", "diff"]


class BaselineAct(dg.Config):
    """What the job is to do: the config of its op ``act``.

    Attributes
    ----------
    act
        list, freeze, preview, promote, rollback, archive or diff.
    baseline_id
        For preview, promote, archive, and as the first of diff.
    other_id
        The second of diff; by default the active one.
    file, first, last, last_days
        For freeze: a file, days, or so many of the latest days; by default the YAML's data.
    by, reason
        For the history: who does it, and why.
    """

    act: Act = "list"
    baseline_id: str = ""
    other_id: str = ""
    file: str = ""
    first: str = ""
    last: str = ""
    last_days: int = 0
    by: str = ""
    reason: str = ""


def baseline_job_name(monitor: Monitor) -> str:
    """Return the name of the job of a monitor's baselines."""
    return f"{monitor.name}__baselines"


def baseline_job(workplace: Workplace) -> dg.JobDefinition:
    """Return the job by which baselines are listed, frozen, promoted, rolled back or archived."""
    monitor = workplace.monitor

    @dg.op(name=f"{monitor.name}__baseline_act", out=dg.Out(dg.Nothing))
    def act(context: dg.OpExecutionContext, config: BaselineAct) -> None:
        metadata = _done(context, workplace, config)
        context.add_output_metadata(metadata)

    @dg.job(
        name=baseline_job_name(monitor),
        executor_def=dg.in_process_executor,
        description=(
            f"Lists, freezes, previews, promotes, rolls back, archives or compares baselines of "
            f"{monitor.name}: the config of its op says which. Preview before you promote."
        ),
    )
    def job() -> None:
        act()

    return job


def active_materialization(workplace: Workplace, baseline: Baseline) -> dg.AssetMaterialization:
    """Return what tells Dagster which baseline is active now."""
    return dg.AssetMaterialization(
        dg.AssetKey([workplace.monitor.name, "baseline"]),
        metadata={"baseline_id": baseline.id, "dagster/row_count": baseline.n_rows},
        tags={"dagster/data_version": baseline.id},
    )


def _done(
    context: dg.OpExecutionContext, workplace: Workplace, config: BaselineAct
) -> dict[str, Any]:
    who, reason = config.by, config.reason
    match config.act:
        case "freeze":
            frozen = _freeze(workplace, config)
            return {
                "baseline_id": frozen.baseline.id,
                "dagster/row_count": frozen.baseline.n_rows,
                "from": frozen.source,
                "new": frozen.is_new,
            }
        case "preview" | "promote":
            candidate = promotion.find_baseline(workplace, config.baseline_id)
            found = promotion.preview(workplace, candidate)
            if config.act == "promote":
                promotion.promote(
                    workplace, candidate, who=who, reason=reason, detail=found.summary
                )
                context.log_event(active_materialization(workplace, candidate))
            return {"baseline_id": candidate.id, "summary": found.summary, **_effects(found)}
        case "rollback":
            back = promotion.rollback(workplace, who=who, reason=reason)
            context.log_event(active_materialization(workplace, back))
            return {"baseline_id": back.id}
        case "archive":
            away = promotion.find_baseline(workplace, config.baseline_id)
            promotion.archive(workplace, away, who=who, reason=reason)
            return {"baseline_id": away.id}
        case "diff":
            other = config.other_id or workplace.baselines.active_id() or ""
            difference = promotion.diff(
                workplace,
                promotion.find_baseline(workplace, config.baseline_id),
                promotion.find_baseline(workplace, other),
            )
            return {"drift": dg.MetadataValue.md(markdown_table(difference.drift))}
    return {"baselines": dg.MetadataValue.md(_list(workplace))}


def _freeze(workplace: Workplace, config: BaselineAct) -> freezing.Frozen:
    first, last = _day(config.first), _day(config.last)
    who, reason = config.by, config.reason
    if config.last_days > 0:
        return freezing.freeze_rolling(workplace, config.last_days, who=who, reason=reason)
    if config.file:
        return freezing.freeze_files(
            workplace, config.file, first=first, last=last, who=who, reason=reason
        )
    if first is not None and last is not None:
        return freezing.freeze_days(workplace, first, last, who=who, reason=reason)
    if first is not None or last is not None:
        raise ConfigurationError("Found one of first and last, expected both, or last_days.")
    return freezing.freeze_declared(workplace, who=who, reason=reason)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"Found {text!r}, expected a day such as 2026-11-23.") from error


def _effects(found: promotion.Preview) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if found.difference is not None:
        metadata["drift"] = dg.MetadataValue.md(markdown_table(found.difference.drift))
    if found.days:
        lines = ["| day | was said | would be said | by its |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {day.partition} | {day.said.value} | {day.would_say.value} | {day.basis} |"
            for day in found.days
        ]
        metadata["days"] = dg.MetadataValue.md("\n".join(lines))
    return metadata


def _list(workplace: Workplace) -> str:
    lines = ["| baseline | state | rows | days judged | from |", "| --- | --- | --- | --- | --- |"]
    for one in promotion.list_baselines(workplace):
        source = one.source.replace("|", r"\|")
        lines.append(
            f"| `{one.baseline_id}` | {one.state} | {one.n_rows or ''} | {one.n_days_judged} | "
            f"{source} {one.why} |"
        )
    return "\n".join(lines)
