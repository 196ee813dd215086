import json
import math
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.assessment import Assessment, Bin, FeatureResult, Summary
from drift_assets.errors import DataError
from drift_assets.report.json import (
    assessment_from_dict,
    assessment_to_dict,
    document_report,
    to_json,
)
from drift_assets.stats import Measurement
from drift_assets.verdicts import Judgement, Verdict
from drift_assets.watch import Thresholds
from drift_assets_tests.report.conftest import Assess


def there_and_back(assessment: Assessment) -> Assessment:
    text = json.dumps(assessment_to_dict(assessment), allow_nan=False)
    return assessment_from_dict(json.loads(text))


def test_an_assessment_comes_back_from_json_equal_in_every_field(mixed: Assessment) -> None:
    back = there_and_back(mixed)
    assert back == mixed
    # Equality holds between 1 and True, too: compare the spelling as well.
    assert repr(back) == repr(mixed)


def test_the_guarded_rule_and_an_incomplete_family_come_back(assess_columns: Assess) -> None:
    steps = [i / 500 for i in range(500)]
    guarded = assess_columns(
        {"a": (steps, [x + 0.5 for x in steps]), "b": (steps, steps)}, guards=True
    )
    incomplete = replace(guarded, family_complete=False)
    assert guarded.features[0].family
    assert there_and_back(guarded) == guarded
    assert there_and_back(incomplete) == incomplete


def test_hostile_names_come_back_from_json_and_from_its_bytes(hostile: Assessment) -> None:
    assert there_and_back(hostile) == hostile
    assert assessment_from_dict(json.loads(to_json(assessment_to_dict(hostile)))) == hostile


def test_numbers_that_json_has_no_sign_for_come_back(mixed: Assessment) -> None:
    first = replace(
        mixed.features[0],
        measurements={"psi": Measurement("psi", math.inf, None, 1, 1, -math.inf)},
        thresholds=Thresholds(psi_breach=math.inf),
    )
    strange = replace(mixed, features=(first, *mixed.features[1:]))
    assert there_and_back(strange) == strange
    unknown = replace(first, measurements={"psi": Measurement("psi", math.nan, None, 1, 1)})
    back = there_and_back(replace(mixed, features=(unknown,)))
    assert math.isnan(back.features[0].measurements["psi"].value)


def test_a_category_called_nan_stays_a_name(assess_columns: Assess) -> None:
    words = ["NaN"] * 50 + ["Infinity"] * 50
    assessment = assess_columns({"words": (words, [*words, "-Infinity"])})
    back = there_and_back(assessment)
    assert back == assessment
    assert back.feature("words").unseen == (("-Infinity", 1),)


def test_every_field_of_every_part_is_written_under_its_own_name(mixed: Assessment) -> None:
    document = assessment_to_dict(mixed)
    part = document["features"][0]
    for written, kind in (
        (document, Assessment),
        (part, FeatureResult),
        (part["measurements"]["psi"], Measurement),
        (part["judgements"][0], Judgement),
        (part["thresholds"], Thresholds),
        (part["bins"][0], Bin),
        (part["baseline"], Summary),
    ):
        assert {f.name for f in fields(kind)} <= set(written)


def test_the_day_and_the_run_stand_beside_the_fields(mixed: Assessment) -> None:
    document = assessment_to_dict(
        mixed,
        partition=date(2026, 11, 23),
        evaluated_at=datetime(2026, 11, 24, 6, tzinfo=UTC),
        run_id="r1",
        fingerprint="00ff",
    )
    assert document["schema_version"] == 1
    assert document["partition"] == "2026-11-23"
    assert document["evaluated_at"] == "2026-11-24T06:00:00+00:00"
    assert (document["run_id"], document["fingerprint"]) == ("r1", "00ff")
    assert assessment_from_dict(document) == mixed


@pytest.mark.parametrize("version", [2, "1", None])
def test_another_schema_is_refused(mixed: Assessment, version: object) -> None:
    document = assessment_to_dict(mixed) | {"schema_version": version}
    with pytest.raises(DataError, match="expected at most 1"):
        assessment_from_dict(document)


@pytest.mark.parametrize(
    "change",
    [{"features": None}, {"verdict": "fine"}, {"features": [{"feature": "x"}]}],
)
def test_a_damaged_report_is_refused_in_words(mixed: Assessment, change: dict[str, object]) -> None:
    with pytest.raises(DataError, match="lacks or garbles a field"):
        assessment_from_dict(assessment_to_dict(mixed) | change)


def test_the_bytes_are_json_in_utf8_even_for_half_a_surrogate_pair() -> None:
    document = {"Größe \ud800": "温度"}
    content = to_json(document)
    assert "温度".encode() in content
    assert json.loads(content.decode("utf-8")) == document
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"psi": math.nan})


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
) | st.text()
_NESTED = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.dictionaries(st.text(), _NESTED | st.sampled_from(Verdict) | st.just(((1,), "two"))))
def test_the_bytes_are_those_of_the_standard_library(document: dict[str, object]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    assert to_json(document) == text.encode("utf-8", "backslashreplace") + b"\n"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_has_no_sign_for_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"deep": [{"down": value}]})


def test_the_report_counts_as_the_document_does(mixed: Assessment) -> None:
    report = document_report(mixed, timestamp=datetime(2026, 11, 23, tzinfo=UTC))
    drift = report["feature_drift"]
    # Shifted, half missing, and 200 of 1,000 in a new category; one of six has no answer.
    assert drift["drifted_feature_names"] == ["shifted", "gaps", "carrier"]
    assert drift["drifted_features"] == 3
    assert drift["total_features"] == 6
    assert drift["drift_percentage"] == 50.0
    assert report["overall_drift_detected"] is True
    assert report["timestamp"] == "2026-11-23T00:00:00+00:00"


