"""Rows that the peers and this package measured alike: made here, from seeds, on both sides."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Rows = NDArray[Any]
Sides = tuple[Rows, Rows]


def _normal(r: Generator) -> Sides:
    return r.normal(0, 1, 2_000), r.normal(0.25, 1.1, 800)


def _normal_same(r: Generator) -> Sides:
    return r.normal(0, 1, 2_000), r.normal(0, 1, 2_000)


def _normal_beyond_both_ends(r: Generator) -> Sides:
    return r.normal(0, 1, 12_000), r.normal(0, 4, 2_000)


def _normal_far_away(r: Generator) -> Sides:
    return r.normal(0, 1, 12_000), r.normal(30, 1, 500)


def _lognormal(r: Generator) -> Sides:
    return r.lognormal(0, 1, 12_345), r.lognormal(0.2, 1.1, 3_000)


def _lognormal_small(r: Generator) -> Sides:
    return r.lognormal(0, 1, 300), r.lognormal(0.3, 1, 251)


def _many_rows_of_now(r: Generator) -> Sides:
    return r.normal(0, 1, 900), r.normal(0.02, 1, 10_001)


def _counts(r: Generator) -> Sides:
    return r.poisson(5, 3_000), r.poisson(5.5, 1_000)


def _heavy_ties(r: Generator) -> Sides:
    return np.rint(r.normal(0, 10, 10_500)), np.rint(r.normal(2, 10, 1_500))


def _heavy_ties_of_integers(r: Generator) -> Sides:
    return r.integers(0, 22, 60_000), r.integers(0, 24, 50_000)


def _few_values(r: Generator) -> Sides:
    return r.choice([0.0, 0.5, 1.0], 800, p=[0.5, 0.3, 0.2]), r.choice([0.0, 0.5, 1.0], 400)


def _few_values_many_rows(r: Generator) -> Sides:
    return r.choice([0.0, 0.5, 1.0], 2_000), r.choice([0.0, 0.5, 1.0, 2.0], 400)


def _zeros_and_ones(r: Generator) -> Sides:
    return r.integers(0, 2, 900), (r.random(500) < 0.55).astype(np.int64)


def _constant(_: Generator) -> Sides:
    return np.full(1_500, 3.5), np.full(700, 3.5)


def _constant_moved(_: Generator) -> Sides:
    return np.full(1_500, 3.5), np.full(700, 4.5)


def _constant_before(r: Generator) -> Sides:
    return np.full(1_500, 3.5), r.normal(3.5, 0.2, 700)


def _constant_now(r: Generator) -> Sides:
    return r.normal(3.5, 0.2, 1_500), np.full(700, 3.5)


def _with_gaps(r: Generator) -> Sides:
    before, now = r.normal(0, 1, 2_345), r.normal(0.1, 1, 900)
    before[r.random(len(before)) < 0.2] = np.nan
    now[r.random(len(now)) < 0.5] = np.nan
    return before, now


def _with_infinities(r: Generator) -> Sides:
    before, now = r.normal(0, 1, 1_200), r.normal(0.1, 1, 600)
    before[5], now[:3] = np.inf, [-np.inf, np.nan, np.inf]
    return before, now


def _a_dozen_rows(r: Generator) -> Sides:
    return r.normal(0, 1, 31), r.normal(0.8, 1, 12)


def _thousand_rows(r: Generator) -> Sides:
    return r.normal(0, 1, 1_000), r.normal(0.1, 1, 1_000)


def _thousand_and_one_rows(r: Generator) -> Sides:
    return r.normal(0, 1, 1_001), r.normal(0.1, 1, 1_000)


def _many_rows(r: Generator) -> Sides:
    return r.gamma(2, 1, 150_000), r.gamma(2.02, 1, 120_000)


def _ties_and_gaps(r: Generator) -> Sides:
    before, now = np.rint(r.normal(0, 3, 5_000)), np.rint(r.normal(0.3, 3, 900))
    before[r.random(len(before)) < 0.1] = np.nan
    now[r.random(len(now)) < 0.3] = np.nan
    return before, now


def _letters(r: Generator) -> Sides:
    return (
        r.choice(list("abcd"), 10_000, p=[0.5, 0.3, 0.15, 0.05]),
        r.choice(list("abcde"), 5_000, p=[0.4, 0.3, 0.2, 0.05, 0.05]),
    )


def _letters_few_rows(r: Generator) -> Sides:
    return (
        r.choice(list("abcd"), 505, p=[0.5, 0.3, 0.15, 0.05]),
        r.choice(list("abcd"), 300, p=[0.4, 0.3, 0.2, 0.1]),
    )


def _letters_new_few_rows(r: Generator) -> Sides:
    return r.choice(list("abc"), 505), r.choice(list("abcz"), 300)


def _two_letters(r: Generator) -> Sides:
    return r.choice(list("yn"), 900, p=[0.4, 0.6]), r.choice(list("yn"), 450, p=[0.47, 0.53])


def _one_letter(_: Generator) -> Sides:
    return np.full(600, "a"), np.full(300, "a")


def _other_letter(_: Generator) -> Sides:
    return np.full(600, "a"), np.full(300, "b")


def _rare_letter(r: Generator) -> Sides:
    before = r.choice(list("ab"), 20_000)
    before[7] = "c"
    return before, r.choice(list("abd"), 5_000)


def _letters_a_dozen_rows(r: Generator) -> Sides:
    return r.choice(list("abc"), 31), r.choice(list("abd"), 12)


def _letters_thousand_rows(r: Generator) -> Sides:
    return r.choice(list("abcd"), 1_000), r.choice(list("abcd"), 700, p=[0.3, 0.3, 0.2, 0.2])


def _letters_thousand_and_one_rows(r: Generator) -> Sides:
    return r.choice(list("abcd"), 1_001), r.choice(list("abcd"), 700, p=[0.3, 0.3, 0.2, 0.2])


def _letters_many_rows(r: Generator) -> Sides:
    words = [f"word {i}" for i in range(200)]
    shares = 1 / np.arange(1, 201)
    return (
        r.choice(words, 150_000, p=shares / shares.sum()),
        r.choice(words, 120_000, p=shares**1.05 / (shares**1.05).sum()),
    )


def _letters_with_gaps(r: Generator) -> Sides:
    before = r.choice(list("abcd"), 2_345, p=[0.5, 0.3, 0.15, 0.05]).astype(object)
    now = r.choice(list("abcd"), 900, p=[0.4, 0.3, 0.2, 0.1]).astype(object)
    before[r.random(len(before)) < 0.2] = None
    now[r.random(len(now)) < 0.5] = None
    return before, now


NUMERIC: Final[Mapping[str, Callable[[Generator], Sides]]] = {
    "normal": _normal,
    "normal_same": _normal_same,
    "normal_beyond_both_ends": _normal_beyond_both_ends,
    "normal_far_away": _normal_far_away,
    "lognormal": _lognormal,
    "lognormal_small": _lognormal_small,
    "many_rows_of_now": _many_rows_of_now,
    "counts": _counts,
    "heavy_ties": _heavy_ties,
    "heavy_ties_of_integers": _heavy_ties_of_integers,
    "few_values": _few_values,
    "few_values_many_rows": _few_values_many_rows,
    "zeros_and_ones": _zeros_and_ones,
    "constant": _constant,
    "constant_moved": _constant_moved,
    "constant_before": _constant_before,
    "constant_now": _constant_now,
    "with_gaps": _with_gaps,
    "with_infinities": _with_infinities,
    "a_dozen_rows": _a_dozen_rows,
    "thousand_rows": _thousand_rows,
    "thousand_and_one_rows": _thousand_and_one_rows,
    "many_rows": _many_rows,
    "ties_and_gaps": _ties_and_gaps,
}

CATEGORICAL: Final[Mapping[str, Callable[[Generator], Sides]]] = {
    "letters": _letters,
    "letters_few_rows": _letters_few_rows,
    "letters_new_few_rows": _letters_new_few_rows,
    "two_letters": _two_letters,
    "one_letter": _one_letter,
    "other_letter": _other_letter,
    "rare_letter": _rare_letter,
    "letters_a_dozen_rows": _letters_a_dozen_rows,
    "letters_thousand_rows": _letters_thousand_rows,
    "letters_thousand_and_one_rows": _letters_thousand_and_one_rows,
    "letters_many_rows": _letters_many_rows,
    "letters_with_gaps": _letters_with_gaps,
}

SEED: Final = 20_261_123


def rows(name: str) -> Sides:
    """Return baseline and current rows of a case, the same on every machine."""
    make = {**NUMERIC, **CATEGORICAL}[name]
    return make(np.random.default_rng([SEED, *name.encode()]))
