"""Comparison of two data sets without a declared monitor: what `compare` and the detector do."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Final, Literal

from drift_assets.assessment import Assessment, assess
from drift_assets.errors import ColumnError, ConfigurationError, UnknownNameError
from drift_assets.scan import Rows, fit_baseline, profile_rows
from drift_assets.stats import Statistic
from drift_assets.watch import (
    DRIFT_SHARE_THRESHOLD,
    PRESETS,
    Column,
    Thresholds,
    Watch,
    measured_statistics,
    mistakes_in_columns,
    mistakes_in_statistics,
    watched_columns,
)

_BALANCED: Final = PRESETS["balanced"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of two data sets: what a monitor is for daily data.

    It is not a `Monitor`, whose schema for YAML takes longer to load than two
    small files take to compare.

    Attributes
    ----------
    features, predictions
        Names of columns; ``auto`` takes all features that the baseline has.
    categorical
        Of these, the numbers that are codes.
    decision_threshold
        A score at or above it is a positive decision.
    thresholds
        What every column is judged by.
    guards
        Whether the guarded rule judges instead of the plain one.
    statistics
        What is measured besides the default statistics.
    usual_rows
        Rows of the current data, by which bins are made coarse enough.
    name
        What messages call it.
    min_rows
        A comparison computes on any size and warns; a monitor would not evaluate.
    drift_share_threshold
        Share of drifted features from which the data set as a whole drifts.
    """

    features: Literal["auto"] | tuple[str, ...] = "auto"
    predictions: tuple[str, ...] = ()
    categorical: frozenset[str] = frozenset()
    decision_threshold: float = 0.5
    thresholds: Thresholds = _BALANCED
    guards: bool = False
    statistics: tuple[str, ...] = ()
    usual_rows: int | None = None
    name: str = "comparison"
    min_rows: int = 1
    drift_share_threshold: float = DRIFT_SHARE_THRESHOLD

    @property
    def measured(self) -> tuple[Statistic, ...]:
        """The default statistics and those named, in the order of `STATISTICS`."""
        return measured_statistics(self.statistics)

    def listed(self, available: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns that are compared; ``auto`` picks from ``available``."""
        features = self.features
        if features == "auto":
            features = tuple(name for name in available if name not in self.predictions)
        return (
            *(Column(n, "feature", self._kind(n), None, self.thresholds) for n in features),
            *(
                Column(
                    n,
                    "prediction",
                    self._kind(n),
                    None if n in self.categorical else float(self.decision_threshold),
                    self.thresholds,
                )
                for n in self.predictions
            ),
        )

    def watched(
        self, available: Iterable[str], *, only: Sequence[str] | None = None
    ) -> tuple[Column, ...]:
        """Return the compared columns, features first; see `watched_columns`."""
        return watched_columns(self, available, only=only)

    def _kind(self, name: str) -> Literal["categorical"] | None:
        return "categorical" if name in self.categorical else None


def comparison_monitor(  # noqa: PLR0913  # all by keyword, each with a default
    *,
    features: Sequence[str] | None = None,
    predictions: Sequence[str] = (),
    categorical: Sequence[str] = (),
    available: Sequence[str] = (),
    decision_threshold: float = 0.5,
    psi_threshold: float | None = None,
    ks_threshold: float | None = None,
    js_threshold: float | None = None,
    guards: bool = False,
    statistics: Sequence[str] = (),
    usual_rows: int | None = None,
) -> Comparison:
    """Return what stands for a monitor in one comparison of two data sets.

    Parameters
    ----------
    features
        Columns to compare; by default all that both kinds of row can be compared by.
    predictions
        Prediction columns.
    categorical
        Of these, the numbers that are codes.
    available
        What the baseline can be compared by, `Rows.watchable`: the features, where there are
        codes and ``features`` is None.
    decision_threshold
        A score at or above it is a positive decision.
    psi_threshold, ks_threshold, js_threshold
        PSI and JS breach at or above, the KS p-value strictly below; defaults 0.2, 0.05, 0.1.
    guards
        Whether the guarded rule judges instead of the plain one.
    statistics
        Names of what is measured besides the default statistics; shown, not judged.
    usual_rows
        Rows of the current data, by which bins are made coarse enough.

    Raises
    ------
    ConfigurationError
        If a column is named twice, or a threshold is out of its range.
    UnknownNameError
        If ``categorical`` names a column that is not compared.
    """
    if categorical and features is None:
        features = [name for name in available if name not in predictions]
    for name in categorical:
        if name not in (known := [*(features or ()), *predictions]):
            raise UnknownNameError("categorical column", name, known)
    thresholds = {
        "psi_breach": psi_threshold,
        "ks_significance_level": ks_threshold,
        "js_breach": js_threshold,
    }
    chosen = {name: value for name, value in thresholds.items() if value is not None}
    mistakes = [
        *_mistakes_in_names(None if features is None else list(features), list(predictions)),
        *mistakes_in_statistics(list(statistics)),
        *_mistakes_in_numbers({**chosen, "decision_threshold": decision_threshold}),
    ]
    if mistakes:
        raise ConfigurationError(
            f"Found a comparison that cannot be made ({'; '.join(mistakes)}), expected each column "
            "once, with a name, and numbers for thresholds: correct the call."
        )
    return Comparison(
        features="auto" if features is None else tuple(features),
        predictions=tuple(predictions),
        categorical=frozenset(categorical),
        decision_threshold=decision_threshold,
        thresholds=replace(_BALANCED, **{name: float(value) for name, value in chosen.items()}),
        guards=guards,
        statistics=tuple(statistics),
        usual_rows=usual_rows,
    )


def _mistakes_in_names(
    features: Sequence[object] | None, predictions: Sequence[object]
) -> list[str]:
    names = [*(features or ()), *predictions]
    unfit = [
        f"column {name!r} is not a name" for name in names if not name or not isinstance(name, str)
    ]
    if unfit:
        return unfit
    if features is not None and not names:
        return ["features: found none, and no predictions; expected at least one"]
    return mistakes_in_columns([str(name) for name in names])


_LIMITS: Final[Mapping[str, tuple[float, float, str]]] = {
    "psi_breach": (0.0, sys.float_info.max, "above 0, finite"),
    "ks_significance_level": (0.0, math.nextafter(1.0, 0.0), "above 0, under 1"),
    "js_breach": (0.0, 1.0, "above 0, at most 1"),
    "decision_threshold": (-math.inf, sys.float_info.max, "finite"),
}


def _mistakes_in_numbers(numbers: Mapping[str, object]) -> list[str]:
    mistakes = []
    for name, value in numbers.items():
        low, high, words = _LIMITS[name]
        if not isinstance(value, Real) or not low < float(value) <= high:
            mistakes.append(f"{name}: found {value!r}, expected a number {words}")
    return mistakes


def compare_rows(
    baseline: Rows, current: Rows, monitor: Watch, *, all_named: bool = True
) -> Assessment:
    """Return the assessment of ``current`` against ``baseline``.

    Parameters
    ----------
    baseline, current
        The rows.
    monitor
        Says what is compared, and by which thresholds and rule.
    all_named
        Whether a person named the columns that the monitor lists: one that is absent from
        the current data is then a slip of the pen, and else something to report.

    Raises
    ------
    ColumnError
        If a listed column is absent from the baseline, or a named one from the current data.
    """
    all_named = all_named and monitor.features != "auto"
    asked = [column.name for column in monitor.listed(baseline.watchable)]
    for side, rows in (("baseline", baseline), ("current", current)):
        absent = [name for name in asked if name not in rows.columns]
        if absent and (side == "baseline" or all_named):
            raise ColumnError(
                f"Found no column {', '.join(map(repr, absent))} in the {side} data, which has "
                f"{', '.join(map(repr, rows.columns)) or 'none'}: correct the names."
            )
    if not asked:
        raise ConfigurationError(
            "Found no column that can be compared, expected at least one number, text or "
            "boolean column with values: name the columns with --features."
        )
    frozen = fit_baseline(baseline, monitor)
    return assess(monitor, frozen, profile_rows(current, frozen))
