"""Names from the data made harmless: a column may be called anything."""

import re
import unicodedata
from typing import Final

# Joiners shape letters in Persian and Hindi names, and hide nothing.
_JOINERS: Final = frozenset("\u200c\u200d")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKDOWN: Final = frozenset("\\`*[]{}<>&!~|$^\"'#")
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
    shown = visible(text)
    marks = []
    for position, character in enumerate(shown):
        inside = shown[max(position - 1, 0) : position + 2]
        # Between letters or digits an underscore is no mark, and snake_case stays legible.
        is_mark = character in _MARKDOWN or (
            character == "_" and not (len(inside) == 3 and inside.replace("_", "x").isalnum())
        )
        marks.append(f"&#{ord(character)};" if is_mark else character)
    return _LINKS.sub(rf"\1{_WORD_JOINER}", "".join(marks))
