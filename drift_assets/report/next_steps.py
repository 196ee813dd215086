"""What a reader may do next: commands that work as they stand."""

import shlex
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from drift_assets.assessment import Assessment
from drift_assets.report.page import ordered
from drift_assets.timeline import Timeline
from drift_assets.verdicts import Verdict

MUTED_DAYS: Final = 7
"""For how long the command that mutes does so."""

ENOUGH_DAYS: Final = 7
"""Days of a new level from which it may be a new normal; before, all of the last month is."""

# What a shell reads between double quotes too.
_SPECIAL: Final = frozenset('"$`\\!')


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command, and what it is for."""

    purpose: str
    command: str


def next_steps(
    assessment: Assessment,
    *,
    partition: date | None,
    past: Timeline,
    today: date | None = None,
) -> tuple[NextStep, ...]:
    """Return what to do about a day of a monitor; nothing for a comparison without a day.

    Parameters
    ----------
    assessment
        What was found.
    partition
        On which day.
    past
        The days up to it: since when a column drifts.
    today
        The day on which this is said, from which a mute counts; by default ``partition``.
    """
    if partition is None:
        return ()
    monitor, day = assessment.monitor, str(partition)
    again = NextStep(
        "Data wrong? Deliver the day again, then run it",
        _command("run", monitor, "--partition", day),
    )
    grave = [f for f in ordered(assessment.features) if f.verdict in {Verdict.BREACH, Verdict.WARN}]
    if not grave:
        creeping = NextStep("Is it creeping towards a threshold?", _command("trend", monitor))
        return (again, creeping) if assessment.not_evaluated else (creeping,)
    steps = []
    if assessment.breached:
        steps.append(
            NextStep(
                "You look after it? Say so",
                _command("alerts", "ack", f"{monitor}:{day}:breach"),
            )
        )
    # A name that cannot be typed is not asked for by name.
    named = next((f.feature for f in grave if f.feature.isprintable()), None)
    if named is not None:
        place = f"monitor = {_quoted(monitor)} AND feature = {_quoted(named)}"
        query = (
            "SELECT partition, verdict, psi, reason FROM drift_history "  # noqa: S608  # quoted
            f"WHERE {place} ORDER BY partition DESC LIMIT 30"
        )
        steps.append(NextStep("Investigate: the gravest, day by day", _command("sql", query)))
    steps.append(again)
    steps.append(
        NextStep(
            "A new normal? Freeze it; you are told how to promote it",
            _command("baseline", "freeze", monitor, *_normal(past, grave[0].feature, partition)),
        )
    )
    until = max(partition, today or partition) + timedelta(days=MUTED_DAYS)
    return (
        *steps,
        NextStep(
            f"Known? Tell nobody for {MUTED_DAYS} days",
            _command("alerts", "mute", monitor, "--until", str(until)),
        ),
        NextStep(
            "Too sensitive? Judge stored days by other thresholds",
            _command("simulate", monitor, "--preset", "conservative"),
        ),
    )


def _normal(past: Timeline, feature: str, partition: date) -> tuple[str, ...]:
    """Return the days that a new baseline would be of."""
    found = past.verdict_since(feature)
    if found is None or found[1] < ENOUGH_DAYS:
        return "--last-days", "28"
    return "--from", str(found[0]), "--to", str(partition)


def _command(*words: str) -> str:
    return " ".join(_word(word) for word in ("drift-assets", *words))


def _word(word: str) -> str:
    """Return a word as a shell takes it; SQL has quotes of its own, so double ones if they do."""
    return f'"{word}"' if "'" in word and not _SPECIAL & set(word) else shlex.quote(word)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
