"""The limit laws of two test statistics against published tables, moments and simulation."""

import math
from itertools import pairwise

import numpy as np
import pytest

from drift_assets.stats.quadratic_form import Law, quadratic_form_p_value


# M. A. Stephens, Journal of the American Statistical Association 69 (1974), table 1 (case 0);
# T. W. Anderson and D. A. Darling, Annals of Mathematical Statistics 23 (1952), table 1.
@pytest.mark.parametrize(
    ("law", "value", "p_value"),
    [
        ("anderson_darling", 1.933, 0.10),
        ("anderson_darling", 2.492, 0.05),
        ("anderson_darling", 3.070, 0.025),
        ("anderson_darling", 3.857, 0.01),
        ("cramer_von_mises", 0.34730, 0.10),
        ("cramer_von_mises", 0.46136, 0.05),
        ("cramer_von_mises", 0.74346, 0.01),
        ("cramer_von_mises", 1.16786, 0.001),
    ],
)
def test_the_tables_say_so_too(law: Law, value: float, p_value: float) -> None:
    assert quadratic_form_p_value(law, value) == pytest.approx(p_value, rel=0.03)


@pytest.mark.parametrize("law", ["anderson_darling", "cramer_von_mises"])
def test_it_falls_from_one_to_nothing(law: Law) -> None:
    values = np.concatenate((np.linspace(-1, 5, 200), np.linspace(5, 50, 50)))
    found = [quadratic_form_p_value(law, float(v)) for v in values]
    assert found[0] == 1.0
    assert all(b <= a + 1e-13 for a, b in pairwise(found))
    assert 0.0 < found[-1] < 1e-20


@pytest.mark.parametrize(
    ("law", "mean", "variance"),
    [
        ("anderson_darling", 1.0, 2 * (math.pi**2 - 9) / 3),
        ("cramer_von_mises", 1 / 6, 1 / 45),
    ],
)
def test_mean_and_variance_are_those_of_the_weighted_sum(
    law: Law, mean: float, variance: float
) -> None:
    # The integral of the survival function is the mean; of 2 x times it, the second moment.
    x = np.linspace(0.0, 40.0 * mean, 2_001)
    survival = np.array([quadratic_form_p_value(law, float(v)) for v in x])
    assert np.trapezoid(survival, x) == pytest.approx(mean, rel=1e-5)
    assert np.trapezoid(2 * x * survival, x) == pytest.approx(variance + mean**2, rel=1e-4)


def test_far_in_the_tail_the_first_weight_alone_decides() -> None:
    # P(Q > x) tends to c P(chi-squared_1 > x / weight): its logarithm falls by one half of
    # the reciprocal weight, 2 for Anderson and Darling, and half a logarithm of x.
    steps = [math.log(quadratic_form_p_value("anderson_darling", x)) for x in (100.0, 101.0)]
    assert steps[1] - steps[0] == pytest.approx(-1.0 - math.log(1.01) / 2, abs=1e-4)
