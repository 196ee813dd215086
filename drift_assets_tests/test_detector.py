import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
from click.testing import CliRunner
from pyarrow import parquet
from scipy.spatial.distance import jensenshannon
from scipy.stats import energy_distance, ks_2samp

from drift_assets.cli import main
from drift_assets.compare import comparison_monitor
from drift_assets.detector import DriftDetector
from drift_assets.errors import (
    ColumnError,
    ConfigurationError,
    DataError,
    DriftAssetsError,
    UnknownNameError,
)
from drift_assets_tests.stats.golden import ROWS

DOCUMENT = Path(__file__).parent / "data" / "original_document.md"


def block(heading: str) -> str:
    """Return the code under a heading of the original document."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    found = re.search(r"```\w+\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def with_our_import(code: str) -> str:
    return code.replace(
        "from monitoring.drift_detector import DriftDetector",
        "from drift_assets import DriftDetector",
    )


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={"PYTHONPATH": str(DOCUMENT.parents[2]), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def document_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the data that the document's own script makes."""
    folder = tmp_path_factory.mktemp("document")
    for name in ("baseline", "processed", "monitoring/reports"):
        (folder / "data" / name).mkdir(parents=True)
    script = block("Create Test Data").split("<< 'EOF'\n")[1].split("\nEOF\n")[0]
    out = run(script.replace("/home/user/mlops-learning-plan/", ""), folder)
    assert "Current data created: 5000 samples (with drift)" in out
    return folder


def test_the_documents_api_block_runs_on_the_documents_data(document_data: Path) -> None:
    out = run(with_our_import(block("Method 2: Python API")), document_data)
    report = json.loads((document_data / "drift_report.json").read_text(encoding="utf-8"))
    assert "DRIFT DETECTED!" in out
    assert f"Drifted features: {report['feature_drift']['drifted_features']}" in out
    assert report["overall_drift_detected"] is True


def test_the_documents_test_block_passes(tmp_path: Path) -> None:
    assert "All tests passed" in run(with_our_import(block("Test Drift Detection")), tmp_path)


def test_the_report_has_every_key_of_the_document(document_data: Path) -> None:
    baseline = pd.read_csv(document_data / "data/baseline/features.csv")
    current = pd.read_csv(document_data / "data/processed/current_features.csv")
    columns = ["age", "income", "credit_score", "num_purchases", "avg_transaction"]
    before = datetime.now(UTC)
    report = DriftDetector().generate_drift_report(baseline, current, columns)
    drift = report["feature_drift"]
    age = drift["features"]["age"]
    assert set(report) >= {"overall_drift_detected", "feature_drift", "timestamp"}
    assert set(age) >= {"feature", "psi", "ks_test", "drift_detected"}
    assert set(age["psi"]) >= {
        "psi",
        "drift_detected",
        "threshold",
        "expected_mean",
        "actual_mean",
    }
    assert set(age["ks_test"]) >= {"ks_statistic", "p_value", "drift_detected"}
    assert age["feature"] == "age"
    assert drift["total_features"] == 5
    drifted = [name for name, f in drift["features"].items() if f["drift_detected"]]
    assert drift["drifted_feature_names"] == drifted
    assert drift["drifted_features"] == len(drifted)
    assert drift["drift_percentage"] == 100 * len(drifted) / 5
    # Witnesses: pandas and scipy on the same two columns.
    assert age["psi"]["expected_mean"] == pytest.approx(baseline["age"].mean())
    assert age["psi"]["actual_mean"] == pytest.approx(current["age"].mean())
    ks = ks_2samp(baseline["age"], current["age"])
    assert age["ks_test"]["ks_statistic"] == pytest.approx(ks.statistic, abs=1e-12)
    assert age["ks_test"]["p_value"] == pytest.approx(ks.pvalue, rel=1e-6)
    stamp = datetime.fromisoformat(report["timestamp"])
    assert before <= stamp <= datetime.now(UTC) + timedelta(seconds=1)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


@pytest.mark.parametrize(
    ("name", "psi", "ks"),
    [("same", 0.004479, 0.0166), ("A", 0.059293, 0.1049), ("B", 5.855872, 0.8630)],
)
def test_golden_vectors(name: str, psi: float, ks: float) -> None:
    detector = DriftDetector()
    baseline, current = ROWS["baseline"], ROWS[name]
    assert detector.calculate_psi(baseline, current)[0] == pytest.approx(psi, abs=1e-6)
    assert detector.calculate_ks(baseline, current)[0] == pytest.approx(ks, abs=1e-12)


