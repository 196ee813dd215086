"""From a message to what goes out."""

from datetime import date

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import Course, Message, outgoing_of, severity_of

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


def test_what_goes_on_says_since_when_and_keeps_the_key_of_its_first_day() -> None:
    course = Course("churn:2026-01-01:breach", date(2026, 1, 1), 2, "worse", "also age", "abc")
    found = outgoing_of(message("breach"), Alerts(), course=course)
    assert (found.key, found.title) == ("churn:2026-01-01:breach", "title (day 2)")
    assert found.text.splitlines()[1] == "on 2 days since 2026-01-01; worse: also age"
    assert found.payload["episode"] == {
        "since": "2026-01-01",
        "days": 2,
        "status": "worse",
        "why": "also age",
    }


def test_what_is_said_of_one_trouble_has_one_key_and_each_message_an_id() -> None:
    course = Course("churn:2026-01-01:breach", date(2026, 1, 1), 2, "still")
    first = outgoing_of(message("breach"), Alerts())
    later = outgoing_of(message("breach"), Alerts(), course=course)
    over = outgoing_of(message("breach"), Alerts(), course=course, event="resolve")
    assert later.key == over.key
    assert len({first.id, later.id, over.id}) == 3
    # Sent again because an answer was lost, it is the same.
    assert outgoing_of(message("breach"), Alerts(), course=course).id == later.id


def test_the_end_is_said_in_words() -> None:
    course = Course("k", date(2026, 1, 1), 3)
    found = outgoing_of(message("breach"), Alerts(), course=course, event="resolve")
    assert found.title == "churn: breach is over, it was so on 3 days since 2026-01-01"
    assert found.event == "resolve"


def test_the_run_is_linked_where_it_is_known() -> None:
    settings = Alerts.model_validate({"links": {"dagster": "https://d/"}})
    course = Course("k", DAY, run_id="abc")
    assert outgoing_of(message("breach"), settings, course=course).links["run"] == (
        "https://d/runs/abc"
    )


def test_a_data_set_that_drifts_as_a_whole_may_be_graver() -> None:
    whole = Message("churn", DAY, "breach", "t", "t", {"dataset_verdict": "breach"})
    assert severity_of(whole, Alerts(dataset_severity="critical")) == "critical"
    assert severity_of(whole, Alerts(severity="warning")) == "warning"
    assert severity_of(message("breach"), Alerts(dataset_severity="critical")) == "error"
