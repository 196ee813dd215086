"""What is started when data drift: the ``actions`` of ``defs.yaml``."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from drift_assets.alert_settings import Variable
from drift_assets.errors import ConfigurationError
from drift_assets.verdicts import Persistence

KINDS: Final = ("job", "webhook_env", "call")
_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,49}$"
_PATH: Final = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"


def _days(text: str) -> str:
    try:
        return str(Persistence.of_text(text))
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


def _function(path: str) -> str:
    if not re.fullmatch(f"{_PATH}:{_PATH}", path):
        raise ValueError(f"found {path!r}, expected a function such as my_project.models:retrain")
    return path


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class When(_Schema):
    """What must be so for an action to start; every line must hold."""

    cause: Literal["drift", "trend"] = Field(
        "drift",
        description="drift: what the day's verdicts say. trend: a column creeps towards its "
        "threshold, and breaches the check of the trend.",
    )
    verdict: Literal["breach", "warn"] = Field(
        "breach", description="Gravest verdict of the day, at least. For drift."
    )
    drift_share: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Share of the features that breach, weighed by importance, at least. "
        "For drift.",
    )
    days: Annotated[str, AfterValidator(_days)] = Field(
        "1 of 1",
        description="On how many of the last evaluated days all this was so, this one included: "
        "2 of 3. For drift.",
    )

    @property
    def persistence(self) -> Persistence:
        """How many days out of how many."""
        return Persistence.of_text(self.days)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.cause == "trend":
            told = sorted(self.model_fields_set - {"cause"})
            if told:
                raise ValueError(
                    f"when: found {told[0]} with cause: trend, expected it with cause: drift only"
                )
        return self


class Action(_Schema):
    """Something that is started, at most once for each baseline and cause."""

    name: Annotated[str, Field(pattern=_NAME)] = Field(
        description="Letters, digits and underscores; what the history calls it."
    )
    when: When = Field(
        default_factory=lambda: When.model_validate({}),
        description="What must be so. Default: a breach.",
    )
    job: Annotated[str, Field(pattern=_NAME)] | None = Field(
        None, description="A Dagster job of the same code location, started by a sensor."
    )
    op: Annotated[str, Field(pattern=_NAME)] | None = Field(
        None,
        description="With job: the op or asset whose config is the event, a "
        "drift_assets.DriftEvent. Default: the event is in the run's tags only.",
    )
    webhook_env: Variable | None = Field(
        None, description="Variable that holds an address to which the event is POSTed as JSON."
    )
    secret_env: Variable | None = Field(
        None, description="With webhook_env: variable that holds the key of the HMAC signature."
    )
    call: Annotated[str, AfterValidator(_function)] | None = Field(
        None,
        description="A Python function, module:name, that is called with the event within the "
        "daily run.",
    )
    cool_down_days: int = Field(
        7,
        ge=0,
        description="Days for which it is not started again, whatever the baseline, counted "
        "between the days of data.",
    )
    latest_days: int | None = Field(
        7,
        ge=1,
        description="A day of data that is older than this starts nothing, so that a back-fill "
        "of last year does not. null: any day may.",
    )

    @property
    def kind(self) -> Literal["job", "webhook", "call"]:
        """What is started."""
        if self.job is not None:
            return "job"
        return "webhook" if self.webhook_env is not None else "call"

    @model_validator(mode="after")
    def _check(self) -> Self:
        named = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(named) != 1:
            raise ValueError(
                f"action {self.name}: found {' and '.join(named) or 'nothing to start'}, expected "
                f"exactly one of {', '.join(KINDS)}"
            )
        for setting, other in (("op", "job"), ("secret_env", "webhook_env")):
            if getattr(self, setting) is not None and getattr(self, other) is None:
                raise ValueError(f"action {self.name}: {setting} goes with {other}")
        return self
