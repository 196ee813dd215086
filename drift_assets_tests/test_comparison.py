"""Comparisons: which days are chosen, and what tells one choice from another."""

from datetime import date, timedelta

from drift_assets.comparison import CompareWith, comparison_id

MONDAY = date(2026, 1, 5)
KNOWN = [MONDAY + timedelta(days=i) for i in range(30)]


def test_the_whole_baseline_is_every_day() -> None:
    chooser = CompareWith()
    assert chooser.chosen(MONDAY, reversed(KNOWN)) == tuple(KNOWN)
    assert chooser.words(MONDAY) == "the whole baseline"


def test_the_same_weekday_is_every_seventh_day() -> None:
    chooser = CompareWith("same_weekday")
    thursday = date(2026, 6, 18)
    chosen = chooser.chosen(thursday, KNOWN)
    assert chosen == tuple(date(2026, 1, day) for day in (8, 15, 22, 29))
    assert chooser.words(thursday) == "the baseline's Thursdays"


def test_rolling_days_end_with_the_day_before() -> None:
    chooser = CompareWith("rolling", 3)
    day = date(2026, 1, 20)
    assert chooser.chosen(day, KNOWN) == tuple(date(2026, 1, d) for d in (17, 18, 19))
    assert chooser.chosen(date(2026, 3, 1), KNOWN) == ()
    assert chooser.words(day) == "the 3 days before"


def test_an_id_tells_baselines_days_and_their_data_apart() -> None:
    contents = [(MONDAY, "a"), (KNOWN[1], "b")]
    ids = {
        comparison_id("one", contents),
        comparison_id("two", contents),
        comparison_id("one", contents[:1]),
        comparison_id("one", [(MONDAY, "a"), (KNOWN[1], "c")]),
        comparison_id("one", [(MONDAY, "a"), (KNOWN[2], "b")]),
    }
    assert len(ids) == 5
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in ids)
    assert comparison_id("one", contents) in ids
