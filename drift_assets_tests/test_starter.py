"""The starter YAML must itself be a good declaration of the file it was made from."""

from pathlib import Path

import pandas as pd
import pytest

from drift_assets.declarations import read_declarations
from drift_assets.errors import UnknownNameError, UnreadableFileError
from drift_assets.starter import starter

ODD = "Avg. Transaction ($)"


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "2026 base-line.csv"
    path.parent.mkdir()
    (tmp_path / "pyproject.toml").touch()
    n = 200
    pd.DataFrame(
        {
            "age": [18 + i % 60 for i in range(n)],
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
    output.write_text(starter(baseline, beside=output).text, encoding="utf-8")
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
    text = starter(baseline, name="churn", predictions=["age"], beside=output).text
    output.write_text(text, encoding="utf-8")
    (declared,) = read_declarations([output])
    assert declared.monitor.name == "churn"
    assert [p.column for p in declared.monitor.predictions] == ["age"]


def test_an_unknown_prediction_column_is_answered_with_the_known_ones(baseline: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'late_score'"):
        starter(baseline, predictions=["late_scores"])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"nothing\.csv"):
        starter(tmp_path / "nothing.csv")


def test_what_differs_in_every_row_is_an_id_and_is_not_watched_but_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    path = tmp_path / "Loans 2" / "data" / "baseline.csv"
    path.parent.mkdir(parents=True)
    n = 300
    frame = pd.DataFrame(
        {
            "customer": range(7000, 7000 + n),
            "key": [f"k{i}" for i in range(n)],
            "amount": [i + 0.25 for i in range(n)],
            "twice": [i // 2 for i in range(n)],
        }
    )
    frame.to_csv(path, index=False)
    output = tmp_path / "defs.yaml"
    found = starter(path, beside=output)
    assert found.ids == ("customer", "key")
    assert "    # - customer  # number, 7000 to 7299" in found.text
    output.write_text(found.text, encoding="utf-8")
    (declared,) = read_declarations([output])
    assert [c.name for c in declared.monitor.listed(())] == ["amount", "twice"]
    # A file called baseline in a folder called data says nothing of the model.
    assert declared.monitor.name == "loans_2"
    # They are watched again with a character less.
    output.write_text(found.text.replace("# - customer", "- customer"), encoding="utf-8")
    (declared,) = read_declarations([output])
    assert "customer" in [c.name for c in declared.monitor.listed(())]
    # Of a few rows, or with nothing else to watch, it proves nothing.
    frame.head(40).to_csv(path, index=False)
    assert starter(path, beside=output).ids == ()
    frame[["customer", "key"]].to_csv(path, index=False)
    assert starter(path, beside=output).ids == ()


def test_what_repeats_once_is_no_id(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    numbers = [*range(299), 298]
    pd.DataFrame(
        {"all differ": range(300), "number": numbers, "text": [f"k{i}" for i in numbers]}
    ).to_csv(path, index=False)
    found = starter(path)
    assert found.ids == ("all differ",)
    watched = {line.split("  # ")[0] for line in found.text.splitlines()}
    assert {"    - number", "    - text"} <= watched
