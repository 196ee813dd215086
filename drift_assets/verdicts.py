"""Verdicts: measurements judged by thresholds. The plain rule and the guarded one."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from drift_assets.errors import ConfigurationError
from drift_assets.figures import p_phrase, show
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
        ``significance_level``.
    breach
        In the unit of what it is on.
    warn
        From here on the verdict is ``warn``; None for no such step.
    significance_level
        For ``change`` only.
    """

    statistic: str
    on: Literal["value", "p_value", "change"]
    breach: float
    warn: float | None = None
    significance_level: float = 0.05

    @property
    def rule(self) -> str:
        """The threshold in words."""
        match self.on:
            case "p_value":
                return f"p < {_full(self.breach)}"
            case "change":
                return f"|change| >= {_full(self.breach)}"
        return f">= {_full(self.breach)}"


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


def plain_rule(case: Case) -> Ruling:
    """Return the ruling by which any breaching statistic makes the column breach."""
    judgements = tuple(
        judge(case.measurements[s], threshold)
        for s, threshold in case.thresholds.items()
        if s in case.measurements
    )
    verdict = worst([j.verdict for j in judgements])
    return Ruling(verdict, _plain_reason(judgements, verdict), judgements)


def guarded_rule(
    cases: Sequence[Case], *, family_alpha: float, others: Sequence[float] = ()
) -> dict[str, Ruling]:
    """Return a ruling for each column of one monitor and day, by name.

    A breach needs an adjusted p-value at or below ``family_alpha`` *and* an
    effect: PSI or JS at its threshold, or D at ``ks_min_statistic``; for the
    missing and positive rates, a change at their threshold. Where the D of the
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
        tests = [s for s in (case.test, "missing_rate", "positive_rate") if s is not None]
        members += [
            (case.name, s, p)
            for s in tests
            if s in case.measurements and (p := case.measurements[s].p_value) is not None
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
    causes, held = [], []
    for test, p_value in adjusted.items():
        significant = p_value <= family_alpha
        p_text = p_phrase("adjusted p", p_value, against=family_alpha)
        level = f"{p_text} {'<=' if significant else '>'} {_full(family_alpha)}"
        if test in {"missing_rate", "positive_rate"}:
            threshold = case.thresholds.get(test)
            changed = (
                threshold is not None and abs(case.measurements[test].value) >= threshold.breach
            )
            phrase = _phrase(case.measurements[test], threshold)
            if changed and significant:
                causes.append(f"{phrase} ({level})")
            elif changed:
                held.append(f"{phrase}, but {level}")
        elif significant and effects:
            found = effects if test == case.test else [effects[large.index(test)]]
            label = "simulated " if test != case.test else ""
            causes.append(f"{', '.join(found)} ({label}{level})")
        elif significant:
            held.append(f"{_TEST_LABELS[test]} {level}, but no effect reaches its threshold")
        elif effects and test == case.test and not set(large) & set(adjusted):
            held.append(f"{', '.join(effects)}, but {level}")
        elif effects and test != case.test:
            held.append(f"{effects[large.index(test)]}, but simulated {level}")
        elif not effects and any(
            j.measurement.statistic == test and j.verdict is Verdict.BREACH
            for j in plain.judgements
        ):
            held.append(f"{_TEST_LABELS[test]} {level}")

    smallest = min(adjusted.values(), default=None)
    if causes:
        return Ruling(Verdict.BREACH, "; ".join(causes), plain.judgements, smallest, dict(family))
    warning = _warning(case, plain, adjusted.get(case.test or "", 1.0), family_alpha)
    if warning:
        return Ruling(Verdict.WARN, warning, plain.judgements, smallest, dict(family))
    reason = "; ".join(held) or "within all thresholds"
    if plain.verdict is Verdict.BREACH:
        reason += f"; the plain rule would say breach: {plain.reason}"
    return Ruling(Verdict.OK, reason, plain.judgements, smallest, dict(family))


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
        case "change":
            size = show(abs(value), against=threshold.breach)
            return f"{label} changed by {'-' if value < 0 else '+'}{size}"
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