def test_js_is_scipys_distance_squared() -> None:
    before, after = ["a"] * 60 + ["b"] * 40, ["a"] * 30 + ["b"] * 70
    js, metrics = DriftDetector().calculate_js(before, after)
    witness = jensenshannon([0.6, 0.4], [0.3, 0.7], base=2)
    assert metrics["js_distance"] == pytest.approx(witness)
    assert js == pytest.approx(witness**2)


FRAMES: dict[str, Callable[[dict[str, Any]], object]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "mapping": dict,
}


@pytest.mark.parametrize("library", sorted(FRAMES))
def test_every_kind_of_frame_gives_the_same_report(library: str) -> None:
    r = np.random.default_rng(3)

    def columns(shift: float, words: list[str]) -> dict[str, Any]:
        return {
            "x": np.where(r.random(500) < 0.1, np.nan, r.normal(shift, 1, 500)),
            "flag": r.random(500) < 0.5,
            "word": words * 250,
            "score": r.random(500),
        }

    before, after = columns(0.0, ["a", "b"]), columns(0.8, ["a", "c"])
    detector = DriftDetector()
    frame = FRAMES[library]
    report = detector.generate_drift_report(
        frame(before), frame(after), ["x", "flag", "word"], prediction_column="score"
    )
    witness = detector.generate_drift_report(
        before, after, ["x", "flag", "word"], prediction_column="score"
    )
    assert report | {"timestamp": ""} == witness | {"timestamp": ""}
    assert report["feature_drift"]["drifted_feature_names"] == ["x", "word"]
    assert report["prediction_drift"]["drift_detected"] is False


@pytest.mark.parametrize(
    "sample",
    [list, np.asarray, pd.Series, pl.Series, pa.array, tuple],
    ids=lambda kind: f"{kind.__module__.split('.')[0]}.{kind.__name__}",
)
def test_every_kind_of_sample_gives_the_same_psi(sample: Callable[[object], object]) -> None:
    # 100 and 100 become 150 and 50: PSI = 0.25 ln 1.5 + 0.25 ln 2 = 0.2747 nats.
    before, after = [1.0] * 100 + [2.0] * 100, [1.0] * 150 + [2.0] * 50
    psi, metrics = DriftDetector().calculate_psi(sample(before), sample(after))
    assert psi == pytest.approx(0.25 * np.log(1.5) + 0.25 * np.log(2))
    assert metrics["psi"] == psi
    assert metrics["drift_detected"] is True
    assert (metrics["expected_mean"], metrics["actual_mean"]) == (1.5, 1.25)


def test_none_and_nan_are_missing_not_values() -> None:
    detector = DriftDetector()
    whole = [float(i % 7) for i in range(700)]
    for gap in (None, float("nan")):
        assert detector.calculate_psi(whole, [*whole, gap, gap])[0] == 0.0


def test_thresholds_decide_at_or_above_for_psi_and_strictly_below_for_p() -> None:
    before, after = [1.0] * 100 + [2.0] * 100, [1.0] * 150 + [2.0] * 50
    psi, _ = DriftDetector().calculate_psi(before, after)
    at = DriftDetector(psi_threshold=psi).calculate_psi(before, after)[1]
    above = DriftDetector(psi_threshold=np.nextafter(psi, 1)).calculate_psi(before, after)[1]
    assert (at["drift_detected"], above["drift_detected"]) == (True, False)
    p = DriftDetector().calculate_ks(before, after)[1]["p_value"]
    at = DriftDetector(ks_threshold=p).calculate_ks(before, after)[1]
    below = DriftDetector(ks_threshold=np.nextafter(p, 1)).calculate_ks(before, after)[1]
    assert (at["drift_detected"], below["drift_detected"]) == (False, True)


def test_prediction_drift_measures_the_positive_rate() -> None:
    before, after = [0.2] * 60 + [0.8] * 40, [0.2] * 50 + [0.8] * 50
    drift = DriftDetector().detect_prediction_drift(before, after)
    assert drift["positive_rate_change"] == pytest.approx(0.1)
    strict = DriftDetector().detect_prediction_drift(before, after, decision_threshold=0.9)
    assert strict["positive_rate_change"] == 0.0
    assert drift["psi"] == strict["psi"]


