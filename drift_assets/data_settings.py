"""Settings of what is asked of the data themselves, and of how long they are kept."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Severity = Literal["warn", "error"]
"""How grave a check is that fails."""


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


_SEVERITY: Final = (
    "warn or error: how grave it is when it fails. Neither stops anything; people are told of an "
    "error."
)
Ratio = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0.0, le=1.0)]


class PlainCheck(_Schema):
    """A check without numbers of its own."""

    severity: Severity = Field("warn", description=_SEVERITY)


class RowCountCheck(_Schema):
    """Rows of a day beside those of the days before."""

    severity: Severity = Field("warn", description=_SEVERITY)
    lowest: Ratio = Field(
        0.5, description="Smallest share of the usual rows, the median of the days before."
    )
    highest: Annotated[float, Field(ge=1.0, allow_inf_nan=False)] = Field(
        2.0, description="Greatest multiple of the usual rows."
    )
    days: Annotated[int, Field(ge=3, le=366)] = Field(
        14, description="Reported days before that are looked back on; three are needed."
    )


class MissingRateCheck(_Schema):
    """Share of missing values of each watched column."""

    severity: Severity = Field("warn", description=_SEVERITY)
    highest: Rate = Field(
        0.5,
        description="Greatest share that may be missing; a column of which as much was missing "
        "in the baseline may have as much as there, and three standard errors more.",
    )


class DuplicatesCheck(_Schema):
    """Rows whose key another row of the day has."""

    severity: Severity = Field("warn", description=_SEVERITY)
    key: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)] = Field(
        description="Columns that tell a row from all others of its day."
    )
    highest: Rate = Field(0.0, description="Greatest share of rows beyond the first of a key.")


class Limits(_Schema):
    """What the values of a column may be."""

    lowest: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="Smallest value that can be right."
    )
    highest: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="Greatest value that can be right."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise ValueError(
                f"found lowest {self.lowest:g} above highest {self.highest:g}, expected it below"
            )
        return self


class OutOfRangeCheck(_Schema):
    """Values that the baseline never had, or that cannot be right."""

    severity: Severity = Field("warn", description=_SEVERITY)
    highest: Rate = Field(
        0.05,
        description="Greatest share of a column's values outside the baseline's range, or of "
        "categories that the baseline does not have.",
    )
    limits: Mapping[str, Limits] = Field(
        default_factory=dict,
        description="Smallest and greatest value that can be right, by column: a single value "
        "outside makes the check fail.",
    )


def _word(value: object) -> object:
    """Return a check written as a word, or as false, as a mapping or nothing."""
    if value is False or value == "off":
        return None
    return {} if value is True else {"severity": value} if isinstance(value, str) else value


def _key(value: object) -> object:
    if isinstance(value, Mapping) and isinstance(value.get("key"), str):
        return {**value, "key": (value["key"],)}
    return _word(value)


class DataChecks(_Schema):
    """What is asked of a day's data before any statistic: one check per kind.

    A word stands for a severity: ``schema: error`` for ``schema: {severity: error}``; false
    switches a check off.
    """

    row_count: Annotated[RowCountCheck | None, BeforeValidator(_word)] = Field(
        default_factory=lambda: RowCountCheck.model_validate({}),
        description="As many rows as usual.",
    )
    columns: Annotated[PlainCheck | None, BeforeValidator(_word)] = Field(
        default_factory=lambda: PlainCheck.model_validate({}),
        alias="schema",
        description="The columns that are watched, of the types that they had; and beside them "
        "those of the day before.",
    )
    missing_rate: Annotated[MissingRateCheck | None, BeforeValidator(_word)] = Field(
        default_factory=lambda: MissingRateCheck.model_validate({}),
        description="No column with too many missing values.",
    )
    duplicates: Annotated[DuplicatesCheck | None, BeforeValidator(_key)] = Field(
        None,
        description="No key twice; needs the columns of the key. Off by default.",
    )
    stale: Annotated[PlainCheck | None, BeforeValidator(_word)] = Field(
        default_factory=lambda: PlainCheck.model_validate({}),
        description="Not the content of an earlier day once more.",
    )
    out_of_range: Annotated[OutOfRangeCheck | None, BeforeValidator(_word)] = Field(
        default_factory=lambda: OutOfRangeCheck.model_validate({}),
        description="Values within the baseline's range, known categories, and limits of your own.",
    )

    @property
    def wanted(self) -> dict[str, Severity]:
        """Severity of each check that is on, by its name."""
        named = {
            "row_count": self.row_count,
            "schema": self.columns,
            "missing_rate": self.missing_rate,
            "duplicates": self.duplicates,
            "stale": self.stale,
            "out_of_range": self.out_of_range,
        }
        return {name: check.severity for name, check in named.items() if check is not None}


class ArchiveSettings(_Schema):
    """Rows that are kept as Parquet in the drift home."""

    keep_days: Annotated[int, Field(ge=1)] = Field(
        description="Days of current data that are kept, up to the latest archived one."
    )
    when: Literal["always", "breach"] = Field(
        "always", description="Every day, or only the days that breach."
    )
    baseline: bool = Field(
        True,
        description="Whether the rows of a baseline are archived when it is frozen. They stay "
        "until the baseline's file is removed by hand.",
    )
