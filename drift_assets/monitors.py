"""Monitors: one watched model each. This is the one schema of ``defs.yaml``.

Every field is documented where it stands; ``docs/monitors.md`` is made from here.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from drift_assets.action_settings import Action
from drift_assets.alert_settings import Alerts
from drift_assets.comparison import FEWEST_DAYS, CompareWith
from drift_assets.data_settings import ArchiveSettings, DataChecks
from drift_assets.errors import ConfigurationError, UnknownNameError
from drift_assets.learned import FALSE_ALARMS
from drift_assets.stats import Statistic
from drift_assets.stats.statistic import Kind
from drift_assets.verdicts import MOST_DAYS, Persistence
from drift_assets.watch import (
    DRIFT_SHARE_THRESHOLD,
    PRESETS,
    THRESHOLD_FIELDS,
    Column,
    Thresholds,
    measured_statistics,
    mistakes_in_columns,
    mistakes_in_statistics,
    watched_columns,
)

PARTITION: Final = "{partition}"
HOME: Final = "{home}"
DATE_PARTS: Final = ("%Y", "%m", "%d")
"""Year, month and day in a path, for a partition that is spread over folders."""

STORES: Final = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
"""Object stores by the start of their addresses, and the package that reaches each."""

POSTGRES: Final = ("postgres:", "postgresql:")
"""How the address of a PostgreSQL database begins."""


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Share = Annotated[float, Field(gt=0.0, le=1.0)]
Level = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


LEARNED: Final = "learned"
"""The preset whose numbers come from the baseline's own days."""


class ThresholdSettings(_Schema):
    """Thresholds as written: a preset, and whatever differs from it."""

    preset: Literal["balanced", "conservative", "aggressive", "learned"] | None = Field(
        None,
        description="Set of thresholds to start from; learned takes them from the baseline's own "
        "days, but a number that is written stands. Default: balanced.",
    )
    false_alarms: Level | None = Field(
        None,
        description="With learned: share of clean days on which the monitor may alarm. "
        "Default: 0.01, one in a hundred.",
    )
    psi_warn: Positive | None = Field(None, description="PSI from which a column warns, in nats.")
    psi_breach: Positive | None = Field(
        None, description="PSI from which a column breaches, in nats."
    )
    ks_significance_level: Level | None = Field(
        None, description="KS and chi-squared p-value below which the plain rule breaches."
    )
    js_breach: Share | None = Field(
        None, description="JS divergence from which a column breaches, in bits."
    )
    missing_rate_change: Share | None = Field(
        None, description="Absolute change of the missing rate from which a column breaches."
    )
    positive_rate_change: Share | None = Field(
        None, description="Absolute change of the positive rate from which a prediction breaches."
    )
    novel_rate_change: Share | None = Field(
        None,
        description="Guarded rule: change of the share of rows with novel values from which a "
        "column breaches.",
    )
    ks_min_statistic: Share | None = Field(
        None,
        description="KS statistic D from which a significant test counts as an effect; "
        "with learned, from which a column breaches.",
    )
    family_alpha: Level | None = Field(
        None, description="Level of the guarded rule over all columns of a day."
    )

    def over(self, base: Thresholds) -> Thresholds:
        """Return these settings on top of ``base``; a preset replaces ``base`` whole."""
        start = base
        if self.preset is not None:
            start = PRESETS["balanced" if self.preset == LEARNED else self.preset]
        return replace(start, **self._numbers())

    def by_hand_over(self, base: "ThresholdSettings") -> frozenset[str]:
        """Return which thresholds are written, here or in ``base``; a preset writes all."""
        if self.preset is not None:
            return frozenset(THRESHOLD_FIELDS)
        return frozenset(self._numbers()) | frozenset(base._numbers())  # noqa: SLF001  # one of us

    def _numbers(self) -> dict[str, float]:
        return self.model_dump(exclude={"preset", "false_alarms"}, exclude_none=True)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.false_alarms is not None and self.preset != LEARNED:
            raise ValueError(
                "found false_alarms without learned thresholds, expected "
                "{preset: learned, false_alarms: ...}"
            )
        warn, breach = self.psi_warn, self.psi_breach
        if warn is not None and breach is not None and warn > breach:
            raise ValueError(
                f"found psi_warn {warn:g} above psi_breach {breach:g}, expected it below"
            )
        return self


