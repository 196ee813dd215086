"""A first ``defs.yaml``, written from a look at somebody's own baseline file."""

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml
from pydantic import ValidationError

from drift_assets.compare import comparison_monitor
from drift_assets.declarations import COMPONENT_TYPE, mistakes_in, project_root
from drift_assets.errors import ConfigurationError, UnknownNameError
from drift_assets.monitors import Monitor
from drift_assets.profiles import NumericProfile, Profile
from drift_assets.profiles.binning import FEW_VALUES
from drift_assets.scan import fit_baseline, rows_from_files

_PREDICTION = re.compile(
    r"(^|_)(score|pred|proba|prob|prediction|y_hat|yhat)(_|$|s$|ion)", re.IGNORECASE
)
_CODE = re.compile(r"(^|_)(id|code|zip|postcode|class|category|region|type)(_|$)", re.IGNORECASE)


def starter_yaml(
    baseline: Path,
    *,
    name: str | None = None,
    current: str | None = None,
    predictions: Sequence[str] = (),
    beside: Path | None = None,
) -> str:
    """Return the text of a commented ``defs.yaml`` for the columns of a baseline file.

    Parameters
    ----------
    baseline
        The file to look at.
    name
        Name of the monitor; by default made from that of the file.
    current
        Template of the daily files; by default beside the baseline.
    predictions
        Prediction columns; by default those that are named like scores.
    beside
        Where the text will be written: paths are given relative to that file's project.

    Raises
    ------
    DataError
        If the file cannot be read or has no column to watch.
    ConfigurationError
        If the name cannot be that of a monitor.
    UnknownNameError
        If a prediction column is not in the file.
    """
    rows = rows_from_files([baseline])
    for column in predictions:
        if column not in rows.columns:
            raise UnknownNameError("prediction column", column, rows.columns)
    chosen = tuple(predictions) or tuple(n for n in rows.watchable if _PREDICTION.search(n))
    features = [n for n in rows.watchable if n not in chosen]
    frozen = fit_baseline(rows, comparison_monitor(features=features, predictions=chosen))
    root = project_root((beside or Path("defs.yaml")).resolve())
    path = _relative(baseline.resolve(), root)
    suffix = "".join(baseline.suffixes)
    template = current or _relative(
        baseline.resolve().parent / "current" / f"{{partition}}{suffix}", root
    )
    today = datetime.now(UTC).date()
    lines = [
        f"# A drift monitor for {path}: {rows.n_rows:,} rows, {len(rows.columns)} columns.",
        "# All fields are explained in docs/monitors.md.",
        f"type: {COMPONENT_TYPE}",
        "attributes:",
        f"  name: {_text(name or _name(baseline))}",
        '  description: ""  # what the model does and who owns it',
        "",
        "  # What normal looks like. Frozen when it is first used; materialise the asset to renew.",
        f"  baseline: {_text(path)}",
        "  # Each day's data; {partition} is the date, such as 2026-11-23. Globs work too.",
        f"  current: {_text(template)}",
        "",
        "  # The days that exist. end_offset 1: today's file is monitored today.",
        "  partitions:",
        f"    start: {today}",
        "    timezone: UTC",
        "    end_offset: 1",
        "",
        "  # Watched columns. Numbers that are codes want kind: categorical.",
        "  features:" + ("" if features else " []"),
        *(_feature_line(n, frozen.columns[n]) for n in features),
    ]
    left_out = [n for n in rows.columns if n not in rows.watchable]
    if left_out:
        lines.append(f"  # not watched (dates, nested or empty): {', '.join(map(_text, left_out))}")
    lines += ["", "  # Output columns of the model: also watched for their positive rate."]
    if chosen:
        lines.append("  predictions:")
        lines += [f"    - {{column: {_text(n)}, decision_threshold: 0.5}}" for n in chosen]
    else:
        lines.append("  # predictions: [{column: score, decision_threshold: 0.5}]")
    lines += [
        "",
        "  # balanced, conservative or aggressive, or single numbers such as {psi_breach: 0.25}.",
        "  thresholds: balanced",
        "  # The guarded rule: a breach needs an adjusted p-value and an effect.",
        "  guards: true",
        "  min_rows: 100  # days with fewer rows are not evaluated, and say so",
        "",
        '  schedule: {at: "06:00"}  # off until switched on, as is the file sensor',
        "  # alerts: {webhook: {url_env: DRIFT_WEBHOOK_URL}}",
        "  fail_run_on_breach: true",
        "",
    ]
    text = "\n".join(lines)
    try:
        Monitor.model_validate(yaml.safe_load(text)["attributes"])
    except ValidationError as error:
        mistakes = "; ".join(sentence for _, sentence in mistakes_in(error))
        raise ConfigurationError(
            f"No monitor can be made of {baseline} like this: {mistakes}. "
            "Choose other options or another file."
        ) from error
    return text


def _feature_line(name: str, profile: Profile) -> str:
    if isinstance(profile, NumericProfile):
        few = profile.n_distinct is not None and profile.n_distinct <= FEW_VALUES
        looks_like_code = few and _CODE.search(name)
        note = f"number, {profile.minimum:.6g} to {profile.maximum:.6g}"
        if looks_like_code:
            return f"    - {{column: {_text(name)}, kind: categorical}}  # {note}: codes?"
    else:
        note = f"{profile.n_distinct} categories"
    if profile.n_missing:
        note += f", {profile.n_missing / profile.n_rows:.1%} missing"
    return f"    - {_text(name)}  # {note}"


def _name(path: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "_", path.name.split(".")[0]).strip("_").lower()
    return stem if stem[:1].isalpha() else f"monitor_{stem}".rstrip("_")


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)


def _text(value: str) -> str:
    """Return a YAML scalar: bare where that is safe, else in double quotes as JSON has it."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./{}-]*", value) and value.lower() not in _RESERVED:
        return f'"{value}"' if "{" in value else value
    return json.dumps(value, ensure_ascii=False)


_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
