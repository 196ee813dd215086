"""``drift-assets simulate`` on a small history."""

import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest

from drift_assets.assessment import assess
from drift_assets.learned import LearnedThreshold, Scale
from drift_assets.store import History
from drift_assets.store.baselines import BaselineFiles
from drift_assets_tests.cli.calling import call
from drift_assets_tests.store.samples import DAY, assessment, baseline, day_of_data, monitor
from drift_assets_tests.taught import taught


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a drift home with a quiet day, three that breach, and a quiet one."""
    home = tmp_path_factory.mktemp("home")
    history = History(home / "history.duckdb")
    for number, shift in enumerate((0.0, 300.0, 300.0, 300.0, 0.0)):
        history.record(
            assessment(shift=shift),
            partition=DAY + timedelta(days=number),
            fingerprint="f",
            run_id="r",
        )
    return home


def test_it_says_how_many_days_which_columns_and_since_when(home: Path) -> None:
    result = call("simulate", "loans", "--alert-after", "2 of 2", "--home", home)
    assert result.exit_code == 0
    assert "loans, 2026-11-23 to 2026-11-27: 5 reported days" in result.output
    assert "settings: alert_after 2 of 2" in result.output
    assert "days with a breach: 3 (60.0%) as reported, 2 (40.0%) simulated" in result.output
    row = next(line.split() for line in result.output.splitlines() if "income" in line)
    assert row == ["income", "3", "2", "2026-11-25", "2026-11-26"]


def test_another_rate_of_false_alarms_is_taken_from_beside_the_baseline(tmp_path: Path) -> None:
    frozen = baseline()
    # Of further days 0.01 exceed 198, half exceed 100.
    limits = {"income": 0.3, "state": 0.9, "score": 0.9}
    learned = taught(
        {
            name: (LearnedThreshold("psi", None, d, d, d, 0.0, 1, Scale(0.0, d**0.5 / 198, 0.0)),)
            for name, d in limits.items()
        }
    )
    BaselineFiles(tmp_path, "loans").keep_learned(frozen.id, learned, settings={})
    current = day_of_data(frozen, shift=60.0)
    found = assess(monitor(), frozen, current, day=DAY, learned=learned)
    psi = found.feature("income").value("psi")
    assert psi is not None
    assert 0.3 * (100 / 198) ** 2 < psi < 0.3
    history = History(tmp_path / "history.duckdb")
    history.record(found, partition=DAY, fingerprint="f", run_id="r")

    def simulated(*options: str) -> int:
        result = call("simulate", "loans", *options, "--json", "--home", tmp_path)
        days: int = json.loads(result.output)["breaching_days"]["simulated"]
        return days

    assert [simulated(), simulated("--false-alarms", "0.01")] == [0, 0]
    assert simulated("--false-alarms", "0.5") == 1
    assert simulated("--false-alarms", "0.5", "--psi-threshold", "0.9") == 0
    refused = call("simulate", "loans", "--false-alarms", "0.5", "--guards", "--home", tmp_path)
    assert refused.exit_code != 0
    assert "found false_alarms 0.5 beside guards" in refused.output.lower()
    # Without the file the answer says of which columns it says nothing, and why.
    for path in (tmp_path / "baselines" / "loans").iterdir():
        path.unlink()
    result = call("simulate", "loans", "--false-alarms", "0.5", "--home", tmp_path)
    assert (
        "no other rate of false alarms for income (1 day), state (1 day), score (1 day): what the "
        f"days of baseline {frozen.id} teach for other rates is not kept"
    ) in " ".join(result.output.split())


def test_without_options_it_says_what_was_reported(home: Path) -> None:
    found = json.loads(call("simulate", "loans", "--json", "--home", home).output)
    assert found["breaching_days"] == {"as_reported": 3, "simulated": 3}
    assert all(d["as_reported"]["verdict"] == d["simulated"]["verdict"] for d in found["days"])


def test_a_stretch_of_days_and_every_option_together(home: Path, tmp_path: Path) -> None:
    picture = tmp_path / "simulated.svg"
    result = call(
        *("simulate", "loans", "--from", "2026-11-24", "--to", "2026-11-25", "--json"),
        *("--preset", "conservative", "--psi-threshold", "9", "--ks-threshold", "0.001"),
        *("--js-threshold", "0.9", "--no-guards", "--family-alpha", "0.001"),
        *("--alert-after", "1 of 1", "--drift-share-threshold", "0.1"),
        *("--picture", picture, "--home", home),
    )
    found = json.loads(result.output)
    assert (found["first"], found["last"]) == ("2026-11-24", "2026-11-25")
    assert found["settings"] == {
        "preset": "conservative",
        "psi_breach": 9.0,
        "ks_significance_level": 0.001,
        "js_breach": 0.9,
        "family_alpha": 0.001,
        "guards": False,
        "alert_after": "1 of 1",
        "drift_share_threshold": 0.1,
        "false_alarms": None,
    }
    # KS alone is left, and it is enough for the plain rule.
    assert found["breaching_days"] == {"as_reported": 2, "simulated": 2}
    assert ET.parse(picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  # our own


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["lones"], "Unknown reported monitor 'lones'. Did you mean 'loans'?"),
        (["loans", "--from", "2027-01-01"], "Found no reported day of 'loans' from 2027-01-01"),
        (["loans", "--from", "2026-11-25", "--to", "2026-11-24"], "is after --to"),
        (["loans", "--alert-after", "twice"], "expected two whole numbers such as '2 of 3'"),
        (["loans", "--psi-threshold", "nan"], "NaN is not a number"),
        (["loans", "--from", "soon"], "expected a day such as 2026-11-23"),
        (["loans", "--picture", "loans.png"], "expected a name that ends in .svg"),
    ],
)
def test_bad_usage_ends_with_status_2_in_words(
    home: Path, arguments: list[str], expected: str
) -> None:
    result = call("simulate", *arguments, "--home", home)
    assert result.exit_code == 2
    assert expected in result.output


def test_without_a_history_no_monitor_is_known(tmp_path: Path) -> None:
    result = call("simulate", "loans", "--home", tmp_path)
    assert result.exit_code == 2
    assert "Known: none" in result.output
    assert list(tmp_path.iterdir()) == []
