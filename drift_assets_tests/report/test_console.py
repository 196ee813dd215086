import re
from dataclasses import replace

import numpy as np
import pytest

from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.report.console import console_report
from drift_assets.stats import Measurement
from drift_assets.verdicts import Verdict, judge
from drift_assets.watch import Thresholds
from drift_assets_tests.report.conftest import Assess

# The layout of the original document, its figures included.
DOCUMENT = """\
================================================================================
DRIFT DETECTION REPORT
================================================================================
Overall Drift Detected: YES

Baseline: 5,000 samples
Current:  5,000 samples

Feature Drift:
  Total features: 5
  Drifted features: 3
  Drift percentage: 60.0%

  Drifted Features:
    - age:
        PSI: 0.2456
        KS p-value: 0.0023
        JS divergence: 0.1234
    - income:
        PSI: 0.1876
        KS p-value: 0.0145
        JS divergence: 0.0987
    - avg_transaction:
        PSI: 0.2134
        KS p-value: 0.0089
        JS divergence: 0.1123

Prediction Drift:
  Drift detected: NO
  PSI: 0.0876
  Positive rate change: 0.0234
================================================================================"""


def measured(template: FeatureResult, name: str, figures: dict[str, float]) -> FeatureResult:
    """Return a result with these figures: PSI, p of KS, JS, and for a prediction its rate."""
    measurements = {
        "psi": Measurement("psi", figures["psi"], None, 5000, 5000),
        "ks": Measurement("ks", 0.03, figures["p"], 5000, 5000),
        "js_divergence": Measurement("js_divergence", figures["js"], None, 5000, 5000),
    }
    if "rate" in figures:
        measurements["positive_rate"] = Measurement(
            "positive_rate", figures["rate"], 0.01, 5000, 5000
        )
    thresholds = Thresholds().by_statistic()
    judgements = tuple(judge(m, thresholds[s]) for s, m in measurements.items())
    return replace(
        template,
        feature=name,
        role="prediction" if "rate" in figures else "feature",
        verdict=max(
            (j.verdict for j in judgements),
            key=[Verdict.OK, Verdict.WARN, Verdict.BREACH].index,
        ),
        measurements=measurements,
        judgements=judgements,
        bins=(),
    )


@pytest.fixture
def documented(assess_columns: Assess) -> Assessment:
    """Return the assessment that the document's figures describe."""
    steps = list(np.linspace(0.0, 1.0, 5000))
    plain = assess_columns({"age": (steps, steps)})
    quiet = {"psi": 0.01, "p": 0.5, "js": 0.01}
    figures = {
        "age": {"psi": 0.2456, "p": 0.0023, "js": 0.1234},
        "income": {"psi": 0.1876, "p": 0.0145, "js": 0.0987},
        "credit_score": quiet,
        "num_purchases": quiet,
        "avg_transaction": {"psi": 0.2134, "p": 0.0089, "js": 0.1123},
        "score": {"psi": 0.0876, "p": 0.3, "js": 0.01, "rate": 0.0234},
    }
    results = tuple(measured(plain.features[0], name, f) for name, f in figures.items())
    return replace(plain, features=results, verdict=Verdict.BREACH)


def test_the_layout_is_the_documents_with_reasons_added(documented: Assessment) -> None:
    dataset = f"\n\nData set:\n  - ok: {documented.dataset.reason}"
    report = console_report(documented)
    assert report.count(dataset) == 1
    lines = report.replace(dataset, "").splitlines()
    kept = [line for line in lines if not line.startswith("        Reason: ")]
    assert "\n".join(kept) == DOCUMENT
    assert len(lines) - len(kept) == 3


