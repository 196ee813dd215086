"""``docs/statistics.md`` says what is so: it is made from the statistics, and its examples run."""

import doctest
import re

import pytest

from drift_assets.stats import STATISTICS, Statistic
from drift_assets_tests.stats.statistics_page import PAGE, page


def section_of(statistic: Statistic) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"\n## {statistic.name}\n", 1)[1].split("\n## ", 1)[0]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "docs/statistics.md is not what the statistics say: run "
        "python -m drift_assets_tests.stats.statistics_page"
    )


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.name)
def test_the_example_of_each_runs_as_it_stands(statistic: Statistic) -> None:
    (code,) = re.findall(r"```pycon\n(.*?)```", section_of(statistic), flags=re.DOTALL)
    example = doctest.DocTestParser().get_doctest(code, {}, statistic.name, str(PAGE), 0)
    assert example.examples
    said: list[str] = []
    failed, _ = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert not failed, "".join(said)


def test_lines_fit_a_screen() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.startswith(">>>") and len(line) > 100]
