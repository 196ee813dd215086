"""Simulation: stored measurements judged again, by other thresholds, guards and persistence.

Nothing is measured anew. The rules are those of `verdicts`, so that a replay by the settings
that a day was judged by says what was said of it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from drift_assets.errors import ConfigurationError
from drift_assets.profiles.binning import IntArray
from drift_assets.stats import Measurement
from drift_assets.stats.jensen_shannon import js_terms
from drift_assets.stats.permutation import permutation_p_value
from drift_assets.stats.psi import psi_terms
from drift_assets.verdicts import (
    RATES,
    Case,
    DatasetRuling,
    Persistence,
    Ruling,
    Verdict,
    dataset_rule,
    guarded_rule,
    lasting,
    plain_rule,
    worst,
)
from drift_assets.watch import OF_VALUES, PRESETS, Thresholds, is_fixed

if TYPE_CHECKING:
    # Loaded by who has them.
    from drift_assets.learned import LearnedThresholds

Rule = Literal["guarded", "plain", "learned"]

NOT_KNOWN: Final = 1.0
"""Stands for a p-value that cannot be had any more: it confirms nothing."""

_NOTHING: Final[Mapping[str, "LearnedThresholds"]] = MappingProxyType({})

_SMALLEST: Final = 0.0
# The other end of what such a p-value can have been.


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """What the history keeps of one column on one day, as far as the rules ask for it.

    Attributes
    ----------
    name, role
        The column.
    baseline_id
        What it was measured against.
    verdict, rule_verdict
        What was said, after and before persistence.
    importance, alert_after, thresholds
        The settings that it was judged by.
    measurements
        By name of the statistic; empty if the column was not evaluated.
    family
        The p-values that it brought into the family, by test.
    by_hand
        Which of the thresholds somebody wrote, by field.
    counts, js_counts
        Baseline and current rows per PSI and per JS bin; None where they were not asked
        for, not kept, or are not those that were compared.
    """

    name: str
    role: Literal["feature", "prediction"]
    baseline_id: str
    verdict: Verdict
    rule_verdict: Verdict
    importance: float
    alert_after: Persistence
    thresholds: Thresholds
    measurements: Mapping[str, Measurement]
    family: Mapping[str, float]
    by_hand: frozenset[str] = frozenset()
    counts: tuple[IntArray, IntArray] | None = None
    js_counts: tuple[IntArray, IntArray] | None = None


@dataclass(frozen=True, slots=True)
class KeptDay:
    """What the history keeps of one reported day.

    ``dataset_verdict`` is None in reports from before there was one; ``family_alpha``
    is None under the plain rule.
    """

    partition: date
    rule: Rule
    family_alpha: float | None
    verdict: Verdict
    dataset_verdict: Verdict | None
    drift_share_threshold: float
    columns: tuple[KeptColumn, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a replay judges by; None leaves what a day was judged by.

    Attributes
    ----------
    preset
        Name of a set of thresholds; it replaces those of every column, whole.
    psi_breach, ks_significance_level, js_breach
        For every column, on top of the preset.
    family_alpha
        Level of the guarded family.
    guards
        Whether the guarded rule judges instead of the plain one. A day of learned
        thresholds is judged anew only if this is given: else they stand.
    alert_after
        For every column.
    drift_share_threshold
        Share of drifted features from which the data set as a whole drifts.
    false_alarms
        For days of learned thresholds: those for another share of clean days on which the
        monitor may alarm. Not beside a preset or guards, which ask for fixed ones.

    Raises
    ------
    ConfigurationError
        If learned and fixed thresholds are asked for at once.
    """

    preset: str | None = None
    psi_breach: float | None = None
    ks_significance_level: float | None = None
    js_breach: float | None = None
    family_alpha: float | None = None
    guards: bool | None = None
    alert_after: Persistence | None = None
    drift_share_threshold: float | None = None
    false_alarms: float | None = None

    def __post_init__(self) -> None:
        if self.false_alarms is not None and (self.preset or self.guards is not None):
            raise ConfigurationError(
                f"Found false_alarms {self.false_alarms} beside "
                f"{'preset' if self.preset else 'guards'}, expected one of them: the first asks "
                "for learned thresholds, the second for fixed ones."
            )

    @property
    def by_hand(self) -> frozenset[str]:
        """Which thresholds these settings give a number for, by field."""
        return frozenset(self._numbers())

    def _numbers(self) -> dict[str, float]:
        numbers = {
            "psi_breach": self.psi_breach,
            "ks_significance_level": self.ks_significance_level,
            "js_breach": self.js_breach,
            "family_alpha": self.family_alpha,
        }
        return {name: value for name, value in numbers.items() if value is not None}

    def thresholds(self, kept: Thresholds) -> Thresholds:
        """Return what a column is judged by that was judged by ``kept``."""
        start = PRESETS[self.preset] if self.preset is not None else kept
        return replace(start, **self._numbers())

    def rule(self, kept: Rule) -> Rule:
        """Return the rule of a day that was judged by ``kept``."""
        if self.guards is None:
            return kept
        return "guarded" if self.guards else "plain"

    def level(self, day: KeptDay) -> float:
        """Return the level of a day's family."""
        if self.family_alpha is not None:
            return self.family_alpha
        if self.preset is not None:
            return PRESETS[self.preset].family_alpha
        if day.family_alpha is not None:
            return day.family_alpha
        # Under the plain rule nobody asked for it; it stands with the columns, of which one may
        # have a preset of its own.
        levels = Counter(column.thresholds.family_alpha for column in day.columns)
        return levels.most_common(1)[0][0] if levels else Thresholds().family_alpha

    @property
    def words(self) -> str:
        """What differs, in words; "" if nothing does."""
        guards = None if self.guards is None else ("on" if self.guards else "off")
        named = {
            "preset": self.preset,
            "psi_breach": self.psi_breach,
            "ks_significance_level": self.ks_significance_level,
            "js_breach": self.js_breach,
            "family_alpha": self.family_alpha,
            "guards": guards,
            "alert_after": self.alert_after,
            "drift_share_threshold": self.drift_share_threshold,
            "false_alarms": self.false_alarms,
        }
        return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)


