"""Names from the data made harmless: a column may be called anything."""

import re
import unicodedata
from typing import Final

# Joiners shape letters in Persian and Hindi names, and hide nothing.
_JOINERS: Final = frozenset("\u200c\u200d")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKDOWN: Final = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*[]{}<>&!~|$^\"'#"}
# A markdown reader turns these into links even where every mark is escaped.
_LINKS: Final = re.compile(r"(?i)(:(?=//)|www(?=\.)|@)")
_WORD_JOINER: Final = "\u2060"


def visible(text: str) -> str:
    r"""Return text on one line in which what is hidden, or would reorder it, can be seen.

    Examples
    --------
    >>> print(visible("tab\there"), visible("a\u202eb"), visible("Größe"))
    tab\there a\u202eb Größe
    """
    # What can be printed is in no hidden category; nearly every text is.
    if text.isprintable():
        return text
    return "".join(
        character
        if character in _JOINERS or unicodedata.category(character) not in _HIDDEN
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def shortened(text: str, length: int) -> str:
    """Return `visible` text of at most ``length`` characters, its middle left out if need be.

    Examples
    --------
    >>> shortened("a_rather_long_name", 9)
    'a_ra…name'
    """
    shown = visible(text)
    if len(shown) <= length:
        return shown
    head = length // 2
    return f"{shown[:head]}…{shown[len(shown) - (length - head - 1) :]}"


def markdown_text(text: str) -> str:
    """Return text that any markdown reader shows as it stands, in a table cell too.

    Examples
    --------
    >>> markdown_text("a|b"), markdown_text("snake_case"), markdown_text("_x_")
    ('a&#124;b', 'snake_case', '&#95;x&#95;')
    """
    shown = visible(text).translate(_MARKDOWN)
    if "_" in shown:
        shown = "".join(
            "&#95;" if character == "_" and _is_mark(shown, position) else character
            for position, character in enumerate(shown)
        )
    return _LINKS.sub(rf"\1{_WORD_JOINER}", shown)


def _is_mark(shown: str, position: int) -> bool:
    """Return whether the underscore here is one: between letters or digits it is not."""
    inside = shown[max(position - 1, 0) : position + 2]
    return len(inside) < 3 or not inside.replace("_", "x").isalnum()
