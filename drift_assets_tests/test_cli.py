"""The command line, as a person types it."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from drift_assets.cli import main
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows

ODD = COLUMNS[0]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    baseline, current = tmp_path / "baseline.csv", tmp_path / "current.csv"
    rows(0, 3000).to_csv(baseline, index=False)
    rows(1, 1000, shift=1.0).to_csv(current, index=False)
    return baseline, current


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("DAGSTER_HOME", "DRIFT_ASSETS_HOME"):
        # Recorded, so that what a command sets is undone.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    made = make_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def test_compare_prints_the_report_in_the_documents_layout(files: tuple[Path, Path]) -> None:
    result = call("compare", "--baseline", files[0], "--current", files[1])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "=" * 80
    assert lines[1] == "DRIFT DETECTION REPORT"
    assert "Overall Drift Detected: YES" in lines
    assert "Baseline: 3,000 samples" in lines
    assert "Current:  1,000 samples" in lines
    assert f"    - {ODD}:" in lines


def test_compare_takes_many_names_after_one_features_option(files: tuple[Path, Path]) -> None:
    result = call(
        "compare", "--baseline", files[0], "--features", "a-b", "a_b", "region",
        "--current", files[1], "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert list(json.loads(result.output)["feature_drift"]["features"]) == ["a-b", "a_b", "region"]


def test_compare_leaves_with_status_1_only_when_asked_and_only_for_drift(
    files: tuple[Path, Path],
) -> None:
    baseline, current = files
    asked = ("compare", "--baseline", baseline, "--features", ODD, "--exit-code")
    assert call(*asked, "--current", current).exit_code == 1
    assert call(*asked, "--current", baseline).exit_code == 0
    assert call(*asked[:-1], "--current", current).exit_code == 0


def test_compare_writes_the_documents_json_and_a_page(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    output, page = tmp_path / "out" / "report.json", tmp_path / "report.html"
    call(
        "compare", "--baseline", files[0], "--current", files[1],
        "--prediction-column", "score", "--output", output, "--html", page,
    )  # fmt: skip
    report = json.loads(output.read_text(encoding="utf-8"))
    feature = report["feature_drift"]["features"][ODD]
    assert feature["psi"]["drift_detected"]
    assert {"expected_mean", "actual_mean", "threshold"} <= set(feature["psi"])
    assert "score" not in report["feature_drift"]["features"]
    assert "<svg" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--current", "nowhere.csv"], "nowhere.csv"),
        (["--current", "{current}", "--features", "incme"], "incme"),
        (["--current", "{current}", "stray"], "unexpected argument"),
        (["--current", "{current}", "--psi-threshold", "-1"], "--psi-threshold"),
        (["--current", "{current}", "--ks-threshold", "nan"], "--ks-threshold"),
        ([], "Missing option '--current'"),
    ],
)
def test_bad_usage_and_bad_input_end_with_status_2_and_no_traceback(
    files: tuple[Path, Path], arguments: list[str], expected: str
) -> None:
    filled = [a.format(current=files[1]) for a in arguments]
    result = call("compare", "--baseline", files[0], *filled)
    assert result.exit_code == 2
    assert expected in result.output
    assert "Traceback" not in result.output


def test_compare_loads_neither_dagster_nor_duckdb_nor_pandas(files: tuple[Path, Path]) -> None:
    code = (
        "import sys\nfrom drift_assets.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({'dagster', 'duckdb', 'pandas', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "compare", "--baseline", files[0], "--current", files[1]],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_run_monitors_sql_and_health_tell_one_story(project: Project) -> None:
    project.drop("2026-01-02", rows(1))
    project.drop("2026-01-03", rows(2, shift=1.0))
    project.drop("2099-12-31", rows(3))
    first = call("run", "churn", "--partition", "2026-01-02")
    assert first.exit_code == 0, first.output
    assert "2026-01-02        400 rows  ok" in first.output
    both = call("run", "churn", "--from", "2026-01-02", "--to", "2026-01-03", "--exit-code")
    assert both.exit_code == 1, both.output
    assert "1 completed, 1 completed with drift" in both.output

    query = "SELECT feature FROM drift_history WHERE verdict = 'breach'"
    printed = call("sql", query, "--format", "json")
    assert json.loads(printed.output) == [{"feature": ODD}]
    assert call("sql", query, "--format", "csv").output.splitlines() == ["feature", ODD]
    assert ODD in call("sql", query).output

    (entry,) = [m for m in json.loads(call("monitors", "--json").output) if m["name"] == "churn"]
    assert entry["days_reported"] == 2
    assert entry["last_reported"] == "2026-01-03"
    assert "2099-12-31" in entry["files_of_unknown_days"][0]

    healthy = call("health", "--no-daemon", "--defs", project.yaml)
    assert healthy.exit_code == 0, healthy.output
    assert call("health", "--defs", project.yaml).exit_code == 1
    assert call("health", "--no-daemon", "--max-age-hours", "0", "--defs", project.yaml).exit_code


def test_sql_cannot_write(project: Project) -> None:
    project.drop("2026-01-02", rows(1))
    call("run", "churn", "--partition", "2026-01-02")
    for query in ("DELETE FROM evaluations", "COPY evaluations TO 'x.csv'", "SELECT 1; SELECT 2"):
        result = call("sql", query)
        assert result.exit_code == 2
        assert "Traceback" not in result.output
    assert not (project.root / "x.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["churn"], "--partition"),
        (["churn", "--partition", "yesterday"], "2026-11-23"),
        (["churn", "--partition", "1999-01-01"], "expected one from 2026-01-01"),
        (["churn", "--from", "2026-01-05", "--to", "2026-01-01"], "is after"),
        (["churn", "--partition", "2026-01-02"], "2026-01-02"),
        (["chrun", "--partition", "2026-01-02"], "Did you mean 'churn'"),
    ],
)
def test_run_says_what_is_wrong(project: Project, arguments: list[str], expected: str) -> None:
    result = call("run", *arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert "Traceback" not in result.output
    assert project.root.exists()


def test_init_writes_once_and_never_overwrites(tmp_path: Path) -> None:
    baseline, output = tmp_path / "b.csv", tmp_path / "defs.yaml"
    pd.DataFrame({"x": range(50)}).to_csv(baseline, index=False)
    assert call("init", baseline, "--output", output).exit_code == 0
    written = output.read_text(encoding="utf-8")
    again = call("init", baseline, "--output", output)
    assert again.exit_code == 2
    assert "expected none" in again.output
    assert output.read_text(encoding="utf-8") == written


def test_every_command_and_option_explains_itself() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
