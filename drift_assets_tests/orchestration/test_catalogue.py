"""What Dagster's catalogue says of a monitor's assets."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from drift_assets.monitors import Monitor
from drift_assets.orchestration.catalogue import column_lineage
from drift_assets.orchestration.component import build_definitions

SETTINGS: dict[str, Any] = {
    "name": "churn",
    "baseline": "baseline.csv",
    "current": "{partition}.csv",
    "features": [
        {"column": "age", "kind": "numeric", "owner": "ada@example.com", "group": "person"},
        {"column": "carrier", "owner": "data platform", "group": "two words"},
        "income",
    ],
    "predictions": [{"column": "score", "owner": "ml"}],
    "partitions": {"start": date(2026, 1, 1)},
}


@pytest.fixture
def graph(tmp_path: Path) -> dg.AssetsDefinition:
    definitions = build_definitions(Monitor.model_validate(SETTINGS), root=tmp_path)
    return definitions.resolve_asset_graph()  # type: ignore[return-value]  # looked at by key


def of(graph: Any, *path: str) -> Any:  # noqa: ANN401  # Dagster's own nodes
    return graph.get(dg.AssetKey(["churn", *path]))


def test_an_owner_is_a_person_by_address_and_otherwise_a_team(graph: dg.AssetsDefinition) -> None:
    assert list(of(graph, "drift", "age").owners) == ["ada@example.com"]
    assert list(of(graph, "drift", "carrier").owners) == ["team:data platform"]
    assert list(of(graph, "predictions", "score").owners) == ["team:ml"]
    assert list(of(graph, "drift", "income").owners) == []


def test_a_column_is_found_by_its_role_and_its_group(graph: dg.AssetsDefinition) -> None:
    assert of(graph, "drift", "age").tags["drift_assets/group"] == "person"
    # Dagster takes no such value.
    assert "drift_assets/group" not in of(graph, "drift", "carrier").tags
    assert of(graph, "predictions", "score").tags["drift_assets/role"] == "prediction"


def test_the_watched_columns_are_the_schema_of_the_days(graph: dg.AssetsDefinition) -> None:
    schema = of(graph, "current").metadata["dagster/column_schema"]
    assert [(c.name, c.type) for c in schema.columns] == [
        ("age", "numeric"),
        ("carrier", "as in the baseline"),
        ("income", "as in the baseline"),
        ("score", "as in the baseline"),
    ]
    own = of(graph, "drift", "age").metadata["dagster/column_schema"]
    assert [c.name for c in own.columns] == ["age"]


def test_a_columns_drift_is_of_both_sides(graph: dg.AssetsDefinition) -> None:
    lineage = column_lineage("churn", "age")["dagster/column_lineage"]
    assert {dep.asset_key.to_user_string() for dep in lineage.deps_by_column["age"]} == {
        "churn/baseline",
        "churn/current",
    }
    assert {dep.column_name for dep in lineage.deps_by_column["age"]} == {"age"}
    upstream = {key.to_user_string() for key in of(graph, "drift", "age").parent_keys}
    assert upstream == {"churn/baseline", "churn/current"}


@pytest.mark.parametrize(
    ("asset", "phrase"),
    [
        (("drift", "age"), "what to do about it"),
        (("report",), "which commands come next"),
        (("alert",), "do not run it again unless the data changed"),
        (("current",), "run again once they are right"),
    ],
)
def test_a_description_says_what_a_person_should_do(
    graph: dg.AssetsDefinition, asset: tuple[str, ...], phrase: str
) -> None:
    assert phrase in of(graph, *asset).description
