"""Permutation p-values against every table there is, counted out."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

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
