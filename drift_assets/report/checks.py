"""What a report says of the checks of the data themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from drift_assets.data_checks import CheckResult
from drift_assets.report.escaping import visible
from drift_assets.report.wording import VERDICT_LABELS
from drift_assets.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class CheckLine:
    """What one check found, in words; its verdict gives it a mark."""

    check: str
    columns: str
    verdict: Verdict
    label: str
    reason: str


def check_lines(checks: Sequence[CheckResult]) -> tuple[CheckLine, ...]:
    """Return a line for each check, in their order; every text is visible, none is escaped."""
    lines = []
    for one in checks:
        verdict, label = Verdict.OK, "passed"
        if one.state == "not_evaluated":
            verdict, label = Verdict.NOT_EVALUATED, VERDICT_LABELS[Verdict.NOT_EVALUATED]
        elif one.state == "failed":
            verdict = Verdict.BREACH if one.severity == "error" else Verdict.WARN
            label = "failed" if one.severity == "error" else "failed, a warning"
        name = one.name.replace("_", " ")
        columns = ", ".join(visible(column) for column in one.columns)
        lines.append(CheckLine(name, columns, verdict, label, visible(one.reason)))
    return tuple(lines)


def checks_to_list(checks: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Return every field of the checks under its own name, as plain JSON types."""
    return [
        {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(CheckResult)
            for value in [getattr(one, field.name)]
        }
        for one in checks
    ]