def test_predicted_classes_that_are_words_have_no_positive_rate() -> None:
    drift = DriftDetector().detect_prediction_drift(["no", "yes"] * 100, ["no"] * 200)
    assert drift["drift_detected"] is True
    assert drift["positive_rate_change"] is None


def test_numbers_declared_codes_are_compared_as_categories() -> None:
    frame = {"region": [1, 2, 3, 4] * 100}
    detector = DriftDetector()
    for columns in (["region"], None):
        report = detector.generate_drift_report(
            frame, frame, columns, categorical_columns=["region"]
        )
        assert "chi_squared" in report["feature_drift"]["features"]["region"]
    with pytest.raises(UnknownNameError, match="Did you mean 'region'"):
        detector.generate_drift_report(frame, frame, ["region"], categorical_columns=["regions"])


def test_small_samples_are_computed_with_a_warning() -> None:
    report = DriftDetector().generate_drift_report({"x": [1.0, 2.0]}, {"x": [1.5, 2.5]}, ["x"])
    assert report["feature_drift"]["features"]["x"]["psi"]["psi"] > 0
    assert any("baseline data have 2 rows" in warning for warning in report["warnings"])


def test_a_column_without_current_values_is_neither_drift_nor_none() -> None:
    report = DriftDetector().generate_drift_report(
        {"x": [1.0, 2.0] * 100}, {"x": [None] * 200}, ["x"]
    )
    assert report["overall_drift_detected"] is None
    assert report["feature_drift"]["features"]["x"]["verdict"] == "not_evaluated"
    assert any(warning.startswith("Not evaluated: x: ") for warning in report["warnings"])


def test_an_outlier_does_not_move_the_ruler() -> None:
    before, after = ROWS["baseline"][:2000], ROWS["A"][:2000]
    detector = DriftDetector()
    psi, _ = detector.calculate_psi(before, after)
    with_outlier, _ = detector.calculate_psi(before, [*after, 1e6])
    assert with_outlier == pytest.approx(psi, rel=0.01)


@pytest.mark.parametrize("side", ["baseline", "current"])
def test_an_absent_column_is_named_with_what_is_there(side: str) -> None:
    whole, part = {"x": [1.0], "y": [1.0]}, {"y": [1.0]}
    frames = (part, whole) if side == "baseline" else (whole, part)
    with pytest.raises(ColumnError, match=rf"'x' in the {side} data, which has 'y'"):
        DriftDetector().generate_drift_report(*frames, ["x", "y"])


def test_a_name_in_place_of_a_list_of_names_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"expected a list of names: \['age'\]"):
        DriftDetector().generate_drift_report({"age": [1]}, {"age": [1]}, "age")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="listed more than once"):
        DriftDetector().generate_drift_report({"x": [1]}, {"x": [1]}, ["x"], "x")


@pytest.mark.parametrize(
    ("baseline", "current"),
    [
        ([], [1.0]),
        ([1.0], []),
        ([None, None], [1.0, 2.0]),
        ([1.0, 2.0], [None]),
        ([1.0, 2.0], ["a", "b"]),
        ([1.0, "a"], [1.0]),
        (np.zeros((3, 3)), np.zeros(3)),
        (5.0, [1.0]),
        pytest.param([object()], [1.0], id="objects"),
        (np.array([1j]), np.array([1.0])),
        (None, [1.0]),
        ("text", ["t"]),
        ({"x": [1.0]}, [1.0]),
        (pd.DataFrame({"x": [1.0]}), [1.0]),
    ],
    ids=str,
)
def test_samples_that_cannot_be_compared_are_refused_in_words(
    baseline: object, current: object
) -> None:
    with pytest.raises(DriftAssetsError, match="expected"):
        DriftDetector().calculate_psi(baseline, current)


def test_ks_of_words_is_refused() -> None:
    with pytest.raises(ColumnError, match="KS test needs an order"):
        DriftDetector().calculate_ks(["a"], ["b"])


@pytest.mark.parametrize(
    "thresholds",
    [
        {"psi_threshold": 0},
        {"psi_threshold": float("nan")},
        {"ks_threshold": 1.5},
        {"js_threshold": -0.1},
    ],
)
def test_a_threshold_outside_its_range_is_refused(thresholds: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(thresholds))):
        DriftDetector(**thresholds)


