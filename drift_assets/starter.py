"""A first ``defs.yaml``, written from a look at somebody's own baseline file."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from pydantic import ValidationError

from drift_assets.compare import comparison_monitor
from drift_assets.declarations import COMPONENT_TYPE, mistakes_in, project_root
from drift_assets.errors import ConfigurationError, UnknownNameError
from drift_assets.monitors import Monitor
from drift_assets.profiles import NumericProfile, Profile
from drift_assets.profiles.binning import FEW_VALUES
from drift_assets.scan import fit_baseline, rows_from_files
from drift_assets.scan.columns import MissingColumn, NumberColumn, Want
from drift_assets.scan.rows import ColumnRows

_PREDICTION = re.compile(
    r"(^|_)(score|pred|proba|prob|prediction|y_hat|yhat)(_|$|s$|ion)", re.IGNORECASE
)
_CODE = re.compile(r"(^|_)(id|code|zip|postcode|class|category|region|type)(_|$)", re.IGNORECASE)

_GENERIC: Final = frozenset(
    {
        *("baseline", "baselines", "reference", "train", "training", "current", "sample"),
        *("data", "dataset", "datasets", "raw", "input", "inputs", "files", "defs"),
    }
)
"""Names of files and folders that say nothing of the model."""

FEWEST_ROWS: Final = 50
"""Of fewer, that all values of a column differ says little."""


@dataclass(frozen=True, slots=True)
class Starter:
    """A first declaration.

    Attributes
    ----------
    text
        Of the ``defs.yaml``.
    ids
        Columns that are not watched because no two rows have the same value.
    """

    text: str
    ids: tuple[str, ...]


def starter(
    baseline: Path,
    *,
    name: str | None = None,
    current: str | None = None,
    predictions: Sequence[str] = (),
    beside: Path | None = None,
) -> Starter:
    """Return a commented ``defs.yaml`` for the columns of a baseline file.

    Parameters
    ----------
    baseline
        The file to look at.
    name
        Name of the monitor; by default that of the file or, where that says nothing of the
        model, of the nearest folder around it that does.
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
    ids = _ids(baseline, {name: frozen.columns[name] for name in features})
    watched = [n for n in features if n not in ids]
    if not watched and not chosen:
        # Something has to be watched.
        ids, watched = (), features
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
        f"  name: {_text(name or _name(baseline.resolve(), root))}",
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
        "  features:" + ("" if watched else " []"),
        *(_feature_line(n, frozen.columns[n]) for n in watched),
    ]
    if ids:
        lines.append("  # Not watched: no two rows have the same value, as in an id.")
        lines += [_feature_line(n, frozen.columns[n]).replace("  - ", "  # - ", 1) for n in ids]
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
    return Starter(text, ids)


def _ids(baseline: Path, columns: Mapping[str, Profile]) -> tuple[str, ...]:
    """Return the columns whose values all differ and are no fractions."""
    found = {name: profile for name, profile in columns.items() if _all_differ(profile)}
    numbers: dict[str, Want] = {
        name: "number" for name, profile in found.items() if isinstance(profile, NumericProfile)
    }
    # Looked at again: edges of bins lie between values, so a profile does not tell.
    whole = dict(rows_from_files([baseline]).each(numbers, _is_whole)) if numbers else {}
    return tuple(name for name in found if whole.get(name, True))


def _all_differ(profile: Profile) -> bool:
    n = profile.n_rows - profile.n_missing
    if n < FEWEST_ROWS or profile.n_distinct is None:
        return False
    if isinstance(profile, NumericProfile):
        return profile.n_distinct == n and not profile.binning.is_time
    # Of very many categories the number is an estimate.
    return profile.n_distinct >= n * (1 - 3 * profile.distinct_error)


def _is_whole(_: str, column: ColumnRows) -> bool:
    return all(
        isinstance(piece, NumberColumn) and np.array_equal(piece.numbers, np.floor(piece.numbers))
        for piece in column.pieces()
        if not isinstance(piece, MissingColumn)
    )


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


def _name(path: Path, root: Path) -> str:
    around = [one for one in path.parents if one == root or one.is_relative_to(root)]
    for text in (path.name.split(".")[0], *(one.name for one in around or [path.parent])):
        name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()
        if name and name not in _GENERIC:
            return name if name[0].isalpha() else f"monitor_{name}"
    return "monitor"


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)


def _text(value: str) -> str:
    """Return a YAML scalar: bare where that is safe, else in double quotes as JSON has it."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./{}-]*", value) and value.lower() not in _RESERVED:
        return f'"{value}"' if "{" in value else value
    return json.dumps(value, ensure_ascii=False)


_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
