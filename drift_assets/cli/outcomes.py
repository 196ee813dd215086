"""What a command says of an assessment: an exit status, a line."""

from typing import TYPE_CHECKING

from drift_assets.cli.program import BAD_INPUT, DRIFT_FOUND

if TYPE_CHECKING:
    from drift_assets.assessment import Assessment
    from drift_assets.orchestration.runs import Outcome


def status_of(assessment: "Assessment") -> int:
    """Return the exit status of an answer; no answer at all is never 0."""
    if assessment.breached:
        return DRIFT_FOUND
    return BAD_INPUT if assessment.not_evaluated else 0


def day_line(outcome: "Outcome") -> str:
    """Return one day in one line."""
    undated = ""
    if outcome.n_undated:
        undated = f"; {outcome.n_undated:,} rows without a date belong to no day"
    if outcome.assessment is None:
        word = "no data" if outcome.has_no_data else "FAILED"
        return f"{outcome.partition}  {word}  {outcome.error}{undated}"
    assessment = outcome.assessment
    line = f"{outcome.partition}  {assessment.n_current:>9,} rows  {assessment.verdict.value}"
    if assessment.breached:
        line += ": " + ", ".join(
            f"{f.feature} ({f.top_bins[0].label})" if f.top_bins else f.feature
            for f in assessment.breached
        )
    if assessment.not_evaluated:
        line += "; not evaluated: " + ", ".join(f.feature for f in assessment.not_evaluated)
    return line + undated