@dataclass(frozen=True, slots=True)
class ReplayedColumn:
    """What a replay says of one column on one day, beside what was said.

    Attributes
    ----------
    kept
        What the history has.
    rule_verdict, verdict
        Before and after persistence.
    not_known
        Whether the verdict rests on a p-value that cannot be had any more, its own or that
        of another column of its family: JS would have to decide alone, and its counts were
        not kept. The verdict is then the one in which it decides nothing; with a p-value of 0
        in its place there is another.
    stands
        Why another rate of false alarms says nothing of it; "" where it does, or nobody asks.
    """

    kept: KeptColumn
    rule_verdict: Verdict
    verdict: Verdict
    not_known: bool = False
    stands: str = ""


@dataclass(frozen=True, slots=True)
class ReplayedDay:
    """What a replay says of one day, beside what was said."""

    kept: KeptDay
    columns: tuple[ReplayedColumn, ...]
    verdict: Verdict
    dataset: DatasetRuling

    @property
    def not_known(self) -> tuple[str, ...]:
        """Columns whose verdict rests on a p-value that cannot be had any more."""
        return tuple(c.kept.name for c in self.columns if c.not_known)


@dataclass(frozen=True, slots=True)
class Spell:
    """The breaching days of one column.

    ``since`` is the first day of the unbroken series that reaches the column's last
    evaluated day; None if that day does not breach.
    """

    days: int = 0
    first: date | None = None
    last: date | None = None
    since: date | None = None


@dataclass(frozen=True)
class Simulation:
    """A stretch of days as reported, and as other settings would have had it."""

    settings: Settings
    days: tuple[ReplayedDay, ...]

    @property
    def n_reported(self) -> int:
        """Days that breached, as reported."""
        return sum(day.kept.verdict is Verdict.BREACH for day in self.days)

    @property
    def n_learned(self) -> int:
        """Days that learned thresholds judged, and still do, by the rate that was asked for."""
        rule = self.settings.rule
        return sum(rule(day.kept.rule) == "learned" for day in self.days)

    @cached_property
    def standing(self) -> dict[str, dict[str, int]]:
        """Why another rate that was asked for says nothing: days by column, by reason."""
        found: dict[str, dict[str, int]] = {}
        for _, column in self._all():
            if column.stands:
                of_reason = found.setdefault(column.stands, {})
                of_reason[column.kept.name] = of_reason.get(column.kept.name, 0) + 1
        return found

    @property
    def n_simulated(self) -> int:
        """Days that would have breached."""
        return sum(day.verdict is Verdict.BREACH for day in self.days)

    @cached_property
    def columns(self) -> dict[str, tuple[Spell, Spell]]:
        """Each column that breaches either way: as reported, and simulated; worst first."""
        reported = _spells((d.kept.partition, c.kept.name, c.kept.verdict) for d, c in self._all())
        simulated = _spells((d.kept.partition, c.kept.name, c.verdict) for d, c in self._all())
        names = [name for name in reported if reported[name].days or simulated[name].days]
        names.sort(key=lambda name: (-simulated[name].days, -reported[name].days, name))
        return {name: (reported[name], simulated[name]) for name in names}

    @property
    def differences(self) -> list[tuple[date, str, Verdict, Verdict]]:
        """Day, column, verdict as reported and as simulated, wherever the two differ."""
        return [
            (day.kept.partition, column.kept.name, column.kept.verdict, column.verdict)
            for day, column in self._all()
            if column.kept.verdict is not column.verdict
        ]

    def _all(self) -> Iterator[tuple[ReplayedDay, ReplayedColumn]]:
        return ((day, column) for day in self.days for column in day.columns)


