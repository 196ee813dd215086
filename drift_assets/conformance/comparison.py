"""A peer's numbers beside ours, for the columns of two data sets: as lines, and as JSON."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.conformance import PROFILES, findings
from drift_assets.conformance.columns import Categories, Column, Numbers, numbers
from drift_assets.conformance.definition import Conformance, Finding
from drift_assets.conformance.row_order import in_tenths
from drift_assets.errors import DataError, UnknownNameError
from drift_assets.figures import p_phrase, show
from drift_assets.profiles.binning import Origin
from drift_assets.report.escaping import visible
from drift_assets.scan import Rows
from drift_assets.scan.columns import (
    CategoryColumn,
    Found,
    MissingColumn,
    NumberColumn,
    Want,
    inferred,
    with_origin,
)
from drift_assets.stats import LABELS, Measurement


@dataclass(frozen=True, slots=True)
class PeerColumn:
    """What a peer says of one column.

    Attributes
    ----------
    result
        What we say of it.
    findings
        The peer's numbers; none if it cannot measure the column.
    reason
        Why it cannot, or empty.
    """

    result: FeatureResult
    findings: tuple[Finding, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PeerComparison:
    """What a peer says of the columns that an assessment covers, in the same order."""

    peer: Conformance
    columns: tuple[PeerColumn, ...]


def compare_with_peer(
    name: str, baseline: Rows, current: Rows, assessment: Assessment
) -> PeerComparison:
    """Return a peer's numbers for every column of an assessment.

    Parameters
    ----------
    name
        Of the peer, a key of `PROFILES`.
    baseline, current
        The rows that were assessed.
    assessment
        Says which columns there are, and of which kind.

    Raises
    ------
    UnknownNameError
        If there is no such peer.
    """
    if name not in PROFILES:
        raise UnknownNameError("conformance profile", name, PROFILES)
    results = {result.feature: result for result in assessment.features}
    wants: dict[str, Want] = {
        feature: "number" if result.kind == "numeric" else "category"
        for feature, result in results.items()
    }
    peer = PROFILES[name]
    columns = []
    for (feature, p), (_, q) in zip(baseline.read(wants), current.read(wants), strict=True):
        before, now, origin = _sides(p, q)
        if peer.needs_order and not isinstance(before, str):
            before = in_tenths(before, baseline, feature, origin=origin)
        columns.append(_column(name, results[feature], before, now))
    return PeerComparison(peer, tuple(columns))


def peer_lines(comparison: PeerComparison) -> str:
    """Return the peer's numbers as text for a terminal, without a line break at its end."""
    peer = comparison.peer
    lines = [f"Conformance with {peer.peer} {peer.version}:"]
    for column in comparison.columns:
        lines += ["", f"  {visible(column.result.feature)}: {column.result.kind}"]
        if column.reason:
            lines.append(f"    not measured: {visible(column.reason)}")
        for finding in column.findings:
            mark = "*" if finding.chosen else " "
            lines.append(
                f"  {mark} {finding.definition.label:<20} {_figure(finding):<24} "
                f"{_outcome(finding):<28} {_ours(column.result, finding)}".rstrip()
            )
    if any(finding.chosen for column in comparison.columns for finding in column.findings):
        lines += ["", f"  * what {peer.peer} itself goes by when nobody chooses"]
    return "\n".join(lines)


def peer_report(comparison: PeerComparison) -> dict[str, Any]:
    """Return the peer's numbers as plain JSON types.

    Infinite numbers are the strings "Infinity" and "-Infinity"; what is not known is None.
    """
    peer = comparison.peer
    return {
        "name": peer.name,
        "peer": peer.peer,
        "version": peer.version,
        "columns": {
            column.result.feature: {
                "kind": column.result.kind,
                "reason": column.reason,
                "statistics": {
                    f.definition.statistic: _finding_report(column.result, f)
                    for f in column.findings
                },
            }
            for column in comparison.columns
        },
    }


def _sides(baseline: Found, current: Found) -> tuple[Column | str, Column | str, Origin | None]:
    """Return both sides, or why there is none, and what the baseline's categories were."""
    origin = None
    if isinstance(baseline, CategoryColumn):
        baseline = inferred(baseline)
        origin = baseline.origin
        if isinstance(current, CategoryColumn):
            current = with_origin(current, origin or "text")
    return _side(baseline), _side(current), origin


def _column(
    name: str, result: FeatureResult, baseline: Column | str, current: Column | str
) -> PeerColumn:
    if isinstance(baseline, str):
        return PeerColumn(result, reason=f"{baseline} (baseline)")
    if isinstance(current, str):
        return PeerColumn(result, reason=f"{current} (current)")
    try:
        return PeerColumn(result, findings(name, baseline, current))
    except DataError as error:
        return PeerColumn(result, reason=str(error))


def _side(found: Found) -> Column | str:
    """Return one side as the peers take it, or why there is none."""
    if isinstance(found, NumberColumn):
        values = found.numbers
        if found.n_missing:
            return Numbers(values)
        # Whole numbers without gaps are integers to pandas, by which the peers read files.
        whole = bool((np.abs(values) < 2**53).all() and (values == np.rint(values)).all())
        return numbers(values.astype(np.int64) if whole else values)
    if isinstance(found, CategoryColumn):
        return Categories(found.counts)
    return "no value" if isinstance(found, MissingColumn) else found.reason


def _figure(finding: Finding) -> str:
    flag, measurement = finding.flag, finding.measurement
    against = flag.limit if flag and flag.on == "value" else None
    text = show(measurement.value, against=against)
    if measurement.p_value is None:
        return text
    limit = flag.limit if flag and flag.on == "p_value" else None
    return f"{text}, {p_phrase('p', measurement.p_value, against=limit)}"


def _outcome(finding: Finding) -> str:
    if finding.flag is None:
        return "no rule"
    return f"{'DRIFT' if finding.drift else 'no drift'} ({finding.flag.rule})"


def _ours(result: FeatureResult, finding: Finding) -> str:
    measurement = _our_measurement(result, finding)
    if measurement is None:
        return ""
    text = f"ours: {LABELS[measurement.statistic]} {show(measurement.value)}"
    if measurement.p_value is not None:
        text += f", {p_phrase('p', measurement.p_value)}"
    return text


def _our_measurement(result: FeatureResult, finding: Finding) -> Measurement | None:
    ours: Mapping[str, Measurement] = result.measurements
    return ours.get(finding.definition.ours or "")


def _finding_report(result: FeatureResult, finding: Finding) -> dict[str, Any]:
    ours = _our_measurement(result, finding)
    return {
        "peer_name": finding.definition.peer_name,
        "value": _plain(finding.measurement.value),
        "p_value": _plain(finding.measurement.p_value),
        "unit": finding.definition.unit,
        "drift_detected": finding.drift,
        "rule": finding.flag.rule if finding.flag else None,
        "threshold": _plain(finding.flag.limit) if finding.flag else None,
        "chosen": finding.chosen,
        "ours": None
        if ours is None
        else {
            "statistic": ours.statistic,
            "value": _plain(ours.value),
            "p_value": _plain(ours.p_value),
        },
    }


def _plain(number: float | None) -> float | str | None:
    if number is None or math.isfinite(number):
        return number
    if math.isnan(number):
        return None
    return "Infinity" if number > 0 else "-Infinity"
