"""``drift-assets trend`` on a history with trends, and without."""

import json
from pathlib import Path

import pytest

from drift_assets.assessment import assess
from drift_assets.store import History, JudgedTrends
from drift_assets.trends import TrendResult
from drift_assets.verdicts import Verdict
from drift_assets_tests.cli.calling import call
from drift_assets_tests.store.samples import DAY, baseline, day_of_data, monitor


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    history = History(folder / "history.duckdb")
    frozen = baseline()
    history.record(
        assess(monitor(), frozen, day_of_data(frozen)),
        partition=DAY,
        fingerprint="f",
        run_id="r",
    )
    _, seen = history.series(
        "loans", baseline_id=frozen.id, first=DAY, last=DAY, statistics=("psi",)
    )
    results = [
        TrendResult("state", "feature", "psi", Verdict.OK, "no trend", 90, 40, DAY, DAY, 0.2),
        TrendResult("income", "feature", "psi", Verdict.BREACH, "PSI rises", 90, 40, DAY, DAY, 0.2),
    ]
    assert history.record_trends("loans", JudgedTrends({DAY: results}, seen), run_id="r")
    return folder


def test_the_gravest_column_comes_first(home: Path) -> None:
    result = call("trend", "loans", "--home", home)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        f"loans, up to {DAY}. Of 2 columns: 1 reaching a threshold soon at this rate.",
        "  income: breach: PSI rises",
        "  state: ok: no trend",
    ]


def test_one_column_as_json(home: Path) -> None:
    result = call("trend", "loans", "--feature", "state", "--json", "--home", home)
    document = json.loads(result.output)
    assert (document["monitor"], document["partition"]) == ("loans", str(DAY))
    assert [(t["feature"], t["verdict"]) for t in document["trends"]] == [("state", "ok")]


def test_what_is_not_there_is_said_with_what_is(home: Path) -> None:
    result = call("trend", "loans", "--feature", "incme", "--home", home)
    assert result.exit_code == 2
    assert "Did you mean 'income'?" in result.output
    result = call("trend", "churn", "--home", home)
    assert result.exit_code == 2
    assert "Found no trends of a monitor 'churn'" in result.output