def simulate(
    days: Sequence[KeptDay],
    settings: Settings,
    *,
    first: date | None = None,
    learned: "Mapping[str, LearnedThresholds]" = _NOTHING,
) -> Simulation:
    """Return what other settings would have said of stored days.

    Parameters
    ----------
    days
        In order; those before ``first`` only serve persistence as the past.
    settings
        What differs from what each day was judged by.
    first
        The first day to answer for; by default the first there is.
    learned
        By id, what the days of each baseline teach: for another rate of false alarms.
    """
    rate = settings.false_alarms
    taught: dict[str, LearnedThresholds] = {}
    if rate is not None:
        # Those from before the days' results were kept cannot tell of another rate.
        taught = {name: one.at(rate) for name, one in learned.items() if one.largest}
    past, daring_past = _Past(), _Past()
    found = []
    for day in days:
        replayed = _replay(day, settings, taught, past, daring_past)
        if first is None or day.partition >= first:
            found.append(replayed)
    return Simulation(settings, tuple(found))


@dataclass(slots=True)
class _Past:
    """What a replay said of each column's evaluated days so far, the latest first."""

    verdicts: dict[tuple[str, str], list[Verdict]] = field(default_factory=dict)

    def judged(self, column: KeptColumn, rule_verdict: Verdict, settings: Settings) -> Verdict:
        """Return the verdict of one more day once persistence has been asked for."""
        earlier = self.verdicts.setdefault((column.baseline_id, column.name), [])
        verdict, _ = lasting(rule_verdict, "", earlier, settings.alert_after or column.alert_after)
        if rule_verdict is not Verdict.NOT_EVALUATED:
            earlier.insert(0, rule_verdict)
        return verdict


def _replay(
    day: KeptDay,
    settings: Settings,
    taught: "Mapping[str, LearnedThresholds]",
    past: _Past,
    daring_past: _Past,
) -> ReplayedDay:
    """Return a day judged again, and add it to both pasts.

    ``daring_past`` takes each p-value that cannot be had for 0 where ``past`` takes it for 1:
    a smaller one can only make more of the family significant, so what both say alike stands
    for any value between.
    """
    stands: dict[str, str] = {}
    if settings.false_alarms is not None and day.rule == "learned":
        quiet, stands = _learned_verdicts(day, settings, taught)
        daring = quiet
    else:
        if settings.false_alarms is not None:
            stands = dict.fromkeys((c.name for c in day.columns if c.measurements), _OTHER_RULE)
        quiet, lost = _rule_verdicts(day, settings, NOT_KNOWN)
        daring = _rule_verdicts(day, settings, _SMALLEST)[0] if lost else quiet
    columns = []
    for column in day.columns:
        rule_verdict, other = quiet[column.name], daring[column.name]
        verdict = past.judged(column, rule_verdict, settings)
        differs = daring_past.judged(column, other, settings) is not verdict
        differs = differs or other is not rule_verdict
        said = stands.get(column.name, "")
        columns.append(ReplayedColumn(column, rule_verdict, verdict, differs, said))
    share = settings.drift_share_threshold
    return ReplayedDay(
        day,
        tuple(columns),
        worst([c.verdict for c in columns]),
        dataset_rule(
            [(c.verdict, c.kept.importance) for c in columns if c.kept.role == "feature"],
            threshold=day.drift_share_threshold if share is None else share,
        ),
    )