def test_the_reason_and_the_bins_that_moved_stand_under_a_drifted_feature(
    assess_columns: Assess,
) -> None:
    assessment = assess_columns(
        {"carrier": (["AA"] * 600 + ["UA"] * 400, ["AA"] * 300 + ["UA"] * 500 + ["ZZ"] * 200)}
    )
    report = console_report(assessment)
    assert f"        Reason: {assessment.features[0].reason}\n" in report
    # Unseen rows weigh most: 0.2 ln(2000); then 0.3 ln 2; then 0.1 ln 1.25.
    assert (
        "        Moved most: unseen: 0% -> 20.0%, AA: 60.0% -> 30.0%, UA: 40.0% -> 50.0%\n"
    ) in report
    assert "        Chi-squared p-value: < 0.001\n" in report
    assert "        Made of: PSI 1.75: 0.2303 from known bins, 1.519 from unseen values" in report


def test_columns_without_an_answer_are_listed_with_the_reason(mixed: Assessment) -> None:
    report = console_report(mixed)
    assert "Not evaluated:\n  - absent: column absent from the current data\n" in report


def test_a_day_without_any_answer_is_not_called_free_of_drift(assess_columns: Assess) -> None:
    report = console_report(assess_columns({"x": ([1.0, 2.0], "no rows")}))
    assert "Overall Drift Detected: NOT EVALUATED\n" in report


def test_no_says_how_many_columns_it_leaves_out(assess_columns: Assess) -> None:
    steps = list(np.linspace(0.0, 1.0, 500))
    assessment = assess_columns({"x": (steps, steps), "y": (steps, "no rows")})
    report = console_report(assessment)
    assert "Overall Drift Detected: NO (1 of 2 columns not evaluated)\n" in report
    assert "Drifted Features:" not in report
    assert "Prediction Drift:" not in report


@pytest.mark.parametrize("psi", [0.19999999, 0.2, 0.20000001])
def test_a_printed_psi_lies_on_the_side_of_its_verdict(documented: Assessment, psi: float) -> None:
    income = measured(documented.features[1], "income", {"psi": psi, "p": 0.04999, "js": 0.0999999})
    report = console_report(replace(documented, features=(income,)))
    block = dict(
        line.strip().split(": ", 1) for line in report.splitlines() if line.startswith("        ")
    )
    assert (float(block["PSI"]) >= 0.2) == (psi >= 0.2)
    assert float(block["KS p-value"]) < 0.05
    assert float(block["JS divergence"]) < 0.1


def test_one_drifted_feature_of_many_is_never_none_per_cent(assess_columns: Assess) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    one = assess_columns({"x": (steps, [v + 1 for v in steps]), "y": (steps, steps)})
    many = replace(one, features=(one.features[0], *[one.features[1]] * 3000))
    assert "Drift percentage: < 0.1%" in console_report(many)


def test_several_predictions_get_a_block_each(mixed: Assessment) -> None:
    report = console_report(mixed)
    assert (
        "\nPrediction Drift:\n  Drift detected: YES\n\n  score:\n    Drift detected: YES" in report
    )
    assert "\n  class:\n    Drift detected: NO\n    PSI: 0\n    Positive rate change: 0" in report


def test_hostile_names_neither_move_the_cursor_nor_add_lines(hostile: Assessment) -> None:
    report = console_report(hostile)
    assert all(c == "\n" or c.isprintable() for c in report)
    listed = [line for line in report.splitlines() if line.startswith("    - ")]
    assert len(listed) == sum(f.verdict is Verdict.BREACH for f in hostile.features)


def test_few_rows_are_computed_and_noted(assess_columns: Assess) -> None:
    report = console_report(assess_columns({"x": ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])}))
    assert "Note:\n  - The baseline data have 3 rows, under 100: chance alone" in report


def test_colours_add_nothing_but_themselves(mixed: Assessment, hostile: Assessment) -> None:
    for assessment in (mixed, hostile):
        coloured = console_report(assessment, colours=True)
        assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == console_report(assessment)
        assert "\x1b[1;31mYES\x1b[0m" in coloured
        assert coloured.count("\x1b[0m") * 2 == coloured.count("\x1b[")


def test_no_answer_is_not_painted_as_a_pass(assess_columns: Assess) -> None:
    report = console_report(assess_columns({"x": ([1.0, 2.0], "no rows")}), colours=True)
    assert "\x1b[1;35mNOT EVALUATED" in report
