"""A month's figures: the report's own, and never rounded across a threshold."""

from datetime import date
from pathlib import Path

import pytest

from drift_assets.assessment import assess
from drift_assets.dashboard.month import read_month
from drift_assets.figures import show
from drift_assets.report.page import noise_floor
from drift_assets.store import History
from drift_assets_tests.dashboard.conftest import LAST, keep
from drift_assets_tests.store.sixty_days import frozen, monitor, profile_of_day


@pytest.fixture
def kept(tmp_path: Path) -> History:
    history = History(tmp_path / "history.duckdb", publishes=False)
    keep(history, "loans", [7])
    return history


def lines_of(history: History, column: str) -> dict[str, list[object]]:
    with history.published() as ask:
        month = read_month(ask, "loans", date(2026, 11, 1))
    place = month.cells["names"].index(column)
    return {label: rest for label, *rest in month.parts[0][place]}


def test_the_noise_floor_is_the_one_of_the_report(kept: History) -> None:
    result = assess(monitor(), frozen(), profile_of_day(7, frozen())).feature("steady")
    floor = noise_floor(result)
    assert floor is not None
    noise = lines_of(kept, "steady")["PSI"][2]
    assert str(noise).split("|")[LAST.day - 1] == show(floor)


def test_ks_has_a_threshold_only_where_its_size_decides(kept: History) -> None:
    assert lines_of(kept, "steady")["KS"][1] != []
    with kept.session() as connection:
        connection.execute("UPDATE feature_drift SET rule = 'plain'")
    assert lines_of(kept, "steady")["KS"][1] == []


def test_a_column_of_categories_has_total_variation_in_the_place_of_ks(kept: History) -> None:
    assert "KS" not in lines_of(kept, "state")
    assert "Total variation" in lines_of(kept, "state")


@pytest.mark.parametrize(
    ("rows", "missing", "shown", "limit"),
    [(1000, 20, "2.0%", "2.0%"), (10_000, 199, "1.99%", "2.00%"), (10_000, 201, "2.01%", "2.00%")],
)
def test_a_share_beside_its_threshold_reads_as_it_was_judged(
    kept: History, rows: int, missing: int, shown: str, limit: str
) -> None:
    with kept.session() as connection:
        connection.execute(
            "UPDATE feature_drift SET current_n = ?, current_n_missing = ?, "
            "baseline_n_missing = 0, threshold_missing_rate_change = 0.02",
            [rows - missing, missing],
        )
    figures, limits, *_ = lines_of(kept, "steady")["Missing rate"]
    assert str(figures).split("|")[-1] == shown
    assert isinstance(limits, list)
    assert limits[0].split("|")[-1] == limit


def test_a_mark_belongs_to_the_figure_that_was_beyond_its_threshold(kept: History) -> None:
    day = LAST.day - 1
    numbers = (
        "psi = 0.3, threshold_psi_warn = 0.1, threshold_psi_breach = 0.2, js_divergence = 0.01, "
        "threshold_js_breach = 0.1, ks = 0.3, threshold_ks_min_statistic = 0.1, ks_p_value = 0.2, "
        "missing_rate_change = 0.0, threshold_missing_rate_change = 0.02"
    )

    def marks(**changes: object) -> dict[str, str]:
        wanted = ", ".join(f"{name} = {value!r}" for name, value in changes.items())
        with kept.session() as connection:
            connection.execute(f"UPDATE feature_drift SET {numbers}")  # noqa: S608  # above
            connection.execute(f"UPDATE feature_drift SET {wanted}")  # noqa: S608  # below
        lines = lines_of(kept, "steady")
        return {label: str(rest[-1])[day:] for label, rest in lines.items() if rest[-1]}

    assert marks(verdict="breach", rule="guarded") == {"PSI": "b", "KS": "b"}
    # The plain rule looks at the p-value of KS: what was small did not decide.
    assert marks(verdict="breach", rule="plain") == {"PSI": "b"}
    assert marks(verdict="breach", rule="plain", ks_p_value=0.01, psi=0.15) == {
        "PSI": "w",
        "KS": "b",
    }
    # Fewer missing values are a change too.
    lost = {"psi": 0.0, "ks": 0.0, "missing_rate_change": -0.02}
    assert marks(verdict="breach", **lost) == {"Missing rate": "b"}
    # Held back, it warns; where the column is well, nothing is marked.
    assert marks(verdict="warn", **lost) == {"Missing rate": "w"}
    assert marks(verdict="ok", **lost) == {}


def test_columns_are_parted_so_that_one_file_stays_small(kept: History) -> None:
    with kept.session() as connection:
        connection.execute(
            "INSERT INTO feature_drift SELECT f.* REPLACE ('c' || r.i::VARCHAR AS feature) "
            "FROM feature_drift AS f, range(100) AS r(i) WHERE f.feature = 'steady'"
        )
    with kept.published() as ask:
        month = read_month(ask, "loans", date(2026, 11, 1))
    assert [len(part) for part in month.parts] == [40, 40, 28]
    assert len(month.cells["names"]) == 108
