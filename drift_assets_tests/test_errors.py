"""Errors: one tree, messages that help, and copies that survive a process boundary."""

import inspect
import pickle
import re

import pytest

from drift_assets import errors
from drift_assets.errors import DriftAssetsError, UnknownNameError

TREE = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, DriftAssetsError)
]


@pytest.mark.parametrize("error", TREE)
def test_every_error_stands_in_the_drawing_under_its_parent(error: type[DriftAssetsError]) -> None:
    drawing = (errors.__doc__ or "").splitlines()
    depths = {
        match[2]: len(match[1])
        for line in drawing
        if (match := re.match(r"^([ │├└─]*)(\w+Error)\b", line))
    }
    parent = error.__mro__[1].__name__
    assert error.__name__ in depths
    if error is not DriftAssetsError:
        assert depths[error.__name__] == depths[parent] + 4


@pytest.mark.parametrize(
    ("name", "guess"),
    [("psy", "'psi'"), ("PSI", "'psi'"), ("Income", "'income'"), ("zzz", None)],
)
def test_an_unknown_name_lists_the_known_ones_and_guesses(name: str, guess: str | None) -> None:
    text = str(UnknownNameError("statistic", name, ["psi", "ks", "income"]))
    assert text.startswith(f"Unknown statistic {name!r}.")
    assert "Known: income, ks, psi." in text
    assert (f"Did you mean {guess}?" in text) == (guess is not None)


def test_an_unknown_name_among_none_says_so_and_takes_a_hint() -> None:
    text = str(UnknownNameError("monitor", "x", [], hint="Write one with drift-assets init."))
    assert text == "Unknown monitor 'x'. Known: none. Write one with drift-assets init."


def test_an_unknown_name_survives_pickling() -> None:
    error = UnknownNameError("statistic", "psy", ["psi"], hint="Look it up.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert isinstance(again, UnknownNameError)
    assert str(again) == str(error)
    assert (again.name, again.known) == ("psy", ["psi"])
