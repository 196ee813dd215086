"""Watch: what is watched of a model, resolved: its columns, thresholds and rule.

A monitor says it in YAML, a comparison in the arguments of a call; whoever profiles or
assesses asks for no more than this.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, Protocol, Self

from drift_assets.errors import BaselineError, UnknownNameError
from drift_assets.stats import DEFAULT_STATISTICS, STATISTICS, Statistic
from drift_assets.stats.statistic import Kind
from drift_assets.verdicts import BY_HAND, Persistence, Threshold

DRIFT_SHARE_THRESHOLD: Final = 0.5
"""Share of the features whose drift is one of the whole data set, unless the monitor says."""

ONCE: Final = Persistence()
"""Every breach counts at once."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers that one column is judged by; the defaults are the preset ``balanced``.

    Attributes
    ----------
    psi_warn, psi_breach
        PSI in nats; both at or above. No warning if ``psi_warn`` reaches ``psi_breach``.
    ks_significance_level
        KS and chi-squared breach strictly below, under the plain rule.
    js_breach
        JS divergence in bits, at or above.
    missing_rate_change, positive_rate_change
        Absolute change of a share, at or above.
    novel_rate_change
        Guarded rule: change of the share of rows with novel values, at or above.
    ks_min_statistic
        Guarded rule: D from which a significant KS test is an effect.
    family_alpha
        Guarded rule: level of the whole family of a monitor and day.
    """

    psi_warn: float = 0.1
    psi_breach: float = 0.2
    ks_significance_level: float = 0.05
    js_breach: float = 0.1
    missing_rate_change: float = 0.02
    positive_rate_change: float = 0.05
    novel_rate_change: float = 0.01
    ks_min_statistic: float = 0.05
    family_alpha: float = 0.02

    def by_statistic(self) -> dict[str, Threshold]:
        """Return the threshold of each judged statistic, by its name."""
        level = self.ks_significance_level
        warn = self.psi_warn if self.psi_warn < self.psi_breach else None
        thresholds = (
            Threshold("psi", "value", self.psi_breach, warn=warn),
            Threshold("ks", "p_value", level),
            Threshold("chi_squared", "p_value", level),
            Threshold("js_divergence", "value", self.js_breach),
            Threshold("missing_rate", "change", self.missing_rate_change, significance_level=level),
            Threshold(
                "positive_rate", "change", self.positive_rate_change, significance_level=level
            ),
            Threshold("novel_rate", "change", self.novel_rate_change, significance_level=level),
        )
        return {t.statistic: t for t in thresholds}

    def with_learned(self, limits: Mapping[str, float], by_hand: Collection[str]) -> Self:
        """Return these with learned numbers in the place of those that nobody set by hand.

        Parameters
        ----------
        limits
            The learned numbers, by statistic.
        by_hand
            Which of the fields somebody wrote as a number.
        """
        numbers = {
            field: limits[statistic]
            for statistic, field in LEARNED_FIELDS.items()
            if statistic in limits and field not in by_hand
        }
        if OF_VALUES & limits.keys() and "psi_warn" not in by_hand:
            # Nothing warns there unless it is asked to.
            numbers["psi_warn"] = numbers.get("psi_breach", self.psi_breach)
        return replace(self, **numbers)

    def beside_learned(
        self, limits: Mapping[str, float], by_hand: Collection[str], *, origin: str
    ) -> dict[str, Threshold]:
        """Return what the learned rule judges by: what is set by hand, or else what was learned.

        Parameters
        ----------
        limits, by_hand
            As for `with_learned`.
        origin
            What was learned from, in words.
        """
        numbers = {statistic: (limit, origin) for statistic, limit in limits.items()}
        for statistic, field in LEARNED_FIELDS.items():
            if field in by_hand:
                numbers[statistic] = getattr(self, field), BY_HAND
        found = {
            statistic: Threshold(
                statistic, "size" if statistic in _RATES else "value", limit, origin=said
            )
            for statistic, (limit, said) in numbers.items()
        }
        if "psi" in found and "psi_warn" in by_hand and self.psi_warn < found["psi"].breach:
            found["psi"] = replace(found["psi"], warn=self.psi_warn)
        return found


OF_VALUES: Final = frozenset({"psi", "js_divergence", "ks", "total_variation"})
"""Statistics of which one must have a learned threshold: rates alone say nothing of values."""

LEARNED_FIELDS: Final[Mapping[str, str]] = {
    "psi": "psi_breach",
    "js_divergence": "js_breach",
    "ks": "ks_min_statistic",
    "missing_rate": "missing_rate_change",
    "positive_rate": "positive_rate_change",
}
"""The field that has the number of each statistic, under the learned rule."""

_RATES: Final = frozenset({"missing_rate", "positive_rate"})
"""Statistics that are judged by their size."""

THRESHOLD_FIELDS: Final = tuple(field.name for field in fields(Thresholds))


def is_fixed(by_hand: Collection[str]) -> bool:
    """Return whether so much is set by hand that nothing is left to be learned."""
    return set(THRESHOLD_FIELDS) <= set(by_hand)


PRESETS: Final[Mapping[str, Thresholds]] = {
    "balanced": Thresholds(),
    "conservative": Thresholds(
        psi_breach=0.3,
        ks_significance_level=0.01,
        js_breach=0.15,
        ks_min_statistic=0.1,
        family_alpha=0.005,
    ),
    "aggressive": Thresholds(
        psi_breach=0.1, ks_significance_level=0.1, js_breach=0.05, family_alpha=0.05
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One watched column, with everything that the monitor says of it resolved.

    Attributes
    ----------
    name, role, kind, decision_threshold
        The column.
    thresholds, alert_after
        What it is judged by, and how long a breach must last.
    importance
        What a feature weighs in the verdict of the data set.
    by_hand
        Which of the thresholds somebody wrote, by field: they judge in the place of
        learned ones. A preset of its own is all of them.
    """

    name: str
    role: Literal["feature", "prediction"]
    kind: Kind | None
    decision_threshold: float | None
    thresholds: Thresholds
    alert_after: Persistence = ONCE
    importance: float = 1.0
    by_hand: frozenset[str] = frozenset()


