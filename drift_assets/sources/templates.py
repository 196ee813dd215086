"""Templates: the files that a path names, with globs, and the day that each is of.

A path may be a glob (``*``, ``?``, ``[...]``, and ``**`` for any number of
folders) and may name the partition. A part of a path that exists literally is
taken literally, whatever characters it holds. Hidden files, and files that
somebody is still writing (``.tmp``, ``.part``, ``.crdownload``, ``~``), are
left out unless the path itself asks for them.
"""

import errno
import fnmatch
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from drift_assets.errors import UnreadableFileError
from drift_assets.monitors import HOME, PARTITION
from drift_assets.sources.inputs import Place

UNFINISHED: Final = (".tmp", ".part", ".crdownload", "~")
"""Ends of the names of files that somebody is still writing."""

Parts = tuple[str, ...]
"""A path below its folder, part by part."""

Known = Mapping[str, str]
"""The texts that stand for the placeholders of a template, as far as they are known."""

GLOB: Final = re.compile(r"[*?\[]")
_PLACEHOLDER: Final = re.compile(r"\{partition\}|%Y|%m|%d")
# Name of the group in an expression, how a date spells it, and how it is formatted.
_PLACEHOLDERS: Final = {
    PARTITION: ("partition", r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"),
    "%Y": ("year", r"\d{4}", "%Y"),
    "%m": ("month", r"\d{2}", "%m"),
    "%d": ("day", r"\d{2}", "%d"),
}
_NONE_KNOWN: Final[Known] = {}


class Entry(Protocol):
    """Something in a folder."""

    @property
    def name(self) -> str:
        """Its name."""

    def is_file(self) -> bool:
        """Return whether it is a file, or a link to one."""

    def is_dir(self) -> bool:
        """Return whether it is a folder, or a link to one."""


class Tree(Protocol):
    """Folders and files, here or elsewhere."""

    def entries(self, folder: Path) -> Sequence[Entry]:
        """Return what is in a folder; nothing if there is none."""

    def exists(self, path: Path) -> bool:
        """Return whether something is there, a broken link included."""

    def is_file(self, path: Path) -> bool:
        """Return whether a file is there."""

    def real(self, folder: Path) -> str:
        """Return what tells a folder from any other, however it was reached."""


class LocalTree:
    """The files of this machine.

    Parameters
    ----------
    denied
        Takes the folders that may not be listed, and why; by default they are an error.
    """

    def __init__(self, denied: dict[Path, str] | None = None) -> None:
        self._denied = denied

    def entries(self, folder: Path) -> Sequence[Entry]:
        """Return what is in a folder; nothing if there is none.

        Raises
        ------
        UnreadableFileError
            If it may not be listed.
        """
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._deny(folder, error)
            return []

    def exists(self, path: Path) -> bool:
        """Return whether something is there, a broken link included."""
        return os.path.lexists(path)

    def is_file(self, path: Path) -> bool:
        """Return whether a file is there.

        Raises
        ------
        UnreadableFileError
            If its folder may not be entered.
        """
        try:
            return path.is_file()
        except OSError as error:
            self._deny(path.parent, error)
            return False

    def real(self, folder: Path) -> str:
        """Return the folder without links."""
        return os.path.realpath(folder)

    def _deny(self, folder: Path, error: OSError) -> None:
        reason = (
            f"Found a folder that cannot be listed, {folder}: {error.strerror or error}. "
            "Expected read permission."
        )
        if self._denied is None:
            raise UnreadableFileError(reason) from error
        self._denied[folder] = reason


def parts_of(path: str, place: Place) -> tuple[Path, Parts]:
    """Return the folder that a path starts from, and what follows; only the latter may glob."""
    if path.startswith(HOME):
        base, rest = place.home, path.removeprefix(HOME)
    elif path.startswith("~/"):
        base, rest = Path.home(), path[2:]
    elif path.startswith("/"):
        base, rest = Path("/"), path
    else:
        base, rest = place.root, path
    parts = [part for part in rest.replace(HOME, str(place.home)).split("/") if part != "."]
    return base, tuple(part for part in parts if part)


def placeholders_in(text: str) -> list[str]:
    """Return the placeholders of a template, in order."""
    return [match[0] for match in _PLACEHOLDER.finditer(text)]


def with_day(text: str, day: date) -> str:
    """Return a template with a day in the place of its placeholders."""
    return _PLACEHOLDER.sub(lambda match: day.strftime(_PLACEHOLDERS[match[0]][2]), text)


def day_of(known: Known) -> tuple[date | None, str]:
    """Return the day that the placeholders of a template stand for, None if none, and their text.

    Examples
    --------
    >>> day_of({"%Y": "2026", "%m": "11", "%d": "23"})
    (datetime.date(2026, 11, 23), '2026-11-23')
    >>> day_of({"{partition}": "latest"})
    (None, 'latest')
    """
    text = known.get(PARTITION) or "-".join(known.get(part, "") for part in ("%Y", "%m", "%d"))
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None, text
    try:
        return date.fromisoformat(text), text
    except ValueError:
        return None, text


def walk(
    tree: Tree, folder: Path, parts: Parts, known: Known = _NONE_KNOWN
) -> Iterator[tuple[Path, Known]]:
    """Yield the files that a template names, with the texts that stand for its placeholders.

    A file that can be reached in two ways is yielded twice.
    """
    part, rest = parts[0], parts[1:]
    name = _PLACEHOLDER.sub(lambda match: known.get(match[0], match[0]), part)
    if all(placeholder in known for placeholder in placeholders_in(part)):
        literal = folder / name
        if name == ".." or not GLOB.search(name) or tree.exists(literal):
            if rest:
                yield from walk(tree, literal, rest, known)
            elif tree.is_file(literal):
                yield literal, known
            return
    if part == "**":
        for inner in (folder, *_folders_below(tree, folder)):
            yield from walk(tree, inner, rest or ("*",), known)
        return
    for entry, found in _matching(tree, folder, part, is_last=not rest):
        # A placeholder that a path names twice stands for the same text.
        if any(known.get(key, text) != text for key, text in found.items()):
            continue
        together = {**known, **found} if found else known
        if rest:
            yield from walk(tree, folder / entry, rest, together)
        else:
            yield folder / entry, together


def _matching(tree: Tree, folder: Path, part: str, *, is_last: bool) -> list[tuple[str, Known]]:
    """Return the entries of a folder that one part of a template matches, and their texts."""
    literal = _expression(part, glob=False, exact=True)
    dated = _expression(part, glob=True, exact=True)
    other = _expression(part, glob=True, exact=False)
    groups = {_PLACEHOLDERS[found][0]: found for found in placeholders_in(part)}
    found: list[tuple[str, tuple[str, ...], bool]] = []
    for entry in tree.entries(folder):
        name = entry.name
        as_literal = literal.fullmatch(name)
        match = as_literal or dated.fullmatch(name) or other.fullmatch(name)
        if match is None or _is_hidden(name, part):
            continue
        if not _is_kind(entry, file=is_last):
            continue
        found.append((name, tuple(match[group] for group in groups), as_literal is not None))
    literally = {texts for _, texts, as_literal in found if as_literal}
    return [
        (name, dict(zip(groups.values(), texts, strict=True)))
        for name, texts, as_literal in sorted(found)
        if as_literal or texts not in literally
    ]


@lru_cache(maxsize=256)
def _expression(part: str, *, glob: bool, exact: bool) -> re.Pattern[str]:
    """Return the expression for one part of a template; each placeholder is a named group."""
    text, end = "", 0
    named: set[str] = set()

    def plain(piece: str) -> str:
        # What fnmatch makes is one group and then the end, \Z or, from Python 3.14 on, \z.
        if glob:
            return fnmatch.translate(piece).removesuffix(r"\Z").removesuffix(r"\z")
        return re.escape(piece)

    for match in _PLACEHOLDER.finditer(part):
        group, spelled, _ = _PLACEHOLDERS[match[0]]
        text += plain(part[end : match.start()])
        again = group in named
        text += f"(?P={group})" if again else f"(?P<{group}>{spelled if exact else '.+'})"
        named.add(group)
        end = match.end()
    return re.compile(text + plain(part[end:]), re.DOTALL)


def _folders_below(tree: Tree, folder: Path, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    # A symbolic link may lead back up: no folder is entered below itself.
    real = tree.real(folder)
    if real in above:
        return
    for entry in sorted(tree.entries(folder), key=lambda e: e.name):
        if _is_kind(entry, file=False) and not entry.name.startswith("."):
            inner = folder / entry.name
            if tree.real(inner) in above | {real}:
                continue
            yield inner
            yield from _folders_below(tree, inner, above | {real})


def _is_kind(entry: Entry, *, file: bool) -> bool:
    """Return whether an entry is a file, or a folder; what may not be looked at is a file."""
    try:
        return entry.is_file() if file else entry.is_dir()
    except OSError as error:
        # A link that leads to itself is neither. Of what is denied, whoever reads it says so.
        return file and error.errno != errno.ELOOP


def _is_hidden(name: str, part: str) -> bool:
    if name.startswith(".") and not part.startswith("."):
        return True
    return any(name.endswith(end) and not part.endswith(end) for end in UNFINISHED)
