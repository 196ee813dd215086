"""What drift starts: a candidate, a comparison, a promotion if it is better; and the way back."""

from datetime import date, timedelta
from typing import Any

import dagster as dg

from drift_assets import DriftEvent
from drift_assets.declarations import read_declarations
from drift_assets.orchestration.day import Workplace, workplace_of
from drift_assets.orchestration.freezing import freeze_files
from drift_assets.orchestration.promotion import promote, rollback
from flights.models import (
    DATA,
    ROOT,
    compared,
    fit,
    keep,
    load,
    losses,
    put_to_work,
    rows_of,
    scored,
    versions,
    write_rows,
)


def workplace() -> Workplace:
    """Return the monitor and its places."""
    (declared,) = read_declarations([ROOT / "flights" / "defs" / "flights" / "defs.yaml"])
    return workplace_of(declared)


@dg.op
def fit_candidate(context: dg.OpExecutionContext, config: DriftEvent) -> dict[str, Any]:
    """Train a candidate on two thirds of the rows since the drift began."""
    first, last = date.fromisoformat(config.since), date.fromisoformat(config.partition)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = rows_of(days)
    # By the row, so that both see all days; the same rows at every attempt.
    held_out = rows.sample(frac=1 / 3, random_state=0).index
    version = max(versions()) + 1
    keep(fit(rows.drop(held_out)), version)
    context.log.info("candidate %d, trained on %d rows", version, len(rows) - len(held_out))
    return {
        "version": version,
        "days": [str(day) for day in days],
        "held_out": held_out.tolist(),
        "why": f"{config.reason} ({', '.join(config.columns)})",
    }


@dg.op
def compare_on_held_out(
    context: dg.OpExecutionContext, candidate: dict[str, Any]
) -> dict[str, Any]:
    """Compare candidate and present model on rows that neither was trained on."""
    rows = rows_of(map(date.fromisoformat, candidate["days"])).loc[candidate["held_out"]]
    found = compared(losses(load(versions()[-1]), rows), losses(load(candidate["version"]), rows))
    context.add_output_metadata(
        {"gain": found.gain, "low": found.low, "high": found.high, "rows": found.n_rows}
    )
    said = f"log loss better by {found.gain:.3f} [{found.low:.3f}, {found.high:.3f}] nats a row"
    return candidate | {"is_better": found.is_better, "said": said}


@dg.op
def promote_if_better(context: dg.OpExecutionContext, candidate: dict[str, Any]) -> None:
    """Let a better candidate score, and be judged by what its scores look like."""
    if not candidate["is_better"]:
        context.log.warning("the present model stays: %s", candidate["said"])
        return
    version = candidate["version"]
    rows = rows_of(map(date.fromisoformat, candidate["days"]))
    path = write_rows(scored(load(version), rows), DATA / "baselines" / f"{version}.parquet")
    frozen = freeze_files(workplace(), str(path), reason=f"model {version}")
    promote(
        workplace(),
        frozen.baseline,
        who="retrain_model",
        reason=f"{candidate['why']}; {candidate['said']}",
    )
    put_to_work([*versions(), version])


@dg.job(executor_def=dg.in_process_executor)
def retrain_model() -> None:
    """Train, compare, promote."""
    promote_if_better(compare_on_held_out(fit_candidate()))


@dg.op
def go_back(context: dg.OpExecutionContext) -> None:
    """Let the model before the present one score again, and its baseline judge."""
    *before, _ = versions()
    if not before:
        raise dg.Failure("Found one version of the model, expected one before it.")
    baseline = rollback(workplace(), who="roll_back_model", reason=f"back to model {before[-1]}")
    put_to_work(before)
    context.log.info("model %d scores, baseline %s judges", before[-1], baseline.id)


@dg.job(executor_def=dg.in_process_executor)
def roll_back_model() -> None:
    """One step back; again, one further."""
    go_back()
