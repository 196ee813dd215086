"""What a peer computes for one column, and when it calls that drift."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from drift_assets.conformance.columns import Categories, Column, Numbers
from drift_assets.figures import show
from drift_assets.stats.statistic import Kind, Measurement

Outcome = tuple[float, float | None]
"""Value, and p-value if there is one."""

_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Flag:
    """The rule by which a peer calls a measurement drift.

    Attributes
    ----------
    on
        Which of the two numbers it looks at.
    sign
        How that number is compared with the limit.
    limit
        In the unit of what it is on.
    """

    on: Literal["value", "p_value"]
    sign: Literal[">=", ">", "<", "<="]
    limit: float

    @property
    def rule(self) -> str:
        """The rule in words.

        Examples
        --------
        >>> Flag("p_value", "<=", 0.05).rule
        'p <= 0.05'
        """
        subject = "p " if self.on == "p_value" else ""
        return f"{subject}{self.sign} {show(self.limit)}"

    def raised(self, measurement: Measurement) -> bool:
        """Return whether the peer calls the measurement drift."""
        number = measurement.value if self.on == "value" else measurement.p_value
        return number is not None and _SIGNS[self.sign](number, self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One statistic as one peer defines it.

    Attributes
    ----------
    statistic
        Our name for it.
    peer_name
        What it is called in the peer's own options.
    label
        As a person reads it.
    formula
        Definition in words.
    unit, low, high
        Unit and range of the value; None means unbounded.
    source
        Where the peer computes it.
    of_numbers, of_categories
        Take baseline and current, return the outcome, or None where the peer has none; None
        for a kind of column that the peer does not measure so.
    flag
        When the peer calls it drift: a rule, or what makes the rule from the baseline; None
        if the peer leaves that to its user.
    ours
        The statistic of this package that answers the same question.
    """

    statistic: str
    peer_name: str
    label: str
    formula: str
    unit: str
    low: float | None
    high: float | None
    source: str
    of_numbers: Callable[[Numbers, Numbers], Outcome | None] | None = None
    of_categories: Callable[[Categories, Categories], Outcome | None] | None = None
    flag: Flag | Callable[[Column], Flag | None] | None = None
    ours: str | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of column that the peer measures so."""
        found: list[Kind] = []
        if self.of_numbers is not None:
            found.append("numeric")
        if self.of_categories is not None:
            found.append("categorical")
        return tuple(found)

    def measure(self, baseline: Column, current: Column) -> Measurement | None:
        """Return the peer's number; None where the peer has none for such columns."""
        outcome = None
        if isinstance(baseline, Numbers) and isinstance(current, Numbers):
            outcome = self.of_numbers and self.of_numbers(baseline, current)
        elif isinstance(baseline, Categories) and isinstance(current, Categories):
            outcome = self.of_categories and self.of_categories(baseline, current)
        if outcome is None:
            return None
        value, p_value = outcome
        return Measurement(
            self.statistic,
            float(value),
            None if p_value is None else float(p_value),
            baseline.n,
            current.n,
        )

    def flag_for(self, baseline: Column) -> Flag | None:
        """Return the peer's rule for a column with this baseline; None if it has none."""
        return self.flag(baseline) if callable(self.flag) else self.flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """A peer: its definitions, in the order in which its numbers are shown.

    Attributes
    ----------
    name
        As in ``compare --conformance``.
    peer
        Whose definitions they are.
    version
        Of the peer, as they were read and tested.
    definitions
        One for each statistic.
    infinite
        What becomes of infinite values: the peer drops them, or cannot work with them, or
        counts them like others.
    chosen
        Takes baseline and current, returns the statistic that the peer uses when its user
        chooses none; None if it uses none of its own accord.
    needs_order
        Whether its thresholds rest on the order of the baseline's rows.
    """

    name: str
    peer: str
    version: str
    definitions: tuple[Definition, ...]
    infinite: Literal["dropped", "refused", "counted"]
    chosen: Callable[[Column, Column], str] | None = None
    needs_order: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One peer's number for one column.

    Attributes
    ----------
    definition
        How it is defined.
    measurement
        The number.
    flag
        The rule that the peer judges it by, or None.
    drift
        Whether the peer calls it drift; None without a rule.
    chosen
        Whether the peer uses this statistic when its user chooses none.
    """

    definition: Definition
    measurement: Measurement
    flag: Flag | None
    drift: bool | None
    chosen: bool