def _learned_verdicts(
    day: KeptDay, settings: Settings, taught: "Mapping[str, LearnedThresholds]"
) -> tuple[dict[str, Verdict], dict[str, str]]:
    """Return what thresholds for another rate say of each column, and why some cannot."""
    verdicts = {column.name: column.rule_verdict for column in day.columns}
    stands: dict[str, str] = {}
    for column in day.columns:
        if not column.measurements:
            continue
        by_hand = column.by_hand | settings.by_hand
        if is_fixed(column.by_hand):
            stands[column.name] = "it has a preset of its own"
            continue
        learned = taught.get(column.baseline_id)
        if learned is None:
            stands[column.name] = (
                f"what the days of baseline {column.baseline_id} teach for other rates is not kept"
            )
            continue
        limits = learned.limits(column.name, day.partition, column.measurements)
        if not OF_VALUES & limits.keys() & column.measurements.keys():
            stands[column.name] = "nothing could be learned of its values"
            continue
        thresholds = settings.thresholds(column.thresholds)
        case = Case(
            name=column.name,
            measurements=column.measurements,
            thresholds=thresholds.beside_learned(limits, by_hand, origin=learned.origin),
            ks_min_statistic=thresholds.ks_min_statistic,
            tail_p_value=_none_asked,
        )
        verdicts[column.name] = plain_rule(case).verdict
    return verdicts, stands


_OTHER_RULE: Final = "not judged by learned thresholds"


def _none_asked(statistic: str, smallest: float) -> float:
    raise AssertionError(f"the learned rule asks for no p-value, found {statistic}, {smallest}")


def _rule_verdicts(
    day: KeptDay, settings: Settings, not_known: float
) -> tuple[dict[str, Verdict], bool]:
    """Return what the rule says of each column of a day, and whether a p-value was missing.

    ``not_known`` stands for each such p-value.
    """
    rule = settings.rule(day.rule)
    if rule == "learned":
        # Its thresholds are of the baseline's own days: nobody sets them.
        return {column.name: column.rule_verdict for column in day.columns}, False
    lost: set[str] = set()
    level = settings.level(day)
    decisive = _Decisive(level)
    cases = [
        _case(column, settings, decisive, lost, not_known)
        for column in day.columns
        if column.measurements
    ]
    rulings: dict[str, Ruling]
    if rule == "guarded":
        decisive.look_at(cases)
        rulings = guarded_rule(cases, family_alpha=level)
    else:
        rulings = {case.name: plain_rule(case) for case in cases}
    found = {name: ruling.verdict for name, ruling in rulings.items()}
    return {c.name: found.get(c.name, Verdict.NOT_EVALUATED) for c in day.columns}, bool(lost)


@dataclass(slots=True)
class _Decisive:
    """How large a p-value can be and still be rejected on a day, or help another to be.

    By Benjamini-Hochberg, of m p-values those rejected are at most ``level * k / m`` if
    there are k of them. They are among the tests at or below the level and the PSI or JS that
    must decide alone: what exceeds the limit may be any number that does.
    """

    limit: float

    def look_at(self, cases: Sequence[Case]) -> None:
        """Lower the limit from the level to what the cases of a day leave of it."""
        tests = [
            p_value
            for case in cases
            for test in (case.test or "", *RATES)
            if test in case.measurements
            and (p_value := case.measurements[test].p_value) is not None
        ]
        most = sum(p <= self.limit for p in tests) + sum(bool(c.at_threshold()) for c in cases)
        if tests:
            self.limit *= min(1.0, most / len(tests))


def _case(
    column: KeptColumn,
    settings: Settings,
    decisive: _Decisive,
    lost: set[str],
    not_known: float,
) -> Case:
    thresholds = settings.thresholds(column.thresholds)

    def tail_p_value(statistic: str, smallest: float) -> float:
        of_psi = statistic == "psi"
        counts = column.counts if of_psi else column.js_counts
        if counts is not None:
            # Beyond the limit its size makes no difference: most draws can be spared.
            return permutation_p_value(
                psi_terms if of_psi else js_terms,
                *counts,
                smallest=smallest,
                enough=decisive.limit,
            )
        kept = column.family.get(statistic)
        if kept is None:
            lost.add(column.name)
            return not_known
        return kept

    return Case(
        name=column.name,
        measurements=column.measurements,
        thresholds=thresholds.by_statistic(),
        ks_min_statistic=thresholds.ks_min_statistic,
        tail_p_value=tail_p_value,
    )


def _spells(verdicts: Iterator[tuple[date, str, Verdict]]) -> dict[str, Spell]:
    found: dict[str, Spell] = {}
    for day, name, verdict in verdicts:
        spell = found.setdefault(name, Spell())
        if verdict is Verdict.BREACH:
            found[name] = Spell(spell.days + 1, spell.first or day, day, spell.since or day)
        elif verdict is not Verdict.NOT_EVALUATED:
            found[name] = replace(spell, since=None)
    return found
