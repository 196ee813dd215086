"""Monitors: one watched model each. This is the one schema of ``defs.yaml``.

Every field is documented where it stands; ``docs/monitors.md`` is made from here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
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

from drift_assets.errors import BaselineError, UnknownNameError
from drift_assets.stats import DEFAULT_STATISTICS, STATISTICS, Statistic
from drift_assets.stats.statistic import Kind
from drift_assets.verdicts import Threshold

PARTITION: Final = "{partition}"
HOME: Final = "{home}"


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
    ks_min_statistic: float = 0.1
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
        )
        return {t.statistic: t for t in thresholds}


PRESETS: Final[Mapping[str, Thresholds]] = {
    "balanced": Thresholds(),
    "conservative": Thresholds(
        psi_breach=0.3, ks_significance_level=0.01, js_breach=0.15, family_alpha=0.005
    ),
    "aggressive": Thresholds(
        psi_breach=0.1, ks_significance_level=0.1, js_breach=0.05, family_alpha=0.05
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One watched column, with everything that the monitor says of it resolved."""

    name: str
    role: Literal["feature", "prediction"]
    kind: Kind | None
    decision_threshold: float | None
    thresholds: Thresholds


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Share = Annotated[float, Field(gt=0.0, le=1.0)]
Level = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class ThresholdSettings(_Schema):
    """Thresholds as written: a preset, and whatever differs from it."""

    preset: Literal["balanced", "conservative", "aggressive"] | None = Field(
        None, description="Set of thresholds to start from. Default: balanced."
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
    ks_min_statistic: Share | None = Field(
        None, description="KS statistic D from which a significant test counts as an effect."
    )
    family_alpha: Level | None = Field(
        None, description="Level of the guarded rule over all columns of a day."
    )

    def over(self, base: Thresholds) -> Thresholds:
        """Return these settings on top of ``base``; a preset replaces ``base`` whole."""
        start = PRESETS[self.preset] if self.preset else base
        changes = self.model_dump(exclude={"preset"}, exclude_none=True)
        return replace(start, **changes)


def _preset_as_settings(value: object) -> object:
    return {"preset": value} if isinstance(value, str) else value


def _without_family_alpha(settings: ThresholdSettings) -> ThresholdSettings:
    if settings.family_alpha is not None:
        raise ValueError(
            "found family_alpha for one column; it is the level of all columns together, "
            "so it belongs to the monitor's thresholds"
        )
    return settings


ThresholdField = Annotated[ThresholdSettings, BeforeValidator(_preset_as_settings)]
ColumnThresholdField = Annotated[ThresholdField, AfterValidator(_without_family_alpha)]


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


def _name_as_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _path_as_source(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


class Source(_Schema):
    """Where rows come from. A bare path in YAML stands for ``{path: ...}``."""

    path: Annotated[str, Field(min_length=1)] = Field(
        description="A file, or a glob (`*`, `?`, `[...]`, `**`), or a template with {partition} "
        "(the date as 2026-11-23). {home} is the drift home. Relative to the project's root.",
    )
    date_column: str | None = Field(
        None,
        description="Column with the date of each row: one file then serves all partitions.",
    )
    start: date | None = Field(
        None, description="With date_column: first day that belongs to the baseline."
    )
    end: date | None = Field(
        None, description="With date_column: last day that belongs to the baseline."
    )

    @property
    def is_template(self) -> bool:
        """Whether the path names the partition."""
        return PARTITION in self.path

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes = []
        # {{ ... }} is a template of Dagster's, filled in later.
        plain = re.sub(r"\{\{.*?\}\}", "", self.path)
        unknown = set(re.findall(r"\{[^{}]*\}", plain)) - {PARTITION, HOME}
        if unknown:
            mistakes.append(
                f"unknown placeholder {', '.join(sorted(unknown))} in the path; "
                f"known: {PARTITION}, {HOME}"
            )
        below = self.path.removeprefix(HOME).removeprefix("~/")
        if all(part in {"", "."} for part in below.split("/")):
            mistakes.append(
                f"found the path {self.path!r}, expected the name of a file in it, such as "
                "data/baseline.parquet"
            )
        if (self.start or self.end) and self.date_column is None:
            mistakes.append("start and end need date_column, by which days are told apart")
        if self.start and self.end and self.start > self.end:
            mistakes.append(f"start {self.start} is after end {self.end}")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


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


class Webhook(_Schema):
    """A generic webhook: a JSON document is POSTed to it for each day with a breach."""

    url_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="Name of the environment variable that holds the address. Unset: no webhook."
    )
    timeout_seconds: float = Field(
        10.0, gt=0, le=120, description="How long to wait for an answer."
    )


class Alerts(_Schema):
    """Who is told. The log is always told."""

    webhook: Webhook | None = Field(None, description="A generic webhook.")


def _asset_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,99}", name):
        raise ValueError(
            f"found {name!r}, expected a letter, then letters, digits and underscores, "
            "at most 100 in all: it becomes the prefix of Dagster assets"
        )
    return name