def _preset_as_settings(value: object) -> object:
    return {"preset": value} if isinstance(value, str) else value


def _without_family_alpha(settings: ThresholdSettings) -> ThresholdSettings:
    if settings.preset == LEARNED:
        raise ValueError(
            "found learned for one column; the rate of false alarms is that of all columns "
            "together, so it belongs to the monitor's thresholds"
        )
    if settings.family_alpha is not None:
        raise ValueError(
            "found family_alpha for one column; it is the level of all columns together, "
            "so it belongs to the monitor's thresholds"
        )
    return settings


ThresholdField = Annotated[ThresholdSettings, BeforeValidator(_preset_as_settings)]
ColumnThresholdField = Annotated[ThresholdField, AfterValidator(_without_family_alpha)]


class AlertAfter(_Schema):
    """How long a breach must last. ``2 of 3`` in YAML stands for ``{breaches: 2, of: 3}``."""

    breaches: int = Field(ge=1, description="Days with a breach, that of the day itself included.")
    of: int = Field(
        ge=1,
        le=MOST_DAYS,
        description="Evaluated days that are looked at, the day itself included; at most 366.",
    )

    @property
    def persistence(self) -> Persistence:
        """The same for the rules."""
        return Persistence(self.breaches, self.of)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.breaches > self.of:
            raise ValueError(
                f"found '{self.breaches} of {self.of}', expected no more breaches than days, "
                "such as '2 of 3'"
            )
        return self


def _text_as_days(value: object) -> object:
    if not isinstance(value, str | int | float):
        return value
    try:
        found = Persistence.of_text(str(value))
    except ConfigurationError as error:
        raise ValueError(str(error)) from error
    return {"breaches": found.breaches, "of": found.of}


AlertAfterField = Annotated[AlertAfter, BeforeValidator(_text_as_days)]


class Feature(_Schema):
    """A watched input column. A bare name in YAML stands for ``{column: name}``."""

    column: Annotated[str, Field(min_length=1)] = Field(description="Name of the column.")
    kind: Kind | None = Field(
        None,
        description="numeric or categorical; by default what the baseline's values are. "
        "Say categorical for numbers that are codes.",
    )
    thresholds: ColumnThresholdField = Field(
        default_factory=lambda: ThresholdSettings(preset=None),
        description="What differs from the monitor's thresholds for this column.",
    )
    alert_after: AlertAfterField | None = Field(
        default=None, description="For this column, instead of the monitor's."
    )
    importance: float = Field(
        default=1.0,
        ge=0,
        allow_inf_nan=False,
        description="What it weighs among the features in the verdict of the whole data set.",
    )
    group: str | None = Field(
        default=None, description="What it belongs to: channels may be for some groups only."
    )
    owner: str | None = Field(
        default=None, description="Who looks after it: channels may be for some owners only."
    )


class Prediction(_Schema):
    """A watched output column of the model. A bare name stands for ``{column: name}``."""

    column: Annotated[str, Field(min_length=1)] = Field(description="Name of the column.")
    kind: Kind | None = Field(None, description="As for a feature.")
    decision_threshold: float = Field(
        0.5,
        allow_inf_nan=False,
        description="A score at or above it is a positive decision. Numeric columns only.",
    )
    thresholds: ColumnThresholdField = Field(
        default_factory=lambda: ThresholdSettings(preset=None),
        description="What differs from the monitor's thresholds for this column.",
    )
    alert_after: AlertAfterField | None = Field(
        default=None, description="For this column, instead of the monitor's."
    )
    group: str | None = Field(default=None, description="As for a feature.")
    owner: str | None = Field(default=None, description="As for a feature.")


