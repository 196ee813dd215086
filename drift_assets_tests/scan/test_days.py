from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_assets.errors import ColumnError
from drift_assets.scan.columns import Loose
from drift_assets.scan.days import Days


def dates(array: object, timezone: str = "UTC") -> list[date | None]:
    found = Days("d", timezone=timezone).dates(array, label="x.csv").tolist()
    assert isinstance(found, list)
    return found


def test_a_day_begins_at_the_monitors_midnight() -> None:
    late = pa.array([datetime(2026, 1, 1, 23, 30, tzinfo=UTC), None], pa.timestamp("us", "UTC"))
    assert dates(late) == [date(2026, 1, 1), None]
    assert dates(late, "Europe/Berlin") == [date(2026, 1, 2), None]


def test_a_time_without_a_zone_is_taken_as_it_stands() -> None:
    late = pa.array([datetime(2026, 1, 1, 23, 30)], pa.timestamp("ms"))  # noqa: DTZ001
    assert dates(late, "Europe/Berlin") == [date(2026, 1, 1)]
    assert dates(pa.array(["2026-01-01T23:30:00"]), "Europe/Berlin") == [date(2026, 1, 1)]


@given(
    instant=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]),
)
def test_days_agree_with_pythons_zones(instant: datetime, zone: str) -> None:
    witness = instant.astimezone(ZoneInfo(zone)).date()
    assert dates(pa.array([instant], pa.timestamp("us", "UTC")), zone) == [witness]
    assert dates(pa.array([instant.isoformat()]), zone) == [witness]


def test_missing_dates_belong_to_no_day() -> None:
    days = Days("d", date(2026, 1, 1), date(2026, 1, 31))
    found = days.dates(pa.array([date(2026, 1, 1), None, date(2026, 2, 1)]), label="x.csv")
    assert days.keep(found).tolist() == [True, False, False]
    assert np.isnat(days.dates(pa.nulls(2), label="x.csv")).all()


@pytest.mark.parametrize(
    "array", [pa.array([20260101]), pa.array(["01/02/2026"]), pa.array(["2026-02-30"]), Loose([1])]
)
def test_what_is_no_date_is_refused_with_the_column_and_file(array: object) -> None:
    with pytest.raises(ColumnError, match=r"date column 'd' of x\.csv.*2026-11-23"):
        dates(array)
