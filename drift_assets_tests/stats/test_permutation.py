"""Permutation p-values against every table there is, counted out."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from drift_assets.profiles.binning import FloatArray
from drift_assets.stats.jensen_shannon import js_divergence, js_terms
from drift_assets.stats.permutation import MAX_DRAWS, permutation_p_value
from drift_assets.stats.psi import psi, psi_terms


def enumerated(
    statistic: Callable[[list[int], list[int]], float], baseline: list[int], current: list[int]
) -> float:
    """Return the exact p-value: the chance of all tables at least as far apart as this one."""
    pooled = [p + q for p, q in zip(baseline, current, strict=True)]
    m = sum(current)
    seen = statistic(baseline, current) - 1e-12
    beyond = 0
    for draw in itertools.product(*(range(c + 1) for c in pooled)):
        if sum(draw) == m:
            rest = [c - d for c, d in zip(pooled, draw, strict=True)]
            if statistic(rest, list(draw)) >= seen:
                beyond += math.prod(map(math.comb, pooled, draw))
    return beyond / math.comb(sum(pooled), m)


@pytest.mark.parametrize(
    ("baseline", "current"),
    [
        ([5, 5], [1, 6]),
        ([4, 3, 3], [0, 2, 5]),
        ([8, 1, 1], [3, 3, 2]),
        ([6, 6, 0], [3, 3, 1]),
        ([3, 3], [3, 3]),
        ([9, 0], [0, 5]),
    ],
)
@pytest.mark.parametrize(("statistic", "terms"), [(psi, psi_terms), (js_divergence, js_terms)])
def test_the_simulated_p_value_is_the_enumerated_one(
    statistic: Callable[[list[int], list[int]], float],
    terms: Callable[[FloatArray, FloatArray], FloatArray],
    baseline: list[int],
    current: list[int],
) -> None:
    exact = enumerated(statistic, baseline, current)
    smallest = 5 / 20_000
    p = permutation_p_value(terms, np.array(baseline), np.array(current), smallest=smallest)
    error = math.sqrt(exact * (1 - exact) / 20_000)
    assert abs(p - exact) <= 5 * error + 1 / 20_000


def test_it_is_never_zero_and_as_small_as_asked_for() -> None:
    baseline, current = np.array([1_000, 0]), np.array([0, 500])
    for smallest in (0.01, 1e-3, 1e-9):
        p = permutation_p_value(psi_terms, baseline, current, smallest=smallest)
        assert 1 / (1 + MAX_DRAWS) <= p <= max(smallest, 1 / MAX_DRAWS)


def test_the_same_counts_give_the_same_p_value() -> None:
    counts = np.array([30, 20, 10]), np.array([20, 20, 20])
    first, second = (permutation_p_value(psi_terms, *counts, smallest=0.01) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("positive", [500, 520, 540])
def test_a_baseline_of_two_billion_rows_gives_the_binomial_p_value(positive: int) -> None:
    # Against a coin that is known to be fair, PSI grows with the distance from one half.
    baseline, current = np.array([10**9, 10**9]), np.array([positive, 1_000 - positive])
    exact = stats.binomtest(positive, 1_000).pvalue
    p = permutation_p_value(psi_terms, baseline, current, smallest=5 / 20_000)
    assert abs(p - exact) <= 5 * math.sqrt(exact * (1 - exact) / 20_000) + 1 / 20_000


@pytest.mark.parametrize("moved", [10_000, 40_000, 60_000])
@pytest.mark.parametrize("single", [0, 1])
def test_two_sides_of_billions_of_rows_give_the_chi_squared_p_value(
    moved: int, single: int
) -> None:
    baseline = np.array([10**9, 10**9, single])
    current = np.array([750_000_000 + moved, 750_000_000 - moved, 0])
    exact = float(stats.chi2_contingency([baseline[:2], current[:2]], correction=False).pvalue)
    # A single row stays on the baseline side in 4 of 7 cases; PSI is smaller on the other.
    exact *= 4 / 7 if single else 1
    p = permutation_p_value(psi_terms, baseline, current, smallest=5 / 20_000)
    assert abs(p - exact) <= 5 * math.sqrt(exact * (1 - exact) / 20_000) + 1 / 20_000


def test_many_bins_of_billions_of_rows_give_the_chi_squared_p_value() -> None:
    random = np.random.default_rng(7)
    shares = random.dirichlet(np.full(50, 3.0))
    baseline, current = (random.multinomial(n, shares) for n in (3 * 10**9, 10**9))
    exact = float(stats.chi2_contingency([baseline, current], correction=False).pvalue)
    p = permutation_p_value(js_terms, baseline, current, smallest=5 / 20_000)
    assert abs(p - exact) <= 5 * math.sqrt(exact * (1 - exact) / 20_000) + 1 / 20_000


def test_a_bin_that_is_drawn_more_often_than_it_has_rows_costs_no_negative_share() -> None:
    baseline, current = np.array([2 * 10**9, 0]), np.array([10**7 - 1, 1])
    # Without drift that one row is on the current side in 1 of 200 cases.
    p = permutation_p_value(js_terms, baseline, current, smallest=5 / 20_000)
    assert p == pytest.approx(1 / 200, abs=0.003)


def test_a_p_value_that_is_sure_to_be_large_enough_is_not_drawn_out() -> None:
    baseline, current = np.array([500, 300, 200]), np.array([55, 25, 20])
    whole = permutation_p_value(psi_terms, baseline, current, smallest=1e-9)
    early = permutation_p_value(psi_terms, baseline, current, smallest=1e-9, enough=0.02)
    assert 0.02 < early < whole
    # What does not exceed it is the same to the last digit.
    same = permutation_p_value(psi_terms, baseline, current, smallest=1e-9, enough=whole)
    assert same == whole
