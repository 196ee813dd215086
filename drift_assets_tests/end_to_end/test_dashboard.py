"""The dashboard after real runs: also of a day that breaches, and never at a run's cost."""

from datetime import date

import dagster as dg

from drift_assets.dashboard import FOLDER
from drift_assets.orchestration.runs import Ending
from drift_assets_tests.dashboard.reading import index_of, taken
from drift_assets_tests.end_to_end.project import Project, rows, runner

QUIET, SHIFTED = date(2026, 1, 2), date(2026, 1, 3)


def test_a_breaching_run_leaves_it_up_to_date_and_links_to_it(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(QUIET, rows(1))
    project.drop(SHIFTED, rows(2, shift=1.0))
    runs = runner(project, instance)
    runs.run(QUIET)
    folder = project.home / FOLDER
    assert index_of(folder)["churn"]["code"] == "o"
    assert runs.run(SHIFTED).ending is Ending.COMPLETED_WITH_DRIFT
    line = index_of(folder)["churn"]
    assert (line["code"], line["last"], line["page"]) == ("b", str(SHIFTED), True)
    # What this very run told people is in it.
    (alert,) = taken(folder / "data" / "churn" / "head.js")["alert_list"]
    assert (alert[0], alert[3]) == (str(SHIFTED), "delivered")
    found = instance.get_latest_materialization_event(dg.AssetKey(["churn", "alert"]))
    assert found is not None
    assert found.asset_materialization is not None
    metadata = found.asset_materialization.metadata
    assert metadata["dashboard"].value == str(folder / "index.html")


def test_a_folder_that_cannot_be_written_fails_no_run(
    project: Project, instance: dg.DagsterInstance
) -> None:
    project.drop(QUIET, rows(1))
    project.home.mkdir(parents=True, exist_ok=True)
    (project.home / FOLDER).write_text("in the way")
    assert runner(project, instance).run(QUIET).ending is Ending.COMPLETED
