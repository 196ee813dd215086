"""Two proportions: Fisher's exact test and the pooled z-test against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift_assets.stats.two_proportions import two_proportions_p_value


@given(rows=st.tuples(st.integers(1, 60), st.integers(1, 400)), data=st.data())
def test_few_expected_rows_make_it_fishers_exact_test(
    rows: tuple[int, int], data: st.DataObject
) -> None:
    hits = [data.draw(st.integers(0, n)) for n in rows]
    table = np.array([[hits[0], rows[0] - hits[0]], [hits[1], rows[1] - hits[1]]])
    total = table.sum()
    few = table.sum(axis=0).min() * min(rows) < 10 * total
    p = two_proportions_p_value(hits[0], rows[0], hits[1], rows[1])
    assert 0.0 <= p <= 1.0
    if few or not table.sum(axis=0).all():
        assert p == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-7, abs=1e-14)
    else:
        found = stats.chi2_contingency(table, correction=False).pvalue
        assert p == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize(
    ("hits_1", "rows_1", "hits_2", "rows_2"),
    [(3, 10_000, 9, 10_000), (0, 1_000_000, 4, 1_000), (5, 1_000_000, 0, 900_000)],
)
def test_rare_rows_among_many_are_still_exact(
    hits_1: int, rows_1: int, hits_2: int, rows_2: int
) -> None:
    table = [[hits_1, rows_1 - hits_1], [hits_2, rows_2 - hits_2]]
    p = two_proportions_p_value(hits_1, rows_1, hits_2, rows_2)
    assert p == pytest.approx(stats.fisher_exact(np.array(table)).pvalue, rel=1e-6)


def test_nothing_to_compare_is_no_evidence() -> None:
    assert two_proportions_p_value(0, 10, 0, 20) == 1.0
    assert two_proportions_p_value(10, 10, 20, 20) == 1.0
    assert two_proportions_p_value(0, 0, 3, 20) == 1.0


def test_the_sides_may_change_places() -> None:
    for table in ((3, 100, 9, 80), (300, 1_000, 250, 1_000)):
        swapped = (*table[2:], *table[:2])
        assert two_proportions_p_value(*table) == pytest.approx(
            two_proportions_p_value(*swapped), rel=1e-9
        )
