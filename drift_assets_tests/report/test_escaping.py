import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from drift_assets.report.escaping import markdown_text, shortened, visible


@given(st.text(alphabet=st.characters()))
def test_nothing_visible_is_hidden_reorders_or_breaks_the_line(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert {unicodedata.bidirectional(c) for c in shown} & {"RLO", "LRO", "RLE", "LRE"} == set()


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_letters_digits_and_marks_of_any_script_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


def test_a_persian_name_keeps_its_joiner() -> None:
    name = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert visible(name) == name


@given(st.text(), st.integers(min_value=3, max_value=40))
def test_a_shortened_name_is_never_longer_than_asked(text: str, length: int) -> None:
    assert len(shortened(text, length)) <= length


def test_a_markdown_reader_finds_no_mark_to_act_on() -> None:
    shown = markdown_text("a|b `c` [d](e) <f> *g* ![h](i) ~j~ \\| _k_ &lt;")
    assert not set(shown.replace("&#", "").replace(";", "")) & set("|`[]<>*!~\\_&")


def test_addresses_do_not_become_links() -> None:
    for name in ("https://example.invalid/x", "www.example.invalid", "a@example.invalid"):
        shown = markdown_text(name)
        assert "://" not in shown
        assert "www." not in shown
        assert "@e" not in shown
        assert shown.replace("\u2060", "") == name