class Watch(Protocol):
    """What is watched, and how: what a monitor and a comparison have in common."""

    @property
    def name(self) -> str:
        """What results are filed under."""

    @property
    def features(self) -> object:
        """The features as they were asked for; ``auto`` takes all that the baseline has."""

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of columns that have none of their own, and of the family."""

    @property
    def measured(self) -> tuple[Statistic, ...]:
        """The statistics to measure, in the order of `STATISTICS`."""

    @property
    def guards(self) -> bool:
        """Whether the guarded rule judges instead of the plain one."""

    @property
    def min_rows(self) -> int:
        """Rows that are needed for an answer."""

    @property
    def drift_share_threshold(self) -> float:
        """Share of drifted features from which the data set as a whole drifts."""

    @property
    def usual_rows(self) -> int | None:
        """Rows by which bins are made coarse enough; None: as many as the baseline's, to 1,000."""

    def listed(self, available: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns that are asked for; ``auto`` picks from ``available``."""

    def watched(
        self, available: Iterable[str], *, only: Sequence[str] | None = None
    ) -> tuple[Column, ...]:
        """Return the watched columns, features first; see `watched_columns`."""


def watched_columns(
    watch: Watch, available: Iterable[str], *, only: Sequence[str] | None
) -> tuple[Column, ...]:
    """Return the columns that are watched, features first.

    Parameters
    ----------
    watch
        Says which.
    available
        Columns of the baseline that can be watched.
    only
        Names to keep; None keeps all.

    Raises
    ------
    BaselineError
        If the baseline does not have a listed column.
    UnknownNameError
        If ``only`` names a column that is not watched.
    """
    names = list(available)
    columns = watch.listed(names)
    absent = [c.name for c in columns if c.name not in set(names)]
    if absent:
        raise BaselineError(
            f"Monitor {watch.name!r} watches {', '.join(map(repr, absent))}, which the baseline "
            f"does not have. It has: {', '.join(map(repr, names)) or 'no column'}. Correct "
            "the list, or freeze the baseline again."
        )
    if only is None:
        return columns
    known = [c.name for c in columns]
    for name in only:
        if name not in known:
            raise UnknownNameError("watched column", name, known)
    return tuple(c for c in columns if c.name in set(only))


def measured_statistics(named: Sequence[str]) -> tuple[Statistic, ...]:
    """Return the default statistics and those named, in the order of `STATISTICS`."""
    wanted = {*(s.name for s in DEFAULT_STATISTICS), *named}
    return tuple(s for s in STATISTICS if s.name in wanted)


def mistakes_in_statistics(names: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of statistics: unknown, or given twice."""
    known = [s.name for s in STATISTICS]
    mistakes = [
        str(UnknownNameError("statistic", name, known))
        for name in dict.fromkeys(names)
        if name not in known
    ]
    return mistakes + [f"{name!r} is listed more than once" for name in _repeated(names)]


def mistakes_in_columns(names: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of columns: given twice, or alike but for case."""
    mistakes = [f"column {name!r} is listed more than once" for name in _repeated(names)]
    folded: dict[str, str] = {}
    for name in dict.fromkeys(names):
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            mistakes.append(f"columns {other!r} and {name!r} differ only by case")
    return mistakes


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
