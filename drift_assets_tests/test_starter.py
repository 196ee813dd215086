"""The starter YAML must itself be a good declaration of the file it was made from."""

from pathlib import Path

import pandas as pd
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.errors import UnknownNameError, UnreadableFileError
from drift_assets.starter import starter_yaml

ODD = "Avg. Transaction ($)"


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "2026 base-line.csv"
    path.parent.mkdir()
    (tmp_path / "pyproject.toml").touch()
    n = 200
    pd.DataFrame(
        {
            "age": range(n),
            ODD: [0.5 * i for i in range(n)],
            "region_code": [i % 4 for i in range(n)],
            "no": ["yes", "no"] * (n // 2),
            "Größe": [None, 1.5] * (n // 2),
            "late_score": [i / n for i in range(n)],
            'note #1: "x"': ["a"] * n,
        }
    ).to_csv(path, index=False)
    return path


def test_the_starter_declares_every_column_of_the_file(baseline: Path, tmp_path: Path) -> None:
    output = tmp_path / "defs.yaml"
    output.write_text(starter_yaml(baseline, beside=output), encoding="utf-8")
    (declared,) = read_declarations([output])
    monitor = declared.monitor
    columns = {c.name: c for c in monitor.listed(())}
    assert list(columns) == ["age", ODD, "region_code", "no", "Größe", 'note #1: "x"', "late_score"]
    assert columns["late_score"].role == "prediction"
    assert columns["region_code"].kind == "categorical"
    assert monitor.name == "monitor_2026_base_line"
    assert monitor.baseline.path == "data/2026 base-line.csv"
    assert monitor.current.path == "data/current/{partition}.csv"


def test_predictions_and_name_are_taken_as_given(baseline: Path, tmp_path: Path) -> None:
    output = tmp_path / "defs.yaml"
    text = starter_yaml(baseline, name="churn", predictions=["age"], beside=output)
    output.write_text(text, encoding="utf-8")
    (declared,) = read_declarations([output])
    assert declared.monitor.name == "churn"
    assert [p.column for p in declared.monitor.predictions] == ["age"]


def test_an_unknown_prediction_column_is_answered_with_the_known_ones(baseline: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'late_score'"):
        starter_yaml(baseline, predictions=["late_scores"])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"nothing\.csv"):
        starter_yaml(tmp_path / "nothing.csv")
