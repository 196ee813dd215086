"""DriftDetector: two samples or two data frames compared in three lines of Python."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from drift_assets.assessment import FeatureResult
from drift_assets.atomic import write_atomically
from drift_assets.compare import Comparison, compare_rows, comparison_monitor
from drift_assets.errors import (
    ColumnError,
    ConfigurationError,
    DataError,
    NoDataError,
)
from drift_assets.report.json import (
    document_report,
    feature_report,
    prediction_report,
    to_json,
)
from drift_assets.scan import Rows, rows_from_frame
from drift_assets.verdicts import Verdict
from drift_assets.watch import mistakes_in_statistics

_COLUMN: Final = "values"
"""What the only column is called where samples come without a name."""


@dataclass(frozen=True, slots=True)
class DriftDetector:
    """Compares a baseline with current data by the plain rule: any breach is drift.

    Samples may be lists, numpy arrays, and Series or arrays of pandas, polars
    and pyarrow; data frames those of the same three, or a mapping of samples.
    The bins come from the baseline alone.

    Attributes
    ----------
    psi_threshold
        PSI in nats that is drift, at or above.
    ks_threshold
        p-value of KS, or chi-squared for categories, that is drift, strictly below.
    js_threshold
        JS divergence in bits that is drift, at or above.
    statistics
        Names of statistics to measure besides the default ones, as a monitor's
        ``statistics`` and ``compare --statistic`` have them. They stand in
        reports under ``other_statistics`` and decide nothing.

    Examples
    --------
    >>> detector = DriftDetector(psi_threshold=0.2, ks_threshold=0.05, js_threshold=0.1)
    >>> psi, metrics = detector.calculate_psi(["a", "b"] * 500, ["a", "b"] * 500)
    >>> psi, metrics["drift_detected"]
    (0.0, False)

    >>> detector = DriftDetector(statistics=["hellinger"])
    >>> report = detector.generate_drift_report({"x": ["a", "b"] * 500}, {"x": ["a"] * 900})
    >>> also = report["feature_drift"]["features"]["x"]["other_statistics"]
    >>> round(also["hellinger"]["value"], 4)  # sqrt(1 - sqrt(0.5))
    0.5412
    """

    psi_threshold: float = 0.2
    ks_threshold: float = 0.05
    js_threshold: float = 0.1
    statistics: Sequence[str] = ()

    def __post_init__(self) -> None:
        mistakes = [
            f"{name} {value!r} (expected a number above 0, {limit})"
            for name, value, most, limit in (
                ("psi_threshold", self.psi_threshold, sys.float_info.max, "finite"),
                ("ks_threshold", self.ks_threshold, math.nextafter(1.0, 0.0), "under 1"),
                ("js_threshold", self.js_threshold, 1.0, "at most 1"),
            )
            if not _is_between(value, most)
        ]
        if mistakes:
            raise ConfigurationError(f"Found {'; '.join(mistakes)}: correct the threshold.")
        if isinstance(self.statistics, str):
            raise ConfigurationError(
                f"Found statistics = {self.statistics!r}, expected a list of names: "
                f"[{self.statistics!r}]."
            )
        unknown = mistakes_in_statistics(self.statistics)
        if unknown:
            raise ConfigurationError(" ".join(unknown))

    def calculate_psi(self, baseline: object, current: object) -> tuple[float, dict[str, Any]]:
        """Return the population stability index of two samples, and what belongs to it.

        Parameters
        ----------
        baseline, current
            Numbers, texts or booleans, one-dimensional; NaN and None are missing.

        Returns
        -------
        psi : float
            In nats; 0 when the shares agree, unbounded above.
        metrics : dict
            ``psi``, ``drift_detected``, ``threshold``, ``bins`` and, for
            numbers, ``expected_mean`` and ``actual_mean``.

        Raises
        ------
        DataError
            If a sample is empty, all missing or of an unsupported type.
        """
        result = self._compare_samples(baseline, current)
        bins = [
            {
                "bin": b.label,
                "baseline_share": b.baseline_share,
                "current_share": b.current_share,
                "contribution": b.contribution,
            }
            for b in result.bins
        ]
        return result.measurements["psi"].value, {**feature_report(result)["psi"], "bins": bins}

    def calculate_ks(self, baseline: object, current: object) -> tuple[float, dict[str, Any]]:
        """Return the two-sample Kolmogorov-Smirnov statistic, and what belongs to it.

        Parameters
        ----------
        baseline, current
            Numbers, one-dimensional; NaN and None are missing.

        Returns
        -------
        ks_statistic : float
            D, in [0, 1]; 0 when the distributions agree.
        metrics : dict
            ``ks_statistic``, ``p_value``, ``drift_detected``, ``threshold``.

        Raises
        ------
        DataError
            If a sample is empty, all missing or not of numbers.
        """
        result = self._compare_samples(baseline, current)
        if result.kind != "numeric":
            raise ColumnError(
                "Found samples of categories, expected numbers: the KS test needs an order; "
                "use calculate_psi or calculate_js."
            )
        return result.measurements["ks"].value, feature_report(result)["ks_test"]

    def calculate_js(self, baseline: object, current: object) -> tuple[float, dict[str, Any]]:
        """Return the Jensen-Shannon divergence of two samples, and what belongs to it.

        Parameters
        ----------
        baseline, current
            Numbers, texts or booleans, one-dimensional; NaN and None are missing.

        Returns
        -------
        js_divergence : float
            In bits, in [0, 1]; 0 when the shares agree, 1 when nothing overlaps.
        metrics : dict
            ``js_divergence``, ``js_distance`` (its square root),
            ``drift_detected``, ``threshold``.

        Raises
        ------
        DataError
            If a sample is empty, all missing or of an unsupported type.
        """
        result = self._compare_samples(baseline, current)
        value = result.measurements["js_divergence"].value
        return value, feature_report(result)["js_divergence"]

    def detect_prediction_drift(
        self,
        baseline_predictions: object,
        current_predictions: object,
        *,
        decision_threshold: float = 0.5,
    ) -> dict[str, Any]:
        """Return the drift of a model's output, in the form of ``prediction_drift`` in a report.

        Parameters
        ----------
        baseline_predictions, current_predictions
            Scores or classes, one-dimensional.
        decision_threshold
            A score at or above it is positive.

        Returns
        -------
        dict
            ``drift_detected``, ``psi``, ``positive_rate_change`` (None for
            texts) and, under ``predictions``, everything else.

        Raises
        ------
        DataError
            If a sample is empty, all missing or of an unsupported type.
        """
        baseline = _rows(baseline_predictions, "baseline")
        current = _rows(current_predictions, "current")
        monitor = self._monitor([], [_COLUMN], (), decision_threshold, current.n_rows)
        return prediction_report([_compared(baseline, current, monitor)])

    def generate_drift_report(
        self,
        baseline_df: object,
        current_df: object,
        feature_columns: Sequence[str] | None = None,
        prediction_column: str | None = None,
        *,
        categorical_columns: Sequence[str] = (),
        decision_threshold: float = 0.5,
    ) -> dict[str, Any]:
        """Return the drift report of two data frames as plain JSON types.

        Parameters
        ----------
        baseline_df, current_df
            Frames of pandas, polars or pyarrow, or mappings of samples.
        feature_columns
            Columns to compare; by default all that can be.
        prediction_column
            Column with the model's output.
        categorical_columns
            Of these columns, the numbers that are codes.
        decision_threshold
            A prediction at or above it is positive.

        Returns
        -------
        dict
            ``overall_drift_detected``, ``feature_drift`` (``total_features``,
            ``drifted_features`` as a count, ``drifted_feature_names``,
            ``drift_percentage``, ``features``), ``prediction_drift`` (None
            without a prediction column), ``warnings`` and ``timestamp``. A
            column without an answer has ``drift_detected`` None and a
            ``reason``.

        Raises
        ------
        ConfigurationError
            If a column is named twice, or ``categorical_columns`` names another one.
        DataError
            If a column is absent, or the data cannot be used as they are.
        """
        for name, columns in (
            ("feature_columns", feature_columns),
            ("categorical_columns", categorical_columns),
        ):
            if isinstance(columns, str):
                raise ConfigurationError(
                    f"Found {name} = {columns!r}, expected a list of names: [{columns!r}]."
                )
        baseline, current = rows_from_frame(baseline_df), rows_from_frame(current_df)
        predictions = [prediction_column] if prediction_column is not None else []
        monitor = self._monitor(
            feature_columns,
            predictions,
            categorical_columns,
            decision_threshold,
            current.n_rows,
            available=baseline.watchable,
        )
        return document_report(
            compare_rows(baseline, current, monitor, all_named=feature_columns is not None)
        )

    def save_report(self, report: Mapping[str, Any], path: str | Path) -> None:
        """Write a report to a JSON file, replaced at once; missing folders are made.

        Raises
        ------
        DataError
            If the report holds what JSON cannot, or the file cannot be written.
        """
        try:
            content = to_json(report)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"Found a report that is not plain JSON ({error}), expected what "
                "generate_drift_report returns: convert what was added to it."
            ) from error
        try:
            write_atomically(Path(path), content)
        except OSError as error:
            raise DataError(
                f"Found that {str(path)!r} cannot be written ({error.strerror}), expected the "
                "path of a file: choose another one."
            ) from error

    def _compare_samples(self, baseline: object, current: object) -> FeatureResult:
        before, after = _rows(baseline, "baseline"), _rows(current, "current")
        return _compared(before, after, self._monitor([_COLUMN], [], (), 0.5, after.n_rows))

    def _monitor(
        self,
        features: Sequence[str] | None,
        predictions: Sequence[str],
        categorical: Sequence[str],
        decision_threshold: float,
        usual_rows: int,
        *,
        available: Sequence[str] = (),
    ) -> Comparison:
        return comparison_monitor(
            features=features,
            predictions=predictions,
            categorical=categorical,
            available=available,
            decision_threshold=decision_threshold,
            psi_threshold=self.psi_threshold,
            ks_threshold=self.ks_threshold,
            js_threshold=self.js_threshold,
            statistics=self.statistics,
            usual_rows=max(usual_rows, 1),
        )


def _is_between(value: object, most: float) -> bool:
    return isinstance(value, Real) and 0 < float(value) <= most


def _rows(sample: object, side: str) -> Rows:
    """Return a sample as the only column of a data set."""
    if isinstance(sample, str | bytes):
        # It can be read letter by letter, but that is never what was meant.
        raise ColumnError(
            f"Found the text {sample!r} for a {side} sample, expected a list, array or Series: "
            "put it in brackets."
        )
    try:
        if hasattr(sample, "__arrow_c_stream__"):
            column = pa.chunked_array(sample)
        else:
            column = pa.array(sample, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise ColumnError(
            f"Found a {side} sample of type {type(sample).__name__} that is not one column "
            f"({error}), expected a list, array or Series of numbers, of texts or of booleans."
        ) from error
    if not len(column):
        raise NoDataError(f"Found an empty {side} sample, expected at least one value.")
    return rows_from_frame(pa.table({_COLUMN: column}))


def _compared(baseline: Rows, current: Rows, monitor: Comparison) -> FeatureResult:
    result = compare_rows(baseline, current, monitor).feature(_COLUMN)
    if result.verdict is Verdict.NOT_EVALUATED:
        raise NoDataError(
            f"Found that the samples cannot be compared ({result.reason}), expected values of "
            "one type on both sides."
        )
    return result
