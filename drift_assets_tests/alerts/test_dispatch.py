"""From a message to what goes out."""

from datetime import date

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import Message, outgoing_of

DAY = date(2026, 1, 2)


def message(cause: str) -> Message:
    return Message("churn", DAY, cause, "title", "text", {"monitor": "churn"})


def test_a_breach_is_as_grave_as_the_monitor_says_and_the_rest_a_warning() -> None:
    settings = Alerts(severity="critical")
    found = {c: outgoing_of(message(c), settings).severity for c in ("breach", "not_evaluated")}
    assert found == {"breach": "critical", "not_evaluated": "warning"}


def test_every_cause_of_a_day_has_a_key_of_its_own() -> None:
    keys = {outgoing_of(message(cause), Alerts()).key for cause in ("breach", "trend")}
    assert keys == {"churn:2026-01-02:breach", "churn:2026-01-02:trend"}


def test_links_lead_to_the_report_and_to_dagster_where_they_are_served() -> None:
    settings = Alerts.model_validate({"links": {"reports": "https://r/x/", "dagster": "https://d"}})
    assert outgoing_of(message("breach"), settings).links == {
        "report": "https://r/x/churn/2026-01-02.html",
        "Dagster": "https://d/assets/churn/report?partition=2026-01-02",
    }
    assert outgoing_of(message("breach"), Alerts()).links == {}
