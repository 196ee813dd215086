"""Verdicts: measurements judged by thresholds, over columns, days and the whole data set."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Literal, Self

from drift_assets.errors import ConfigurationError
from drift_assets.figures import p_phrase, show, show_share
from drift_assets.stats import Measurement
from drift_assets.stats.multiple_testing import benjamini_hochberg


class Verdict(StrEnum):
    """What is said of a column or of a day. No answer is never a pass."""

    OK = "ok"
    WARN = "warn"
    BREACH = "breach"
    NOT_EVALUATED = "not_evaluated"


_SEVERITY: Final = (Verdict.OK, Verdict.NOT_EVALUATED, Verdict.WARN, Verdict.BREACH)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the gravest verdict; without any, ``not_evaluated``.

    Examples
    --------
    >>> worst([Verdict.OK, Verdict.NOT_EVALUATED]).value, worst([]).value
    ('not_evaluated', 'not_evaluated')
    """
    return max(verdicts, key=_SEVERITY.index, default=Verdict.NOT_EVALUATED)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The number that one statistic is judged by.

    Attributes
    ----------
    statistic
        Its name.
    on
        ``value`` breaches at or above; ``p_value`` strictly below; ``change``
        when the absolute value is at or above *and* the p-value strictly below
        ``significance_level``; ``size`` when the absolute value alone is.
    breach
        In the unit of what it is on.
    warn
        From here on the verdict is ``warn``; None for no such step.
    significance_level
        For ``change`` only.
    origin
        Where the number comes from, in words, where some are learned.
    """

    statistic: str
    on: Literal["value", "p_value", "change", "size"]
    breach: float
    warn: float | None = None
    significance_level: float = 0.05
    origin: str = ""

    @property
    def rule(self) -> str:
        """The threshold in words."""
        number = _full(self.breach)
        match self.on:
            case "p_value":
                return f"p < {number}"
            case "change" | "size":
                said = f"|change| >= {number}"
            case _:
                said = f">= {number}"
        return f"{said}, {self.origin}" if self.origin else said


@dataclass(frozen=True, slots=True)
class Judgement:
    """One measurement, the threshold it was judged by, and the verdict."""

    measurement: Measurement
    threshold: Threshold
    verdict: Verdict


def judge(measurement: Measurement, threshold: Threshold) -> Judgement:
    """Return the plain judgement of one measurement; an undefined one is not evaluated.

    Raises
    ------
    ConfigurationError
        If the threshold needs a p-value that the measurement does not have.

    Examples
    --------
    >>> psi = Measurement("psi", 0.2, None, 1000, 1000)
    >>> judge(psi, Threshold("psi", "value", 0.2, warn=0.1)).verdict.value
    'breach'
    """
    verdict = Verdict.OK
    # NaN is neither above nor below anything, and would pass in silence.
    if math.isnan(measurement.value) or math.isnan(measurement.p_value or 0.0):
        return Judgement(measurement, threshold, Verdict.NOT_EVALUATED)
    if threshold.on == "value":
        if measurement.value >= threshold.breach:
            verdict = Verdict.BREACH
        elif threshold.warn is not None and measurement.value >= threshold.warn:
            verdict = Verdict.WARN
        return Judgement(measurement, threshold, verdict)
    if threshold.on == "size":
        breached = abs(measurement.value) >= threshold.breach
        return Judgement(measurement, threshold, Verdict.BREACH if breached else verdict)
    if measurement.p_value is None:
        raise ConfigurationError(
            f"Found no p-value for {measurement.statistic!r}, expected one: "
            "judge it by its value instead."
        )
    if threshold.on == "p_value":
        breached = measurement.p_value < threshold.breach
    else:
        breached = (
            abs(measurement.value) >= threshold.breach
            and measurement.p_value < threshold.significance_level
        )
    return Judgement(measurement, threshold, Verdict.BREACH if breached else verdict)


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules need to know of one evaluated column.

    Attributes
    ----------
    name
        The column.
    measurements
        By name of the statistic.
    thresholds
        By name of the statistic; a statistic without one is only measured.
    ks_min_statistic
        D from which a significant KS test counts as an effect.
    tail_p_value
        Simulates the p-value of PSI or JS, whichever is named, such that a
        p-value as small as the second argument can come out.
    """

    name: str
    measurements: Mapping[str, Measurement]
    thresholds: Mapping[str, Threshold]
    ks_min_statistic: float
    tail_p_value: Callable[[str, float], float]

    @property
    def test(self) -> str | None:
        """The statistic whose p-value stands for the column: ``ks`` or ``chi_squared``."""
        return next((s for s in ("ks", "chi_squared") if s in self.measurements), None)

    def novelty_counts(self, family_alpha: float) -> bool:
        """Return whether the novel rate joins the family: large, and not surely by chance.

        With a p-value above the level, which no adjustment makes smaller, it decides nothing,
        and the p-values of others would be adjusted for it.
        """
        novel, threshold = self.measurements.get("novel_rate"), self.thresholds.get("novel_rate")
        if novel is None or threshold is None:
            return False
        return novel.value >= threshold.breach and (novel.p_value or 0.0) <= family_alpha

    def at_threshold(self) -> list[str]:
        """Return which of PSI and JS are at or above their breach threshold."""
        return [
            s
            for s in ("psi", "js_divergence")
            if s in self.measurements
            and s in self.thresholds
            and self.measurements[s].value >= self.thresholds[s].breach
        ]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule says of one column.

    Attributes
    ----------
    verdict, reason
        The answer, and a sentence that gives its numbers.
    judgements
        The plain judgement of each statistic that has a threshold.
    adjusted_p_value
        Smallest adjusted p-value of the column's own tests; None under the plain rule.
    family
        The p-values that the column brought into the family, by test.
    """

    verdict: Verdict
    reason: str
    judgements: tuple[Judgement, ...]
    adjusted_p_value: float | None = None
    family: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a breach must last before it counts: on ``breaches`` of the last ``of`` days.

    Examples
    --------
    >>> Persistence.of_text("2 of 3"), str(Persistence())
    (Persistence(breaches=2, of=3), '1 of 1')
    """

    breaches: int = 1
    of: int = 1

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Return what a text such as ``2 of 3`` says.

        Raises
        ------
        ConfigurationError
            If it says anything else, or asks for more breaches than days.
        """
        found = re.fullmatch(r"\s*(\d{1,4})\s+of\s+(\d{1,4})\s*", text)
        if found is None:
            raise ConfigurationError(
                f"Found {text!r}, expected two whole numbers such as '2 of 3': breaches and days."
            )
        breaches, days = int(found[1]), int(found[2])
        if not 1 <= breaches <= days <= MOST_DAYS:
            raise ConfigurationError(
                f"Found '{breaches} of {days}', expected at least 1 breach, no more breaches than "
                f"days, and at most {MOST_DAYS} days: such as '2 of 3'."
            )
        return cls(breaches, days)

    def __str__(self) -> str:
        return f"{self.breaches} of {self.of}"


MOST_DAYS: Final = 366
"""Longest memory of a persistence, in days."""


def lasting(
    verdict: Verdict, reason: str, earlier: Sequence[Verdict], persistence: Persistence
) -> tuple[Verdict, str]:
    """Return verdict and reason of a column once persistence has been asked for.

    A breach that has not come on enough of the last days is a warning. No other
    verdict changes: a day that is quiet by itself never breaches for its past.

    Parameters
    ----------
    verdict, reason
        What the rule says of the day alone.
    earlier
        What the rule said of the evaluated days before it, the latest first.
    persistence
        What is asked for.

    Examples
    --------
    >>> lasting(Verdict.BREACH, "PSI", [Verdict.OK, Verdict.BREACH], Persistence(2, 3))
    (<Verdict.BREACH: 'breach'>, 'PSI; breach on 2 of the last 3 days, 2 needed')
    """
    if verdict is not Verdict.BREACH or persistence.breaches == 1:
        return verdict, reason
    window = [verdict, *earlier[: persistence.of - 1]]
    seen = window.count(Verdict.BREACH)
    days = "1 day" if len(window) == 1 else f"the last {len(window)} days"
    said = f"breach on {seen} of {days}, {persistence.breaches} needed"
    if seen >= persistence.breaches:
        return Verdict.BREACH, f"{reason}; {said}"
    return Verdict.WARN, f"{said}: {reason}"


@dataclass(frozen=True, slots=True)
class DatasetRuling:
    """What is said of a whole data set.

    Attributes
    ----------
    verdict, reason
        ``breach`` if the share is at or above the threshold; ``not_evaluated``
        without a feature to judge by. The reason gives the numbers.
    drift_share
        Share of the evaluated features that breach, in [0, 1], each weighing its
        importance; None if not evaluated.
    threshold
        What it was judged by.
    """

    verdict: Verdict
    reason: str
    drift_share: float | None
    threshold: float


def dataset_rule(features: Iterable[tuple[Verdict, float]], *, threshold: float) -> DatasetRuling:
    """Return the ruling on a data set, from verdict and importance of each feature.

    Examples
    --------
    >>> dataset_rule([(Verdict.BREACH, 3.0), (Verdict.OK, 1.0)], threshold=0.5).reason
    '1 of 2 features drifts, 75.0% by importance >= 50.0%'
    """
    found = list(features)
    evaluated = [(v, w) for v, w in found if v is not Verdict.NOT_EVALUATED]
    weights = [weight for _, weight in evaluated]
    drifted = [weight for verdict, weight in evaluated if verdict is Verdict.BREACH]
    if not any(weights):
        reason = "no feature was evaluated" if found else "no feature is watched"
        if evaluated:
            reason = "no evaluated feature has an importance above 0"
        return DatasetRuling(Verdict.NOT_EVALUATED, reason, None, threshold)
    alike = len(set(weights)) == 1
    share = len(drifted) / len(weights) if alike else _ratio(drifted, weights)
    breached = share >= threshold
    noun = "feature" if len(evaluated) == 1 else "features"
    verb = "drifts" if 1 in {len(drifted), len(evaluated)} else "drift"
    return DatasetRuling(
        Verdict.BREACH if breached else Verdict.OK,
        f"{len(drifted):,} of {len(evaluated):,} {noun} {verb}, {_share_beside(share, threshold)}"
        f"{'' if alike else ' by importance'} {'>=' if breached else '<'} "
        f"{_share_beside(threshold, threshold)}",
        share,
        threshold,
    )


def _ratio(part: Sequence[float], whole: Sequence[float]) -> float:
    """Return the ratio of two sums of decimals as written: 0.1 + 0.2 is half of 0.6."""
    # Loaded on use: most monitors give no importance.
    from fractions import Fraction  # noqa: PLC0415

    def exact(numbers: Sequence[float]) -> Fraction:
        return sum((Fraction(repr(float(n))) for n in numbers), Fraction())

    return float(exact(part) / exact(whole))


def _share_beside(share: float, threshold: float) -> str:
    """Return a share as a percentage that does not read across the threshold."""
    text = show_share(share)
    if share != threshold and text == show_share(threshold):
        return f"{show(100 * share, against=100 * threshold)}%"
    return text


def plain_rule(case: Case) -> Ruling:
    """Return the ruling by which any breaching statistic makes the column breach.

    The novel rate is for the guarded rule alone.
    """
    judgements = tuple(
        judge(case.measurements[s], threshold)
        for s, threshold in case.thresholds.items()
        if s in case.measurements and s != "novel_rate"
    )
    verdict = worst([j.verdict for j in judgements])
    return Ruling(verdict, _plain_reason(judgements, verdict), judgements)


BY_HAND: Final = "set by hand"
"""Origin of a threshold that judges in the place of a learned one."""


def learned_rule(case: Case, *, origin: str) -> Ruling:
    """Return the ruling by which any statistic at its learned threshold makes the column breach.

    Parameters
    ----------
    case
        Its thresholds are the learned ones, and those set by hand in their place. A step
        from which a learned one warns can only be set by hand.
    origin
        What they were learned from, in words.
    """
    ruling = plain_rule(case)
    if not ruling.judgements:
        return replace(ruling, reason="no threshold could be learned for this column")
    by_hand = []
    for threshold in (j.threshold for j in ruling.judgements):
        label = _TEST_LABELS[threshold.statistic]
        if threshold.origin == BY_HAND:
            by_hand.append(label)
        elif threshold.warn is not None:
            by_hand.append(f"{label} warning")
    if all(j.threshold.origin == BY_HAND for j in ruling.judgements):
        origin = BY_HAND
    elif by_hand:
        origin = f"{origin}, but {', '.join(by_hand)} {BY_HAND}"
    return replace(ruling, reason=f"{ruling.reason} ({origin})")


RATES: Final = ("missing_rate", "positive_rate", "novel_rate")
"""Shares of rows that the guarded rule judges by themselves; the last is its alone."""


def guarded_rule(
    cases: Sequence[Case], *, family_alpha: float, others: Sequence[float] = ()
) -> dict[str, Ruling]:
    """Return a ruling for each column of one monitor and day, by name.

    A breach needs an adjusted p-value at or below ``family_alpha`` *and* an
    effect: PSI or JS at its threshold, or D at ``ks_min_statistic``; for the
    missing, positive and novel rates, a change at their threshold. Where the D of the
    rows may or may not reach ``ks_min_statistic``, the column warns.

    Parameters
    ----------
    cases
        The evaluated columns.
    family_alpha
        Level of the whole family after the Benjamini-Hochberg adjustment.
    others
        P-values of the rest of the family, stored by an earlier run.
    """
    members: list[tuple[str, str, float]] = []
    for case in cases:
        tests = [s for s in (case.test, *RATES) if s is not None]
        members += [
            (case.name, s, p)
            for s in tests
            if s in case.measurements and (p := case.measurements[s].p_value) is not None
            if s != "novel_rate" or case.novelty_counts(family_alpha)
        ]
    # A value of PSI or JS that its column's test does not confirm must decide alone: it joins
    # the family with a p-value of its own.
    adjusted = _adjust(members, others)
    waiting = {case.name: case for case in cases if case.at_threshold()}
    # Each newcomer changes the others' adjustment: until nobody else has to decide alone.
    while alone := [
        case
        for case in waiting.values()
        if adjusted.get((case.name, case.test), 1.0) > family_alpha
    ]:
        smallest = family_alpha / (len(members) + len(alone) + len(others))
        for case in alone:
            del waiting[case.name]
            statistic = case.at_threshold()[0]
            members.append((case.name, statistic, case.tail_p_value(statistic, smallest)))
        adjusted = _adjust(members, others)
    own: dict[str, dict[str, float]] = {case.name: {} for case in cases}
    for name, test, p_value in members:
        own[name][test] = p_value
    return {
        case.name: _guarded_ruling(
            case,
            {test: adjusted[case.name, test] for test in own[case.name]},
            own[case.name],
            family_alpha,
        )
        for case in cases
    }


def _adjust(
    members: Sequence[tuple[str, str, float]], others: Sequence[float]
) -> dict[tuple[str, str | None], float]:
    adjusted = benjamini_hochberg([p for _, _, p in members] + list(others))
    return {
        (name, test): float(p)
        for (name, test, _), p in zip(members, adjusted[: len(members)], strict=True)
    }


def _guarded_ruling(
    case: Case, adjusted: Mapping[str, float], family: Mapping[str, float], family_alpha: float
) -> Ruling:
    plain = plain_rule(case)
    large = case.at_threshold()
    effects = [_phrase(case.measurements[s], case.thresholds[s]) for s in large]
    ks = case.measurements.get("ks")
    if ks is not None and ks.value >= case.ks_min_statistic:
        effects.append(
            f"KS D = {show(ks.value, against=case.ks_min_statistic)} "
            f">= {_full(case.ks_min_statistic)}"
        )
    causes: list[str] = []
    held: dict[str, str] = {}
    for test, p_value in adjusted.items():
        significant = p_value <= family_alpha
        p_text = p_phrase("adjusted p", p_value, against=family_alpha)
        level = f"{p_text} {'<=' if significant else '>'} {_full(family_alpha)}"
        if test in RATES:
            threshold = case.thresholds.get(test)
            changed = (
                threshold is not None and abs(case.measurements[test].value) >= threshold.breach
            )
            phrase = _phrase(case.measurements[test], threshold)
            if changed and significant:
                causes.append(f"{phrase} ({level})")
            elif changed:
                held[test] = f"{phrase}, but {level}"
        elif significant and effects:
            found = effects if test == case.test else [effects[large.index(test)]]
            label = "simulated " if test != case.test else ""
            causes.append(f"{', '.join(found)} ({label}{level})")
        elif significant:
            held[test] = f"{_TEST_LABELS[test]} {level}, but no effect reaches its threshold"
        elif effects and test == case.test and not set(large) & set(adjusted):
            held[test] = f"{', '.join(effects)}, but {level}"
        elif effects and test != case.test:
            held[test] = f"{effects[large.index(test)]}, but simulated {level}"
        elif not effects and any(
            j.measurement.statistic == test and j.verdict is Verdict.BREACH
            for j in plain.judgements
        ):
            held[test] = f"{_TEST_LABELS[test]} {level}"

    smallest = min(adjusted.values(), default=None)
    if causes:
        return Ruling(Verdict.BREACH, "; ".join(causes), plain.judgements, smallest, dict(family))
    p_value = adjusted.get(case.test or "", 1.0)
    warning = _warning(case, plain, p_value, family_alpha)
    if warning:
        # What the warning says of the column's own test is not said again.
        own = {test: text for test, text in held.items() if test != case.test}
        reason = _explained([warning, *own.values()], plain)
        return Ruling(Verdict.WARN, reason, plain.judgements, smallest, dict(family))
    if plain.verdict is Verdict.WARN and case.test is not None:
        level = p_phrase("adjusted p", p_value, against=family_alpha)
        held[case.test] = f"{plain.reason}, but {level} > {_full(family_alpha)}"
    reason = _explained(list(held.values()) or ["within all thresholds"], plain)
    return Ruling(Verdict.OK, reason, plain.judgements, smallest, dict(family))


def _explained(parts: Sequence[str], plain: Ruling) -> str:
    """Return what the guarded rule found, and what the plain one would have made of it."""
    reason = "; ".join(parts)
    if plain.verdict is Verdict.BREACH:
        return f"{reason}; the plain rule would say breach: {plain.reason}"
    # Its reason, a step of PSI, is the guarded rule's too.
    mild = plain.verdict is Verdict.WARN and "(warn), but" in reason
    return f"{reason}; the plain rule would say warn" if mild else reason


def _warning(case: Case, plain: Ruling, p_value: float, family_alpha: float) -> str:
    """Return why the column warns: PSI from its step on, or a D that may be an effect; or ""."""
    if p_value > family_alpha:
        return ""
    found = [
        f"PSI = {show(j.measurement.value, against=j.threshold.warn)} "
        f">= {_full(j.threshold.warn or 0.0)} (warn)"
        for j in plain.judgements
        if j.measurement.statistic == "psi" and j.verdict is Verdict.WARN
    ]
    ks, least = case.measurements.get("ks"), case.ks_min_statistic
    if ks is not None and ks.value < least <= ks.value + ks.error_bound:
        low, high = (show(d, against=least) for d in (ks.value, ks.value + ks.error_bound))
        found.append(f"KS D between {low} and {high}, which may reach {_full(least)} (warn)")
    level = f"{p_phrase('adjusted p', p_value, against=family_alpha)} <= {_full(family_alpha)}"
    return f"{', '.join(found)} and {level}" if found else ""


_TEST_LABELS: Final = {
    "psi": "PSI",
    "ks": "KS",
    "chi_squared": "chi-squared",
    "js_divergence": "JS",
    "missing_rate": "missing rate",
    "positive_rate": "positive rate",
    "novel_rate": "novel rate",
    "total_variation": "total variation",
}


def _phrase(measurement: Measurement, threshold: Threshold | None) -> str:
    """Return a measurement beside the threshold it crossed, or only the measurement."""
    label = _TEST_LABELS.get(measurement.statistic, measurement.statistic)
    value = measurement.value
    if threshold is None:
        return f"{label} = {show(value)}"
    match threshold.on:
        case "p_value":
            p = measurement.p_value if measurement.p_value is not None else 1.0
            text = p_phrase(f"{label} p", p, against=threshold.breach)
            sign = "<" if p < threshold.breach else ">="
            return f"{text} {sign} {_full(threshold.breach)}" if " = " in text else text
        case "change" | "size":
            size = show(abs(value), against=threshold.breach)
            said = f"{label} changed by {'-' if value < 0 else '+'}{size}"
            # With a p-value the limit is told elsewhere.
            return said if threshold.on == "change" else f"{said}, limit {_full(threshold.breach)}"
    sign = ">=" if value >= threshold.breach else "<"
    return f"{label} = {show(value, against=threshold.breach)} {sign} {_full(threshold.breach)}"


def _full(threshold: float) -> str:
    """Return a threshold with all its digits, so that no figure beside it can contradict it."""
    return show(threshold, against=threshold)


def _plain_reason(judgements: Sequence[Judgement], verdict: Verdict) -> str:
    if verdict is Verdict.NOT_EVALUATED:
        return "no statistic with a threshold applies to this column"
    if verdict is Verdict.OK:
        return "within all thresholds"
    if verdict is Verdict.WARN:
        return "; ".join(
            f"{_TEST_LABELS[j.measurement.statistic]} = "
            f"{show(j.measurement.value, against=j.threshold.warn)} "
            f">= {_full(j.threshold.warn or 0.0)} (warn)"
            for j in judgements
            if j.verdict is Verdict.WARN
        )
    return "; ".join(
        _phrase(j.measurement, j.threshold) for j in judgements if j.verdict is Verdict.BREACH
    )
