"""Timelines: what was measured and said of each column on the reported days up to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from drift_assets.verdicts import Verdict

DAYS: Final = 90
"""Days that a report looks back on, its own included."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One column on one reported day; a number that was not measured is None.

    Attributes
    ----------
    verdict
        What was said of it.
    psi
        In nats.
    psi_warn, psi_breach
        What its PSI was judged by.
    missing_rate, positive_rate
        Shares of the day, in [0, 1].
    """

    verdict: Verdict
    psi: float | None
    psi_warn: float
    psi_breach: float
    missing_rate: float | None
    positive_rate: float | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Reported days of one monitor in order, all parts but `columns` one entry a day.

    Attributes
    ----------
    days
        The days; those that were not reported are absent.
    verdicts
        Of the whole day.
    breached
        How many columns breached.
    baselines
        Id of the baseline that judged.
    methods
        Version of the formulas.
    columns
        By name: one entry a day, None where the column was not looked at.
    """

    days: tuple[date, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    breached: tuple[int, ...] = ()
    baselines: tuple[str, ...] = ()
    methods: tuple[int, ...] = ()
    columns: Mapping[str, Sequence[Moment | None]] = field(default_factory=dict)

    def before(self, day: date) -> "Timeline":
        """Return the part before a day."""
        n = sum(one < day for one in self.days)
        return replace(
            self,
            days=self.days[:n],
            verdicts=self.verdicts[:n],
            breached=self.breached[:n],
            baselines=self.baselines[:n],
            methods=self.methods[:n],
            columns={name: moments[:n] for name, moments in self.columns.items()},
        )

    def verdict_since(self, name: str) -> tuple[date, int] | None:
        """Return since when a column has its latest verdict, and on how many days of those.

        Days without an answer are passed over; None if its last day has none or it has no day.
        """
        moments = self.columns.get(name, ())
        last = moments[-1] if moments else None
        if last is None or last.verdict is Verdict.NOT_EVALUATED:
            return None
        since, count = self.days[-1], 0
        for day, moment in zip(reversed(self.days), reversed(moments), strict=True):
            if moment is None or moment.verdict is Verdict.NOT_EVALUATED:
                continue
            if moment.verdict is not last.verdict:
                break
            since, count = day, count + 1
        return since, count
