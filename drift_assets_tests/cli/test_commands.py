"""The command line, as a person types it."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest

from drift_assets.cli import main
from drift_assets_tests.cli.calling import call
from drift_assets_tests.end_to_end.project import COLUMNS, Project, make_project, rows

ODD = COLUMNS[0]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    baseline, current = tmp_path / "baseline.csv", tmp_path / "current.csv"
    rows(0, 3000).to_csv(baseline, index=False)
    rows(1, 1000, shift=1.0).to_csv(current, index=False)
    return baseline, current


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
        (["--current", "{current}", "--psi-threshold", "inf"], "finite"),
        (["--current", "{current}", "--features", ""], "is not a name"),
        (["--current", "{current}", "--features", "a-b", "a-b"], "more than once"),
        (["--current", "{current}", "--features", "a-b", "--prediction-column", "a-b"], "a-b"),
        (["--current", "."], "a folder"),
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


def test_compare_takes_codes_without_a_list_of_features(tmp_path: Path) -> None:
    # The same numbers of each code but one: quantities would have a mean, categories have none.
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    pd.DataFrame({"zip": [1, 2, 3] * 50, "age": range(150)}).to_csv(before, index=False)
    pd.DataFrame({"zip": [1, 2, 4] * 50, "other": range(150)}).to_csv(after, index=False)
    files = ("compare", "--baseline", before, "--current", after, "--json")
    result = call(*files, "--categorical", "zip")
    assert result.exit_code == 0, result.output
    features = json.loads(result.output)["feature_drift"]["features"]
    assert "chi_squared" in features["zip"]
    assert "ks_test" not in features["zip"]
    # What nobody named may be absent, with codes as without.
    assert "absent" in features["age"]["reason"]
    unknown = call(*files, "--categorical", "zpi")
    assert unknown.exit_code == 2
    assert "Did you mean 'zip'?" in unknown.output


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
    stretch = ("--from", "2026-01-02", "--to", "2026-01-03")
    both = call("run", "churn", *stretch, "--again", "--exit-code")
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
    old = call("health", "--no-daemon", "--max-age-hours", "1e-9", "--defs", project.yaml)
    assert old.exit_code == 1
    for odd in ("nan", "inf", "0", "1e300"):
        refused = call("health", "--max-age-hours", odd, "--defs", project.yaml)
        assert refused.exit_code == 2
        assert "--max-age-hours" in refused.output


def test_a_range_with_drift_ends_with_1_though_another_day_could_not_be_evaluated(
    project: Project,
) -> None:
    project.drop("2026-01-02", rows(2, shift=1.0))
    project.drop("2026-01-03", rows(1).head(20))
    stretch = ("--from", "2026-01-02", "--to", "2026-01-03")
    both = call("run", "churn", *stretch, "--again", "--exit-code")
    assert "breach" in both.output
    assert "not evaluated" in both.output
    assert both.exit_code == 1


def test_health_tells_of_an_alert_that_did_not_arrive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = {"webhook": {"url_env": "CHURN_HOOK"}, "latest_days": None}
    made = make_project(tmp_path / "hooked", alerts=alerts)
    monkeypatch.chdir(made.root)
    # Nobody listens there.
    monkeypatch.setenv("CHURN_HOOK", "http://127.0.0.1:9/")
    made.drop("2026-01-02", rows(2, shift=1.0))
    call("run", "churn", "--partition", "2026-01-02")
    result = call("health", "--no-daemon", "--defs", made.yaml)
    assert "FAIL  churn: 1 message(s) not taken by webhook since " in result.output
    assert result.exit_code == 1


def test_sql_as_json_keeps_columns_of_one_name_and_has_no_number_that_is_none(
    project: Project,
) -> None:
    project.drop("2026-01-02", rows(1))
    call("run", "churn", "--partition", "2026-01-02")
    query = (
        "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a, 'nan'::DOUBLE AS n, "
        "['inf'::DOUBLE, 0.5] AS l, {'x': '-inf'::DOUBLE} AS s, MAP {DATE '2026-01-02': 1} AS m"
    )
    printed = call("sql", query, "--format", "json")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    (row,) = json.loads(printed.output, parse_constant=refuse)
    assert {name: row[name] for name in ("a", "a_2", "a_3", "a_4")} == {
        "a": 1,
        "a_2": 3,
        "a_3": 2,
        "a_4": 4,
    }
    assert (row["n"], row["l"], row["s"]) == (None, [None, 0.5], {"x": None})
    assert row["m"] == {"2026-01-02": 1}


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


def test_init_says_which_columns_it_leaves_out(tmp_path: Path) -> None:
    baseline, output = tmp_path / "b.csv", tmp_path / "defs.yaml"
    pd.DataFrame({"x": [0.5, 1.5] * 50, "customer": range(100)}).to_csv(baseline, index=False)
    answer = call("init", baseline, "--output", output)
    assert answer.output.splitlines()[0] == (
        "Not watched: in them no two rows are alike, as in an id: customer."
    )


def test_every_command_and_option_explains_itself() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def test_no_answer_is_not_status_0(files: tuple[Path, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty_column.csv"
    rows(0, 3000).assign(region=None).to_csv(empty, index=False)
    result = call("compare", "--baseline", files[0], "--current", empty, "--exit-code")
    assert "region" in result.output
    assert result.exit_code == 2


def test_what_is_not_compared_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dated.csv"
    rows(0, 500).assign(day="2026-01-01").to_csv(path, index=False)
    result = call("compare", "--baseline", path, "--current", path)
    assert "Not compared (dates, nested or empty): day" in result.output


def test_outside_a_project_nothing_lies_around_by_accident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path / "elsewhere")
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    result = call("monitors")
    assert result.exit_code == 0
    assert "No monitor is declared here" in result.output


def test_a_name_that_no_monitor_can_have_writes_nothing(tmp_path: Path) -> None:
    baseline, output = tmp_path / "b.csv", tmp_path / "defs.yaml"
    rows(0, 200).to_csv(baseline, index=False)
    result = call("init", baseline, "--name", "my model", "--output", output)
    assert result.exit_code == 2
    assert "my model" in result.output
    assert not output.exists()


def test_a_monitor_whose_baseline_is_gone_is_a_problem_in_the_list(project: Project) -> None:
    (project.root / "data" / "baseline.csv").unlink()
    assert "problem: " in call("monitors").output


def test_a_further_statistic_is_measured_by_name(files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    asked = ("compare", "--baseline", files[0], "--current", files[1], "--statistic")
    assert call(*asked, "hellinger", "--html", page).exit_code == 0
    assert "Hellinger" in page.read_text(encoding="utf-8")
    report = json.loads(call(*asked, "hellinger", "--json").output)
    assert report["feature_drift"]["features"][ODD]["other_statistics"]["hellinger"]["value"] > 0.2
    refused = call(*asked, "helinger")
    assert refused.exit_code == 2
    assert "hellinger" in refused.output
