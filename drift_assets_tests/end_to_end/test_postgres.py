"""A day with nothing in files but baselines and reports: history and Dagster on PostgreSQL."""

import re
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import pytest

from drift_assets.orchestration.runs import Ending, open_instance
from drift_assets.store import open_history
from drift_assets.store.server import SETTING, disconnect
from drift_assets_tests.end_to_end.project import COLUMNS, Project, rows, runner
from drift_assets_tests.postgres import USER, Cluster, running_cluster, why_not

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
QUIET, SHIFTED = date(2026, 1, 2), date(2026, 1, 3)

if not why_not() and find_spec("dagster_postgres") is None:
    WHY_NOT = "dagster-postgres is not installed: pip install 'drift-assets[postgres]'"
else:
    WHY_NOT = why_not()

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as found:
        yield found
        disconnect()


def settings_of_the_guide() -> str:
    """Return the lines for ``dagster.yaml`` that the guide has people write."""
    (found,) = re.findall(r"```yaml\n(storage:\n.+?)```", GUIDE, flags=re.DOTALL)
    return str(found)


@pytest.mark.parametrize("scheme", ["postgres:", "ducklake:postgres:"])
def test_days_run_with_history_and_dagster_on_postgres(
    project: Project, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    history_place, dagster_place = cluster.database(), cluster.database()
    for name, value in {
        SETTING: scheme + history_place,
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PORT": f"{cluster.port}",
        "DAGSTER_PG_DB": dagster_place.rpartition("dbname=")[2],
        "DAGSTER_PG_USER": USER,
        "DAGSTER_PG_PASSWORD": cluster.password,
        "DAGSTER_HOME": str(project.root),
    }.items():
        monkeypatch.setenv(name, value)
    (project.root / "dagster.yaml").write_text(
        settings_of_the_guide().replace("drift_home/", f"{project.home}/"), encoding="utf-8"
    )
    with open_instance(project.home) as instance:
        project.drop(QUIET, rows(1))
        project.drop(SHIFTED, rows(2, shift=1.0))
        days = runner(project, instance)
        assert days.run(QUIET).ending is Ending.COMPLETED
        assert days.run(SHIFTED).ending is Ending.COMPLETED_WITH_DRIFT
        assert instance.get_latest_materialization_event(dg.AssetKey(["churn", "baseline"]))
    # Witnesses outside of Dagster and DuckDB.
    question = "SELECT status, count(*) FROM runs GROUP BY status ORDER BY status"
    assert cluster.psql(dagster_place, question) == "FAILURE|1\nSUCCESS|1\n"
    if scheme == "postgres:":
        question = "SELECT partition, verdict FROM drift_assets.evaluations ORDER BY partition"
        verdicts = cluster.psql(history_place, question)
        assert verdicts == f"{QUIET}|ok\n{SHIFTED}|breach\n"
    history = open_history(project.home)
    assert history.query("SELECT feature FROM drift_latest WHERE verdict = 'breach'").rows == [
        (COLUMNS[0],)
    ]
    assert history.query("SELECT state FROM alert_history").rows == [("delivered",)]
    assert not list(project.home.rglob("*.duckdb*"))
    assert not list(project.root.rglob("*.db"))
