"""An assessment as lines for a terminal or a log."""

from collections.abc import Callable, Sequence
from typing import Final

from drift_assets.assessment import Assessment, FeatureResult
from drift_assets.figures import show_share
from drift_assets.report.escaping import visible
from drift_assets.report.wording import (
    VERDICT_LABELS,
    cautions,
    moved_bins,
    p_value_figure,
    silences,
    value_figure,
    why_sentence,
)
from drift_assets.verdicts import Verdict, worst

Paint = Callable[[str, str], str]
"""From a text and the code of a colour to what the terminal gets."""

_RULE: Final = "=" * 80
_BOLD: Final = "1;"
# The terminal's own colours, so that they suit its ground.
_VERDICTS: Final = {
    Verdict.BREACH: "31;",
    Verdict.WARN: "33;",
    Verdict.NOT_EVALUATED: "35;",
    Verdict.OK: "32;",
}
_HEADINGS: Final = frozenset(
    f"{text}:"
    for text in (
        *("Feature Drift", "Prediction Drift", "Data set", "Warnings", "Not evaluated", "Note"),
        "  Drifted Features",
    )
)


def console_report(assessment: Assessment, *, colours: bool = False) -> str:
    """Return the report of two data sets, without a line break at its end.

    Every figure has digits enough to lie on the side of its threshold that
    the verdict says. Names are made `visible`, so none can move the cursor.

    Parameters
    ----------
    assessment
        What to report.
    colours
        Whether the terminal shows them. They say nothing that the words do not: without them
        the text is the same.
    """
    paint = _in_colour if colours else _plain
    features = [f for f in assessment.features if f.role == "feature"]
    predictions = [f for f in assessment.features if f.role == "prediction"]
    drifted = [f for f in features if f.verdict is Verdict.BREACH]
    warned = [f for f in assessment.features if f.verdict is Verdict.WARN]
    lines = [
        _RULE,
        paint("DRIFT DETECTION REPORT", _BOLD),
        _RULE,
        f"Overall Drift Detected: {_painted_answer(assessment.features, paint)}",
        "",
        f"Baseline: {assessment.n_baseline:,} samples",
        f"Current:  {assessment.n_current:,} samples",
        "",
        "Feature Drift:",
        f"  Total features: {len(features):,}",
        f"  Drifted features: {len(drifted):,}",
        f"  Drift percentage: {_percentage(len(drifted), len(features))}",
    ]
    if drifted:
        lines += ["", "  Drifted Features:"]
        for result in drifted:
            name = paint(f"{visible(result.feature)}:", _BOLD + _VERDICTS[result.verdict])
            lines += [f"    - {name}", *_figures(result, " " * 8)]
    if predictions:
        lines += ["", "Prediction Drift:", *_predictions(predictions, paint)]
    dataset = assessment.dataset
    for heading, notes in (
        ("Data set", [f"{VERDICT_LABELS[dataset.verdict]}: {dataset.reason}"]),
        ("Warnings", [f"{visible(f.feature)}: {visible(f.reason)}" for f in warned]),
        ("Not evaluated", silences(assessment)),
        ("Note", cautions(assessment)),
    ):
        if notes:
            lines += ["", f"{heading}:", *(f"  - {note}" for note in notes)]
    lines = [paint(line, _BOLD) if line in _HEADINGS else line for line in lines]
    return "\n".join([*lines, _RULE])


def _plain(text: str, _code: str) -> str:
    return text


def _in_colour(text: str, code: str) -> str:
    return f"\x1b[{code.strip(';')}m{text}\x1b[0m"


def _painted_answer(results: Sequence[FeatureResult], paint: Paint) -> str:
    return paint(_answer(results), _BOLD + _VERDICTS[worst([f.verdict for f in results])])


def _answer(results: Sequence[FeatureResult]) -> str:
    if any(f.verdict is Verdict.BREACH for f in results):
        return "YES"
    silent = sum(f.verdict is Verdict.NOT_EVALUATED for f in results)
    if silent == len(results):
        return "NOT EVALUATED"
    return f"NO ({silent:,} of {len(results):,} columns not evaluated)" if silent else "NO"


def _percentage(part: int, whole: int) -> str:
    if part in {0, whole}:
        return "100.0%" if part else "0.0%"
    return show_share(part / whole)


def _figures(result: FeatureResult, indent: str) -> list[str]:
    """Return the statistics of a drifted column, why it drifts and the bins that moved most."""
    test, label = ("ks", "KS") if result.kind == "numeric" else ("chi_squared", "Chi-squared")
    lines = [
        f"PSI: {value_figure(result, 'psi')}",
        f"{label} p-value: {p_value_figure(result, test)}",
        f"JS divergence: {value_figure(result, 'js_divergence')}",
        *_why(result),
    ]
    return [f"{indent}{line}" for line in lines]


def _why(result: FeatureResult) -> list[str]:
    moved = ", ".join(str(m) for m in moved_bins(result))
    why = result.why
    # Where nothing is new and nothing is missing, the bins that moved say it all.
    told = why is not None and any(
        (why.unseen_share, why.out_of_range_share, why.missing_rate_change)
    )
    return [
        f"Reason: {visible(result.reason)}",
        *([f"Moved most: {moved}"] if moved else []),
        *([f"Made of: {why_sentence(result)}"] if told else []),
    ]


def _predictions(results: Sequence[FeatureResult], paint: Paint) -> list[str]:
    """Return one block, as the document has it; several columns get a block each."""
    if len(results) == 1:
        return _prediction(results[0], "  ", paint)
    lines = [f"  Drift detected: {_painted_answer(results, paint)}"]
    for result in results:
        lines += ["", f"  {visible(result.feature)}:", *_prediction(result, "    ", paint)]
    return lines


def _prediction(result: FeatureResult, indent: str, paint: Paint) -> list[str]:
    lines = [f"Drift detected: {_painted_answer([result], paint)}"]
    if result.measurements:
        lines.append(f"PSI: {value_figure(result, 'psi')}")
    if "positive_rate" in result.measurements:
        lines.append(f"Positive rate change: {value_figure(result, 'positive_rate')}")
    if result.verdict is Verdict.BREACH:
        lines += _why(result)
    return [f"{indent}{line}" for line in lines]
