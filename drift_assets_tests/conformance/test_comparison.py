"""A peer's numbers beside ours: from files, as lines and as JSON."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from drift_assets.cli import main
from drift_assets.compare import compare_rows, comparison_monitor
from drift_assets.conformance import PROFILES, findings
from drift_assets.conformance.comparison import compare_with_peer, peer_lines, peer_report
from drift_assets.scan import rows_from_frame

KINDS = ("income", "visits", "plan", "churned", "gaps")


def frame(seed: int, n: int, letters: str) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": random.normal(50 + seed, 10, n),
            "visits": random.poisson(4, n),
            "plan": random.choice(list(letters), n),
            "churned": random.random(n) < 0.2,
            "gaps": np.where(random.random(n) < 0.1, np.nan, random.normal(size=n)),
        }
    )


@pytest.fixture(scope="module", name="frames")
def _frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    return frame(0, 1_234, "abc"), frame(4, 400, "abcd")


@pytest.fixture(name="files")
def _files(frames: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> tuple[Path, Path]:
    baseline, current = tmp_path / "baseline.csv", tmp_path / "current.parquet"
    frames[0].to_csv(baseline, index=False)
    frames[1].to_parquet(current)
    return baseline, current


def call(files: tuple[Path, Path], *arguments: str) -> Result:
    command = ["compare", "--baseline", str(files[0]), "--current", str(files[1]), *arguments]
    return CliRunner().invoke(main, command, catch_exceptions=False)


@pytest.mark.parametrize("name", PROFILES)
def test_the_command_gives_the_numbers_of_the_rows(
    files: tuple[Path, Path], frames: tuple[pd.DataFrame, pd.DataFrame], name: str
) -> None:
    report = json.loads(call(files, "--conformance", name, "--json").output)["conformance"]
    assert (report["name"], report["version"]) == (name, PROFILES[name].version)
    assert tuple(report["columns"]) == KINDS
    for column in KINDS:
        expected = findings(name, *(f[column] for f in frames))
        found = report["columns"][column]["statistics"]
        assert list(found) == [f.definition.statistic for f in expected]
        for finding in expected:
            told = found[finding.definition.statistic]
            # Decimal text and back, and the sum of shares in another order.
            assert float(told["value"]) == pytest.approx(
                finding.measurement.value, rel=1e-9, abs=1e-12
            )
            p_value = finding.measurement.p_value
            assert told["p_value"] == (
                None if p_value is None else pytest.approx(p_value, rel=1e-9)
            )
            assert told["drift_detected"] == finding.drift
            assert told["chosen"] == finding.chosen
            assert told["rule"] == (finding.flag.rule if finding.flag else None)


def test_ours_stands_beside_theirs(files: tuple[Path, Path]) -> None:
    report = json.loads(call(files, "--conformance", "evidently", "--json").output)
    ours = report["feature_drift"]["features"]["income"]["psi"]["psi"]
    beside = report["conformance"]["columns"]["income"]["statistics"]["psi"]["ours"]
    assert beside == {"statistic": "psi", "value": ours, "p_value": None}


def test_a_new_category_is_infinitely_unlikely_to_evidently(files: tuple[Path, Path]) -> None:
    report = json.loads(call(files, "--conformance", "evidently", "--json").output)
    told = report["conformance"]["columns"]["plan"]["statistics"]["chi_squared"]
    assert (told["value"], told["p_value"], told["drift_detected"]) == ("Infinity", 0.0, True)


def test_the_lines_follow_the_report_and_mark_what_the_peer_goes_by(
    files: tuple[Path, Path],
) -> None:
    plain = call(files).output
    lines = call(files, "--conformance", "evidently").output.splitlines()
    start = lines.index("Conformance with evidently 0.7.23:")
    assert lines[:start] == plain.splitlines()
    income = lines[lines.index("  income: numeric") + 1 :]
    (chosen,) = (line for line in income[:7] if line.startswith("  * "))
    assert chosen.startswith("  * Wasserstein / sd")
    assert "DRIFT (>= 0.1)" in chosen
    assert "ours: Wasserstein" in chosen


def test_without_the_option_nothing_is_said_of_peers(files: tuple[Path, Path]) -> None:
    assert "conformance" not in json.loads(call(files, "--json").output)


def test_an_unknown_peer_ends_with_status_2_and_the_names(files: tuple[Path, Path]) -> None:
    result = call(files, "--conformance", "evidentally")
    assert result.exit_code == 2
    assert "Did you mean 'evidently'" in result.output


def test_the_help_names_every_peer() -> None:
    output = " ".join(CliRunner().invoke(main, ["compare", "--help"]).output.split())
    assert all(name in output for name in PROFILES)


def test_a_column_that_a_peer_cannot_measure_says_why() -> None:
    before = pd.DataFrame({"endless": [1.0, np.inf, 3.0], "gone": [1.0, 2.0, 3.0]})
    now = pd.DataFrame({"endless": [1.0, 2.0, 3.0], "a\nb": [1, 2, 3]})
    rows = rows_from_frame(before), rows_from_frame(now)
    monitor = comparison_monitor(features=["endless", "gone"], usual_rows=3)
    assessment = compare_rows(*rows, monitor, all_named=False)
    comparison = compare_with_peer("nannyml", *rows, assessment)
    reasons = {c.result.feature: c.reason for c in comparison.columns}
    assert "1 infinite values" in reasons["endless"]
    assert "column absent" in reasons["gone"]
    assert "not measured: Found 1 infinite values" in peer_lines(comparison)
    assert peer_report(comparison)["columns"]["gone"]["statistics"] == {}
