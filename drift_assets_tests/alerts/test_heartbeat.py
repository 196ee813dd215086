"""The heartbeat, against a real web server."""

import pytest

from drift_assets.alerts.heartbeat import beat
from drift_assets.errors import DeliveryError
from drift_assets_tests.alerts.remote import SECRET, receiver


def test_the_address_is_called_once() -> None:
    with receiver() as there:
        beat(there.url)
    assert [one.path for one in there.received] == [f"/hook/{SECRET}"]


def test_an_address_that_does_not_answer_shows_nowhere() -> None:
    with receiver() as there:
        there.status = 503
        with pytest.raises(DeliveryError, match="answered 503") as caught:
            beat(there.url)
    assert SECRET not in str(caught.value)
    with pytest.raises(DeliveryError, match="ConnectionError") as caught:
        beat(f"http://127.0.0.1:9/{SECRET}")
    assert SECRET not in str(caught.value)


def test_an_address_that_is_none_is_said_in_words() -> None:
    with pytest.raises(DeliveryError, match=r"InvalidURL|MissingSchema"):
        beat("not an address")


def test_an_answer_that_drips_is_not_waited_for() -> None:
    with receiver() as there:
        there.drips = 0.1
        beat(there.url)
    assert len(there.received) == 1
