"""What is asked of the data themselves: each check passes, fails, and says when it cannot tell."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from drift_assets.data_checks import CheckResult, Past, check_data, content_of
from drift_assets.data_settings import DataChecks
from drift_assets.profiles import Baseline, DatasetProfile
from drift_assets.scan import fit_baseline, profile_rows, rows_from_frame
from drift_assets_tests.store.samples import monitor

COLUMNS = ("income", "score", "state")


def frame(n: int = 400, *, seed: int = 1, **changes: object) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    columns = {
        "income": random.uniform(0, 100, n),
        "score": random.uniform(0, 1, n),
        "state": random.choice(["CA", "NY", "TX"], n),
    }
    return {name: v for name, v in (columns | changes).items() if v is not None}


BASELINE: Baseline = fit_baseline(rows_from_frame(frame(2000, seed=0)), monitor())


def profile(**changes: Any) -> DatasetProfile:  # noqa: ANN401  # columns and numbers
    return profile_rows(rows_from_frame(frame(**changes)), BASELINE)


def result(
    name: str,
    current: DatasetProfile,
    *,
    past: Past | None = None,
    n_repeated: int | None = None,
    **settings: Any,  # noqa: ANN401  # as in YAML
) -> CheckResult:
    found = check_data(
        DataChecks.model_validate(settings),
        BASELINE,
        current,
        watched=COLUMNS,
        past=past or Past(),
        n_repeated=n_repeated,
    )
    return next(one for one in found if one.name == name)


def test_a_clean_day_passes_what_can_be_told() -> None:
    past = Past(rows=(400, 410, 390), extra_columns=())
    found = check_data(
        DataChecks.model_validate({}), BASELINE, profile(), watched=COLUMNS, past=past
    )
    assert {one.name: one.state for one in found} == dict.fromkeys(
        ("row_count", "schema", "missing_rate", "stale", "out_of_range"), "passed"
    )


@pytest.mark.parametrize(
    ("n", "state"), [(199, "failed"), (200, "passed"), (800, "passed"), (801, "failed")]
)
def test_rows_are_as_many_as_half_to_twice_the_median_of_the_days_before(
    n: int, state: str
) -> None:
    # Median of 400, 1, 900, 390 and 410.
    found = result("row_count", profile(n=n), past=Past(rows=(400, 1, 900, 390, 410)))
    assert (found.state, found.value, found.lowest, found.highest) == (state, n, 200, 800)


def test_two_days_are_too_few_to_say_what_is_usual() -> None:
    assert result("row_count", profile(), past=Past(rows=(400, 400))).state == "not_evaluated"


def test_a_column_that_is_gone_or_of_another_type_fails_the_schema() -> None:
    current = profile(income=None, state=np.arange(400.0), extra=np.zeros(400))
    found = result("schema", current, past=Past(extra_columns=()))
    assert found.state == "failed"
    assert set(found.columns) == {"income", "state", "extra"}
    assert found.value == 3


def test_an_unwatched_column_that_was_there_yesterday_is_not_new() -> None:
    found = result("schema", profile(extra=np.zeros(400)), past=Past(extra_columns=("extra",)))
    assert found.state == "passed"
    gone = result("schema", profile(), past=Past(extra_columns=("extra",)))
    assert gone.columns == ("extra",)


def test_too_much_missing_names_the_column_and_its_share() -> None:
    income = frame()["income"]
    income[:300] = np.nan
    found = result("missing_rate", profile(income=income))
    assert (found.state, found.columns, found.value) == ("failed", ("income",), 0.75)
    assert (
        result("missing_rate", profile(income=income), missing_rate={"highest": 0.8}).state
        == "passed"
    )


@pytest.mark.parametrize(
    ("missing", "state"), [(240, "passed"), (272, "passed"), (273, "failed"), (400, "failed")]
)
def test_where_much_was_missing_before_chance_makes_no_day_fail(missing: int, state: str) -> None:
    # 60% of 2,000 rows. Of 400 rows 273, 68.25%, make a pooled share q of 1473/2400; three times
    # sqrt(q (1 - q) (1/2000 + 1/400)) is 8.0004%.
    before = frame(2000, seed=0)
    before["income"][:1200] = np.nan
    baseline = fit_baseline(rows_from_frame(before), monitor())
    today = frame()
    today["income"][:missing] = np.nan
    found = check_data(
        DataChecks.model_validate({}),
        baseline,
        profile_rows(rows_from_frame(today), baseline),
        watched=COLUMNS,
        past=Past(),
    )
    assert next(one for one in found if one.name == "missing_rate").state == state


def test_the_content_of_an_earlier_day_is_stale_whatever_its_order() -> None:
    rows = frame()
    content = content_of(profile().columns, 400)
    assert content is not None
    past = Past(contents={content: date(2026, 1, 4)})
    assert result("stale", profile(), past=past).state == "failed"
    assert "2026-01-04" in result("stale", profile(), past=past).reason
    one_more = rows["income"].copy()
    one_more[0] += 1e-9
    assert result("stale", profile(income=one_more), past=past).state == "passed"


def test_categories_alone_cannot_tell_two_days_apart() -> None:
    few = {"income": np.repeat([1.0, 2.0], 200), "score": np.repeat([0.25, 0.5], 200)}
    assert result("stale", profile(**few)).state == "not_evaluated"


def test_values_that_the_baseline_never_had_are_counted() -> None:
    income = frame()["income"]
    income[:40] = 500.0
    found = result("out_of_range", profile(income=income))
    assert (found.state, found.columns) == ("failed", ("income",))
    assert found.value == pytest.approx(0.1, abs=0.01)
    states = frame()["state"].astype(object)
    states[:80] = "ZZ"
    assert result("out_of_range", profile(state=states)).columns == ("state",)


def test_a_single_value_beyond_a_limit_of_ones_own_fails() -> None:
    income = frame()["income"]
    income[0] = -0.5
    limits = {"limits": {"income": {"lowest": 0}}}
    found = result("out_of_range", profile(income=income), out_of_range=limits)
    assert (found.state, found.columns) == ("failed", ("income",))
    assert "-0.5 is below 0" in found.reason
    other = {"limits": {"nobody": {"lowest": 0}}}
    assert result("out_of_range", profile(), out_of_range=other).state == "not_evaluated"


def test_rows_beyond_the_first_of_their_key_are_duplicates() -> None:
    settings: dict[str, Any] = {"duplicates": {"key": "id"}}
    assert result("duplicates", profile(), n_repeated=0, **settings).state == "passed"
    found = result("duplicates", profile(), n_repeated=4, **settings)
    assert (found.state, found.value, found.columns) == ("failed", 0.01, ("id",))
    assert result("duplicates", profile(), **settings).state == "not_evaluated"


def test_a_word_is_a_severity_and_false_switches_off() -> None:
    found = DataChecks.model_validate({"schema": "error", "stale": False, "row_count": "off"})
    assert found.wanted == {"schema": "error", "missing_rate": "warn", "out_of_range": "warn"}
