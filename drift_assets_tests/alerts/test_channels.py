"""Which channels a monitor has: its settings and the environment decide."""

import logging

import dagster as dg
import pytest
from pydantic import ValidationError

from drift_assets.alert_settings import Alerts
from drift_assets.alerts import channels_for, channels_off
from drift_assets.alerts.apprise import AppriseChannel
from drift_assets.alerts.log import LogChannel
from drift_assets.errors import DeliveryError
from drift_assets_tests.alerts.remote import SECRET, outgoing, receiver

EVERY = {
    "slack": [
        {"webhook_url_env": "HOOK"},
        {"token_env": "TOKEN", "channel": "#drift", "name": "bot"},
    ],
    "pagerduty": {"routing_key_env": "KEY"},
    "email": {"host_env": "MAIL", "sender": "a@example.com", "to": ["b@example.com"]},
    "webhook": {"url_env": "ADDRESS", "secret_env": "SIGN"},
    "apprise": {"urls_env": "URLS"},
}
VARIABLES = ("HOOK", "TOKEN", "KEY", "MAIL", "ADDRESS", "SIGN", "URLS")
LOGGER = logging.getLogger("churn")


def test_every_channel_whose_variable_is_set_is_on() -> None:
    alerts = Alerts.model_validate(EVERY)
    found = channels_for(alerts, LOGGER, environment=dict.fromkeys(VARIABLES, SECRET))
    names = ["log", "slack", "bot", "pagerduty", "email", "webhook", "apprise"]
    assert [channel.name for channel in found] == names
    # Neither the settings nor the channels show what the variables hold.
    assert SECRET not in repr(found[:4] + found[5:]) + repr(alerts)


def test_a_channel_whose_variable_is_unset_or_empty_is_off_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alerts = Alerts.model_validate(EVERY)
    with caplog.at_level(logging.INFO):
        found = channels_for(alerts, LOGGER, environment={"KEY": "k", "HOOK": " "})
    assert [channel.name for channel in found] == ["log", "pagerduty"]
    assert channels_off(alerts, environment={"KEY": "k", "HOOK": " "})[:2] == [
        "slack (HOOK is not set)",
        "bot (TOKEN is not set)",
    ]
    for variable in ("HOOK", "TOKEN", "MAIL", "ADDRESS", "URLS"):
        assert f"{variable} is not set" in caplog.text


def test_a_webhook_whose_key_is_not_set_is_off_and_not_unsigned() -> None:
    alerts = Alerts.model_validate({"webhook": EVERY["webhook"]})
    assert len(channels_for(alerts, LOGGER, environment={"ADDRESS": "http://127.0.0.1/"})) == 1


def test_dagsters_variables_name_themselves() -> None:
    alerts = Alerts.model_validate({"webhook": {"url_env": dg.EnvVar("ADDRESS")}})
    assert alerts.webhook[0].url_env == "ADDRESS"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"webhook": {"url_env": "https://x/secret"}}, "secrets do not belong"),
        ({"pagerduty": {"routing_key_env": "R0123456789abcdef"}}, "secrets do not belong"),
        ({"slack": {}}, "webhook_url_env or token_env"),
        ({"slack": {"token_env": "T"}}, "needs a channel"),
        ({"email": EVERY["email"] | {"username_env": "U"}}, "go together"),  # type: ignore[operator]
        (
            {
                "email": EVERY["email"]  # type: ignore[operator]
                | {"username_env": "U", "password_env": "P", "security": "none"}
            },
            "in the clear",
        ),
        ({"webhook": [{"url_env": "A"}, {"url_env": "B"}]}, "'webhook' is taken"),
        ({"webhook": {"url_env": "A", "name": "log"}}, "'log' is taken"),
    ],
)
def test_mistakes_are_named(written: object, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Alerts.model_validate(written)


def test_the_log_gets_a_warning_and_good_news_an_info(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        LogChannel(LOGGER).send(outgoing(text="100 % drift\nnext line"))
        LogChannel(LOGGER).send(outgoing("resolve"))
    found = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert found[0] == ("WARNING", "100 % drift\nnext line")
    assert found[1][0] == "INFO"


# It reads pictures by a module that Python 3.13 has dropped.
@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
def test_apprise_hands_on_to_its_services() -> None:
    pytest.importorskip("apprise")
    alerts = Alerts.model_validate({"apprise": EVERY["apprise"]})
    with receiver() as there:
        address = f"json://127.0.0.1:{there.port}/hook"
        (_, channel) = channels_for(alerts, LOGGER, environment={"URLS": address})
        channel.send(outgoing())
    assert there.received[0].json["title"] == outgoing().title
    assert "income: PSI" in there.received[0].json["message"]


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
def test_apprise_repeats_nothing_to_services_that_have_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("apprise")
    with receiver() as there, receiver() as broken:
        broken.status = 500
        well, ill = (f"json://127.0.0.1:{one.port}/{SECRET}" for one in (there, broken))
        AppriseChannel(f"{ill} {well}").send(outgoing())
        assert (len(there.received), len(broken.received)) == (1, 1)
        assert "1 of 2 services of apprise did not accept the message" in caplog.text
        with pytest.raises(DeliveryError, match="none of its services") as caught:
            AppriseChannel(f"{ill} {ill}?second=1").send(outgoing())
    assert not caught.value.is_permanent
    assert SECRET not in str(caught.value)


def test_a_monitors_settings_come_before_the_common_ones_and_channels_are_told_of_both() -> None:
    common = Alerts.model_validate(
        {"slack": {"webhook_url_env": "ALL"}, "severity": "critical", "still_every_days": 3}
    )
    own = Alerts.model_validate(
        {"email": EVERY["email"], "severity": "info", "slack": {"webhook_url_env": "OWN"}}
    )
    found = own.over(common)
    assert [name for name, _ in found.channels] == ["slack", "email"]
    # Of two channels of one name the monitor's own is meant.
    assert found.slack[0].webhook_url_env == "OWN"
    assert (found.severity, found.still_every_days) == ("info", 3)
    assert own.model_copy(update={"use_global": False}).over(common).still_every_days == 7
    assert own.over(None) == own
