from drift_assets.data_checks import CheckResult
from drift_assets.report.checks import check_lines, checks_to_list
from drift_assets.verdicts import Verdict

CHECKS = (
    CheckResult("row_count", "error", "passed", "1,000 rows", value=1.0, lowest=0.5, highest=2.0),
    CheckResult("missing_rate", "warn", "failed", "too many", columns=("a", "b\u202ec")),
    CheckResult("duplicates", "error", "failed", "3 rows"),
    CheckResult("stale", "error", "not_evaluated", "no earlier day"),
)


def test_a_failure_is_as_grave_as_its_severity_and_no_answer_is_no_pass() -> None:
    lines = check_lines(CHECKS)
    assert [line.verdict for line in lines] == [
        Verdict.OK,
        Verdict.WARN,
        Verdict.BREACH,
        Verdict.NOT_EVALUATED,
    ]
    assert [line.label for line in lines] == [
        "passed",
        "failed, a warning",
        "failed",
        "not evaluated",
    ]
    assert lines[1].columns == "a, b\\u202ec"


def test_every_field_is_written() -> None:
    row_count, missing, *_ = checks_to_list(CHECKS)
    assert row_count["value"] == 1.0
    assert row_count["columns"] == []
    assert missing["columns"] == ["a", "b\u202ec"]
    assert missing["state"] == "failed"