def test_no_answer_is_none_in_the_report_and_a_warning_says_why(mixed: Assessment) -> None:
    report = document_report(mixed)
    absent = report["feature_drift"]["features"]["absent"]
    assert absent["drift_detected"] is None
    assert absent["psi"]["psi"] is None
    assert absent["ks_test"]["p_value"] is None
    assert absent["reason"] == "column absent from the current data"
    assert report["warnings"] == ["Not evaluated: absent: column absent from the current data."]


def test_without_any_answer_overall_drift_is_not_false(assess_columns: Assess) -> None:
    report = document_report(assess_columns({"x": ([1.0, 2.0], "no rows")}))
    assert report["overall_drift_detected"] is None
    assert report["prediction_drift"] is None


def test_predictions_are_reported_apart_from_features(mixed: Assessment) -> None:
    drift = document_report(mixed)["prediction_drift"]
    score = mixed.feature("score")
    assert drift["psi"] == score.value("psi")
    # The square of a uniform score is at or above 0.5 for 1 - sqrt(0.5) of the rows.
    assert drift["positive_rate_change"] == pytest.approx((1 - math.sqrt(0.5)) - 0.5, abs=2e-3)
    assert drift["drift_detected"] is (score.verdict is Verdict.BREACH)
    assert set(drift["predictions"]) == {"score", "class"}


def test_a_categorical_column_has_chi_squared_and_no_means(mixed: Assessment) -> None:
    carrier = document_report(mixed)["feature_drift"]["features"]["carrier"]
    assert "ks_test" not in carrier
    assert set(carrier["psi"]) == {"psi", "drift_detected", "threshold"}
    assert carrier["chi_squared"]["drift_detected"] is True


def test_a_report_from_before_there_was_a_why_is_read_all_the_same(mixed: Assessment) -> None:
    document = assessment_to_dict(mixed)
    for feature in document["features"]:
        del feature["why"]
    back = assessment_from_dict(document)
    assert back == replace(mixed, features=tuple(replace(f, why=None) for f in mixed.features))


@pytest.mark.parametrize("by_hand", [(), ("missing_rate_change",)])
def test_a_report_from_before_novel_rows_had_a_threshold_has_that_of_missing_ones(
    mixed: Assessment, by_hand: tuple[str, ...]
) -> None:
    old = assessment_to_dict(mixed)
    for feature in old["features"]:
        del feature["thresholds"]["novel_rate_change"]
        feature["thresholds"]["missing_rate_change"] = 0.3
        feature["by_hand"] = by_hand
    for feature in assessment_from_dict(json.loads(json.dumps(old))).features:
        assert feature.thresholds == Thresholds(missing_rate_change=0.3, novel_rate_change=0.3)
        assert feature.by_hand == (*by_hand, *(("novel_rate_change",) if by_hand else ()))


def test_of_the_other_statistics_the_novel_rate_alone_has_a_threshold_where_it_is_judged(
    assess_columns: Assess,
) -> None:
    steps = [i / 500 for i in range(500)]
    columns = {"a": (steps, [x + 0.5 for x in steps])}
    guarded = document_report(assess_columns(columns, guards=True, statistics=["hellinger"]))
    others = guarded["feature_drift"]["features"]["a"]["other_statistics"]
    thresholds = {name: one["threshold"] for name, one in others.items()}
    assert thresholds == {"wasserstein": None, "hellinger": None, "novel_rate": 0.01}
    plain = document_report(assess_columns(columns, guards=False, statistics=["novel_rate"]))
    others = plain["feature_drift"]["features"]["a"]["other_statistics"]
    assert others["novel_rate"]["value"] == 0.5
    assert {one["threshold"] for one in others.values()} == {None}


def test_a_report_from_before_persistence_is_read_as_if_every_breach_counted_at_once(
    mixed: Assessment,
) -> None:
    document = assessment_to_dict(mixed)
    del document["dataset"]
    for feature in document["features"]:
        for key in ("rule_verdict", "alert_after", "importance"):
            del feature[key]
    assert assessment_from_dict(document) == mixed


def test_persistence_and_the_verdict_of_the_data_set_come_back(assess_columns: Assess) -> None:
    steps = list(np.linspace(0.0, 1.0, 200))
    found = assess_columns(
        {"x": (steps, [v + 1 for v in steps])}, alert_after="2 of 3", drift_share_threshold=0.25
    )
    assert found.feature("x").rule_verdict is Verdict.BREACH
    assert found.feature("x").verdict is Verdict.WARN
    assert found.dataset.threshold == 0.25
    back = json.loads(to_json(assessment_to_dict(found)))
    assert assessment_from_dict(back) == found
    told = document_report(found)
    assert told["dataset_drift"]["drift_detected"] is False
    assert told["feature_drift"]["features"]["x"]["rule_verdict"] == "breach"


def test_the_report_says_what_the_psi_is_made_of(mixed: Assessment) -> None:
    features = document_report(mixed)["feature_drift"]["features"]
    why = features["carrier"]["why"]
    assert why["unseen_share"] == 0.2
    assert why["known"] + why["unseen"] == pytest.approx(features["carrier"]["psi"]["psi"])
    assert features["absent"]["why"] is None


def test_named_statistics_come_back_from_json(assess_columns: Assess) -> None:
    steps = [i / 500 for i in range(500)]
    assessment = assess_columns(
        {"a": (steps, [x + 0.5 for x in steps])}, statistics=["energy_distance", "std_ratio"]
    )
    assert list(assessment.features[0].measurements)[-2:] == ["energy_distance", "std_ratio"]
    assert there_and_back(assessment) == assessment
