"""Comparisons: which days a day is compared with, and what those looked like together.

The edges are always those of the frozen baseline; only the counts on the
baseline's side come from chosen days.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from drift_assets.profiles import Profile, Unprofiled

FEWEST_DAYS: Final = 3
"""Days that a comparison needs at least."""

WEEKDAYS: Final = (
    *("Mondays", "Tuesdays", "Wednesdays", "Thursdays"),
    *("Fridays", "Saturdays", "Sundays"),
)


@dataclass(frozen=True, slots=True)
class CompareWith:
    """Which days a day is compared with.

    Attributes
    ----------
    kind
        ``baseline``: all of the baseline; ``same_weekday``: its days of the same
        weekday; ``rolling``: the days just before.
    rolling_days
        How many days before, for ``rolling``.
    """

    kind: Literal["baseline", "same_weekday", "rolling"] = "baseline"
    rolling_days: int | None = None

    def chosen(self, day: date, known: Iterable[date]) -> tuple[date, ...]:
        """Return those of the known days that ``day`` is compared with, in order."""
        if self.rolling_days is not None:
            first = day - timedelta(days=self.rolling_days)
            return tuple(sorted(one for one in known if first <= one < day))
        if self.kind == "same_weekday":
            return tuple(sorted(one for one in known if one.weekday() == day.weekday()))
        return tuple(sorted(known))

    def words(self, day: date) -> str:
        """Return what the days are called."""
        if self.rolling_days is not None:
            return f"the {self.rolling_days} days before"
        if self.kind == "same_weekday":
            return f"the baseline's {WEEKDAYS[day.weekday()]}"
        return "the whole baseline"


@dataclass(frozen=True, eq=False)
class Comparison:
    """The baseline's side of one day's assessment, made of chosen days.

    Attributes
    ----------
    id
        Content hash of the baseline and the chosen days.
    words
        Which days they are, for people.
    n_days, n_rows
        How many days, and how many rows they have together.
    columns
        Their profiles, added up; or why there is none.
    """

    id: str
    words: str
    n_days: int
    n_rows: int
    columns: Mapping[str, Profile | Unprofiled]


def comparison_id(baseline_id: str, contents: Sequence[tuple[date, str]]) -> str:
    """Return the content hash of a comparison, 16 hexadecimal digits.

    Parameters
    ----------
    baseline_id
        Of the frozen baseline.
    contents
        Each chosen day, and what tells its present data from any other.
    """
    text = json.dumps([baseline_id, *([day.isoformat(), mark] for day, mark in contents)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
