"""Figures are short and never contradict the number that they stand for."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from drift_assets.figures import p_phrase, show, show_p, show_share

FINITE = st.floats(-1e308, 1e308)
SHARES = st.floats(0, 1)


def read(text: str) -> float:
    return float(text.replace(",", ""))


def sides(value: float, against: float) -> tuple[bool, bool]:
    return value < against, value > against


@given(value=FINITE, against=FINITE)
@example(0.20000001, 0.2)
@example(0.19999999, 0.2)
@example(123456.7, 123456.9)
@example(99_999.96, 100_000.0)
@example(12345.678, 12345.679)
def test_a_figure_never_crosses_a_threshold(value: float, against: float) -> None:
    shown = read(show(value, against=against))
    assert sides(shown, against) == sides(value, against)


@given(threshold=st.floats(1e-6, 1e6), nearby=st.floats(-1e-3, 1e-3))
def test_a_threshold_shown_in_full_is_not_contradicted_by_the_figure_beside_it(
    threshold: float, nearby: float
) -> None:
    value = threshold * (1 + nearby)
    line = show(threshold, against=threshold)
    assert read(line) == threshold
    assert sides(read(show(value, against=threshold)), read(line)) == sides(value, threshold)


@given(FINITE)
def test_a_figure_is_right_to_four_digits_and_zero_only_for_zero(value: float) -> None:
    shown = read(show(value))
    assert shown == pytest.approx(value, rel=5.1e-4, abs=5e-324)
    assert (shown == 0) == (value == 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (9_999.96, "10,000"),
        (12_345.67, "12,346"),
        (99_999.9, "100,000"),
        (1e300, "1e+300"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_figures_as_people_write_them(value: float, text: str) -> None:
    assert show(value) == text


@given(p=SHARES, against=st.floats(1e-6, 0.999))
@example(0.0200001, 0.02)
@example(0.0499999, 0.05)
def test_a_p_value_never_crosses_its_level(p: float, against: float) -> None:
    text = show_p(p, against=against)
    if text == "< 0.001":
        assert p < 0.001 <= against
    else:
        assert sides(read(text), against) == sides(p, against)


@given(SHARES)
def test_a_p_value_reads_one_only_if_it_is_and_never_zero(p: float) -> None:
    text = show_p(p)
    if p < 0.001:
        assert text == "< 0.001"
    else:
        assert 0 < read(text) <= 1
        assert (text == "1") == (p == 1)


@given(SHARES)
def test_a_share_reads_none_or_all_only_if_it_is(share: float) -> None:
    text = show_share(share)
    assert (text == "0%") == (share == 0)
    assert (text == "100%") == (share == 1)
    assume(not text.startswith(("<", ">")))
    assert float(text.rstrip("%")) / 100 == pytest.approx(share, abs=5.1e-4)


def test_a_phrase_has_one_sign() -> None:
    assert p_phrase("p", 0.25) == "p = 0.25"
    assert p_phrase("adjusted p", 1e-9) == "adjusted p < 0.001"
    assert p_phrase("p", 3e-7, against=1e-6) == "p = 3e-07"
