"""Comparison of two data sets without a declared monitor: what `compare` and the detector do."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from drift_assets.assessment import Assessment, assess
from drift_assets.errors import ColumnError, ConfigurationError, UnknownNameError
from drift_assets.monitors import Monitor
from drift_assets.scan import Rows, fit_baseline, profile_rows


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
) -> Monitor:
    """Return the monitor that stands for one comparison of two data sets.

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
    settings = {
        "psi_breach": psi_threshold,
        "ks_significance_level": ks_threshold,
        "js_breach": js_threshold,
    }
    codes = set(categorical)
    return _monitor(
        {
            "name": "comparison",
            "baseline": "baseline",
            "current": "{partition}",
            "features": "auto"
            if features is None
            else [
                {"column": name, "kind": "categorical" if name in codes else None}
                for name in features
            ],
            "predictions": [
                {
                    "column": name,
                    "kind": "categorical" if name in codes else None,
                    "decision_threshold": decision_threshold,
                }
                for name in predictions
            ],
            "thresholds": {key: value for key, value in settings.items() if value is not None},
            "guards": guards,
            "statistics": list(statistics) or "default",
            # A comparison computes on any size and warns; a monitor would not evaluate.
            "min_rows": 1,
            "usual_rows": usual_rows,
            "partitions": {"start": date.min},
        }
    )


def _monitor(fields: dict[str, Any]) -> Monitor:
    try:
        return Monitor.model_validate(fields)
    except ValidationError as error:
        mistakes = "; ".join(
            str(mistake["msg"]).removeprefix("Value error, ") for mistake in error.errors()
        )
        raise ConfigurationError(
            f"Found a comparison that cannot be made ({mistakes}), expected each column once, "
            "with a name, and numbers for thresholds: correct the call."
        ) from error


def compare_rows(
    baseline: Rows, current: Rows, monitor: Monitor, *, all_named: bool = True
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