def _known_statistics(names: tuple[str, ...]) -> tuple[str, ...]:
    known = [s.name for s in STATISTICS]
    mistakes = [
        str(UnknownNameError("statistic", name, known))
        for name in dict.fromkeys(names)
        if name not in known
    ]
    mistakes += [
        f"{name!r} is listed more than once"
        for name in dict.fromkeys(n for n in names if names.count(n) > 1)
    ]
    if mistakes:
        raise ValueError(" ".join(mistakes))
    return names


def _default_or_list(value: object) -> str:
    return "default" if isinstance(value, str) else "list"


def _auto_or_list(value: object) -> str:
    return "auto" if isinstance(value, str) else "list"


FeatureItem = Annotated[Feature, BeforeValidator(_name_as_column)]
PredictionItem = Annotated[Prediction, BeforeValidator(_name_as_column)]


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
        description="Each day's data: a path with {partition}, or one file with a date_column."
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
        description="A preset (balanced, conservative, aggressive), or single numbers.",
    )
    guards: bool = Field(
        True,
        description="The guarded rule: a breach needs an adjusted p-value and an effect. "
        "false: any statistic that crosses its threshold breaches.",
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
    partitions: Partitions = Field(description="The days that exist.")
    schedule: Schedule = Field(
        default_factory=lambda: Schedule(timezone=None),
        description="When the daily run starts, once it is switched on.",
    )
    alerts: Alerts = Field(default_factory=lambda: Alerts(webhook=None), description="Who is told.")
    fail_run_on_breach: bool = Field(
        True, description="Whether the Dagster run of a breaching day fails at its very end."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes = []
        if not self.current.is_template and self.current.date_column is None:
            mistakes.append(
                f"current: found the path {self.current.path!r}, expected {PARTITION} in it, "
                "or a date_column"
            )
        if self.current.start or self.current.end:
            mistakes.append("current: start and end belong to partitions, not to current")
        if self.baseline.is_template:
            mistakes.append(f"baseline: found {PARTITION} in the path, expected a fixed file")
        if self.features == ():
            if not self.predictions:
                mistakes.append("features: found none, and no predictions; expected at least one")
        elif self.features != "auto" and self.exclude:
            mistakes.append("exclude: only features: auto leaves columns out; found a list")
        names = [f.column for f in self._features()] + [p.column for p in self.predictions]
        mistakes += [
            f"column {name!r} is listed more than once"
            for name in dict.fromkeys(n for n in names if names.count(n) > 1)
        ]
        folded: dict[str, str] = {}
        for name in dict.fromkeys(names):
            other = folded.setdefault(name.casefold(), name)
            if other != name:
                mistakes.append(f"columns {other!r} and {name!r} differ only by case")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    @property
    def thresholds(self) -> Thresholds:
        """The monitor's own thresholds, the preset resolved."""
        return self.threshold_settings.over(PRESETS["balanced"])

    @property
    def measured(self) -> tuple[Statistic, ...]:
        """The default statistics and those that the monitor names, in the order of `STATISTICS`."""
        named = () if self.statistics == "default" else self.statistics
        return tuple(s for s in STATISTICS if s in DEFAULT_STATISTICS or s.name in named)

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
        names = list(available)
        columns = self.listed(names)
        absent = [c.name for c in columns if c.name not in set(names)]
        if absent:
            raise BaselineError(
                f"Monitor {self.name!r} watches {', '.join(map(repr, absent))}, which the baseline "
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

    def listed(self, available: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns that the monitor asks for; ``auto`` picks from ``available``."""
        features = self._features()
        if self.features == "auto":
            left_out = {*self.exclude, *(p.column for p in self.predictions)}
            features = tuple(
                Feature(column=name, kind=None) for name in available if name not in left_out
            )
        base = self.thresholds
        return (
            *(Column(f.column, "feature", f.kind, None, f.thresholds.over(base)) for f in features),
            *(
                Column(
                    p.column,
                    "prediction",
                    p.kind,
                    None if p.kind == "categorical" else p.decision_threshold,
                    p.thresholds.over(base),
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