def test_a_saved_report_is_the_report_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    detector = DriftDetector()
    report = detector.generate_drift_report({"größe": [1.0]}, {"größe": [2.0]}, ["größe"])
    path = tmp_path / "reports" / "drift.json"
    detector.save_report(report, path)
    detector.save_report(report, str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == report
    assert [p.name for p in path.parent.iterdir()] == ["drift.json"]


def test_a_report_that_cannot_be_saved_is_refused_in_words(tmp_path: Path) -> None:
    detector = DriftDetector()
    (tmp_path / "drift.json").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        detector.save_report({}, tmp_path / "drift.json")
    with pytest.raises(DataError, match="not plain JSON"):
        detector.save_report({"psi": np.array([1.0])}, tmp_path / "other.json")
    assert [p.name for p in tmp_path.iterdir()] == ["drift.json"]


@pytest.mark.parametrize("value", ["0.2", None, float("inf"), float("nan"), 0, -1])
def test_a_threshold_that_is_no_positive_number_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="psi_threshold"):
        DriftDetector(psi_threshold=value)  # type: ignore[arg-type]  # that is the point


def test_numbers_too_large_for_a_double_are_refused_in_words() -> None:
    with pytest.raises(ColumnError, match="baseline sample"):
        DriftDetector().calculate_psi([10**400] * 30, [1] * 30)


def test_dates_where_numbers_were_are_no_drift_but_another_type() -> None:
    numbers = pd.DataFrame({"x": range(100)})
    dates = pd.DataFrame({"x": pd.date_range("2026-01-01", periods=100)})
    texts = pd.DataFrame({"x": ["a", "b"] * 50})
    detector = DriftDetector()
    for baseline, current, drift in (
        (numbers, dates, None),
        (dates, numbers, None),
        (texts, dates, None),
        (dates, dates, False),
    ):
        report = detector.generate_drift_report(baseline, current, ["x"])
        assert report["feature_drift"]["features"]["x"]["drift_detected"] is drift


def test_further_statistics_are_those_of_the_command_line(tmp_path: Path) -> None:
    names = ["energy_distance", "anderson_darling"]
    sides = {side: pa.table({"x": ROWS[side]}) for side in ("baseline", "A")}
    report = DriftDetector(statistics=names).generate_drift_report(sides["baseline"], sides["A"])
    found = report["feature_drift"]["features"]["x"]["other_statistics"]
    # Witness: scipy on the rows; the grid of 10,000 distinct values is exact.
    expected = energy_distance(ROWS["baseline"], ROWS["A"])
    assert found["energy_distance"]["value"] == pytest.approx(expected, rel=2e-2)
    for side, table in sides.items():
        parquet.write_table(table, tmp_path / f"{side}.parquet")
    arguments = ["compare", "--baseline", str(tmp_path / "baseline.parquet")]
    arguments += ["--current", str(tmp_path / "A.parquet"), "--json"]
    arguments += [part for name in names for part in ("--statistic", name)]
    shown = json.loads(CliRunner().invoke(main, arguments).stdout)
    assert found == shown["feature_drift"]["features"]["x"]["other_statistics"]
    assert list(found)[-2:] == names
    predicted = DriftDetector(statistics=names).detect_prediction_drift([0.1, 0.9], [0.2, 0.3])
    assert set(names) < set(predicted["predictions"]["values"]["other_statistics"])
    plain = DriftDetector().generate_drift_report(sides["baseline"], sides["A"])
    assert not set(names) & set(plain["feature_drift"]["features"]["x"]["other_statistics"])


def test_unknown_statistics_are_told_when_the_detector_is_made() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'hellinger'"):
        DriftDetector(statistics=["helinger"])
    with pytest.raises(ConfigurationError, match="listed more than once"):
        DriftDetector(statistics=["hellinger", "hellinger"])
    with pytest.raises(ConfigurationError, match=r"expected a list of names: \['hellinger'\]"):
        DriftDetector(statistics="hellinger")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"psi_threshold": 0.0}, "psi_breach: found 0.0, expected a number above 0, finite"),
        ({"ks_threshold": 1.0}, "ks_significance_level: found 1.0"),
        ({"js_threshold": math.nan}, "js_breach: found nan"),
        ({"decision_threshold": math.inf}, "decision_threshold: found inf"),
        ({"features": ["a", "a"]}, "column 'a' is listed more than once"),
        ({"features": ["a"], "predictions": ["A"]}, "'a' and 'A' differ only by case"),
        ({"features": []}, "found none, and no predictions"),
        ({"features": ["a", 3]}, "column 3 is not a name"),
        ({"statistics": ["psy"]}, "Did you mean 'psi'"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        comparison_monitor(**arguments)
