"""Data checks: what is asked of a day's data before any statistic, one check per kind.

All but the key is known from the day's profile, so the checks cost next to nothing.
"""

import hashlib
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from drift_assets.data_settings import (
    DataChecks,
    DuplicatesCheck,
    MissingRateCheck,
    OutOfRangeCheck,
    RowCountCheck,
    Severity,
)
from drift_assets.figures import show_share
from drift_assets.profiles import Baseline, DatasetProfile, NumericProfile, Profile, Unprofiled

CheckName = Literal[
    "data_arrived", "row_count", "schema", "missing_rate", "duplicates", "stale", "out_of_range"
]
State = Literal["passed", "failed", "not_evaluated"]

CHECK_NAMES: Final = (
    *("data_arrived", "row_count", "schema", "missing_rate"),
    *("duplicates", "stale", "out_of_range"),
)
FEWEST_DAYS: Final = 3
"""Reported days that the usual number of rows is told from."""
STALE_DAYS: Final = 7
"""Days before a day among which its content is looked for."""
CHANCE: Final = 3.0
"""Standard errors that two shares of missing values may lie apart: one clean day in 740."""
FEWEST_ROWS: Final = 20
"""Values of a column below which the share of those out of range says nothing."""
TELLING_VALUES: Final = 20
"""Distinct numbers in one column from which on two days do not agree in all by chance."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check says of a day's data.

    Attributes
    ----------
    name, severity
        Which check, and how grave it is when it fails.
    state
        ``not_evaluated`` is no pass.
    reason
        What was found, and what was expected.
    value, lowest, highest
        The number that was looked at, and between which limits it passes; None
        where there is none.
    columns
        Those that make it fail.
    content
        For ``stale``: content hash of the day.
    """

    name: CheckName
    severity: Severity
    state: State
    reason: str
    value: float | None = None
    lowest: float | None = None
    highest: float | None = None
    columns: tuple[str, ...] = ()
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was reported before a day, as far as the checks ask for it.

    Attributes
    ----------
    rows
        Rows of the reported days before, the latest first.
    extra_columns
        Unwatched columns of the latest of them; None if there is none.
    contents
        Which of the days before had which content, by content hash.
    """

    rows: tuple[int, ...] = ()
    extra_columns: tuple[str, ...] | None = None
    contents: Mapping[str, date] | None = None


def check_data(
    settings: DataChecks,
    baseline: Baseline,
    current: DatasetProfile,
    *,
    watched: Sequence[str],
    past: Past,
    n_repeated: int | None = None,
) -> tuple[CheckResult, ...]:
    """Return what the checks that are on say of a day's data, in the order of `CHECK_NAMES`.

    Parameters
    ----------
    settings
        Which checks are on, and their limits.
    baseline, current
        Profiles; the current one over the baseline's rulers.
    watched
        The columns that the monitor watches.
    past
        The days before.
    n_repeated
        Rows beyond the first of their key; None if nobody counted them.
    """
    columns = {name: current.columns[name] for name in watched if name in current.columns}
    found = []
    if settings.row_count is not None:
        found.append(_row_count(settings.row_count, current.n_rows, past.rows))
    if settings.columns is not None:
        found.append(_schema(settings.columns.severity, current, columns, past.extra_columns))
    if settings.missing_rate is not None:
        found.append(_missing_rate(settings.missing_rate, baseline, columns))
    if settings.duplicates is not None:
        found.append(_duplicates(settings.duplicates, current.n_rows, n_repeated))
    if settings.stale is not None:
        found.append(_stale(settings.stale.severity, columns, current.n_rows, past.contents or {}))
    if settings.out_of_range is not None:
        found.append(_out_of_range(settings.out_of_range, columns))
    return tuple(found)


def has_arrived(n_rows: int) -> CheckResult:
    """Return the check of a day whose data have come."""
    return CheckResult(
        "data_arrived", "warn", "passed", f"{n_rows:,} rows have come", float(n_rows)
    )


def content_of(columns: Mapping[str, Profile | Unprofiled], n_rows: int) -> str | None:
    """Return a hash that two days share if their columns hold the same values.

    None where no column has numbers enough to tell days apart. It does not depend on the
    rulers: sums, ranges and counts of a column's values go into it.
    """
    digest = hashlib.sha256(str(n_rows).encode())
    telling = False
    for name in sorted(columns):
        profile = columns[name]
        if isinstance(profile, Unprofiled):
            continue
        digest.update(f"\0{name}\0{profile.n}\0{profile.n_missing}".encode())
        if isinstance(profile, NumericProfile):
            digest.update(
                np.array(
                    [profile.mean, profile.squares, profile.minimum, profile.maximum]
                ).tobytes()
            )
            telling |= int(np.count_nonzero(profile.cells)) > TELLING_VALUES
    return digest.hexdigest()[:16] if telling else None


def _row_count(check: RowCountCheck, n_rows: int, before: Sequence[int]) -> CheckResult:
    days = before[: check.days]
    if len(days) < FEWEST_DAYS:
        reason = f"{n_rows:,} rows; {len(days)} days before to compare with, {FEWEST_DAYS} needed"
        return CheckResult("row_count", check.severity, "not_evaluated", reason, float(n_rows))
    usual = statistics.median(days)
    lowest, highest = check.lowest * usual, check.highest * usual
    reason = (
        f"{n_rows:,} rows, usual are {usual:,.0f} (median of {len(days)} days), expected "
        f"{lowest:,.0f} to {highest:,.0f}"
    )
    state: State = "passed" if lowest <= n_rows <= highest else "failed"
    return CheckResult("row_count", check.severity, state, reason, float(n_rows), lowest, highest)


def _schema(
    severity: Severity,
    current: DatasetProfile,
    columns: Mapping[str, Profile | Unprofiled],
    extra_before: Sequence[str] | None,
) -> CheckResult:
    problems = {
        name: profile.reason
        for name, profile in columns.items()
        if isinstance(profile, Unprofiled) and "baseline has no value" not in profile.reason
    }
    if extra_before is not None:
        for name in current.extra_columns:
            if name not in extra_before:
                problems[name] = "new, and not watched"
        for name in extra_before:
            if name not in current.extra_columns and name not in current.columns:
                problems[name] = "gone since the day before; it was not watched"
    shown = "; ".join(f"{name!r}: {reason}" for name, reason in list(problems.items())[:10])
    more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
    return CheckResult(
        "schema",
        severity,
        "failed" if problems else "passed",
        f"{shown}{more}" if problems else f"all {len(columns)} watched columns are as they were",
        float(len(problems)),
        highest=0.0,
        columns=tuple(problems),
    )


def _missing_rate(
    check: MissingRateCheck, baseline: Baseline, columns: Mapping[str, Profile | Unprofiled]
) -> CheckResult:
    rates = {}
    over = []
    for name, profile in columns.items():
        if isinstance(profile, Unprofiled) or not profile.n_rows:
            continue
        rates[name] = profile.n_missing / profile.n_rows
        known = baseline.columns[name]
        if rates[name] > max(check.highest, _usual_missing(known, profile)):
            over.append(name)
    if not rates:
        return CheckResult(
            "missing_rate", check.severity, "not_evaluated", "no column has a profile"
        )
    worst = max(rates, key=lambda name: rates[name])
    if over:
        over.sort(key=lambda name: -rates[name])
        named = ", ".join(f"{name!r} {show_share(rates[name])}" for name in over[:10])
        reason = f"missing: {named}; expected at most {show_share(check.highest)}, or as before"
    else:
        reason = f"at most {show_share(rates[worst])} is missing ({worst!r})"
    return CheckResult(
        "missing_rate",
        check.severity,
        "failed" if over else "passed",
        reason,
        rates[worst],
        highest=check.highest,
        columns=tuple(over),
    )


def _usual_missing(known: Profile, profile: Profile) -> float:
    """Return the share that may be missing by chance where the baseline's share holds."""
    if not known.n_rows:
        return 0.0
    pooled = (known.n_missing + profile.n_missing) / (known.n_rows + profile.n_rows)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / known.n_rows + 1 / profile.n_rows))
    return known.n_missing / known.n_rows + CHANCE * spread


