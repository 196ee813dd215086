from dataclasses import replace
from datetime import date, timedelta

from drift_assets.timeline import Moment, Timeline
from drift_assets.verdicts import Verdict

FIRST = date(2026, 11, 1)
CODES = {"o": Verdict.OK, "w": Verdict.WARN, "b": Verdict.BREACH, "n": Verdict.NOT_EVALUATED}


def timeline(codes: str) -> Timeline:
    """Return days from `FIRST` on with these verdicts of one column; "-" is no row."""
    quiet = Moment(Verdict.OK, 0.0, 0.1, 0.2, 0.0, None)
    n = len(codes)
    return Timeline(
        days=tuple(FIRST + timedelta(days=i) for i in range(n)),
        verdicts=(Verdict.OK,) * n,
        breached=(0,) * n,
        baselines=("0" * 16,) * n,
        methods=(1,) * n,
        columns={"x": tuple(None if c == "-" else replace(quiet, verdict=CODES[c]) for c in codes)},
    )


def test_a_verdict_holds_since_the_first_day_of_its_row() -> None:
    assert timeline("oobbb").verdict_since("x") == (FIRST + timedelta(days=2), 3)
    assert timeline("bbobb").verdict_since("x") == (FIRST + timedelta(days=3), 2)
    assert timeline("oow").verdict_since("x") == (FIRST + timedelta(days=2), 1)


def test_a_day_without_an_answer_neither_ends_a_row_nor_counts() -> None:
    assert timeline("obn-b").verdict_since("x") == (FIRST + timedelta(days=1), 2)


def test_nothing_is_said_of_a_column_without_an_answer_today() -> None:
    assert timeline("bbn").verdict_since("x") is None
    assert timeline("bb-").verdict_since("x") is None
    assert timeline("bb").verdict_since("y") is None
    assert Timeline().verdict_since("x") is None


def test_what_came_before_a_day_is_cut_alike_in_every_part() -> None:
    before = timeline("oobbb").before(FIRST + timedelta(days=2))
    parts = (before.days, before.verdicts, before.breached, before.baselines, before.methods)
    assert {len(part) for part in (*parts, before.columns["x"])} == {2}
    assert before.days[-1] == FIRST + timedelta(days=1)
    assert timeline("oo").before(FIRST).days == ()
