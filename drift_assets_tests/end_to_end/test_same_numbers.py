"""One assessment, read in every place where people read it: each says the same."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drift_assets.assessment import Assessment
from drift_assets.orchestration.checks import column_check
from drift_assets.report.console import console_report
from drift_assets.report.html import html_report
from drift_assets.report.json import assessment_to_dict, document_report, to_json
from drift_assets.report.markdown import markdown_table
from drift_assets.report.wording import p_value_figure, value_figure
from drift_assets.store import History
from drift_assets.verdicts import Verdict
from drift_assets_tests.store import samples

SQL = {
    "psi": "psi",
    "ks": "ks",
    "chi_squared": "chi_squared",
    "js_divergence": "js_divergence",
    "missing_rate": "missing_rate_change",
    "positive_rate": "positive_rate_change",
}


@pytest.fixture
def assessment() -> Assessment:
    return samples.assessment(shift=150.0)


def drawn(html: str) -> dict[str, Any]:
    data = json.loads(html.partition(' id="data">')[2].partition("</script>")[0])
    return {column["name"]: column for column in data["columns"]}


def lines_of(html: str) -> dict[str, str]:
    """Return the PSI that each column's line shows without any script."""
    found = re.findall(
        r"<h3><bdi>(.*?)</bdi>.*?</h3>\n"
        r"<span class=\"figure\">(?:<small>PSI</small> (.*?))?</span>",
        html,
    )
    return dict(found)


def test_a_value_is_the_same_in_page_json_sql_console_and_dagster(
    assessment: Assessment, tmp_path: Path
) -> None:
    history = History(tmp_path / "history.duckdb")
    yesterday = samples.DAY - timedelta(days=1)
    for day in (yesterday, samples.DAY):
        history.record(
            assessment,
            partition=day,
            fingerprint="f",
            run_id="r",
            evaluated_at=samples.NOON,
        )
    past = history.timeline(assessment.monitor, first=yesterday, last=samples.DAY)
    html = html_report(assessment, partition=samples.DAY, timeline=past)
    page, shown = drawn(html), lines_of(html)
    day_json = json.loads(to_json(assessment_to_dict(assessment)))
    by_name = {feature["feature"]: feature for feature in day_json["features"]}
    compared = json.loads(to_json(document_report(assessment)))
    sides = compared["feature_drift"]["features"] | compared["prediction_drift"]["predictions"]
    console = console_report(assessment)
    table = {
        row.split(" | ")[0].strip("| "): row for row in markdown_table(assessment).splitlines()
    }
    names = ", ".join(SQL.values())
    stored = {
        row[0]: dict(zip(SQL, row[1:], strict=True))
        for row in history.query(
            f"SELECT feature, {names} FROM drift_latest"  # noqa: S608  # our own names
        ).rows
    }
    assert any(f.verdict is Verdict.BREACH for f in assessment.features)
    for result in assessment.features:
        name = result.feature
        statistics = {line[0]: line for line in page[name]["statistics"]}
        check = column_check(_key(), "drift", result)
        for statistic, measurement in result.measurements.items():
            value = by_name[name]["measurements"][statistic]["value"]
            assert value == measurement.value
            if statistic in SQL:
                assert stored[name][statistic] == value
        for judgement in result.judgements:
            told = check.metadata[judgement.measurement.statistic].value
            assert told == judgement.measurement.value
        figure = value_figure(result, "psi")
        assert sides[name]["psi"]["psi"] == result.value("psi")
        assert statistics["PSI"][1] == shown[name] == figure
        # Today's and yesterday's, which was the same, on the page's own time axis.
        assert page[name]["past"][0][1] == [figure, figure]
        assert f" {figure} " in table[name]
        if result.verdict is Verdict.BREACH:
            assert f"PSI: {figure}\n" in console
            assert page[name]["reason"] in console
            test = "ks" if result.kind == "numeric" else "chi_squared"
            if result.role == "feature":
                assert f"p-value: {p_value_figure(result, test)}\n" in console
        assert (page[name]["label"] == "breach") == (by_name[name]["verdict"] == "breach")


def _key() -> Any:  # noqa: ANN401  # dagster is imported by whoever needs it
    import dagster as dg  # noqa: PLC0415

    return dg.AssetKey(["loans", "drift"])