def _duplicates(check: DuplicatesCheck, n_rows: int, n_repeated: int | None) -> CheckResult:
    key = ", ".join(check.key)
    if n_repeated is None:
        reason = f"the columns of the key ({key}) are not there, or cannot be compared"
        return CheckResult(
            "duplicates", check.severity, "not_evaluated", reason, columns=tuple(check.key)
        )
    share = n_repeated / n_rows if n_rows else 0.0
    failed = share > check.highest
    return CheckResult(
        "duplicates",
        check.severity,
        "failed" if failed else "passed",
        f"{n_repeated:,} of {n_rows:,} rows have the key of an earlier one ({key}), expected at "
        f"most {show_share(check.highest)}",
        share,
        highest=check.highest,
        columns=tuple(check.key) if failed else (),
    )


def _stale(
    severity: Severity,
    columns: Mapping[str, Profile | Unprofiled],
    n_rows: int,
    before: Mapping[str, date],
) -> CheckResult:
    content = content_of(columns, n_rows)
    if content is None:
        reason = "no column has numbers enough to tell days apart"
        return CheckResult("stale", severity, "not_evaluated", reason)
    twin = before.get(content)
    return CheckResult(
        "stale",
        severity,
        "passed" if twin is None else "failed",
        f"not the content of any of the {STALE_DAYS} days before"
        if twin is None
        else f"the same {n_rows:,} rows as on {twin}, expected new ones",
        content=content,
    )


def _out_of_range(
    check: OutOfRangeCheck, columns: Mapping[str, Profile | Unprofiled]
) -> CheckResult:
    shares = {}
    problems = {}
    for name, profile in columns.items():
        if isinstance(profile, Unprofiled):
            continue
        if profile.n >= FEWEST_ROWS:
            shares[name] = share = _share_outside(profile)
            if share > check.highest:
                problems[name] = f"{show_share(share)} of the values the baseline never had"
        limits = check.limits.get(name)
        if limits is not None and isinstance(profile, NumericProfile):
            if limits.lowest is not None and profile.minimum < limits.lowest:
                problems[name] = f"{profile.minimum:g} is below {limits.lowest:g}"
            if limits.highest is not None and profile.maximum > limits.highest:
                problems[name] = f"{profile.maximum:g} is above {limits.highest:g}"
    unknown = [name for name in check.limits if name not in columns]
    state: State = "failed" if problems else "passed"
    reason = "; ".join(f"{name!r}: {text}" for name, text in list(problems.items())[:10])
    if not problems:
        reason = f"at most {show_share(max(shares.values(), default=0.0))} of a column is outside"
        if unknown or not shares:
            state = "not_evaluated"
            reason = f"limits name {unknown}, not watched" if unknown else "too few values"
    return CheckResult(
        "out_of_range",
        check.severity,
        state,
        reason,
        max(shares.values(), default=None),
        highest=check.highest,
        columns=tuple(problems),
    )


def _share_outside(profile: Profile) -> float:
    """Return the share of values beyond the baseline's range, or of unknown categories."""
    if isinstance(profile, NumericProfile):
        return float(profile.cells[0] + profile.cells[-1]) / profile.n
    if not profile.binning.knows_unseen:
        return 0.0
    return float(profile.psi_counts[-1]) / profile.n