def _name_as_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _path_as_source(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _name_as_names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def store_of(path: str) -> str | None:
    """Return the object store that a path is in, such as ``s3``; None for a local path."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", path)
    return found[1].lower() if found else None


def _mistakes_in_path(path: str) -> list[str]:
    mistakes = []
    # {{ ... }} is a template of Dagster's, filled in later.
    plain = re.sub(r"\{\{.*?\}\}", "", path)
    unknown = set(re.findall(r"\{[^{}]*\}", plain)) - {PARTITION, HOME}
    if unknown:
        mistakes.append(
            f"unknown placeholder {', '.join(sorted(unknown))} in the path; "
            f"known: {PARTITION}, {HOME}"
        )
    parts = [part for part in DATE_PARTS if part in path]
    if parts and (len(parts) < len(DATE_PARTS) or PARTITION in path):
        mistakes.append(
            f"found {', '.join(parts)} in the path, expected either {', '.join(DATE_PARTS)} "
            f"together, or {PARTITION} alone"
        )
    store = store_of(path)
    if store is not None and store not in STORES:
        mistakes.append(str(UnknownNameError("object store", store, STORES)))
    below = path.partition("://")[2] if store else path.removeprefix(HOME).removeprefix("~/")
    if all(part in {"", "."} for part in below.split("/")):
        mistakes.append(
            f"found the path {path!r}, expected the name of a file in it, such as "
            "data/baseline.parquet"
        )
    elif store is not None and not re.fullmatch(r"[^/*?\[{%]+/.*[^/]", below, re.DOTALL):
        mistakes.append(
            f"found the path {path!r}, expected the name of a bucket and that of a file in it, "
            f"such as {store}://bucket/data/*.parquet"
        )
    return mistakes


def _names_the_day(path: str) -> bool:
    return PARTITION in path or DATE_PARTS[0] in path


class SeparatePredictions(_Schema):
    """Predictions in files of their own, to be joined to the rows by key."""

    path: Annotated[str, Field(min_length=1)] = Field(
        description="As for the rows: a file, a glob or a template, here or in an object store.",
    )
    key: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1),
        BeforeValidator(_name_as_names),
    ] = Field(
        description="Column, or list of columns, by which a row and its prediction find each "
        "other; it is in both files.",
    )

    @property
    def is_template(self) -> bool:
        """Whether the path names the partition."""
        return _names_the_day(self.path)

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes = _mistakes_in_path(self.path)
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


_ADDRESS_HINT = "put it into an environment variable and write ${NAME} in its place"


class Source(_Schema):
    """Where rows come from. A bare path in YAML stands for ``{path: ...}``."""

    path: str = Field(
        "",
        description="A file, or a glob (`*`, `?`, `[...]`, `**`), or a template with {partition} "
        "(the date as 2026-11-23) or with %Y, %m and %d. {home} is the drift home. Relative to the "
        "project's root, or in an object store: s3://bucket/....",
    )
    database: str | None = Field(
        None,
        description="In the place of a path: a DuckDB file, or postgres: and what libpq takes. "
        "${NAME} stands for an environment variable.",
    )
    table: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="With database: the table, such as schema.table."
    )
    query: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="With database, in the place of a table: one SELECT."
    )
    changed_column: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="With database: column that grows whenever a row is written. A day is then "
        "new when its row count or the greatest value has changed. Default: any change of a row.",
    )
    date_column: str | None = Field(
        None,
        description="Column with the date of each row: one file or table then serves all "
        "partitions.",
    )
    start: date | None = Field(
        None, description="With date_column: first day that belongs to the baseline."
    )
    end: date | None = Field(
        None, description="With date_column: last day that belongs to the baseline."
    )
    predictions: SeparatePredictions | None = Field(
        default=None, description="Predictions in files of their own, joined by key."
    )

    @property
    def is_template(self) -> bool:
        """Whether the path names the partition."""
        return _names_the_day(self.path)

    @property
    def words(self) -> str:
        """What messages call it; a query is not spelled out."""
        if self.database is None:
            return self.path
        what = "a query" if self.table is None else f"table {self.table}"
        return f"{what} in {self.database}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes = []
        given = [n for n in ("path", "table", "query") if getattr(self, n)]
        if len(given) != 1:
            mistakes.append(
                f"found {' and '.join(given) or 'none of them'}, expected one of path, table "
                "and query"
            )
        elif (self.database is not None) != (given != ["path"]):
            mistakes.append(
                f"found {given[0]} {'without' if self.database is None else 'and'} database, "
                "expected a path alone, or a database with a table or a query"
            )
        if self.path:
            mistakes += _mistakes_in_path(self.path)
        if self.database is not None:
            mistakes += _mistakes_in_address(self.database)
        if self.changed_column is not None and self.database is None:
            mistakes.append("changed_column belongs to a table or query in a database")
        if (self.start or self.end) and self.date_column is None:
            mistakes.append("start and end need date_column, by which days are told apart")
        if self.start and self.end and self.start > self.end:
            mistakes.append(f"start {self.start} is after end {self.end}")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def _mistakes_in_address(database: str) -> list[str]:
    plain = re.sub(r"\$\{[^{}]*\}", "", database)
    if re.search(r"password\s*=\s*[^\s&]|://[^/@]*:[^/@]+@", plain):
        return [f"found a password in the address of a database: {_ADDRESS_HINT}"]
    if re.search(r"\$\{(?![A-Za-z_][A-Za-z0-9_]*\})", database):
        return [f"found {database!r}, expected ${{NAME}} with the name of an environment variable"]
    return []


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"unknown time zone {name!r}; expected an IANA name such as UTC or Europe/Berlin"
        ) from error
    return name


Timezone = Annotated[str, AfterValidator(_known_timezone)]


class Partitions(_Schema):
    """The days that exist."""

    start: date = Field(description="First day with current data.")
    timezone: Timezone = Field("UTC", description="Where midnight is, as an IANA name.")
    end_offset: int = Field(
        1,
        ge=0,
        le=366,
        description="Days beyond yesterday that exist already: 1 means that today's file is "
        "monitored today.",
    )


def _clock(value: object) -> object:
    # YAML 1.1 reads an unquoted 6:30 as the number 390 (sexagesimal), and 6:30:00 as 23400.
    # Pydantic would take any number as seconds after midnight, a bare 6 among them.
    if isinstance(value, int | float):
        if value not in {*range(60, 24 * 60), *range(3600, 24 * 3600)}:
            raise ValueError(f"found {value}, expected a time of day such as 06:30")
        seconds = int(value) * (60 if value < 24 * 60 else 1)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    return value


def _whole_minutes(value: time) -> time:
    if value.second or value.microsecond or value.tzinfo:
        raise ValueError(
            f"found {value}, expected hours and minutes such as 06:30; the zone is set by timezone"
        )
    return value


class Schedule(_Schema):
    """When the daily run looks for what has not been reported."""

    at: Annotated[time, BeforeValidator(_clock), AfterValidator(_whole_minutes)] = Field(
        time(6, 0), description="Time of day, such as 06:30."
    )
    timezone: Timezone | None = Field(
        None, description="IANA name; by default that of the partitions."
    )

    @property
    def cron(self) -> str:
        """The same as a cron line."""
        return f"{self.at.minute} {self.at.hour} * * *"


class Deadline(_Schema):
    """When a day's data must have come. ``"09:00"`` stands for ``{at: "09:00"}``."""

    at: Annotated[time, BeforeValidator(_clock), AfterValidator(_whole_minutes)] = Field(
        description="Time of day, such as 09:00, where the partitions' midnight is."
    )
    days_later: int = Field(
        0, ge=0, le=366, description="0: on the day itself; 1: on the day after it, and so on."
    )
    weekdays_only: bool = Field(
        default=False, description="Whether no data are expected of Saturdays and Sundays."
    )

    def instant(self, day: date, timezone: str) -> datetime | None:
        """Return when the data of a day must have come; None if none are expected."""
        if self.weekdays_only and day.weekday() > 4:
            return None
        return datetime.combine(
            day + timedelta(days=self.days_later), self.at, tzinfo=ZoneInfo(timezone)
        )


def _time_as_deadline(value: object) -> object:
    if value is False:
        return None
    return {"at": value} if isinstance(value, str | int | float | time) else value


def _word_as_days(value: object) -> object:
    return {"days": value} if isinstance(value, str) else value


class ComparedDays(_Schema):
    """Which days a day is compared with. ``same_weekday`` stands for ``{days: same_weekday}``."""

    days: Literal["baseline", "same_weekday"] = Field(
        "baseline",
        description="baseline: all of it; same_weekday: the baseline's days of the same weekday, "
        "for which it needs a date_column.",
    )
    rolling_days: int | None = Field(
        None,
        ge=FEWEST_DAYS,
        le=MOST_DAYS,
        description="The reported days among so many just before, instead of the baseline. "
        "Slow drift is hidden by it.",
    )
    keep_days: int | None = Field(
        None,
        ge=FEWEST_DAYS,
        description="With rolling_days: how long fine profiles of days are kept. "
        "Default: twice as long.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes = []
        if self.rolling_days is not None and self.days != "baseline":
            mistakes.append(f"found rolling_days beside days: {self.days}, expected one of the two")
        if self.keep_days is not None and self.rolling_days is None:
            mistakes.append("found keep_days without rolling_days, expected both")
        elif self.keep_days is not None and self.keep_days < (self.rolling_days or 0):
            mistakes.append(
                f"found keep_days {self.keep_days}, expected at least the rolling_days, "
                f"{self.rolling_days}"
            )
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    @property
    def compare_with(self) -> CompareWith:
        """The same for comparisons."""
        if self.rolling_days is not None:
            return CompareWith("rolling", self.rolling_days)
        return CompareWith(self.days)

    @property
    def kept(self) -> int:
        """Days before a day whose fine profiles are kept; 0 if none is needed."""
        return self.keep_days or 2 * (self.rolling_days or 0)


def _asset_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,99}", name):
        raise ValueError(
            f"found {name!r}, expected a letter, then letters, digits and underscores, "
            "at most 100 in all: it becomes the prefix of Dagster assets"
        )
    return name


def _known_statistics(names: tuple[str, ...]) -> tuple[str, ...]:
    mistakes = mistakes_in_statistics(names)
    if mistakes:
        raise ValueError(" ".join(mistakes))
    return names


def _default_or_list(value: object) -> str:
    return "default" if isinstance(value, str) else "list"


def _auto_or_list(value: object) -> str:
    return "auto" if isinstance(value, str) else "list"


FeatureItem = Annotated[Feature, BeforeValidator(_name_as_column)]
PredictionItem = Annotated[Prediction, BeforeValidator(_name_as_column)]


TRENDED: Final = ("psi", "js_divergence", "ks", "missing_rate", "positive_rate")
"""Statistics whose creeping can be judged: those with a threshold on their size."""


def _known_windows(windows: tuple[int, ...]) -> tuple[int, ...]:
    if not windows or len(set(windows)) < len(windows):
        raise ValueError(f"found {list(windows)}, expected different numbers of days")
    return windows


def _trended_statistics(names: tuple[str, ...]) -> tuple[str, ...]:
    mistakes = [
        str(UnknownNameError("statistic with a trend", name, list(TRENDED)))
        for name in dict.fromkeys(names)
        if name not in TRENDED
    ]
    if not names or len(set(names)) < len(names):
        mistakes.append(f"found {list(names)}, expected different names, at least one")
    if mistakes:
        raise ValueError(" ".join(mistakes))
    return names


class Trend(_Schema):
    """How gradual drift is looked for."""

    windows: Annotated[
        tuple[Annotated[int, Field(ge=8, le=3660)], ...], AfterValidator(_known_windows)
    ] = Field(
        (90, 365),
        description="Numbers of days to look back on: a short one sees what began lately, a long "
        "one what takes years. Default: 90 and 365.",
    )
    min_partitions: int = Field(
        8, ge=8, description="Evaluated days below which nothing is said. Default: 8."
    )
    statistics: Annotated[tuple[str, ...], AfterValidator(_trended_statistics)] = Field(
        ("psi", "ks", "missing_rate", "positive_rate"),
        description=f"What is followed, of {', '.join(TRENDED)}. Default: all but js_divergence.",
    )
    family_alpha: Level = Field(
        0.01,
        description="Level of the test over all columns, statistics and windows of a day. "
        "Default: 0.01.",
    )
    min_rise: Share = Field(
        0.25,
        description="Share of the threshold that a trend must have moved by to count. "
        "Default: 0.25.",
    )
    horizon: int = Field(
        90,
        ge=1,
        le=365,
        description="Days ahead within which the threshold must be reached for a breach; what "
        "takes longer warns. Default: 90.",
    )
    slope: float = Field(
        0.01,
        gt=0.0,
        allow_inf_nan=False,
        description="Regression of PSI: slope per partition above which the plain rule breaches. "
        "Default: 0.01.",
    )
    significance_level: Level = Field(
        0.05,
        description="Regression of PSI: p-value below which the plain rule breaches. "
        "Default: 0.05.",
    )


def _off_as_none(value: object) -> object:
    return None if value is False else value


class Monitor(_Schema):
    """One watched model: its baseline, its daily data, its columns, thresholds and alerts."""

    name: Annotated[str, AfterValidator(_asset_name)] = Field(
        description="Letters, digits and underscores; the prefix of its assets."
    )
    description: str = Field("", description="What the model does and who owns it.")
    baseline: Annotated[Source, BeforeValidator(_path_as_source)] = Field(
        description="The data that say what normal looks like."
    )
    current: Annotated[Source, BeforeValidator(_path_as_source)] = Field(
        description="Each day's data: a path with {partition}, or one file or table with a "
        "date_column."
    )
    features: Annotated[
        Annotated[Literal["auto"], Tag("auto")] | Annotated[tuple[FeatureItem, ...], Tag("list")],
        Discriminator(_auto_or_list),
    ] = Field(
        "auto",
        description="Watched input columns; auto takes those of the baseline that are neither "
        "excluded, nor predictions, nor dates.",
    )
    exclude: tuple[str, ...] = Field((), description="Columns that auto leaves out.")
    predictions: tuple[PredictionItem, ...] = Field(
        (), description="Watched output columns of the model."
    )
    statistics: Annotated[
        Annotated[Literal["default"], Tag("default")]
        | Annotated[tuple[str, ...], AfterValidator(_known_statistics), Tag("list")],
        Discriminator(_default_or_list),
    ] = Field(
        "default",
        description="Names of statistics to measure besides the default ones; "
        "docs/statistics.md lists all. They are shown and kept, not judged.",
    )
    threshold_settings: ThresholdField = Field(
        default_factory=lambda: ThresholdSettings(preset=None),
        alias="thresholds",
        description="A preset (balanced, conservative, aggressive), single numbers, or learned: "
        "from how the baseline's own days differ; docs/thresholds.md tells how.",
    )
    compared: Annotated[ComparedDays, BeforeValidator(_word_as_days)] = Field(
        default_factory=lambda: ComparedDays.model_validate({}),
        alias="compare_with",
        description="Which days a day is compared with: baseline, same_weekday or "
        "{rolling_days: 28}. The bins stay those of the baseline. Default: baseline.",
    )
    guards: bool = Field(
        True,
        description="The guarded rule: a breach needs an adjusted p-value and an effect. "
        "false: any statistic that crosses its threshold breaches.",
    )
    alert_after: AlertAfterField = Field(
        default_factory=lambda: AlertAfter(breaches=1, of=1),
        description="How long a breach must last before it counts: 2 of 3 means on two of the "
        "last three evaluated days; until then it warns. Default: 1 of 1.",
    )
    drift_share_threshold: Share = Field(
        DRIFT_SHARE_THRESHOLD,
        description="Share of the evaluated features, weighed by importance, from which the whole "
        "data set drifts. Stops nothing. Default: 0.5.",
    )
    min_rows: int = Field(
        100, ge=1, description="Days with fewer rows are not evaluated, and say so."
    )
    usual_rows: int | None = Field(
        None,
        ge=1,
        description="Rows of a usual day; it sets how fine the bins are. By default the "
        "baseline's rows, at most 1,000.",
    )
    on_bad_file: Literal["fail", "quarantine"] = Field(
        "fail",
        description="What a file that cannot be read does to its day: fail stops it; quarantine "
        "sets the file aside, with the reason, and monitors the rest. Default: fail.",
    )
    partitions: Partitions = Field(description="The days that exist.")
    schedule: Schedule = Field(
        default_factory=lambda: Schedule(timezone=None),
        description="When the daily run starts, once it is switched on.",
    )
    trend: Annotated[Trend | None, BeforeValidator(_off_as_none)] = Field(
        default_factory=lambda: Trend.model_validate({}),
        description="How gradual drift is looked for; false: not at all.",
    )
    data_checks: Annotated[DataChecks | None, BeforeValidator(_off_as_none)] = Field(
        default_factory=lambda: DataChecks.model_validate({}),
        description="What is asked of a day's data before any statistic; false: nothing.",
    )
    deadline: Annotated[Deadline | None, BeforeValidator(_time_as_deadline)] = Field(
        default=None,
        description="When a day's data must have come; people are told when they have not.",
    )
    archive: Annotated[ArchiveSettings | None, BeforeValidator(_off_as_none)] = Field(
        default=None,
        description="For how long the rows are kept as Parquet in the drift home. Default: they "
        "are not.",
    )
    alerts: Alerts = Field(default_factory=Alerts, description="Who is told.")
    actions: tuple[Action, ...] = Field(
        (), description="What is started when data drift; docs/actions.md tells how."
    )
    fail_run_on_breach: bool = Field(
        True, description="Whether the Dagster run of a breaching day fails at its very end."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes = self._mistakes_in_sources()
        if self.features == ():
            if not self.predictions:
                mistakes.append("features: found none, and no predictions; expected at least one")
        elif self.features != "auto" and self.exclude:
            mistakes.append("exclude: only features: auto leaves columns out; found a list")
        if self.baseline.date_column is None:
            for setting, asked in (
                ("thresholds: learned", self.learns is not None),
                ("compare_with: same_weekday", self.compared.days == "same_weekday"),
            ):
                if asked:
                    mistakes.append(
                        f"{setting}: found a baseline without date_column, expected one that "
                        "tells its days apart"
                    )
        names = [f.column for f in self._features()] + [p.column for p in self.predictions]
        mistakes += mistakes_in_columns(names)
        if self.features != "auto":
            mistakes += self._mistakes_in_limits(names)
        if self._features() and not any(f.importance for f in self._features()):
            mistakes.append("features: found the importance 0 everywhere, expected one above it")
        named = [action.name for action in self.actions]
        if len(set(named)) < len(named):
            twice = next(name for name in named if named.count(name) > 1)
            mistakes.append(f"actions: found {twice!r} twice, expected a name of its own for each")
        if self.trend is None and any(action.when.cause == "trend" for action in self.actions):
            mistakes.append("actions: found cause: trend without a trend, expected trend to be on")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes_in_limits(self, watched: Sequence[str]) -> list[str]:
        checks = self.data_checks
        if checks is None or checks.out_of_range is None:
            return []
        return [
            f"data_checks.out_of_range.limits: {UnknownNameError('watched column', name, watched)}"
            for name in checks.out_of_range.limits
            if name not in watched
        ]

    def require_known(self, watched: Sequence[str], *, present: Collection[str] | None) -> None:
        """Raise an error if ``features: auto`` leaves names over that mean no column.

        Parameters
        ----------
        watched
            Columns that auto has picked.
        present
            All columns of the baseline's data; None where they are not known.

        Raises
        ------
        ConfigurationError
            If ``exclude`` or a limit names a column that is not there.
        """
        mistakes = self._mistakes_in_limits(watched)
        if present is not None:
            mistakes += [
                f"exclude: {UnknownNameError('column of the baseline', name, present)}"
                for name in self.exclude
                if name not in present
            ]
        if mistakes:
            listing = "; ".join(mistakes)
            raise ConfigurationError(
                f"Found names without a column in monitor {self.name!r}, expected names of its "
                f"own. {listing}"
            )

    def _mistakes_in_sources(self) -> list[str]:
        mistakes = []
        if not self.current.is_template and self.current.date_column is None:
            mistakes.append(
                f"current: found the path {self.current.path!r}, expected {PARTITION} in it, "
                "or a date_column"
                if self.current.database is None
                else f"current: found {self.current.words}, expected a date_column beside it"
            )
        if self.current.start or self.current.end:
            mistakes.append("current: start and end belong to partitions, not to current")
        if self.baseline.is_template:
            mistakes.append(f"baseline: found {PARTITION} in the path, expected a fixed file")
        predictions = self.baseline.predictions
        if predictions is not None and predictions.is_template:
            mistakes.append(
                f"baseline: found {PARTITION} in the path of its predictions, expected a fixed file"
            )
        predictions = self.current.predictions
        if predictions is not None and self.current.is_template and not predictions.is_template:
            mistakes.append(
                f"current: found the path {predictions.path!r} of predictions that do not name "
                f"the day as the rows' does, expected {PARTITION} in it"
            )
        return mistakes

    @property
    def thresholds(self) -> Thresholds:
        """The monitor's own thresholds, the preset resolved."""
        return self.threshold_settings.over(PRESETS["balanced"])

    @property
    def learns(self) -> float | None:
        """Share of clean days on which learned thresholds may alarm; None if none are learned."""
        settings = self.threshold_settings
        if settings.preset != LEARNED:
            return None
        return FALSE_ALARMS if settings.false_alarms is None else settings.false_alarms

    @property
    def measured(self) -> tuple[Statistic, ...]:
        """The default statistics and those that the monitor names, in the order of `STATISTICS`."""
        named = () if self.statistics == "default" else self.statistics
        return measured_statistics(named)

    @property
    def timezone(self) -> str:
        """Time zone of the schedule."""
        return self.schedule.timezone or self.partitions.timezone

    def watched(
        self, available: Iterable[str], *, only: Sequence[str] | None = None
    ) -> tuple[Column, ...]:
        """Return the watched columns, features first.

        Parameters
        ----------
        available
            Columns of the baseline that can be watched.
        only
            Names to keep; by default all.

        Raises
        ------
        BaselineError
            If the baseline does not have a listed column.
        UnknownNameError
            If ``only`` names a column that is not watched.
        """
        return watched_columns(self, available, only=only)

    def listed(self, available: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns that the monitor asks for; ``auto`` picks from ``available``."""
        features = self._features()
        if self.features == "auto":
            left_out = {*self.exclude, *(p.column for p in self.predictions)}
            features = tuple(
                Feature(column=name, kind=None) for name in available if name not in left_out
            )
        base, written = self.thresholds, self.threshold_settings
        return (
            *(
                Column(
                    f.column,
                    "feature",
                    f.kind,
                    None,
                    f.thresholds.over(base),
                    (f.alert_after or self.alert_after).persistence,
                    f.importance,
                    f.thresholds.by_hand_over(written),
                )
                for f in features
            ),
            *(
                Column(
                    p.column,
                    "prediction",
                    p.kind,
                    None if p.kind == "categorical" else p.decision_threshold,
                    p.thresholds.over(base),
                    (p.alert_after or self.alert_after).persistence,
                    by_hand=p.thresholds.by_hand_over(written),
                )
                for p in self.predictions
            ),
        )

    def _features(self) -> tuple[Feature, ...]:
        return () if isinstance(self.features, str) else self.features


def partition_days(monitor: Monitor, *, now: datetime) -> tuple[date, date]:
    """Return the first and last day that exist for a monitor at an instant.

    Raises
    ------
    ValueError
        If ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("Found an instant without a time zone, expected one with.")
    today = now.astimezone(ZoneInfo(monitor.partitions.timezone)).date()
    last = date.fromordinal(today.toordinal() - 1 + monitor.partitions.end_offset)
    return monitor.partitions.start, last


def describe(schema: type[BaseModel]) -> list[dict[str, Any]]:
    """Return name, whether required, and description of each field, for the documentation."""
    return [
        {
            "name": field.alias or name,
            "required": field.is_required(),
            "description": field.description or "",
        }
        for name, field in schema.model_fields.items()
    ]
