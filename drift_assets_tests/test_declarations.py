"""Monitors as people write them: all mistakes at once, with file and line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import drift_assets
from drift_assets.alert_settings import Alerts
from drift_assets.declarations import (
    drift_home,
    find_declaration,
    find_files,
    project_root,
    read_alerts,
    read_declarations,
)
from drift_assets.errors import ConfigurationError, UnknownNameError

GOOD = """\
type: drift_assets.DriftMonitor
attributes:
  name: churn
  baseline: data/baseline.csv
  current: data/{partition}/*.csv
  features: [age, income]
  partitions: {start: 2026-01-01}
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "defs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_declarations([path])
    return str(caught.value).splitlines()


def test_a_good_file_gives_its_monitor_and_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    path = write(tmp_path / "models" / "churn", GOOD)
    (declared,) = read_declarations(find_files([tmp_path]))
    assert declared.monitor.name == "churn"
    assert (declared.path, declared.line) == (path, 1)
    assert declared.root == tmp_path


def test_several_monitors_may_stand_in_one_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "---\n" + GOOD.replace("churn", "fraud"))
    declared = read_declarations([path])
    assert [(d.monitor.name, d.line) for d in declared] == [("churn", 1), ("fraud", 9)]


def test_all_mistakes_are_reported_together_each_with_its_line(tmp_path: Path) -> None:
    text = """\
type: drift_assets.DriftMonitor
attributes:
  name: my model
  baseline: b.csv
  current: "{partition}.csv"
  features:
    - a
    - {colum: b}
    - {column: c, thresholds: {psi_breech: 0.1, js_breach: 3}}
  partitions: {start: 2026-01-01, timezone: Mars}
  treshold: balanced
  data_checks: {out_of_range: {limits: {a: {lowst: 0}}}}
"""
    path = write(tmp_path, text)
    heading, *lines = complaint(path)
    assert heading == "Found 8 mistakes in the monitors' YAML:"
    assert {line.split(": ")[0].strip() for line in lines} == {
        f"{path}:{number}" for number in (3, 8, 9, 10, 11, 12)
    }
    everything = "\n".join(lines)
    assert "Did you mean 'column'?" in everything
    assert "Did you mean 'psi_breach'?" in everything
    assert "Did you mean 'thresholds'?" in everything
    assert "Did you mean 'lowest'?" in everything
    assert "unknown time zone 'Mars'" in everything
    assert "found 3; input should be less than or equal to 1" in everything


def test_mistakes_between_fields_come_together_with_those_of_fields(tmp_path: Path) -> None:
    text = """\
type: drift_assets.DriftMonitor
attributes:
  name: my model
  baseline: "b/{partition}.csv"
  current: c.csv
  features: [age, Age, income, income]
  thresholds: {preset: learned, psi_breach: -1}
  min_rows: none
  surprise: 1
  data_checks: {out_of_range: {limits: {incme: {lowest: 0}}}}
"""
    heading, *lines = complaint(write(tmp_path, text))
    everything = "\n".join(lines)
    # Five of fields, partitions being absent; those between fields are told as one.
    assert heading == "Found 6 mistakes in the monitors' YAML:"
    for phrase in (
        "current: found the path 'c.csv', expected {partition} in it",
        "baseline: found {partition} in the path",
        "columns 'age' and 'Age' differ only by case",
        "column 'income' is listed more than once",
        "Unknown watched column 'incme'. Did you mean 'income'?",
    ):
        assert phrase in everything
    # What a wrong field would have meant is not guessed: neither learned thresholds, nor columns.
    assert "date_column beside" not in everything
    assert "without date_column" not in everything
    wrong = text.replace("min_rows: none", "predictions: [{colum: incme}]")
    assert "watched column" not in "\n".join(complaint(write(tmp_path, wrong)))


def test_mistakes_of_several_files_come_together(tmp_path: Path) -> None:
    write(tmp_path / "a", GOOD.replace("name: churn", "name: 1"))
    write(tmp_path / "b", "type: drift_assets.DriftMonitr\nattributes: {}\n")
    write(tmp_path / "c", "type: [\n")
    with pytest.raises(ConfigurationError) as caught:
        read_declarations(find_files([tmp_path]))
    text = str(caught.value)
    assert all(str(tmp_path / name / "defs.yaml") in text for name in "abc")
    assert "did you mean 'drift_assets.DriftMonitor'?" in text


def test_two_monitors_of_one_name_are_refused_with_both_places(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", GOOD), write(tmp_path / "b", GOOD)
    with pytest.raises(ConfigurationError) as caught:
        read_declarations([first, second])
    assert f"{second}:1: the monitor name 'churn' is taken by {first}:1" in str(caught.value)


def test_names_that_differ_only_by_case_are_refused_together(tmp_path: Path) -> None:
    texts = [GOOD.replace("name: churn", f"name: {name}") for name in ("churn", "Churn", "CHURN")]
    path = write(tmp_path, "---\n".join(texts))
    heading, *lines = complaint(path)
    assert heading.startswith("Found 2 mistakes")
    assert lines[0].strip() == (
        f"{path}:9: the monitor name 'Churn', which differs only by case from 'churn', "
        f"is taken by {path}:1"
    )
    assert "'CHURN'" in lines[1]


def test_the_shipped_examples_are_known_as_such_behind_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(Path(drift_assets.__file__).resolve().parent.parent)
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from drift_assets.declarations import *; print(project_root(SHIPPED / 'flights'))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "link")},
    )
    found = Path(done.stdout.strip())
    assert found in {(tmp_path / "link").resolve(), tmp_path}


def test_components_of_other_types_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "type: dagster_dbt.DbtProjectComponent\nattributes: {project: x}\n")
    assert read_declarations([path]) == []


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "defs.yaml"
    path.write_bytes(b"\xff\xfe\x00type")
    assert str(path) in complaint(path)[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("data/{partition}/*.csv", "data/today.csv", "expected {partition} in it"),
        ("data/{partition}/*.csv", "data/{day}.csv", "unknown placeholder {day}"),
        ("data/baseline.csv", "data/{partition}.csv", "expected a fixed file"),
        ("[age, income]", "[age, age]", "column 'age' is listed more than once"),
        ("[age, income]", "[age, AGE]", "differ only by case"),
        ("[age, income]", "[]", "expected at least one"),
        ("[age, income]", "[age]\n  exclude: [id]", "only features: auto leaves columns out"),
        ("2026-01-01", "yesterday", "partitions.start"),
        ("2026-01-01", "2026-13-45", "defs.yaml:7: found '2026-13-45', expected a valid timestamp"),
        ("data/baseline.csv", "'{{ 1/0 }}'", "defs.yaml:4: template '{{ 1/0 }}': division by zero"),
        ("data/baseline.csv", "'{{ env('", "defs.yaml:4: template '{{ env(': unexpected"),
        ("data/baseline.csv", ".", "defs.yaml:4: baseline: found the path '.', expected the name"),
        ("data/baseline.csv", "'{home}/'", "found the path '{home}/', expected the name of a file"),
        ("data/baseline.csv", "~/", "found the path '~/', expected the name of a file"),
        ("data/baseline.csv", "/", "found the path '/', expected the name of a file"),
    ],
)
def test_a_contradiction_is_explained(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert GOOD.replace(old, new) != GOOD
    assert expected in "\n".join(complaint(write(tmp_path, GOOD.replace(old, new))))


def test_templates_are_filled_in_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace("data/baseline.csv", '"{{ env.DATA }}/baseline.csv"')
    path = write(tmp_path, text)
    monkeypatch.setenv("DATA", "/srv/data")
    assert read_declarations([path])[0].monitor.baseline.path == "/srv/data/baseline.csv"
    monkeypatch.delenv("DATA")
    assert "the environment variable DATA is not set" in complaint(path)[1]


def test_hidden_folders_and_virtual_environments_are_not_searched(tmp_path: Path) -> None:
    write(tmp_path / ".hidden", GOOD)
    write(tmp_path / "venv" / "lib", GOOD)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    found = write(tmp_path / "models", GOOD)
    assert find_files([tmp_path]) == [found]


def test_a_project_within_a_project_is_somebody_elses(tmp_path: Path) -> None:
    mine = write(tmp_path / "models", GOOD)
    inner = write(tmp_path / "examples" / "other" / "defs", GOOD)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "examples" / "other" / "pyproject.toml").touch()
    assert find_files([tmp_path]) == [mine]
    assert find_files([tmp_path / "examples" / "other"]) == [inner]


def test_the_checkout_declares_the_demo_alone_whatever_examples_it_has() -> None:
    checkout = Path(drift_assets.__file__).parent.parent
    declared = read_declarations(find_files([checkout]))
    assert [one.monitor.name for one in declared] == ["flights"]


def test_a_place_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Found nothing at"):
        find_files([tmp_path / "nowhere"])


def test_an_unknown_monitor_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    declared = read_declarations([write(tmp_path, GOOD)])
    with pytest.raises(UnknownNameError, match=r"Did you mean 'churn'\? Known: churn\."):
        find_declaration("chrun", declared)


def test_the_root_without_any_mark_is_the_folder_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "models", GOOD)
    assert project_root(path) == tmp_path / "models"


def test_the_drift_home_is_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFT_ASSETS_HOME", raising=False)
    assert drift_home(tmp_path) == tmp_path / "drift_home"
    monkeypatch.setenv("DRIFT_ASSETS_HOME", str(tmp_path / "elsewhere"))
    assert drift_home(tmp_path) == tmp_path / "elsewhere"


def test_a_field_written_twice_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("  baseline:", "  name: other\n  baseline:"))
    assert f"{path}:4: the field 'name' is written twice" in "\n".join(complaint(path))


def test_settings_that_are_common_to_all_monitors_are_read_from_one_file(tmp_path: Path) -> None:
    assert read_alerts(tmp_path) is None
    file = tmp_path / "alerts.yaml"
    file.write_text("", encoding="utf-8")
    assert read_alerts(tmp_path) == Alerts()
    file.write_text(
        "slack: {webhook_url_env: HOOK}\nquiet_hours: {start: 22:00, end: 07:00}\n",
        encoding="utf-8",
    )
    found = read_alerts(tmp_path)
    assert found is not None
    assert [name for name, _ in found.channels] == ["slack"]
    assert found.quiet_hours is not None
    # YAML reads an unquoted 22:00 as a number.
    assert str(found.quiet_hours.start) == "22:00:00"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("slak: {}", r"alerts.yaml:1: slak: unknown field. Did you mean 'slack'\?"),
        ("severity: error\nlatest_days: -1", r"alerts.yaml:2: latest_days"),
        (
            "severity: error\nseverity: info",
            r"alerts.yaml:2: the field 'severity' is written twice",
        ),
        ("a: [", r"alerts.yaml:1"),
        ("- a", r"in the alert settings"),
        ("webhook: {url_env: 'https://x/s3cret'}", r"secrets do not belong"),
        ("quiet_hours: {start: '22:00', end: '22:00'}", r"expected two times of day"),
    ],
)
def test_mistakes_in_it_are_shown_with_their_line(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "alerts.yaml").write_text(written, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_alerts(tmp_path)
    assert "s3cret" not in str(caught.value)
