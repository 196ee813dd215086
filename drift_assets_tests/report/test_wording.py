from drift_assets.assessment import Assessment
from drift_assets.report.wording import moved_bins, why_sentence
from drift_assets_tests.report.conftest import Assess


def test_shares_that_differ_are_never_shown_as_equal(assess_columns: Assess) -> None:
    before, after = ["a"] * 50_000 + ["b"] * 50_000, ["a"] * 50_010 + ["b"] * 49_990
    moved = moved_bins(assess_columns({"x": (before, after)}).features[0])
    assert [(m.before, m.after) for m in moved] == [("50.00%", "49.99%"), ("50.00%", "50.01%")]


def test_a_sentence_says_what_the_psi_is_made_of(mixed: Assessment) -> None:
    carrier, shifted, gaps, absent = (
        why_sentence(mixed.feature(name)) for name in ("carrier", "shifted", "gaps", "absent")
    )
    # (0.2 - 0.0001) ln 2000 from what is new; 0.3 ln 2 + 0.1 ln 1.25 from what is not.
    assert carrier == (
        "PSI 1.75: 0.2303 from known bins, 1.519 from unseen values (20.0% of rows); "
        "missing rate unchanged"
    )
    assert "from out of range (50.0% of rows); missing rate unchanged" in shifted
    assert gaps.endswith("from known bins; missing rate 0% -> 50.0%")
    assert absent == ""
