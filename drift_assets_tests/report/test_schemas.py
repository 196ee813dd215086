"""The published JSON Schemas, held against real reports of every kind."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

import drift_assets
from drift_assets import DriftDetector
from drift_assets.assessment import Assessment
from drift_assets.data_checks import CheckResult
from drift_assets.monitors import Trend
from drift_assets.report.checks import checks_to_list
from drift_assets.report.json import (
    COMPARISON_SCHEMA_VERSION,
    SCHEMA_VERSION,
    assessment_to_dict,
    document_report,
    to_json,
)
from drift_assets.report.trend import trends_to_list
from drift_assets.trends import Series, judge_trends
from drift_assets_tests.report import schema_file
from drift_assets_tests.report.conftest import DAY, Assess
from drift_assets_tests.report.test_next_steps import understood

SCHEMAS = Path(drift_assets.__file__).parent / "report" / "schemas"
ROOT = Path(drift_assets.__file__).parents[1]


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return found


def closed(part: Any) -> Any:  # noqa: ANN401  # any part of a schema
    """Return a schema that admits no key that it does not name."""
    if isinstance(part, dict):
        inner = {key: closed(value) for key, value in part.items()}
        if isinstance(part.get("properties"), dict) and "additionalProperties" not in part:
            inner["additionalProperties"] = False
        return inner
    return [closed(one) for one in part] if isinstance(part, list) else part


def check(name: str, document: dict[str, Any]) -> None:
    """Assert that a document, as it is written, has the schema's keys and no others."""
    written = json.loads(to_json(document))
    jsonschema.Draft202012Validator(closed(schema(name))).validate(written)


@pytest.fixture(params=["mixed", "hostile", "guarded", "silent", "named", "lasting"])
def any_assessment(request: pytest.FixtureRequest, assess_columns: Assess) -> Assessment:
    steps = list(np.linspace(0.0, 1.0, 500))
    pairs = {"a": (steps, [x + 0.5 for x in steps]), "b": (steps, steps)}
    made = {
        "guarded": lambda: assess_columns(pairs, guards=True),
        "silent": lambda: assess_columns({"a": (steps, "no rows")}),
        "named": lambda: assess_columns(pairs, statistics=["hellinger", "energy_distance"]),
        "lasting": lambda: assess_columns(pairs, alert_after="2 of 3"),
    }
    name: str = request.param
    found: Assessment = made[name]() if name in made else request.getfixturevalue(name)
    return found


@pytest.mark.parametrize("name", ["day", "comparison"])
def test_a_schema_is_one_itself(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_versions_are_those_that_are_written() -> None:
    assert schema("day")["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    version = schema("comparison")["properties"]["schema_version"]["const"]
    assert version == COMPARISON_SCHEMA_VERSION


def test_the_schema_of_a_day_is_made_from_the_types() -> None:
    assert schema_file.PLACE.read_text("utf-8") == schema_file.text(), (
        "a type that is written down has changed: run "
        "python -m drift_assets_tests.report.schema_file"
    )


def test_every_report_of_a_day_has_its_schema(any_assessment: Assessment) -> None:
    check("day", assessment_to_dict(any_assessment))
    check("day", assessment_to_dict(any_assessment, partition=DAY, run_id="r", fingerprint="f"))


def test_every_comparison_has_its_schema(any_assessment: Assessment) -> None:
    check("comparison", document_report(any_assessment))


def test_the_trends_of_a_day_are_in_its_schema(mixed: Assessment) -> None:
    days = np.arange(DAY.toordinal() - 59, DAY.toordinal() + 1)
    noise = np.random.default_rng(2).normal(0, 0.01, 60)
    levels = [np.linspace(0.01, 0.15, 60), np.repeat([0.02, 0.15], 30), np.zeros(60)]
    series = [
        Series("shifted", "feature", "psi", days, level + noise, np.zeros(60)) for level in levels
    ]
    series.append(Series.empty("steady", "feature", "psi"))
    thresholds = {f.feature: f.thresholds for f in mixed.features}
    trends = judge_trends(series, Trend(), thresholds, partition=DAY)
    assert any(trend.step for trend in trends)
    assert any(trend.reached_on for trend in trends)
    check("day", assessment_to_dict(mixed) | {"trends": trends_to_list(trends)})


def test_the_data_checks_of_a_day_are_in_its_schema(mixed: Assessment) -> None:
    checks = [
        CheckResult("row_count", "warn", "failed", "9 rows", value=0.1, lowest=0.5, highest=2.0),
        CheckResult("stale", "error", "not_evaluated", "unknown", columns=("a",), content="00ff"),
    ]
    check("day", assessment_to_dict(mixed) | {"checks": checks_to_list(checks)})


def test_the_detector_reports_by_the_schema() -> None:
    r = np.random.default_rng(0)
    before, after = (pd.DataFrame({"a": r.normal(size=500), "b": ["x"] * 500}) for _ in "12")
    check("comparison", DriftDetector().generate_drift_report(before, after, ["a", "b"]))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdict",), "fine"),
        (("features", 0, "measurements", "psi", "value"), "0.2"),
        (("features", 0, "bins", 0, "n_baseline"), 1.5),
        (("schema_version",), 2),
    ],
)
def test_a_garbled_report_is_refused(
    mixed: Assessment, place: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(to_json(assessment_to_dict(mixed)))
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema("day")).validate(document)


def described(part: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401  # any part of a schema
    for key, value in part.get("properties", {}).items():
        if not {"description", "$ref", "const"} & set(value) and "enum" not in value:
            yield f"{path}.{key}"


def test_the_keys_at_the_top_are_described_and_in_the_docs() -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    for name in ("day", "comparison"):
        assert list(described(schema(name))) == []
        assert f"{name}.schema.json" in page
        for key in schema(name)["properties"]:
            assert f"`{key}`" in page, key


def test_what_the_page_on_reports_says_is_run() -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    found: dict[str, Any] = {}
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if language == "python":
            exec(compile(block, "reports.md", "exec"), found)  # noqa: S102  # our own page
        else:
            understood(block)
    assert found["schema"] == schema("day")
